// A walk over pages with calls to their pagers: a WALK frame, whose page goes through three stages. The datum of a page
// lies on the ring-0 stack while its pager may change it; what the page contains is seen through a window that the
// frame takes from the VMM's part of the system arena.
#include "vmm/defs.h"
#include "vmm/pager.h"

#include <string.h>

// a[] of the frame. WINDOW: its range, 0 = not taken yet; FRESH: the physical page being filled; CALLED: the function,
// one more than its number, 0 = none.
enum { W_OP, W_FIRST, W_PAGE, W_END, W_ANSWER, W_ESP, W_WINDOW, W_FRESH, W_CALLED, W_PAGER, W_DATA, W_FLAGS };
enum { NOTICE, WORK, SETTLE }; // steps: the pager hears of a write, does its part, the page follows

static const uint32_t NOBODY = VMM_PAGER_FUNCTIONS;

void vmm_walk_begin(struct vmm *v, const struct vmm_walk *walk)
{
    if (walk->answer == VMM_WALK_AGAIN)
        vmm_service_rewind(v);
    uint32_t esp = vmm_regs(v)[X86_ESP];
    vmm_regs(v)[X86_ESP] -= 4;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_WALK);
    if (!f)
        return;
    const uint32_t a[] = {walk->op,    walk->first, walk->first, walk->first + walk->pages, walk->answer, esp, 0, 0, 0,
                          walk->pager, walk->data,  walk->flags};
    memcpy(f->a, a, sizeof a);
    f->step = NOTICE;
    f->contract = VMM_DIRECTION_UP;
    vmm_frame_wait(v);
}

// --- the window

// Shows a physical page; its address, 0 = no memory.
static uint32_t show(struct vmm *v, struct vmm_frame *f, uint32_t phys)
{
    if (!f->a[W_WINDOW])
        f->a[W_WINDOW] = vmm_range_take(v, VMM_SYSTEM_ARENA >> 12, VMM_KERNEL_END >> 12, 1, 1);
    if (!f->a[W_WINDOW])
        return 0;
    uint32_t linear = vmm_range_at(v, f->a[W_WINDOW])->page << 12;
    return vmm_pte_set(v, linear, phys << 12 | VMM_PTE_PRESENT | VMM_PTE_WRITE) ? linear : 0;
}

static void close_window(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[W_FRESH])
        vmm_phys_give(v, f->a[W_FRESH], 1);
    if (f->a[W_WINDOW]) {
        (void)!vmm_pte_set(v, vmm_range_at(v, f->a[W_WINDOW])->page << 12, 0);
        vmm_range_give(v, f->a[W_WINDOW]);
    }
    f->a[W_FRESH] = f->a[W_WINDOW] = 0;
}

// --- which function, and what follows

static bool brings_in(const struct vmm_frame *f)
{
    return f->a[W_OP] == VMM_WALK_IN || f->a[W_OP] == VMM_WALK_COMMIT;
}

// PCP_VIRGINONLY leaves pages alone that were written; without PCP_CHANGEPAGER no page loses its pager.
static bool changes_pager(const struct vmm_frame *f, const struct vmm_backing *b)
{
    return f->a[W_FLAGS] & KIT_PCP_CHANGEPAGER && !(f->a[W_FLAGS] & KIT_PCP_VIRGINONLY && b->tainted);
}

static uint32_t function_for(struct vmm *v, const struct vmm_frame *f, const struct vmm_backing *b)
{
    bool leaves = f->a[W_OP] == VMM_WALK_FREE ? b->refs == 1 : f->a[W_OP] == VMM_WALK_CHANGE && changes_pager(f, b);
    if (brings_in(f))
        return b->phys ? NOBODY : b->tainted ? VMM_PAGER_TAINTED_IN : VMM_PAGER_VIRGIN_IN;
    if (leaves)
        return b->tainted ? VMM_PAGER_TAINTED_FREE : VMM_PAGER_VIRGIN_FREE;
    if (f->a[W_OP] == VMM_WALK_FREE || f->a[W_OP] == VMM_WALK_CHANGE || !b->phys || vmm_pager_keeps(v, b->pager))
        return NOBODY;
    return b->dirty || b->refs > 1 ? VMM_PAGER_DIRTY_OUT : VMM_PAGER_CLEAN_OUT; // others may have written, unseen here
}

