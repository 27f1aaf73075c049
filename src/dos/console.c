// Character input and output: INT 21h AH=01h to 0Ch, and CON as a file. Handles 0 and 1 may lead to files. A call that
// waits for a key is made again after every interrupt, so what it has already done (a half-typed line) lies in DOS's
// data.
#include "dos/defs.h"

enum { AT_ONCE = 1024 }; // characters of a line that are taken in one go
enum { STDIN = 0, STDOUT = 1, CTRL_C = 3, CTRL_Z = 0x1A, TAB = 8 };
enum got { GOT, WAITS, ENDED };

// --- output

// Tabs are blanks on the screen; what is announced is what the program printed.
void dos_con_print(struct dos_call *c, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '\t') {
            dos_video_teletype(c, text[i]);
            continue;
        }
        do
            dos_video_teletype(c, ' ');
        while (dos_video_column(c) % TAB);
    }
    dos_announce_output(c, text, n);
}

bool dos_con_watched(struct dos_call *c)
{
    return dos_watched(c, 0x29) || dos_watched(c, 0x10);
}

static bool prints_watched(struct dos_call *c)
{
    const struct dos_file *f = dos_file_of(c, STDOUT);
    return (!f || f->device == DOS_IS_CON) && dos_con_watched(c);
}

static void put(struct dos_call *c, const char *text, uint32_t n)
{
    const struct dos_host *host = dos_host(c);
    struct dos_file *f = dos_file_of(c, STDOUT);
    if (!f || f->device == DOS_IS_CON) {
        dos_con_print(c, text, n);
    } else if (f->device == DOS_IS_FILE && host && !host->write(host->user, f->path, f->position, text, &n)) {
        f->position += n;
        f->written = 1;
        dos_file_show(c, f);
    }
}

static void put_char(struct dos_call *c, char ch)
{
    put(c, &ch, 1);
}

// What is typed is shown by INT 29h, too, when somebody looks on: it is kept until the C code is done, and code in the
// ROM shows it then (leave_echo).
static void echo(struct dos_call *c, const char *text, uint32_t n)
{
    if (!prints_watched(c)) {
        put(c, text, n);
        return;
    }
    uint32_t at = DATA_ECHO;
    while (dos_read8(c, DOS_DATA, at) && at + n < DATA_ECHO_END)
        at++;
    dos_copy_out(c, DOS_DATA, at, text, n);
    dos_write8(c, DOS_DATA, at + n, 0);
}

static bool has_echo(struct dos_call *c)
{
    return dos_read8(c, DOS_DATA, DATA_ECHO) != 0;
}

// The last thing of a call: `over`, it returns to its caller afterwards; else it is made again.
static void leave_echo(struct dos_call *c, bool over)
{
    if (has_echo(c))
        dos_go_on_in_rom(c, over ? c->s->stub_echo : c->s->stub_echo_again);
}

// --- input

static enum got file_char(struct dos_call *c, struct dos_file *f, uint8_t *ch)
{
    const struct dos_host *host = dos_host(c);
    uint32_t n = 1;
    if (!host || host->read(host->user, f->path, f->position, ch, &n) || n == 0)
        return ENDED;
    f->position++;
    dos_file_moved(c, f);
    return GOT;
}

// The next character of handle 0. A key without one gives 0 and, the next time, its scan code.
static enum got next_char(struct dos_call *c, uint8_t *ch, bool take)
{
    struct dos_file *f = dos_file_of(c, STDIN);
    uint16_t key;
    *ch = dos_read8(c, DOS_DATA, DATA_LAST_KEY);
    if (*ch) {
        if (take)
            dos_write8(c, DOS_DATA, DATA_LAST_KEY, 0);
        return GOT;
    }
    if (f && f->device == DOS_IS_FILE && take)
        return file_char(c, f, ch);
    if (f && f->device != DOS_IS_CON)
        return f->device == DOS_IS_FILE ? GOT : ENDED;
    if (dos_read8(c, DOS_DATA, DATA_BROKE)) { // Ctrl+Break counts as Ctrl+C
        *ch = CTRL_C;
        if (take)
            dos_write8(c, DOS_DATA, DATA_BROKE, 0);
        return GOT;
    }
    while (dos_key_peek(c, &key) && key == 0)
        dos_key_take(c); // what Ctrl+Break leaves in the buffer
    if (!dos_key_peek(c, &key))
        return dos_reads_input(c, STDIN) ? ENDED : WAITS;
    bool special = (key & 0xFF) == 0 || ((key & 0xFF) == 0xE0 && key >> 8);
    *ch = special ? 0 : (uint8_t)key;
    if (!take)
        return GOT;
    dos_key_take(c);
    dos_write8(c, DOS_DATA, DATA_IDLE_TOLD, 0);
    if (special)
        dos_write8(c, DOS_DATA, DATA_LAST_KEY, (uint8_t)(key >> 8));
    return GOT;
}

