// INT 10h: the text screen of a VGA in its text modes (RBIL INT 10). The screen is memory at B8000h, the cursor lies in
// the BIOS data area; there is no other state. What the teletype functions write is announced as output, too: that is
// what `vxd run --vm` prints.
#include "dos/defs.h"
#include "dos/observe.h"
#include "pc/pc.h"

#include <string.h>

enum { MOST_ROWS = 50, NORMAL = 0x07, CELLS = 0x8000, FOREIGN = 0x1D };

static uint16_t columns(struct dos_call *c)
{
    uint16_t n = dos_read16(c, DOS_BDA, BDA_COLUMNS);
    return n == 40 ? 40 : 80; // whatever a program wrote there
}

static unsigned rows(struct dos_call *c)
{
    unsigned n = dos_read8(c, DOS_BDA, BDA_ROWS) + 1u;
    return n <= MOST_ROWS ? n : MOST_ROWS;
}

static uint8_t active_page(struct dos_call *c)
{
    return dos_read8(c, DOS_BDA, BDA_PAGE) & 7;
}

static uint32_t page_size(struct dos_call *c)
{
    return columns(c) == 40 ? 0x800 : rows(c) > 25 ? 0x2000 : 0x1000;
}

static uint32_t page_start(struct dos_call *c, uint8_t page)
{
    return ((page & 7u) * page_size(c)) % CELLS;
}

static uint16_t cursor(struct dos_call *c, uint8_t page) // row in the high byte
{
    return dos_read16(c, DOS_BDA, BDA_CURSOR + 2 * (page & 7u));
}

static void set_cursor(struct dos_call *c, uint8_t page, unsigned row, unsigned column)
{
    dos_write16(c, DOS_BDA, BDA_CURSOR + 2 * (page & 7u), (uint16_t)((row & 0xFF) << 8 | (column & 0xFF)));
}

static uint32_t cell(struct dos_call *c, uint8_t page, unsigned row, unsigned column)
{
    return (page_start(c, page) + 2 * (row * columns(c) + column)) % CELLS;
}

// --- scrolling

struct window {
    unsigned top, left, bottom, right;
};

static void clip(struct dos_call *c, struct window *w)
{
    w->bottom = w->bottom < rows(c) ? w->bottom : rows(c) - 1;
    w->right = w->right < columns(c) ? w->right : columns(c) - 1u;
}

static void fill_row(struct dos_call *c, uint8_t page, const struct window *w, unsigned row, uint8_t attribute)
{
    uint8_t bytes[2 * 80];
    uint32_t n = w->right - w->left + 1;
    for (unsigned i = 0; i < n; i++)
        base_put16(bytes + 2 * i, (uint16_t)(attribute << 8 | ' '));
    dos_copy_out(c, DOS_TEXT, cell(c, page, row, w->left), bytes, 2 * n);
}

static void copy_row(struct dos_call *c, uint8_t page, const struct window *w, unsigned from, unsigned to)
{
    uint8_t bytes[2 * 80];
    uint32_t n = 2 * (w->right - w->left + 1);
    dos_copy_in(c, DOS_TEXT, cell(c, page, from, w->left), bytes, n);
    dos_copy_out(c, DOS_TEXT, cell(c, page, to, w->left), bytes, n);
}

// lines 0: the whole window is cleared.
static void scroll(struct dos_call *c, uint8_t page, struct window w, unsigned lines, uint8_t attribute, bool up)
{
    clip(c, &w);
    if (w.top > w.bottom || w.left > w.right)
        return;
    unsigned height = w.bottom - w.top + 1;
    lines = lines == 0 || lines > height ? height : lines;
    if (up && lines < height && w.left == 0 && w.right + 1 == columns(c)) { // whole rows at once
        uint8_t cells[MOST_ROWS * 2 * 80];
        uint32_t n = (height - lines) * 2 * columns(c);
        dos_copy_in(c, DOS_TEXT, cell(c, page, w.top + lines, 0), cells, n);
        dos_copy_out(c, DOS_TEXT, cell(c, page, w.top, 0), cells, n);
        for (unsigned row = w.bottom + 1 - lines; row <= w.bottom; row++)
            fill_row(c, page, &w, row, attribute);
        return;
    }
    for (unsigned i = 0; i < height; i++) {
        unsigned row = up ? w.top + i : w.bottom - i;
        if (i + lines < height)
            copy_row(c, page, &w, up ? row + lines : row - lines, row);
        else
            fill_row(c, page, &w, row, attribute);
    }
}

