// Memory locked for DMA: a contiguous region, or a list of the physical regions or pages of a scattered one
// (VDAG31 VDMAD_Lock_DMA_Region, VDMAD_Scatter_Lock).
#include "devices/vdmad.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

// ---------------------------------------------------------------------------------------------------------------------
// Locking: _LinPageLock, then a look at where the pages lie. Frame: a[0] linear, a[1] bytes, a[2] boundary, a[3] error,
// a[4] bytes that could be locked.

enum { LOCKING, UNLOCKING };

static uint32_t pages_of(uint32_t linear, uint32_t bytes)
{
    return (uint32_t)(((uint64_t)(linear & 0xFFF) + bytes + 0xFFF) >> 12);
}

// Bytes from `linear` on whose physical addresses follow each other and do not cross the boundary; *error says what
// ends them early.
static uint32_t contiguous(struct vmm *v, const struct vmm_frame *f, uint32_t *physical, uint32_t *error)
{
    uint32_t linear = f->a[0], done = 0, at;
    *error = KIT_DMA_Lock_Failed;
    if (!x86_translate(vmm_cpu(v), linear, physical))
        return 0;
    while (done < f->a[1]) {
        uint32_t step = X86_PAGE_SIZE - ((linear + done) & (X86_PAGE_SIZE - 1));
        *error = KIT_DMA_Not_Contiguous;
        if (!x86_translate(vmm_cpu(v), linear + done, &at) || at != *physical + done)
            return done;
        *error = KIT_DMA_Not_Aligned;
        if (done && f->a[2] && at % f->a[2] == 0)
            return done;
        done = step < f->a[1] - done ? done + step : f->a[1];
    }
    *error = 0;
    return done;
}

static void lock_failed(struct vmm *v, uint32_t error, uint32_t bytes)
{
    uint32_t *r = vmm_regs(v);
    vmm_frame_pop_all(v);
    r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | error;
    r[X86_ECX] = bytes;
    devices_carry(v, true);
}

static void lock_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t physical = 0, pages[3] = {f->a[0] >> 12, pages_of(f->a[0], f->a[1]), 0};
    if (f->step == UNLOCKING) {
        lock_failed(v, f->a[3], f->a[4]);
        return;
    }
    if (!vmm_regs(v)[X86_EAX]) {
        lock_failed(v, KIT_DMA_Lock_Failed, 0);
        return;
    }
    f->a[4] = contiguous(v, f, &physical, &f->a[3]);
    if (f->a[3]) {
        f->step = UNLOCKING;
        devices_call_c_begin(v, KIT__LinPageUnLock, 3, pages);
        return;
    }
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EDX] = physical;
    devices_carry(v, false);
}

static const struct vmm_frame_kind lock_kind = {"locking a DMA region", lock_resume, NULL};

void vdmad_lock_dma_region_begin(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t alignment = r[X86_EDX] & 0xFF, linear = r[X86_ESI], bytes = r[X86_ECX];
    struct vmm_frame *f = vmm_frame_push(v, vdmad_state(v)->lock_kind);
    if (!f)
        return;
    f->a[0] = linear;
    f->a[1] = bytes;
    f->a[2] = alignment == 1 ? 0x10000 : alignment == 2 ? 0x20000 : 0;
    f->step = LOCKING;
    devices_call_c_begin(v, KIT__LinPageLock, 3, (const uint32_t[]){linear >> 12, pages_of(linear, bytes), 0});
}

static void unlock_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    bool failed = vmm_regs(v)[X86_EAX] == 0;
    vmm_frame_pop_all(v);
    devices_carry(v, failed);
}

static const struct vmm_frame_kind unlock_kind = {"unlocking a DMA region", unlock_resume, NULL};

void vdmad_unlock_dma_region_begin(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t linear = r[X86_ESI], bytes = r[X86_ECX];
    if (vmm_frame_push(v, vdmad_state(v)->unlock_kind))
        devices_call_c_begin(v, KIT__LinPageUnLock, 3, (const uint32_t[]){linear >> 12, pages_of(linear, bytes), 0});
}

// ---------------------------------------------------------------------------------------------------------------------
// Scattered regions. Frame: a[0] linear, a[1] bytes, a[2] DDS, a[3] flags, a[4] bytes that are described, a[5] entries
// written, a[6] entries needed, a[7] page at which the work is.

