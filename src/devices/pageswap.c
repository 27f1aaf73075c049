// PAGESWAP and PAGEFILE (VDAG31 Virtual_PageSwap_Device; Win95 DDK S3499-S34A9): there is no swap file. All memory is
// physical, and pages can be had at any time; whoever wants to grow, read or write the file is told that it is empty.
#include "devices/call.h"
#include "devices/common.h"

#include "kit/services.h"

enum { NO_PAGER = 1 };

static void set_type(struct vmm *v)
{
    uint32_t *ebx = &vmm_regs(v)[X86_EBX];
    *ebx = (*ebx & ~0xFFu) | NO_PAGER;
}

static void get_version(struct vmm *v)
{
    set_type(v);
    vmm_regs(v)[X86_ECX] = 0; // pages of the swap file
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

static void swap_init_file(struct vmm *v)
{
    set_type(v);
    devices_carry(v, false);
}

static void file_init_file(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_regs(v)[X86_EBX] = 0; // an error: there is nothing to make it on
}

// A file that cannot grow so far is as large as it can be: 0.
static void grow_file(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_regs(v)[X86_EBX] = 0;
}

static void read_or_write(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = 0; // it failed
}

static void clean_up(struct vmm *v)
{
    devices_carry(v, false);
}

static void get_size_info(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = r[X86_EBX] = r[X86_ECX] = r[X86_EDX] = 0;
    devices_carry(v, false);
}

static const struct vmm_binding swap_bindings[] = {
    {KIT_PageSwap_Get_Version, get_version},
    {KIT_PageSwap_Test_Create, test_create},
    {KIT_PageSwap_Test_IO_Valid, test_io_valid},
    {KIT_PageSwap_Read_Or_Write, read_or_write},
    {KIT_PageSwap_Grow_File, grow_file},
    {KIT_PageSwap_Init_File, swap_init_file},
    {0, NULL},
};

static const struct vmm_binding file_bindings[] = {
    {KIT_PageFile_Get_Version, get_version},     {KIT_PageFile_Init_File, file_init_file},
    {KIT_PageFile_Clean_Up, clean_up},           {KIT_PageFile_Grow_File, grow_file},
    {KIT_PageFile_Read_Or_Write, read_or_write}, {KIT_PageFile_Test_IO_Valid, test_io_valid},
    {KIT_PageFile_Get_Size_Info, get_size_info}, {0, NULL},
};

static const struct vmm_device pageswap_device = {.id = 7, .version = 0x0400, .bindings = swap_bindings};
static const struct vmm_device pagefile_device = {.id = 0x21, .version = 0x0400, .bindings = file_bindings};

const struct devices_entry pageswap_entry = {&pageswap_device, NULL, false, NULL};
const struct devices_entry pagefile_entry = {&pagefile_device, NULL, false, NULL};
