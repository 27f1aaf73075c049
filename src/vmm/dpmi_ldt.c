// INT 31h, functions 0000h-000Dh: the application's local descriptors. A descriptor may have any base and limit (flat
// ones are legal: page rights protect the VMM), but it stays code or data of ring 3.
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/selectors.h"

static const uint32_t SYSTEM_BITS = VMM_DESCRIPTOR_MEMORY | VMM_DESCRIPTOR_RING3;

static uint32_t vm_of(struct vmm *v)
{
    return vmm_current_vm(v);
}

static void own(struct vmm_pm_app *app, uint32_t selector, bool on)
{
    uint32_t i = (selector & 0xFFFF) / 8, bit = 1u << (i % 32);
    app->own[i / 32] = on ? app->own[i / 32] | bit : app->own[i / 32] & ~bit;
}

static bool owns(const struct vmm_pm_app *app, uint32_t selector)
{
    uint32_t i = (selector & 0xFFFF) / 8;
    return (selector & 4) && app->own[i / 32] >> (i % 32) & 1;
}

static void describe(uint32_t base, uint32_t limit, uint32_t type, uint32_t *high, uint32_t *low)
{
    vmm_data_descriptor(base, limit, high, low);
    *high = (*high & ~0x0040FF00u) | (type & 0xFF) << 8 | (type & 0xF000) << 8;
}

uint32_t vmm_dpmi_selector_new(struct vmm *v, struct vmm_pm_app *app, uint32_t base, uint32_t limit, uint32_t type,
                               uint32_t count)
{
    uint32_t high, low;
    describe(base, limit, type, &high, &low);
    uint32_t selector = vmm_ldt_selector_take(v, vm_of(v), high, low, count);
    for (uint32_t i = 0; selector && i < count; i++)
        own(app, selector + 8 * i, true);
    return selector;
}

void vmm_dpmi_selector_free(struct vmm *v, struct vmm_pm_app *app, uint32_t selector)
{
    static const uint8_t fields[] = {KIT_Client_DS, KIT_Client_ES, KIT_Client_FS, KIT_Client_GS};
    own(app, selector, false);
    (void)vmm_ldt_selector_give(v, vm_of(v), selector);
    for (unsigned i = 0; i < BASE_COUNT(fields); i++)
        if ((vmm_dpmi_word(v, fields[i]) | 3) == (selector | 3))
            vmm_dpmi_set_word(v, fields[i], 0);
}

// --- which descriptor

static bool get(struct vmm *v, uint32_t selector, uint32_t *high, uint32_t *low)
{
    return (selector & 4) && vmm_descriptor(v, vm_of(v), selector, high, low);
}

static uint32_t set(struct vmm *v, uint32_t selector, uint32_t high, uint32_t low)
{
    if ((high & SYSTEM_BITS) != SYSTEM_BITS)
        return VMM_DPMI_INVALID_VALUE;
    return (selector & 4) && vmm_descriptor_set(v, vm_of(v), selector, high, low) ? 0 : VMM_DPMI_INVALID_SELECTOR;
}

static uint32_t bx(struct vmm *v)
{
    return vmm_dpmi_word(v, KIT_Client_EBX);
}

// --- functions

static uint32_t allocate(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t count = vmm_dpmi_word(v, KIT_Client_ECX);
    uint32_t selector = count ? vmm_dpmi_selector_new(v, app, 0, 0, VMM_DPMI_DATA16, count) : 0;
    if (selector)
        vmm_dpmi_set_word(v, KIT_Client_EAX, selector);
    return selector ? 0 : count ? VMM_DPMI_NO_DESCRIPTOR : VMM_DPMI_INVALID_VALUE;
}

static uint32_t release(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t selector = bx(v);
    bool running = (selector | 3) == (vmm_dpmi_word(v, KIT_Client_CS) | 3) ||
                   (selector | 3) == (vmm_dpmi_word(v, KIT_Client_SS) | 3);
    if (!owns(app, selector) || running)
        return VMM_DPMI_INVALID_SELECTOR;
    vmm_dpmi_selector_free(v, app, selector);
    return 0;
}

// The same segment gives the same selector, which cannot be freed: it is found again among the VM's descriptors.
uint32_t vmm_dpmi_segment_selector(struct vmm *v, struct vmm_pm_app *app, uint32_t segment)
{
    uint32_t high, low, now_high, now_low, selector = 0;
    describe(segment << 4, 0xFFFF, VMM_DPMI_DATA16, &high, &low);
    for (uint32_t i = 1; !selector && i < VMM_DPMI_SELECTORS; i++)
        if ((app->segments[i / 32] >> (i % 32) & 1) && get(v, i * 8 | 7, &now_high, &now_low) && now_low == low &&
            ((now_high ^ high) & ~0x100u) == 0) // but for the accessed bit
            selector = i * 8 | 7;
    if (!selector)
        selector = vmm_ldt_selector_take(v, vm_of(v), high, low, 1);
    if (selector)
        app->segments[selector / 8 / 32] |= 1u << (selector / 8 % 32);
    return selector;
}

static uint32_t segment_to_descriptor(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t selector = vmm_dpmi_segment_selector(v, app, bx(v));
    if (selector)
        vmm_dpmi_set_word(v, KIT_Client_EAX, selector);
    return selector ? 0 : VMM_DPMI_NO_DESCRIPTOR;
}

