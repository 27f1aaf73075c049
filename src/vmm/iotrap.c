// What a trapped access becomes: a call of the port's handler, or several when it covers more ports, more bytes or a
// string. Two kinds of frames: ACCESS stands for the client's instruction (or Simulate_VM_IO) and delivers the result,
// SPLIT for an access in parts (Simulate_IO). Win95 DDK S31F9; VDAG31 I_sl_O_Trapping_Services.
#include "vmm/defs.h"
#include "vmm/iomap.h"
#include "vmm/pmode.h"

// a[] of the frames.
enum { GENERAL_PROTECTION = 13 };
enum { A_TYPE, A_PORT, A_DATA, A_DONE, A_COUNT, A_READY, A_REGISTER };

static const uint32_t SIMPLE = KIT_Output | KIT_Word_IO | KIT_Dword_IO; // type bits of an access without a string

struct iotrap_state {
    uint16_t access, split; // frame kinds
};

static struct iotrap_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_iotrap);
}

static uint32_t size_of(uint32_t type)
{
    return type & KIT_Dword_IO ? 4 : type & KIT_Word_IO ? 2 : 1;
}

static uint32_t mask_of(uint32_t size)
{
    return size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
}

// --- one access

static void announce(struct vmm *v, uint16_t port, uint32_t type, uint32_t value, const char *device)
{
    if (!base_sink_heard(&v->sink))
        return;
    struct vmm_io_record r = {.port = port,
                              .size = (uint8_t)size_of(type),
                              .write = type & KIT_Output,
                              .value = value & mask_of(size_of(type)),
                              .device = device};
    vmm_announce(v, &r.head, VMM_RECORD_IO, sizeof r);
}

// Ports that nobody traps are the board's.
static uint32_t real_access(struct vmm *v, uint16_t port, uint32_t type, uint32_t data)
{
    uint32_t size = size_of(type);
    if (type & KIT_Output)
        v->owner.port_out(v->owner.user, port, size, data & mask_of(size));
    else
        data = v->owner.port_in(v->owner.user, port, size);
    announce(v, port, type, data, "");
    return data;
}

static bool others_trapped(struct vmm *v, uint16_t port, uint32_t size)
{
    for (uint32_t i = 1; i < size; i++)
        if (vmm_io_trapped_by(v, (uint16_t)(port + i)))
            return true;
    return false;
}

static void call_handler_begin(struct vmm *v, uint16_t port, uint32_t type, uint32_t data, uint32_t handler)
{
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = data;
    r[X86_EBX] = vmm_current_vm(v);
    r[X86_ECX] = type;
    r[X86_EDX] = port;
    r[X86_EBP] = vmm_client(v);
    vmm_frame_top(v)->contract = VMM_DIRECTION_UP;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    vmm_frame_call_begin(v, handler);
}

static void split_begin(struct vmm *v, uint16_t port, uint32_t type, uint32_t data);

// A simple access on behalf of the top frame. True: done, *result is its data. False: the frame's resume gets the data
// in EAX.
static bool access_begin(struct vmm *v, uint16_t port, uint32_t type, uint32_t data, uint32_t *result)
{
    uint32_t handler = vmm_io_trapped_by(v, port);
    if (!handler && !others_trapped(v, port, size_of(type))) {
        *result = real_access(v, port, type, data);
        return true;
    }
    if (handler) {
        call_handler_begin(v, port, type, data, handler);
    } else { // the first port is nobody's, a later one is somebody's
        vmm_frame_wait(v);
        split_begin(v, port, type, data);
    }
    return false;
}

// --- SPLIT: parts of an access without a string

static uint32_t part_type(uint32_t type)
{
    uint32_t out = type & KIT_Output;
    return size_of(type) == 4 ? out | KIT_Word_IO : out;
}

static void take_part(struct vmm_frame *f, uint32_t result)
{
    uint32_t size = size_of(part_type(f->a[A_TYPE])), shift = 8 * size * f->a[A_DONE]++;
    if (!(f->a[A_TYPE] & KIT_Output))
        f->a[A_DATA] = (f->a[A_DATA] & ~(mask_of(size) << shift)) | (result & mask_of(size)) << shift;
}

// The frame's access is over: its data in EAX, execution where the frame was pushed.
static void finish_split(struct vmm *v)
{
    const struct vmm_frame *f = vmm_frame_top(v);
    uint32_t mask = mask_of(size_of(f->a[A_TYPE])), data = f->a[A_DATA], type = f->a[A_TYPE];
    vmm_frame_pop(v);
    if (!(type & (KIT_Output | KIT_String_IO)))
        vmm_regs(v)[X86_EAX] = (vmm_regs(v)[X86_EAX] & ~mask) | (data & mask);
}

