// INT 31h, functions 0200h-0205h, 0400h, 0900h-0902h, 0A00h, 0E00h and 0E01h: vectors of both modes, exception
// handlers, the virtual interrupt flag, what the host and the machine are.
#include "vmm/defs.h"
#include "vmm/dpmi.h"

enum { FPU_PRESENT = 0x4D, FPU_EMULATE = 2 }; // of the application and really; type 4

static uint32_t bl(struct vmm *v)
{
    return vmm_dpmi_word(v, KIT_Client_EBX) & 0xFF;
}

static uint32_t get_real_vector(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t vector;
    (void)app;
    if (vmm_get32(v, 4 * bl(v), &vector))
        vmm_dpmi_set_pair(v, KIT_Client_ECX, KIT_Client_EDX, vector);
    return 0;
}

static uint32_t set_real_vector(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    (void)!vmm_put32(v, 4 * bl(v), vmm_dpmi_pair(v, KIT_Client_ECX, KIT_Client_EDX));
    return 0;
}

// An address that the client may put behind a vector: code that it could run, or the host's.
static bool may_run(struct vmm *v)
{
    return vmm_pm_may_run(v, vmm_dpmi_word(v, KIT_Client_ECX) | 3u, vmm_dpmi_offset(v, KIT_Client_EDX));
}

static void answer(struct vmm *v, uint32_t selector, uint32_t offset)
{
    vmm_dpmi_set_word(v, KIT_Client_ECX, selector);
    vmm_dpmi_set_offset(v, KIT_Client_EDX, offset);
}

static uint32_t get_exception(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t vector = bl(v);
    if (vector >= VMM_DPMI_EXCEPTIONS)
        return VMM_DPMI_INVALID_VALUE;
    uint32_t standard = vmm_pm_default_exception(v, vector);
    if (app->exception[vector].selector)
        answer(v, app->exception[vector].selector, app->exception[vector].offset);
    else
        answer(v, standard >> 16, standard & 0xFFFF);
    return 0;
}

static uint32_t set_exception(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t vector = bl(v);
    if (vector >= VMM_DPMI_EXCEPTIONS)
        return VMM_DPMI_INVALID_VALUE;
    if (!may_run(v))
        return VMM_DPMI_INVALID_SELECTOR;
    uint32_t selector = vmm_dpmi_word(v, KIT_Client_ECX) | 3u, offset = vmm_dpmi_offset(v, KIT_Client_EDX);
    bool standard = (selector << 16 | (offset & 0xFFFF)) == vmm_pm_default_exception(v, vector) && offset <= 0xFFFF;
    app->exception[vector].selector = standard ? 0 : selector;
    app->exception[vector].offset = offset;
    return 0;
}

static uint32_t get_vector(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t selector, offset;
    (void)app;
    vmm_pm_vector(v, bl(v), &selector, &offset);
    answer(v, selector, offset);
    return 0;
}

static uint32_t set_vector(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    if (!may_run(v))
        return VMM_DPMI_INVALID_SELECTOR;
    vmm_pm_set_vector(v, bl(v), vmm_dpmi_word(v, KIT_Client_ECX) | 3u, vmm_dpmi_offset(v, KIT_Client_EDX));
    return 0;
}

static uint32_t version(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    vmm_dpmi_set_word(v, KIT_Client_EAX, VMM_DPMI_VERSION);
    vmm_dpmi_set_word(v, KIT_Client_EBX, 1); // 386 host; interrupts are reflected to V86 mode; no virtual memory
    vmm_dpmi_set_word(v, KIT_Client_ECX, (vmm_dpmi_word(v, KIT_Client_ECX) & 0xFF00u) | vmm_dpmi_processor(v));
    vmm_dpmi_set_word(v, KIT_Client_EDX, 0x0870); // base vectors of the interrupt controllers
    return 0;
}

static void answer_al(struct vmm *v, bool on)
{
    vmm_dpmi_set_word(v, KIT_Client_EAX, (vmm_dpmi_word(v, KIT_Client_EAX) & 0xFF00u) | on);
}

static uint32_t interrupts(struct vmm *v, struct vmm_pm_app *app)
{
    bool were = vmm_peek32(v, vmm_client(v) + KIT_Client_EFlags) & X86_IF;
    uint32_t al = vmm_dpmi_word(v, KIT_Client_EAX) & 0xFF;
    (void)app;
    if (al < 2)
        vmm_client_flags(v, al ? X86_IF : 0, X86_IF);
    answer_al(v, were);
    return 0;
}

static uint32_t coprocessor(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    vmm_dpmi_set_word(v, KIT_Client_EAX, FPU_PRESENT);
    return 0;
}

// The coprocessor is there and stays on; an application that wants to emulate one is refused.
static uint32_t set_coprocessor(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    return vmm_dpmi_word(v, KIT_Client_EBX) & FPU_EMULATE ? 0x8026 : 0;
}

const struct vmm_dpmi_function vmm_dpmi_vectors[] = {
    {0x0200, get_real_vector},
    {0x0201, set_real_vector},
    {0x0202, get_exception},
    {0x0203, set_exception},
    {0x0204, get_vector},
    {0x0205, set_vector},
    {0x0400, version},
    {0x0900, interrupts},
    {0x0901, interrupts},
    {0x0902, interrupts},
    {0x0A00, vmm_dpmi_vendor_entry},
    {0x0E00, coprocessor},
    {0x0E01, set_coprocessor},
    {0, NULL},
};
