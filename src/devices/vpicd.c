// VPICD, the virtual interrupt controller (VDAG31 Virtual_PIC_Device; Win95 DDK S34B0-S34D8): services and messages.
#include "devices/vpicd.h"

#include "devices/observe.h"

#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"

struct vpicd *vpicd_state(struct vmm *v)
{
    return vmm_device_state(v, &vpicd_device);
}

struct devices_common *devices_common(struct vmm *v)
{
    return &vpicd_state(v)->common;
}

// ---------------------------------------------------------------------------------------------------------------------
// Handles: the IRQ, the slot, and a generation so that a dead one is recognised. Never 0.

enum { HANDLE_GENERATIONS = 0x7FFF };

uint32_t vpicd_handle(struct vmm *v, unsigned irq, unsigned slot)
{
    return vpicd_state(v)->irq[irq].owner[slot].generation << 16 | irq << 8 | slot << 2 | 0x8000;
}

bool vpicd_find(struct vmm *v, uint32_t handle, unsigned *irq, unsigned *slot)
{
    *irq = handle >> 8 & 15;
    *slot = handle >> 2 & (VPICD_SHARERS - 1);
    if (vpicd_state(v)->irq[*irq].owner[*slot].proc[VPICD_HW_INT] && vpicd_handle(v, *irq, *slot) == handle)
        return true;
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S34CB",
               "%08X is not the handle of a virtualized IRQ", handle);
    return false;
}

static bool find_eax(struct vmm *v, unsigned *irq, unsigned *slot)
{
    return vpicd_find(v, vmm_regs(v)[X86_EAX], irq, slot);
}

// EAX = IRQ handle, EBX = VM.
static bool find_eax_ebx(struct vmm *v, unsigned *irq, unsigned *slot)
{
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!find_eax(v, irq, slot))
        return false;
    if (vmm_valid_vm(v, vm))
        return true;
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "VDAG31 VPICD_Set_Int_Request", "%08X is not a virtual machine",
               vm);
    return false;
}

void vpicd_check_kept(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t *r = vmm_regs(v);
    if (r[X86_EDI] == f->reg[X86_EDI] && r[X86_EBP] == f->reg[X86_EBP])
        return;
    vmm_report(v, "callback-contract", f->callee, "Win95 DDK S34B0", "a procedure of a virtualized IRQ changed %s",
               r[X86_EDI] == f->reg[X86_EDI] ? "EBP" : "EDI");
    r[X86_EDI] = f->reg[X86_EDI];
    r[X86_EBP] = f->reg[X86_EBP];
}

// ---------------------------------------------------------------------------------------------------------------------
// Virtualizing

static void get_version(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    r[X86_EBX] = 1; // master and slave
    r[X86_ECX] = PC_IRQS - 1;
    devices_version(v);
}

static bool may_share(const struct vpicd_irq *q, uint16_t options)
{
    if (!q->owners)
        return true;
    if (!(options & KIT_VPICD_OPT_CAN_SHARE) || q->owners == VPICD_SHARERS)
        return false;
    for (unsigned slot = 0; slot < VPICD_SHARERS; slot++) {
        if (q->owner[slot].proc[VPICD_HW_INT] && !(q->owner[slot].options & KIT_VPICD_OPT_CAN_SHARE))
            return false;
    }
    return true;
}

static void read_descriptor(struct vpicd_owner *o, const uint8_t *d)
{
    o->options = base_get16(d + KIT_VID_Options);
    o->proc[VPICD_HW_INT] = base_get32(d + KIT_VID_Hw_Int_Proc);
    o->proc[VPICD_VIRT_INT] = base_get32(d + KIT_VID_Virt_Int_Proc);
    o->proc[VPICD_EOI] = base_get32(d + KIT_VID_EOI_Proc);
    o->proc[VPICD_MASK_CHANGE] = base_get32(d + KIT_VID_Mask_Change_Proc);
    o->proc[VPICD_IRET] = base_get32(d + KIT_VID_IRET_Proc);
    o->iret_time_out = base_get32(d + KIT_VID_IRET_Time_Out);
    o->reference = o->generation = 0;
}

