// Block devices of Windows 3.1 (VDAG31 FastDisk_Device), which the I/O supervisor goes on serving: a driver registers
// the descriptor of a device (BDD), clients send it chains of commands and are called back. For a device with
// BDF_Serial_Cmd the commands are checked, queued and cancelled here, and the driver sees one at a time.
//
// What a descriptor keeps reserved for us is where Windows 95 shows it (Win95 DDK S302A): two queues, linked through
// BD_CB_Next, and the command that the driver has.
#include "devices/ios.h"
#include "devices/vpicd.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

enum {
    HIGH = KIT_BDD_Reserved_BlockDev,         // queue of commands of high priority: the first, 0 = empty
    LOW = KIT_BDD_Reserved_BlockDev + 4,      // the others
    CURRENT = KIT_BDD_Reserved_BlockDev + 16, // 0: the device has nothing to do
    DISK_IRQ = 14,
    LONGEST = 65536, // commands of a chain or queue; one that has more is a circle
};

static bool registered(struct vmm *v, uint32_t bdd)
{
    const struct ios *s = ios_state(v);
    for (uint32_t i = 0; i < s->bdds; i++)
        if (s->bdd[i] == bdd)
            return true;
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "VDAG31 FastDisk_Device",
               "%08X is not a registered block device", bdd);
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Registration

static bool is_int13(struct vmm *v, uint32_t bdd, uint8_t drive)
{
    uint8_t number = 0;
    return vmm_peek32(v, bdd + KIT_BDD_Flags) & KIT_BDF_Int13_Drive &&
           vmm_load(v, bdd + KIT_BDD_Int_13h_Number, &number, 1) && number == drive;
}

static uint32_t find_int13(struct vmm *v, uint8_t drive)
{
    const struct ios *s = ios_state(v);
    for (uint32_t i = 0; i < s->bdds; i++)
        if (is_int13(v, s->bdd[i], drive))
            return s->bdd[i];
    return 0;
}

static void link_behind_last(struct vmm *v, uint32_t bdd)
{
    struct ios *s = ios_state(v);
    if (s->bdds)
        vmm_poke32(v, s->bdd[s->bdds - 1] + KIT_BDD_Next, bdd);
    vmm_poke32(v, bdd + KIT_BDD_Next, 0);
    s->bdd[s->bdds++] = bdd;
    for (uint32_t at = KIT_BDD_Reserved_BlockDev; at < KIT_SIZE_BlockDev_Device_Descriptor; at += 4)
        vmm_poke32(v, bdd + at, 0);
}

// The BIOS of a machine with a disk would have unmasked its interrupt; the board's has none.
static void virtualize_irq(struct vmm *v)
{
    struct ios *s = ios_state(v);
    if (s->has_irq)
        return;
    s->has_irq = 1;
    vpicd_own(v, DISK_IRQ, s->irq_proc);
    vpicd_state(v)->irq[DISK_IRQ].masking = VPICD_UNMASKED;
    vpicd_program_masks(v);
}

// EDI = BDD; CF = 1: its INT 13h drive has one already, or there is no room.
static void register_device(struct vmm *v)
{
    struct ios *s = ios_state(v);
    uint32_t bdd = vmm_regs(v)[X86_EDI], flags, hw_int;
    uint8_t drive;
    if (!vmm_probe(v, bdd, KIT_SIZE_BlockDev_Device_Descriptor, true) || !vmm_get32(v, bdd + KIT_BDD_Flags, &flags) ||
        !vmm_get(v, bdd + KIT_BDD_Int_13h_Number, &drive, 1) || !vmm_get32(v, bdd + KIT_BDD_Hw_Int_Proc, &hw_int))
        return;
    bool taken = flags & KIT_BDF_Int13_Drive && find_int13(v, drive);
    devices_carry(v, taken || s->bdds == IOS_BLOCK_DEVICES);
    if (vmm_flag(v, X86_CF))
        return;
    link_behind_last(v, bdd);
    if (hw_int)
        virtualize_irq(v);
}

static void find_int13_drive(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), bdd = find_int13(v, (uint8_t)r[X86_EAX]);
    devices_carry(v, !bdd);
    if (bdd)
        r[X86_EDI] = bdd;
}

