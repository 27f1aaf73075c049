// The debug VMM's printing services. They print in every build of this VMM: what a driver prints is what its author
// looks for. A debugger counts as present only when one listens. Win95 DDK S31B3-S31CF; VDAG31 Debugging_Services.
#include "vmm/debug.h"
#include "vmm/defs.h"
#include "vmm/printf.h"

#include <string.h>

enum { QUEUE = 64, INPUT = 256, PRINTF_LIMIT = 256 };

struct queued { // as pushed by Queue_Out; the text is read when it is shown
    uint32_t string, eax, ebx;
};

struct debug_state {
    uint32_t queue_first, queue_count;
    struct queued queue[QUEUE];
    uint32_t input_first, input_count;
    uint8_t input[INPUT];
    uint8_t debugger, called;
};

static struct debug_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_debug);
}

void vmm_print(struct vmm *v, const char *text, size_t length)
{
    if (!length || !base_sink_heard(&v->sink))
        return;
    struct vmm_debug_record r = {.text = text, .length = length};
    vmm_announce(v, &r.head, VMM_RECORD_DEBUG, sizeof r);
}

static void print_expanded(struct vmm *v, const char *text, const uint32_t regs[8])
{
    struct base_buf out;
    base_buf_init(&out, v->alloc);
    vmm_expand_placeholders(v, &out, text, regs);
    if (base_buf_ok(&out))
        vmm_print(v, (const char *)out.data, out.size);
    base_buf_free(&out);
}

// --- the debugger's side

void vmm_debugger_present(struct vmm *v, bool present)
{
    state_of(v)->debugger = present;
}

bool vmm_debugger_is_present(struct vmm *v)
{
    return state_of(v)->debugger;
}

bool vmm_debugger_called(struct vmm *v)
{
    bool called = state_of(v)->called;
    state_of(v)->called = 0;
    return called;
}

void vmm_debugger_types(struct vmm *v, const uint8_t *bytes, size_t n)
{
    struct debug_state *s = state_of(v);
    for (size_t i = 0; i < n && s->input_count < INPUT; i++)
        s->input[(s->input_first + s->input_count++) % INPUT] = bytes[i];
}

static void break_into_debugger(struct vmm *v)
{
    if (!state_of(v)->debugger)
        return;
    state_of(v)->called = 1;
    x86_stop(v->cpu);
}

static void test_debug_installed(struct vmm *v)
{
    vmm_set_flag(v, X86_ZF, !state_of(v)->debugger);
}

// --- strings

// Registers as the caller's pushad left them on the stack (pushfd before it is not looked at).
static bool pushed_registers(struct vmm *v, uint32_t regs[8])
{
    static const uint8_t order[] = {X86_EDI, X86_ESI, X86_EBP, X86_ESP, X86_EBX, X86_EDX, X86_ECX, X86_EAX};
    uint8_t image[32];
    if (!vmm_get(v, vmm_regs(v)[X86_ESP], image, sizeof image))
        return false;
    for (unsigned i = 0; i < 8; i++)
        regs[order[i]] = base_get32(image + 4 * i);
    return true;
}

bool vmm_read_out_string(struct vmm *v, struct base_buf *out)
{
    char text[VMM_DEBUG_TEXT];
    uint32_t regs[8] = {0};
    if (!vmm_get_text(v, vmm_regs(v)[X86_ESI], text, sizeof text))
        return false;
    if (vmm_has_placeholders(text) && !pushed_registers(v, regs))
        return false;
    vmm_expand_placeholders(v, out, text, regs);
    return base_buf_ok(out);
}

static void out_debug_string(struct vmm *v)
{
    struct base_buf out;
    base_buf_init(&out, v->alloc);
    if (vmm_read_out_string(v, &out))
        vmm_print(v, (const char *)out.data, out.size);
    base_buf_free(&out);
}

// _Trace_Out_Service and _Debug_Out_Service: registers are the caller's own, all are preserved.
static bool print_argument(struct vmm *v)
{
    char text[VMM_DEBUG_TEXT];
    if (!vmm_get_text(v, vmm_arg(v, 0), text, sizeof text))
        return false;
    print_expanded(v, text, vmm_regs(v));
    return true;
}

static void trace_out_service(struct vmm *v)
{
    (void)!print_argument(v);
}

static void debug_out_service(struct vmm *v)
{
    if (print_argument(v))
        break_into_debugger(v);
}

// _Debug_Printf_Service(pszFormat, pArgs): at most 256 bytes come out (S31BC).
static void debug_printf_service(struct vmm *v)
{
    char format[VMM_DEBUG_TEXT];
    struct base_buf out;
    base_buf_init(&out, v->alloc);
    if (vmm_get_text(v, vmm_arg(v, 0), format, sizeof format) &&
        vmm_format(v, &out, VMM_DIALECT_DEBUG, format, vmm_arg(v, 1)))
        vmm_print(v, (const char *)out.data, out.size < PRINTF_LIMIT ? out.size : PRINTF_LIMIT);
    base_buf_free(&out);
}

