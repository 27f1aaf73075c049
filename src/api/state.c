// Where the processor is, for people: registers, nearest symbol, stack trace.
#include "api/machine.h"

#include <string.h>

enum { STACK_DWORDS = 256, TRACE_LINES = 16 };

static void add_registers(struct base_buf *to, const struct x86_state *s)
{
    static const char *const names[] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
    static const uint8_t order[] = {X86_EAX, X86_EBX, X86_ECX, X86_EDX, X86_ESI, X86_EDI, X86_EBP, X86_ESP};
    for (size_t i = 0; i < BASE_COUNT(order); i++)
        base_buf_printf(to, "%s %s=%08X%s", i % 4 ? "" : " ", names[order[i]], s->reg[order[i]],
                        i % 4 == 3 ? "\n" : "");
    base_buf_printf(to, "  EIP=%08X EFLAGS=%08X CS=%04X SS=%04X DS=%04X ES=%04X FS=%04X GS=%04X CR2=%08X\n", s->eip,
                    s->eflags, s->seg[X86_CS].selector, s->seg[X86_SS].selector, s->seg[X86_DS].selector,
                    s->seg[X86_ES].selector, s->seg[X86_FS].selector, s->seg[X86_GS].selector, s->cr2);
}

// True when the bytes before `address` may be a call that returns there: E8 rel32, FF /2 in its lengths, or the
// six-byte indirect call that a dynamic link becomes.
static bool follows_a_call(struct x86 *cpu, uint32_t address)
{
    uint8_t b[7];
    if (!x86_read_linear(cpu, address - 7, b, 7, X86_READ, NULL))
        return false;
    if (b[2] == 0xE8 || (b[1] == 0xFF && (b[2] & 0x38) == 0x10))
        return true;
    return (b[5] == 0xFF && (b[6] & 0x38) == 0x10) || (b[4] == 0xFF && (b[5] & 0x38) == 0x10) ||
           (b[0] == 0xFF && (b[1] & 0x38) == 0x10);
}

// Descriptions of places that belong to no driver are "VMM ..." or the bare number.
static bool is_driver(const char *where)
{
    return strncmp(where, "VMM ", 4) != 0 && (strlen(where) != 8 || strspn(where, "0123456789ABCDEF") != 8);
}

// Dwords on the stack that lie behind a call in a driver: what a person would follow by hand.
static void add_trace(struct base_buf *to, struct vmm *v)
{
    struct x86 *cpu = vmm_cpu(v);
    unsigned lines = 0;
    for (uint32_t i = 0; i < STACK_DWORDS && lines < TRACE_LINES; i++) {
        uint8_t bytes[4];
        uint32_t at = cpu->state.seg[X86_SS].base + cpu->state.reg[X86_ESP] + i * 4;
        if (!x86_read_linear(cpu, at, bytes, 4, X86_READ, NULL))
            break;
        uint32_t value = base_get32(bytes);
        char where[128];
        vmm_describe_address(v, value, where, sizeof where);
        if (!is_driver(where) || !follows_a_call(cpu, value))
            continue;
        base_buf_printf(to, "  called from %08X %s\n", value, where);
        lines++;
    }
}

void vxd_describe_state(struct vxd_machine *m, vxd_write_fn *write, void *user)
{
    const struct x86_state *s = &vmm_cpu(m->vmm)->state;
    struct base_buf text;
    char where[128];
    base_buf_init(&text, &m->alloc);
    vmm_describe_address(m->vmm, s->seg[X86_CS].base + s->eip, where, sizeof where);
    base_buf_printf(&text, "  at %08X %s\n", s->eip, where);
    add_registers(&text, s);
    if (!(s->eflags & X86_VM))
        add_trace(&text, m->vmm);
    if (base_buf_ok(&text) && text.size)
        write(user, (const char *)text.data, text.size);
    base_buf_free(&text);
}
