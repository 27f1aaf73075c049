// printf for drivers: _Sprintf, _Vsprintf and _Debug_Printf_Service share this engine. Arguments are dwords in guest
// memory. Win95 DDK S25D6 (debugger's descriptors), S31BC.
#include "vmm/printf.h"
#include "kit/services.h"
#include "vmm/machine.h"

#include <string.h>

enum { WIDEST = 1024, TEXT_LIMIT = 4096 }; // widths beyond that are cut; a driver's text is never longer

struct printing {
    struct vmm *v;
    struct base_buf *out;
    enum vmm_dialect dialect;
    const char *at; // next character of the format
    uint32_t args;
    bool fault;
};

static void pad(struct base_buf *out, char c, size_t used, uint32_t width)
{
    if (width > used)
        base_buf_fill(out, (uint8_t)c, width - used);
}

void vmm_format_text(struct base_buf *out, const struct vmm_conversion *c, const char *text, size_t length)
{
    if (c->has_precision && c->precision < length)
        length = c->precision;
    if (!c->left)
        pad(out, ' ', length, c->width);
    base_buf_add(out, text, length);
    if (c->left)
        pad(out, ' ', length, c->width);
}

static size_t digits_of(char letter, uint32_t value, char digits[32])
{
    uint32_t base = letter == 'b' ? 2 : letter == 'o' ? 8 : letter == 'x' || letter == 'X' ? 16 : 10;
    const char *set = letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    size_t n = 0;
    do {
        digits[31 - n++] = set[value % base];
        value /= base;
    } while (value);
    memmove(digits, digits + 32 - n, n);
    return n;
}

static const char *prefix_of(const struct vmm_conversion *c, bool negative)
{
    if (c->letter == 'd' || c->letter == 'i')
        return negative ? "-" : c->plus ? "+" : c->space ? " " : "";
    if (c->alternate && (c->letter == 'x' || c->letter == 'X'))
        return c->letter == 'x' ? "0x" : "0X";
    return "";
}

static void format_number(struct base_buf *out, const struct vmm_conversion *c, uint32_t value)
{
    bool negative = (c->letter == 'd' || c->letter == 'i') && value > INT32_MAX;
    char digits[32];
    size_t n = digits_of(c->letter, negative ? 0u - value : value, digits);
    const char *prefix = prefix_of(c, negative);
    size_t zeros = c->has_precision && c->precision > n ? c->precision - n : 0;
    if (c->zero && !c->left && !c->has_precision && c->width > strlen(prefix) + n)
        zeros = c->width - strlen(prefix) - n;
    size_t used = strlen(prefix) + zeros + n;
    if (!c->left)
        pad(out, ' ', used, c->width);
    base_buf_text(out, prefix);
    base_buf_fill(out, '0', zeros);
    base_buf_add(out, digits, n);
    if (c->left)
        pad(out, ' ', used, c->width);
}

void vmm_format_value(struct base_buf *out, const struct vmm_conversion *c, uint32_t value)
{
    char character = (char)value;
    if (c->letter == 'c')
        vmm_format_text(out, c, &character, 1);
    else
        format_number(out, c, value);
}

static uint32_t next_argument(struct printing *p)
{
    uint32_t value = 0;
    if (!p->fault && !vmm_get32(p->v, p->args, &value))
        p->fault = true;
    p->args += 4;
    return value;
}

static uint32_t scan_number(struct printing *p)
{
    if (*p->at == '*') {
        p->at++;
        uint32_t value = next_argument(p);
        return value > WIDEST ? WIDEST : value;
    }
    uint32_t value = 0;
    while (*p->at >= '0' && *p->at <= '9') {
        value = value * 10 + (uint32_t)(*p->at++ - '0');
        if (value > WIDEST)
            value = WIDEST;
    }
    return value;
}

static void scan_flags(struct printing *p, struct vmm_conversion *c)
{
    for (;; p->at++) {
        switch (*p->at) {
        case '-':
            c->left = true;
            break;
        case '+':
            c->plus = true;
            break;
        case ' ':
            c->space = true;
            break;
        case '0':
            c->zero = true;
            break;
        case '#':
            c->alternate = true;
            break;
        default:
            return;
        }
    }
}

// Sizes (l, h) say nothing here: every argument is a dword. The debugger's letters choose among displays of an address;
// there is one display for flat addresses.
static void scan_sizes(struct printing *p)
{
    const char *letters = p->dialect == VMM_DIALECT_DEBUG ? "lhapnLHN" : "lh";
    while (*p->at && strchr(letters, *p->at))
        p->at++;
}

