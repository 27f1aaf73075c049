// The virtual DMA services for V86 programs, INT 4Bh (RBIL tables 03217-03225; VDAG31 VDMAD_Disable_Translation):
// drivers of bus masters ask where their memory lies. VDMAD's services do the work; errors have the same numbers.
// Protected-mode programs do not reach it.
#include "devices/vdmad.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum { VECTOR = 0x4B, AH_VDS = 0x81 };
enum { V86_END = 0x110000, FIRST = 2, VDS_VERSION = 0x0100, PRODUCT_WINDOWS = 3 };
enum { // errors beside those of VDMAD's services
    BAD_REGION = 7,
    NOT_LOCKED = 8,
    TABLE_TOO_SHORT = 9,
    BAD_CHANNEL = 0x0C,
    DISABLED_TOO_OFTEN = 0x0D,
    NOT_DISABLED = 0x0E,
    RESERVED_FLAGS = 0x10,
};
enum {
    COPY = 0x02,
    NO_BUFFER = 0x04,
    NO_REMAP = 0x08,
    IN_64K = 0x10,
    IN_128K = 0x20,
    ENTRIES = 0x40,
    PRESENT_ONLY = 0x80
}; // of DX
enum { DDS_SIZE = 0, DDS_OFFSET = 4, DDS_SEGMENT = 8, DDS_ID = 10, DDS_PHYSICAL = 12, DDS_BYTES = 16, ID_NONE = 0 };

// What the program asked for. `at`: the descriptor's linear address.
struct request {
    uint32_t crs, vm, at, flags;
    uint32_t size, offset, region, id; // of the descriptor; region: linear
};

// ---------------------------------------------------------------------------------------------------------------------
// The program's registers

static uint16_t client(struct vmm *v, const struct request *q, uint32_t field)
{
    return vmm_peek16(v, q->crs + field);
}

static void answer(struct vmm *v, const struct request *q, uint32_t error)
{
    uint16_t ax = client(v, q, KIT_Client_EAX);
    devices_api_carry(v, q->crs, error != 0);
    if (error)
        vmm_poke16(v, q->crs + KIT_Client_EAX, (uint16_t)((ax & 0xFF00) | error));
}

static uint32_t high(struct vmm *v, const struct request *q, uint32_t linear)
{
    return linear < V86_END ? linear + vmm_peek32(v, q->vm + KIT_CB_High_Linear) : linear;
}

