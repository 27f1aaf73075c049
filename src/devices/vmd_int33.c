// INT 33h for the programs of VMs that have the mouse (Win95 DDK S2A44; RBIL INT 33): position, buttons, counters, the
// cursor on the text screen, and the procedure that a program wants to be called. Functions about pictures, fonts and
// hardware that is not there change nothing.
#include "devices/vmd.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/v86.h"

#include <string.h>

enum { VECTOR = 0x33, WIDTH = 640, HEIGHT = 200, CELL = 8, SCREEN = 0xB8000, COLUMNS = 80 };
enum { MOVED = 1 }; // condition; pressed and released are 2 << 2n and 4 << 2n for button n
enum { DRIVER_VERSION = 0x0820 };

static struct vmd *state(struct vmm *v)
{
    return vmd_state(v);
}

void vmd_load(struct vmm *v, uint32_t vm, struct vmd_mouse *m)
{
    memset(m, 0, sizeof *m);
    if (!x86_read_linear(vmm_cpu(v), vm + state(v)->area, m, sizeof *m, X86_READ, NULL))
        vmm_stop(v, VMM_END_FAULT, "the control block at %08X is not mapped any more", vm);
}

void vmd_store(struct vmm *v, uint32_t vm, const struct vmd_mouse *m)
{
    if (!x86_write_linear(vmm_cpu(v), vm + state(v)->area, m, sizeof *m, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the control block at %08X is not mapped any more", vm);
}

// All but what drivers and the event under way have to say.
void vmd_reset(struct vmd_mouse *m)
{
    uint8_t scheduled = m->scheduled, disabled = m->disabled;
    memset(m, 0, sizeof *m);
    m->scheduled = scheduled;
    m->disabled = disabled;
    m->x = WIDTH / 2;
    m->y = HEIGHT / 2;
    m->most_x = WIDTH - 1;
    m->most_y = HEIGHT - 1;
    m->ratio_x = CELL;
    m->ratio_y = 2 * CELL;
    m->threshold = 64;
    m->speed_x = m->speed_y = 50;
    m->screen_mask = 0x77FF; // the colours change places
    m->cursor_mask = 0x7700;
    m->shown = -1;
}

// ---------------------------------------------------------------------------------------------------------------------
// The cursor: a cell of the first page of the text screen

static bool read_cell(struct vmm *v, uint16_t at, uint16_t *cell)
{
    uint8_t bytes[2];
    if (!x86_memory_load(vmm_cpu(v)->memory, SCREEN + at, bytes, sizeof bytes))
        return false;
    *cell = base_get16(bytes);
    return true;
}

static void write_cell(struct vmm *v, uint16_t at, uint16_t cell)
{
    uint8_t bytes[2];
    base_put16(bytes, cell);
    if (!x86_memory_store(vmm_cpu(v)->memory, SCREEN + at, bytes, sizeof bytes))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for the screen");
}

// What the program wrote over it stays.
static void erase(struct vmm *v, struct vmd_mouse *m)
{
    uint16_t now;
    if (m->is_drawn && read_cell(v, m->drawn_at, &now) && now == m->drawn)
        write_cell(v, m->drawn_at, m->covered);
    m->is_drawn = 0;
}

static void draw(struct vmm *v, struct vmd_mouse *m)
{
    bool seen = m->shown == 0 && m->x < WIDTH && m->y < HEIGHT; // a program may let it go further
    erase(v, m);
    if (!seen)
        return;
    m->drawn_at = (uint16_t)((m->y / CELL * COLUMNS + m->x / CELL) * 2);
    if (!read_cell(v, m->drawn_at, &m->covered))
        return;
    m->drawn = (uint16_t)((m->covered & m->screen_mask) ^ m->cursor_mask);
    m->is_drawn = 1;
    write_cell(v, m->drawn_at, m->drawn);
}

// ---------------------------------------------------------------------------------------------------------------------
// The program's procedure, called as an event of its VM: AX = conditions, BX = buttons, CX, DX = position, SI, DI =
// counters. Frame: a[0] VM, a[1] guest block with the client's registers.

enum { SAVED, NESTED, CALLING, CALLED, UNNESTED, RESTORED };

static void handler_free(struct vmm *v, const struct vmm_frame *f)
{
    if (f->a[1])
        (void)!vmm_heap_give(v, f->a[1]);
}

static void set_client16(struct vmm *v, uint32_t field, int32_t value)
{
    vmm_poke16(v, vmm_client(v) + field, (uint16_t)value);
}

static void call_handler_begin(struct vmm *v, const struct vmm_frame *f)
{
    struct vmd_mouse m;
    vmd_load(v, f->a[0], &m);
    set_client16(v, KIT_Client_EAX, m.happened);
    set_client16(v, KIT_Client_EBX, m.buttons);
    set_client16(v, KIT_Client_ECX, m.x);
    set_client16(v, KIT_Client_EDX, m.y);
    set_client16(v, KIT_Client_ESI, m.mickey_x);
    set_client16(v, KIT_Client_EDI, m.mickey_y);
    m.happened = 0;
    m.scheduled = 0;
    vmd_store(v, f->a[0], &m);
    vmm_regs(v)[X86_ECX] = m.segment;
    vmm_regs(v)[X86_EDX] = m.offset;
    devices_call_begin(v, KIT_Simulate_Far_Call);
}

static void handler_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step++) {
    case SAVED:
        devices_call_begin(v, KIT_Begin_Nest_V86_Exec);
        break;
    case NESTED:
        call_handler_begin(v, f);
        break;
    case CALLING:
        devices_call_begin(v, KIT_Resume_Exec);
        break;
    case CALLED:
        devices_call_begin(v, KIT_End_Nest_Exec);
        break;
    case UNNESTED:
        vmm_regs(v)[X86_ESI] = f->a[1];
        devices_call_begin(v, KIT_Restore_Client_State);
        break;
    default:
        handler_free(v, f);
        vmm_frame_pop_all(v);
        break;
    }
}