// --- the queue

// Two dwords on the stack, the first pushed for EAX, the second for EBX; the service removes them (S31CB).
static void queue_debug_string(struct vmm *v)
{
    struct debug_state *s = state_of(v);
    uint32_t esp = vmm_regs(v)[X86_ESP];
    struct queued q = {.string = vmm_regs(v)[X86_ESI]};
    if (!vmm_get32(v, esp, &q.ebx) || !vmm_get32(v, esp + 4, &q.eax))
        return;
    vmm_regs(v)[X86_ESP] = esp + 8;
    s->queue[(s->queue_first + s->queue_count) % QUEUE] = q;
    if (s->queue_count < QUEUE)
        s->queue_count++;
    else
        s->queue_first = (s->queue_first + 1) % QUEUE;
}

// Reads the text without noting a fault: its driver may be gone.
static void read_queued(struct vmm *v, uint32_t linear, char *text, size_t size)
{
    size_t n = 0;
    while (n + 1 < size && vmm_load(v, linear + (uint32_t)n, text + n, 1) && text[n])
        n++;
    text[n] = 0;
}

void vmm_print_queued(struct vmm *v)
{
    struct debug_state *s = state_of(v);
    for (; s->queue_count; s->queue_count--, s->queue_first = (s->queue_first + 1) % QUEUE) {
        const struct queued q = s->queue[s->queue_first];
        uint32_t regs[8] = {[X86_EAX] = q.eax, [X86_EBX] = q.ebx};
        char text[VMM_DEBUG_TEXT];
        read_queued(v, q.string, text, sizeof text);
        print_expanded(v, text, regs);
    }
}

// --- characters

static void out_debug_chr(struct vmm *v)
{
    char c = (char)vmm_regs(v)[X86_EAX];
    vmm_print(v, &c, 1);
}

// Nothing waiting: AL = 0. A driver that polls goes on, one that waits for a key spins as it would at a silent
// terminal.
static void in_debug_chr(struct vmm *v)
{
    struct debug_state *s = state_of(v);
    uint8_t c = s->input_count ? s->input[s->input_first] : 0;
    if (s->input_count) {
        s->input_first = (s->input_first + 1) % INPUT;
        s->input_count--;
    }
    vmm_regs(v)[X86_EAX] = (vmm_regs(v)[X86_EAX] & ~0xFFu) | c;
    vmm_set_flag(v, X86_ZF, c == 0x1B || c == 3); // Escape, Ctrl+C (S31C4)
}

static void is_debug_chr(struct vmm *v)
{
    struct debug_state *s = state_of(v);
    if (s->input_count)
        vmm_regs(v)[X86_EAX] = (vmm_regs(v)[X86_EAX] & ~0xFFu) | s->input[s->input_first];
    vmm_set_flag(v, X86_ZF, !s->input_count);
}

// --- numbers for #EAX

static void debug_convert_hex_binary(struct vmm *v)
{
    uint32_t al = vmm_regs(v)[X86_EAX] & 0xFF, digits = 0;
    for (unsigned bit = 0; bit < 8; bit++)
        digits |= (al >> bit & 1) << 4 * bit;
    vmm_regs(v)[X86_EAX] = digits;
}

static void debug_convert_hex_decimal(struct vmm *v)
{
    uint32_t al = vmm_regs(v)[X86_EAX] & 0xFF;
    vmm_regs(v)[X86_EAX] = al / 100 << 8 | al / 10 % 10 << 4 | al % 10;
}

// No options can be given on a command line that does not exist: ZF = 0.
static void get_debug_options(struct vmm *v)
{
    vmm_set_flag(v, X86_ZF, false);
}

static const struct vmm_binding bindings[] = {
    {KIT_Test_Debug_Installed, test_debug_installed},
    {KIT_Out_Debug_String, out_debug_string},
    {KIT__Trace_Out_Service, trace_out_service},
    {KIT__Debug_Out_Service, debug_out_service},
    {KIT__Debug_Printf_Service, debug_printf_service},
    {KIT_Queue_Debug_String, queue_debug_string},
    {KIT_Out_Debug_Chr, out_debug_chr},
    {KIT_In_Debug_Chr, in_debug_chr},
    {KIT_Is_Debug_Chr, is_debug_chr},
    {KIT_Debug_Convert_Hex_Binary, debug_convert_hex_binary},
    {KIT_Debug_Convert_Hex_Decimal, debug_convert_hex_decimal},
    {KIT_Get_Debug_Options, get_debug_options},
    {0, NULL},
};

const struct vmm_chapter vmm_debug_chapter = {.bindings = bindings, .state_size = sizeof(struct debug_state)};
