// INT 31h, functions 0B00h-0B03h: watchpoints of an application (DPMI 0.9). They are in the debug registers only while
// their virtual machine runs in ring 3: what drivers and the VMM do is not watched, and drivers have the registers for
// themselves. A hit is exception 1 of the client.
#include "vmm/defs.h"
#include "vmm/dpmi.h"

enum { MOST = 4, HITS = (1 << MOST) - 1 };
enum kind { EXECUTED, WRITTEN, READ_OR_WRITTEN, KINDS }; // as in DH

struct watch {
    uint32_t free_link; // of released rows; all else is zero there
    uint32_t app, vm;   // rows
    uint32_t linear, size, kind, hit;
};

struct watch_state {
    uint32_t saved[MOST], control; // the registers as drivers have them
    uint32_t loaded;               // ... because those of a VM are in the processor
};

static struct base_table *watches(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_dpmi_watch, 0);
}

static struct watch_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_dpmi_watch);
}

// Those of the current VM in the order of their rows, which is that of the debug registers.
static uint32_t list(struct vmm *v, struct watch *found[MOST])
{
    uint32_t n = 0, vm = vmm_thread_at(v, v->s.current)->vm;
    for (uint32_t i = 1; i < watches(v)->count && n < MOST; i++) {
        struct watch *w = base_table_at(watches(v), i);
        if (w->app && w->vm == vm)
            found[n++] = w;
    }
    return n;
}

void vmm_dpmi_watch_enter(struct vmm *v)
{
    struct watch *found[MOST];
    struct watch_state *s = state_of(v);
    uint32_t *dr = v->cpu->state.dr, n = watches(v)->live ? list(v, found) : 0;
    if (!n || s->loaded)
        return;
    s->loaded = 1;
    s->control = dr[7];
    for (uint32_t i = 0; i < MOST; i++)
        s->saved[i] = dr[i];
    dr[7] = 0x400;
    for (uint32_t i = 0; i < n; i++) {
        static const uint8_t access[KINDS] = {0, 1, 3};
        uint32_t length = found[i]->kind == EXECUTED ? 0 : found[i]->size - 1;
        dr[i] = found[i]->linear;
        dr[7] |= 1u << (2 * i) | (uint32_t)(access[found[i]->kind] | length << 2) << (16 + 4 * i);
    }
    x86_flush(v->cpu);
}

void vmm_dpmi_watch_leave(struct vmm *v)
{
    struct watch *found[MOST];
    struct watch_state *s = state_of(v);
    uint32_t *dr = v->cpu->state.dr;
    if (!s->loaded)
        return;
    uint32_t n = list(v, found);
    for (uint32_t i = 0; i < n; i++)
        found[i]->hit |= dr[6] >> i & 1;
    for (uint32_t i = 0; i < MOST; i++)
        dr[i] = s->saved[i];
    dr[6] &= ~(uint32_t)HITS;
    dr[7] = s->control;
    s->loaded = 0;
    x86_flush(v->cpu);
}

// BX:CX = linear address, DL = size, DH = kind. BX = handle.
static uint32_t set(struct vmm *v, struct vmm_pm_app *app)
{
    struct watch *found[MOST];
    uint8_t bytes[4];
    uint32_t linear = vmm_dpmi_pair(v, KIT_Client_EBX, KIT_Client_ECX), dx = vmm_dpmi_word(v, KIT_Client_EDX);
    uint32_t size = dx & 0xFF, kind = dx >> 8;
    if ((size != 1 && size != 2 && size != 4) || kind >= KINDS)
        return VMM_DPMI_INVALID_VALUE;
    if (!vmm_user_get(v, linear, bytes, size))
        return VMM_DPMI_INVALID_LINEAR;
    uint32_t row = list(v, found) < MOST ? base_table_new(watches(v)) : 0;
    if (!row)
        return VMM_DPMI_NO_WATCHPOINT;
    struct watch *w = base_table_at(watches(v), row);
    *w =
        (struct watch){.app = vmm_pm_app_row(v), .vm = app->vm, .linear = linear, .size = size, .kind = kind, .hit = 0};
    vmm_dpmi_set_word(v, KIT_Client_EBX, row);
    return 0;
}

static struct watch *named(struct vmm *v)
{
    uint32_t row = vmm_dpmi_word(v, KIT_Client_EBX);
    struct watch *w = row && row < watches(v)->count ? base_table_at(watches(v), row) : NULL;
    return w && w->app == vmm_pm_app_row(v) ? w : NULL;
}

static uint32_t clear(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    if (!named(v))
        return VMM_DPMI_INVALID_HANDLE;
    base_table_release(watches(v), vmm_dpmi_word(v, KIT_Client_EBX));
    return 0;
}

static uint32_t get_state(struct vmm *v, struct vmm_pm_app *app)
{
    const struct watch *w = named(v);
    (void)app;
    if (!w)
        return VMM_DPMI_INVALID_HANDLE;
    vmm_dpmi_set_word(v, KIT_Client_EAX, w->hit);
    return 0;
}

static uint32_t reset(struct vmm *v, struct vmm_pm_app *app)
{
    struct watch *w = named(v);
    (void)app;
    if (!w)
        return VMM_DPMI_INVALID_HANDLE;
    w->hit = 0;
    return 0;
}

void vmm_dpmi_watch_forget(struct vmm *v, uint32_t app)
{
    for (uint32_t i = 1; i < watches(v)->count; i++)
        if (((struct watch *)base_table_at(watches(v), i))->app == app)
            base_table_release(watches(v), i);
}

const struct vmm_dpmi_function vmm_dpmi_watch[] = {
    {0x0B00, set}, {0x0B01, clear}, {0x0B02, get_state}, {0x0B03, reset}, {0, NULL}};

static const uint32_t tables[] = {sizeof(struct watch), 0};

const struct vmm_chapter vmm_dpmi_watch_chapter = {.state_size = sizeof(struct watch_state), .tables = tables};