static uint32_t increment(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    vmm_dpmi_set_word(v, KIT_Client_EAX, 8);
    return 0;
}

static uint32_t get_base(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t high, low;
    (void)app;
    if (!get(v, bx(v), &high, &low))
        return VMM_DPMI_INVALID_SELECTOR;
    vmm_dpmi_set_pair(v, KIT_Client_ECX, KIT_Client_EDX, vmm_descriptor_base(high, low));
    return 0;
}

static uint32_t set_base(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t high, low, base = vmm_dpmi_pair(v, KIT_Client_ECX, KIT_Client_EDX);
    (void)app;
    if (!get(v, bx(v), &high, &low))
        return VMM_DPMI_INVALID_SELECTOR;
    return set(v, bx(v), (high & 0x00FFFF00) | (base & 0xFF000000) | (base >> 16 & 0xFF), (low & 0xFFFF) | base << 16);
}

// A limit of 1 MB or more counts pages: its low twelve bits must be set.
static uint32_t set_limit(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t high, low, limit = vmm_dpmi_pair(v, KIT_Client_ECX, KIT_Client_EDX);
    (void)app;
    if (!get(v, bx(v), &high, &low))
        return VMM_DPMI_INVALID_SELECTOR;
    bool pages = limit > 0xFFFFF;
    if (pages && (limit & 0xFFF) != 0xFFF)
        return VMM_DPMI_INVALID_VALUE;
    uint32_t units = pages ? limit >> 12 : limit;
    high = (high & ~(uint32_t)(0xF0000 | VMM_DESCRIPTOR_PAGES)) | (units & 0xF0000);
    return set(v, bx(v), high | (pages ? (uint32_t)VMM_DESCRIPTOR_PAGES : 0), (low & 0xFFFF0000) | (units & 0xFFFF));
}

// CL = access byte, CH = its extension (bit 5 must be 0).
static uint32_t set_access(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t high, low, type = vmm_dpmi_word(v, KIT_Client_ECX);
    (void)app;
    if (!get(v, bx(v), &high, &low))
        return VMM_DPMI_INVALID_SELECTOR;
    if (type & 0x2000)
        return VMM_DPMI_INVALID_VALUE;
    return set(v, bx(v), (high & 0xFF0F00FF) | (type & 0xFF) << 8 | (type & 0xF000) << 8, low);
}

static uint32_t alias(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t high, low;
    if (!get(v, bx(v), &high, &low) || !(high & VMM_DESCRIPTOR_CODE))
        return VMM_DPMI_INVALID_SELECTOR;
    high = (high & ~(uint32_t)(VMM_DESCRIPTOR_CODE | VMM_DESCRIPTOR_CONFORMING)) | VMM_DESCRIPTOR_WRITE;
    uint32_t selector = vmm_ldt_selector_take(v, vm_of(v), high, low, 1);
    if (!selector)
        return VMM_DPMI_NO_DESCRIPTOR;
    own(app, selector, true);
    vmm_dpmi_set_word(v, KIT_Client_EAX, selector);
    return 0;
}

// Linear address of the eight bytes at ES:(E)DI.
static bool buffer(struct vmm *v, bool write, uint32_t *linear)
{
    return vmm_pm_linear(v, vmm_dpmi_word(v, KIT_Client_ES), vmm_dpmi_offset(v, KIT_Client_EDI), 8, write, linear);
}

static uint32_t get_descriptor(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t high, low, linear;
    uint8_t bytes[8];
    (void)app;
    if (!get(v, bx(v), &high, &low))
        return VMM_DPMI_INVALID_SELECTOR;
    base_put32(bytes, low);
    base_put32(bytes + 4, high);
    return buffer(v, true, &linear) && vmm_user_put(v, linear, bytes, 8) ? 0 : VMM_DPMI_INVALID_LINEAR;
}

static uint32_t set_descriptor(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t linear;
    uint8_t bytes[8];
    (void)app;
    if (!buffer(v, false, &linear) || !vmm_user_get(v, linear, bytes, 8))
        return VMM_DPMI_INVALID_LINEAR;
    if (base_get32(bytes + 4) & 0x00200000)
        return VMM_DPMI_INVALID_VALUE;
    return set(v, bx(v), base_get32(bytes + 4), base_get32(bytes));
}

static uint32_t allocate_certain(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t high, low, selector = bx(v);
    describe(0, 0, VMM_DPMI_DATA16, &high, &low);
    if (!vmm_ldt_selector_take_at(v, vm_of(v), selector, high, low))
        return selector & 4 ? VMM_DPMI_NO_DESCRIPTOR : VMM_DPMI_INVALID_SELECTOR;
    own(app, selector, true);
    return 0;
}

const struct vmm_dpmi_function vmm_dpmi_ldt[] = {
    {0x0000, allocate},
    {0x0001, release},
    {0x0002, segment_to_descriptor},
    {0x0003, increment},
    {0x0006, get_base},
    {0x0007, set_base},
    {0x0008, set_limit},
    {0x0009, set_access},
    {0x000A, alias},
    {0x000B, get_descriptor},
    {0x000C, set_descriptor},
    {0x000D, allocate_certain},
    {0, NULL},
};
