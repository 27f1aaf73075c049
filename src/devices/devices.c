// The devices of this room in their fixed order, and what they implement.
#include "devices/common.h"

#include "devices/call.h"
#include "dos/dos.h"

extern const struct vmm_board devices_vmm_board;

// VPICD first: it keeps what all share (common.h).
static const struct devices_entry *const entries[] = {
    &vpicd_entry, &vtd_entry,      &vxdldr_entry, &pageswap_entry, &pagefile_entry, &vkd_entry,  &vwin32_entry,
    &vdmad_entry, &v86mmgr_entry,  &vdd_entry,    &vmd_entry,      &dosmgr_entry,   &vcd_entry,  &ifsmgr_entry,
    &shell_entry, &configmg_entry, &vsd_entry,    &vmcpd_entry,    &ios_entry,      &vcomm_entry};

enum { TEXT_PAGE = 0xB8, TEXT_PAGES = 8 }; // memory of the text screen

static bool bind_more(struct vmm *v, const struct devices_entry *e)
{
    for (unsigned i = 0; e->more && e->more[i]; i++)
        if (!vmm_bind(v, e->device->id, e->more[i]))
            return false;
    return true;
}

bool devices_add_all(struct vmm *v)
{
    for (size_t i = 0; i < BASE_COUNT(entries); i++) {
        const struct devices_entry *e = entries[i];
        if (e->windows_95 && vmm_profile(v) == VMM_PROFILE_31)
            continue;
        if (!vmm_add_device(v, e->device) || (i == 0 && !devices_call_create(v)) || !bind_more(v, e) ||
            (e->create && !e->create(v)))
            return false;
    }
    vmm_set_board(v, &devices_vmm_board);
    return x86_memory_set_kind(vmm_cpu(v)->memory, TEXT_PAGE, TEXT_PAGES, X86_RAM) && dos_add(v);
}

static const struct devices_entry *by_id(uint16_t id)
{
    for (size_t i = 0; i < BASE_COUNT(entries); i++) {
        if (entries[i]->device->id == id)
            return entries[i];
    }
    return NULL;
}

static bool lists(const struct vmm_binding *b, uint16_t ordinal)
{
    while (b->fn && b->ordinal != ordinal)
        b++;
    return b->fn;
}

bool devices_service_is_implemented(uint16_t device, uint16_t ordinal)
{
    const struct devices_entry *e = by_id(device);
    if (!e)
        return vmm_service_is_implemented(device, ordinal);
    bool found = lists(e->device->bindings, ordinal);
    for (unsigned i = 0; e->more && e->more[i]; i++)
        found |= lists(e->more[i], ordinal);
    return found;
}
