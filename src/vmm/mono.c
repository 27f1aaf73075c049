// The second display of the debug VMM: 25 rows of 80 cells, a cursor, and what is printed on it is announced as well.
// Win95 DDK S31C2-S31CC.
#include "vmm/debug.h"
#include "vmm/defs.h"

#include <string.h>

enum { ROWS = 25, COLUMNS = 80, NORMAL = 0x07 };

struct mono_state {
    uint16_t cell[ROWS][COLUMNS]; // character and attribute, 0 = never written
    uint8_t row, column;
};

static struct mono_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_mono);
}

static void clear_row(struct mono_state *s, unsigned row)
{
    for (unsigned i = 0; i < COLUMNS; i++)
        s->cell[row][i] = ' ' | NORMAL << 8;
}

static void line_feed(struct mono_state *s)
{
    if (s->row + 1 < ROWS) {
        s->row++;
        return;
    }
    memmove(s->cell[0], s->cell[1], sizeof s->cell - sizeof s->cell[0]);
    clear_row(s, ROWS - 1);
}

static void put(struct mono_state *s, uint8_t character, uint8_t attribute)
{
    if (character == '\r') {
        s->column = 0;
    } else if (character == '\n') {
        line_feed(s);
    } else {
        s->cell[s->row][s->column] = (uint16_t)(character | attribute << 8);
        if (++s->column == COLUMNS) {
            s->column = 0;
            line_feed(s);
        }
    }
}

static void clear_mono_screen(struct vmm *v)
{
    struct mono_state *s = state_of(v);
    for (unsigned row = 0; row < ROWS; row++)
        clear_row(s, row);
    s->row = s->column = 0;
}

// EAX = 0: character and attribute in BX; else the character in AL (S31C9).
static void out_mono_chr(struct vmm *v)
{
    uint32_t eax = vmm_regs(v)[X86_EAX], ebx = vmm_regs(v)[X86_EBX];
    uint8_t character = (uint8_t)(eax ? eax : ebx);
    put(state_of(v), character, eax ? NORMAL : (uint8_t)(ebx >> 8));
    vmm_print(v, (const char *)&character, 1);
}

static void out_mono_string(struct vmm *v)
{
    struct base_buf out;
    base_buf_init(&out, v->alloc);
    if (vmm_read_out_string(v, &out)) {
        for (size_t i = 0; i < out.size; i++)
            put(state_of(v), out.data[i], NORMAL);
        vmm_print(v, (const char *)out.data, out.size);
    }
    base_buf_free(&out);
}

static void set_mono_cur_pos(struct vmm *v)
{
    uint32_t row = vmm_regs(v)[X86_EDX] >> 8 & 0xFF, column = vmm_regs(v)[X86_EDX] & 0xFF;
    if (row >= ROWS || column >= COLUMNS) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S31CC", "Set_Mono_Cur_Pos: row %u, column %u",
                   (unsigned)row, (unsigned)column);
        return;
    }
    state_of(v)->row = (uint8_t)row;
    state_of(v)->column = (uint8_t)column;
}

static void get_mono_cur_pos(struct vmm *v)
{
    const struct mono_state *s = state_of(v);
    vmm_regs(v)[X86_EDX] = (vmm_regs(v)[X86_EDX] & 0xFFFF0000) | (uint32_t)s->row << 8 | s->column;
}

static void get_mono_chr(struct vmm *v)
{
    const struct mono_state *s = state_of(v);
    uint16_t cell = s->cell[s->row][s->column];
    vmm_regs(v)[X86_EAX] = (vmm_regs(v)[X86_EAX] & 0xFFFF0000) | (cell ? cell : ' ' | NORMAL << 8);
}

static const struct vmm_binding bindings[] = {
    {KIT_Clear_Mono_Screen, clear_mono_screen},
    {KIT_Out_Mono_Chr, out_mono_chr},
    {KIT_Out_Mono_String, out_mono_string},
    {KIT_Set_Mono_Cur_Pos, set_mono_cur_pos},
    {KIT_Get_Mono_Cur_Pos, get_mono_cur_pos},
    {KIT_Get_Mono_Chr, get_mono_chr},
    {0, NULL},
};

const struct vmm_chapter vmm_mono_chapter = {.bindings = bindings, .state_size = sizeof(struct mono_state)};