// INT 23h (RBIL INT 23). A handler that returns with IRET has the call made again; with RETF it says by the carry flag
// whether the program goes on.
static void break_off(struct dos_call *c)
{
    uint32_t back = c->s->trap[DOS_TRAP_BROKEN];
    put(c, "^C\r\n", 4);
    dos_write16(c, DOS_DATA, DATA_BREAK_SP, dos_get(c, DOS_SP));
    vmm_client_jump(c->v, (uint16_t)(back >> 16), back & 0xFFFF);
    dos_simulate(c, 0x23);
}

void dos_broken(struct dos_call *c)
{
    uint16_t sp = dos_read16(c, DOS_DATA, DATA_BREAK_SP);
    bool far_return = dos_get(c, DOS_SP) == (uint16_t)(sp - 2);
    dos_set(c, DOS_SP, sp);
    if (far_return && dos_get(c, DOS_FLAGS) & X86_CF)
        dos_end_process(c, DOS_BY_CTRL_C, 0);
    else
        dos_again(c);
}

// INT 1Bh: DOS notes it for the next time that it looks for Ctrl+C.
void dos_int1b(struct dos_call *c)
{
    dos_write8(c, DOS_DATA, DATA_BROKE, 1);
}

static bool takes_break(struct dos_call *c)
{
    bool broke = dos_read8(c, DOS_DATA, DATA_BROKE);
    if (broke)
        dos_write8(c, DOS_DATA, DATA_BROKE, 0);
    return broke || dos_key_break(c);
}

// Before a function begins: those that print or look for keys, and with BREAK=ON all above them.
bool dos_break_begin(struct dos_call *c, uint8_t function)
{
    static const uint8_t looking[] = {0x02, 0x09, 0x0B};
    bool looks = function > 0x0C && dos_read8(c, DOS_DATA, DATA_BREAK);
    for (size_t i = 0; i < BASE_COUNT(looking); i++)
        looks |= function == looking[i];
    if (!looks || !dos_program_of(c) || !takes_break(c))
        return false;
    break_off(c);
    return true;
}

// INT 28h first, once for each time that the call is made again: resident programs work meanwhile (RBIL INT 28).
static void wait_for_key(struct dos_call *c)
{
    if (!dos_watched(c, 0x28) || dos_read8(c, DOS_DATA, DATA_IDLE_TOLD)) {
        dos_wait(c);
        return;
    }
    dos_write8(c, DOS_DATA, DATA_IDLE_TOLD, 1);
    dos_simulate(c, 0x28);
}

// Waits for a character, which comes into AL. False: not yet, or Ctrl-C.
static bool read_char(struct dos_call *c, uint8_t *ch, bool checks_break)
{
    switch (next_char(c, ch, true)) {
    case WAITS:
        wait_for_key(c);
        return false;
    case ENDED:
        *ch = CTRL_Z;
        break;
    case GOT:
        if (*ch != CTRL_C || !checks_break)
            break;
        break_off(c);
        return false;
    }
    dos_set_low(c, DOS_AX, *ch);
    return true;
}

void dos_read_echo(struct dos_call *c)
{
    uint8_t ch;
    if (!read_char(c, &ch, true))
        return;
    if (ch)
        echo(c, (const char *)&ch, 1);
    else
        put_char(c, 0);
    leave_echo(c, true);
}

void dos_read_silent(struct dos_call *c)
{
    uint8_t ch;
    (void)read_char(c, &ch, true);
}

void dos_direct_in(struct dos_call *c)
{
    uint8_t ch;
    (void)read_char(c, &ch, false);
}

