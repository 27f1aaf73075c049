// VKD, the virtual keyboard (VDAG31 Virtual_Keyboard_Device): takes the keyboard's interrupt, finds hot keys and hands
// everything else to the VM that owns the keyboard, through a virtual port 60h and a virtual IRQ 1.
#include "devices/vkd.h"

#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"

#include <string.h>

// The keys that a hot key's end waits for.
enum {
    SHIFT_KEYS = KIT_SS_RShift | KIT_SS_LShift | KIT_SS_Ctrl | KIT_SS_Alt | KIT_SS_LCtrl | KIT_SS_LAlt | KIT_SS_RCtrl |
                 KIT_SS_RAlt
};

struct vkd *vkd_state(struct vmm *v)
{
    return vmm_device_state(v, &vkd_device);
}

uint32_t vkd_owner(struct vmm *v)
{
    uint32_t vm = vkd_state(v)->owner;
    return vm && vmm_valid_vm(v, vm) ? vm : vmm_system_vm(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Shift state

static uint16_t modifier(uint8_t code, bool extended)
{
    switch (code) {
    case 0x2A:
        return extended ? 0 : KIT_SS_LShift; // E0 2A is no key but a wrapper around gray ones
    case 0x36:
        return extended ? 0 : KIT_SS_RShift;
    case 0x1D:
        return extended ? KIT_SS_RCtrl : KIT_SS_LCtrl;
    case 0x38:
        return extended ? KIT_SS_RAlt : KIT_SS_LAlt;
    default:
        return 0;
    }
}

bool vkd_is_modifier(uint8_t code, bool extended)
{
    return modifier(code, extended) != 0;
}

static uint16_t toggle(uint8_t code)
{
    return code == 0x3A ? KIT_SS_CapLock : code == 0x45 ? KIT_SS_NumLock : code == 0x46 ? KIT_SS_ScrlLock : 0;
}

static void track_shift(struct vkd *s, uint8_t code, bool extended, bool down)
{
    uint16_t bit = modifier(code, extended);
    s->shift = (uint16_t)(down ? s->shift | bit : s->shift & ~bit);
    if (down)
        s->shift ^= toggle(code);
    s->shift &= (uint16_t) ~(KIT_SS_Ctrl | KIT_SS_Alt);
    if (s->shift & (KIT_SS_LCtrl | KIT_SS_RCtrl))
        s->shift |= KIT_SS_Ctrl;
    if (s->shift & (KIT_SS_LAlt | KIT_SS_RAlt))
        s->shift |= KIT_SS_Alt;
}

// ---------------------------------------------------------------------------------------------------------------------
// Hot keys

static struct vkd_hot_key *find(struct vmm *v, uint32_t handle)
{
    for (unsigned i = 0; handle && i < VKD_HOT_KEYS; i++) {
        if (vkd_state(v)->key[i].handle == handle)
            return &vkd_state(v)->key[i];
    }
    return NULL;
}

static bool disabled_in(struct vmm *v, uint32_t handle, uint32_t vm)
{
    for (unsigned i = 0; i < VKD_DISABLED; i++) {
        if (vkd_state(v)->disabled[i].handle == handle && vkd_state(v)->disabled[i].vm == vm)
            return true;
    }
    return false;
}

static struct vkd_hot_key *match(struct vmm *v, uint8_t code, bool extended)
{
    struct vkd *s = vkd_state(v);
    for (unsigned i = 0; i < VKD_HOT_KEYS; i++) {
        struct vkd_hot_key *k = &s->key[i];
        bool kind = k->kind == KIT_AllowExtended_B || (k->kind == KIT_ExtendedKey_B) == extended;
        if (k->handle && k->scan == code && kind && (s->shift & k->mask) == k->compare &&
            !disabled_in(v, k->handle, vkd_owner(v)))
            return k;
    }
    return NULL;
}

static void notify(struct vmm *v, const struct vkd_hot_key *k, uint8_t what, uint8_t wanted)
{
    struct vkd *s = vkd_state(v);
    if (!(k->flags & wanted) || s->notices == VKD_NOTICES)
        return;
    s->notice[s->notices++] =
        (struct vkd_notice){.handle = k->handle, .shift = s->shift, .at = vmm_time(v), .scan = k->scan, .what = what};
}

void vkd_end_hold(struct vmm *v)
{
    const struct vkd_hot_key *k = find(v, vkd_state(v)->holding);
    if (k)
        notify(v, k, KIT_Hot_Key_Completed, KIT_CallOnComplete);
    vkd_state(v)->holding = 0;
}

// True when the key belongs to a hot key and the VM must not see it.
static bool hot(struct vmm *v, uint8_t code, bool extended, bool down)
{
    struct vkd *s = vkd_state(v);
    const struct vkd_hot_key *held = find(v, s->holding), *k = match(v, code, extended);
    if (held && held->scan == code && (!down || k == held)) {
        notify(v, held, down ? KIT_Hot_Key_Repeated : KIT_Hot_Key_Released,
               down ? KIT_CallOnRepeat : KIT_CallOnRelease);
        if (!down && !(s->shift & SHIFT_KEYS))
            vkd_end_hold(v);
        return true;
    }
    if (!down || !k)
        return false;
    vkd_end_hold(v);
    s->holding = k->handle;
    notify(v, k, KIT_Hot_Key_Pressed, KIT_CallOnPress);
    return true;
}

static void enqueue(struct vkd *s, uint8_t byte)
{
    if (s->queued < VKD_QUEUE)
        s->queue[s->queued++] = byte;
}

static void key_byte(struct vmm *v, uint8_t byte)
{
    struct vkd *s = vkd_state(v);
    if (byte == VKD_PREFIX) {
        s->prefix = 1;
        return;
    }
    bool extended = s->prefix, down = !(byte & VKD_RELEASED);
    uint8_t code = byte & 0x7F;
    s->prefix = 0;
    track_shift(s, code, extended, down);
    if (s->holding && modifier(code, extended) && !(s->shift & SHIFT_KEYS))
        vkd_end_hold(v);
    if (s->message_vm) {
        if (down && !modifier(code, extended))
            vkd_message_key(s, code, extended);
        return;
    }
    if (hot(v, code, extended, down))
        return;
    if (extended)
        enqueue(s, VKD_PREFIX);
    enqueue(s, byte);
}

// Asks for the event that makes the next callback; the registers of the interrupted code come back afterwards.
void vkd_notify_begin(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    if (!s->notices || !devices_aside_push(v))
        return;
    const struct vkd_hot_key *k = find(v, s->notice[0].handle);
    uint32_t *r = vmm_regs(v);
    bool priority = k && k->flags & KIT_PriorityNotify;
    r[X86_EAX] = 0;
    r[X86_EBX] = vmm_system_vm(v);
    r[X86_ECX] = KIT_PEF_Always_Sched | (priority ? KIT_PEF_Wait_For_STI | KIT_PEF_Wait_Not_Crit : 0);
    r[X86_EDX] = 0;
    r[X86_ESI] = s->notify_proc;
    devices_aside_begin(v, KIT_Call_Priority_VM_Event);
}

// The hardware-interrupt procedure of IRQ 1; CF=0: it is ours.
static void keyboard_interrupt(void *user, struct vmm *v)
{
    (void)user;
    uint32_t value;
    unsigned notices = vkd_state(v)->notices;
    if (pc_port_in(devices_board(v), 0x60, 1, vmm_time(v), &value))
        key_byte(v, (uint8_t)value);
    devices_board_changed(v);
    vpicd_phys_eoi(v, VKD_IRQ);
    devices_carry(v, false);
    if (vkd_state(v)->queued)
        vpicd_request(v, vkd_owner(v), VKD_IRQ, 0, true);
    if (vkd_state(v)->notices != notices)
        vkd_notify_begin(v);
    vpicd_refresh_begin(v, vkd_owner(v));
}

static void notify_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_frame_pop(v);
    vkd_notify_begin(v);
}

static const struct vmm_frame_kind notify_kind = {"a hot-key procedure", notify_resume, NULL};

static void notify_begin(void *user, struct vmm *v)
{
    (void)user;
    struct vkd *s = vkd_state(v);
    if (!s->notices)
        return;
    const struct vkd_notice n = s->notice[0];
    memmove(s->notice, s->notice + 1, --s->notices * sizeof n);
    const struct vkd_hot_key *k = find(v, n.handle);
    if (!k || !vmm_frame_push(v, s->notify_kind))
        return;
    uint32_t *r = vmm_regs(v);
    uint8_t moved = k->flags & KIT_PriorityNotify ? KIT_Hot_Key_SysVM_Notify : 0;
    r[X86_EAX] = n.scan | (uint32_t)(n.what | moved) << 8;
    r[X86_EBX] = n.handle;
    r[X86_ECX] = n.shift;
    r[X86_EDX] = k->reference;
    r[X86_EDI] = (uint32_t)((vmm_time(v) - n.at) / 1000000);
    vmm_frame_call_begin(v, k->callback);
}

// ---------------------------------------------------------------------------------------------------------------------
// The owner's view of the keyboard controller

static uint8_t virtual_in(struct vmm *v, uint32_t vm, unsigned port)
{
    struct vkd *s = vkd_state(v);
    bool full = vm == vkd_owner(v) && s->queued;
    if (port == 0x64)
        return (uint8_t)(0x14 | full); // system flag, keyboard not locked
    if (!full)
        return s->queue[0];
    uint8_t byte = s->queue[0];
    if (--s->queued)
        memmove(s->queue, s->queue + 1, s->queued);
    else
        vkd_queue_emptied(v);
    if (!s->queued)
        vpicd_request(v, vm, VKD_IRQ, 0, false);
    return byte;
}

static void port_io(void *user, struct vmm *v)
{
    (void)user;
    uint32_t *r = vmm_regs(v);
    if (r[X86_ECX] == DEVICES_BYTE_IN) {
        r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | virtual_in(v, r[X86_EBX], r[X86_EDX]);
        vkd_pasted_begin(v);
    } else if (r[X86_ECX] == DEVICES_BYTE_OUT) {
        if (!pc_port_out(devices_board(v), (uint16_t)r[X86_EDX], 1, vmm_time(v), r[X86_EAX] & 0xFF))
            vmm_stop(v, VMM_END_FAULT, "the board has no keyboard controller");
        devices_board_changed(v);
    } else {
        devices_split_io(v);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

static void define_hot_key(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    uint32_t *r = vmm_regs(v);
    devices_carry(v, true);
    for (unsigned i = 0; i < VKD_HOT_KEYS; i++) {
        if (s->key[i].handle)
            continue;
        s->key[i] = (struct vkd_hot_key){
            .handle = 4 * ++s->ids,
            .callback = r[X86_ESI],
            .reference = r[X86_EDX],
            .mask = (uint16_t)(r[X86_EBX] >> 16),
            .compare = (uint16_t)r[X86_EBX],
            .scan = (uint8_t)r[X86_EAX],
            .kind = (uint8_t)(r[X86_EAX] >> 8),
            .flags = (uint8_t)r[X86_ECX],
        };
        r[X86_EAX] = s->key[i].handle;
        devices_carry(v, false);
        return;
    }
}

struct vkd_hot_key *vkd_find_eax(struct vmm *v)
{
    struct vkd_hot_key *k = find(v, vmm_regs(v)[X86_EAX]);
    if (!k)
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "VDAG31 VKD_Define_Hot_Key",
                   "%08X is not the handle of a hot key", vmm_regs(v)[X86_EAX]);
    return k;
}

static void local_enable_hot_key(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    const uint32_t *r = vmm_regs(v);
    if (!vkd_find_eax(v))
        return;
    for (unsigned i = 0; i < VKD_DISABLED; i++) {
        if (s->disabled[i].handle == r[X86_EAX] && s->disabled[i].vm == r[X86_EBX])
            s->disabled[i].handle = 0;
    }
}

static void local_disable_hot_key(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    const uint32_t *r = vmm_regs(v);
    if (!vkd_find_eax(v) || disabled_in(v, r[X86_EAX], r[X86_EBX]))
        return;
    for (unsigned i = 0; i < VKD_DISABLED; i++) {
        if (s->disabled[i].handle)
            continue;
        s->disabled[i].handle = r[X86_EAX];
        s->disabled[i].vm = r[X86_EBX];
        return;
    }
    vmm_stop(v, VMM_END_MISSING, "more than %u hot keys disabled in virtual machines", VKD_DISABLED);
}

static void remove_hot_key(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    struct vkd_hot_key *k = vkd_find_eax(v);
    if (!k)
        return;
    for (unsigned i = 0; i < VKD_DISABLED; i++) {
        if (s->disabled[i].handle == k->handle)
            s->disabled[i].handle = 0;
    }
    if (s->holding == k->handle)
        s->holding = 0;
    k->handle = 0;
}

static void cancel_hot_key_state(struct vmm *v)
{
    vkd_end_hold(v);
    vkd_notify_begin(v);
}

static void get_kbd_owner(struct vmm *v)
{
    vmm_regs(v)[X86_EBX] = vkd_owner(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Messages

static void device_init_begin(struct vmm *v)
{
    static const struct devices_ports ports = {0x60, 2, 4};
    vpicd_own(v, VKD_IRQ, vkd_state(v)->interrupt_proc);
    devices_trap_begin(v, vkd_state(v)->io_proc, 1, &ports);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    if (r[X86_EAX] == KIT_Device_Init)
        device_init_begin(v);
    if (r[X86_EAX] == KIT_Begin_Message_Mode || r[X86_EAX] == KIT_End_Message_Mode) {
        vkd_state(v)->message_vm = r[X86_EAX] == KIT_Begin_Message_Mode ? r[X86_EBX] : 0;
        vkd_state(v)->message_keys = 0;
    }
    if (r[X86_EAX] == KIT_VM_Not_Executeable)
        vkd_paste_vm_gone_begin(v, r[X86_EBX]);
    if (r[X86_EAX] == KIT_Set_Device_Focus && (r[X86_EDX] == 0 || r[X86_EDX] == vkd_device.id)) {
        vkd_state(v)->owner = r[X86_EBX];
        vkd_state(v)->queued = 0;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VKD_Get_Version, devices_version},
    {KIT_VKD_Define_Hot_Key, define_hot_key},
    {KIT_VKD_Remove_Hot_Key, remove_hot_key},
    {KIT_VKD_Local_Enable_Hot_Key, local_enable_hot_key},
    {KIT_VKD_Local_Disable_Hot_Key, local_disable_hot_key},
    {KIT_VKD_Cancel_Hot_Key_State, cancel_hot_key_state},
    {KIT_VKD_Get_Kbd_Owner, get_kbd_owner},
    {0, NULL},
};

static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    if (n >= VKD_HOT_KEYS)
        return false;
    const struct vkd_hot_key *k = &vkd_state(v)->key[n];
    *proc = k->handle ? k->callback : 0;
    *what = "a hot key";
    return true;
}

const struct vmm_device vkd_device = {.id = 0x0D,
                                      .version = 0x0400,
                                      .bindings = bindings,
                                      .control = control,
                                      .state_size = sizeof(struct vkd),
                                      .holds = holds};

static bool create(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    s->notify_kind = vmm_frame_kind_add(v, &notify_kind);
    s->interrupt_proc = vmm_host_proc(v, keyboard_interrupt, NULL);
    s->notify_proc = vmm_host_proc(v, notify_begin, NULL);
    s->io_proc = vmm_host_proc(v, port_io, NULL);
    return s->io_proc && vkd_type_create(v);
}

static const struct vmm_binding *const more[] = {vkd_type_bindings, NULL};

const struct devices_entry vkd_entry = {&vkd_device, create, false, more};
