// Keys that drivers type for the VM that has the keyboard: forced, reflected from a hot key, or pasted; and the keys
// that drivers read themselves in message mode (VDAG31 Virtual_Keyboard_Device). Pasting is by INT 9 always: through
// the keyboard's port, as fast as the VM reads.
#include "devices/vkd.h"

#include "kit/constants.h"
#include "kit/services.h"

#include <string.h>

enum { KEY_BYTES = 4, LONGEST_KEY = 10, CONVERT = 0xFF, LEFT_SHIFT = 0x2A, LEFT_CTRL = 0x1D, LEFT_ALT = 0x38 };
static const uint32_t MOST_KEYS = 0x10000;

static void type(struct vkd *s, uint8_t byte)
{
    if (s->queued < VKD_QUEUE)
        s->queue[s->queued++] = byte;
}

// The owner has something to read.
static void offer_begin(struct vmm *v)
{
    if (vkd_state(v)->queued)
        vpicd_request(v, vkd_owner(v), VKD_IRQ, 0, true);
    vpicd_refresh_begin(v, vkd_owner(v));
}

// ESI -> scan codes, ECX = count: into the owner as if typed; CF=1 and ECX = codes left when there is no room.
static void force_keys_begin(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    uint32_t *r = vmm_regs(v), room = VKD_QUEUE - s->queued, n = r[X86_ECX] < room ? r[X86_ECX] : room;
    if (!vmm_get(v, r[X86_ESI], s->queue + s->queued, n))
        return;
    s->queued = (uint8_t)(s->queued + n);
    r[X86_ECX] -= n;
    devices_carry(v, r[X86_ECX] != 0);
    offer_begin(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// A hot key that was none: the shift keys as wanted, the key, the shift keys as they are

static const struct {
    uint16_t bit;
    uint8_t prefix, code;
} shift_keys[] = {{KIT_SS_LShift, 0, LEFT_SHIFT},        {KIT_SS_RShift, 0, 0x36},
                  {KIT_SS_LCtrl, 0, LEFT_CTRL},          {KIT_SS_LAlt, 0, LEFT_ALT},
                  {KIT_SS_RCtrl, VKD_PREFIX, LEFT_CTRL}, {KIT_SS_RAlt, VKD_PREFIX, LEFT_ALT}};

static void change_shift(struct vkd *s, uint32_t from, uint32_t to)
{
    for (unsigned i = 0; i < BASE_COUNT(shift_keys); i++) {
        if (!((from ^ to) & shift_keys[i].bit))
            continue;
        if (shift_keys[i].prefix)
            type(s, shift_keys[i].prefix);
        type(s, (uint8_t)(shift_keys[i].code | (to & shift_keys[i].bit ? 0 : VKD_RELEASED)));
    }
}

// "Ctrl" without a side is the left one.
static uint32_t with_sides(uint32_t shift)
{
    if (shift & KIT_SS_Ctrl && !(shift & (KIT_SS_LCtrl | KIT_SS_RCtrl)))
        shift |= KIT_SS_LCtrl;
    if (shift & KIT_SS_Alt && !(shift & (KIT_SS_LAlt | KIT_SS_RAlt)))
        shift |= KIT_SS_LAlt;
    return shift;
}

// EAX = hot key, EBX = VM, CX = shift state.
static void reflect_hot_key_begin(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    const uint32_t *r = vmm_regs(v);
    const struct vkd_hot_key *k = vkd_find_eax(v);
    if (!k || !devices_vm_or_report(v, r[X86_EBX], "VDAG31 VKD_Reflect_Hot_Key"))
        return;
    if (r[X86_EBX] != vkd_owner(v)) {
        vmm_stop(v, VMM_END_MISSING, "VKD_Reflect_Hot_Key into a virtual machine that does not have the keyboard");
        return;
    }
    uint32_t wanted = with_sides(r[X86_ECX] & 0xFFFF);
    change_shift(s, s->shift, wanted);
    for (unsigned released = 0; released <= VKD_RELEASED; released += VKD_RELEASED) {
        if (k->kind == KIT_ExtendedKey_B)
            type(s, VKD_PREFIX);
        type(s, (uint8_t)(k->scan | released));
    }
    change_shift(s, wanted, s->shift);
    vkd_end_hold(v);
    vkd_notify_begin(v);
    offer_begin(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Pasting

static void type_digits(struct vkd *s, uint8_t character)
{
    static const uint8_t digits[10] = {0x52, 0x4F, 0x50, 0x51, 0x4B, 0x4C, 0x4D, 0x47, 0x48, 0x49};
    const uint8_t code[3] = {digits[character / 100], digits[character / 10 % 10], digits[character % 10]};
    type(s, LEFT_ALT);
    for (unsigned i = 0; i < 3; i++) {
        type(s, code[i]);
        type(s, code[i] | VKD_RELEASED);
    }
    type(s, LEFT_ALT | VKD_RELEASED);
}

// A key as it lies in the paste buffer: OEM character, scan code, shift state.
static void type_key(struct vkd *s, const uint8_t key[KEY_BYTES])
{
    uint16_t shift = base_get16(key + 2);
    if (key[1] == CONVERT) {
        type_digits(s, key[0]);
        return;
    }
    uint8_t held[2];
    unsigned n = 0;
    if (shift & KIT_SS_LShift)
        held[n++] = LEFT_SHIFT;
    if (shift & KIT_SS_Ctrl)
        held[n++] = LEFT_CTRL;
    for (unsigned i = 0; i < n; i++)
        type(s, held[i]);
    type(s, key[1]);
    type(s, key[1] | VKD_RELEASED);
    while (n > 0)
        type(s, held[--n] | VKD_RELEASED);
}

static void end_paste(struct vmm *v, uint32_t flags)
{
    struct vkd_paste *p = &vkd_state(v)->paste;
    if (p->buffer)
        (void)!vmm_heap_give(v, p->buffer);
    p->buffer = 0;
    p->ended = 1 + flags;
}

void vkd_queue_emptied(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    struct vkd_paste *p = &s->paste;
    if (!p->vm || p->ended)
        return;
    uint8_t key[KEY_BYTES];
    for (; p->next < p->count && s->queued + LONGEST_KEY <= VKD_QUEUE; p->next++)
        if (x86_read_linear(vmm_cpu(v), p->buffer + KEY_BYTES * p->next, key, sizeof key, X86_READ, NULL))
            type_key(s, key);
    if (!s->queued)
        end_paste(v, KIT_Paste_Complete);
}

// The event: the callback with EAX = completion flags, EBX = VM, EDX = reference data.
static void pasted(void *user, struct vmm *v)
{
    (void)user;
    struct vkd_paste p = vkd_state(v)->paste;
    if (!p.ended)
        return;
    memset(&vkd_state(v)->paste, 0, sizeof p);
    if (!p.callback)
        return;
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = p.ended - 1;
    r[X86_EBX] = p.vm;
    r[X86_EDX] = p.reference;
    r[X86_ESP] -= 4; // the event returns to where the callback does
    vmm_cpu(v)->state.eip = p.callback;
}

void vkd_pasted_begin(struct vmm *v)
{
    const struct vkd *s = vkd_state(v);
    if (!s->paste.ended || !devices_aside_push(v))
        return;
    vmm_regs(v)[X86_ESI] = s->pasted_proc;
    devices_aside_begin(v, KIT_Schedule_Global_Event);
}

// EAX -> keys, EBX = VM, ECX = how many, ESI = callback or 0, EDX = reference data.
static void start_paste_begin(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    const uint32_t *r = vmm_regs(v);
    uint32_t bytes = r[X86_ECX] * KEY_BYTES;
    devices_carry(v, true);
    if (!devices_vm_or_report(v, r[X86_EBX], "VDAG31 VKD_Start_Paste") || s->paste.vm || r[X86_EBX] != vkd_owner(v) ||
        !r[X86_ECX] || r[X86_ECX] > MOST_KEYS || !vmm_probe(v, r[X86_EAX], bytes, false))
        return;
    uint32_t buffer = vmm_heap_get(v, bytes);
    if (!buffer || !devices_copy(v, buffer, r[X86_EAX], bytes))
        return;
    s->paste = (struct vkd_paste){
        .vm = r[X86_EBX], .buffer = buffer, .count = r[X86_ECX], .callback = r[X86_ESI], .reference = r[X86_EDX]};
    devices_carry(v, false);
    vkd_queue_emptied(v);
    offer_begin(v);
}

static void cancel_begin(struct vmm *v, uint32_t vm, uint32_t flags)
{
    struct vkd *s = vkd_state(v);
    if (!vm || s->paste.vm != vm || s->paste.ended)
        return;
    s->queued = 0;
    vpicd_request(v, vm, VKD_IRQ, 0, false);
    end_paste(v, flags);
    vkd_pasted_begin(v);
}

static void cancel_paste_begin(struct vmm *v)
{
    cancel_begin(v, vmm_regs(v)[X86_EBX], KIT_Paste_Aborted);
}

void vkd_paste_vm_gone_begin(struct vmm *v, uint32_t vm)
{
    cancel_begin(v, vm, KIT_Paste_VM_Term);
}

// AL = 1: INT 9 only, which is what is done anyway.
static void define_paste_mode(struct vmm *v)
{
    (void)!devices_vm_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 VKD_Define_Paste_Mode");
}

// ---------------------------------------------------------------------------------------------------------------------
// Message mode: the keys are for whoever shows the message

void vkd_message_key(struct vkd *s, uint8_t code, bool extended)
{
    if (s->message_keys == VKD_MESSAGE_KEYS)
        return;
    unsigned modifiers = (s->shift & KIT_SS_Shift ? KIT_MK_Shift : 0u) | (s->shift & KIT_SS_Ctrl ? KIT_MK_Ctrl : 0u) |
                         (s->shift & KIT_SS_Alt ? KIT_MK_Alt : 0u) | (extended ? KIT_MK_Extended : 0u);
    s->message_key[s->message_keys].scan = code;
    s->message_key[s->message_keys++].modifiers = (uint8_t)modifiers;
}

// EBX = VM -> AL = scan code, AH = modifiers, ZF = there is none.
static bool peek(struct vmm *v)
{
    const struct vkd *s = vkd_state(v);
    uint32_t *r = vmm_regs(v);
    bool there = devices_vm_or_report(v, r[X86_EBX], "VDAG31 VKD_Get_Msg_Key") && s->message_vm == r[X86_EBX] &&
                 s->message_keys > 0;
    vmm_set_flag(v, X86_ZF, !there);
    if (there)
        r[X86_EAX] = (r[X86_EAX] & 0xFFFF0000) | s->message_key[0].scan | (uint32_t)s->message_key[0].modifiers << 8;
    return there;
}

static void peek_msg_key(struct vmm *v)
{
    (void)peek(v);
}

static void get_msg_key(struct vmm *v)
{
    struct vkd *s = vkd_state(v);
    if (peek(v))
        memmove(s->message_key, s->message_key + 1, --s->message_keys * sizeof s->message_key[0]);
}

static void flush_msg_key_queue(struct vmm *v)
{
    if (devices_vm_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 VKD_Flush_Msg_Key_Queue") &&
        vkd_state(v)->message_vm == vmm_regs(v)[X86_EBX])
        vkd_state(v)->message_keys = 0;
}

const struct vmm_binding vkd_type_bindings[] = {
    {KIT_VKD_Reflect_Hot_Key, reflect_hot_key_begin},
    {KIT_VKD_Force_Keys, force_keys_begin},
    {KIT_VKD_Define_Paste_Mode, define_paste_mode},
    {KIT_VKD_Start_Paste, start_paste_begin},
    {KIT_VKD_Cancel_Paste, cancel_paste_begin},
    {KIT_VKD_Get_Msg_Key, get_msg_key},
    {KIT_VKD_Peek_Msg_Key, peek_msg_key},
    {KIT_VKD_Flush_Msg_Key_Queue, flush_msg_key_queue},
    {0, NULL},
};

bool vkd_type_create(struct vmm *v)
{
    vkd_state(v)->pasted_proc = vmm_host_proc(v, pasted, NULL);
    return vkd_state(v)->pasted_proc != 0;
}