// The new pager begins with a virgin page; what was written stays, unless only the old pager had it.
static void change(struct vmm *v, struct vmm_frame *f, uint32_t backing)
{
    struct vmm_backing *b = vmm_backing_at(v, backing);
    uint32_t page = f->a[W_PAGE], index = page - f->a[W_FIRST];
    if (f->a[W_FLAGS] & KIT_PCP_VIRGINONLY && b->tainted)
        return;
    if (f->a[W_FLAGS] & KIT_PCP_CHANGEPAGERDATA)
        b->data = f->a[W_DATA] + (f->a[W_FLAGS] & KIT_PC_INCR ? index : 0);
    if (!changes_pager(f, b))
        return;
    b->pager = f->a[W_PAGER];
    if (!b->tainted)
        vmm_backing_hide(v, page, backing);
    b->tainted = b->tainted && b->phys;
    if (!b->phys && !b->pager)
        b->phys = vmm_phys_take_one(v);
    if (b->phys && !b->pager)
        vmm_backing_show(v, page, backing);
    if (!b->phys && !b->pager)
        f->a[W_ANSWER] = 0;
}

static void settle(struct vmm *v, struct vmm_frame *f, uint32_t backing)
{
    struct vmm_backing *b = vmm_backing_at(v, backing);
    uint32_t page = f->a[W_PAGE];
    if (brings_in(f)) {
        if (!b->phys)
            b->phys = f->a[W_FRESH];
        f->a[W_FRESH] = 0;
        vmm_backing_show(v, page, backing);
    } else if (f->a[W_OP] == VMM_WALK_FLUSH && b->pager && b->phys && !vmm_pager_keeps(v, b->pager)) {
        vmm_backing_clean(v, page, backing);
    } else if (f->a[W_OP] == VMM_WALK_OUT) {
        vmm_backing_clean(v, page, backing);
        vmm_backing_hide(v, page, backing);
    } else if (f->a[W_OP] == VMM_WALK_FREE) {
        vmm_page_decommit(v, vmm_region_holding(v, page, 1), page);
    } else if (f->a[W_OP] == VMM_WALK_CHANGE) {
        change(v, f, backing);
    }
}

// --- step by step

static void next_page(struct vmm_frame *f)
{
    f->a[W_PAGE]++;
    f->step = NOTICE;
}

// The pager said no, or there is no memory.
static void failed(struct vmm *v, struct vmm_frame *f, uint32_t backing)
{
    if (f->a[W_FRESH])
        vmm_phys_give(v, f->a[W_FRESH], 1);
    f->a[W_FRESH] = 0;
    if (f->a[W_OP] == VMM_WALK_COMMIT) { // the whole range goes
        f->a[W_OP] = VMM_WALK_FREE;
        f->a[W_PAGE] = f->a[W_FIRST];
        f->a[W_ANSWER] = 0;
        f->step = NOTICE;
        return;
    }
    if (f->a[W_OP] == VMM_WALK_IN)
        vmm_backing_at(v, backing)->refused = 1;
    if (f->a[W_OP] == VMM_WALK_OUT)
        vmm_backing_at(v, backing)->stuck = 1;
    if (f->a[W_OP] == VMM_WALK_FLUSH)
        f->a[W_ANSWER] = 0;
    next_page(f);
}