static void run_parts(struct vmm *v)
{
    uint32_t parts = size_of(vmm_frame_top(v)->a[A_TYPE]) > 1 ? 2 : 1;
    for (struct vmm_frame *f; (f = vmm_frame_top(v))->a[A_DONE] < parts;) {
        uint32_t type = part_type(f->a[A_TYPE]), size = size_of(type), i = f->a[A_DONE], result;
        if (!access_begin(v, (uint16_t)(f->a[A_PORT] + i * size), type, f->a[A_DATA] >> 8 * size * i, &result))
            return;
        take_part(vmm_frame_top(v), result);
    }
    finish_split(v);
}

// --- SPLIT: elements of a string

static uint32_t index_register(uint32_t type)
{
    return (type & KIT_Output) ? KIT_Client_ESI : KIT_Client_EDI;
}

static uint32_t client_value(struct vmm *v, uint32_t type, uint32_t offset)
{
    uint32_t value = vmm_peek32(v, vmm_client(v) + offset);
    return type & KIT_Addr_32_IO ? value : value & 0xFFFF;
}

static void set_client_value(struct vmm *v, uint32_t type, uint32_t offset, uint32_t value)
{
    if (type & KIT_Addr_32_IO)
        vmm_poke32(v, vmm_client(v) + offset, value);
    else
        vmm_poke16(v, vmm_client(v) + offset, (uint16_t)value);
}

// Linear address of the element; false: the client could not reach it.
static bool element_address(struct vmm *v, uint32_t type, uint32_t *linear)
{
    uint32_t segment = type >> KIT_IO_Seg_Shift, offset = client_value(v, type, index_register(type));
    *linear = (segment << 4) + offset;
    return vmm_client_v86(v) || vmm_pm_linear(v, segment, offset, size_of(type), !(type & KIT_Output), linear);
}

static bool get_element(struct vmm *v, uint32_t type, uint8_t bytes[4])
{
    uint32_t linear;
    return element_address(v, type, &linear) && vmm_user_get(v, linear, bytes, size_of(type));
}

static bool put_element(struct vmm *v, uint32_t type, const uint8_t bytes[4])
{
    uint32_t linear;
    return element_address(v, type, &linear) && vmm_user_put(v, linear, bytes, size_of(type));
}

// An element was refused. Unless a page fault has been noted the string ends here, with the client's own fault.
static void refused_begin(struct vmm *v)
{
    if (v->call.faulted)
        return;
    finish_split(v);
    vmm_pm_exception_begin(v, GENERAL_PROTECTION, 0);
}

// Stores an input element and moves on. False: the memory was refused, nothing has changed.
static bool take_element(struct vmm *v, uint32_t result)
{
    struct vmm_frame *f = vmm_frame_top(v);
    uint32_t type = f->a[A_TYPE], size = size_of(type), index = client_value(v, type, index_register(type));
    uint8_t bytes[4];
    base_put32(bytes, result);
    if (!(type & KIT_Output) && !put_element(v, type, bytes))
        return false;
    set_client_value(v, type, index_register(type), type & KIT_Reverse_IO ? index - size : index + size);
    if (type & KIT_Rep_IO)
        set_client_value(v, type, KIT_Client_ECX, client_value(v, type, KIT_Client_ECX) - 1);
    f->a[A_COUNT]--;
    f->a[A_READY] = 1;
    return true;
}

enum { ELEMENTS_AT_ONCE = 1024 }; // then the run loop has its say: limits, time, interrupts

static void run_elements(struct vmm *v)
{
    uint32_t done = 0;
    for (struct vmm_frame *f; (f = vmm_frame_top(v))->a[A_COUNT];) {
        uint32_t type = f->a[A_TYPE], result;
        uint8_t bytes[4] = {0};
        if ((type & KIT_Output) && !get_element(v, type, bytes)) {
            refused_begin(v);
            return;
        }
        f->a[A_READY] = 0;
        if (!access_begin(v, (uint16_t)f->a[A_PORT], type & SIMPLE, base_get32(bytes), &result))
            return;
        if (!take_element(v, result)) {
            refused_begin(v);
            return;
        }
        if (++done == ELEMENTS_AT_ONCE) {
            vmm_frame_wait(v);
            return;
        }
    }
    finish_split(v);
}

