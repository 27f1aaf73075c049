// The translation buffer: room in a VM's first megabyte for what a protected-mode program passes to a V86 API. Buffers
// are taken and given back as a stack. The memory behind it is taken when somebody first asks for it.
#include "devices/v86mmgr.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

enum { NO_OFFSET = 0xFF, EXPAND_DOWN = 0x0C, EXPAND_DOWN_DATA = 0x04, BIG = 0x4000 };

static uint32_t area_of(struct vmm *v, uint32_t vm)
{
    return vm + v86mmgr_state(v)->area;
}

void v86mmgr_vm_created(struct vmm *v, uint32_t vm)
{
    const struct v86mmgr *s = v86mmgr_state(v);
    uint32_t at = area_of(v, vm), size = (uint32_t)s->buffer_pages * X86_PAGE_SIZE;
    vmm_poke32(v, at + V86MMGR_MEMORY, 0);
    vmm_poke32(v, at + V86MMGR_SEGMENT, (uint32_t)s->first_page << 8);
    vmm_poke32(v, at + V86MMGR_FREE, size);
    vmm_poke32(v, at + V86MMGR_SIZE, size);
}

void v86mmgr_vm_destroyed_begin(struct vmm *v, uint32_t vm)
{
    uint32_t memory = vmm_peek32(v, area_of(v, vm) + V86MMGR_MEMORY);
    if (!memory || !devices_aside_push(v))
        return;
    vmm_poke32(v, area_of(v, vm) + V86MMGR_MEMORY, 0);
    devices_call_c_begin(v, KIT__PageFree, 2, (const uint32_t[]){memory, 0});
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory behind the buffer of a VM. Frame: a[0] VM, a[1] what to do then, a[2] the caller's FS, a[3] memory.

enum { ALLOCATING, MAPPING };
enum { TAKE, TELL, RUN_SCRIPT };

static void take(struct vmm *v, uint32_t vm);
static void tell(struct vmm *v, uint32_t vm);

static void then(struct vmm *v, uint32_t vm, uint32_t what)
{
    if (what == TAKE)
        take(v, vm);
    else if (what == TELL)
        tell(v, vm);
    else
        v86mmgr_run_script_begin(v, vm);
}

static void load_fs(struct vmm *v, uint16_t selector)
{
    if (!x86_load_segment(vmm_cpu(v), X86_FS, selector, NULL))
        vmm_stop(v, VMM_END_FAULT, "the selector %04X in FS cannot be loaded any more", selector);
}

static void memory_over(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t vm = f->a[0], what = f->a[1];
    uint16_t fs = (uint16_t)f->a[2];
    vmm_frame_pop_all(v);
    load_fs(v, fs);
    then(v, vm, what);
}

static void memory_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t eax = vmm_regs(v)[X86_EAX], vm = f->a[0];
    const struct v86mmgr *s = v86mmgr_state(v);
    if (f->step == ALLOCATING && eax) {
        f->a[3] = eax;
        f->step = MAPPING;
        const uint32_t args[6] = {eax, vm, s->first_page, s->buffer_pages, 0, 0};
        devices_call_c_begin(v, KIT__MapIntoV86, 6, args);
        return;
    }
    if (eax) {
        vmm_poke32(v, area_of(v, vm) + V86MMGR_MEMORY, f->a[3]);
    } else { // no memory: Allocate_Buffer fails in this VM
        vmm_poke32(v, area_of(v, vm) + V86MMGR_FREE, 0);
        vmm_poke32(v, area_of(v, vm) + V86MMGR_SIZE, 0);
    }
    memory_over(v, f);
}

static const struct vmm_frame_kind buffer_kind = {"memory for a translation buffer", memory_resume, NULL};

// The VMM is called with the flat data selector in FS; the caller's comes back afterwards.
static void with_memory_begin(struct vmm *v, uint32_t vm, uint32_t what)
{
    const struct v86mmgr *s = v86mmgr_state(v);
    if (!s->ready || !s->buffer_pages || vmm_peek32(v, area_of(v, vm) + V86MMGR_MEMORY)) {
        then(v, vm, what);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, s->buffer_kind);
    if (!f)
        return;
    f->step = ALLOCATING;
    f->a[0] = vm;
    f->a[1] = what;
    f->a[2] = vmm_cpu(v)->state.seg[X86_FS].selector;
    load_fs(v, vmm_cpu(v)->state.seg[X86_DS].selector);
    const uint32_t args[8] = {s->buffer_pages, KIT_PG_VM, vm, 0, 0, 0, 0, KIT_PAGEZEROINIT};
    devices_call_c_begin(v, KIT__PageAllocate, 8, args);
}

