// The stack of a protected-mode client: its memory as the client itself could reach it, and the locked stack of 4 KB on
// which hardware interrupts, exceptions and nested execution run (Win95 DDK S330A, S330B). What was left is kept in the
// thread control block.
#include "vmm/defs.h"
#include "vmm/pmode.h"
#include "vmm/regions.h"
#include "vmm/selectors.h"
#include "vmm/v86mem.h"

struct locked_stack {
    uint32_t free_link; // of released rows; all else is zero there
    uint32_t thread;    // row
    uint32_t linear;
    uint32_t selector;
};

static struct base_table *stacks(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_pm_stack, 0);
}

// --- memory with the client's rights

// A fault that somebody may serve is noted, so that the access is made again; all others are the client's own.
static bool refused(struct vmm *v, const struct x86_fault *fault)
{
    bool served = !(fault->error & 1) && v->s.chain[VMM_CHAIN_INVALID_PAGE];
    if (served || (!(fault->error & 1) && fault->address < VMM_V86_PAGES * X86_PAGE_SIZE)) {
        v->call.fault = *fault;
        v->call.faulted = true;
    }
    return false;
}

bool vmm_user_get(struct vmm *v, uint32_t linear, void *to, uint32_t n)
{
    struct x86_fault fault;
    return x86_read_linear(v->cpu, linear, to, n, X86_READ | X86_USER, &fault) || refused(v, &fault);
}

bool vmm_user_put(struct vmm *v, uint32_t linear, const void *from, uint32_t n)
{
    struct x86_fault fault;
    return x86_write_linear(v->cpu, linear, from, n, X86_WRITE | X86_USER, &fault) || refused(v, &fault);
}

// Offsets first to first + n - 1 lie inside the segment.
static bool inside(uint32_t high, uint32_t low, uint32_t first, uint32_t n)
{
    uint32_t limit = vmm_descriptor_limit(high, low), last = first + n - 1;
    if (last < first)
        return false;
    bool expands_down = !(high & VMM_DESCRIPTOR_CODE) && high & VMM_DESCRIPTOR_CONFORMING;
    return expands_down ? first > limit && last <= (high & VMM_DESCRIPTOR_WIDE ? UINT32_MAX : 0xFFFF) : last <= limit;
}

bool vmm_pm_linear(struct vmm *v, uint32_t selector, uint32_t offset, uint32_t n, bool write, uint32_t *linear)
{
    uint32_t high, low;
    if ((selector & 0xFFFC) == 0 || !vmm_descriptor(v, vmm_current_vm(v), selector, &high, &low))
        return false;
    bool code = high & VMM_DESCRIPTOR_CODE, second = high & VMM_DESCRIPTOR_WRITE;
    if ((high & (VMM_DESCRIPTOR_PRESENT | VMM_DESCRIPTOR_MEMORY | VMM_DESCRIPTOR_RING3)) !=
        (VMM_DESCRIPTOR_PRESENT | VMM_DESCRIPTOR_MEMORY | VMM_DESCRIPTOR_RING3))
        return false;
    if (write ? code || !second : code && !second)
        return false;
    *linear = vmm_descriptor_base(high, low) + offset;
    return n == 0 || inside(high, low, offset, n);
}

static uint32_t client(struct vmm *v, uint32_t offset)
{
    return vmm_peek32(v, vmm_client(v) + offset);
}

uint32_t vmm_pm_sp(struct vmm *v)
{
    uint32_t high, low, esp = client(v, KIT_Client_ESP);
    bool known = vmm_descriptor(v, vmm_current_vm(v), client(v, KIT_Client_SS), &high, &low);
    return known && high & VMM_DESCRIPTOR_WIDE ? esp : esp & 0xFFFF;
}

void vmm_pm_set_sp(struct vmm *v, uint32_t sp)
{
    uint32_t high, low, esp = client(v, KIT_Client_ESP);
    bool known = vmm_descriptor(v, vmm_current_vm(v), client(v, KIT_Client_SS), &high, &low);
    bool wide = known && high & VMM_DESCRIPTOR_WIDE;
    vmm_poke32(v, vmm_client(v) + KIT_Client_ESP, wide ? sp : (esp & 0xFFFF0000) | (sp & 0xFFFF));
}

