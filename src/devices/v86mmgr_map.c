// Memory mapped into every VM at the same address: V86MMGR_Map_Pages. The region lies behind the translation buffers.
#include "devices/v86mmgr.h"

#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/v86data.h"

enum { V86_END = 0x110000 };

uint32_t v86mmgr_map_used(struct vmm *v)
{
    uint32_t pages = 0;
    for (unsigned i = 0; i < V86MMGR_REGIONS; i++)
        pages += v86mmgr_state(v)->region[i].pages;
    return pages;
}

bool v86mmgr_mappable(const struct v86mmgr *s, uint32_t page)
{
    return page - s->map_page < s->map_pages || (page < V86MMGR_V86_PAGES && s->given[page / 32] >> page % 32 & 1);
}

uint32_t v86mmgr_map_total(const struct v86mmgr *s)
{
    uint32_t pages = 0;
    for (uint32_t page = 0; page < V86MMGR_V86_PAGES; page++)
        pages += v86mmgr_mappable(s, page);
    return pages;
}

static bool page_taken(const struct v86mmgr *s, uint32_t page)
{
    for (unsigned i = 0; i < V86MMGR_REGIONS; i++)
        if (page - s->region[i].first < s->region[i].pages)
            return true;
    return false;
}

// The first of so many free pages in a row, from the region's own upwards; 0 = there are none. Without the nul page
// what is mapped could not be taken away again.
static uint32_t find_room(const struct v86mmgr *s, uint32_t pages)
{
    for (uint32_t i = 0; s->nul_page && pages && i < V86MMGR_V86_PAGES; i++) {
        uint32_t first = (s->map_page + i) % V86MMGR_V86_PAGES, n = 0;
        while (n < pages && v86mmgr_mappable(s, first + n) && !page_taken(s, first + n))
            n++;
        if (n == pages)
            return first;
    }
    return 0;
}

static struct v86mmgr_region *find(struct vmm *v, uint32_t handle)
{
    uint32_t row = (handle & 0xFF) - 1;
    struct v86mmgr_region *m = row < V86MMGR_REGIONS ? &v86mmgr_state(v)->region[row] : NULL;
    return m && m->pages && m->generation == handle >> 8 ? m : NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// From VM to VM. Frame: a[0] VM, a[1] row, a[2] enum job, a[3] handle, a[4] V86 address.

enum { CALLING, STEPPING };
enum job { MAP, UNMAP, UNDO, NEW_VM };

static void in_vm_begin(struct vmm *v, struct vmm_frame *f)
{
    const struct v86mmgr *s = v86mmgr_state(v);
    const struct v86mmgr_region *m = &s->region[f->a[1]];
    f->step = CALLING;
    if (f->a[2] == UNMAP || f->a[2] == UNDO)
        devices_call_c_begin(v, KIT__MapIntoV86, 6, (const uint32_t[]){s->nul_page, f->a[0], m->first, m->pages, 0, 0});
    else
        devices_call_c_begin(v, KIT__LinMapIntoV86, 5,
                             (const uint32_t[]){m->linear >> 12, f->a[0], m->first, m->pages, 0});
}

static void map_over(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t job = f->a[2], handle = f->a[3], address = f->a[4];
    if (job == UNMAP || job == UNDO)
        v86mmgr_state(v)->region[f->a[1]].pages = 0;
    vmm_frame_pop_all(v);
    if (job == MAP) {
        vmm_regs(v)[X86_ESI] = handle;
        vmm_regs(v)[X86_EDI] = address;
    }
    if (job != UNMAP)
        devices_carry(v, job == UNDO);
}

static void next_vm_begin(struct vmm *v, struct vmm_frame *f)
{
    vmm_regs(v)[X86_EBX] = f->a[0];
    f->step = STEPPING;
    devices_call_begin(v, KIT_Get_Next_VM_Handle);
}

// The next region that a new VM has to get; false: there are no more.
static bool next_region(struct vmm *v, struct vmm_frame *f)
{
    const struct v86mmgr *s = v86mmgr_state(v);
    for (; f->a[1] < V86MMGR_REGIONS; f->a[1]++)
        if (s->region[f->a[1]].pages && s->region[f->a[1]].linear)
            return true;
    return false;
}

static void new_vm_begin(struct vmm *v, struct vmm_frame *f)
{
    if (next_region(v, f))
        in_vm_begin(v, f);
    else
        map_over(v, f);
}

static void map_resume(struct vmm *v, struct vmm_frame *f)
{
    bool mapped = vmm_regs(v)[X86_EAX] != 0;
    if (f->step == STEPPING) {
        f->a[0] = vmm_regs(v)[X86_EBX];
        if (f->a[0] == vmm_system_vm(v))
            map_over(v, f);
        else
            in_vm_begin(v, f);
    } else if (f->a[2] == NEW_VM) {
        f->a[1]++;
        new_vm_begin(v, f);
    } else if (f->a[2] == MAP && !mapped) { // not a committed page: whoever has it by now loses it again
        f->a[2] = UNDO;
        f->a[0] = vmm_system_vm(v);
        in_vm_begin(v, f);
    } else {
        next_vm_begin(v, f);
    }
}

static const struct vmm_frame_kind map_kind = {"mapping pages into all virtual machines", map_resume, NULL};

// ---------------------------------------------------------------------------------------------------------------------
// Services

static struct v86mmgr_region *new_region(struct vmm *v, uint32_t linear, uint32_t pages)
{
    struct v86mmgr *s = v86mmgr_state(v);
    uint32_t first = find_room(s, pages);
    for (unsigned i = 0; first && i < V86MMGR_REGIONS; i++) {
        if (s->region[i].pages)
            continue;
        s->generation = s->generation % 0x7FFFFF + 1;
        s->region[i] = (struct v86mmgr_region){(uint8_t)first, (uint8_t)pages, s->generation, linear};
        return &s->region[i];
    }
    return NULL;
}

// ESI = linear address or 0, ECX = bytes. Memory of the current VM is taken by its address that is always good.
void v86mmgr_map_pages_begin(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), linear = r[X86_ESI], within = linear & (X86_PAGE_SIZE - 1);
    uint32_t pages = (uint32_t)(((uint64_t)within + r[X86_ECX] + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE);
    if (linear && linear < V86_END)
        linear += vmm_peek32(v, vmm_current_vm(v) + KIT_CB_High_Linear);
    const struct v86mmgr_region *m = new_region(v, linear, pages);
    devices_carry(v, !m);
    if (!m)
        return;
    uint32_t row = (uint32_t)(m - v86mmgr_state(v)->region), handle = m->generation << 8 | (row + 1);
    uint32_t address = (uint32_t)m->first * X86_PAGE_SIZE + within;
    struct vmm_frame *f = linear ? vmm_frame_push(v, v86mmgr_state(v)->map_kind) : NULL;
    if (f) {
        f->a[0] = vmm_system_vm(v);
        f->a[1] = row;
        f->a[2] = MAP;
        f->a[3] = handle;
        f->a[4] = address;
        in_vm_begin(v, f);
    } else if (!linear) {
        r[X86_ESI] = handle;
        r[X86_EDI] = address;
    }
}

void v86mmgr_free_page_map_region_begin(struct vmm *v)
{
    const struct v86mmgr_region *m = find(v, vmm_regs(v)[X86_ESI]);
    if (!m) {
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "VDAG31 V86MMGR_Free_Page_Map_Region",
                   "%08X is not the handle of a mapped region", vmm_regs(v)[X86_ESI]);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, v86mmgr_state(v)->map_kind);
    if (!f)
        return;
    f->a[0] = vmm_system_vm(v);
    f->a[1] = (uint32_t)(m - v86mmgr_state(v)->region);
    f->a[2] = UNMAP;
    in_vm_begin(v, f);
}