static void handler_abandon(struct vmm *v, struct vmm_frame *f)
{
    handler_free(v, f);
}

static const struct vmm_frame_kind handler_kind = {"a program's mouse procedure", handler_resume, handler_abandon};

// The event: EBX = VM.
static void handler_event_begin(void *user, struct vmm *v)
{
    (void)user;
    struct vmd_mouse m;
    uint32_t vm = vmm_regs(v)[X86_EBX];
    vmd_load(v, vm, &m);
    bool wanted = m.happened && (m.segment || m.offset);
    m.scheduled = wanted;
    vmd_store(v, vm, &m);
    struct vmm_frame *f = wanted ? vmm_frame_push(v, state(v)->handler_kind) : NULL;
    if (!f)
        return;
    f->a[0] = vm;
    f->a[1] = vmm_heap_get(v, KIT_SIZE_Client_Reg_Struc);
    f->step = SAVED;
    if (!f->a[1]) {
        vmm_frame_pop_all(v);
        return;
    }
    vmm_regs(v)[X86_EDI] = f->a[1];
    devices_call_begin(v, KIT_Save_Client_State);
}

static void schedule_begin(struct vmm *v, uint32_t vm)
{
    if (!devices_aside_push(v))
        return;
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = 0;
    r[X86_EBX] = vm;
    r[X86_ECX] = KIT_PEF_Wait_For_STI | KIT_PEF_Always_Sched;
    r[X86_EDX] = 0;
    r[X86_ESI] = state(v)->handler_proc;
    r[X86_EDI] = 0;
    devices_aside_begin(v, KIT_Call_Priority_VM_Event);
}

// ---------------------------------------------------------------------------------------------------------------------
// Movements

static int32_t within(int32_t value, int32_t least, int32_t most)
{
    return value < least ? least : value > most ? most : value;
}

// A counter of 16 bits turns over.
static void move_axis(int32_t *at, int32_t *rest, int32_t *mickeys, int32_t by, uint16_t ratio)
{
    *mickeys = (int16_t)(uint16_t)((uint32_t)*mickeys + (uint32_t)by);
    int64_t steps = ((int64_t)within(by, -0x7FFF, 0x7FFF) + *rest) * CELL;
    *rest = (int32_t)(steps % ratio / CELL);
    *at += (int32_t)(steps / ratio);
}

static uint16_t note_buttons(struct vmd_mouse *m, uint16_t buttons)
{
    uint16_t changed = m->buttons ^ buttons, happened = 0;
    m->buttons = buttons;
    for (unsigned n = 0; n < VMD_BUTTONS; n++) {
        if (!(changed >> n & 1))
            continue;
        bool down = buttons >> n & 1;
        struct vmd_clicks *c = down ? &m->press[n] : &m->release[n];
        *c = (struct vmd_clicks){(uint16_t)(c->count + 1), (uint16_t)m->x, (uint16_t)m->y};
        happened |= (uint16_t)((down ? 2u : 4u) << 2 * n);
    }
    return happened;
}

