// What lies in memory from the beginning: the stubs of the ROM, interrupt vectors, BIOS data, DOS's own data. Addresses
// that programs know by heart (model byte, BIOS date, entry of CALL 5) are where an AT has them.
#include "dos/defs.h"

#include <string.h>

enum {
    STUBS = 0xE100, // behind the VMM's own bytes of the ROM
    CONFIGURATION = 0xE6F5,
    CPM_ENTRY = 0xFEF0, // PSP:5 calls it; its offset is the size of the program's segment, as CP/M programs read it
    DATE = 0xFFF5,
    MODEL = 0xFFFE,
    END_OF_MEMORY = 0xA000, // segment
};

struct rom {
    struct dos_call *c;
    uint16_t at;
};

static void put_at(struct dos_call *c, uint16_t offset, const void *bytes, uint32_t n)
{
    if (!vmm_rom_put(c->v, offset, bytes, n))
        c->faulted = true;
}

static void put(struct rom *r, const uint8_t *bytes, uint32_t n)
{
    put_at(r->c, r->at, bytes, n);
    r->at = (uint16_t)(r->at + n);
}

static void put_call(struct rom *r, uint32_t to)
{
    uint8_t call[5] = {0x9A};
    base_put32(call + 1, to);
    put(r, call, sizeof call);
}

static uint32_t here(const struct rom *r)
{
    return (uint32_t)DOS_ROM << 16 | r->at;
}

static const uint8_t end_of_interrupt[] = {0x50, 0xB0, 0x20, 0xE6, 0x20, 0x58, 0xCF}; // push ax; al=20h -> 20h; iret

static uint32_t tick_stub(struct rom *r)
{
    static const uint8_t user_tick[] = {0xCD, 0x1C};
    uint32_t at = here(r);
    put_call(r, r->c->s->trap[DOS_TRAP_TICK]);
    put(r, user_tick, sizeof user_tick);
    put(r, end_of_interrupt, sizeof end_of_interrupt);
    return at;
}

// INT 15h AH=4Fh may change or swallow the key (RBIL INT 15/AH=4Fh).
static uint32_t key_stub(struct rom *r)
{
    static const uint8_t read[] = {
        0x50,       // push ax
        0xE4, 0x60, // in al, 60h
        0xB4, 0x4F, // mov ah, 4Fh
        0xF9,       // stc
        0xCD, 0x15, // int 15h
        0x73, 0x05, // jnc behind the call
    };
    static const uint8_t end[] = {0xB0, 0x20, 0xE6, 0x20, 0x58, 0xCF};
    uint32_t at = here(r);
    put(r, read, sizeof read);
    put_call(r, r->c->s->trap[DOS_TRAP_KEY]);
    put(r, end, sizeof end);
    return at;
}

// What is left of a call that prints when INT 29h or 10h is hooked: each character by an interrupt of its own, as the
// console driver of DOS does it (RBIL INT 29). Registers are as the call has them.
static void output_stubs(struct rom *r)
{
    static const uint8_t character[] = {
        0xFB,             // sti
        0x50, 0x88, 0xD0, // push ax; mov al, dl
        0xCD, 0x29,       // int 29h
        0x58, 0x88, 0xD0, // pop ax; mov al, dl
        0xCF,
    };
    static const uint8_t text[] = {
        0xFB, 0xFC,             // sti; cld
        0x56, 0x89, 0xD6,       // push si; mov si, dx
        0xAC, 0x3C, 0x24,       // lodsb; cmp al, '$'
        0x74, 0x04,             // je behind the loop
        0xCD, 0x29, 0xEB, 0xF7, // int 29h; jmp to lodsb
        0x5E, 0xCF,             // pop si
    };
    static const uint8_t write[] = {
        0xFB, 0xFC,                   // sti; cld
        0x51, 0x56, 0x89, 0xD6,       // push cx; push si; mov si, dx
        0xE3, 0x05,                   // jcxz behind the loop
        0xAC, 0xCD, 0x29, 0xE2, 0xFB, // lodsb; int 29h; loop
        0x5E, 0x58, 0x89, 0xC1,       // pop si; pop ax; mov cx, ax
        0x55, 0x89, 0xE5,             // push bp; mov bp, sp
        0x80, 0x66, 0x06, 0xFE,       // and byte [bp+6], 0FEh: CF = 0
        0x5D, 0xCF,                   // pop bp
    };
    static const uint8_t teletype[] = {
        0x50, 0x53,       // push ax; push bx
        0xB4, 0x0E,       // mov ah, 0Eh
        0xBB, 0x07, 0x00, // mov bx, 7
        0xCD, 0x10,       // int 10h
        0x5B, 0x58, 0xCF, // pop bx; pop ax
    };
    struct dos_state *s = r->c->s;
    s->stub_char = r->at;
    put(r, character, sizeof character);
    s->stub_text = r->at;
    put(r, text, sizeof text);
    s->stub_write = r->at;
    put(r, write, sizeof write);
    s->stub_teletype = r->at;
    put(r, teletype, sizeof teletype);
}