void dos_direct_io(struct dos_call *c)
{
    uint8_t ch = dos_low(c, DOS_DX);
    if (ch != 0xFF && prints_watched(c)) {
        dos_go_on_in_rom(c, c->s->stub_char);
        return;
    }
    if (ch != 0xFF) {
        put_char(c, (char)ch);
        dos_set_low(c, DOS_AX, ch);
        return;
    }
    bool got = next_char(c, &ch, true) == GOT;
    dos_set_low(c, DOS_AX, got ? ch : 0);
    dos_flag(c, X86_ZF, !got);
}

void dos_input_status(struct dos_call *c)
{
    uint8_t ch;
    dos_set_low(c, DOS_AX, next_char(c, &ch, false) == GOT ? 0xFF : 0);
}

void dos_print_char(struct dos_call *c)
{
    if (prints_watched(c)) {
        dos_go_on_in_rom(c, c->s->stub_char);
        return;
    }
    put_char(c, (char)dos_low(c, DOS_DX));
    dos_set_low(c, DOS_AX, dos_low(c, DOS_DX));
}

// To the '$', at most a segment.
void dos_print_text(struct dos_call *c)
{
    uint16_t ds = dos_get(c, DOS_DS), dx = dos_get(c, DOS_DX);
    char text[256];
    uint32_t n = 0;
    if (prints_watched(c)) {
        dos_go_on_in_rom(c, c->s->stub_text);
        return;
    }
    for (uint32_t total = 0; total < 0x10000 && !c->faulted; total++) {
        text[n] = (char)dos_read8(c, ds, (uint16_t)(dx + total));
        if (text[n] == '$')
            break;
        if (++n < sizeof text)
            continue;
        put(c, text, n);
        n = 0;
    }
    put(c, text, n);
    dos_set_low(c, DOS_AX, '$');
}

void dos_int29(struct dos_call *c)
{
    const char ch = (char)dos_low(c, DOS_AX);
    if (dos_watched(c, 0x10) && ch != '\t') // which the BIOS would show as a picture
        dos_go_on_in_rom(c, c->s->stub_teletype);
    else
        dos_con_print(c, &ch, 1);
}

// The serial port and the printer: none is connected.
void dos_aux_in(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, CTRL_Z);
}

void dos_aux_out(struct dos_call *c)
{
    (void)c;
}

void dos_print_printer(struct dos_call *c)
{
    c->device = DOS_IS_PRN;
    (void)dos_critical(c, DOS_WRITE_FAULT);
}

// --- lines

// Takes characters into segment:offset until Enter. GOT: *used is the line's length. The line may be half typed: as
// many characters as DATA_LINE_USED says are there already.
static enum got take_line(struct dos_call *c, uint16_t segment, uint16_t offset, uint8_t room, uint8_t *used)
{
    uint8_t ch, n = dos_read8(c, DOS_DATA, DATA_LINE_STATE) ? dos_read8(c, DOS_DATA, DATA_LINE_USED) : 0;
    unsigned taken = 0;
    enum got got = WAITS;
    n = n < room ? n : room;
    while (taken++ < AT_ONCE && !has_echo(c) && (got = next_char(c, &ch, true)) == GOT && ch != '\r' && ch != CTRL_C &&
           !c->faulted) {
        if (ch == 0 && dos_read8(c, DOS_DATA, DATA_LAST_KEY)) { // editing keys do nothing
            dos_write8(c, DOS_DATA, DATA_LAST_KEY, 0);
        } else if (ch == '\b' && n) {
            n--;
            echo(c, "\b \b", 3);
        } else if (ch != '\b' && ch != '\n' && n < room) {
            dos_write8(c, segment, (uint16_t)(offset + n++), ch);
            if (ch)
                echo(c, (const char *)&ch, 1);
        }
    }
    bool interrupted = taken > AT_ONCE || has_echo(c),
         over = !interrupted && (got == ENDED || (got == GOT && ch == '\r'));
    dos_write8(c, DOS_DATA, DATA_LINE_STATE, got == WAITS || interrupted);
    dos_write8(c, DOS_DATA, DATA_LINE_USED, n);
    *used = n;
    if (over)
        return got;
    c->stay = true; // called again at once: what is typed may be without end
    if (got == GOT && ch == CTRL_C)
        break_off(c);
    else if (!interrupted)
        wait_for_key(c);
    else
        leave_echo(c, false);
    return WAITS;
}