// The IRQ has a free slot; gives the handle.
static uint32_t add_owner(struct vmm *v, unsigned irq, const struct vpicd_owner *o)
{
    struct vpicd *s = vpicd_state(v);
    unsigned slot = 0;
    while (s->irq[irq].owner[slot].proc[VPICD_HW_INT])
        slot++;
    s->irq[irq].owner[slot] = *o;
    s->irq[irq].owner[slot].generation = s->generation = s->generation % HANDLE_GENERATIONS + 1;
    s->irq[irq].owners++;
    return vpicd_handle(v, irq, slot);
}

static void virtualize_irq(struct vmm *v)
{
    struct vpicd *s = vpicd_state(v);
    uint32_t *r = vmm_regs(v);
    uint8_t d[KIT_SIZE_VPICD_IRQ_Descriptor];
    // The last field came with 4.0 and is only there with its option.
    if (!vmm_get(v, r[X86_EDI], d, KIT_VID_Hw_Int_Ref))
        return;
    struct vpicd_owner o;
    read_descriptor(&o, d);
    if (o.options & KIT_VPICD_OPT_REF_DATA && !vmm_get32(v, r[X86_EDI] + KIT_VID_Hw_Int_Ref, &o.reference))
        return;
    unsigned irq = base_get16(d + KIT_VID_IRQ_Number);
    devices_carry(v, true);
    if (irq >= PC_IRQS || irq == VPICD_CASCADE || !o.proc[VPICD_HW_INT] || !may_share(&s->irq[irq], o.options))
        return;
    r[X86_EAX] = add_owner(v, irq, &o);
    devices_carry(v, false);
}

void vpicd_own(struct vmm *v, unsigned irq, uint32_t hw_int)
{
    add_owner(v, irq, &(struct vpicd_owner){.proc = {hw_int}});
}

static void force_default_behavior(struct vmm *v)
{
    unsigned irq, slot;
    if (!find_eax(v, &irq, &slot))
        return;
    struct vpicd_irq *q = &vpicd_state(v)->irq[irq];
    vpicd_forget_requests(v, irq, slot);
    q->owner[slot] = (struct vpicd_owner){.generation = 0};
    if (--q->owners)
        return;
    q->masking = VPICD_AUTO;
    q->in_service = 0;
    vpicd_program_masks(v);
}

static void force_default_owner(struct vmm *v)
{
    uint32_t irq = vmm_regs(v)[X86_EAX], vm = vmm_regs(v)[X86_EBX];
    devices_carry(v, true);
    if (irq >= PC_IRQS || vpicd_state(v)->irq[irq].owners || (vm && !vmm_valid_vm(v, vm)))
        return;
    vpicd_state(v)->irq[irq].default_vm = vm;
    vpicd_state(v)->irq[irq].global = !vm;
    devices_carry(v, false);
}

static void get_virtualization_count(struct vmm *v)
{
    uint32_t irq = vmm_regs(v)[X86_EAX];
    devices_carry(v, irq >= PC_IRQS);
    if (irq < PC_IRQS)
        vmm_regs(v)[X86_EAX] = vpicd_state(v)->irq[irq].owners;
}

// ---------------------------------------------------------------------------------------------------------------------
// Requests

static void set_int_request(struct vmm *v)
{
    unsigned irq, slot;
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!find_eax_ebx(v, &irq, &slot))
        return;
    if (vpicd_state(v)->irq[irq].owner[slot].options & KIT_VPICD_OPT_SHARE_PMODE_ONLY)
        vmm_report(v, "share-pmode-only", vmm_cpu(v)->state.eip, "Win95 DDK S34DA",
                   "VPICD_Set_Int_Request for IRQ %u, virtualized with VPICD_OPT_SHARE_PMODE_ONLY", irq);
    vpicd_request(v, vm, irq, slot, true);
    vpicd_refresh_begin(v, vm);
}

static void clear_int_request(struct vmm *v)
{
    unsigned irq, slot;
    if (find_eax_ebx(v, &irq, &slot))
        vpicd_request(v, vmm_regs(v)[X86_EBX], irq, slot, false);
}

static void virtual_eoi(struct vmm *v)
{
    unsigned irq, slot;
    if (find_eax_ebx(v, &irq, &slot))
        vpicd_virtual_eoi_begin(v, vmm_regs(v)[X86_EBX], irq);
}

