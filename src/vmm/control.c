// Control messages (spec: control): to all devices in the documented order or to one, boot and shutdown as chains of
// them.
#include "vmm/defs.h"

#include <string.h>

// a[] of a BROADCAST frame.
enum { B_MESSAGE, B_ORDER, B_SEQUENCE, B_EBX, B_EDX, B_ESI, B_EDI, B_FLAGS, B_CARRY, B_MODULE, B_EAX, B_BLOCKS };
enum { B_DOWN = 1, B_DIRECTED = 2, B_BOOT = 4 };

static const struct kit_message *message_of(uint32_t value)
{
    for (size_t i = 0; i < KIT_MESSAGE_COUNT; i++)
        if (kit_messages[i].name && kit_messages[i].value == value)
            return &kit_messages[i];
    return NULL;
}

static void announce(struct vmm *v, const struct vmm_frame *f)
{
    if (!base_sink_heard(&v->sink))
        return;
    const struct kit_message *m = message_of(f->a[B_MESSAGE]);
    const struct vmm_module *device = vmm_module_at(v, f->a[B_MODULE]);
    struct vmm_control_record r = {.message = f->a[B_MESSAGE],
                                   .name = m ? m->name : NULL,
                                   .device = device->name,
                                   .built_in = device->is_c,
                                   .carry = vmm_flag(v, X86_CF),
                                   .eax = vmm_regs(v)[X86_EAX]};
    vmm_announce(v, &r.head, VMM_RECORD_CONTROL, sizeof r);
}

static bool is_init(uint32_t message)
{
    return message <= KIT_Init_Complete;
}

// The second messages go to devices that say they are made for 4.0.
static bool wants(struct vmm *v, uint32_t message, uint32_t module)
{
    bool second = message >= KIT_Sys_VM_Terminate2 && message <= KIT_Close_VM_Notify2;
    bool threads = message >= KIT_Create_Thread && message <= KIT_Destroy_Thread;
    return !(second || threads) || vmm_peek16(v, vmm_module_at(v, module)->ddb + KIT_DDB_SDK_Version) >= 0x400;
}

static bool next_device(struct vmm *v, struct vmm_frame *f)
{
    bool up = !(f->a[B_FLAGS] & B_DOWN);
    do {
        f->a[B_MODULE] = vmm_module_next(v, up, f->a[B_ORDER], f->a[B_SEQUENCE]);
        if (!f->a[B_MODULE])
            return false;
        f->a[B_ORDER] = vmm_module_at(v, f->a[B_MODULE])->order;
        f->a[B_SEQUENCE] = vmm_module_at(v, f->a[B_MODULE])->sequence;
    } while (!wants(v, f->a[B_MESSAGE], f->a[B_MODULE]));
    return true;
}

// No message has a meaning for ECX, but drivers in C hand their function ECX, EBX, EDX and ESI of W32_DeviceIoControl
// and look for the control code in the first [unverified: the order of the kit's sample].
static uint32_t spare_register(struct vmm *v, const struct vmm_frame *f)
{
    return f->a[B_MESSAGE] == KIT_W32_DeviceIoControl ? vmm_peek32(v, f->a[B_ESI] + KIT_dwIoControlCode) : 0;
}

static void call_device_begin(struct vmm *v, struct vmm_frame *f)
{
    const struct kit_message *m = message_of(f->a[B_MESSAGE]);
    uint32_t *r = vmm_regs(v), proc = vmm_peek32(v, vmm_module_at(v, f->a[B_MODULE])->ddb + KIT_DDB_Control_Proc);
    r[X86_EAX] = f->a[B_MESSAGE];
    r[X86_EBX] = f->a[B_EBX];
    r[X86_ECX] = spare_register(v, f);
    r[X86_EDX] = f->a[B_EDX];
    if (f->a[B_MESSAGE] == KIT_Sys_Critical_Init) // what real-mode initialisation has left (Win95 DDK S230F)
        r[X86_EDX] = vmm_peek32(v, vmm_module_at(v, f->a[B_MODULE])->ddb + KIT_DDB_Reference_Data);
    r[X86_ESI] = f->a[B_ESI];
    r[X86_EDI] = f->a[B_EDI];
    r[X86_EBP] = vmm_client(v);
    bool off = m && m->flags & KIT_INTS_OFF;
    v->cpu->state.eflags = (v->cpu->state.eflags & ~(uint32_t)(X86_CF | X86_DF | X86_IF)) | (off ? 0 : X86_IF);
    f->step = 1;
    f->a[B_BLOCKS] = vmm_thread_at(v, v->s.current)->blocks;
    vmm_frame_call_begin(v, proc);
}