bool vmm_pm_push(struct vmm *v, const uint32_t *values, uint32_t count)
{
    uint32_t size = vmm_pm_wide(v) ? 4 : 2, bytes = size * count, sp = vmm_pm_sp(v) - bytes, linear;
    uint8_t image[4 * VMM_PM_MOST_PUSHED];
    for (uint32_t i = 0; i < count; i++) { // the first value is pushed first
        if (size == 4)
            base_put32(image + 4 * (count - 1 - i), values[i]);
        else
            base_put16(image + 2 * (count - 1 - i), (uint16_t)values[i]);
    }
    if (!vmm_pm_linear(v, client(v, KIT_Client_SS), sp, bytes, true, &linear) || !vmm_user_put(v, linear, image, bytes))
        return false;
    vmm_pm_set_sp(v, sp);
    return true;
}

bool vmm_pm_pop(struct vmm *v, uint32_t *values, uint32_t count)
{
    uint32_t size = vmm_pm_wide(v) ? 4 : 2, bytes = size * count, sp = vmm_pm_sp(v), linear;
    uint8_t image[4 * VMM_PM_MOST_PUSHED];
    if (!vmm_pm_linear(v, client(v, KIT_Client_SS), sp, bytes, false, &linear) ||
        !vmm_user_get(v, linear, image, bytes))
        return false;
    for (uint32_t i = 0; i < count; i++)
        values[i] = size == 4 ? base_get32(image + 4 * i) : base_get16(image + 2 * i);
    vmm_pm_set_sp(v, sp + bytes);
    return true;
}

// --- the locked stack

static struct locked_stack *find(struct vmm *v, uint32_t thread)
{
    for (uint32_t i = 1; i < stacks(v)->count; i++) {
        struct locked_stack *s = base_table_at(stacks(v), i);
        if (s->thread == thread)
            return s;
    }
    return NULL;
}

static uint32_t user_page(struct vmm *v)
{
    uint32_t region = vmm_region_reserve(v, VMM_ARENA_SHARED, 1, 1, VMM_REGION_PAGES);
    if (!region)
        return 0;
    uint32_t page = vmm_region_at(v, region)->page;
    if (vmm_page_commit(v, region, page, 0, VMM_PTE_WRITE | VMM_PTE_USER, VMM_PAGE_FIXED))
        return page << 12;
    vmm_region_drop(v, region);
    return 0;
}

static void give_page(struct vmm *v, uint32_t linear)
{
    uint32_t region = vmm_region_find(v, linear >> 12);
    if (region)
        vmm_region_drop(v, region);
}

// The current thread's stack, made at the first need; NULL = no memory.
static struct locked_stack *stack_of(struct vmm *v)
{
    struct locked_stack *s = find(v, v->s.current);
    if (s)
        return s;
    uint32_t row = base_table_new(stacks(v)), linear = row ? user_page(v) : 0, high, low;
    vmm_data_descriptor(linear, VMM_PM_STACK_BYTES - 1, &high, &low);
    uint32_t selector = linear ? vmm_ldt_selector_take(v, vmm_current_vm(v), high, low, 1) : 0;
    if (!selector) {
        if (linear)
            give_page(v, linear);
        if (row)
            base_table_release(stacks(v), row);
        return NULL;
    }
    s = base_table_at(stacks(v), row);
    *s = (struct locked_stack){0, v->s.current, linear, selector};
    return s;
}

// A 16-bit client's stack is addressed through SP, a 32-bit client's through ESP.
static bool describe(struct vmm *v, const struct locked_stack *s)
{
    uint32_t high, low;
    vmm_data_descriptor(s->linear, VMM_PM_STACK_BYTES - 1, &high, &low);
    return vmm_descriptor_set(v, vmm_current_vm(v), s->selector,
                              vmm_pm_wide(v) ? high : high & ~(uint32_t)VMM_DESCRIPTOR_WIDE, low);
}