// A page fault makes the gate run again: a result that was taken already must not be taken twice (A_READY).
static void split_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t result = vmm_regs(v)[X86_EAX];
    if (!(f->a[A_TYPE] & KIT_String_IO)) {
        take_part(f, result);
        run_parts(v);
    } else if (f->a[A_READY] || take_element(v, result)) {
        run_elements(v);
    } else {
        refused_begin(v);
    }
}

static const struct vmm_frame_kind split_frame = {"the I/O handler", split_resume, NULL};

static void split_begin(struct vmm *v, uint16_t port, uint32_t type, uint32_t data)
{
    struct vmm_frame *f = vmm_frame_push(v, state_of(v)->split);
    if (!f)
        return;
    f->a[A_TYPE] = type;
    f->a[A_PORT] = port;
    f->a[A_DATA] = data;
    f->a[A_READY] = 1;
    if (type & KIT_String_IO) {
        f->a[A_COUNT] = type & KIT_Rep_IO ? client_value(v, type, KIT_Client_ECX) : 1;
        run_elements(v);
    } else {
        run_parts(v);
    }
}

// --- ACCESS

static void deliver(struct vmm *v, uint32_t result)
{
    const struct vmm_frame *f = vmm_frame_top(v);
    uint32_t type = f->a[A_TYPE], mask = mask_of(size_of(type)), at = vmm_client(v) + KIT_Client_EAX;
    uint32_t port = f->a[A_PORT], data = f->a[A_DATA], callee = f->callee;
    bool input = !(type & (KIT_Output | KIT_String_IO)), into_register = f->a[A_REGISTER];
    vmm_frame_pop_all(v);
    if (callee && !(type & KIT_String_IO) && base_sink_heard(&v->sink))
        announce(v, (uint16_t)port, type, type & KIT_Output ? data : result, vmm_module_name(v, callee));
    if (input && into_register)
        vmm_regs(v)[X86_EAX] = (vmm_regs(v)[X86_EAX] & ~mask) | (result & mask);
    else if (input)
        vmm_poke32(v, at, (vmm_peek32(v, at) & ~mask) | (result & mask));
}

static void access_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    deliver(v, vmm_regs(v)[X86_EAX]);
}

static const struct vmm_frame_kind access_frame = {"the I/O handler", access_resume, NULL};

static void client_access_begin(struct vmm *v, uint16_t port, uint32_t type, uint32_t data, bool into_register)
{
    struct vmm_frame *f = vmm_frame_push(v, state_of(v)->access);
    uint32_t result, handler;
    if (!f)
        return;
    f->a[A_TYPE] = type;
    f->a[A_PORT] = port;
    f->a[A_DATA] = data;
    f->a[A_REGISTER] = into_register;
    if (!(type & KIT_String_IO)) {
        if (access_begin(v, port, type & SIMPLE, data, &result))
            deliver(v, result);
    } else if ((handler = vmm_io_trapped_by(v, port)) != 0) {
        call_handler_begin(v, port, type, data, handler);
    } else {
        vmm_frame_wait(v);
        split_begin(v, port, type, data);
    }
}

void vmm_io_begin(struct vmm *v, uint16_t port, uint32_t type)
{
    client_access_begin(v, port, type, vmm_peek32(v, vmm_client(v) + KIT_Client_EAX), false);
}

// --- services

// Jumped to by a handler with its registers as they came; returns to the handler's caller.
static void simulate_io(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    split_begin(v, (uint16_t)r[X86_EDX], r[X86_ECX], r[X86_EAX]);
}

// As if the current VM had executed the instruction (Win98 DDK kernel_8w8n); simple accesses only.
static void simulate_vm_io(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    if (r[X86_ECX] & ~SIMPLE) {
        vmm_report(v, "input-range", v->call.caller, "Win98 DDK kernel_8w8n", "Simulate_VM_IO: type %08Xh",
                   (unsigned)r[X86_ECX]);
        return;
    }
    client_access_begin(v, (uint16_t)r[X86_EDX], r[X86_ECX], r[X86_EAX], true);
}

static bool create(struct vmm *v)
{
    state_of(v)->access = vmm_frame_kind_add(v, &access_frame);
    state_of(v)->split = vmm_frame_kind_add(v, &split_frame);
    return true;
}

static const struct vmm_binding bindings[] = {
    {KIT_Simulate_IO, simulate_io},
    {KIT_Simulate_VM_IO, simulate_vm_io},
    {0, NULL},
};

const struct vmm_chapter vmm_iotrap_chapter = {
    .bindings = bindings, .state_size = sizeof(struct iotrap_state), .create = create};