void v86mmgr_map_all_begin(struct vmm *v, uint32_t vm)
{
    struct vmm_frame *f = v86mmgr_map_used(v) ? vmm_frame_push(v, v86mmgr_state(v)->map_kind) : NULL;
    if (!f)
        return;
    f->a[0] = vm;
    f->a[1] = 0;
    f->a[2] = NEW_VM;
    new_vm_begin(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------
// Pages that another driver does not need (Win95 DDK S34F8). What it has not assigned to itself is assigned here, page
// by page: it may have had some of them only. Frame: a[0] first page, a[1] pages, a[2] pages done.

static void give_next(struct vmm *v, struct vmm_frame *f)
{
    struct v86mmgr *s = v86mmgr_state(v);
    uint32_t first = f->a[0], pages = f->a[1];
    if (f->a[2] < pages) {
        devices_call_c_begin(v, KIT__Assign_Device_V86_Pages, 4, (const uint32_t[]){first + f->a[2]++, 1, 0, 0});
        return;
    }
    for (uint32_t page = first; page < first + pages; page++)
        s->given[page / 32] |= 1u << page % 32;
    vmm_frame_pop_all(v);
    devices_carry(v, false);
}

static const struct vmm_frame_kind give_kind = {"V86MMGR_SetAvailMapPgs", give_next, NULL};

static bool can_be_given(struct vmm *v, uint32_t first, uint32_t pages)
{
    const struct v86mmgr *s = v86mmgr_state(v);
    bool valid =
        pages && first > vmm_last_v86_page(v) && first < V86MMGR_V86_PAGES && pages <= V86MMGR_V86_PAGES - first;
    for (uint32_t page = first; valid && page < first + pages; page++)
        valid = !v86mmgr_mappable(s, page) && !v86mmgr_in_buffer(s, page);
    return valid;
}

// EAX = first page, ECX = pages.
void v86mmgr_set_avail_map_pgs_begin(struct vmm *v)
{
    uint32_t first = vmm_regs(v)[X86_EAX], pages = vmm_regs(v)[X86_ECX];
    bool can = can_be_given(v, first, pages);
    devices_carry(v, !can);
    struct vmm_frame *f = can ? vmm_frame_push(v, v86mmgr_state(v)->give_kind) : NULL;
    if (!f)
        return;
    f->a[0] = first;
    f->a[1] = pages;
    f->a[2] = 0;
    give_next(v, f);
}

void v86mmgr_map_create(struct vmm *v)
{
    v86mmgr_state(v)->give_kind = vmm_frame_kind_add(v, &give_kind);
    v86mmgr_state(v)->map_kind = vmm_frame_kind_add(v, &map_kind);
}