// What an AT's BIOS does about an error of the coprocessor: the handlers of the 8087's time are at INT 2.
static uint32_t coprocessor_stub(struct rom *r)
{
    static const uint8_t bytes[] = {
        0x50,                   // push ax
        0x30, 0xC0,             // xor al, al
        0xE6, 0xF0,             // out 0F0h, al
        0xB0, 0x20,             // mov al, 20h
        0xE6, 0xA0, 0xE6, 0x20, // out 0A0h, al; out 20h, al
        0x58,                   // pop ax
        0xCD, 0x02,             // int 2
        0xCF,
    };
    uint32_t at = here(r);
    put(r, bytes, sizeof bytes);
    return at;
}

static void interrupt_vectors(struct rom *r)
{
    static const uint8_t slave_end[] = {0x50, 0xB0, 0x20, 0xE6, 0xA0, 0xE6, 0x20, 0x58, 0xCF};
    uint32_t master = here(r);
    put(r, end_of_interrupt, sizeof end_of_interrupt);
    uint32_t slave = here(r);
    put(r, slave_end, sizeof slave_end);
    for (unsigned i = 0x0A; i <= 0x0F; i++)
        dos_write32(r->c, 0, 4 * i, master);
    for (unsigned i = 0x70; i <= 0x77; i++)
        dos_write32(r->c, 0, 4 * i, slave);
    dos_write32(r->c, 0, 4 * 0x75, coprocessor_stub(r));
    for (unsigned i = 0; i < 256; i++) {
        uint32_t to = dos_vector((uint8_t)i, r->c->s);
        if (to)
            dos_write32(r->c, 0, 4 * i, to);
    }
}

void dos_rom_create(struct dos_call *c)
{
    static const uint8_t configuration[] = {8, 0, 0xFC, 1, 0, 0x70, 0, 0, 0, 0}; // AT; RTC, second PIC, INT 15/4F
    static const uint8_t model[] = {0xFC, 0};
    struct rom r = {c, STUBS};
    c->s->stub_tick = tick_stub(&r);
    c->s->stub_key = key_stub(&r);
    output_stubs(&r);
    interrupt_vectors(&r);
    put_at(c, CONFIGURATION, configuration, sizeof configuration);
    put_at(c, DATE, "06/25/98", 8);
    put_at(c, MODEL, model, sizeof model);
    uint8_t jump[5] = {0xEA};
    base_put32(jump + 1, c->s->trap[DOS_TRAP_CPM]);
    put_at(c, CPM_ENTRY, jump, sizeof jump);
}

static void bios_data(struct dos_call *c)
{
    uint8_t zero[0x100] = {0};
    dos_copy_out(c, DOS_BDA, 0, zero, sizeof zero);
    dos_write16(c, DOS_BDA, BDA_COM, 0x3F8);
    dos_write16(c, DOS_BDA, BDA_COM + 2, 0x2F8);
    dos_write16(c, DOS_BDA, BDA_EQUIPMENT, 0x0422); // two serial ports, coprocessor, 80x25 colour, no disks
    dos_write16(c, DOS_BDA, BDA_MEMORY, 640);
    dos_write16(c, DOS_BDA, BDA_KEY_HEAD, BDA_KEYS);
    dos_write16(c, DOS_BDA, BDA_KEY_TAIL, BDA_KEYS);
    dos_write16(c, DOS_BDA, BDA_KEYS_FROM, BDA_KEYS);
    dos_write16(c, DOS_BDA, BDA_KEYS_TO, BDA_KEYS_END);
    dos_write8(c, DOS_BDA, BDA_SHIFT3, 0x10); // keyboard with 101 keys
    dos_refresh_ticks(c);
}

// A character device's header in the chain that begins at the NUL device (RBIL table 01646). No program may call the
// driver's entries: they return at once.
static void device_header(struct dos_call *c, uint16_t at, uint32_t next, uint16_t attributes, const char *name)
{
    uint8_t header[18];
    base_put32(header, next);
    base_put16(header + 4, attributes);
    base_put16(header + 6, DATA_RETF);
    base_put16(header + 8, DATA_RETF);
    memcpy(header + 10, name, 8);
    dos_copy_out(c, DOS_DATA, at, header, sizeof header);
    dos_write8(c, DOS_DATA, DATA_RETF, 0xCB);
}

