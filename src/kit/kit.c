#include "kit/kit.h"

#include "kit/constants.h"
#include "kit/names.h"
#include "kit/services.h"

#define SERVICE(ordinal, name, since, convention, args, flags, in, out, uses, asm_sets, c_sets, binaries, page)        \
    {ordinal, since, #name, KIT_##convention, args, flags, in, out, uses, asm_sets, c_sets, binaries, page},
static const struct kit_service services_VMM[] = {
#include "kit/services_vmm.def"
};
static const struct kit_service services_VPICD[] = {
#include "kit/services_vpicd.def"
};
static const struct kit_service services_VTD[] = {
#include "kit/services_vtd.def"
};
static const struct kit_service services_SHELL[] = {
#include "kit/services_shell.def"
};
static const struct kit_service services_VWIN32[] = {
#include "kit/services_vwin32.def"
};
static const struct kit_service services_VXDLDR[] = {
#include "kit/services_vxdldr.def"
};
static const struct kit_service services_DEBUG[] = {
#include "kit/services_debug.def"
};
static const struct kit_service services_VDMAD[] = {
#include "kit/services_vdmad.def"
};
static const struct kit_service services_V86MMGR[] = {
#include "kit/services_v86mmgr.def"
};
static const struct kit_service services_PAGESWAP[] = {
#include "kit/services_pageswap.def"
};
static const struct kit_service services_VDD[] = {
#include "kit/services_vdd.def"
};
static const struct kit_service services_VSD[] = {
#include "kit/services_vsd.def"
};
static const struct kit_service services_VMD[] = {
#include "kit/services_vmd.def"
};
static const struct kit_service services_VKD[] = {
#include "kit/services_vkd.def"
};
static const struct kit_service services_VCD[] = {
#include "kit/services_vcd.def"
};
static const struct kit_service services_IOS[] = {
#include "kit/services_ios.def"
};
static const struct kit_service services_VMCPD[] = {
#include "kit/services_vmcpd.def"
};
static const struct kit_service services_DOSMGR[] = {
#include "kit/services_dosmgr.def"
};
static const struct kit_service services_VMPOLL[] = {
#include "kit/services_vmpoll.def"
};
static const struct kit_service services_DOSNET[] = {
#include "kit/services_dosnet.def"
};
static const struct kit_service services_INT13[] = {
#include "kit/services_int13.def"
};
static const struct kit_service services_PAGEFILE[] = {
#include "kit/services_pagefile.def"
};
static const struct kit_service services_APM[] = {
#include "kit/services_apm.def"
};
static const struct kit_service services_CONFIGMG[] = {
#include "kit/services_configmg.def"
};
static const struct kit_service services_IFSMgr[] = {
#include "kit/services_ifsmgr.def"
};
static const struct kit_service services_VCOMM[] = {
#include "kit/services_vcomm.def"
};
#undef SERVICE

#define SERVICES_OF(stem)             services_##stem, BASE_COUNT(services_##stem)
#define DEVICE(id, name, order, stem) {id, #name, order, stem##_SERVICES},
#define NONE_SERVICES                 NULL, 0
#define VMM_SERVICES                  SERVICES_OF(VMM)
#define VPICD_SERVICES                SERVICES_OF(VPICD)
#define VTD_SERVICES                  SERVICES_OF(VTD)
#define SHELL_SERVICES                SERVICES_OF(SHELL)
#define VWIN32_SERVICES               SERVICES_OF(VWIN32)
#define VXDLDR_SERVICES               SERVICES_OF(VXDLDR)
#define DEBUG_SERVICES                SERVICES_OF(DEBUG)
#define VDMAD_SERVICES                SERVICES_OF(VDMAD)
#define V86MMGR_SERVICES              SERVICES_OF(V86MMGR)
#define PAGESWAP_SERVICES             SERVICES_OF(PAGESWAP)
#define VDD_SERVICES                  SERVICES_OF(VDD)
#define VSD_SERVICES                  SERVICES_OF(VSD)
#define VMD_SERVICES                  SERVICES_OF(VMD)
#define VKD_SERVICES                  SERVICES_OF(VKD)
#define VCD_SERVICES                  SERVICES_OF(VCD)
#define IOS_SERVICES                  SERVICES_OF(IOS)
#define VMCPD_SERVICES                SERVICES_OF(VMCPD)
#define DOSMGR_SERVICES               SERVICES_OF(DOSMGR)
#define VMPOLL_SERVICES               SERVICES_OF(VMPOLL)
#define DOSNET_SERVICES               SERVICES_OF(DOSNET)
#define INT13_SERVICES                SERVICES_OF(INT13)
#define PAGEFILE_SERVICES             SERVICES_OF(PAGEFILE)
#define APM_SERVICES                  SERVICES_OF(APM)
#define CONFIGMG_SERVICES             SERVICES_OF(CONFIGMG)
#define IFSMgr_SERVICES               SERVICES_OF(IFSMgr)
#define VCOMM_SERVICES                SERVICES_OF(VCOMM)

const struct kit_device kit_devices[] = {
#include "kit/devices.def"
};
#undef DEVICE
const size_t kit_device_count = BASE_COUNT(kit_devices);

const struct kit_device *kit_device_by_id(uint16_t id)
{
    for (size_t i = 0; i < kit_device_count; i++)
        if (kit_devices[i].id == id)
            return &kit_devices[i];
    return NULL;
}

const struct kit_device *kit_device_by_name(const char *name)
{
    for (size_t i = 0; i < kit_device_count; i++)
        if (kit_same_name(kit_devices[i].name, name))
            return &kit_devices[i];
    return NULL;
}

const struct kit_service *kit_service_by_ordinal(const struct kit_device *device, uint16_t ordinal)
{
    // Rows stand in order and mostly without gaps.
    if (ordinal < device->service_count && device->services[ordinal].ordinal == ordinal)
        return &device->services[ordinal];
    for (uint32_t i = 0; i < device->service_count; i++)
        if (device->services[i].ordinal == ordinal)
            return &device->services[i];
    return NULL;
}

const struct kit_service *kit_service_by_name(const char *name, const struct kit_device **device)
{
    for (size_t d = 0; d < kit_device_count; d++)
        for (uint32_t i = 0; i < kit_devices[d].service_count; i++)
            if (kit_same_name(kit_devices[d].services[i].name, name)) {
                *device = &kit_devices[d];
                return &kit_devices[d].services[i];
            }
    return NULL;
}

#define RANGE(service, operand, kind, value) {KIT_##service, KIT_IN_##operand, KIT_RANGE_##kind, value},
static const struct kit_range ranges[] = {
#include "kit/ranges_vmm.def"
    {UINT16_MAX, 0, 0, 0},
};
#undef RANGE

const struct kit_range *kit_ranges_of(uint16_t ordinal)
{
    const struct kit_range *r = ranges;
    while (r->ordinal < ordinal)
        r++;
    return r->ordinal == ordinal && ordinal != UINT16_MAX ? r : NULL;
}
