// Requests of layered drivers (Win95 DDK S2F61-S2F64, S3031-S3036, S300F): an IOP goes down a device's calldown list,
// from driver to driver, and comes back up through the callback table in it. IOS starts it and is the last to be called
// back.
//
// How long the callback table is, and what the flags of a request are, is not documented: the layout of an IOP from
// there on and the flags are the kit's own, far from 0, so that a request of a driver built with other include files is
// told apart and refused.
#include "devices/ios.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

enum { SECONDS = 15, TENTH = 100 * 1000 * 1000 /* ns */, LONGEST = 65536 };

// ---------------------------------------------------------------------------------------------------------------------
// Down the list. Frame: a[0] IOP, a[1] its first entry, a[2] semaphore of who waits for its end, 0 = nobody.

enum { IOP, ENTRY, SEMAPHORE };
enum { SENT, SEMAPHORE_MADE, CLOCK_STARTED, WAITED_FOR_SENDING, WAITED };

static void go_down_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t iop = f->a[IOP], entry = f->a[ENTRY];
    vmm_poke32(v, iop + KIT_IOP_calldown_ptr, entry);
    vmm_frame_call_c_begin(v, vmm_peek32(v, entry + KIT_DCB_cd_io_address), 1, &iop);
}

static struct ios_iop *find_iop(struct vmm *v, uint32_t iop)
{
    struct ios *s = ios_state(v);
    for (unsigned i = 0; i < IOS_REQUESTS; i++)
        if (iop && s->iop[i].iop == iop)
            return &s->iop[i];
    return NULL;
}

// Down it goes, once the clock is running.
static void set_out_begin(struct vmm *v, struct vmm_frame *f)
{
    f->step = CLOCK_STARTED;
    if (ios_clock_start_begin(v))
        return;
    f->step = f->a[SEMAPHORE] ? WAITED_FOR_SENDING : SENT;
    go_down_begin(v, f);
}

static void semaphore_made_begin(struct vmm *v, struct vmm_frame *f)
{
    struct ios_iop *row = find_iop(v, f->a[IOP]);
    if (vmm_flag(v, X86_CF) || !row) {
        vmm_stop(v, VMM_END_MEMORY, "no semaphore for a synchronous request");
        return;
    }
    row->semaphore = f->a[SEMAPHORE] = vmm_regs(v)[X86_EAX];
    set_out_begin(v, f);
}

static void wait_for_end_begin(struct vmm *v, struct vmm_frame *f)
{
    f->step = WAITED;
    vmm_regs(v)[X86_EAX] = f->a[SEMAPHORE];
    vmm_regs(v)[X86_ECX] = KIT_Block_Svc_Ints | KIT_Block_Enable_Ints;
    devices_call_begin(v, KIT_Wait_Semaphore);
}

static void waited_begin(struct vmm *v, struct vmm_frame *f)
{
    struct ios_iop *row = find_iop(v, f->a[IOP]);
    f->step = SENT;
    if (row)
        row->semaphore = 0;
    vmm_regs(v)[X86_EAX] = f->a[SEMAPHORE];
    devices_call_begin(v, KIT_Destroy_Semaphore);
}

static void request_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->step == SEMAPHORE_MADE)
        semaphore_made_begin(v, f);
    else if (f->step == CLOCK_STARTED)
        set_out_begin(v, f);
    else if (f->step == WAITED_FOR_SENDING)
        wait_for_end_begin(v, f);
    else if (f->step == WAITED)
        waited_begin(v, f);
    else
        vmm_frame_pop_all(v);
}

static const struct vmm_frame_kind request_kind = {"a request routine", request_resume, NULL};

static struct vmm_frame *new_request(struct vmm *v, uint32_t iop, uint32_t entry)
{
    struct vmm_frame *f = vmm_frame_push(v, ios_state(v)->request_kind);
    if (!f)
        return NULL;
    f->step = SENT;
    f->a[IOP] = iop;
    f->a[ENTRY] = entry;
    f->a[SEMAPHORE] = 0;
    return f;
}

static bool routed_dcb(struct vmm *v, uint32_t dcb)
{
    if (ios_is_dcb(v, dcb) && vmm_peek32(v, dcb + KIT_DCB_ptr_cd))
        return true;
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S2F63", "%08X is not a DCB with a calldown list",
               dcb);
    return false;
}

// ILB_internal_request: EDI = IOP, EBX = DCB, EDX = the request routine after which it goes on, 0: from the top.
static void internal_request_begin(void *user, struct vmm *v)
{
    (void)user;
    const uint32_t *r = vmm_regs(v);
    uint32_t iop = r[X86_EDI], dcb = r[X86_EBX], after = r[X86_EDX];
    if (!vmm_probe(v, iop, KIT_IOP_callback_table, true) || !routed_dcb(v, dcb))
        return;
    uint32_t entry = vmm_peek32(v, dcb + KIT_DCB_ptr_cd);
    for (unsigned n = 0; after && entry && n < IOS_LAYERS; n++) {
        bool found = vmm_peek32(v, entry + KIT_DCB_cd_io_address) == after;
        entry = vmm_peek32(v, entry + KIT_DCB_cd_next);
        if (found)
            break;
    }
    struct vmm_frame *f = entry ? new_request(v, iop, entry) : NULL;
    if (f)
        go_down_begin(v, f);
    else if (!entry)
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S3035",
                   "no driver of DCB %08X follows request routine %08X", dcb, after);
}