// A segment of 0 means that the offset is a linear address. False: a page fault was noted.
static bool read_request(struct vmm *v, uint32_t crs, struct request *q)
{
    uint8_t dds[DDS_BYTES];
    *q = (struct request){.crs = crs, .vm = vmm_current_vm(v)};
    q->flags = client(v, q, KIT_Client_EDX);
    q->at = high(v, q, client(v, q, KIT_Client_ES) * 16u + client(v, q, KIT_Client_EDI));
    if (!vmm_get(v, q->at, dds, sizeof dds))
        return false;
    q->size = base_get32(dds + DDS_SIZE);
    q->offset = base_get32(dds + DDS_OFFSET);
    q->region = high(v, q, base_get16(dds + DDS_SEGMENT) * 16u + q->offset);
    q->id = base_get16(dds + DDS_ID);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The buffer. It belongs to the VM that took it.

static bool own_buffer(struct vmm *v, const struct request *q)
{
    const struct vdmad *s = vdmad_state(v);
    return q->id == VDMAD_BUFFER_ID && s->taken && s->vds_vm == q->vm;
}

// Between the region and the buffer. The error, 0 = none; a page fault that was noted lets all of it be done again.
static uint32_t copy(struct vmm *v, const struct request *q, uint32_t offset, bool in)
{
    const struct vdmad *s = vdmad_state(v);
    if (offset > s->buffer_bytes || q->size > s->buffer_bytes - offset)
        return KIT_DMA_Copy_Out_Range;
    bool done = in ? devices_copy(v, s->buffer + offset, q->region, q->size)
                   : devices_copy(v, q->region, s->buffer + offset, q->size);
    (void)done;
    return 0;
}

static uint32_t take_buffer(struct vmm *v, const struct request *q)
{
    struct vdmad *s = vdmad_state(v);
    uint8_t bytes[DDS_BYTES - DDS_ID];
    uint32_t error = KIT_DMA_Lock_Failed;
    if (!vmm_probe(v, q->at, DDS_BYTES, true) || !vdmad_take_buffer(v, q->region, q->size, &error))
        return error;
    s->vds_vm = q->vm;
    if (q->flags & COPY)
        error = copy(v, q, 0, true); // as large as the region at most: there is room
    base_put16(bytes, VDMAD_BUFFER_ID);
    base_put32(bytes + DDS_PHYSICAL - DDS_ID, s->buffer_physical);
    return vmm_put(v, q->at + DDS_ID, bytes, sizeof bytes) ? error : KIT_DMA_Lock_Failed;
}

static uint32_t release_buffer(struct vmm *v, const struct request *q)
{
    if (!own_buffer(v, q))
        return KIT_DMA_Invalid_Buffer;
    uint32_t error = q->flags & COPY ? copy(v, q, 0, false) : 0;
    if (!error)
        vdmad_state(v)->taken = 0;
    return error;
}

static void buffer_requested(struct vmm *v, const struct request *q)
{
    uint32_t error = take_buffer(v, q);
    if (!error && !vmm_put32(v, q->at + DDS_SIZE, vdmad_state(v)->buffer_bytes))
        return;
    answer(v, q, error);
}

static void buffer_released(struct vmm *v, const struct request *q)
{
    answer(v, q, release_buffer(v, q));
}

static void copied(struct vmm *v, const struct request *q)
{
    uint32_t offset = (uint32_t)client(v, q, KIT_Client_EBX) << 16 | client(v, q, KIT_Client_ECX);
    bool in = (client(v, q, KIT_Client_EAX) & 0xFF) == 9;
    answer(v, q, own_buffer(v, q) ? copy(v, q, offset, in) : KIT_DMA_Invalid_Buffer);
}

// ---------------------------------------------------------------------------------------------------------------------
// Regions. Frame: a[0] client registers, a[1] offset in the descriptor, a[2] flags of the services, a[3] descriptor,
// a[4] VM. The request is read again when the service is back.

enum { LOCKING, UNLOCKING, SCATTERING, GATHERING, GIVING_UP };

static void scatter_call_begin(struct vmm *v, struct vmm_frame *f, unsigned step, uint16_t ordinal)
{
    uint32_t *r = vmm_regs(v);
    f->step = (uint16_t)step;
    r[X86_EAX] = f->a[2];
    r[X86_EBX] = f->a[4];
    r[X86_EDI] = f->a[3];
    vmm_frame_call_begin(v, vmm_service_address(v, vdmad_device.id, ordinal));
}

static struct vmm_frame *push(struct vmm *v, const struct request *q)
{
    struct vmm_frame *f = vmm_frame_push(v, vdmad_state(v)->vds_kind);
    if (!f)
        return NULL;
    f->a[0] = q->crs;
    f->a[1] = q->offset;
    f->a[2] = (q->flags & ENTRIES ? 1u : 0) | (q->flags & PRESENT_ONLY ? 2u : 0);
    f->a[3] = q->at;
    f->a[4] = q->vm;
    return f;
}

static void region_call_begin(struct vmm *v, const struct request *q, unsigned step, uint16_t ordinal)
{
    struct vmm_frame *f = push(v, q);
    uint32_t *r = vmm_regs(v);
    if (!f)
        return;
    f->step = (uint16_t)step;
    r[X86_ECX] = q->size;
    r[X86_EDX] = q->flags & IN_64K ? 1u : q->flags & IN_128K ? 2u : 0;
    r[X86_ESI] = q->region;
    vmm_frame_call_begin(v, vmm_service_address(v, vdmad_device.id, ordinal));
}

static void lock_begin(struct vmm *v, const struct request *q)
{
    if (vmm_probe(v, q->at, DDS_BYTES, true))
        region_call_begin(v, q, LOCKING, KIT_VDMAD_Lock_DMA_Region);
}

static void unlock_begin(struct vmm *v, const struct request *q)
{
    if (q->id != ID_NONE)
        buffer_released(v, q);
    else
        region_call_begin(v, q, UNLOCKING, KIT_VDMAD_Unlock_DMA_Region);
}

// VDMAD's descriptor has a linear address where the program's has an offset.
static void scatter_begin(struct vmm *v, const struct request *q)
{
    bool locks = (client(v, q, KIT_Client_EAX) & 0xFF) == 5;
    struct vmm_frame *f = vmm_put32(v, q->at + DDS_OFFSET, q->region) ? push(v, q) : NULL;
    if (f && locks)
        scatter_call_begin(v, f, SCATTERING, KIT_VDMAD_Scatter_Lock);
    else if (f)
        scatter_call_begin(v, f, GATHERING, KIT_VDMAD_Scatter_Unlock);
}

// In one piece, else through the buffer if there may be one. Registers as VDMAD_Lock_DMA_Region returned them.
static uint32_t locked(struct vmm *v, const struct request *q, const uint32_t results[8], bool failed)
{
    uint8_t found[DDS_BYTES - DDS_ID] = {0};
    if (!failed) {
        base_put32(found + DDS_PHYSICAL - DDS_ID, results[X86_EDX]);
        return vmm_put(v, q->at + DDS_ID, found, sizeof found) ? 0 : KIT_DMA_Lock_Failed;
    }
    uint32_t error = q->flags & NO_BUFFER ? results[X86_EAX] & 0xFF : take_buffer(v, q);
    if (error && !vmm_put32(v, q->at + DDS_SIZE, results[X86_ECX]))
        return KIT_DMA_Lock_Failed;
    return error;
}

static uint32_t result_of(struct vmm *v, const struct request *q, unsigned step, const uint32_t results[8], bool failed)
{
    switch (step) {
    case LOCKING:
        return locked(v, q, results, failed);
    case SCATTERING:
        if (!failed && q->flags & ENTRIES)
            vmm_poke16(v, q->crs + KIT_Client_EBX, (uint16_t)(results[X86_ESI] & 0xFFF));
        return failed ? KIT_DMA_Lock_Failed : 0;
    case GIVING_UP:
        return TABLE_TOO_SHORT;
    default:
        return failed ? NOT_LOCKED : 0;
    }
}

static void vds_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t results[8], crs = f->a[0], offset = f->a[1], at = f->a[3];
    unsigned step = f->step;
    bool failed = vmm_flag(v, X86_CF);
    struct request q;
    if (step == SCATTERING && !failed && !vmm_flag(v, X86_ZF)) { // all or nothing
        scatter_call_begin(v, f, GIVING_UP, KIT_VDMAD_Scatter_Unlock);
        return;
    }
    memcpy(results, vmm_regs(v), sizeof results);
    vmm_frame_pop_all(v);
    if (step >= SCATTERING && !vmm_put32(v, at + DDS_OFFSET, offset))
        return;
    if (read_request(v, crs, &q))
        answer(v, &q, result_of(v, &q, step, results, failed));
}