static void scroll_window(struct dos_call *c)
{
    uint16_t from = dos_get(c, DOS_CX), to = dos_get(c, DOS_DX);
    const struct window w = {from >> 8, from & 0xFF, to >> 8, to & 0xFF};
    scroll(c, active_page(c), w, dos_low(c, DOS_AX), dos_high(c, DOS_BX), dos_high(c, DOS_AX) == 6);
}

// --- teletype

static void next_line(struct dos_call *c, uint8_t page, unsigned row, unsigned column)
{
    if (row + 1 < rows(c)) {
        set_cursor(c, page, row + 1, column);
        return;
    }
    uint8_t attribute = dos_read8(c, DOS_TEXT, cell(c, page, rows(c) - 1, column) + 1);
    scroll(c, page, (struct window){0, 0, rows(c) - 1, columns(c) - 1u}, 1, attribute, true);
    set_cursor(c, page, rows(c) - 1, column);
}

static void teletype(struct dos_call *c, uint8_t page, uint8_t ch)
{
    unsigned row = cursor(c, page) >> 8, column = cursor(c, page) & 0xFF;
    row = row < rows(c) ? row : rows(c) - 1;
    switch (ch) {
    case 7: // the bell cannot be heard
        return;
    case 8:
        set_cursor(c, page, row, column ? column - 1 : 0);
        return;
    case '\n':
        next_line(c, page, row, column);
        return;
    case '\r':
        set_cursor(c, page, row, 0);
        return;
    default:
        column = column < columns(c) ? column : columns(c) - 1u;
        dos_write8(c, DOS_TEXT, cell(c, page, row, column), ch);
        if (column + 1u < columns(c))
            set_cursor(c, page, row, column + 1);
        else
            next_line(c, page, row, 0);
    }
}

void dos_video_teletype(struct dos_call *c, char ch)
{
    teletype(c, active_page(c), (uint8_t)ch);
}

unsigned dos_video_column(struct dos_call *c)
{
    return cursor(c, active_page(c)) & 0xFF;
}

void dos_video_print(struct dos_call *c, const char *text, size_t n)
{
    uint8_t page = active_page(c);
    for (size_t i = 0; i < n; i++)
        teletype(c, page, (uint8_t)text[i]);
    dos_announce_output(c, text, n);
}

static void print_one(struct dos_call *c)
{
    const char ch = (char)dos_low(c, DOS_AX);
    dos_video_print(c, &ch, 1);
}

// AH=13h: AL bit 0 moves the cursor, bit 1: attributes stand in the text.
static void print_text(struct dos_call *c)
{
    uint8_t mode = dos_low(c, DOS_AX), page = dos_high(c, DOS_BX), attribute = dos_low(c, DOS_BX), pair[2];
    uint16_t before = cursor(c, page), n = dos_get(c, DOS_CX), at = dos_get(c, DOS_BP);
    unsigned size = mode & 2 ? 2 : 1;
    set_cursor(c, page, dos_high(c, DOS_DX), dos_low(c, DOS_DX));
    for (uint16_t i = 0; i < n && !c->faulted; i++) {
        dos_copy_in(c, dos_get(c, DOS_ES), (uint16_t)(at + i * size), pair, size);
        unsigned row = cursor(c, page) >> 8, column = cursor(c, page) & 0xFF;
        bool control = pair[0] == 7 || pair[0] == 8 || pair[0] == '\n' || pair[0] == '\r';
        if (!control && row < rows(c) && column < columns(c))
            dos_write8(c, DOS_TEXT, cell(c, page, row, column) + 1, size == 2 ? pair[1] : attribute);
        teletype(c, page, pair[0]);
        dos_announce_output(c, (const char *)pair, 1);
    }
    if (!(mode & 1))
        set_cursor(c, page, before >> 8, before & 0xFF);
}

// --- single cells

static void read_cell(struct dos_call *c)
{
    uint8_t page = dos_high(c, DOS_BX);
    uint16_t at = cursor(c, page);
    dos_set(c, DOS_AX, dos_read16(c, DOS_TEXT, cell(c, page, at >> 8, at & 0xFF)));
}

