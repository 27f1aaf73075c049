// Ordinals as constants: KIT_<service name>, one enum per device. Made from the service tables.
#ifndef VXDKIT_KIT_SERVICES_H
#define VXDKIT_KIT_SERVICES_H

#define SERVICE(ordinal, name, ...) KIT_##name = ordinal,
enum kit_vmm_ordinal {
#include "kit/services_vmm.def"
};
enum kit_vpicd_ordinal {
#include "kit/services_vpicd.def"
};
enum kit_vtd_ordinal {
#include "kit/services_vtd.def"
};
enum kit_shell_ordinal {
#include "kit/services_shell.def"
};
enum kit_vwin32_ordinal {
#include "kit/services_vwin32.def"
};
enum kit_vxdldr_ordinal {
#include "kit/services_vxdldr.def"
};
enum kit_debug_ordinal {
#include "kit/services_debug.def"
};
enum kit_vdmad_ordinal {
#include "kit/services_vdmad.def"
};
enum kit_v86mmgr_ordinal {
#include "kit/services_v86mmgr.def"
};
enum kit_pageswap_ordinal {
#include "kit/services_pageswap.def"
};
enum kit_vdd_ordinal {
#include "kit/services_vdd.def"
};
enum kit_vsd_ordinal {
#include "kit/services_vsd.def"
};
enum kit_vmd_ordinal {
#include "kit/services_vmd.def"
};
enum kit_vkd_ordinal {
#include "kit/services_vkd.def"
};
enum kit_vcd_ordinal {
#include "kit/services_vcd.def"
};
enum kit_ios_ordinal {
#include "kit/services_ios.def"
};
enum kit_vmcpd_ordinal {
#include "kit/services_vmcpd.def"
};
enum kit_dosmgr_ordinal {
#include "kit/services_dosmgr.def"
};
enum kit_vmpoll_ordinal {
#include "kit/services_vmpoll.def"
};
enum kit_dosnet_ordinal {
#include "kit/services_dosnet.def"
};
enum kit_int13_ordinal {
#include "kit/services_int13.def"
};
enum kit_pagefile_ordinal {
#include "kit/services_pagefile.def"
};
enum kit_apm_ordinal {
#include "kit/services_apm.def"
};
enum kit_configmg_ordinal {
#include "kit/services_configmg.def"
};
enum kit_ifsmgr_ordinal {
#include "kit/services_ifsmgr.def"
};
enum kit_vcomm_ordinal {
#include "kit/services_vcomm.def"
};
#undef SERVICE

#endif