// ---------------------------------------------------------------------------------------------------------------------
// The physical controllers

static void phys_eoi(struct vmm *v)
{
    unsigned irq, slot;
    if (find_eax(v, &irq, &slot))
        vpicd_phys_eoi(v, irq);
}

static void set_masking(struct vmm *v, enum vpicd_masking masking)
{
    unsigned irq, slot;
    if (!find_eax(v, &irq, &slot))
        return;
    vpicd_state(v)->irq[irq].masking = (uint8_t)masking;
    vpicd_program_masks(v);
}

static void physically_mask(struct vmm *v)
{
    set_masking(v, VPICD_MASKED);
}

static void physically_unmask(struct vmm *v)
{
    set_masking(v, VPICD_UNMASKED);
}

static void set_auto_masking(struct vmm *v)
{
    set_masking(v, VPICD_AUTO);
}

// CF=1: requested. (The text of S34C9 has it the other way round; its own example and VDAG31 do not.)
static void test_phys_request(struct vmm *v)
{
    unsigned irq, slot;
    if (find_eax(v, &irq, &slot))
        devices_carry(v, pc_irq_requested(devices_board_now(v), irq));
}

static void call_when_hw_int(struct vmm *v)
{
    struct vpicd *s = vpicd_state(v);
    uint32_t *r = vmm_regs(v);
    uint32_t previous = s->hw_chain;
    if (vmm_flag(v, X86_IF))
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 VPICD_Call_When_Hw_Int",
                   "VPICD_Call_When_Hw_Int must be called with interrupts disabled");
    s->hw_chain = r[X86_ESI];
    r[X86_ESI] = previous;
}

// ---------------------------------------------------------------------------------------------------------------------
// Status

static uint32_t virtual_status(struct vmm *v, uint32_t vm, unsigned irq)
{
    struct vpicd_virtual c;
    vpicd_load(v, vm, &c);
    uint32_t status = 0;
    if (vpicd_irets_pending(v, vm) >> irq & 1)
        status |= KIT_VPICD_Stat_IRET_Pending;
    if (c.pic[irq >> 3].isr >> (irq & 7) & 1)
        status |= KIT_VPICD_Stat_In_Service;
    if (c.pic[irq >> 3].imr >> (irq & 7) & 1)
        status |= KIT_VPICD_Stat_Virt_Mask;
    if (vpicd_requests(v, vm, irq))
        status |= KIT_VPICD_Stat_Virt_Req;
    return status;
}

static uint32_t complete_status(struct vmm *v, uint32_t vm, unsigned irq)
{
    uint32_t status = virtual_status(v, vm, irq);
    if (vpicd_phys_masked(v, irq))
        status |= KIT_VPICD_Stat_Phys_Mask;
    if (vpicd_state(v)->irq[irq].in_service)
        status |= KIT_VPICD_Stat_Phys_In_Serv;
    if (pc_irq_requested(devices_board_now(v), irq))
        status |= KIT_VPICD_Stat_Phys_Req;
    return status;
}

static void get_complete_status(struct vmm *v)
{
    unsigned irq, slot;
    uint32_t *r = vmm_regs(v);
    if (!find_eax_ebx(v, &irq, &slot))
        return;
    uint32_t own = vpicd_requests(v, r[X86_EBX], irq) >> slot & 1 ? KIT_VPICD_Stat_Virt_Dev_Req : 0;
    r[X86_ECX] = complete_status(v, r[X86_EBX], irq) | own;
}

static void get_status(struct vmm *v)
{
    unsigned irq, slot;
    uint32_t *r = vmm_regs(v);
    if (find_eax_ebx(v, &irq, &slot))
        r[X86_ECX] = virtual_status(v, r[X86_EBX], irq) & (KIT_VPICD_Stat_In_Service | KIT_VPICD_Stat_IRET_Pending);
}

static void get_irq_complete_status(struct vmm *v)
{
    uint32_t irq = vmm_regs(v)[X86_EAX];
    if (irq >= PC_IRQS) {
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "Win95 DDK S34C0", "there is no IRQ %u", irq);
        return;
    }
    vmm_regs(v)[X86_ECX] = complete_status(v, vmm_current_vm(v), irq);
    devices_carry(v, vpicd_state(v)->irq[irq].owners != 0);
}

