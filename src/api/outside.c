// The outside world: interrupts and keys at recorded points of virtual time, and files that drivers ask for.
#include "api/machine.h"
#include "devices/devices.h"
#include "devices/shell.h"

#include <string.h>

enum { KEY_STEP_NS = 1000000 }; // between the bytes of a key; a keyboard's wire needs about that long

bool vxd_schedule_irq(struct vxd_machine *m, unsigned line, uint64_t at_ns)
{
    if (!pc_schedule_irq(devices_board(m->vmm), line, at_ns))
        return api_fail(m, "interrupt line %u cannot be raised: there is no such line, or too many wait", line);
    devices_board_changed(m->vmm);
    return true;
}

bool vxd_schedule_nmi(struct vxd_machine *m, uint64_t at_ns)
{
    if (!pc_schedule_nmi(devices_board(m->vmm), at_ns))
        return api_fail(m, "an NMI cannot be raised: too many interrupts wait");
    devices_board_changed(m->vmm);
    return true;
}

bool vxd_schedule_key(struct vxd_machine *m, const char *key, uint64_t at_ns)
{
    uint8_t codes[16];
    unsigned n = pc_key_codes(key, codes);
    if (n == 0)
        return api_fail(m, "there is no key \"%s\"", key);
    for (unsigned i = 0; i < n; i++)
        if (!pc_schedule_key(devices_board(m->vmm), codes[i], at_ns + i * (uint64_t)KEY_STEP_NS))
            return api_fail(m, "too many keys wait");
    devices_board_changed(m->vmm);
    return true;
}

bool vxd_schedule_mouse(struct vxd_machine *m, int right, int down, unsigned buttons, uint64_t at_ns)
{
    struct pc *pc = devices_board(m->vmm);
    if (!pc->mouse.present && vmm_boot_begun(m->vmm))
        return api_fail(m, "the machine has booted without a mouse");
    if (!pc_schedule_mouse(pc, right, down, buttons, at_ns))
        return api_fail(m, "the mouse cannot be moved: too far, no such button, or too many movements wait");
    devices_board_changed(m->vmm);
    return true;
}

bool vxd_answer_message(struct vxd_machine *m, const char *button)
{
    static const char *const names[] = {"ok", "cancel", "abort", "retry", "ignore", "yes", "no"}; // ID_* from 1
    for (unsigned i = 0; i < BASE_COUNT(names); i++)
        if (strcmp(names[i], button) == 0)
            return shell_add_answer(m->vmm, i + 1) || api_fail(m, "too many answers to message boxes");
    return api_fail(m, "a message box has no button \"%s\"", button);
}

static bool find_driver(void *user, const char *name, const uint8_t **bytes, size_t *size)
{
    struct vxd_machine *m = user;
    const void *found;
    if (!m->find_driver(m->find_driver_user, name, &found, size))
        return false;
    *bytes = found;
    return true;
}

bool vxd_provide_drivers(struct vxd_machine *m, vxd_find_driver_fn *find, void *user)
{
    m->find_driver = find;
    m->find_driver_user = user;
    m->driver_source = (struct vxdldr_source){find_driver, m};
    return vxdldr_set_source(m->vmm, &m->driver_source) || api_fail(m, "no memory for a source of drivers");
}