enum { TABLE = 1, SKIP_ABSENT = 2, V86_END = 0x110000, ENTRY = 8 };

static const char scatter_page[] = "VDAG31 VDMAD_Scatter_Lock";

// Reads the request; V86 memory is meant of the VM in EBX. False: a page fault was noted, or no VM.
static bool read_request(struct vmm *v, uint32_t *linear, uint32_t *bytes, uint32_t *entries)
{
    const uint32_t *r = vmm_regs(v);
    uint16_t available;
    if (!devices_vm_or_report(v, r[X86_EBX], scatter_page)) {
        devices_carry(v, true);
        return false;
    }
    if (!vmm_get32(v, r[X86_EDI] + KIT_DDS_linear, linear) || !vmm_get32(v, r[X86_EDI] + KIT_DDS_size, bytes) ||
        !vmm_get16(v, r[X86_EDI] + KIT_DDS_avail, &available))
        return false;
    *entries = available;
    if (*linear < V86_END)
        *linear += vmm_peek32(v, r[X86_EBX] + KIT_CB_High_Linear);
    return true;
}

// Bytes from linear + done on that are physically contiguous; 0 = the first of them is not mapped.
static uint32_t run_at(struct vmm *v, const struct vmm_frame *f, uint32_t done, uint32_t *physical)
{
    uint32_t n = 0, at;
    if (!x86_translate(vmm_cpu(v), f->a[0] + done, physical))
        return 0;
    while (done + n < f->a[1]) {
        uint32_t step = X86_PAGE_SIZE - ((f->a[0] + done + n) & (X86_PAGE_SIZE - 1));
        if (!x86_translate(vmm_cpu(v), f->a[0] + done + n, &at) || at != *physical + n)
            break;
        n += step < f->a[1] - done - n ? step : f->a[1] - done - n;
    }
    return n;
}

// Fills the list of regions as far as there is room. False: not mapped, or a page fault was noted (*fault).
static bool describe_regions(struct vmm *v, struct vmm_frame *f, uint32_t room, bool *fault)
{
    uint32_t done = 0, physical;
    for (f->a[5] = f->a[6] = 0; done < f->a[1]; f->a[6]++) {
        uint32_t n = run_at(v, f, done, &physical), entry = f->a[2] + KIT_SIZE_Extended_DDS_Struc + ENTRY * f->a[6];
        if (!n)
            return false;
        if (f->a[6] < room) {
            if (!vmm_put32(v, entry, physical) || !vmm_put32(v, entry + 4, n)) {
                *fault = true;
                return false;
            }
            f->a[5]++;
            f->a[4] = done + n;
        }
        done += n;
    }
    return true;
}

// The page-table entries; those of pages that are not there are 0. False as above.
static bool describe_pages(struct vmm *v, struct vmm_frame *f, uint32_t room, bool *fault)
{
    enum { PRESENT_WRITEABLE_USER = 7 };
    uint32_t first = f->a[0] & ~(uint32_t)(X86_PAGE_SIZE - 1);
    f->a[6] = pages_of(f->a[0], f->a[1]);
    f->a[5] = f->a[6] < room ? f->a[6] : room;
    for (uint32_t i = 0; i < f->a[5]; i++) {
        uint32_t physical, entry = 0;
        if (x86_translate(vmm_cpu(v), first + i * X86_PAGE_SIZE, &physical))
            entry = physical | PRESENT_WRITEABLE_USER;
        else if (!(f->a[3] & SKIP_ABSENT))
            return false;
        if (!vmm_put32(v, f->a[2] + KIT_SIZE_Extended_DDS_Struc + 4 * i, entry)) {
            *fault = true;
            return false;
        }
    }
    uint32_t covered = f->a[5] * X86_PAGE_SIZE - (f->a[5] ? f->a[0] & (X86_PAGE_SIZE - 1) : 0);
    f->a[4] = covered < f->a[1] ? covered : f->a[1];
    return true;
}

