// Placeholders in the texts of the debug services: #EAX is the register's value in hexadecimal, ?EAX the nearest label
// to the address in it, ?AX:EBX the nearest label to EBX in the segment of AX. Win95 DDK S31C8.
#include "vmm/debug.h"
#include "vmm/defs.h"

#include <stdio.h>
#include <string.h>

struct name {
    char text[4];
    uint8_t reg, shift, digits;
};

// Longer names first: "#EAX" must not be taken for "#EA...".
static const struct name names[] = {
    {"EAX", X86_EAX, 0, 8}, {"EBX", X86_EBX, 0, 8}, {"ECX", X86_ECX, 0, 8}, {"EDX", X86_EDX, 0, 8},
    {"ESI", X86_ESI, 0, 8}, {"EDI", X86_EDI, 0, 8}, {"EBP", X86_EBP, 0, 8}, {"ESP", X86_ESP, 0, 8},
    {"AX", X86_EAX, 0, 4},  {"BX", X86_EBX, 0, 4},  {"CX", X86_ECX, 0, 4},  {"DX", X86_EDX, 0, 4},
    {"SI", X86_ESI, 0, 4},  {"DI", X86_EDI, 0, 4},  {"BP", X86_EBP, 0, 4},  {"SP", X86_ESP, 0, 4},
    {"AL", X86_EAX, 0, 2},  {"AH", X86_EAX, 8, 2},  {"BL", X86_EBX, 0, 2},  {"BH", X86_EBX, 8, 2},
    {"CL", X86_ECX, 0, 2},  {"CH", X86_ECX, 8, 2},  {"DL", X86_EDX, 0, 2},  {"DH", X86_EDX, 8, 2},
};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

// The register whose name begins at `text`; NULL when none does.
static const struct name *register_at(const char *text)
{
    for (size_t i = 0; i < BASE_COUNT(names); i++) {
        size_t n = 0;
        while (names[i].text[n] && upper(text[n]) == names[i].text[n])
            n++;
        if (!names[i].text[n])
            return &names[i];
    }
    return NULL;
}

static uint32_t value_of(const struct name *n, const uint32_t regs[8])
{
    uint32_t value = regs[n->reg] >> n->shift;
    return n->digits == 8 ? value : value & ((1u << 4 * n->digits) - 1);
}

static void add_value(struct base_buf *out, const struct name *n, const uint32_t regs[8])
{
    base_buf_printf(out, "%0*X", (int)n->digits, (unsigned)value_of(n, regs));
}

// Base of a segment by its descriptor, 0 when there is none.
static uint32_t segment_base(struct vmm *v, uint32_t selector)
{
    uint8_t d[8];
    if ((selector & 4) || !x86_read_linear(v->cpu, v->s.gdt + (selector & 0xFFF8), d, sizeof d, X86_READ, NULL))
        return 0;
    return base_get16(d + 2) | (uint32_t)d[4] << 16 | (uint32_t)d[7] << 24;
}

static void add_label(struct vmm *v, struct base_buf *out, uint32_t linear)
{
    char where[128];
    vmm_describe_address(v, linear, where, sizeof where);
    base_buf_text(out, where);
}

void vmm_expand_placeholders(struct vmm *v, struct base_buf *out, const char *text, const uint32_t regs[8])
{
    while (*text) {
        const struct name *n = *text == '#' || *text == '?' ? register_at(text + 1) : NULL;
        if (!n) {
            base_buf_add8(out, (uint8_t)*text++);
            continue;
        }
        bool value = *text == '#';
        text += 1 + strlen(n->text);
        const struct name *offset = !value && *text == ':' ? register_at(text + 1) : NULL;
        if (offset)
            text += 1 + strlen(offset->text);
        if (value)
            add_value(out, n, regs);
        else if (offset)
            add_label(v, out, segment_base(v, value_of(n, regs)) + value_of(offset, regs));
        else
            add_label(v, out, value_of(n, regs));
    }
}

bool vmm_has_placeholders(const char *text)
{
    for (; *text; text++)
        if ((*text == '#' || *text == '?') && register_at(text + 1))
            return true;
    return false;
}
