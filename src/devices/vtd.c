// VTD, the virtual timer (VDAG31 Virtual_Timer_Device): the period of the system's timer and the time of day. The VMM's
// own clock makes the ticks; IRQ 0 of the board stays masked.
#include "devices/common.h"

#include "devices/call.h"
#include "devices/vpicd.h"
#include "kit/messages.h"
#include "kit/services.h"

enum {
    FASTEST = 1,  // ms
    SLOWEST = 54, // the longest period of the 8254
    NORMAL = 20,  // Win95 DDK S32E8
};

struct vtd {
    uint16_t requests[SLOWEST + 1]; // outstanding VTD_Begin_Min_Int_Period per period
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

const struct devices_entry vtd_entry = {&vtd_device, NULL, false, NULL};
