// Memory below 1 MB, which only DOS gives out: INT 31h, functions 0100h-0102h, and INT 21h AH=48h-4Ah with selectors
// for segments. The application crosses into V86 mode for INT 21h; what comes back becomes one selector for each 64 KB.
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/selectors.h"

enum { DOS_ALLOCATE = 0x48, DOS_FREE = 0x49, DOS_RESIZE = 0x4A, DOS_BAD_BLOCK = 9 };
enum { BY_INT31, BY_INT21 }; // a[0] of the crossing

struct dos_block {
    uint32_t free_link; // of released rows; all else is zero there
    uint32_t app;       // row
    uint32_t segment, selector, selectors;
};

static struct base_table *blocks(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_dpmi_dos, 0);
}

static struct dos_block *find(struct vmm *v, uint32_t selector)
{
    uint32_t app = vmm_pm_app_row(v);
    for (uint32_t i = 1; i < blocks(v)->count; i++) {
        struct dos_block *b = base_table_at(blocks(v), i);
        if (b->app == app && b->selector == selector)
            return b;
    }
    return NULL;
}

// --- into V86 mode: INT 21h with this function, BX and ES; `selector` is the block's, 0 = a new one

static uint32_t ask_dos(struct vmm *v, uint32_t function, uint32_t bx, uint32_t segment, uint32_t selector, uint32_t by)
{
    uint32_t crs = vmm_client(v), back = vmm_crossing_return(v, true);
    if (!vmm_v86_stack_there(v, vmm_peek16(v, crs + KIT_Client_Alt_SS), vmm_peek16(v, crs + KIT_Client_Alt_ESP), 6))
        return VMM_DPMI_ELSEWHERE;
    struct vmm_crossing *c = vmm_cross(v, VMM_CROSS_DOS);
    if (!c)
        return VMM_DPMI_ELSEWHERE;
    c->selector = selector;
    c->offset = function;
    c->a[0] = by;
    vmm_set_exec_mode(v, true);
    vmm_dpmi_set_word(v, KIT_Client_EAX, function << 8);
    vmm_dpmi_set_word(v, KIT_Client_EBX, bx);
    vmm_dpmi_set_word(v, KIT_Client_ES, segment);
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    vmm_v86_int_begin(v, 0x21);
    return VMM_DPMI_ELSEWHERE;
}

static uint32_t allocate(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    return ask_dos(v, DOS_ALLOCATE, vmm_dpmi_word(v, KIT_Client_EBX), 0, 0, BY_INT31);
}

static uint32_t release(struct vmm *v, struct vmm_pm_app *app)
{
    const struct dos_block *b = find(v, vmm_dpmi_word(v, KIT_Client_EDX));
    (void)app;
    return b ? ask_dos(v, DOS_FREE, 0, b->segment, b->selector, BY_INT31) : VMM_DPMI_INVALID_SELECTOR;
}

static uint32_t resize(struct vmm *v, struct vmm_pm_app *app)
{
    const struct dos_block *b = find(v, vmm_dpmi_word(v, KIT_Client_EDX));
    uint32_t paragraphs = vmm_dpmi_word(v, KIT_Client_EBX);
    (void)app;
    if (!b)
        return VMM_DPMI_INVALID_SELECTOR;
    if ((paragraphs + 0xFFF) / 0x1000 > b->selectors)
        return VMM_DPMI_NO_DESCRIPTOR; // the selectors behind it may be somebody else's
    return ask_dos(v, DOS_RESIZE, paragraphs, b->segment, b->selector, BY_INT31);
}

// AX = error as INT 21h has them.
static void refuse(struct vmm *v, uint32_t error)
{
    vmm_dpmi_set_word(v, KIT_Client_EAX, error);
    vmm_client_flags(v, X86_CF, X86_CF);
}

// BX = paragraphs, ES = selector of the block; the PSP's is the program's own block.
bool vmm_dpmi_dos_memory_begin(struct vmm *v, struct vmm_pm_app *app, uint8_t function)
{
    if (function < DOS_ALLOCATE || function > DOS_RESIZE)
        return false;
    uint32_t selector = vmm_dpmi_word(v, KIT_Client_ES), paragraphs = vmm_dpmi_word(v, KIT_Client_EBX), error;
    const struct dos_block *b = function == DOS_ALLOCATE ? NULL : find(v, selector);
    if (function == DOS_ALLOCATE)
        error = ask_dos(v, function, paragraphs, 0, 0, BY_INT21);
    else if (b && function == DOS_RESIZE && (paragraphs + 0xFFF) / 0x1000 > b->selectors)
        error = VMM_DPMI_NO_DESCRIPTOR;
    else if (b || selector == app->psp_selector)
        error = ask_dos(v, function, paragraphs, b ? b->segment : app->psp, b ? selector : 0, BY_INT21);
    else
        error = DOS_BAD_BLOCK;
    if (error != VMM_DPMI_ELSEWHERE)
        refuse(v, error == DOS_BAD_BLOCK ? error : 8);
    return true;
}