static void print_string(struct printing *p, const struct vmm_conversion *c)
{
    char text[TEXT_LIMIT];
    uint32_t address = next_argument(p);
    if (!p->fault && !vmm_get_text(p->v, address, text, sizeof text))
        p->fault = true;
    if (!p->fault)
        vmm_format_text(p->out, c, text, strlen(text));
}

static void print_symbol(struct printing *p, const struct vmm_conversion *c)
{
    char text[128];
    vmm_describe_address(p->v, next_argument(p), text, sizeof text);
    vmm_format_text(p->out, c, text, strlen(text));
}

static void print_debugger_letter(struct printing *p, struct vmm_conversion *c)
{
    switch (c->letter) {
    case 'b':
    case 'o':
        vmm_format_value(p->out, c, next_argument(p));
        return;
    case 'A':
        *c = (struct vmm_conversion){
            .left = c->left, .width = c->width, .has_precision = true, .precision = 8, .letter = 'X'};
        vmm_format_value(p->out, c, next_argument(p));
        return;
    case 'G':
    case 'M':
    case 'S':
        print_symbol(p, c);
        return;
    default:
        base_buf_add8(p->out, (uint8_t)c->letter); // not a descriptor: the character itself
    }
}

static void print_conversion(struct printing *p)
{
    struct vmm_conversion c = {0};
    scan_flags(p, &c);
    c.width = scan_number(p);
    if (*p->at == '.') {
        p->at++;
        c.has_precision = true;
        c.precision = scan_number(p);
    }
    scan_sizes(p);
    if (!*p->at)
        return;
    c.letter = *p->at++;
    if (c.letter == 's' || (c.letter == 'S' && p->dialect == VMM_DIALECT_SPRINTF))
        print_string(p, &c);
    else if (strchr("diuxXc", c.letter))
        vmm_format_value(p->out, &c, next_argument(p));
    else if (p->dialect == VMM_DIALECT_DEBUG)
        print_debugger_letter(p, &c);
    else
        base_buf_add8(p->out, (uint8_t)c.letter);
}

// The escapes of the debugger's format strings; others stand for themselves.
static void print_escape(struct printing *p)
{
    static const char letters[] = "abnrt", values[] = "\a\b\n\r\t";
    const char *found = *p->at ? strchr(letters, *p->at) : NULL;
    base_buf_add8(p->out, (uint8_t)(found ? values[found - letters] : '\\'));
    if (found)
        p->at++;
}

bool vmm_format(struct vmm *v, struct base_buf *out, enum vmm_dialect dialect, const char *format, uint32_t args)
{
    struct printing p = {.v = v, .out = out, .dialect = dialect, .at = format, .args = args};
    while (*p.at && !p.fault) {
        char c = *p.at++;
        if (c == '%')
            print_conversion(&p);
        else if (c == '\\' && dialect == VMM_DIALECT_DEBUG)
            print_escape(&p);
        else
            base_buf_add8(out, (uint8_t)c);
    }
    return !p.fault && base_buf_ok(out);
}

// _Sprintf(buffer, format, ...) and _Vsprintf(buffer, format, pArgs): EAX = length without the terminator.
static void print_into(struct vmm *v, uint32_t args)
{
    char format[TEXT_LIMIT];
    struct base_buf out;
    base_buf_init(&out, v->alloc);
    uint32_t to = vmm_arg(v, 0);
    if (vmm_get_text(v, vmm_arg(v, 1), format, sizeof format) &&
        vmm_format(v, &out, VMM_DIALECT_SPRINTF, format, args)) {
        uint32_t length = (uint32_t)out.size;
        base_buf_add8(&out, 0);
        if (base_buf_ok(&out) && vmm_put(v, to, out.data, length + 1))
            vmm_regs(v)[X86_EAX] = length;
    }
    base_buf_free(&out);
}

static void sprintf_service(struct vmm *v)
{
    print_into(v, vmm_regs(v)[X86_ESP] + 8);
}

static void vsprintf_service(struct vmm *v)
{
    print_into(v, vmm_arg(v, 2));
}

static const struct vmm_binding bindings[] = {
    {KIT__Sprintf, sprintf_service},
    {KIT__Vsprintf, vsprintf_service},
    {0, NULL},
};

const struct vmm_chapter vmm_printf_chapter = {.bindings = bindings};
