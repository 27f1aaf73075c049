// Formatting for the VMM's printing services (printf.c): the dialect of _Sprintf and that of the debugger.
#ifndef VXDKIT_VMM_PRINTF_H
#define VXDKIT_VMM_PRINTF_H

#include "base/buf.h"
#include "vmm/guest.h"

enum vmm_dialect {
    VMM_DIALECT_SPRINTF, // _Sprintf, _Vsprintf: %d %i %u %x %X %c %s
    VMM_DIALECT_DEBUG,   // _Debug_Printf_Service: also %b %o %A %G %M %S and backslash escapes
};

// One conversion: "%-08.3x".
struct vmm_conversion {
    bool left, plus, space, zero, alternate, has_precision;
    uint32_t width, precision;
    char letter;
};

// Appends `value` as the conversion asks for (d i u x X o b c).
void vmm_format_value(struct base_buf *out, const struct vmm_conversion *c, uint32_t value);
// Appends a text with width and precision.
void vmm_format_text(struct base_buf *out, const struct vmm_conversion *c, const char *text, size_t length);

// Formats `format` with the dwords at guest address `args`. False: a page fault has been noted, or no memory.
bool vmm_format(struct vmm *v, struct base_buf *out, enum vmm_dialect dialect, const char *format,
                uint32_t args) BASE_MUST_USE;

#endif
