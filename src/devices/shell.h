// SHELL from outside: how message boxes are answered.
#ifndef VXDKIT_DEVICES_SHELL_H
#define VXDKIT_DEVICES_SHELL_H

#include "vmm/vmm.h"

// Adds an answer (ID_* of Win32: 1 OK, 2 Cancel, 3 Abort, 4 Retry, 5 Ignore, 6 Yes, 7 No) that the user is taken to
// give: box after box takes the next one, the last stays for all that follow. A box without such a button gets its
// default button, as all do while there is no answer. False: too many (32).
bool shell_add_answer(struct vmm *v, uint32_t id) BASE_MUST_USE;

#endif
