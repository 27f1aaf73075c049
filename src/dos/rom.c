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

// What was typed goes to the screen by INT 29h; then the call is over, or INT 21h is entered again.
static uint16_t echo_stub(struct rom *r, bool again)
{
    static const uint8_t show[] = {
        0xFB, 0xFC,                                 // sti; cld
        0x50, 0x53,      0x56,          0x1E,       // push ax; push bx; push si; push ds
        0xB8, 0x00,      DOS_DATA >> 8,             // mov ax, DOS_DATA
        0x8E, 0xD8,                                 // mov ds, ax
        0xBE, DATA_ECHO, 0x00,                      // mov si, DATA_ECHO
        0xAC, 0x08,      0xC0,                      // lodsb; or al, al
        0x74, 0x04,      0xCD,          0x29,       // jz behind the loop; int 29h
        0xEB, 0xF7,                                 // jmp to lodsb
        0xC6, 0x06,      DATA_ECHO,     0x00, 0x00, // mov byte [DATA_ECHO], 0
        0x1F, 0x5E,      0x5B,          0x58,       // pop ds; pop si; pop bx; pop ax
    };
    uint8_t end[5] = {again ? 0xEA : 0xCF};
    uint16_t at = r->at;
    base_put32(end + 1, dos_vector(0x21, r->c->s));
    put(r, show, sizeof show);
    put(r, end, again ? sizeof end : 1);
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
    s->stub_echo = echo_stub(r, false);
    s->stub_echo_again = echo_stub(r, true);
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

// IRQ 9 is the XT's IRQ 2: the BIOS ends it at the second controller and INT 0Ah at the first (RBIL INT 71).
static uint32_t redirected_stub(struct rom *r)
{
    static const uint8_t bytes[] = {
        0x50,             // push ax
        0xB0, 0x20,       // mov al, 20h
        0xE6, 0xA0, 0x58, // out 0A0h, al; pop ax
        0xCD, 0x0A,       // int 0Ah
        0xCF,
    };
    uint32_t at = here(r);
    put(r, bytes, sizeof bytes);
    return at;
}

// The first bytes are what programs that hook the driver replace by a jump (XMS 3.0).
static uint16_t xms_stub(struct rom *r)
{
    uint8_t bytes[10] = {0xEB, 0x03, 0x90, 0x90, 0x90, 0xEA};
    uint16_t at = r->at;
    base_put32(bytes + 6, r->c->s->trap[DOS_TRAP_XMS]);
    put(r, bytes, sizeof bytes);
    return at;
}

static void interrupt_vectors(struct rom *r)
{
    static const uint8_t slave_end[] = {0x50, 0xB0, 0x20, 0xE6, 0xA0, 0xE6, 0x20, 0x58, 0xCF};
    uint32_t nothing = here(r);
    put(r, (const uint8_t[]){0xCF}, 1);
    uint32_t master = here(r);
    put(r, end_of_interrupt, sizeof end_of_interrupt);
    uint32_t slave = here(r);
    put(r, slave_end, sizeof slave_end);
    for (unsigned i = 0x0A; i <= 0x0F; i++)
        dos_write32(r->c, 0, 4 * i, master);
    for (unsigned i = 0x70; i <= 0x77; i++)
        dos_write32(r->c, 0, 4 * i, slave);
    dos_write32(r->c, 0, 4 * 0x71, redirected_stub(r));
    dos_write32(r->c, 0, 4 * 0x75, coprocessor_stub(r));
    for (unsigned i = 0x20; i <= 0x3F; i++) // DOS's: what nobody serves returns
        dos_write32(r->c, 0, 4 * i, nothing);
    dos_write32(r->c, 0, 4 * 0x4A, nothing); // the clock chip's alarm
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
    static const uint8_t video[16] = {0x0F, 0, 0, 0, 0, 0, 0, 4, 2, 8}; // modes 0-3, 400 lines (RBIL table 00041)
    struct rom r = {c, STUBS};
    c->s->stub_tick = tick_stub(&r);
    c->s->stub_key = key_stub(&r);
    output_stubs(&r);
    c->s->xms = xms_stub(&r);
    interrupt_vectors(&r);
    put_at(c, CONFIGURATION, configuration, sizeof configuration);
    put_at(c, DOS_VIDEO_TABLE, video, sizeof video);
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
    dos_write8(c, DOS_BDA, BDA_DMA, 0x20);    // virtual DMA services are there: VDMAD's INT 4Bh
    dos_refresh_ticks(c);
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
    dos_tables_create(c);
    dos_limits_reset(c);
    country_tables(c);
    dos_write8(c, DOS_DATA, DATA_DRIVE, DOS_DRIVE);
    dos_video_reset(c);
    dos_memory_create(c, first, DOS_END_OF_MEMORY);
    dos_shell_create(c);
}
