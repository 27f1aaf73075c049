// The debug VMM's checks: handles, re-entry, the client pointer, ranges, and the one service that procedures of a debug
// build call on entry (_Debug_Flags_Service). Win95 DDK S31B6, S31BA, S31CE, S31CF.
#include "vmm/debug.h"
#include "vmm/defs.h"

static const char flags_page[] = "Win95 DDK S31BA";

// --- handles: a wrong one is the driver's end

static void fail_test(struct vmm *v, const char *what, uint32_t handle)
{
    vmm_report(v, "dead-handle", v->call.caller, "VDAG31 Debugging_Services", "assertion failed: %08Xh is not %s",
               (unsigned)handle, what);
    vmm_crash_current_begin(v);
}

static void debug_test_valid_handle(struct vmm *v)
{
    if (!vmm_valid_vm(v, vmm_regs(v)[X86_EBX]))
        fail_test(v, "the handle of a virtual machine", vmm_regs(v)[X86_EBX]);
}

static void debug_test_cur_vm(struct vmm *v)
{
    if (vmm_regs(v)[X86_EBX] != vmm_current_vm(v))
        fail_test(v, "the handle of the current virtual machine", vmm_regs(v)[X86_EBX]);
}

static void debug_test_valid_thread_handle(struct vmm *v)
{
    if (!vmm_valid_thread(v, vmm_regs(v)[X86_EDI]))
        fail_test(v, "the handle of a thread", vmm_regs(v)[X86_EDI]);
}

static void debug_test_cur_thread(struct vmm *v)
{
    if (vmm_regs(v)[X86_EDI] != vmm_current_thread(v))
        fail_test(v, "the handle of the current thread", vmm_regs(v)[X86_EDI]);
}

static void validate_client_ptr(struct vmm *v)
{
    if (!v->s.reenter && vmm_regs(v)[X86_EBP] != vmm_client(v))
        vmm_report(v, "client-pointer", v->call.caller, "Win95 DDK S31CF",
                   "EBP is %08Xh, the current client registers are at %08Xh", (unsigned)vmm_regs(v)[X86_EBP],
                   (unsigned)vmm_client(v));
}

// --- state on entry to a procedure

static void check_segments(struct vmm *v)
{
    const struct x86_segment *seg = v->cpu->state.seg;
    if (seg[X86_DS].selector != VMM_DS || seg[X86_ES].selector != VMM_DS || seg[X86_SS].selector != VMM_DS)
        vmm_report(v, "segment-registers", v->call.caller, "Win95 DDK S31A3",
                   "DS=%04Xh ES=%04Xh SS=%04Xh, expected %04Xh", seg[X86_DS].selector, seg[X86_ES].selector,
                   seg[X86_SS].selector, VMM_DS);
}

static void check_reenter(struct vmm *v, uint32_t count, const char *page)
{
    if (count)
        vmm_report(v, "synchronous-service", v->call.caller, page,
                   "entered at interrupt time (re-entry count %u), but is not asynchronous", (unsigned)count);
}

static void test_reenter(struct vmm *v)
{
    check_reenter(v, v->s.reenter_seen, "Win95 DDK S31CE");
    check_segments(v);
}

// The procedure's entry is the push of the mask in front of this call: 6A ib or 68 id, then FF 15 slot. The dword
// before the entry counts (spec: macros, "Debug service entry").
static bool count_entry(struct vmm *v, uint32_t mask)
{
    uint8_t code[11];
    uint32_t end = v->call.caller, entry = 0, count;
    if (!vmm_get(v, end - 11, code, sizeof code))
        return false;
    if (code[3] == 0x6A && code[4] == (uint8_t)mask)
        entry = end - 8;
    else if (code[0] == 0x68 && base_get32(code + 1) == mask)
        entry = end - 11;
    return !entry || (vmm_get32(v, entry - 4, &count) && vmm_put32(v, entry - 4, count + 1));
}

static void rare_flags(struct vmm *v, uint32_t mask)
{
    struct vmm_thread *thread = vmm_thread_at(v, v->s.current);
    if (mask == KIT_DFS_ENTER_NOBLOCK)
        thread->no_block++;
    else if (mask == KIT_DFS_EXIT_NOBLOCK && thread->no_block)
        thread->no_block--;
    else if (mask == KIT_DFS_EXIT_NOBLOCK)
        vmm_report(v, "no-block", v->call.caller, flags_page, "EXIT_NOBLOCK without ENTER_NOBLOCK");
    else if (mask == KIT_DFS_TEST_NEST_EXEC && !thread->blocks)
        vmm_report(v, "nested-execution", v->call.caller, flags_page, "called outside a nested execution block");
}

