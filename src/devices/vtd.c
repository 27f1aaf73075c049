// VTD, the virtual timer (VDAG31 Virtual_Timer_Device): the period of the system's timer, the time of day, the API for
// programs. The VMM's own clock makes the ticks of the time-outs; the timer of VMs is in vtd_virt.c.
#include "devices/vtd.h"

#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"

enum {
    FASTEST = 1,           // ms
    SLOWEST = VTD_SLOWEST, // the longest period of the 8254
    NORMAL = 20,           // Win95 DDK S32E8
};

struct vtd *vtd_state(struct vmm *v)
{
    return vmm_device_state(v, &vtd_device);
}

static uint32_t period(struct vmm *v)
{
    const struct vtd *s = vtd_state(v);
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
    if (ms < FASTEST || ms > SLOWEST || vtd_state(v)->requests[ms] == UINT16_MAX)
        return;
    vtd_state(v)->requests[ms]++;
    vmm_set_tick(v, period(v));
    devices_carry(v, false);
}

static void end_min_int_period(struct vmm *v)
{
    uint32_t ms = vmm_regs(v)[X86_EAX];
    devices_carry(v, true);
    if (ms < FASTEST || ms > SLOWEST || !vtd_state(v)->requests[ms])
        return; // never begun with this period
    vtd_state(v)->requests[ms]--;
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

// The VMM calls it so that Get_System_Time is up to date; here time is always up to date.
static void update_system_clock(struct vmm *v)
{
    vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 VTD_Update_System_Clock",
               "VTD_Update_System_Clock is for the VMM; drivers call Get_System_Time");
}

// ---------------------------------------------------------------------------------------------------------------------
// The API for programs (RBIL INT 2F/AX=1684h BX=0005h): AX = function -> EDX:EAX or EAX; CF = no such function.
// Frame: a[0] client registers.

enum { API_VERSION = 0, API_REAL_TIME = 0x100, API_SYSTEM_TIME = 0x101, API_VM_TIME = 0x102 };

static void answer(struct vmm *v, uint32_t crs, uint64_t value, bool wide)
{
    vmm_poke32(v, crs + KIT_Client_EAX, (uint32_t)value);
    if (wide)
        vmm_poke32(v, crs + KIT_Client_EDX, (uint32_t)(value >> 32));
}

static void api_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t crs = f->a[0], ms = vmm_regs(v)[X86_EAX];
    vmm_frame_pop_all(v);
    answer(v, crs, ms, false);
}

static const struct vmm_frame_kind api_kind = {"VTD's API", api_resume, NULL};

static void api_begin(struct vmm *v)
{
    uint32_t crs = vmm_regs(v)[X86_EBP], function = vmm_peek16(v, crs + KIT_Client_EAX);
    bool known = function == API_VERSION || (function >= API_REAL_TIME && function <= API_VM_TIME);
    devices_api_carry(v, crs, !known);
    if (function == API_VERSION)
        vmm_poke16(v, crs + KIT_Client_EAX, (uint16_t)vmm_profile(v));
    else if (function == API_REAL_TIME)
        answer(v, crs, vmm_time(v) / 800, true);
    if (function != API_SYSTEM_TIME && function != API_VM_TIME)
        return;
    struct vmm_frame *f = vmm_frame_push(v, vtd_state(v)->api_kind);
    if (!f)
        return;
    f->a[0] = crs;
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    devices_call_begin(v, function == API_SYSTEM_TIME ? KIT_Get_System_Time : KIT_Get_VM_Exec_Time);
}

// ---------------------------------------------------------------------------------------------------------------------

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        vtd_virt_init_begin(v);
        break;
    case KIT_Create_VM:
        vtd_vm_created(v, r[X86_EBX]);
        break;
    case KIT_Destroy_VM:
        vtd_vm_destroyed(v, r[X86_EBX]);
        break;
    default:
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VTD_Get_Version, get_version},
    {KIT_VTD_Update_System_Clock, update_system_clock},
    {KIT_VTD_Disable_Trapping, vtd_disable_trapping_begin},
    {KIT_VTD_Enable_Trapping, vtd_enable_trapping_begin},
    {KIT_VTD_Get_Interrupt_Period, get_interrupt_period},
    {KIT_VTD_Begin_Min_Int_Period, begin_min_int_period},
    {KIT_VTD_End_Min_Int_Period, end_min_int_period},
    {KIT_VTD_Get_Real_Time, get_real_time},
    {KIT_VTD_Get_Date_And_Time, get_date_and_time},
    {0, NULL},
};

const struct vmm_device vtd_device = {.id = 5,
                                      .version = 0x0400,
                                      .bindings = bindings,
                                      .control = control,
                                      .state_size = sizeof(struct vtd),
                                      .api = api_begin};

static bool create(struct vmm *v)
{
    vtd_state(v)->api_kind = vmm_frame_kind_add(v, &api_kind);
    return vtd_virt_create(v);
}

const struct devices_entry vtd_entry = {&vtd_device, create, false, NULL};