static const struct vmm_frame_kind vds_kind = {"INT 4Bh, virtual DMA services", vds_resume, NULL};

// ---------------------------------------------------------------------------------------------------------------------
// The rest, and the interrupt

static void version(struct vmm *v, const struct request *q)
{
    uint32_t bytes = vdmad_state(v)->buffer_bytes;
    vmm_poke16(v, q->crs + KIT_Client_EAX, VDS_VERSION);
    vmm_poke16(v, q->crs + KIT_Client_EBX, PRODUCT_WINDOWS);
    vmm_poke16(v, q->crs + KIT_Client_ECX, 0);
    vmm_poke16(v, q->crs + KIT_Client_EDX, 0);
    vmm_poke16(v, q->crs + KIT_Client_ESI, (uint16_t)(bytes >> 16));
    vmm_poke16(v, q->crs + KIT_Client_EDI, (uint16_t)bytes);
    answer(v, q, 0);
}

static void translation(struct vmm *v, const struct request *q)
{
    uint32_t n = client(v, q, KIT_Client_EBX), flags = vmm_peek32(v, q->crs + KIT_Client_EFlags);
    bool enable = (client(v, q, KIT_Client_EAX) & 0xFF) == 0x0C;
    if (n >= VDMAD_CHANNELS || n == VDMAD_CASCADE) {
        answer(v, q, BAD_CHANNEL);
        return;
    }
    uint32_t disabled = vdmad_disable_count(v, q->vm, n, 0);
    if (enable ? disabled == 0 : disabled == UINT16_MAX) {
        answer(v, q, enable ? NOT_DISABLED : DISABLED_TOO_OFTEN);
        return;
    }
    disabled = vdmad_disable_count(v, q->vm, n, enable ? -1 : 1);
    if (enable)
        vmm_poke32(v, q->crs + KIT_Client_EFlags, disabled ? flags & ~(uint32_t)X86_ZF : flags | X86_ZF);
    answer(v, q, 0);
}