static void get_device_list(struct vmm *v)
{
    vmm_regs(v)[X86_EDI] = ios_state(v)->bdds ? ios_state(v)->bdd[0] : 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// The queues of a device whose commands are serialized

static uint32_t next_of(struct vmm *v, uint32_t bcb)
{
    return vmm_peek32(v, bcb + KIT_BD_CB_Next);
}

// The address of the link to `bcb` in a queue, or of the last link with bcb = 0. 0: it is not there.
static uint32_t find_link(struct vmm *v, uint32_t queue, uint32_t bcb)
{
    uint32_t link = queue;
    for (uint32_t n = 0; n < LONGEST; n++) {
        uint32_t at = vmm_peek32(v, link);
        if (at == bcb)
            return link;
        if (!at)
            return 0;
        link = at + KIT_BD_CB_Next;
    }
    vmm_stop(v, VMM_END_FAULT, "a block device's queue of commands has been made a circle");
    return 0;
}

static void put(struct vmm *v, uint32_t bdd, uint32_t bcb)
{
    bool high = vmm_peek32(v, bcb + KIT_BD_CB_Flags) & KIT_BDCF_High_Priority;
    uint32_t link = find_link(v, bdd + (high ? HIGH : LOW), 0);
    if (!link)
        return;
    vmm_poke32(v, bcb + KIT_BD_CB_Next, 0);
    vmm_poke32(v, link, bcb);
}

static bool take(struct vmm *v, uint32_t bdd, uint32_t bcb)
{
    uint32_t link = find_link(v, bdd + HIGH, bcb);
    if (!link)
        link = find_link(v, bdd + LOW, bcb);
    if (link)
        vmm_poke32(v, link, next_of(v, bcb));
    return link;
}

static uint32_t take_first(struct vmm *v, uint32_t bdd)
{
    uint32_t bcb = vmm_peek32(v, bdd + HIGH);
    bcb = bcb ? bcb : vmm_peek32(v, bdd + LOW);
    return bcb && take(v, bdd, bcb) ? bcb : 0;
}

// How many sectors a read or write moves: BD_CB_Count, or the sum over its table of regions.
static uint64_t sectors(struct vmm *v, uint32_t bcb)
{
    if (!(vmm_peek32(v, bcb + KIT_BD_CB_Flags) & KIT_BDCF_Scatter_Gather))
        return vmm_peek32(v, bcb + KIT_BD_CB_Count);
    uint64_t sum = 0;
    uint32_t at = vmm_peek32(v, bcb + KIT_BD_CB_Buffer_Ptr);
    for (uint32_t n = 0, count; n < LONGEST && (count = vmm_peek32(v, at)) != 0; n++, at += 8)
        sum += count;
    return sum;
}

static uint64_t peek64(struct vmm *v, uint32_t at)
{
    return vmm_peek32(v, at) | (uint64_t)vmm_peek32(v, at + 4) << 32;
}

static bool beyond_the_end(struct vmm *v, uint32_t bdd, uint32_t bcb)
{
    if (vmm_peek16(v, bcb + KIT_BD_CB_Command) > KIT_BDC_Verify)
        return false;
    uint64_t last = peek64(v, bdd + KIT_BDD_Max_Sector), first = peek64(v, bcb + KIT_BD_CB_Sector);
    uint64_t count = sectors(v, bcb);
    return first > last || (count && count - 1 > last - first);
}

// ---------------------------------------------------------------------------------------------------------------------
// Commands. Frames: a[0] BDD; sending: a[1] the chain's next command, a[2] a cancel command whose victim is being
// called back, a[3] commands so far; completing: a[1] command, then a[1]-a[3] the client's EAX, EBX, EDX.

enum { BDD, NEXT, CANCEL, COUNT, COMMAND = 1, CLIENT_EAX = 1, CLIENT_EBX, CLIENT_EDX };
enum { CALLING_BACK, HANDED_OVER };

static bool is_serial(struct vmm *v, uint32_t bdd)
{
    return vmm_peek32(v, bdd + KIT_BDD_Flags) & KIT_BDF_Serial_Cmd;
}

// A procedure gets EDI = BDD, ESI = command.
static void call_begin(struct vmm *v, uint32_t bdd, uint32_t bcb, uint32_t proc)
{
    uint32_t *r = vmm_regs(v);
    r[X86_EDI] = bdd;
    r[X86_ESI] = bcb;
    vmm_frame_call_begin(v, proc);
}

static void call_back_begin(struct vmm *v, uint32_t bdd, uint32_t bcb)
{
    vmm_set_flag(v, X86_IF, false);
    call_begin(v, bdd, bcb, vmm_peek32(v, bcb + KIT_BD_CB_Cmd_Cplt_Proc));
}

static void finish_begin(struct vmm *v, uint32_t bdd, uint32_t bcb, uint16_t status)
{
    vmm_poke16(v, bcb + KIT_BD_CB_Cmd_Status, status);
    call_back_begin(v, bdd, bcb);
}

static void hand_over_begin(struct vmm *v, struct vmm_frame *f, uint32_t bcb)
{
    f->step = HANDED_OVER;
    call_begin(v, f->a[BDD], bcb, vmm_peek32(v, f->a[BDD] + KIT_BDD_Command_Proc));
}

// An idle device gets its next command. False: there is none, or it is busy.
static bool give_next_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t bdd = f->a[BDD], bcb = vmm_peek32(v, bdd + CURRENT) ? 0 : take_first(v, bdd);
    if (!bcb)
        return false;
    vmm_poke32(v, bcb + KIT_BD_CB_Next, 0);
    vmm_poke32(v, bdd + CURRENT, bcb);
    hand_over_begin(v, f, bcb);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// BlockDev_Send_Command

static void sent(struct vmm *v)
{
    vmm_frame_pop_all(v);
    vmm_set_flag(v, X86_IF, true);
}

// The victim is called back before the cancel command.
static void cancel_begin(struct vmm *v, struct vmm_frame *f, uint32_t bcb)
{
    uint32_t victim = vmm_peek32(v, bcb + KIT_BD_CB_Buffer_Ptr), bdd = f->a[BDD];
    if (victim && victim == vmm_peek32(v, bdd + CURRENT)) {
        finish_begin(v, bdd, bcb, KIT_BDS_Cmd_In_Progress);
    } else if (!victim || !take(v, bdd, victim)) {
        finish_begin(v, bdd, bcb, KIT_BDS_Invalid_Cmd_Ptr);
    } else {
        f->a[CANCEL] = bcb;
        finish_begin(v, bdd, victim, KIT_BDS_Canceled);
    }
}

// Sorts one command of the chain into a queue. False: a callback is under way instead.
static bool sort_in(struct vmm *v, struct vmm_frame *f, uint32_t bcb)
{
    if (vmm_peek16(v, bcb + KIT_BD_CB_Command) == KIT_BDC_Cancel) {
        cancel_begin(v, f, bcb);
        return false;
    }
    if (beyond_the_end(v, f->a[BDD], bcb)) {
        finish_begin(v, f->a[BDD], bcb, KIT_BDS_Invalid_Sector_Number);
        return false;
    }
    put(v, f->a[BDD], bcb);
    return true;
}

// The whole chain is processed before the device gets a command.
static void chain_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t bcb;
    do {
        bcb = f->a[NEXT];
        f->a[NEXT] = bcb ? next_of(v, bcb) : 0;
        if (f->a[COUNT]++ == LONGEST) {
            vmm_stop(v, VMM_END_FAULT, "BlockDev_Send_Command: the chain of commands is a circle");
            return;
        }
    } while (bcb && sort_in(v, f, bcb));
    if (!bcb && !give_next_begin(v, f))
        sent(v);
}

