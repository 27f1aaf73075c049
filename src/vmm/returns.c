// Call_When_VM_Returns (spec: callbacks; Win95 DDK S3354): a callback when the client returns from the interrupt that
// is being set up. The client's CS:IP, which is what the interrupt will push, is replaced by the address of a V86
// call-back; when the client gets there, the original address is put back. Call-back addresses are used again.
#include "vmm/defs.h"
#include "vmm/pmode.h"

struct vmm_return {
    uint32_t address;    // of the V86 call-back; 0: row was never used
    uint32_t pm_address; // of the protected-mode call-back, 0: not needed so far
    uint32_t cs, eip;    // where the client really goes on
    uint32_t vm;         // row
    uint32_t callback;   // 0: free
    uint32_t reference;
    uint32_t timeout;   // row, 0 = none (any more)
    uint8_t call_again; // a second call after the time-out is wanted
    uint8_t timed_out;
};

struct returns_state {
    uint32_t returned_proc, timed_out_proc;
};

static struct returns_state *state(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_returns);
}

static struct base_table *table(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_returns, 0);
}

// A row with an address; 0 = no memory, or all addresses wait for their clients.
static uint32_t take_row(struct vmm *v)
{
    struct base_table *t = table(v);
    for (uint32_t row = 1; row < t->count; row++) {
        const struct vmm_return *r = base_table_at(t, row);
        if (r->address && !r->callback)
            return row;
    }
    uint32_t row = base_table_new(t), address = row ? vmm_v86_call_back(v, state(v)->returned_proc, row) : 0;
    if (row && !address)
        base_table_release(t, row);
    if (!address)
        return 0;
    ((struct vmm_return *)base_table_at(t, row))->address = address;
    return row;
}

// Where a client of the present mode comes back to.
static uint32_t address_of(struct vmm *v, uint32_t row)
{
    struct vmm_return *w = base_table_at(table(v), row);
    if (vmm_client_v86(v))
        return w->address;
    if (!w->pm_address)
        w->pm_address = vmm_pm_call_back(v, state(v)->returned_proc, row);
    return w->pm_address;
}

static void call_when_vm_returns(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t row = take_row(v), crs = vmm_client(v), address = row ? address_of(v, row) : 0;
    if (!address) {
        vmm_stop(v, VMM_END_MEMORY, "no address is left for Call_When_VM_Returns");
        return;
    }
    struct vmm_return *w = base_table_at(table(v), row);
    int32_t ms = (int32_t)r[X86_EAX];
    w->cs = vmm_peek32(v, crs + KIT_Client_CS) & 0xFFFF;
    w->eip = vmm_peek32(v, crs + KIT_Client_EIP);
    w->vm = vmm_thread_at(v, v->s.current)->vm;
    w->callback = r[X86_ESI];
    w->reference = r[X86_EDX];
    w->timeout = 0;
    w->call_again = ms < 0;
    w->timed_out = 0;
    if (ms)
        w->timeout = vmm_timeout_start(v, VMM_TIMEOUT_GLOBAL, ms < 0 ? 0u - (uint32_t)ms : (uint32_t)ms, 0,
                                       state(v)->timed_out_proc, row);
    vmm_poke32(v, crs + KIT_Client_CS, address >> 16);
    vmm_poke32(v, crs + KIT_Client_EIP, address & 0xFFFF);
}

// Goes on in the driver's callback with the return address of now.
static void jump_to_callback(struct vmm *v, const struct vmm_return *w, bool timed_out, bool second)
{
    struct x86_state *s = &v->cpu->state;
    s->reg[X86_EBX] = vmm_vm_at(v, w->vm)->cb;
    s->reg[X86_EDX] = w->reference;
    s->reg[X86_EBP] = vmm_client(v);
    vmm_set_flag(v, X86_CF, timed_out);
    vmm_set_flag(v, X86_ZF, second);
    s->reg[X86_ESP] -= 4; // the return address is still there
    s->eip = w->callback;
}

// The client has come to the call-back's address. EDX = row.
static void returned(void *user, struct vmm *v)
{
    (void)user;
    uint32_t row = vmm_regs(v)[X86_EDX];
    if (row >= table(v)->count)
        return;
    struct vmm_return *w = base_table_at(table(v), row);
    if (!w->callback)
        return; // a client that jumps to a dead address stays there
    vmm_client_jump(v, w->cs, w->eip);
    if (w->timeout)
        vmm_timeout_stop(v, w->timeout);
    if (!w->timed_out || w->call_again)
        jump_to_callback(v, w, false, w->timed_out);
    w->callback = w->timeout = 0;
}

// The time-out's event. EDX = row. The address stays replaced: the client may still return.
static void timed_out(void *user, struct vmm *v)
{
    (void)user;
    struct vmm_return *w = base_table_at(table(v), vmm_regs(v)[X86_EDX]);
    w->timeout = 0;
    w->timed_out = 1;
    if (!vmm_vm_at(v, w->vm)->dead)
        jump_to_callback(v, w, true, false);
}

// A VM that dies never returns.
static void vm_gone(struct vmm *v, uint32_t cb)
{
    uint32_t vm = vmm_vm_row(v, cb);
    for (uint32_t row = 1; row < table(v)->count; row++) {
        struct vmm_return *w = base_table_at(table(v), row);
        if (!w->callback || w->vm != vm)
            continue;
        if (w->timeout)
            vmm_timeout_stop(v, w->timeout);
        w->callback = w->timeout = 0;
    }
}

static bool create(struct vmm *v)
{
    state(v)->returned_proc = vmm_host_proc(v, returned, NULL);
    state(v)->timed_out_proc = vmm_host_proc(v, timed_out, NULL);
    return state(v)->timed_out_proc != 0;
}

static const struct vmm_binding bindings[] = {
    {KIT_Call_When_VM_Returns, call_when_vm_returns},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct vmm_return), 0};

const struct vmm_chapter vmm_returns_chapter = {.bindings = bindings,
                                                .state_size = sizeof(struct returns_state),
                                                .tables = tables,
                                                .create = create,
                                                .vm_gone = vm_gone};