static uint32_t far_data(uint16_t offset)
{
    return (uint32_t)DOS_DATA << 16 | offset;
}

static void list_of_lists(struct dos_call *c)
{
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x00, UINT32_MAX); // no drive parameter blocks
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x04, far_data(DATA_FILES));
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x08, far_data(DATA_CLOCK));
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x0C, far_data(DATA_CON));
    dos_write16(c, DOS_DATA, DATA_LISTS + 0x10, 512);
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x12, UINT32_MAX); // no buffers
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x16, far_data(DATA_DIRECTORIES));
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x1A, UINT32_MAX);
    dos_write8(c, DOS_DATA, DATA_LISTS + 0x20, 0);             // block devices
    dos_write8(c, DOS_DATA, DATA_LISTS + 0x21, DOS_DRIVE + 1); // LASTDRIVE
    device_header(c, DATA_NUL, far_data(DATA_CON), 0x8004, "NUL     ");
    device_header(c, DATA_CON, far_data(DATA_CLOCK), 0x8013, "CON     ");
    device_header(c, DATA_CLOCK, UINT32_MAX, 0x8008, "CLOCK$  ");
    dos_write32(c, DOS_DATA, DATA_FILES, UINT32_MAX); // one table of files, unused: none of it is DOS's truth here
    dos_write16(c, DOS_DATA, DATA_FILES + 4, 5);
    for (unsigned i = 0; i <= DOS_DRIVE; i++)
        dos_copy_out(c, DOS_DATA, DATA_DIRECTORIES + 0x58 * i, (const char[4]){(char)('A' + i), ':', '\\', 0}, 4);
    dos_write16(c, DOS_DATA, DATA_DIRECTORIES + 0x58 * DOS_DRIVE + 0x43, 0x4000); // a physical drive
    for (unsigned i = 0; i <= DOS_DRIVE; i++)
        dos_write16(c, DOS_DATA, DATA_DIRECTORIES + 0x58 * i + 0x4F, 2); // where the path begins
}

// RBIL INT 21/AH=38h, 65h: the United States, code page 437.
static void country_tables(struct dos_call *c)
{
    static const uint8_t country[34] = {0, 0,   '$', 0, 0, 0, 0, ',', 0, '.', 0,   '-',
                                        0, ':', 0,   0, 2, 0, 0, 0,   0, 0,   ',', 0};
    static const uint8_t upper_437[32] = {0x80, 0x9A, 0x45, 0x41, 0x8E, 0x41, 0x8F, 0x80, 0x45, 0x45, 0x45,
                                          0x49, 0x49, 0x49, 0x8E, 0x8F, 0x90, 0x92, 0x92, 0x4F, 0x99, 0x4F,
                                          0x55, 0x55, 0x59, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F};
    static const uint8_t filenames[] = {22,  0,    1,   0,   0xFF, 0,   0,   0x20, 2,   14,  '.', '"',
                                        '/', '\\', '[', ']', ':',  '|', '<', '>',  '+', '=', ';', ','};
    uint8_t table[258];
    dos_copy_out(c, DOS_DATA, DATA_COUNTRY, country, sizeof country);
    base_put16(table, 128);
    for (unsigned i = 0; i < 128; i++)
        table[2 + i] = i < sizeof upper_437 ? upper_437[i] : (uint8_t)(0x80 + i);
    dos_copy_out(c, DOS_DATA, DATA_UPPER, table, 130);
    base_put16(table, 256);
    for (unsigned i = 0; i < 256; i++)
        table[2 + i] = (uint8_t)(i >= 'a' && i <= 'z' ? i - 32 : i);
    dos_copy_out(c, DOS_DATA, DATA_COLLATE, table, 258);
    dos_copy_out(c, DOS_DATA, DATA_FILENAMES, filenames, sizeof filenames);
}

// As DOS has just started: nothing of what the System VM did until now.
void dos_memory_reset(struct dos_call *c, uint16_t first)
{
    uint8_t zero[X86_PAGE_SIZE] = {0};
    dos_copy_out(c, DOS_DATA, 0, zero, sizeof zero);
    bios_data(c);
    list_of_lists(c);
    country_tables(c);
    dos_write8(c, DOS_DATA, DATA_DRIVE, DOS_DRIVE);
    dos_video_reset(c);
    dos_memory_create(c, first, END_OF_MEMORY);
    dos_shell_create(c);
}