static void debug_flags_service(struct vmm *v)
{
    uint32_t mask = vmm_arg(v, 0);
    if (mask >= KIT_DFS_RARE_SERVICES) {
        rare_flags(v, mask);
        return;
    }
    if ((mask & KIT_DFS_PROFILE) && !count_entry(v, mask))
        return;
    if (mask & KIT_DFS_PROFILE)
        check_segments(v);
    if ((mask & KIT_DFS_TEST_CLD) && vmm_flag(v, X86_DF))
        vmm_report(v, "direction-flag", v->call.caller, flags_page, "entered with the direction flag set");
    if (mask & KIT_DFS_NEVER_REENTER)
        check_reenter(v, v->s.reenter, flags_page);
    if (mask & KIT_DFS_TEST_REENTER)
        check_reenter(v, v->s.reenter_seen, flags_page);
    if ((mask & KIT_DFS_TEST_BLOCK) && vmm_thread_at(v, v->s.current)->no_block)
        vmm_report(v, "blocked-in-no-block", v->call.caller, flags_page, "may block, but ENTER_NOBLOCK is outstanding");
    // DFS_NOT_SWAPPING holds at all times: no thread is ever inside a pager. DFS_LOG: see log_proc_call.
}

// Calls are logged when the debugger's menu has switched logging on. Whoever wants the calls of a run listens to its
// service records, which name caller and place; there is no second log.
static void log_proc_call(struct vmm *v)
{
    (void)v;
}

// The debug VMM keeps drivers from the first megabyte unless they say that they mean it (VDAG31 Enable_Touch_1st_Meg).
// Here only the interrupt vectors are kept from being written: that is where null pointers lead.
static void guard_vectors(struct vmm *v, uint32_t guard)
{
    v->cpu->state.guard = guard;
    x86_flush(v->cpu);
}

static void enable_touch_1st_meg(struct vmm *v)
{
    guard_vectors(v, 0);
}

static void disable_touch_1st_meg(struct vmm *v)
{
    guard_vectors(v, VMM_GUARD_BYTES);
}

// --- _Assert_Range

static bool readable(struct vmm *v, uint32_t linear, uint32_t size)
{
    uint8_t byte;
    if (size && size - 1 > UINT32_MAX - linear)
        return false;
    for (uint32_t done = 0; done < size; done += X86_PAGE_SIZE - (linear + done) % X86_PAGE_SIZE)
        if (!x86_read_linear(v->cpu, linear + done, &byte, 1, X86_READ, NULL))
            return false;
    return true;
}

static bool text_ends(struct vmm *v, uint32_t linear, uint32_t size)
{
    uint8_t byte = 1;
    for (uint32_t i = 0; i < size && byte; i++)
        if (!x86_read_linear(v->cpu, linear + i, &byte, 1, X86_READ, NULL))
            return false;
    return byte == 0;
}

static bool range_valid(struct vmm *v, uint32_t p, uint32_t size, uint32_t signature, uint32_t offset, uint32_t flags)
{
    uint8_t found[4];
    if (!p)
        return flags & KIT_ASSERT_RANGE_NULL_OK;
    if (flags & KIT_ASSERT_RANGE_IS_ASCIIZ)
        return text_ends(v, p, size ? size : X86_PAGE_SIZE);
    if (!readable(v, p, size))
        return false;
    return !signature ||
           (x86_read_linear(v->cpu, p + offset, found, 4, X86_READ, NULL) && base_get32(found) == signature);
}

static void assert_range(struct vmm *v)
{
    uint32_t p = vmm_arg(v, 0), size = vmm_arg(v, 1), flags = vmm_arg(v, 4);
    bool valid = range_valid(v, p, size, vmm_arg(v, 2), vmm_arg(v, 3), flags);
    if (!valid && !(flags & KIT_ASSERT_RANGE_NO_DEBUG))
        vmm_report(v, "assert-range", v->call.caller, "Win95 DDK S31B6", "%08Xh is no valid structure of %u bytes",
                   (unsigned)p, (unsigned)size);
    vmm_regs(v)[X86_EAX] = valid;
}

static const struct vmm_binding bindings[] = {
    {KIT_Debug_Test_Valid_Handle, debug_test_valid_handle},
    {KIT_Debug_Test_Cur_VM, debug_test_cur_vm},
    {KIT_Debug_Test_Valid_Thread_Handle, debug_test_valid_thread_handle},
    {KIT_Debug_Test_Cur_Thread, debug_test_cur_thread},
    {KIT_Validate_Client_Ptr, validate_client_ptr},
    {KIT_Test_Reenter, test_reenter},
    {KIT__Debug_Flags_Service, debug_flags_service},
    {KIT_Log_Proc_Call, log_proc_call},
    {KIT_Enable_Touch_1st_Meg, enable_touch_1st_meg},
    {KIT_Disable_Touch_1st_Meg, disable_touch_1st_meg},
    {KIT__Assert_Range, assert_range},
    {0, NULL},
};

const struct vmm_chapter vmm_debug_check_chapter = {.bindings = bindings};
