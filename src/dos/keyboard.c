// The keyboard: INT 9 turns scan codes into keys of the BIOS's buffer, INT 16h hands them out (RBIL INT 16, MEM 0040h).
// When the buffer is empty and the host gives a standard input, its bytes come as keys.
#include "dos/defs.h"

enum { RIGHT_SHIFT = 1, LEFT_SHIFT = 2, CTRL = 4, ALT = 8, SCROLL = 0x10, NUM = 0x20, CAPS = 0x40, INSERT = 0x80 };
enum { RELEASED = 0x80, PREFIX = 0xE0, PREFIX_SEEN = 2 }; // the latter in BDA_SHIFT3

// ASCII by scan code, US layout: plain, with Shift.
static const char plain[] = "\0\x1B"
                            "1234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] = "\0\x1B"
                              "!@#$%^&*()_+\b\0QWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
static const char keypad[] = "789-456+1230."; // 47h to 53h

static uint8_t shift_bit(uint8_t code)
{
    switch (code) {
    case 0x2A:
        return LEFT_SHIFT;
    case 0x36:
        return RIGHT_SHIFT;
    case 0x1D:
        return CTRL;
    case 0x38:
        return ALT;
    default:
        return 0;
    }
}

static uint8_t toggle_bit(uint8_t code)
{
    return code == 0x46 ? SCROLL : code == 0x45 ? NUM : code == 0x3A ? CAPS : 0;
}

static bool is_letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

// Codes of keys with Alt and Ctrl that have no ASCII: scan code in the high byte, as tables of the BIOS give them.
static uint16_t function_key(uint8_t code, uint8_t shift)
{
    if (code >= 0x3B && code <= 0x44) { // F1 to F10
        unsigned n = code - 0x3Bu;
        unsigned from = shift & ALT ? 0x68 : shift & CTRL ? 0x5E : shift & (LEFT_SHIFT | RIGHT_SHIFT) ? 0x54 : 0x3B;
        return (uint16_t)((from + n) << 8);
    }
    unsigned n = code - 0x57u; // F11, F12
    unsigned from = shift & ALT ? 0x8B : shift & CTRL ? 0x89 : shift & (LEFT_SHIFT | RIGHT_SHIFT) ? 0x87 : 0x85;
    return (uint16_t)((from + n) << 8);
}

static uint16_t cursor_key(uint8_t code, uint8_t shift, bool gray)
{
    static const uint8_t with_ctrl[] = {0x77, 0x8D, 0x84, 0x8E, 0x73, 0x8F, 0x74, 0x90, 0x75, 0x91, 0x76, 0x92, 0x93};
    unsigned i = code - 0x47u;
    bool digits = !gray && !(shift & (CTRL | ALT)) && !(shift & NUM) != !(shift & (LEFT_SHIFT | RIGHT_SHIFT));
    if (code == 0x4A || code == 0x4E || digits)
        return (uint16_t)(code << 8 | (uint8_t)keypad[i]);
    if (shift & ALT)
        return (uint16_t)(gray ? (code + 0x50) << 8 : 0);
    unsigned scan = shift & CTRL ? with_ctrl[i] : code;
    return (uint16_t)(scan << 8 | (gray ? PREFIX : 0));
}

static uint16_t with_alt(uint8_t code)
{
    if (code >= 0x02 && code <= 0x0D) // the row of digits
        return (uint16_t)((code + 0x76) << 8);
    return (uint16_t)(code << 8);
}

static uint16_t with_ctrl(uint8_t code, char ch)
{
    if (is_letter(ch))
        return (uint16_t)(code << 8 | (ch & 0x1F));
    switch (ch) {
    case '2':
        return 0x0300;
    case '6':
        return 0x071E;
    case '-':
        return 0x0C1F;
    case '[':
    case '\\':
    case ']':
        return (uint16_t)(code << 8 | (ch & 0x1F));
    case '\b':
        return 0x0E7F;
    case '\t':
        return 0x9400;
    case '\r':
        return 0x1C0A;
    case ' ':
        return 0x3920;
    case 0x1B:
        return 0x011B;
    default:
        return 0;
    }
}

