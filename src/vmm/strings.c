// Strings and memory: services of Windows 95 for drivers that link no C library. Win95 DDK S32DA-S32E0.
#include "kit/services.h"
#include "vmm/machine.h"

#include <string.h>

enum { BLOCK = 1024, LONGEST = 1 << 20 }; // a text without an end is refused

static uint32_t to_page_end(uint32_t linear)
{
    return X86_PAGE_SIZE - linear % X86_PAGE_SIZE;
}

// Length of the text at `linear`, at most `limit`. Reads page by page, so that a text may end right before a hole.
static bool text_length(struct vmm *v, uint32_t linear, uint32_t limit, uint32_t *length)
{
    uint8_t block[BLOCK];
    for (uint32_t done = 0; done < limit;) {
        uint32_t n = to_page_end(linear + done);
        n = n < BLOCK ? n : BLOCK;
        n = n < limit - done ? n : limit - done;
        if (!vmm_get(v, linear + done, block, n))
            return false;
        const uint8_t *end = memchr(block, 0, n);
        if (end) {
            *length = done + (uint32_t)(end - block);
            return true;
        }
        done += n;
    }
    *length = limit;
    return true;
}

// Copies forward in blocks; both ranges were probed.
static bool copy(struct vmm *v, uint32_t to, uint32_t from, uint32_t n)
{
    uint8_t block[BLOCK];
    for (uint32_t done = 0; done < n;) {
        uint32_t part = n - done < BLOCK ? n - done : BLOCK;
        if (!vmm_get(v, from + done, block, part) || !vmm_put(v, to + done, block, part))
            return false;
        done += part;
    }
    return true;
}

// _lmemcpy(dst, src, cb): EAX = dst, EDX = end of the destination (S32DC).
static void lmemcpy(struct vmm *v)
{
    uint32_t to = vmm_arg(v, 0), from = vmm_arg(v, 1), n = vmm_arg(v, 2);
    if (vmm_flag(v, X86_DF))
        vmm_report(v, "direction-flag", v->call.caller, "Win95 DDK S32DC",
                   "_lmemcpy called with the direction flag set");
    if (n && (to - from < n || from - to < n))
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S32DC",
                   "_lmemcpy: source %08Xh and destination %08Xh overlap", (unsigned)from, (unsigned)to);
    if (n && (!vmm_probe(v, from, n, false) || !vmm_probe(v, to, n, true) || !copy(v, to, from, n)))
        return;
    vmm_regs(v)[X86_EAX] = to;
    vmm_regs(v)[X86_EDX] = to + n;
}

// _lstrcpyn(dst, src, max): at most max - 1 characters and the terminator.
static void lstrcpyn(struct vmm *v)
{
    uint32_t to = vmm_arg(v, 0), from = vmm_arg(v, 1), max = vmm_arg(v, 2), length;
    if (!max) {
        vmm_regs(v)[X86_EAX] = to;
        return;
    }
    if (!text_length(v, from, max - 1, &length) || !vmm_probe(v, to, length + 1, true) || !copy(v, to, from, length))
        return;
    if (vmm_put(v, to + length, "", 1))
        vmm_regs(v)[X86_EAX] = to;
}

static void lstrlen(struct vmm *v)
{
    uint32_t length;
    if (text_length(v, vmm_arg(v, 0), LONGEST, &length))
        vmm_regs(v)[X86_EAX] = length;
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

// _lstrcmpi: sign of the first difference, case ignored.
static void lstrcmpi(struct vmm *v)
{
    uint32_t one = vmm_arg(v, 0), two = vmm_arg(v, 1);
    uint8_t a = 0, b = 0;
    for (uint32_t i = 0; i < LONGEST; i++) {
        if (!vmm_get(v, one + i, &a, 1) || !vmm_get(v, two + i, &b, 1))
            return;
        if (upper(a) != upper(b) || !a)
            break;
    }
    vmm_regs(v)[X86_EAX] = upper(a) < upper(b) ? UINT32_MAX : upper(a) > upper(b);
}

// _strupr: ASCII letters, in place. Full case mapping needs the national tables that come after Init_Complete (S32E0).
static void strupr_service(struct vmm *v)
{
    uint32_t text = vmm_arg(v, 0), length;
    uint8_t c;
    if (!text_length(v, text, LONGEST, &length) || (length && !vmm_probe(v, text, length, true)))
        return;
    for (uint32_t i = 0; i < length; i++) {
        if (!vmm_get(v, text + i, &c, 1))
            return;
        uint8_t changed = upper(c);
        if (changed != c && !vmm_put(v, text + i, &changed, 1))
            return;
    }
    vmm_regs(v)[X86_EAX] = text;
}

static const struct vmm_binding bindings[] = {
    {KIT__lmemcpy, lmemcpy},   {KIT__lstrcpyn, lstrcpyn},     {KIT__lstrlen, lstrlen},
    {KIT__lstrcmpi, lstrcmpi}, {KIT__strupr, strupr_service}, {0, NULL},
};

const struct vmm_chapter vmm_strings_chapter = {.bindings = bindings};
