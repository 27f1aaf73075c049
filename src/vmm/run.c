// The one run loop and the virtual clock (decision 5 of docs/architecture.md): an instruction, a REP iteration or a
// gate counts 1 and takes a fixed time; when nothing runs, the clock jumps to what is due next.
#include "vmm/defs.h"

#include <stdio.h>

uint64_t vmm_time(const struct vmm *v)
{
    return v->s.skipped_ns + v->cpu->state.count * v->config.ns_per_instruction;
}

// The tick of the virtual timer at which something due at `ns` is noticed.
static uint64_t tick_at(const struct vmm *v, uint64_t ns)
{
    return ns > UINT64_MAX - v->s.tick_ns ? UINT64_MAX : (ns + v->s.tick_ns - 1) / v->s.tick_ns * v->s.tick_ns;
}

static uint64_t board_next(struct vmm *v)
{
    v->board_due = v->board && v->board->next ? v->board->next(v) : UINT64_MAX;
    return v->board_due;
}

static bool others_could_run(struct vmm *v)
{
    return vmm_table(v, VMM_TABLE_thread)->live > 1;
}

// When the VMM's own tick is due: for time-outs, for those who look at the clock, for the end of a time slice.
static uint64_t next_tick(struct vmm *v, bool running)
{
    if (v->s.tick_pending)
        return UINT64_MAX; // until that tick is taken no other comes
    uint64_t due = vmm_timeouts_next(v), tick = due == UINT64_MAX ? UINT64_MAX : tick_at(v, due);
    if (running && v->s.time_at) {
        uint64_t shown = tick_at(v, v->s.last_tick + 1);
        tick = shown < tick ? shown : tick;
    }
    if (running && others_could_run(v)) {
        uint64_t slice = vmm_slice_end(v);
        slice = tick_at(v, slice > v->s.last_tick ? slice : v->s.last_tick + 1);
        tick = slice < tick ? slice : tick;
    }
    return tick;
}

// When the loop has to look again.
static uint64_t next_wake(struct vmm *v, bool running)
{
    uint64_t wake = board_next(v), tick = next_tick(v, running);
    return tick < wake ? tick : wake;
}

// Called when something new is due, or another thread runs: not later than the processor was let run for? (The board
// tells by itself.)
void vmm_wake_sooner(struct vmm *v)
{
    if (v->wake_ns && next_tick(v, true) < v->wake_ns)
        x86_stop(v->cpu);
}

static uint64_t count_at(const struct vmm *v, uint64_t ns)
{
    uint64_t now = vmm_time(v), per = v->config.ns_per_instruction;
    return ns == UINT64_MAX ? UINT64_MAX
           : ns <= now      ? v->cpu->state.count
                            : v->cpu->state.count + (ns - now + per - 1) / per;
}

// What became due while the processor ran. `due` was announced by next_wake.
static void catch_up(struct vmm *v, uint64_t wake)
{
    uint64_t now = vmm_time(v);
    if (now >= v->board_due && v->board && v->board->advance)
        v->board->advance(v, now);
    if (now >= wake && (vmm_timeouts_next(v) <= now || others_could_run(v) || v->s.time_at)) {
        v->s.last_tick = now;
        vmm_tick_raise(v);
    }
}

static void halted(struct vmm *v)
{
    if (v->cpu->state.eflags & X86_IF) {
        v->s.waiting = 1;
        return;
    }
    char where[96];
    vmm_describe_address(v, v->cpu->state.eip, where, sizeof where);
    if (v->cpu->state.halted == X86_HALT_X87)
        vmm_stop(v, VMM_END_FAULT, "an x87 error waits for IRQ 13 with interrupts disabled at %s", where);
    else
        vmm_stop(v, VMM_END_FAULT, "the processor was halted with interrupts disabled at %s", where);
}

static void stopped(struct vmm *v, enum x86_stop_reason reason)
{
    char where[96];
    if (reason == X86_STOP_COUNT || reason == X86_STOP_ASKED) // something is due, and the run goes on
        return;
    vmm_describe_address(v, v->cpu->state.eip, where, sizeof where);
    switch (reason) {
    case X86_STOP_HALT:
        halted(v);
        break;
    case X86_STOP_SHUTDOWN:
        vmm_stop(v, VMM_END_FAULT, "the processor shut down: %s (at %s)", x86_describe_shutdown(v->cpu), where);
        break;
    case X86_STOP_MISSING:
        vmm_stop(v, VMM_END_MISSING, "%s (at %s)", x86_missing(v->cpu), where);
        break;
    case X86_STOP_BREAK:
        vmm_stop(v, VMM_END_BREAK, "breakpoint at %s", where);
        break;
    case X86_STOP_MEMORY:
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a page of the machine (at %s)", where);
        break;
    default:
        break;
    }
}