static void scatter_over(struct vmm *v, const struct vmm_frame *f, bool failed)
{
    uint32_t needed = f->a[6], offset = f->a[0] & (X86_PAGE_SIZE - 1), whole = f->a[4] == f->a[1];
    bool table = f->a[3] & TABLE, unlocking = f->step == UNLOCKING;
    if (!failed && !unlocking && (!vmm_put32(v, f->a[2] + KIT_DDS_size, f->a[4]) || !vmm_probe(v, f->a[2], 16, true)))
        return;
    if (!failed && !unlocking)
        vmm_poke16(v, f->a[2] + KIT_DDS_used, (uint16_t)f->a[5]);
    vmm_frame_pop_all(v);
    devices_carry(v, failed);
    if (failed || unlocking)
        return;
    vmm_regs(v)[X86_EDX] = needed;
    if (table)
        vmm_regs(v)[X86_ESI] = offset;
    vmm_set_flag(v, X86_ZF, whole);
}

// Pages that were not there when the table was made are neither locked nor unlocked.
static bool skipped(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t entry;
    if ((f->a[3] & (TABLE | SKIP_ABSENT)) != (TABLE | SKIP_ABSENT))
        return false;
    return !vmm_get32(v, f->a[2] + KIT_SIZE_Extended_DDS_Struc + 4 * f->a[7], &entry) || !(entry & 1);
}

static void scatter_next_begin(struct vmm *v, struct vmm_frame *f)
{
    bool pagewise = (f->a[3] & (TABLE | SKIP_ABSENT)) == (TABLE | SKIP_ABSENT);
    uint32_t all = pages_of(f->a[0], f->a[4]), pages = pagewise ? 1 : all;
    while (f->a[7] < all && skipped(v, f))
        f->a[7]++;
    if (f->a[7] >= all) {
        scatter_over(v, f, false);
        return;
    }
    const uint32_t args[3] = {(f->a[0] >> 12) + f->a[7], pages, 0};
    f->a[7] += pages;
    devices_call_c_begin(v, f->step == UNLOCKING ? KIT__LinPageUnLock : KIT__LinPageLock, 3, args);
}

static void scatter_resume(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_regs(v)[X86_EAX])
        scatter_next_begin(v, f);
    else
        scatter_over(v, f, true);
}

static const struct vmm_frame_kind scatter_kind = {"locking a scattered DMA region", scatter_resume, NULL};

static struct vmm_frame *scatter_push(struct vmm *v, uint32_t linear, uint32_t bytes)
{
    struct vmm_frame *f = vmm_frame_push(v, vdmad_state(v)->scatter_kind);
    if (!f)
        return NULL;
    f->a[0] = linear;
    f->a[1] = f->a[4] = bytes;
    f->a[2] = vmm_regs(v)[X86_EDI];
    f->a[3] = vmm_regs(v)[X86_EAX] & 0xFF;
    f->a[5] = f->a[6] = f->a[7] = 0;
    return f;
}

void vdmad_scatter_lock_begin(struct vmm *v)
{
    uint32_t linear, bytes, room;
    bool fault = false;
    if (!read_request(v, &linear, &bytes, &room))
        return;
    struct vmm_frame *f = scatter_push(v, linear, bytes);
    if (!f)
        return;
    f->step = LOCKING;
    f->a[4] = 0;
    bool ok = f->a[3] & TABLE ? describe_pages(v, f, room, &fault) : describe_regions(v, f, room, &fault);
    if (fault)
        return;
    if (!ok || !f->a[4])
        scatter_over(v, f, true);
    else
        scatter_next_begin(v, f);
}

// What is unlocked is what the descriptor says was locked.
void vdmad_scatter_unlock_begin(struct vmm *v)
{
    uint32_t linear, bytes, room;
    if (!read_request(v, &linear, &bytes, &room))
        return;
    struct vmm_frame *f = scatter_push(v, linear, bytes);
    if (!f)
        return;
    f->step = UNLOCKING;
    scatter_next_begin(v, f);
}

void vdmad_lock_create(struct vmm *v)
{
    struct vdmad *s = vdmad_state(v);
    s->lock_kind = vmm_frame_kind_add(v, &lock_kind);
    s->unlock_kind = vmm_frame_kind_add(v, &unlock_kind);
    s->scatter_kind = vmm_frame_kind_add(v, &scatter_kind);
}