// Calls a function of the page's pager. False: it has none.
static bool call_begin(struct vmm *v, struct vmm_frame *f, uint32_t backing, uint32_t function)
{
    struct vmm_backing *b = vmm_backing_at(v, backing);
    uint32_t proc = function == NOBODY ? 0 : vmm_pager_proc(v, b->pager, function);
    uint32_t phys = brings_in(f) ? f->a[W_FRESH] : b->phys, out = VMM_PAGER_CLEAN_OUT;
    if (!proc)
        return false;
    bool seen = function != VMM_PAGER_DIRTY && phys;
    uint32_t at = seen ? show(v, f, phys) : 0;
    uint32_t fault_page = function == out || function == out + 1 ? UINT32_MAX : f->a[W_PAGE];
    if ((seen && !at) || !x86_write_dword(v->cpu, f->esp, b->data)) {
        vmm_stop(v, VMM_END_MEMORY, "no memory to show a page to its pager");
        return true;
    }
    b->busy = 1;
    f->a[W_CALLED] = function + 1;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    vmm_frame_call_c_begin(v, proc, 3, (const uint32_t[]){f->esp, at, fault_page});
    return true;
}

static void called(struct vmm *v, struct vmm_frame *f)
{
    uint32_t function = f->a[W_CALLED] - 1, backing = vmm_backing_of(v, f->a[W_PAGE]);
    f->a[W_CALLED] = 0;
    if (!backing)
        return;
    vmm_backing_at(v, backing)->busy = 0;
    if (function > VMM_PAGER_DIRTY_OUT) // its answer is ignored, and the datum is not its to change
        return;
    vmm_backing_at(v, backing)->data = vmm_peek32(v, f->esp);
    if (!vmm_regs(v)[X86_EAX])
        failed(v, f, backing);
}

// One stage of the page. True: a pager is being called.
static bool step_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t backing = vmm_backing_of(v, f->a[W_PAGE]);
    const struct vmm_backing *b = backing ? vmm_backing_at(v, backing) : NULL;
    if (!b || b->busy || (f->a[W_OP] == VMM_WALK_FREE && !b->pager)) {
        next_page(f);
        return false;
    }
    if (f->step == NOTICE) {
        f->step = WORK;
        bool written = vmm_backing_note(v, f->a[W_PAGE], backing);
        return written && call_begin(v, f, backing, VMM_PAGER_DIRTY);
    }
    if (f->step == SETTLE) {
        settle(v, f, backing);
        next_page(f);
        return false;
    }
    f->step = SETTLE;
    if (brings_in(f) && !b->phys && (f->a[W_FRESH] = vmm_phys_take_one(v)) == 0) {
        failed(v, f, backing);
        return false;
    }
    return call_begin(v, f, backing, function_for(v, f, b));
}

// Pages given to a pager that never pages them out are brought in at once (Win95 DDK S323D).
static bool more(struct vmm *v, struct vmm_frame *f)
{
    bool at_once =
        f->a[W_OP] == VMM_WALK_CHANGE && f->a[W_FLAGS] & KIT_PCP_CHANGEPAGER && vmm_pager_keeps(v, f->a[W_PAGER]);
    if (!at_once)
        return false;
    f->a[W_OP] = VMM_WALK_IN;
    f->a[W_PAGE] = f->a[W_FIRST];
    return true;
}

static void walk_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[W_CALLED])
        called(v, f);
    while (f->a[W_PAGE] < f->a[W_END] || more(v, f))
        if (step_begin(v, f))
            return;
    uint32_t esp = f->a[W_ESP], eax = f->a[W_ANSWER];
    close_window(v, f);
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_ESP] = esp;
    if (eax != VMM_WALK_AGAIN)
        vmm_regs(v)[X86_EAX] = eax;
}

static void walk_abandon(struct vmm *v, struct vmm_frame *f)
{
    uint32_t backing = f->a[W_CALLED] ? vmm_backing_of(v, f->a[W_PAGE]) : 0;
    if (backing)
        vmm_backing_at(v, backing)->busy = 0;
    close_window(v, f);
}

const struct vmm_frame_kind vmm_walk_frame = {"the pager", walk_resume, walk_abandon};
