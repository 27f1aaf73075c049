// SHELL from outside: how message boxes are answered.
#ifndef VXDKIT_DEVICES_SHELL_H
#define VXDKIT_DEVICES_SHELL_H

#include "vmm/vmm.h"

// The answer (ID_* of Win32: 1 OK, 2 Cancel, 3 Abort, 4 Retry, 5 Ignore, 6 Yes, 7 No) that the user is taken to give to
// every message box that has such a button; others, and all with 0, get their default button.
void shell_set_answer(struct vmm *v, uint32_t id);

#endif
