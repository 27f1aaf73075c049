// What the VMM was started in: environment, directories, the PSP, the machine. A machine of vxdkit starts in C:\WINDOWS
// of a small DOS 7.00 environment. VDAG31 Initialization_Information_Services, Information_Services.
#include "vmm/defs.h"

#include <string.h>

static const char *const variables[] = {"COMSPEC=C:\\COMMAND.COM", "PATH=C:\\WINDOWS;C:\\WINDOWS\\COMMAND",
                                        "WINDIR=C:\\WINDOWS", "TEMP=C:\\WINDOWS\\TEMP", "PROMPT=$P$G"};
static const char exec_path[] = "C:\\WINDOWS\\SYSTEM\\VMM32.VXD", config_directory[] = "C:\\WINDOWS\\";

enum { NAME_LIMIT = 128, PSP_SEGMENT = 0x0080 };

struct environment_state {
    uint32_t exec_path, config_directory; // guest copies, 0 = not made yet
    uint32_t variable[BASE_COUNT(variables)];
};

static struct environment_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_environment);
}

// A guest copy of a text, made at the first need; 0 = no memory.
static uint32_t guest_copy(struct vmm *v, uint32_t *at, const char *text)
{
    uint32_t size = (uint32_t)strlen(text) + 1;
    if (!*at) {
        uint32_t linear = vmm_heap_get(v, size);
        if (linear && vmm_put(v, linear, text, size))
            *at = linear;
    }
    return *at;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

// The value part of NAME=value when the names agree in any case.
static const char *value_of(const char *variable, const char *name)
{
    while (*name && upper(*name) == *variable) {
        name++;
        variable++;
    }
    return !*name && *variable == '=' ? variable + 1 : NULL;
}

uint32_t vmm_environment_block(uint8_t *to, uint32_t size)
{
    uint32_t n = 0;
    for (size_t i = 0; i < BASE_COUNT(variables); i++) {
        uint32_t bytes = (uint32_t)strlen(variables[i]) + 1;
        if (n + bytes + 1 > size)
            break;
        memcpy(to + n, variables[i], bytes);
        n += bytes;
    }
    to[n] = 0;
    return n + 1;
}

static void get_environment_string(struct vmm *v)
{
    char name[NAME_LIMIT];
    uint32_t found = 0;
    if (!vmm_get_text(v, vmm_regs(v)[X86_ESI], name, sizeof name))
        return;
    for (size_t i = 0; i < BASE_COUNT(variables) && !found; i++) {
        const char *value = value_of(variables[i], name);
        if (value)
            found = guest_copy(v, &state_of(v)->variable[i], value);
    }
    if (found)
        vmm_regs(v)[X86_EDX] = found;
    vmm_set_flag(v, X86_CF, !found);
}

// ECX = length up to and including the last backslash.
static void get_exec_path(struct vmm *v)
{
    vmm_regs(v)[X86_EDX] = guest_copy(v, &state_of(v)->exec_path, exec_path);
    vmm_regs(v)[X86_ECX] = (uint32_t)(strrchr(exec_path, '\\') - exec_path) + 1;
}

static void get_config_directory(struct vmm *v)
{
    vmm_regs(v)[X86_EDX] = guest_copy(v, &state_of(v)->config_directory, config_directory);
}

static void get_psp_segment(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = PSP_SEGMENT;
}

// There is no DOS file system: no file is ever found, which is an answer that the contract knows.
static void open_file(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, true);
}

// A file to delete on exit: without a file system there is nothing to remember. CF = 1 says that it was not added.
static void set_delete_on_exit_file(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, true);
}

enum { MODEL_AT = 0xFC, EQUIPMENT = 0x0061 }; // 80x25 colour, one diskette drive

// AX = DOS version, BH = OEM, BL = model byte, high word of EBX = GMIF_*, ECX -> configuration table or 0, EDX =
// equipment.
static void get_machine_info(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), dos = v->config.profile == VMM_PROFILE_31 ? 0x0614 : 0x0700;
    r[X86_EAX] = (r[X86_EAX] & 0xFFFF0000) | dos;
    r[X86_EBX] = 0xFF00u | MODEL_AT | (v->config.model >= X86_486 ? KIT_GMIF_80486 : 0u) |
                 (v->config.model >= X86_PENTIUM ? KIT_GMIF_CPUID : 0u);
    r[X86_ECX] = 0;
    r[X86_EDX] = EQUIPMENT;
}

// No code page has double-byte characters here: no value is a lead byte.
static void test_dbcs_lead_byte(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, true);
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_Environment_String, get_environment_string},
    {KIT_Get_Exec_Path, get_exec_path},
    {KIT_Get_Config_Directory, get_config_directory},
    {KIT_Get_PSP_Segment, get_psp_segment},
    {KIT_OpenFile, open_file},
    {KIT_Set_Delete_On_Exit_File, set_delete_on_exit_file},
    {KIT_Get_Machine_Info, get_machine_info},
    {KIT_Test_DBCS_Lead_Byte, test_dbcs_lead_byte},
    {0, NULL},
};

const struct vmm_chapter vmm_environment_chapter = {.bindings = bindings,
                                                    .state_size = sizeof(struct environment_state)};