// ---------------------------------------------------------------------------------------------------------------------
// Taking and giving back

// FS:ESI of the caller, and the bytes that FS has from there on.
static uint32_t source(struct vmm *v, uint32_t *room)
{
    const struct x86_segment *fs = &vmm_cpu(v)->state.seg[X86_FS];
    uint32_t offset = vmm_regs(v)[X86_ESI], last = fs->limit;
    bool outside = offset > fs->limit;
    if ((fs->access & EXPAND_DOWN) == EXPAND_DOWN_DATA) {
        last = fs->access & BIG ? UINT32_MAX : 0xFFFF;
        outside = offset <= fs->limit || offset > last;
    }
    *room = outside || !fs->access ? 0 : last - offset == UINT32_MAX ? UINT32_MAX : last - offset + 1;
    return fs->base + offset;
}

// EBX has to be the current VM.
static bool caller_valid(struct vmm *v, const char *service)
{
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!devices_vm_or_report(v, vm, "VDAG31 Virtual_V86_Mode_Memory_Manager"))
        return false;
    if (vm == vmm_current_vm(v))
        return true;
    vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 Virtual_V86_Mode_Memory_Manager",
               "%s: %08X is not the current virtual machine", service, vm);
    return false;
}

// Linear address, good whichever VM is current, of a place in the VM's buffer.
static uint32_t place(struct vmm *v, uint32_t vm, uint32_t offset)
{
    uint32_t segment = vmm_peek32(v, area_of(v, vm) + V86MMGR_SEGMENT) & 0xFFFF;
    return vmm_peek32(v, vm + KIT_CB_High_Linear) + segment * 16 + offset;
}

// Everything was probed; CF says whether to copy.
static void take(struct vmm *v, uint32_t vm)
{
    uint32_t *r = vmm_regs(v), at = area_of(v, vm), room, from = source(v, &room);
    uint32_t bytes = r[X86_ECX] < room ? r[X86_ECX] : room, available = vmm_peek32(v, at + V86MMGR_FREE);
    bool copy = vmm_flag(v, X86_CF);
    devices_carry(v, true);
    if (bytes > available || (r[X86_ECX] && !bytes))
        return;
    uint32_t offset = vmm_peek32(v, at + V86MMGR_SIZE) - available;
    if (copy && !devices_copy(v, place(v, vm, offset), from, bytes))
        return;
    vmm_poke32(v, at + V86MMGR_FREE, available - bytes);
    r[X86_EDI] = vmm_peek32(v, at + V86MMGR_SEGMENT) << 16 | offset;
    r[X86_ECX] = bytes;
    devices_carry(v, false);
}

void v86mmgr_allocate_buffer_begin(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), room, from = source(v, &room), most = room < 0x10000 ? room : 0x10000;
    if (!caller_valid(v, "V86MMGR_Allocate_Buffer") || !v86mmgr_state(v)->ready) {
        devices_carry(v, true);
        return;
    }
    if (vmm_flag(v, X86_CF) && !vmm_probe(v, from, r[X86_ECX] < most ? r[X86_ECX] : most, false))
        return;
    with_memory_begin(v, r[X86_EBX], TAKE);
}

// EBX = the current VM, EBP = its client registers, EDX = script.
void v86mmgr_xlat_api_begin(struct vmm *v)
{
    if (caller_valid(v, "V86MMGR_Xlat_API") && v86mmgr_state(v)->ready)
        with_memory_begin(v, vmm_regs(v)[X86_EBX], RUN_SCRIPT);
    else
        devices_carry(v, true);
}

