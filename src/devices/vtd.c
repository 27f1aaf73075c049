// VTD, the virtual timer (VDAG31 Virtual_Timer_Device): the period of the system's timer and the time of day. The VMM's
// own clock makes the ticks; IRQ 0 of the board is for DOS programs.
#include "devices/common.h"

#include "devices/call.h"
#include "devices/vpicd.h"
#include "dos/dos.h"
#include "kit/messages.h"
#include "kit/services.h"

enum {
    FASTEST = 1,  // ms
    SLOWEST = 54, // the longest period of the 8254
    NORMAL = 20,  // Win95 DDK S32E8
};

struct vtd {
    uint16_t requests[SLOWEST + 1]; // outstanding VTD_Begin_Min_Int_Period per period
    uint32_t interrupt_proc, virtual_proc;
    uint16_t tick_kind;
    uint8_t owns;   // IRQ 0 is virtualized: a DOS program has run
    uint8_t wanted; // and one runs that could notice a timer that stands still
};

extern const struct vmm_device vtd_device;

static struct vtd *state(struct vmm *v)
{
    return vmm_device_state(v, &vtd_device);
}

static uint32_t period(struct vmm *v)
{
    const struct vtd *s = state(v);
    for (uint32_t ms = FASTEST; ms < NORMAL; ms++) {
        if (s->requests[ms])
            return ms;
    }
    return NORMAL;
}

static void get_version(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    r[X86_EBX] = FASTEST;
    r[X86_ECX] = SLOWEST;
    devices_version(v);
}

static void get_interrupt_period(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = period(v);
}

static void begin_min_int_period(struct vmm *v)
{
    uint32_t ms = vmm_regs(v)[X86_EAX];
    devices_carry(v, true);
    if (ms < FASTEST || ms > SLOWEST || state(v)->requests[ms] == UINT16_MAX)
        return;
    state(v)->requests[ms]++;
    vmm_set_tick(v, period(v));
    devices_carry(v, false);
}

static void end_min_int_period(struct vmm *v)
{
    uint32_t ms = vmm_regs(v)[X86_EAX];
    devices_carry(v, true);
    if (ms < FASTEST || ms > SLOWEST || !state(v)->requests[ms])
        return; // never begun with this period
    state(v)->requests[ms]--;
    vmm_set_tick(v, period(v));
    devices_carry(v, false);
}

static void get_real_time(struct vmm *v)
{
    uint64_t units = vmm_time(v) / 800; // of 0.8 us
    vmm_regs(v)[X86_EAX] = (uint32_t)units;
    vmm_regs(v)[X86_EDX] = (uint32_t)(units >> 32);
}

static uint32_t days_since_1980(const struct pc_config *d)
{
    static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint32_t years = d->year - 1980u, leap_days = (years + 3) / 4;
    bool leap_passed = years % 4 == 0 && d->month > 2;
    return years * 365 + leap_days + before[d->month - 1] + leap_passed + d->day - 1;
}

static void get_date_and_time(struct vmm *v)
{
    struct pc_config d;
    uint64_t now = vmm_time(v);
    pc_date(devices_board(v), now, &d);
    uint32_t seconds = (d.hour * 60u + d.minute) * 60u + d.second;
    vmm_regs(v)[X86_EAX] = seconds * 1000 + (uint32_t)(now / 1000000 % 1000);
    vmm_regs(v)[X86_EDX] = days_since_1980(&d);
}

// ---------------------------------------------------------------------------------------------------------------------
// The timer of virtual machines: IRQ 0 of the board, 18.2 times a second unless a program sets the 8254 otherwise. A
// virtual machine that has not hooked INT 8 or 1Ch gets its ticks counted and nothing more, so that a timer costs
// nothing where nobody looks. While all programs wait for keys the line is masked, and the machine is idle.

enum { TIMER_IRQ = 0 };

void vtd_watch(struct vmm *v)
{
    struct vtd *s = state(v);
    bool wanted = dos_wants_ticks(v);
    if (wanted == s->wanted)
        return;
    if (wanted && !s->owns && vpicd_state(v)->irq[TIMER_IRQ].owners)
        return; // a driver has the timer
    if (wanted && !s->owns) {
        vpicd_own(v, TIMER_IRQ, s->interrupt_proc);
        vpicd_state(v)->irq[TIMER_IRQ].owner[0].proc[VPICD_VIRT_INT] = s->virtual_proc;
        s->owns = 1;
    }
    s->wanted = wanted;
    vpicd_state(v)->irq[TIMER_IRQ].masking = wanted ? VPICD_UNMASKED : VPICD_MASKED;
    vpicd_program_masks(v);
}

// a[0]: next program.
static void tick_resume(struct vmm *v, struct vmm_frame *f)
{
    while (f->a[0] < DOS_MOST_PROGRAMS) {
        uint32_t vm;
        if (!dos_count_ticks(v, f->a[0]++, &vm))
            continue;
        vpicd_request(v, vm, TIMER_IRQ, 0, true);
        vmm_frame_wait(v);
        vpicd_refresh_begin(v, vm);
        return;
    }
    vmm_frame_pop_all(v);
}

static const struct vmm_frame_kind tick_kind = {"the timer's tick", tick_resume, NULL};

// The hardware-interrupt procedure of IRQ 0; CF=0: it is ours.
static void timer_interrupt(void *user, struct vmm *v)
{
    (void)user;
    vpicd_phys_eoi(v, TIMER_IRQ);
    devices_carry(v, false);
    struct vmm_frame *f = vmm_frame_push(v, state(v)->tick_kind);
    if (!f)
        return;
    f->a[0] = 0;
    tick_resume(v, f);
}

// It has been simulated: the request is over, as the 8254's edge is.
static void timer_simulated(void *user, struct vmm *v)
{
    (void)user;
    vpicd_request(v, vmm_regs(v)[X86_EBX], TIMER_IRQ, 0, false);
}

static bool create(struct vmm *v)
{
    struct vtd *s = state(v);
    s->tick_kind = vmm_frame_kind_add(v, &tick_kind);
    s->interrupt_proc = vmm_host_proc(v, timer_interrupt, NULL);
    s->virtual_proc = vmm_host_proc(v, timer_simulated, NULL);
    return s->virtual_proc != 0;
}

static void control(struct vmm *v)
{
    devices_carry(v, false);
    if (vmm_regs(v)[X86_EAX] != KIT_Sys_Critical_Init)
        return;
    vpicd_state(v)->irq[0].masking = VPICD_MASKED;
    vpicd_program_masks(v);
}

static const struct vmm_binding bindings[] = {
    {KIT_VTD_Get_Version, get_version},
    {KIT_VTD_Get_Interrupt_Period, get_interrupt_period},
    {KIT_VTD_Begin_Min_Int_Period, begin_min_int_period},
    {KIT_VTD_End_Min_Int_Period, end_min_int_period},
    {KIT_VTD_Get_Real_Time, get_real_time},
    {KIT_VTD_Get_Date_And_Time, get_date_and_time},
    {0, NULL},
};

const struct vmm_device vtd_device = {
    .id = 5, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct vtd)};

const struct devices_entry vtd_entry = {&vtd_device, create, false, NULL};
