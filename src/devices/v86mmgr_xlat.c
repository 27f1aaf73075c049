// V86MMGR_Xlat_API: runs a script that translates the pointers of an API call of a protected-mode program, executes the
// interrupt in V86 mode and brings the results back (Win95 DDK S34FA-S3502). The layout of a script is the kit's own
// (kit/structures.def).
#include "devices/v86mmgr.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/selectors.h"

#include <string.h>

enum { MOST_TEXT = 0x10000, LONGEST_ENTRY = 7, SEGMENT_BYTES = 0x10000 };

static const char page[] = "Win95 DDK S34FA";

// ---------------------------------------------------------------------------------------------------------------------
// Frame: a[0] place in the script, a[1] its number, a[2] bytes free in the buffer before, a[3] VM, a[4] interrupt, a[5]
// piece at which the results are.

enum { SCRIPT, VM_FREE = 2, VM, INTERRUPT, PIECE };
enum step { PREPARED, CALCULATED, JUMPED, NESTED, RAN, ENDED, FLAT, SELECTOR };

static void next_entry_begin(struct vmm *v, struct vmm_frame *f);

static uint32_t area_of(struct vmm *v, const struct vmm_frame *f)
{
    return f->a[VM] + v86mmgr_state(v)->area;
}

// Gives back what the script took: its pieces and its part of the buffer.
static void release(struct vmm *v, struct vmm_frame *f)
{
    struct v86mmgr *s = v86mmgr_state(v);
    for (unsigned i = 0; i < V86MMGR_PIECES; i++)
        if (s->piece[i].script == f->a[1])
            s->piece[i].script = 0;
    if (vmm_valid_vm(v, f->a[VM]))
        vmm_poke32(v, area_of(v, f) + V86MMGR_FREE, f->a[VM_FREE]);
}

static void over(struct vmm *v, struct vmm_frame *f, bool failed)
{
    release(v, f);
    vmm_frame_pop_all(v);
    devices_carry(v, failed);
}

// ---------------------------------------------------------------------------------------------------------------------
// The client's pointers

static uint32_t crs_of(const struct vmm_frame *f)
{
    return f->reg[X86_EBP];
}

static bool wide_client(struct vmm *v, const struct vmm_frame *f)
{
    return vmm_peek32(v, f->a[VM] + KIT_CB_VM_Status) & KIT_VMStat_Use32Mask;
}

// Bytes of a data segment from `offset` on.
static uint32_t room_in(uint32_t high, uint32_t low, uint32_t offset)
{
    uint32_t limit = (high & 0xF0000) | (low & 0xFFFF);
    limit = high & 0x00800000 ? limit << 12 | 0xFFF : limit;
    return offset > limit ? 0 : limit - offset == UINT32_MAX ? UINT32_MAX : limit - offset + 1;
}

// Where segment:offset of the client leads in its present mode, and how much is there; *room 0: nowhere.
static uint32_t resolve(struct vmm *v, const struct vmm_frame *f, uint16_t segment, uint32_t offset, uint32_t *room)
{
    uint32_t high, low;
    *room = 0;
    if (vmm_peek32(v, f->a[VM] + KIT_CB_VM_Status) & KIT_VMStat_VxD_Exec) {
        *room = UINT32_MAX - offset;
        return offset; // the caller is ring-0 code: addresses are flat
    }
    if (vmm_peek32(v, crs_of(f) + KIT_Client_EFlags) & X86_VM) {
        *room = SEGMENT_BYTES - (offset & 0xFFFF);
        return (uint32_t)segment * 16 + (offset & 0xFFFF);
    }
    if (!vmm_descriptor(v, f->a[VM], segment, &high, &low) || !(high & 0x8000))
        return 0;
    *room = room_in(high, low, offset);
    return vmm_descriptor_base(high, low) + offset;
}

static struct v86mmgr_piece *new_piece(struct vmm *v, const struct vmm_frame *f, const uint8_t *entry)
{
    struct v86mmgr *s = v86mmgr_state(v);
    for (unsigned i = 0; i < V86MMGR_PIECES; i++) {
        struct v86mmgr_piece *p = &s->piece[i];
        if (p->script)
            continue;
        *p = (struct v86mmgr_piece){.script = f->a[1],
                                    .thread = vmm_current_thread(v),
                                    .operation = entry[KIT_XP_Operation],
                                    .offset_field = entry[KIT_XP_Offset],
                                    .segment_field = entry[KIT_XP_Segment]};
        return p;
    }
    return NULL;
}