static void convert_handle_to_irq(struct vmm *v)
{
    unsigned irq, slot;
    if (find_eax(v, &irq, &slot))
        vmm_regs(v)[X86_ESI] = irq;
}

static void convert_irq_to_int(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), irq = r[X86_EAX];
    struct vpicd_virtual c;
    devices_carry(v, true);
    if (irq >= PC_IRQS || !vmm_valid_vm(v, r[X86_EBX]))
        return;
    vpicd_load(v, r[X86_EBX], &c);
    r[X86_EAX] = c.pic[irq >> 3].base + (irq & 7);
    devices_carry(v, false);
}

static void convert_int_to_irq(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vector = r[X86_EAX];
    struct vpicd_virtual c;
    devices_carry(v, true);
    if (!vmm_valid_vm(v, r[X86_EBX]))
        return;
    vpicd_load(v, r[X86_EBX], &c);
    for (unsigned i = 0; i < 2; i++) {
        if ((vector & ~7u) != c.pic[i].base)
            continue;
        r[X86_EAX] = (vector & 7) + 8 * i;
        devices_carry(v, false);
        return;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The API for programs (INT 2Fh AX=1684h BX=3; VDAG31 VPICD_API_Get_Ver). Its two other functions install and remove
// handlers that are called in ring 0 too; how they are called, and what they may call there, is not documented.

static void api(struct vmm *v)
{
    uint32_t crs = vmm_regs(v)[X86_EBP], function = vmm_peek16(v, crs + KIT_Client_EAX);
    if (function == KIT_VPICD_Install_Handler || function == KIT_VPICD_Remove_Handler) {
        vmm_stop(v, VMM_END_MISSING, "%s of VPICD's API (bimodal interrupt handlers) is not implemented",
                 function == KIT_VPICD_Install_Handler ? "VPICD_Install_Handler" : "VPICD_Remove_Handler");
        return;
    }
    devices_api_carry(v, crs, function != KIT_VPICD_API_Get_Ver);
    if (function == KIT_VPICD_API_Get_Ver)
        vmm_poke16(v, crs + KIT_Client_EAX, (uint16_t)vmm_profile(v));
}

// ---------------------------------------------------------------------------------------------------------------------
// Messages

// Sys_Critical_Init: the provider of an event flag, then the ports. Frame: a[0] = system VM.

static void have_provider_begin(struct vmm *v, uint32_t system_vm)
{
    static const struct devices_ports ports[] = {{0x20, 2, 1}, {0xA0, 2, 1}};
    vpicd_phys_init(v);
    vpicd_vm_created(v, system_vm);
    devices_trap_begin(v, vpicd_state(v)->io_proc, BASE_COUNT(ports), ports);
}

static void init_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t system_vm = f->a[0], offset = vmm_regs(v)[X86_EAX];
    bool failed = vmm_flag(v, X86_CF);
    vmm_frame_pop_all(v);
    if (failed) {
        vmm_stop(v, VMM_END_FAULT, "VPICD cannot provide the flag of events that wait for hardware interrupts");
        return;
    }
    vpicd_state(v)->provided = offset;
    have_provider_begin(v, system_vm);
}

static const struct vmm_frame_kind init_kind = {"VPICD's initialisation", init_resume, NULL};

static void sys_critical_init_begin(struct vmm *v)
{
    for (unsigned irq = 0; irq < PC_IRQS; irq++) // VDAG31 Set_PM_Int_Type: hardware interrupts find interrupts disabled
        vmm_pm_interrupt_gate(v, (uint8_t)(irq < 8 ? 0x08 + irq : 0x70 + irq - 8));
    uint32_t *r = vmm_regs(v), system_vm = r[X86_EBX];
    vpicd_state(v)->area = devices_cb_area(v, vpicd_area_size());
    // Windows 3.1 has no such service: there events cannot wait for hardware interrupts to end by this flag.
    if (!vmm_service_address(v, 1, KIT_Register_PEF_Provider)) {
        have_provider_begin(v, system_vm);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, vpicd_state(v)->init_kind);
    if (!f)
        return;
    f->a[0] = system_vm;
    r[X86_EAX] = KIT_PEF_Wait_Not_HW_Int_Bit;
    r[X86_ECX] = 0;
    devices_call_begin(v, KIT_Register_PEF_Provider);
}

// Interrupts from outside whose time has not come or whose line is masked, once the system ends.
static void announce_unheard(struct vmm *v)
{
    const struct pc *pc = devices_board(v);
    uint32_t waiting = pc->pulses;
    for (uint32_t i = 0; i < pc->scheduled_irqs; i++)
        waiting |= 1u << pc->scheduled_irq[i].irq;
    for (uint8_t irq = 0; irq < PC_IRQS; irq++) {
        struct devices_unheard_record r = {.irq = irq};
        if (waiting >> irq & 1 && pc_irq_masked(pc, irq) && base_sink_heard(vmm_sink(v)))
            devices_announce(v, &r.head, DEVICES_RECORD_UNHEARD, sizeof r);
    }
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        sys_critical_init_begin(v);
        break;
    case KIT_Sys_VM_Terminate:
        announce_unheard(v);
        break;
    case KIT_Create_VM:
        vpicd_vm_created(v, r[X86_EBX]);
        break;
    case KIT_Destroy_VM:
        vpicd_vm_destroyed(v, r[X86_EBX]);
        break;
    default:
        break;
    }
}