void vmd_moved_begin(struct vmm *v, uint32_t vm, int32_t dx, int32_t dy, uint16_t buttons)
{
    struct vmd_mouse m;
    if (!state(v)->area || vm == vmm_system_vm(v))
        return;
    vmd_load(v, vm, &m);
    if (m.disabled)
        return;
    move_axis(&m.x, &m.rest_x, &m.mickey_x, dx, m.ratio_x);
    move_axis(&m.y, &m.rest_y, &m.mickey_y, dy, m.ratio_y);
    m.x = within(m.x, m.least_x, m.most_x);
    m.y = within(m.y, m.least_y, m.most_y);
    uint16_t happened = note_buttons(&m, buttons);
    if (dx || dy)
        happened |= MOVED;
    draw(v, &m);
    m.happened |= happened & m.wanted;
    bool schedule = m.happened && !m.scheduled;
    m.scheduled |= schedule;
    vmd_store(v, vm, &m);
    vmm_vm_wake(v, vm);
    if (schedule)
        schedule_begin(v, vm);
}

// ---------------------------------------------------------------------------------------------------------------------
// The functions

static uint16_t client16(struct vmm *v, uint32_t field)
{
    return vmm_peek16(v, vmm_client(v) + field);
}

static void reset(struct vmm *v, struct vmd_mouse *m)
{
    erase(v, m);
    vmd_reset(m);
    set_client16(v, KIT_Client_EAX, -1);
    set_client16(v, KIT_Client_EBX, state(v)->buttons >= 3 ? 3 : 2);
}

static void get_position(struct vmm *v, struct vmd_mouse *m)
{
    set_client16(v, KIT_Client_EBX, m->buttons);
    set_client16(v, KIT_Client_ECX, m->x);
    set_client16(v, KIT_Client_EDX, m->y);
}

static void get_clicks(struct vmm *v, struct vmd_mouse *m, struct vmd_clicks *all)
{
    unsigned n = client16(v, KIT_Client_EBX);
    struct vmd_clicks *c = &all[n < VMD_BUTTONS ? n : 0];
    set_client16(v, KIT_Client_EAX, m->buttons);
    set_client16(v, KIT_Client_EBX, c->count);
    set_client16(v, KIT_Client_ECX, c->x);
    set_client16(v, KIT_Client_EDX, c->y);
    c->count = 0;
}

static void get_presses(struct vmm *v, struct vmd_mouse *m)
{
    get_clicks(v, m, m->press);
}

static void get_releases(struct vmm *v, struct vmd_mouse *m)
{
    get_clicks(v, m, m->release);
}

// CX and DX in either order.
static void set_range(struct vmm *v, int32_t *least, int32_t *most, int32_t *at)
{
    int32_t a = (int16_t)client16(v, KIT_Client_ECX), b = (int16_t)client16(v, KIT_Client_EDX);
    a = within(a, 0, 0x3FFF);
    b = within(b, 0, 0x3FFF);
    *least = a < b ? a : b;
    *most = a < b ? b : a;
    *at = within(*at, *least, *most);
}

static void set_range_x(struct vmm *v, struct vmd_mouse *m)
{
    set_range(v, &m->least_x, &m->most_x, &m->x);
}

static void set_range_y(struct vmm *v, struct vmd_mouse *m)
{
    set_range(v, &m->least_y, &m->most_y, &m->y);
}

static void get_mickeys(struct vmm *v, struct vmd_mouse *m)
{
    set_client16(v, KIT_Client_ECX, m->mickey_x);
    set_client16(v, KIT_Client_EDX, m->mickey_y);
    m->mickey_x = m->mickey_y = 0;
}

static void set_handler(struct vmm *v, struct vmd_mouse *m)
{
    m->wanted = client16(v, KIT_Client_ECX);
    m->offset = client16(v, KIT_Client_EDX);
    m->segment = client16(v, KIT_Client_ES);
    m->happened = 0;
}

static void exchange_handler(struct vmm *v, struct vmd_mouse *m)
{
    const struct vmd_mouse before = *m;
    set_handler(v, m);
    set_client16(v, KIT_Client_ECX, before.wanted);
    set_client16(v, KIT_Client_EDX, before.offset);
    set_client16(v, KIT_Client_ES, before.segment);
}