// ECX = bytes of the buffer allocated last, CF: copied back first.
void v86mmgr_free_buffer(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = r[X86_EBX], bytes = r[X86_ECX], room, to = source(v, &room);
    if (!caller_valid(v, "V86MMGR_Free_Buffer"))
        return;
    uint32_t at = area_of(v, vm), available = vmm_peek32(v, at + V86MMGR_FREE),
             used = vmm_peek32(v, at + V86MMGR_SIZE) - available;
    if (bytes > used) {
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 V86MMGR_Free_Buffer",
                   "V86MMGR_Free_Buffer: %u bytes, but only %u are allocated", bytes, used);
        return;
    }
    if (vmm_flag(v, X86_CF) && (!vmm_probe(v, to, bytes < room ? bytes : room, true) ||
                                !devices_copy(v, to, place(v, vm, used - bytes), bytes < room ? bytes : room)))
        return;
    vmm_poke32(v, at + V86MMGR_FREE, available + bytes);
}

// ---------------------------------------------------------------------------------------------------------------------
// The client's pointers

static bool fields_valid(uint32_t segment, uint32_t offset)
{
    return segment <= KIT_SIZE_Client_Reg_Struc - 2 && (offset == NO_OFFSET || offset <= KIT_SIZE_Client_Reg_Struc - 4);
}

// FS:ESI = a pointer in the client registers: AH = field of the segment, AL = field of the offset.
void v86mmgr_load_client_ptr(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), segment = r[X86_EAX] >> 8 & 0xFF, offset = r[X86_EAX] & 0xFF, crs = r[X86_EBP];
    uint16_t selector, word = 0;
    if (!devices_vm_or_report(v, r[X86_EBX], "VDAG31 V86MMGR_Load_Client_Ptr"))
        return;
    if (!fields_valid(segment, offset)) {
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 V86MMGR_Load_Client_Ptr",
                   "V86MMGR_Load_Client_Ptr: fields %02Xh and %02Xh", segment, offset);
        return;
    }
    bool wide = vmm_peek32(v, r[X86_EBX] + KIT_CB_VM_Status) & KIT_VMStat_Use32Mask;
    uint32_t value = 0;
    if (!vmm_get16(v, crs + segment, &selector) || (offset != NO_OFFSET && !vmm_get16(v, crs + offset, &word)) ||
        (wide && offset != NO_OFFSET && !vmm_get32(v, crs + offset, &value)))
        return;
    if (!x86_load_segment(vmm_cpu(v), X86_FS, selector, NULL)) {
        vmm_report(v, "client-pointer", vmm_cpu(v)->state.eip, "VDAG31 V86MMGR_Load_Client_Ptr",
                   "the client's segment register holds %04Xh, which is no selector of its memory", selector);
        return;
    }
    r[X86_ESI] = wide ? value : word;
}

// ---------------------------------------------------------------------------------------------------------------------
// State of the buffer

static void tell(struct vmm *v, uint32_t vm)
{
    uint32_t *r = vmm_regs(v), at = area_of(v, vm);
    r[X86_EAX] = vmm_peek32(v, at + V86MMGR_SEGMENT);
    r[X86_ECX] = vmm_peek32(v, at + V86MMGR_FREE);
    r[X86_EDX] = vmm_peek32(v, at + V86MMGR_SIZE);
}

void v86mmgr_get_xlat_buff_state_begin(struct vmm *v)
{
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (devices_vm_or_report(v, vm, "VDAG31 V86MMGR_Get_Xlat_Buff_State"))
        with_memory_begin(v, vm, TELL);
}

void v86mmgr_set_xlat_buff_state(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    if (!devices_vm_or_report(v, r[X86_EBX], "VDAG31 V86MMGR_Set_Xlat_Buff_State"))
        return;
    if (r[X86_EAX] > 0xFFFF || r[X86_EDX] > 0x10000 || r[X86_ECX] > r[X86_EDX]) {
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 V86MMGR_Set_Xlat_Buff_State",
                   "segment %Xh, %Xh of %Xh bytes free", r[X86_EAX], r[X86_ECX], r[X86_EDX]);
        return;
    }
    uint32_t at = area_of(v, r[X86_EBX]);
    vmm_poke32(v, at + V86MMGR_SEGMENT, r[X86_EAX]);
    vmm_poke32(v, at + V86MMGR_FREE, r[X86_ECX]);
    vmm_poke32(v, at + V86MMGR_SIZE, r[X86_EDX]);
}

void v86mmgr_buffer_create(struct vmm *v)
{
    v86mmgr_state(v)->buffer_kind = vmm_frame_kind_add(v, &buffer_kind);
}