// ---------------------------------------------------------------------------------------------------------------------
// IOS_SendCommand: ESI = IOR, EDI = the BlockDev part of a DCB; or a command block and a descriptor of Windows 3.1.

static void prepare(struct vmm *v, uint32_t iop, uint32_t dcb)
{
    uint32_t callback = iop + KIT_IOP_callback_table;
    vmm_poke32(v, iop + KIT_IOP_physical_dcb, vmm_peek32(v, dcb + KIT_DCB_physical_dcb));
    vmm_poke32(v, iop + KIT_IOP_original_dcb, dcb);
    vmm_poke16(v, iop + KIT_IOP_timer, SECONDS);
    vmm_poke16(v, iop + KIT_IOP_timer_orig, SECONDS);
    vmm_poke32(v, iop + KIT_IOP_Thread_Handle, vmm_current_thread(v));
    vmm_poke32(v, iop + KIT_IOP_VM_Handle, vmm_current_vm(v));
    vmm_poke32(v, callback + KIT_IOP_CB_address, ios_state(v)->routine[IOS_IOP_CALLBACK]);
    vmm_poke32(v, callback + KIT_IOP_CB_ref_data, 0);
    vmm_poke32(v, iop + KIT_IOP_callback_ptr, callback + KIT_SIZE_IOP_callback_entry);
}

static void send_ior_begin(struct vmm *v, uint32_t ior, uint32_t dcb)
{
    uint32_t flags, iop = ior - KIT_IOP_ior;
    if (!vmm_get32(v, ior + KIT_IOR_flags, &flags))
        return;
    if ((flags & KIT_IORF_VERSION_002) != KIT_IORF_VERSION_002 || !find_iop(v, iop)) {
        ios_stop_missing(v, "IOS_SendCommand for an IOR whose layout and flags are not those of ddk/inc/ior.inc",
                         "Win95 DDK S303A gives no numbers");
        return;
    }
    if (!routed_dcb(v, dcb))
        return;
    prepare(v, iop, dcb);
    vmm_poke32(v, ior + KIT_IOR_flags, flags & ~(uint32_t)KIT_IORF_SYNC_CMD_DONE);
    struct vmm_frame *f = new_request(v, iop, vmm_peek32(v, dcb + KIT_DCB_ptr_cd));
    if (!f)
        return;
    find_iop(v, iop)->sent = 1;
    if ((flags & KIT_IORF_SYNC_COMMAND) != KIT_IORF_SYNC_COMMAND) {
        set_out_begin(v, f);
        return;
    }
    f->step = SEMAPHORE_MADE;
    vmm_regs(v)[X86_EAX] = 0;
    devices_call_begin(v, KIT_Create_Semaphore);
}

static void send_command_begin(struct vmm *v)
{
    uint32_t ior = vmm_regs(v)[X86_ESI], dcb = vmm_regs(v)[X86_EDI] - KIT_DCB_bdd;
    if (ios_is_dcb(v, dcb))
        send_ior_begin(v, ior, dcb);
    else
        ios_blockdev_send_begin(v);
}