bool vmm_pm_stack_lock(struct vmm *v)
{
    uint32_t tcb = vmm_current_thread(v), crs = vmm_client(v), count = vmm_peek32(v, tcb + KIT_TCB_PMLockStackCount);
    const struct locked_stack *s = count ? NULL : stack_of(v);
    if (!count) {
        if (!s || !describe(v, s)) {
            vmm_stop(v, VMM_END_MEMORY, "no memory for the locked stack of a protected-mode client");
            return false;
        }
        vmm_poke16(v, tcb + KIT_TCB_PMLockOrigSS, vmm_peek16(v, crs + KIT_Client_SS));
        vmm_poke32(v, tcb + KIT_TCB_PMLockOrigESP, vmm_peek32(v, crs + KIT_Client_ESP));
        vmm_poke32(v, tcb + KIT_TCB_PMLockOrigEIP, vmm_peek32(v, crs + KIT_Client_EIP));
        vmm_poke16(v, tcb + KIT_TCB_PMLockOrigCS, vmm_peek16(v, crs + KIT_Client_CS));
        vmm_poke32(v, crs + KIT_Client_SS, s->selector);
        vmm_poke32(v, crs + KIT_Client_ESP, VMM_PM_STACK_BYTES);
    }
    vmm_poke32(v, tcb + KIT_TCB_PMLockStackCount, count + 1);
    return true;
}

bool vmm_pm_stack_unlock(struct vmm *v)
{
    uint32_t tcb = vmm_current_thread(v), crs = vmm_client(v), count = vmm_peek32(v, tcb + KIT_TCB_PMLockStackCount);
    if (!count)
        return false;
    vmm_poke32(v, tcb + KIT_TCB_PMLockStackCount, count - 1);
    if (count == 1) {
        vmm_poke32(v, crs + KIT_Client_SS, vmm_peek16(v, tcb + KIT_TCB_PMLockOrigSS));
        vmm_poke32(v, crs + KIT_Client_ESP, vmm_peek32(v, tcb + KIT_TCB_PMLockOrigESP));
        vmm_poke32(v, crs + KIT_Client_EIP, vmm_peek32(v, tcb + KIT_TCB_PMLockOrigEIP));
        vmm_poke32(v, crs + KIT_Client_CS, vmm_peek16(v, tcb + KIT_TCB_PMLockOrigCS));
    }
    return true;
}

static bool in_protected_mode(struct vmm *v, const char *service)
{
    if (!vmm_client_v86(v))
        return true;
    vmm_report(v, "execution-mode", v->call.caller, "Win95 DDK S330A",
               "%s: the current virtual machine is not in protected mode", service);
    return false;
}

static void begin_use_locked_pm_stack(struct vmm *v)
{
    if (in_protected_mode(v, "Begin_Use_Locked_PM_Stack"))
        (void)vmm_pm_stack_lock(v);
}

static void end_use_locked_pm_stack(struct vmm *v)
{
    if (in_protected_mode(v, "End_Use_Locked_PM_Stack") && !vmm_pm_stack_unlock(v))
        vmm_report(v, "execution-mode", v->call.caller, "Win95 DDK S330B",
                   "End_Use_Locked_PM_Stack: the stack is not locked");
}

static void thread_gone(struct vmm *v, uint32_t tcb)
{
    uint32_t thread = vmm_thread_row(v, tcb);
    for (uint32_t i = 1; i < stacks(v)->count; i++) {
        const struct locked_stack *s = base_table_at(stacks(v), i);
        if (s->thread != thread || !thread)
            continue;
        give_page(v, s->linear);
        vmm_ldt_selector_give(v, vmm_vm_at(v, vmm_thread_at(v, thread)->vm)->cb, s->selector);
        base_table_release(stacks(v), i);
        return;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_Begin_Use_Locked_PM_Stack, begin_use_locked_pm_stack},
    {KIT_End_Use_Locked_PM_Stack, end_use_locked_pm_stack},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct locked_stack), 0};

const struct vmm_chapter vmm_pm_stack_chapter = {.bindings = bindings, .tables = tables, .thread_gone = thread_gone};
