// Hook procedures: chains of handlers linked through the preamble that HOOK_PROC puts in front of a procedure
// (hook_chain.c). Used for services and faults.
#ifndef VXDKIT_VMM_HOOK_H
#define VXDKIT_VMM_HOOK_H

#include "vmm/guest.h"

// The variable that holds the previous handler of a hook procedure, by its preamble: EB 06 FF 25 <variable> in front of
// the entry, or EB 0A FF 25 <variable> <counter> in debug builds (spec: macros). 0 = no hook procedure.
uint32_t vmm_hook_variable(struct vmm *v, uint32_t proc);

enum { VMM_LONGEST_CHAIN = 4096 }; // a chain that bites its tail must not hang us

// The procedure that `link` (a slot, then a variable) leads to; `link` goes on to that procedure's variable, 0 at the
// end.
uint32_t vmm_hook_step(struct vmm *v, uint32_t *link);

// Is `proc` in the chain already? Hooked twice, its variable would lead back to itself (Win95 DDK S31A8).
bool vmm_hook_present(struct vmm *v, uint32_t slot, uint32_t proc);

// Makes `proc` the first of the chain whose head lies at guest address `slot`; the previous head goes into its variable
// when it has one. False: a page fault has been noted, nothing changed.
bool vmm_hook_insert(struct vmm *v, uint32_t slot, uint32_t proc, uint32_t *previous) BASE_MUST_USE;

enum vmm_unhook { VMM_UNHOOKED, VMM_UNHOOK_REFUSED, VMM_UNHOOK_FAULT };
// Takes `proc` out of the chain, wherever it stands. Refused: it has no preamble, is not in the chain, or a procedure
// without preamble stands in front of it (Win95 DDK S3320).
enum vmm_unhook vmm_hook_remove(struct vmm *v, uint32_t slot, uint32_t proc);

#endif