// IOS_iop_callback(IOP), the last one in the callback table.
static void iop_callback_begin(void *user, struct vmm *v)
{
    (void)user;
    uint32_t iop = vmm_arg(v, 0), ior = iop + KIT_IOP_ior;
    struct ios_iop *row = find_iop(v, iop);
    if (!row) {
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S2F64", "%08X is not an IOP", iop);
        return;
    }
    uint32_t flags = vmm_peek32(v, ior + KIT_IOR_flags), handle = vmm_peek32(v, ior + KIT_IOR_req_req_handle);
    if (!new_request(v, iop, 0))
        return;
    row->sent = row->late = 0;
    if (row->semaphore) {
        vmm_poke32(v, ior + KIT_IOR_flags, flags | KIT_IORF_SYNC_CMD_DONE);
        vmm_regs(v)[X86_EAX] = row->semaphore;
        devices_call_begin(v, KIT_Signal_Semaphore);
    } else {
        vmm_frame_call_c_begin(v, vmm_peek32(v, ior + KIT_IOR_callback), 1, &handle);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// A device's queue, which its port driver fills and empties: first in, first out. The order by place on the medium
// (DCB_q_sort) is not documented. Linked through the IOR's dword that is reserved for IOS.

enum { QUEUE = KIT_DCB_bdd + KIT_DCB_BDP_Cmd_Queue_Ascending };

static uint32_t link_in(uint32_t iop)
{
    return iop + KIT_IOP_ior + KIT_IOR_private_IOS;
}

static void enqueue(void *user, struct vmm *v)
{
    (void)user;
    uint32_t iop = vmm_arg(v, 0), dcb = vmm_arg(v, 1), at = dcb + QUEUE;
    if (!find_iop(v, iop) || !ios_is_dcb(v, dcb)) {
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S3033", "%08X, %08X are not an IOP and a DCB",
                   iop, dcb);
        return;
    }
    if ((uint8_t)vmm_peek16(v, dcb + KIT_DCB_q_algo) != KIT_DCB_q_fi_fo) {
        ios_stop_missing(v, "ILB_enqueue_iop for a device with another DCB_q_algo than DCB_q_fi_fo", "Win95 DDK S3033");
        return;
    }
    for (uint32_t n = 0, next; n < LONGEST && (next = vmm_peek32(v, at)) != 0; n++)
        at = link_in(next);
    vmm_poke32(v, link_in(iop), 0);
    vmm_poke32(v, at, iop);
}

static void dequeue(void *user, struct vmm *v)
{
    (void)user;
    uint32_t dcb = vmm_arg(v, 0), iop = ios_is_dcb(v, dcb) ? vmm_peek32(v, dcb + QUEUE) : 0;
    if (!ios_is_dcb(v, dcb))
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S3031", "%08X is not a DCB", dcb);
    if (iop)
        vmm_poke32(v, dcb + QUEUE, vmm_peek32(v, link_in(iop)));
    vmm_regs(v)[X86_EAX] = iop;
}

// ---------------------------------------------------------------------------------------------------------------------
// The linkage block's other routines

// ILB_dprintf_rtn: only the debugging IOS prints (S3030). This is the other one: the routine can be called, and is what
// the wait below passes its time with.
static void dprintf_of_retail(void *user, struct vmm *v)
{
    (void)user;
    (void)v;
}

// Spins for a tenth of a second. Frame: a[0], a[1] the time at which it is over.
static void wait_resume(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_time(v) < (f->a[0] | (uint64_t)f->a[1] << 32))
        vmm_frame_call_begin(v, ios_state(v)->routine[IOS_DPRINTF]);
    else
        vmm_frame_pop_all(v);
}

static const struct vmm_frame_kind wait_kind = {"ILB_Wait_10th_Sec", wait_resume, NULL};

static void wait_begin(void *user, struct vmm *v)
{
    (void)user;
    uint64_t until = vmm_time(v) + TENTH;
    struct vmm_frame *f = vmm_frame_push(v, ios_state(v)->wait_kind);
    if (!f)
        return;
    f->a[0] = (uint32_t)until;
    f->a[1] = (uint32_t)(until >> 32);
    wait_resume(v, f);
}

static void criteria(void *user, struct vmm *v)
{
    (void)user;
    ios_stop_missing(v, "a criteria routine of an ILB, which needs demand bits without documented numbers",
                     "Win95 DDK S3034, S3036");
}

static void jump_to(struct vmm *v, uint16_t ordinal)
{
    vmm_regs(v)[X86_ESP] -= 4; // the return address is still there
    vmm_cpu(v)->state.eip = vmm_service_address(v, KIT_VMM_Device_ID, ordinal);
}

static void set_async_time_out(struct vmm *v)
{
    jump_to(v, KIT_Set_Async_Time_Out);
}

static void signal_semaphore_no_switch(struct vmm *v)
{
    jump_to(v, KIT_Signal_Semaphore_No_Switch);
}

static void idle_status(struct vmm *v)
{
    uint32_t requests = 0;
    for (unsigned i = 0; i < IOS_REQUESTS; i++)
        requests += ios_state(v)->iop[i].iop != 0;
    vmm_regs(v)[X86_EAX] = requests;
}

bool ios_request_create(struct vmm *v)
{
    static vmm_host_fn *const routines[IOS_ROUTINES] = {
        [IOS_DPRINTF] = dprintf_of_retail,
        [IOS_WAIT_10TH_SEC] = wait_begin,
        [IOS_INTERNAL_REQUEST] = internal_request_begin,
        [IOS_IO_CRITERIA] = criteria,
        [IOS_INT_IO_CRITERIA] = criteria,
        [IOS_ENQUEUE] = enqueue,
        [IOS_DEQUEUE] = dequeue,
        [IOS_IOP_CALLBACK] = iop_callback_begin,
    };
    struct ios *s = ios_state(v);
    s->request_kind = vmm_frame_kind_add(v, &request_kind);
    s->wait_kind = vmm_frame_kind_add(v, &wait_kind);
    for (unsigned i = 0; i < IOS_ROUTINES; i++)
        if (routines[i] && !(s->routine[i] = vmm_host_proc(v, routines[i], NULL)))
            return false;
    return true;
}

const struct vmm_binding ios_request_bindings[] = {
    {KIT_IOS_SendCommand, send_command_begin},
    {KIT_IOS_Set_Async_Time_Out, set_async_time_out},
    {KIT_IOS_Signal_Semaphore_No_Switch, signal_semaphore_no_switch},
    {KIT_IOSIdleStatus, idle_status},
    {0, NULL},
};