// ---------------------------------------------------------------------------------------------------------------------

static const struct vmm_binding bindings[] = {
    {KIT_VPICD_Get_Version, get_version},
    {KIT_VPICD_Virtualize_IRQ, virtualize_irq},
    {KIT_VPICD_Set_Int_Request, set_int_request},
    {KIT_VPICD_Clear_Int_Request, clear_int_request},
    {KIT_VPICD_Phys_EOI, phys_eoi},
    {KIT_VPICD_Get_Complete_Status, get_complete_status},
    {KIT_VPICD_Get_Status, get_status},
    {KIT_VPICD_Test_Phys_Request, test_phys_request},
    {KIT_VPICD_Physically_Mask, physically_mask},
    {KIT_VPICD_Physically_Unmask, physically_unmask},
    {KIT_VPICD_Set_Auto_Masking, set_auto_masking},
    {KIT_VPICD_Get_IRQ_Complete_Status, get_irq_complete_status},
    {KIT_VPICD_Convert_Handle_To_IRQ, convert_handle_to_irq},
    {KIT_VPICD_Convert_IRQ_To_Int, convert_irq_to_int},
    {KIT_VPICD_Convert_Int_To_IRQ, convert_int_to_irq},
    {KIT_VPICD_Call_When_Hw_Int, call_when_hw_int},
    {KIT_VPICD_Force_Default_Owner, force_default_owner},
    {KIT_VPICD_Force_Default_Behavior, force_default_behavior},
    {KIT_VPICD_Virtual_EOI, virtual_eoi},
    {KIT_VPICD_Get_Virtualization_Count, get_virtualization_count},
    {0, NULL},
};

static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    const struct vpicd *s = vpicd_state(v);
    if (n == 0) {
        *proc = s->hw_chain == s->hw_chain_end ? 0 : s->hw_chain;
        *what = "a VPICD_Call_When_Hw_Int callback";
        return true;
    }
    n--;
    if (n >= PC_IRQS * VPICD_SHARERS)
        return false;
    *proc = s->irq[n / VPICD_SHARERS].owner[n % VPICD_SHARERS].proc[VPICD_HW_INT];
    *what = "a virtualized IRQ";
    return true;
}

const struct vmm_device vpicd_device = {.id = 3,
                                        .version = 0x0400,
                                        .bindings = bindings,
                                        .control = control,
                                        .state_size = sizeof(struct vpicd),
                                        .holds = holds,
                                        .api = api};

static bool create(struct vmm *v)
{
    struct vpicd *s = vpicd_state(v);
    struct pc_config config;
    pc_default_config(&config);
    pc_init(&s->common.pc, &config);
    pc_bios_setup(&s->common.pc);
    s->init_kind = vmm_frame_kind_add(v, &init_kind);
    vpicd_phys_create(v);
    vpicd_virt_create(v);
    return true;
}

const struct devices_entry vpicd_entry = {&vpicd_device, create, false, NULL};