// --- and back

static void describe(struct vmm *v, const struct dos_block *b, uint32_t paragraphs, bool wide)
{
    uint32_t bytes = paragraphs * 16, high, low;
    for (uint32_t i = 0; i < b->selectors; i++) {
        uint32_t left = bytes > i * 0x10000 ? bytes - i * 0x10000 : 1;
        bool whole = i == 0 && wide; // a 32-bit application reaches all of it through the first
        vmm_data_descriptor((b->segment << 4) + i * 0x10000, (left > 0x10000 && !whole ? 0x10000 : left) - 1, &high,
                            &low);
        (void)!vmm_descriptor_set(v, vmm_current_vm(v), b->selector + 8 * i, high & ~(uint32_t)VMM_DESCRIPTOR_WIDE,
                                  low);
    }
}

static uint32_t new_block(struct vmm *v, uint32_t segment, uint32_t paragraphs)
{
    struct vmm_pm_app *app = vmm_pm_app(v);
    uint32_t count = (paragraphs + 0xFFF) / 0x1000, row = base_table_new(blocks(v));
    count = count ? count : 1;
    uint32_t selector = row ? vmm_dpmi_selector_new(v, app, 0, 0, VMM_DPMI_DATA16, count) : 0;
    if (!selector) {
        if (row)
            base_table_release(blocks(v), row);
        return 0;
    }
    struct dos_block *b = base_table_at(blocks(v), row);
    *b = (struct dos_block){0, vmm_pm_app_row(v), segment, selector, count};
    describe(v, b, paragraphs, app->wide);
    return selector;
}

static void drop_block(struct vmm *v, struct dos_block *b)
{
    for (uint32_t i = 0; i < b->selectors; i++)
        vmm_dpmi_selector_free(v, vmm_pm_app(v), b->selector + 8 * i);
    for (uint32_t i = 1; i < blocks(v)->count; i++)
        if (base_table_at(blocks(v), i) == (void *)b)
            base_table_release(blocks(v), i);
}

// In protected mode again, with DOS's answer: AX = segment or error, BX = the largest block there is.
static void done(struct vmm *v, const struct vmm_crossing *c, uint32_t ax)
{
    uint32_t paragraphs = vmm_dpmi_word(v, KIT_Client_EBX);
    struct dos_block *b = c->offset == DOS_ALLOCATE ? NULL : find(v, c->selector);
    if (b && c->offset == DOS_FREE)
        drop_block(v, b);
    else if (b)
        describe(v, b, paragraphs, vmm_pm_app(v)->wide);
    if (c->offset != DOS_ALLOCATE)
        return;
    uint32_t selector = new_block(v, ax, paragraphs);
    if (!selector) {
        refuse(v, VMM_DPMI_NO_DESCRIPTOR);
        return;
    }
    vmm_dpmi_set_word(v, KIT_Client_EAX, c->a[0] == BY_INT21 ? selector : ax);
    if (c->a[0] != BY_INT21)
        vmm_dpmi_set_word(v, KIT_Client_EDX, selector);
}

bool vmm_dpmi_dos_over(struct vmm *v, struct vmm_crossing *c)
{
    uint32_t ax = vmm_dpmi_word(v, KIT_Client_EAX), bx = vmm_dpmi_word(v, KIT_Client_EBX);
    bool failed = vmm_peek32(v, vmm_client(v) + KIT_Client_EFlags) & X86_CF;
    vmm_client_store(v, c->client);
    vmm_client_flags(v, failed ? X86_CF : 0, X86_CF);
    if (failed) {
        vmm_dpmi_set_word(v, KIT_Client_EAX, ax);
        if (c->offset != DOS_FREE)
            vmm_dpmi_set_word(v, KIT_Client_EBX, bx);
    } else {
        done(v, c, ax);
    }
    return true;
}

// DOS frees the memory of a program that ends; the selectors go with the application.
void vmm_dpmi_dos_forget(struct vmm *v, uint32_t app)
{
    for (uint32_t i = 1; i < blocks(v)->count; i++)
        if (((struct dos_block *)base_table_at(blocks(v), i))->app == app)
            base_table_release(blocks(v), i);
}

const struct vmm_dpmi_function vmm_dpmi_dos[] = {{0x0100, allocate}, {0x0101, release}, {0x0102, resize}, {0, NULL}};

static const uint32_t tables[] = {sizeof(struct dos_block), 0};

const struct vmm_chapter vmm_dpmi_dos_chapter = {.tables = tables};
