// The debug VMM's printing as other files use it.
#ifndef VXDKIT_VMM_DEBUG_H
#define VXDKIT_VMM_DEBUG_H

#include "base/buf.h"
#include "vmm/guest.h"

enum { VMM_DEBUG_TEXT = 4096 }; // longer texts of a driver are cut

// Announces what a driver printed (VMM_RECORD_DEBUG).
void vmm_print(struct vmm *v, const char *text, size_t length);

// Appends a text with #register and ?register replaced (Win95 DDK S31C8); regs by enum x86_reg.
void vmm_expand_placeholders(struct vmm *v, struct base_buf *out, const char *text, const uint32_t regs[8]);
bool vmm_has_placeholders(const char *text) BASE_MUST_USE;

// Reads the text at ESI, placeholders replaced by the registers that the caller's pushad left on the stack. False: a
// page fault has been noted, or no memory.
bool vmm_read_out_string(struct vmm *v, struct base_buf *out) BASE_MUST_USE;

// A debugger listens, or does so no more: Test_Debug_Installed tells, Debug_Out breaks into it.
void vmm_debugger_present(struct vmm *v, bool present);
bool vmm_debugger_is_present(struct vmm *v) BASE_MUST_USE;
// True once after a driver asked to break into the debugger (the run stopped for it).
bool vmm_debugger_called(struct vmm *v) BASE_MUST_USE;
// What somebody types at the debugging device, for In_Debug_Chr. Bytes beyond its room are lost.
void vmm_debugger_types(struct vmm *v, const uint8_t *bytes, size_t n);
// Prints the queued strings, oldest first, and forgets them (debugger command .lq).
void vmm_print_queued(struct vmm *v);

#endif