// AH=09h with the attribute in BL, 0Ah without; the cursor stays.
static void write_cells(struct dos_call *c)
{
    uint8_t page = dos_high(c, DOS_BX);
    uint16_t at = cursor(c, page), n = dos_get(c, DOS_CX), most = (uint16_t)(rows(c) * columns(c));
    uint32_t from = cell(c, page, at >> 8, at & 0xFF);
    for (uint16_t i = 0; i < n && i < most; i++) {
        dos_write8(c, DOS_TEXT, (from + 2u * i) % CELLS, dos_low(c, DOS_AX));
        if (dos_high(c, DOS_AX) == 9)
            dos_write8(c, DOS_TEXT, (from + 2u * i + 1) % CELLS, dos_low(c, DOS_BX));
    }
}

// --- modes

static void enter_mode(struct dos_call *c, uint8_t mode, bool clear)
{
    uint16_t width = mode <= 1 ? 40 : 80;
    dos_write8(c, DOS_BDA, BDA_MODE, mode);
    dos_write16(c, DOS_BDA, BDA_COLUMNS, width);
    dos_write16(c, DOS_BDA, BDA_PAGE_SIZE, width == 40 ? 0x800 : 0x1000);
    dos_write16(c, DOS_BDA, BDA_PAGE_START, 0);
    for (uint8_t page = 0; page < 8; page++)
        set_cursor(c, page, 0, 0);
    dos_write16(c, DOS_BDA, BDA_CURSOR_SHAPE, 0x0D0E);
    dos_write8(c, DOS_BDA, BDA_PAGE, 0);
    dos_write16(c, DOS_BDA, BDA_CRTC, mode == 7 ? 0x3B4 : 0x3D4);
    dos_write8(c, DOS_BDA, BDA_ROWS, 24);
    dos_write16(c, DOS_BDA, BDA_HEIGHT, 16);
    dos_palette_reset(c);
    if (clear)
        scroll(c, 0, (struct window){0, 0, rows(c) - 1, width - 1u}, 0, NORMAL, true);
}

void dos_video_reset(struct dos_call *c)
{
    enter_mode(c, 3, true);
}

static void set_mode(struct dos_call *c)
{
    uint8_t mode = dos_low(c, DOS_AX) & 0x7F;
    if (mode > 3) // 7 has its memory at B0000h, the others are pictures
        dos_missing(c);
    else
        enter_mode(c, mode, !(dos_low(c, DOS_AX) & 0x80));
}

static void set_page(struct dos_call *c)
{
    uint8_t page = dos_low(c, DOS_AX) & 7;
    dos_write8(c, DOS_BDA, BDA_PAGE, page);
    dos_write16(c, DOS_BDA, BDA_PAGE_START, (uint16_t)page_start(c, page));
}

static void get_cursor(struct dos_call *c)
{
    dos_set(c, DOS_DX, cursor(c, dos_high(c, DOS_BX)));
    dos_set(c, DOS_CX, dos_read16(c, DOS_BDA, BDA_CURSOR_SHAPE));
}

static void get_mode(struct dos_call *c)
{
    dos_set(c, DOS_AX, (uint16_t)(columns(c) << 8 | dos_read8(c, DOS_BDA, BDA_MODE)));
    dos_set_high(c, DOS_BX, active_page(c));
}

// Rows follow from the height of characters on 400 lines.
static void set_height(struct dos_call *c, uint8_t height)
{
    unsigned n = height ? 400u / height : 0;
    if (n < 25 || n > MOST_ROWS)
        return;
    dos_write8(c, DOS_BDA, BDA_ROWS, (uint8_t)(n - 1));
    dos_write16(c, DOS_BDA, BDA_HEIGHT, height);
    dos_write16(c, DOS_BDA, BDA_PAGE_SIZE, (uint16_t)page_size(c));
}

// The shapes of characters are nobody's; their height counts, for 25, 28 or 50 rows (RBIL INT 10/AH=11h).
static void font(struct dos_call *c)
{
    switch (dos_low(c, DOS_AX)) {
    case 0x10: // the program's own shapes
        set_height(c, dos_high(c, DOS_BX));
        break;
    case 0x11:
        set_height(c, 14);
        break;
    case 0x12:
        set_height(c, 8);
        break;
    case 0x14:
        set_height(c, 16);
        break;
    case 0x30:
        dos_set(c, DOS_CX, dos_read16(c, DOS_BDA, BDA_HEIGHT));
        dos_set_low(c, DOS_DX, (uint8_t)(rows(c) - 1));
        dos_set(c, DOS_ES, DOS_ROM);
        dos_set(c, DOS_BP, 0);
        break;
    default:
        if (dos_low(c, DOS_AX) > 4) // shapes for pictures
            dos_missing(c);
    }
}

