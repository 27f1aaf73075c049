// What initialisation may ask about the machine as Windows found it (VDAG31 Initialization_Information_Services): DOS's
// vectors, the high memory area, TSRs, arenas above 640 KB, bytes of the system ROM. Windows was not started from a DOS
// with an XMS driver, TSRs or upper memory blocks here, and the answers say so.
#include "vmm/defs.h"
#include "vmm/profile.h"

#include <string.h>

enum { SYSTEM_ROM = 0xF0000, ROM_BYTES = 0x10000 };

struct init_info {
    uint32_t no_arenas; // guest address of an empty Common_Memory_struc array, 0 = none yet
    uint32_t a20_count; // GetSet_HMA_Info
    uint32_t boot_flags;
};

static struct init_info *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_initinfo);
}

// The V86 addresses of interrupts 23h and 24h as DOS has set them: nobody changes them before.
static void get_dos_vectors(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_peek32(v, 4 * 0x23);
    vmm_regs(v)[X86_EDX] = vmm_peek32(v, 4 * 0x24);
}

static void get_set_hma_info(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    if (r[X86_ECX])
        state_of(v)->a20_count = r[X86_EDX] & 0xFFFF;
    r[X86_EAX] = 0; // Windows has not taken the HMA
    r[X86_ECX] = 0; // and has called no XMS driver
    r[X86_EDX] = state_of(v)->a20_count;
}

static void get_name_of_ugly_tsr(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_regs(v)[X86_EBX] = 0;
    vmm_set_flag(v, X86_ZF, true);
}

static void get_next_arena(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), *at = &state_of(v)->no_arenas;
    if (r[X86_ECX])
        vmm_report(v, "input-range", v->call.caller, "VDAG31 Get_Next_Arena", "Get_Next_Arena: ECX=%08X must be 0",
                   r[X86_ECX]);
    if (!*at)
        *at = vmm_heap_get(v, 4);
    r[X86_EAX] = r[X86_ECX] = 0;
    r[X86_EDX] = *at;
    if (!*at)
        vmm_stop(v, VMM_END_MEMORY, "no memory for an empty list of arenas");
}

// How the user had Windows booted: in no special way, until somebody says otherwise (Win95 DDK S32CB).
static void get_boot_flags(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = state_of(v)->boot_flags;
}

static void set_boot_flags(struct vmm *v)
{
    state_of(v)->boot_flags = vmm_regs(v)[X86_EAX];
}

// SystemROMBreakpoint=false in [386Enh] takes the service away.
static bool rom_may_be_searched(const struct vmm *v)
{
    struct vmm_ini_entry e = {0};
    uint32_t at = 0, on, size = (uint32_t)v->config.ini_size;
    while (vmm_ini_next(v->ini, size, &at, &e))
        if (vmm_ini_same(v->ini, e.section, e.section_size, "386Enh") &&
            vmm_ini_same(v->ini, e.key, e.key_size, "SystemROMBreakpoint") &&
            vmm_convert_boolean(v->ini + e.value, e.value_size, &on))
            return on;
    return true;
}

static void locate_byte_in_rom(struct vmm *v)
{
    uint8_t wanted = (uint8_t)vmm_regs(v)[X86_EAX], rom[256];
    bool found = false;
    for (uint32_t at = SYSTEM_ROM; !found && at < SYSTEM_ROM + ROM_BYTES && rom_may_be_searched(v); at += sizeof rom) {
        if (!x86_memory_load(v->memory, at, rom, sizeof rom))
            break;
        const uint8_t *p = memchr(rom, wanted, sizeof rom);
        found = p != NULL;
        if (found)
            vmm_regs(v)[X86_EAX] = at + (uint32_t)(p - rom);
    }
    vmm_set_flag(v, X86_CF, !found);
}

static const struct vmm_binding bindings[] = {
    {KIT_GetDOSVectors, get_dos_vectors},         {KIT_GetSet_HMA_Info, get_set_hma_info},
    {KIT_Get_Next_Arena, get_next_arena},         {KIT_Get_Name_Of_Ugly_TSR, get_name_of_ugly_tsr},
    {KIT_Get_Boot_Flags, get_boot_flags},         {KIT_Set_Boot_Flags, set_boot_flags},
    {KIT_Locate_Byte_In_ROM, locate_byte_in_rom}, {0, NULL},
};

const struct vmm_chapter vmm_initinfo_chapter = {.bindings = bindings, .state_size = sizeof(struct init_info)};
