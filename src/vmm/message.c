// Messages with numbered placeholders, %0s to %9x: what the macros of msgmacro.inc call. The placeholders are
// documented (Win95 DDK S2355); how the two services take their arguments is not: a message and its parameters as in C,
// and the result in a buffer or below them on the stack.
#include "base/buf.h"
#include "kit/services.h"
#include "vmm/machine.h"

#include <string.h>

enum { TEXT_LIMIT = 4096, HEAD_BYTES = 8 }; // in front of a text on the stack: bytes to remove, length

static bool is_placeholder(const char *at)
{
    return at[0] == '%' && at[1] >= '0' && at[1] <= '9' && at[2] && strchr("sux", at[2]);
}

static bool add_parameter(struct vmm *v, struct base_buf *out, uint32_t at, char format)
{
    char text[TEXT_LIMIT];
    uint32_t value;
    if (!vmm_get32(v, at, &value))
        return false;
    if (format == 's') {
        if (!vmm_get_text(v, value, text, sizeof text))
            return false;
        base_buf_add(out, text, strlen(text));
    } else {
        base_buf_printf(out, format == 'u' ? "%u" : "%X", (unsigned)(value & 0xFFFF));
    }
    return true;
}

// The message with its parameters, the dwords at `parameters`, and a NUL. False: a page fault has been noted.
static bool localize(struct vmm *v, struct base_buf *out, uint32_t message, uint32_t parameters)
{
    char text[TEXT_LIMIT];
    if (!vmm_get_text(v, message, text, sizeof text))
        return false;
    for (const char *at = text; *at; at++) {
        if (!is_placeholder(at)) {
            base_buf_add(out, at, 1);
            continue;
        }
        if (!add_parameter(v, out, parameters + 4u * (unsigned)(at[1] - '0'), at[2]))
            return false;
        at += 2;
    }
    base_buf_add(out, "", 1);
    return true;
}

// Hands the text to `deliver`; the registers and flags stay as they are, EAX apart.
static void localize_to(struct vmm *v, uint32_t arguments, void (*deliver)(struct vmm *v, const struct base_buf *text))
{
    struct base_buf out;
    uint32_t message;
    base_buf_init(&out, v->alloc);
    if (vmm_get32(v, arguments, &message) && localize(v, &out, message, arguments + 4)) {
        if (base_buf_ok(&out))
            deliver(v, &out);
        else
            vmm_stop(v, VMM_END_MEMORY, "no host memory for a message");
    }
    base_buf_free(&out);
}

static void to_buffer(struct vmm *v, const struct base_buf *text)
{
    uint32_t to;
    if (vmm_get32(v, vmm_regs(v)[X86_ESP], &to) && vmm_put(v, to, text->data, (uint32_t)text->size))
        vmm_regs(v)[X86_EAX] = (uint32_t)text->size - 1;
}

// _LocalizeSprintf(pBuffer, pszMessage, parameters...): EAX = length.
static void localize_sprintf(struct vmm *v)
{
    localize_to(v, vmm_regs(v)[X86_ESP] + 4, to_buffer);
}

static void to_stack(struct vmm *v, const struct base_buf *text)
{
    uint32_t room = ((uint32_t)text->size + 3) & ~3u, at = vmm_regs(v)[X86_ESP] - room;
    if (!vmm_probe(v, at - HEAD_BYTES, room + HEAD_BYTES, true) || !vmm_put(v, at, text->data, (uint32_t)text->size) ||
        !vmm_put32(v, at - 8, room + HEAD_BYTES) || !vmm_put32(v, at - 4, (uint32_t)text->size - 1))
        return;
    vmm_regs(v)[X86_ESP] = at - HEAD_BYTES;
    vmm_regs(v)[X86_EAX] = at;
}

// _LocalizeStackSprintf(pszMessage, parameters...): EAX = address of the text, which lies on the stack below its head.
static void localize_stack_sprintf(struct vmm *v)
{
    localize_to(v, vmm_regs(v)[X86_ESP], to_stack);
}

static const struct vmm_binding bindings[] = {
    {KIT__LocalizeSprintf, localize_sprintf},
    {KIT__LocalizeStackSprintf, localize_stack_sprintf},
    {0, NULL},
};

const struct vmm_chapter vmm_message_chapter = {.bindings = bindings};