static void light_pen(struct dos_call *c)
{
    dos_set_high(c, DOS_AX, 0); // not triggered
}

// AH=1Bh: 64 bytes at ES:DI (RBIL table 00040).
static void state_information(struct dos_call *c)
{
    uint8_t b[64] = {0};
    if (dos_get(c, DOS_BX) != 0)
        return;
    base_put32(b, (uint32_t)DOS_ROM << 16 | DOS_VIDEO_TABLE);
    dos_copy_in(c, DOS_BDA, BDA_MODE, b + 4, BDA_CRTC + 2 - BDA_MODE);
    b[0x22] = (uint8_t)rows(c);
    base_put16(b + 0x23, dos_read16(c, DOS_BDA, BDA_HEIGHT));
    b[0x25] = 8; // VGA with a colour screen
    base_put16(b + 0x27, 16);
    b[0x29] = (uint8_t)(CELLS / page_size(c));
    b[0x2A] = 2; // 400 lines
    b[0x31] = 3; // 256 KB
    dos_copy_out(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI), b, sizeof b);
    dos_set_low(c, DOS_AX, 0x1B);
}

static void alternate_select(struct dos_call *c)
{
    if (dos_low(c, DOS_BX) == 0x10) { // colour, 256 KB, no features
        dos_set(c, DOS_BX, 0x0003);
        dos_set(c, DOS_CX, 0x0009);
    } else if (dos_low(c, DOS_BX) >= 0x30 && dos_low(c, DOS_BX) <= 0x36) {
        dos_set_low(c, DOS_AX, 0x12);
    }
}

static void display_code(struct dos_call *c)
{
    if (dos_low(c, DOS_AX) == 0)
        dos_set(c, DOS_BX, 0x0008); // VGA with a colour screen
    dos_set_low(c, DOS_AX, 0x1A);
}

static void set_cursor_shape(struct dos_call *c)
{
    dos_write16(c, DOS_BDA, BDA_CURSOR_SHAPE, dos_get(c, DOS_CX));
}

static void move_cursor(struct dos_call *c)
{
    set_cursor(c, dos_high(c, DOS_BX), dos_high(c, DOS_DX), dos_low(c, DOS_DX));
}

static void nothing(struct dos_call *c)
{
    (void)c;
}

void dos_int10(struct dos_call *c)
{
    static const struct {
        uint8_t function;
        void (*run)(struct dos_call *c);
    } functions[] = {
        {0x00, set_mode},         {0x01, set_cursor_shape},
        {0x02, move_cursor},      {0x03, get_cursor},
        {0x04, light_pen},        {0x05, set_page},
        {0x06, scroll_window},    {0x07, scroll_window},
        {0x08, read_cell},        {0x09, write_cells},
        {0x0A, write_cells},      {0x0B, nothing}, // colours of border and palette: text does not change
        {0x0E, print_one},        {0x0F, get_mode},
        {0x10, dos_palette},      {0x11, font},
        {0x12, alternate_select}, {0x13, print_text},
        {0x1A, display_code},     {0x1B, state_information},
        {0x1C, nothing}, // saving all registers: AL stays, which says "not there"
    };
    for (size_t i = 0; i < BASE_COUNT(functions); i++) {
        if (functions[i].function == dos_high(c, DOS_AX)) {
            functions[i].run(c);
            return;
        }
    }
    if (dos_high(c, DOS_AX) < FOREIGN) // above them a BIOS leaves everything as it is: VESA and other cards' calls
        dos_missing(c);
}

// --- from outside

void dos_screen(struct vmm *v, struct base_buf *to)
{
    uint8_t cells[2 * PC_SCREEN_COLUMNS];
    char row[PC_SCREEN_COLUMNS + 1];
    unsigned empty = 0;
    struct dos_call c = dos_call_of(v, vmm_system_vm(v));
    for (unsigned y = 0; y < rows(&c); y++) {
        if (!dos_copy_in(&c, DOS_TEXT, y * sizeof cells, cells, sizeof cells))
            return;
        pc_screen_row(cells, PC_SCREEN_COLUMNS, row);
        if (!row[0]) {
            empty++;
            continue;
        }
        base_buf_fill(to, '\n', empty);
        empty = 0;
        base_buf_text(to, row);
        base_buf_add8(to, '\n');
    }
}