static void from_the_beginning(struct vmm_frame *f, uint32_t message, bool down)
{
    f->a[B_MESSAGE] = message;
    f->a[B_ORDER] = f->a[B_SEQUENCE] = down ? UINT32_MAX : 0;
    f->a[B_FLAGS] = (f->a[B_FLAGS] & ~(uint32_t)B_DOWN) | (down ? B_DOWN : 0);
}

static void finish(struct vmm *v, struct vmm_frame *f)
{
    bool carry = f->a[B_CARRY];
    uint32_t eax = f->a[B_EAX], directed = f->a[B_FLAGS] & B_DIRECTED;
    vmm_frame_pop_all(v);
    vmm_set_flag(v, X86_CF, carry);
    if (directed)
        vmm_regs(v)[X86_EAX] = eax;
    vmm_settle_begin(v);
}

static void go_on(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[B_FLAGS] & B_DIRECTED) {
        finish(v, f);
        return;
    }
    if (next_device(v, f)) {
        call_device_begin(v, f);
        return;
    }
    const struct kit_message *m = message_of(f->a[B_MESSAGE]);
    if (m && m->second && !f->a[B_CARRY] && v->config.profile != VMM_PROFILE_31) {
        if (f->a[B_FLAGS] & B_BOOT)
            vmm_phase_second(v, f->a[B_MESSAGE]);
        from_the_beginning(f, m->second, true);
        go_on(v, f);
        return;
    }
    finish(v, f);
}

// A device that refuses an init message is removed and hears nothing further.
static void refused(struct vmm *v, struct vmm_frame *f)
{
    const struct kit_message *m = message_of(f->a[B_MESSAGE]);
    if (f->a[B_FLAGS] & B_BOOT && is_init(f->a[B_MESSAGE])) {
        struct vmm_module *module = vmm_module_at(v, f->a[B_MODULE]);
        v->s.rules_broken = 1;
        vmm_module_unlist(v, f->a[B_MODULE]);
        module->state = VMM_MODULE_GONE;
        return;
    }
    if (!m || m->flags & KIT_REFUSABLE || f->a[B_MESSAGE] == KIT_Query_Destroy) {
        f->a[B_CARRY] = 1;
        f->a[B_ORDER] = f->a[B_FLAGS] & B_DOWN ? 0 : UINT32_MAX; // nobody else is asked
        f->a[B_SEQUENCE] = f->a[B_ORDER];
    }
}

static void mark_done(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t flags = vmm_module_at(v, f->a[B_MODULE])->ddb + KIT_DDB_Flags;
    if (f->a[B_MESSAGE] == KIT_Sys_Critical_Init)
        vmm_poke16(v, flags, vmm_peek16(v, flags) | KIT_DDB_Sys_Crit_Init_Done);
    if (f->a[B_MESSAGE] == KIT_Device_Init)
        vmm_poke16(v, flags, vmm_peek16(v, flags) | KIT_DDB_Device_Init_Done);
}

static void broadcast_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->step == 1) {
        vmm_nest_check(v, f->a[B_BLOCKS], f->callee, "the control procedure");
        announce(v, f);
        f->a[B_EAX] = vmm_regs(v)[X86_EAX];
        if (f->a[B_FLAGS] & B_DIRECTED)
            f->a[B_CARRY] = vmm_flag(v, X86_CF);
        else if (vmm_flag(v, X86_CF))
            refused(v, f);
        else
            mark_done(v, f);
    }
    go_on(v, f);
}

