// PAGESWAP (VDAG31 Virtual_PageSwap_Device): there is no swap file. All memory is physical, and pages can be had at any
// time.
#include "devices/call.h"
#include "devices/common.h"

#include "kit/services.h"

static void get_version(struct vmm *v)
{
    vmm_regs(v)[X86_EBX] &= 0xFFFF0000; // pager type 0: no paging
    vmm_regs(v)[X86_ECX] = 0;           // pages of the swap file
    devices_version(v);
}

static void test_create(struct vmm *v)
{
    devices_carry(v, true); // no file can be made
}

static void test_io_valid(struct vmm *v)
{
    devices_carry(v, false);
}

static const struct vmm_binding bindings[] = {
    {KIT_PageSwap_Get_Version, get_version},
    {KIT_PageSwap_Test_Create, test_create},
    {KIT_PageSwap_Test_IO_Valid, test_io_valid},
    {0, NULL},
};

static const struct vmm_device device = {.id = 7, .version = 0x0400, .bindings = bindings};

const struct devices_entry pageswap_entry = {&device, NULL, false, NULL};