// AH=0Ah: DS:DX has room, then length, then the characters and CR.
void dos_read_line(struct dos_call *c)
{
    uint16_t ds = dos_get(c, DOS_DS), dx = dos_get(c, DOS_DX);
    uint8_t room = dos_read8(c, ds, dx), used;
    if (!room || take_line(c, ds, (uint16_t)(dx + 2), (uint8_t)(room - 1), &used) == WAITS)
        return;
    dos_write8(c, ds, (uint16_t)(dx + 1), used);
    dos_write8(c, ds, (uint16_t)(dx + 2 + used), '\r');
    echo(c, "\r", 1);
    leave_echo(c, true);
}

// What is left of the last line, with CR and LF behind it.
static void give_line(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t n, uint32_t *done)
{
    uint8_t used = dos_read8(c, DOS_DATA, DATA_LINE_USED), given = dos_read8(c, DOS_DATA, DATA_LINE_GIVEN);
    for (*done = 0; *done < n && given < used; (*done)++)
        dos_write8(c, segment, offset + *done, dos_read8(c, DOS_DATA, DATA_LINE + given++));
    dos_write8(c, DOS_DATA, DATA_LINE_GIVEN, given);
    if (given == used)
        dos_write16(c, DOS_DATA, DATA_LINE_USED, 0); // and GIVEN
}

// A raw read takes keys until there are as many as were asked for, without echo. What has come while it waits is
// counted in DOS's data.
static bool read_raw(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t n, uint32_t *done)
{
    uint16_t got = dos_read16(c, DOS_DATA, DATA_RAW_GOT);
    uint8_t ch;
    for (*done = got; *done < n && next_char(c, &ch, true) == GOT; ++*done)
        dos_write8(c, segment, offset + *done, ch);
    dos_write16(c, DOS_DATA, DATA_RAW_GOT, (uint16_t)(*done < n ? *done : 0));
    if (*done < n)
        wait_for_key(c);
    return *done == n;
}

bool dos_con_read(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t n, uint32_t *done)
{
    uint8_t used;
    *done = 0;
    if (dos_reads_input(c, STDIN)) { // standard input of the host: bytes as they come
        uint8_t bytes[512];
        uint32_t part = 1;
        for (; part && *done < n; *done += part) {
            part = n - *done < sizeof bytes ? n - *done : (uint32_t)sizeof bytes;
            part = dos_take_input(c, bytes, part);
            dos_copy_out(c, segment, offset + *done, bytes, part);
        }
        return true;
    }
    if (dos_read8(c, DOS_DATA, DATA_RAW))
        return read_raw(c, segment, offset, n, done);
    bool rest = dos_read8(c, DOS_DATA, DATA_LINE_GIVEN);
    if (!rest) {
        if (take_line(c, DOS_DATA, DATA_LINE, 125, &used) == WAITS)
            return false;
        echo(c, "\r\n", 2);
        if (used && dos_read8(c, DOS_DATA, DATA_LINE) == CTRL_Z) {
            dos_write16(c, DOS_DATA, DATA_LINE_USED, 0);
            return true; // the end
        }
        dos_write16(c, DOS_DATA, DATA_LINE + used, '\r' | '\n' << 8);
        dos_write16(c, DOS_DATA, DATA_LINE_USED, (uint16_t)(used + 2));
    }
    give_line(c, segment, offset, n, done);
    return true;
}

void dos_con_leave(struct dos_call *c)
{
    leave_echo(c, true);
}

// AH=0Ch: forgets what was typed ahead, then does the function in AL.
void dos_flush_input(struct dos_call *c)
{
    static dos_fn *const functions[] = {
        [1] = dos_read_echo, [6] = dos_direct_io, [7] = dos_direct_in, [8] = dos_read_silent, [10] = dos_read_line};
    uint8_t function = dos_low(c, DOS_AX);
    if (!dos_read8(c, DOS_DATA, DATA_FLUSHED)) {
        dos_write16(c, DOS_BDA, BDA_KEY_HEAD, dos_read16(c, DOS_BDA, BDA_KEY_TAIL));
        dos_write8(c, DOS_DATA, DATA_LAST_KEY, 0);
    }
    if (function < BASE_COUNT(functions) && functions[function])
        functions[function](c);
    dos_write8(c, DOS_DATA, DATA_FLUSHED, c->stay);
}