static void set_ratio(struct vmm *v, struct vmd_mouse *m)
{
    uint16_t x = client16(v, KIT_Client_ECX) & 0x7FFF, y = client16(v, KIT_Client_EDX) & 0x7FFF;
    m->ratio_x = x ? x : 1;
    m->ratio_y = y ? y : 1;
}

static void set_cursor_masks(struct vmm *v, struct vmd_mouse *m)
{
    if (client16(v, KIT_Client_EBX)) // a cursor of the hardware, which a VGA's text screen draws by itself
        return;
    m->screen_mask = client16(v, KIT_Client_ECX);
    m->cursor_mask = client16(v, KIT_Client_EDX);
}

static void set_threshold(struct vmm *v, struct vmd_mouse *m)
{
    m->threshold = client16(v, KIT_Client_EDX);
}

static void set_sensitivity(struct vmm *v, struct vmd_mouse *m)
{
    m->speed_x = client16(v, KIT_Client_EBX);
    m->speed_y = client16(v, KIT_Client_ECX);
    set_threshold(v, m);
}

static void get_sensitivity(struct vmm *v, struct vmd_mouse *m)
{
    set_client16(v, KIT_Client_EBX, m->speed_x);
    set_client16(v, KIT_Client_ECX, m->speed_y);
    set_client16(v, KIT_Client_EDX, m->threshold);
}

static void software_version(struct vmm *v, struct vmd_mouse *m)
{
    (void)m;
    set_client16(v, KIT_Client_EBX, DRIVER_VERSION);
    set_client16(v, KIT_Client_ECX, state(v)->type << 8 | state(v)->irq);
}

static void show(struct vmm *v, struct vmd_mouse *m)
{
    (void)v;
    if (m->shown < 0)
        m->shown++;
}

static void hide(struct vmm *v, struct vmd_mouse *m)
{
    (void)v;
    if (m->shown > INT16_MIN)
        m->shown--;
}

static void set_position(struct vmm *v, struct vmd_mouse *m)
{
    m->x = within((int16_t)client16(v, KIT_Client_ECX), m->least_x, m->most_x);
    m->y = within((int16_t)client16(v, KIT_Client_EDX), m->least_y, m->most_y);
}

static void run(struct vmm *v, struct vmd_mouse *m, uint16_t function)
{
    static const struct {
        uint8_t function;
        void (*run)(struct vmm *v, struct vmd_mouse *m);
    } functions[] = {
        {0x00, reset},
        {0x01, show},
        {0x02, hide},
        {0x03, get_position},
        {0x04, set_position},
        {0x05, get_presses},
        {0x06, get_releases},
        {0x07, set_range_x},
        {0x08, set_range_y},
        {0x0A, set_cursor_masks},
        {0x0B, get_mickeys},
        {0x0C, set_handler},
        {0x0F, set_ratio},
        {0x13, set_threshold},
        {0x14, exchange_handler},
        {0x1A, set_sensitivity},
        {0x1B, get_sensitivity},
        {0x21, reset}, // the software's
        {0x24, software_version},
    };
    for (size_t i = 0; i < BASE_COUNT(functions); i++)
        if (functions[i].function == function)
            functions[i].run(v, m);
    draw(v, m);
}

static void int33(struct vmm *v)
{
    struct vmd_mouse m;
    uint32_t vm = vmm_current_vm(v);
    vmd_load(v, vm, &m);
    run(v, &m, client16(v, KIT_Client_EAX));
    vmd_store(v, vm, &m);
}

// The hook of INT 33h. CF = 1: without a mouse nobody is there.
static void hooked(void *user, struct vmm *v)
{
    (void)user;
    bool there = state(v)->present && state(v)->area;
    if (there)
        int33(v);
    devices_carry(v, !there);
}

void vmd_hook_begin(struct vmm *v)
{
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = VECTOR;
    vmm_regs(v)[X86_ESI] = state(v)->int33_proc;
    devices_aside_begin(v, KIT_Hook_V86_Int_Chain);
}

bool vmd_int33_create(struct vmm *v)
{
    struct vmd *s = state(v);
    s->handler_kind = vmm_frame_kind_add(v, &handler_kind);
    s->int33_proc = vmm_host_proc(v, hooked, NULL);
    s->handler_proc = vmm_host_proc(v, handler_event_begin, NULL);
    return s->int33_proc && s->handler_proc;
}