const struct vmm_frame_kind vmm_broadcast_frame = {"the control procedure", broadcast_resume, NULL};

static void parameters(struct vmm_frame *f, const uint32_t p[4])
{
    f->a[B_EBX] = p[0];
    f->a[B_EDX] = p[1];
    f->a[B_ESI] = p[2];
    f->a[B_EDI] = p[3];
}

// To all devices; CF says whether somebody refused. p: EBX, EDX, ESI, EDI.
void vmm_broadcast_begin(struct vmm *v, uint32_t message, const uint32_t p[4], bool boot)
{
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_BROADCAST);
    if (!f)
        return;
    const struct kit_message *m = message_of(message);
    parameters(f, p);
    f->a[B_FLAGS] = boot ? B_BOOT : 0;
    from_the_beginning(f, message, m && m->flags & KIT_DESCENDING);
    go_on(v, f);
}

void vmm_directed_begin(struct vmm *v, uint32_t module, uint32_t message, const uint32_t p[4])
{
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_BROADCAST);
    if (!f)
        return;
    parameters(f, p);
    f->a[B_MESSAGE] = message;
    f->a[B_MODULE] = module;
    f->a[B_FLAGS] = B_DIRECTED;
    call_device_begin(v, f);
}

// --- services

// What System_Control may be asked to send; all other messages are the VMM's own to send. Message mode is begun by who
// shows messages (VDAG31 VDD_Msg_ClrScrn).
static bool drivers_may_send(uint32_t message)
{
    bool own = // of drivers among themselves (Win95 DDK S32CF)
        message >= KIT_BEGIN_RESERVED_PRIVATE_SYSTEM_CONTROL && message <= KIT_END_RESERVED_PRIVATE_SYSTEM_CONTROL;
    return own || message == KIT_Create_VM || message == KIT_Destroy_VM || message == KIT_Set_Device_Focus ||
           message == KIT_End_PM_App || message == KIT_Begin_Message_Mode || message == KIT_End_Message_Mode;
}

static void system_control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    const uint32_t p[4] = {r[X86_EBX], r[X86_EDX], r[X86_ESI], r[X86_EDI]};
    uint32_t message = r[X86_EAX];
    if (!drivers_may_send(message)) {
        const struct kit_message *m = message_of(message);
        vmm_report(v, "input-range", v->call.caller, "VDAG31 System_Control",
                   "System_Control was asked to send %s (%Xh), which only the VMM sends", m ? m->name : "a message",
                   message);
    }
    if (message == KIT_Create_VM) {
        vmm_create_vm_begin(v);
        return;
    }
    if (message == KIT_Destroy_VM) {
        uint32_t vm = vmm_vm_row_or_report(v, r[X86_EBX], "VDAG31 System_Control");
        if (vm)
            vmm_vm_end_begin(v, vm, 0);
        return;
    }
    vmm_broadcast_begin(v, message, p, false);
}

static void directed_sys_control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    const uint32_t p[4] = {r[X86_EBX], r[X86_EDX], r[X86_ESI], r[X86_EDI]};
    uint32_t module = vmm_module_by_ddb(v, r[X86_ECX]);
    if (!module) {
        vmm_report(v, "dead-handle", v->call.caller, "Win98 DDK kernel_8zud",
                   "%08X is no device descriptor block in the list", r[X86_ECX]);
        vmm_set_flag(v, X86_CF, true);
        return;
    }
    vmm_directed_begin(v, module, r[X86_EAX], p);
}

static const struct vmm_binding bindings[] = {
    {KIT_System_Control, system_control},
    {KIT_Directed_Sys_Control, directed_sys_control},
    {0, NULL},
};

const struct vmm_chapter vmm_control_chapter = {.bindings = bindings};