// The key as INT 16h gives it; 0: none.
static uint16_t key_of(uint8_t code, uint8_t shift, bool gray)
{
    if ((code >= 0x3B && code <= 0x44) || code == 0x57 || code == 0x58)
        return function_key(code, shift);
    if (code >= 0x47 && code <= 0x53)
        return cursor_key(code, shift, gray);
    if (code >= sizeof plain - 1 || shift_bit(code))
        return 0;
    char ch = plain[code];
    if (!ch)
        return 0;
    if (gray)
        return (uint16_t)(PREFIX << 8 | (uint8_t)(code == 0x1C ? '\r' : '/')); // the only gray keys with a character
    if (shift & ALT)
        return with_alt(code);
    if (shift & CTRL)
        return with_ctrl(code, ch);
    bool upper = shift & (LEFT_SHIFT | RIGHT_SHIFT);
    if (code == 0x0F && upper)
        return 0x0F00; // back tab
    if (is_letter(ch) && shift & CAPS)
        upper = !upper;
    return (uint16_t)(code << 8 | (uint8_t)(upper ? shifted[code] : ch));
}

// --- the buffer

static uint16_t after(struct dos_call *c, uint16_t at)
{
    uint16_t end = dos_read16(c, DOS_BDA, BDA_KEYS_TO);
    return at + 2 >= end || at < dos_read16(c, DOS_BDA, BDA_KEYS_FROM) ? dos_read16(c, DOS_BDA, BDA_KEYS_FROM)
                                                                       : (uint16_t)(at + 2);
}

static bool put_key(struct dos_call *c, uint16_t key)
{
    uint16_t tail = dos_read16(c, DOS_BDA, BDA_KEY_TAIL), next = after(c, tail);
    if (next == dos_read16(c, DOS_BDA, BDA_KEY_HEAD))
        return false; // full
    dos_write16(c, DOS_BDA, tail, key);
    dos_write16(c, DOS_BDA, BDA_KEY_TAIL, next);
    return true;
}

// --- INT 9

static void track(struct dos_call *c, uint8_t code, bool down, bool gray)
{
    uint8_t shift = dos_read8(c, DOS_BDA, BDA_SHIFT), bit = shift_bit(code), toggle = toggle_bit(code);
    if (gray && (code == 0x2A || code == 0x36))
        return; // no keys but wrappers around gray ones
    shift = (uint8_t)(down ? shift | bit : shift & ~bit);
    if (down && code == 0x52 && !(shift & (CTRL | ALT)))
        toggle = INSERT;
    if (down)
        shift ^= toggle;
    dos_write8(c, DOS_BDA, BDA_SHIFT, shift);
}

// AL = the byte that the stub has read.
void dos_key_pressed(struct dos_call *c)
{
    uint8_t byte = dos_low(c, DOS_AX), code = byte & 0x7F, shift3 = dos_read8(c, DOS_BDA, BDA_SHIFT3);
    bool gray = shift3 & PREFIX_SEEN, down = !(byte & RELEASED);
    dos_far_return(c);
    dos_write8(c, DOS_BDA, BDA_SHIFT3,
               (uint8_t)(byte == PREFIX ? shift3 | PREFIX_SEEN : shift3 & ~(unsigned)PREFIX_SEEN));
    if (byte == PREFIX)
        return;
    track(c, code, down, gray);
    uint8_t shift = dos_read8(c, DOS_BDA, BDA_SHIFT);
    if (down && gray && code == 0x46 && shift & CTRL) { // Ctrl+Break
        dos_write8(c, DOS_BDA, BDA_BREAK, 0x80);
        dos_write16(c, DOS_BDA, BDA_KEY_HEAD, dos_read16(c, DOS_BDA, BDA_KEY_TAIL));
        put_key(c, 0);
        dos_simulate(c, 0x1B); // and then the rest of the stub
        return;
    }
    uint16_t key = down ? key_of(code, shift, gray) : 0;
    if (key)
        put_key(c, key);
}

// --- keys out of standard input