// A V86 program's memory ends there: what lies above is not reached on its behalf.
static bool good_region(struct vmm *v, const struct request *q)
{
    uint32_t first = q->region - vmm_peek32(v, q->vm + KIT_CB_High_Linear);
    return first < V86_END && q->size <= V86_END - first;
}

static const struct {
    void (*begin)(struct vmm *v, const struct request *q);
    uint16_t flags; // that may be set in DX
    uint8_t region; // has one
} functions[] = {
    {version, 0, 0},
    {lock_begin, COPY | NO_BUFFER | NO_REMAP | IN_64K | IN_128K, 1},
    {unlock_begin, COPY, 1},
    {scatter_begin, ENTRIES | PRESENT_ONLY, 1},
    {scatter_begin, ENTRIES | PRESENT_ONLY, 1},
    {buffer_requested, COPY, 0},
    {buffer_released, COPY, 0},
    {copied, 0, 1},
    {copied, 0, 1},
    {translation, 0, 0},
    {translation, 0, 0},
};

// The hook of INT 4Bh: EBP = client registers. CF = 1: not for VDS.
static void int4b_begin(void *user, struct vmm *v)
{
    struct request q;
    uint32_t crs = vmm_regs(v)[X86_EBP], ax = vmm_peek16(v, crs + KIT_Client_EAX), n = (ax & 0xFF) - FIRST;
    (void)user;
    bool ours = ax >> 8 == AH_VDS && n < BASE_COUNT(functions);
    devices_carry(v, !ours);
    if (!ours || !read_request(v, crs, &q))
        return;
    if (q.flags & ~(uint32_t)functions[n].flags)
        answer(v, &q, RESERVED_FLAGS);
    else if ((functions[n].region || q.flags & COPY) && !good_region(v, &q))
        answer(v, &q, BAD_REGION);
    else
        functions[n].begin(v, &q);
}

void vdmad_vds_vm_destroyed(struct vmm *v, uint32_t vm)
{
    struct vdmad *s = vdmad_state(v);
    if (s->taken && s->vds_vm == vm)
        s->taken = 0;
    if (s->vds_vm == vm)
        s->vds_vm = 0;
}

void vdmad_vds_hook_begin(struct vmm *v)
{
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = VECTOR;
    vmm_regs(v)[X86_ESI] = vdmad_state(v)->vds_proc;
    devices_aside_begin(v, KIT_Hook_V86_Int_Chain);
}

bool vdmad_vds_create(struct vmm *v)
{
    struct vdmad *s = vdmad_state(v);
    s->vds_kind = vmm_frame_kind_add(v, &vds_kind);
    s->vds_proc = vmm_host_proc(v, int4b_begin, NULL);
    return s->vds_proc != 0;
}
