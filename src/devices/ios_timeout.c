// Time-outs of requests (Win95 DDK S2F61, S3017): IOP_timer counts seconds from 15 on. When it gets to zero all drivers
// hear AEP_IOP_TIMEOUT, and whose request it is tries again or gives up. Requests may be sent at interrupt time, where
// no time-out can be set: an event does it.
#include "devices/ios.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

enum { SECOND = 1000 };

// Counts one request down. True: its time is over now.
static bool count_down(struct vmm *v, const struct ios_iop *row)
{
    uint16_t left = vmm_peek16(v, row->iop + KIT_IOP_timer);
    if (left)
        vmm_poke16(v, row->iop + KIT_IOP_timer, (uint16_t)(left - 1));
    return left == 1;
}

static bool is_timed(struct vmm *v, const struct ios_iop *row)
{
    return row->iop && row->sent && vmm_peek16(v, row->iop + KIT_IOP_timer);
}

// ---------------------------------------------------------------------------------------------------------------------
// A second is over: requests are counted down, the clock is set again as long as one is under way, the drivers hear of
// those that are late, one after the other. Frame: step = the next request to be looked at.

static void late_next_begin(struct vmm *v, struct vmm_frame *f)
{
    struct ios *s = ios_state(v);
    unsigned i = f->step;
    while (i < IOS_REQUESTS && !(s->iop[i].iop && s->iop[i].late))
        i++;
    uint32_t aep = i < IOS_REQUESTS ? ios_aep(v, KIT_AEP_IOP_TIMEOUT, s->iop[i].iop) : 0;
    if (!aep) {
        vmm_frame_pop_all(v);
        return;
    }
    f->step = (uint16_t)(i + 1);
    s->iop[i].late = 0;
    vmm_frame_wait(v);
    ios_tell_all_begin(v, aep, 0);
}

static const struct vmm_frame_kind clock_kind = {"the clock of requests", late_next_begin, NULL};

static void set_clock_begin(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = SECOND;
    r[X86_ESI] = ios_state(v)->clock_proc;
    r[X86_EDX] = 0;
    devices_call_begin(v, KIT_Set_Global_Time_Out);
}

static void clock_begin(void *user, struct vmm *v)
{
    (void)user;
    struct ios *s = ios_state(v);
    bool goes_on = false;
    for (unsigned i = 0; i < IOS_REQUESTS; i++) {
        struct ios_iop *row = &s->iop[i];
        row->late |= is_timed(v, row) && count_down(v, row);
        goes_on |= is_timed(v, row);
    }
    s->clock_goes = goes_on;
    struct vmm_frame *f = vmm_frame_push(v, s->clock_kind);
    if (!f)
        return;
    f->step = 0;
    if (goes_on)
        set_clock_begin(v);
    else
        late_next_begin(v, f);
}

static void start_begin(void *user, struct vmm *v)
{
    (void)user;
    if (devices_aside_push(v))
        set_clock_begin(v);
}

bool ios_clock_start_begin(struct vmm *v)
{
    struct ios *s = ios_state(v);
    if (s->clock_goes)
        return false;
    s->clock_goes = 1;
    vmm_regs(v)[X86_ESI] = s->start_proc;
    vmm_regs(v)[X86_EDX] = 0;
    devices_call_begin(v, KIT_Schedule_Global_Event);
    return true;
}

bool ios_timeout_create(struct vmm *v)
{
    struct ios *s = ios_state(v);
    s->clock_kind = vmm_frame_kind_add(v, &clock_kind);
    s->clock_proc = vmm_host_proc(v, clock_begin, NULL);
    s->start_proc = vmm_host_proc(v, start_begin, NULL);
    return s->clock_proc && s->start_proc;
}
