// A hardware description put into a machine: the board's configuration spaces and scripted devices, and the device
// nodes.
#include "devices/hardware.h"

#include "devices/common.h"
#include "devices/configmg.h"
#include "pc/pic.h"

#include <string.h>

// PCI lines are level triggered; a BIOS programs the controllers so.
static void set_level_lines(struct pc *pc, uint16_t lines)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t of_pic = (uint8_t)(lines >> 8 * i & (i ? 0xDE : 0xF8));
        pc_pic_set_elcr(&pc->pic[i], pc->pic[i].elcr | of_pic);
    }
}

static void put_on_board(struct vmm *v, const struct hardware *h)
{
    struct pc *pc = devices_board(v);
    pc->script = h->script;
    pc->pci = h->pci;
    set_level_lines(pc, h->level_lines);
    pc_spaces_changed(pc);
    devices_board_changed(v);
}

static bool refuse(struct base_diag *diag, const char *name, const char *why)
{
    base_diag_report(diag, BASE_ERROR, &(struct base_place){.file = name}, "%s", why);
    return false;
}

static bool wants_drivers(const struct hardware *h)
{
    for (uint32_t i = 0; i < h->nodes; i++)
        if (h->node[i].loader || h->node[i].enumerator)
            return true;
    return false;
}

bool devices_provide_hardware(struct vmm *v, const char *name, const char *text, size_t size, struct base_diag *diag)
{
    struct base_arena arena;
    if (vmm_boot_begun(v) || devices_common(v)->described)
        return refuse(diag, name, "hardware is described once, before the machine boots");
    base_arena_init(&arena, diag->alloc);
    struct hardware *h = base_arena_zero(&arena, sizeof *h);
    bool good = h ? hardware_read(name, text, size, &arena, diag, h) : refuse(diag, name, "out of memory");
    if (good)
        put_on_board(v, h);
    if (good && vmm_profile(v) == VMM_PROFILE_31 && wants_drivers(h))
        good = refuse(diag, name, "Windows 3.1 has no configuration manager that could load a driver for a device");
    else if (good && vmm_profile(v) != VMM_PROFILE_31 && !configmg_describe(v, h))
        good = refuse(diag, name, "out of memory");
    devices_common(v)->described |= good;
    base_arena_free(&arena);
    return good;
}
