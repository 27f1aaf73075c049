// VSD, the virtual sound device (VDAG31 Virtual_Sound_Device): the bell on the PC's speaker. VMs have the speaker's
// ports as they are.
#include "devices/call.h"
#include "devices/common.h"

#include "kit/services.h"

enum { BELL_MS = 500, BELL_COUNT = 1193 }; // a tone of 1 kHz; its pitch is not documented
enum { COUNTER_2 = 0x42, MODE = 0x43, SPEAKER = 0x61, SQUARE_WAVE = 0xB6, GATE_AND_DATA = 3 };

struct vsd {
    uint32_t stop_proc;
    uint32_t bells; // that have not ended yet
};

extern const struct vmm_device vsd_device;

static struct vsd *state(struct vmm *v)
{
    return vmm_device_state(v, &vsd_device);
}

static void out(struct vmm *v, uint16_t port, uint32_t value)
{
    const struct x86_owner *bus = vmm_cpu(v)->owner;
    bus->port_out(bus->user, port, 1, value & 0xFF);
}

static void speaker(struct vmm *v, bool on)
{
    const struct x86_owner *bus = vmm_cpu(v)->owner;
    uint32_t value = bus->port_in(bus->user, SPEAKER, 1) & ~(uint32_t)GATE_AND_DATA;
    out(v, SPEAKER, on ? value | GATE_AND_DATA : value);
}

// Callback of the time-out: another bell may have begun meanwhile.
static void stop(void *user, struct vmm *v)
{
    (void)user;
    if (state(v)->bells && --state(v)->bells == 0)
        speaker(v, false);
}

static void bell_begin(struct vmm *v)
{
    out(v, MODE, SQUARE_WAVE);
    out(v, COUNTER_2, BELL_COUNT & 0xFF);
    out(v, COUNTER_2, BELL_COUNT >> 8);
    speaker(v, true);
    if (!devices_aside_push(v))
        return;
    state(v)->bells++;
    vmm_regs(v)[X86_EAX] = BELL_MS;
    vmm_regs(v)[X86_ESI] = state(v)->stop_proc;
    devices_aside_begin(v, KIT_Set_Global_Time_Out);
}

static const struct vmm_binding bindings[] = {
    {KIT_VSD_Get_Version, devices_version},
    {KIT_VSD_Bell, bell_begin},
    {0, NULL},
};

const struct vmm_device vsd_device = {
    .id = 0x0B, .version = 0x0400, .bindings = bindings, .state_size = sizeof(struct vsd)};

static bool create(struct vmm *v)
{
    state(v)->stop_proc = vmm_host_proc(v, stop, NULL);
    return state(v)->stop_proc != 0;
}

const struct devices_entry vsd_entry = {&vsd_device, create, false, NULL};