static void limit_reached(struct vmm *v)
{
    char where[96];
    uint32_t eip = v->cpu->state.eip;
    if (v->cpu->state.eflags & X86_VM)
        eip += v->cpu->state.seg[X86_CS].base;
    vmm_describe_address(v, eip, where, sizeof where);
    vmm_stop(v, VMM_END_LIMIT, "the limit of %llu instructions was reached at %s",
             (unsigned long long)v->cpu->state.count, where);
}

// Something asked for from outside ends the System VM's idleness, whoever was the last to fall idle. Where a driver has
// halted it in nested execution that helps once, in case it goes on from there: the request has to wait for its end.
static bool wake_for_ticket(struct vmm *v)
{
    const struct vmm_thread *t = vmm_thread_at(v, v->s.system_thread);
    if (!v->s.first_ticket || vmm_waits(v, v->s.system_thread) || (t->top && v->s.ticket_woke))
        return false;
    v->s.ticket_woke = 1;
    vmm_idle_set(v, v->s.system_thread, false);
    v->s.reschedule = 1;
    return true;
}

// Nothing runs: on to the next thing due, or the end.
static void jump(struct vmm *v)
{
    uint64_t wake = next_wake(v, false), now = vmm_time(v);
    bool ticket = wake_for_ticket(v);
    if (v->s.tick_pending || v->s.board_intr || ticket || v->cpu->state.nmi) {
        v->s.waiting = 0;
        return;
    }
    if (wake == UINT64_MAX && vmm_deadlocked(v)) {
        vmm_deadlock(v);
        return;
    }
    if (wake == UINT64_MAX || wake > v->until_ns) { // without a bound either, nothing due is the end
        vmm_stop(v, VMM_END_IDLE, "%s", "");
        return;
    }
    uint64_t step = wake > now ? wake - now : v->s.tick_ns; // whatever the board says, time goes on
    v->s.skipped_ns += step;
    v->s.still_ns += step;
    v->s.waited_ns += vmm_waits(v, v->s.current) ? step : 0;
    catch_up(v, wake);
}

bool vmm_may_go_on(uint8_t end)
{
    return end == VMM_END_IDLE || end == VMM_END_TIME || end == VMM_END_LIMIT || end == VMM_END_BREAK;
}

// Announced once, when the run is really over.
void vmm_ended(struct vmm *v)
{
    if (v->s.end_told)
        return;
    v->s.end_told = 1;
    struct vmm_end_record r = {.end = v->s.end, .message = v->s.message};
    if (base_sink_heard(&v->sink))
        vmm_announce(v, &r.head, VMM_RECORD_END, sizeof r);
}

enum vmm_end vmm_run(struct vmm *v, uint64_t until_ns, uint64_t until_count)
{
    if (vmm_may_go_on(v->s.end)) {
        v->s.end = VMM_RUNNING;
        v->s.message[0] = 0;
    }
    v->until_ns = until_ns;
    v->until_count = until_count;
    while (!v->s.end) {
        if (v->cpu->state.count >= until_count) {
            limit_reached(v);
            break;
        }
        if (v->s.waiting) {
            jump(v);
            continue;
        }
        if (vmm_time(v) >= until_ns) {
            vmm_stop(v, VMM_END_TIME, "%s", "");
            break;
        }
        uint64_t wake = next_wake(v, true), limit = count_at(v, wake < until_ns ? wake : until_ns);
        if (limit <= v->cpu->state.count)
            limit = v->cpu->state.count + 1;
        v->wake_ns = wake;
        stopped(v, x86_run(v->cpu, limit < until_count ? limit : until_count));
        v->wake_ns = 0;
        if (!v->s.end)
            catch_up(v, wake);
    }
    if (!vmm_may_go_on(v->s.end))
        vmm_ended(v);
    return v->s.end;
}

const char *vmm_end_message(const struct vmm *v)
{
    return v->s.message;
}

bool vmm_rules_broken(const struct vmm *v)
{
    return v->s.rules_broken;
}