// The client's value of an offset register: all of it, as far as the client uses it.
static uint32_t offset_of(struct vmm *v, const struct vmm_frame *f, uint8_t field)
{
    uint32_t value = vmm_peek32(v, crs_of(f) + field);
    return wide_client(v, f) ? value : value & 0xFFFF;
}

// Length of the string with its zero, at most `room`; 0 = no end. *fault: a page fault was noted.
static uint32_t text_bytes(struct vmm *v, uint32_t linear, uint32_t room, bool *fault)
{
    uint8_t byte;
    for (uint32_t n = 0; n < room && n < MOST_TEXT; n++) {
        if (!vmm_get(v, linear + n, &byte, 1)) {
            *fault = true;
            return 0;
        }
        if (!byte)
            return n + 1;
    }
    return 0;
}

// Takes room in the buffer for `bytes` at the entry's pointer and copies them there. False: the script fails, unless a
// page fault was noted (*fault).
static bool translate(struct vmm *v, struct vmm_frame *f, const uint8_t *entry, uint32_t bytes, bool *fault)
{
    uint32_t at = area_of(v, f), available = vmm_peek32(v, at + V86MMGR_FREE), room;
    uint16_t segment = vmm_peek16(v, crs_of(f) + entry[KIT_XP_Segment]);
    uint32_t from = resolve(v, f, segment, offset_of(v, f, entry[KIT_XP_Offset]), &room);
    if (entry[KIT_XP_Operation] == KIT_Xlat_ASCIIZ)
        bytes = text_bytes(v, from, room, fault);
    if (*fault || !bytes || !room)
        return false;
    bytes = bytes < room ? bytes : room;
    if (bytes > available)
        return false;
    uint32_t offset = vmm_peek32(v, at + V86MMGR_SIZE) - available;
    uint32_t to = vmm_peek32(v, f->a[VM] + KIT_CB_High_Linear) + vmm_peek32(v, at + V86MMGR_SEGMENT) * 16 + offset;
    if (!vmm_probe(v, from, bytes, false) || !devices_copy(v, to, from, bytes)) {
        *fault = true;
        return false;
    }
    struct v86mmgr_piece *p = new_piece(v, f, entry);
    if (!p)
        return false;
    p->linear = from;
    p->bytes = bytes;
    p->buffer = to;
    p->v86 = vmm_peek32(v, at + V86MMGR_SEGMENT) << 16 | offset;
    p->segment = segment;
    p->offset = vmm_peek32(v, crs_of(f) + entry[KIT_XP_Offset]);
    vmm_poke32(v, at + V86MMGR_FREE, available - bytes);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The interrupt. Pointers of scripts that have jumped to a procedure which runs this one count too.

static void for_pieces(struct vmm *v, void (*each)(struct vmm *, const struct vmm_frame *, struct v86mmgr_piece *),
                       const struct vmm_frame *f, bool all)
{
    struct v86mmgr *s = v86mmgr_state(v);
    for (unsigned i = 0; i < V86MMGR_PIECES; i++) {
        struct v86mmgr_piece *p = &s->piece[i];
        if (p->script == f->a[1] || (all && p->script && p->thread == vmm_current_thread(v)))
            each(v, f, p);
    }
}

static void apply(struct vmm *v, const struct vmm_frame *f, struct v86mmgr_piece *p)
{
    if (!p->bytes)
        return;
    vmm_poke16(v, crs_of(f) + p->segment_field, (uint16_t)(p->v86 >> 16));
    vmm_poke16(v, crs_of(f) + p->offset_field, (uint16_t)p->v86);
}

static void note_result(struct vmm *v, const struct vmm_frame *f, struct v86mmgr_piece *p)
{
    if (p->bytes)
        return;
    p->v86 = (uint32_t)vmm_peek16(v, crs_of(f) + p->segment_field) << 16;
    if (p->operation == KIT_Xlat_Return_Ptr)
        p->v86 |= vmm_peek16(v, crs_of(f) + p->offset_field);
}

static void take_back(struct vmm *v, const struct vmm_frame *f, struct v86mmgr_piece *p)
{
    if (!p->bytes)
        return;
    vmm_poke16(v, crs_of(f) + p->segment_field, p->segment);
    vmm_poke32(v, crs_of(f) + p->offset_field, p->offset);
}

static void copy_back(struct vmm *v, const struct vmm_frame *f, struct v86mmgr_piece *p)
{
    (void)f;
    if (p->bytes && p->operation != KIT_Xlat_ASCIIZ && vmm_probe(v, p->linear, p->bytes, true))
        (void)!devices_copy(v, p->linear, p->buffer, p->bytes);
}

// ---------------------------------------------------------------------------------------------------------------------
// Pointers that the interrupt answered, one after the other

static void next_result_begin(struct vmm *v, struct vmm_frame *f)
{
    const struct v86mmgr *s = v86mmgr_state(v);
    while (f->a[PIECE] < V86MMGR_PIECES && (s->piece[f->a[PIECE]].script != f->a[1] || s->piece[f->a[PIECE]].bytes))
        f->a[PIECE]++;
    if (f->a[PIECE] == V86MMGR_PIECES) {
        over(v, f, false);
        return;
    }
    const struct v86mmgr_piece *p = &s->piece[f->a[PIECE]];
    bool flat = wide_client(v, f) && p->operation == KIT_Xlat_Return_Ptr;
    f->step = flat ? FLAT : SELECTOR;
    uint32_t *r = vmm_regs(v);
    r[X86_EBX] = f->a[VM];
    r[X86_EAX] = vmm_peek32(v, f->a[VM] + KIT_CB_High_Linear) + (p->v86 >> 16) * 16;
    r[X86_ECX] = SEGMENT_BYTES - 1;
    if (flat)
        vmm_frame_call_begin(v, vmm_service_address(v, v86mmgr_device.id, KIT_V86MMGR_Get_VM_Flat_Sel));
    else
        devices_call_begin(v, KIT_Map_Lin_To_VM_Addr);
}

// A selector over the VM's first megabyte takes the whole address as offset; one over the segment, its offset.
static void result_there(struct vmm *v, struct vmm_frame *f)
{
    const struct v86mmgr_piece *p = &v86mmgr_state(v)->piece[f->a[PIECE]];
    bool flat = f->step == FLAT, failed = flat ? !vmm_regs(v)[X86_EAX] : vmm_flag(v, X86_CF);
    uint32_t selector = flat ? vmm_regs(v)[X86_EAX] : vmm_regs(v)[X86_ECX];
    if (failed) {
        over(v, f, true);
        return;
    }
    vmm_poke16(v, crs_of(f) + p->segment_field, (uint16_t)selector);
    if (flat)
        vmm_poke32(v, crs_of(f) + p->offset_field, (p->v86 >> 16) * 16 + (p->v86 & 0xFFFF));
    f->a[PIECE]++;
    next_result_begin(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------
// Entries

static uint32_t entry_bytes(uint8_t operation)
{
    switch (operation) {
    case KIT_Xlat_ASCIIZ:
    case KIT_Xlat_Return_Ptr:
        return KIT_SIZE_Xlat_Ptr_Entry;
    case KIT_Xlat_Fixed_Len:
    case KIT_Xlat_Calc_Len:
        return KIT_SIZE_Xlat_Fixed_Entry;
    case KIT_Xlat_Var_Len:
        return KIT_SIZE_Xlat_Var_Entry;
    case KIT_Xlat_Exec_Int:
    case KIT_Xlat_Return_Seg:
        return KIT_SIZE_Xlat_Int_Entry;
    case KIT_Xlat_Jmp_To_Proc:
        return KIT_SIZE_Xlat_Proc_Entry;
    default:
        return 0;
    }
}

static bool fields_valid(const uint8_t *entry, uint32_t bytes)
{
    const uint8_t last = KIT_SIZE_Client_Reg_Struc - 4;
    switch (entry[0]) {
    case KIT_Xlat_Exec_Int:
    case KIT_Xlat_Jmp_To_Proc:
        return true;
    case KIT_Xlat_Return_Seg:
        return entry[KIT_XS_Segment] <= last;
    case KIT_Xlat_Var_Len:
        return entry[KIT_XV_Register] <= last && entry[KIT_XP_Offset] <= last && entry[KIT_XP_Segment] <= last;
    default:
        return bytes && entry[KIT_XP_Offset] <= last && entry[KIT_XP_Segment] <= last;
    }
}

// The entry at the script's place. False: a page fault was noted.
static bool read_entry(struct vmm *v, const struct vmm_frame *f, uint8_t entry[LONGEST_ENTRY])
{
    memset(entry, 0, LONGEST_ENTRY);
    return vmm_get(v, f->a[SCRIPT], entry, 1) &&
           (entry_bytes(entry[0]) < 2 || vmm_get(v, f->a[SCRIPT], entry, entry_bytes(entry[0])));
}

static void wrong_script(struct vmm *v, struct vmm_frame *f, const uint8_t *entry)
{
    vmm_report(v, "input-range", f->a[SCRIPT], page,
               "V86MMGR_Xlat_API: %02X %02X %02X is no entry of a script as this kit's v86mmgr.inc makes it", entry[0],
               entry[1], entry[2]);
    over(v, f, true);
}

// The driver's procedure with FS:ESI = the client's pointer; it answers bytes in ECX.
static void calculate_begin(struct vmm *v, struct vmm_frame *f, const uint8_t *entry)
{
    uint32_t *r = vmm_regs(v);
    memcpy(r, f->reg, sizeof f->reg);
    r[X86_ESI] = offset_of(v, f, entry[KIT_XC_Offset]);
    f->step = CALCULATED;
    vmm_frame_call_begin(v, base_get32(entry + KIT_XC_Proc));
    f->callee = 0; // comes back with the client's selector in FS: its registers are checked here
    uint16_t selector = vmm_peek16(v, crs_of(f) + entry[KIT_XC_Segment]);
    bool v86 = vmm_peek32(v, crs_of(f) + KIT_Client_EFlags) & X86_VM;
    if (v86) {
        uint32_t room;
        r[X86_ESI] = resolve(v, f, selector, r[X86_ESI], &room);
    } else if (!x86_load_segment(vmm_cpu(v), X86_FS, selector, NULL)) {
        over(v, f, true);
    }
}

static void calculated(struct vmm *v, struct vmm_frame *f)
{
    uint8_t entry[LONGEST_ENTRY];
    bool fault = false;
    const uint32_t *r = vmm_regs(v);
    if (!read_entry(v, f, entry))
        return;
    if (r[X86_ESP] != f->expect || r[X86_EBX] != f->reg[X86_EBX] || r[X86_EBP] != f->reg[X86_EBP] ||
        r[X86_EDX] != f->reg[X86_EDX] || r[X86_EDI] != f->reg[X86_EDI])
        vmm_report(v, "callback-contract", base_get32(entry + KIT_XC_Proc), "Win95 DDK S34FC",
                   "a procedure that calculates a length changed another register than ECX");
    if (!translate(v, f, entry, r[X86_ECX], &fault)) {
        if (!fault)
            over(v, f, true);
        return;
    }
    if (!x86_load_segment(vmm_cpu(v), X86_FS, vmm_cpu(v)->state.seg[X86_DS].selector, NULL))
        vmm_stop(v, VMM_END_FAULT, "the flat data selector cannot be loaded any more");
    f->a[SCRIPT] += KIT_SIZE_Xlat_Calc_Entry;
    next_entry_begin(v, f);
}

static void jump_begin(struct vmm *v, struct vmm_frame *f, const uint8_t *entry)
{
    uint32_t *r = vmm_regs(v);
    memcpy(r, f->reg, sizeof f->reg);
    r[X86_EDX] = f->a[SCRIPT] + KIT_SIZE_Xlat_Proc_Entry;
    f->step = JUMPED;
    vmm_frame_call_begin(v, base_get32(entry + KIT_XJ_Proc));
}

static void execute_begin(struct vmm *v, struct vmm_frame *f, const uint8_t *entry)
{
    f->a[INTERRUPT] = entry[KIT_XI_Number];
    f->step = NESTED;
    devices_call_begin(v, KIT_Begin_Nest_V86_Exec);
}

// An entry that names a pointer, or where one will be. False: not over, because something else runs first or it failed.
static bool pointer_entry_begin(struct vmm *v, struct vmm_frame *f, const uint8_t *entry)
{
    bool fault = false, ok;
    if (entry[0] == KIT_Xlat_Return_Seg) {
        const uint8_t both[3] = {entry[0], entry[KIT_XS_Segment], entry[KIT_XS_Segment]};
        ok = new_piece(v, f, both) != NULL;
    } else if (entry[0] == KIT_Xlat_Return_Ptr) {
        ok = new_piece(v, f, entry) != NULL;
    } else {
        uint32_t bytes = entry[0] == KIT_Xlat_Fixed_Len ? base_get32(entry + KIT_XF_Length)
                         : entry[0] == KIT_Xlat_Var_Len ? vmm_peek16(v, crs_of(f) + entry[KIT_XV_Register])
                                                        : 0;
        ok = (entry[0] != KIT_Xlat_ASCIIZ && !bytes) || translate(v, f, entry, bytes, &fault);
    }
    if (!ok && !fault)
        over(v, f, true);
    return ok;
}

static void next_entry_begin(struct vmm *v, struct vmm_frame *f)
{
    uint8_t entry[LONGEST_ENTRY];
    for (;;) {
        if (!read_entry(v, f, entry))
            return;
        uint32_t bytes = entry_bytes(entry[0]);
        if (!fields_valid(entry, bytes)) {
            wrong_script(v, f, entry);
            return;
        }
        if (entry[0] == KIT_Xlat_Calc_Len) {
            calculate_begin(v, f, entry);
            return;
        }
        if (entry[0] == KIT_Xlat_Jmp_To_Proc) {
            jump_begin(v, f, entry);
            return;
        }
        if (entry[0] == KIT_Xlat_Exec_Int) {
            execute_begin(v, f, entry);
            return;
        }
        if (!pointer_entry_begin(v, f, entry))
            return;
        f->a[SCRIPT] += bytes;
    }
}

static void xlat_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step) {
    case CALCULATED:
        calculated(v, f);
        break;
    case JUMPED:
        if (!vmm_flag(v, X86_CF))
            for_pieces(v, copy_back, f, false);
        over(v, f, vmm_flag(v, X86_CF));
        break;
    case NESTED:
        for_pieces(v, apply, f, true);
        vmm_regs(v)[X86_EAX] = f->a[INTERRUPT];
        f->step = RAN;
        devices_call_begin(v, KIT_Exec_Int);
        break;
    case RAN:
        for_pieces(v, note_result, f, false);
        f->step = ENDED;
        devices_call_begin(v, KIT_End_Nest_Exec);
        break;
    case ENDED:
        for_pieces(v, take_back, f, true);
        for_pieces(v, copy_back, f, false);
        f->a[PIECE] = 0;
        next_result_begin(v, f);
        break;
    default:
        result_there(v, f);
        break;
    }
}

static const struct vmm_frame_kind xlat_kind = {"a translation script", xlat_resume, release};

// EBX = current VM, EBP = its client registers, EDX = script.
void v86mmgr_run_script_begin(struct vmm *v, uint32_t vm)
{
    struct v86mmgr *s = v86mmgr_state(v);
    struct vmm_frame *f = vmm_frame_push(v, s->xlat_kind);
    if (!f)
        return;
    s->generation = s->generation % 0x7FFFFF + 1;
    f->step = PREPARED;
    f->a[SCRIPT] = vmm_regs(v)[X86_EDX];
    f->a[1] = s->generation;
    f->a[VM] = vm;
    f->a[VM_FREE] = vmm_peek32(v, area_of(v, f) + V86MMGR_FREE);
    next_entry_begin(v, f);
}

void v86mmgr_xlat_create(struct vmm *v)
{
    v86mmgr_state(v)->xlat_kind = vmm_frame_kind_add(v, &xlat_kind);
}