static void send_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t cancel = f->a[CANCEL];
    f->a[CANCEL] = 0;
    if (f->step == HANDED_OVER)
        sent(v);
    else if (cancel)
        finish_begin(v, f->a[BDD], cancel, KIT_BDS_Success);
    else
        chain_begin(v, f);
}

static const struct vmm_frame_kind send_kind = {"a procedure of a block device or its client", send_resume, NULL};

void ios_blockdev_send_begin(struct vmm *v)
{
    uint32_t bdd = vmm_regs(v)[X86_EDI], bcb = vmm_regs(v)[X86_ESI];
    if (!registered(v, bdd) || !vmm_probe(v, bcb, KIT_SIZE_BlockDev_Command_Block, true))
        return;
    struct vmm_frame *f = vmm_frame_push(v, ios_state(v)->send_kind);
    if (!f)
        return;
    f->step = CALLING_BACK;
    f->a[BDD] = bdd;
    f->a[NEXT] = bcb;
    f->a[CANCEL] = f->a[COUNT] = 0;
    if (is_serial(v, bdd))
        chain_begin(v, f);
    else
        hand_over_begin(v, f, bcb);
}

// ---------------------------------------------------------------------------------------------------------------------
// BlockDev_Command_Complete: EAX, EBX and EDX come from the client's callback, the other registers stay.

static void completed(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t *r = vmm_regs(v), eax = f->a[CLIENT_EAX], ebx = f->a[CLIENT_EBX], edx = f->a[CLIENT_EDX];
    vmm_frame_pop_all(v);
    r[X86_EAX] = eax;
    r[X86_EBX] = ebx;
    r[X86_EDX] = edx;
    vmm_set_flag(v, X86_IF, true);
}