static uint8_t scan_of(uint8_t ch)
{
    for (uint8_t i = 1; i < sizeof plain - 1; i++)
        if ((uint8_t)plain[i] == ch || (uint8_t)shifted[i] == ch)
            return i;
    return 0;
}

// The next byte of standard input becomes a key in the buffer. A line's end is Enter, once.
static bool type_input(struct dos_call *c)
{
    uint8_t ch;
    do {
        if (!dos_take_input(c, &ch, 1))
            return false;
        bool second = ch == '\n' && c->s->input_cr;
        c->s->input_cr = ch == '\r';
        if (!second)
            break;
    } while (true);
    ch = ch == '\n' ? '\r' : ch;
    return put_key(c, (uint16_t)(scan_of(ch) << 8 | ch));
}

bool dos_key_peek(struct dos_call *c, uint16_t *key)
{
    uint16_t head = dos_read16(c, DOS_BDA, BDA_KEY_HEAD);
    if (head == dos_read16(c, DOS_BDA, BDA_KEY_TAIL) && !type_input(c))
        return false;
    *key = dos_read16(c, DOS_BDA, head);
    return !c->faulted;
}

void dos_key_take(struct dos_call *c)
{
    dos_write16(c, DOS_BDA, BDA_KEY_HEAD, after(c, dos_read16(c, DOS_BDA, BDA_KEY_HEAD)));
}

// Whether Ctrl+C is typed and not read yet; it is taken out. Standard input of the host is left alone.
bool dos_key_break(struct dos_call *c)
{
    uint16_t head = dos_read16(c, DOS_BDA, BDA_KEY_HEAD);
    bool typed = head != dos_read16(c, DOS_BDA, BDA_KEY_TAIL) && dos_read8(c, DOS_BDA, head) == 3;
    if (typed)
        dos_key_take(c);
    return typed;
}

// --- INT 16h

// Old functions see what a keyboard of 83 keys could give: codes of gray keys without the mark.
static uint16_t old_key(uint16_t key)
{
    if ((key & 0xFF) == PREFIX && key >> 8)
        return key & 0xFF00;
    if (key >> 8 == PREFIX)
        return (uint16_t)((key & 0xFF) == '\r' ? 0x1C0D : 0x352F);
    return key;
}

static void read_key(struct dos_call *c, bool enhanced)
{
    uint16_t key;
    if (!dos_key_peek(c, &key)) {
        dos_wait(c);
        return;
    }
    dos_key_take(c);
    dos_set(c, DOS_AX, enhanced ? key : old_key(key));
}

static void key_status(struct dos_call *c, bool enhanced)
{
    uint16_t key;
    bool there = dos_key_peek(c, &key);
    if (there)
        dos_set(c, DOS_AX, enhanced ? key : old_key(key));
    dos_flag(c, X86_ZF, !there);
}

void dos_int16(struct dos_call *c)
{
    uint8_t function = dos_high(c, DOS_AX);
    switch (function) {
    case 0x00:
    case 0x10:
        read_key(c, function == 0x10);
        break;
    case 0x01:
    case 0x11:
        key_status(c, function == 0x11);
        break;
    case 0x02:
        dos_set_low(c, DOS_AX, dos_read8(c, DOS_BDA, BDA_SHIFT));
        break;
    case 0x12:
        dos_set_low(c, DOS_AX, dos_read8(c, DOS_BDA, BDA_SHIFT));
        dos_set_high(c, DOS_AX, dos_read8(c, DOS_BDA, BDA_SHIFT2));
        break;
    case 0x03: // repeat rate: nobody holds a key
        break;
    case 0x05:
        dos_set_low(c, DOS_AX, !put_key(c, dos_get(c, DOS_CX)));
        break;
    case 0x09: // which functions there are: rate, AH=05h, 10h to 12h
        dos_set_low(c, DOS_AX, 0x30);
        break;
    case 0x0A: // a keyboard with 101 keys (RBIL INT 16/AH=0Ah)
        dos_set(c, DOS_BX, 0x41AB);
        break;
    default: // a BIOS leaves everything as it is
        break;
    }
}