static void complete_resume(struct vmm *v, struct vmm_frame *f)
{
    const uint32_t *r = vmm_regs(v);
    if (f->step == HANDED_OVER) {
        completed(v, f);
        return;
    }
    uint32_t bdd = f->a[BDD], bcb = f->a[COMMAND];
    f->a[CLIENT_EAX] = r[X86_EAX];
    f->a[CLIENT_EBX] = r[X86_EBX];
    f->a[CLIENT_EDX] = r[X86_EDX];
    bool was_current = vmm_peek32(v, bdd + CURRENT) == bcb;
    if (was_current)
        vmm_poke32(v, bdd + CURRENT, 0);
    if (!was_current || !is_serial(v, bdd) || !give_next_begin(v, f))
        completed(v, f);
}

static const struct vmm_frame_kind complete_kind = {"the callback of a block device's client", complete_resume, NULL};

static void command_complete_begin(struct vmm *v)
{
    uint32_t bdd = vmm_regs(v)[X86_EDI], bcb = vmm_regs(v)[X86_ESI];
    if (!registered(v, bdd) || !vmm_probe(v, bcb, KIT_SIZE_BlockDev_Command_Block, true))
        return;
    struct vmm_frame *f = vmm_frame_push(v, ios_state(v)->complete_kind);
    if (!f)
        return;
    f->step = CALLING_BACK;
    f->a[BDD] = bdd;
    f->a[COMMAND] = bcb;
    call_back_begin(v, bdd, bcb);
}

// Registers and flags are the command's, both ways: the device's procedure takes the caller's place.
static void synchronous_command(struct vmm *v)
{
    uint32_t proc, bdd = vmm_regs(v)[X86_EDI];
    if (!registered(v, bdd) || !vmm_get32(v, bdd + KIT_BDD_Sync_Cmd_Proc, &proc))
        return;
    vmm_regs(v)[X86_ESP] -= 4; // the return address is still there
    vmm_cpu(v)->state.eip = proc;
}

// ---------------------------------------------------------------------------------------------------------------------
// The disks' interrupt: devices are asked until one has served it (CF = 0). Frame: a[0] row of the next one.

static void irq_next_begin(struct vmm *v, struct vmm_frame *f)
{
    const struct ios *s = ios_state(v);
    uint32_t proc = 0, row = f->a[0];
    while (row < s->bdds && !(proc = vmm_peek32(v, s->bdd[row] + KIT_BDD_Hw_Int_Proc)))
        row++;
    f->a[0] = row + 1;
    if (proc) {
        vmm_regs(v)[X86_EAX] = f->reg[X86_EAX]; // the IRQ's handle, for VPICD_Phys_EOI
        vmm_regs(v)[X86_EDI] = s->bdd[row];
        vmm_frame_call_begin(v, proc);
        return;
    }
    vmm_frame_pop_all(v);
    devices_carry(v, true);
}

static void irq_resume(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_flag(v, X86_CF)) {
        irq_next_begin(v, f);
        return;
    }
    vmm_frame_pop_all(v);
    devices_carry(v, false);
}

static const struct vmm_frame_kind irq_kind = {"a block device's interrupt procedure", irq_resume, NULL};

static void irq_begin(void *user, struct vmm *v)
{
    (void)user;
    struct vmm_frame *f = vmm_frame_push(v, ios_state(v)->irq_kind);
    if (!f)
        return;
    f->a[0] = 0;
    irq_next_begin(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------

bool ios_blockdev_create(struct vmm *v)
{
    struct ios *s = ios_state(v);
    s->send_kind = vmm_frame_kind_add(v, &send_kind);
    s->complete_kind = vmm_frame_kind_add(v, &complete_kind);
    s->irq_kind = vmm_frame_kind_add(v, &irq_kind);
    s->irq_proc = vmm_host_proc(v, irq_begin, NULL);
    return s->irq_proc != 0;
}

const struct vmm_binding ios_blockdev_bindings[] = {
    {KIT_BlockDev_Register_Device, register_device},         {KIT_BlockDev_Find_Int13_Drive, find_int13_drive},
    {KIT_BlockDev_Get_Device_List, get_device_list},         {KIT_BlockDev_Command_Complete, command_complete_begin},
    {KIT_BlockDev_Synchronous_Command, synchronous_command}, {0, NULL},
};
