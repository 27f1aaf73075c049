// The "MS-DOS" extension (DPMI 0.9, function 0A00h; Windows 3.1 SDK, DOS services in protected mode): INT 21h functions
// that take pointers. What a pointer of the application shows is copied to the host's V86 memory, the function crosses
// into V86 mode with the copy's address, and what DOS wrote is copied back. Long reads and writes go in pieces.
// Functions without pointers are reflected as any interrupt; those that cannot be translated fail with DOS's error 1.
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/selectors.h"

#include <string.h>

enum kind {
    NOTHING,
    TEXT,     // ends with 0
    NEW_TEXT, // the same, DOS appends a name of up to 12 characters
    DOLLAR,   // ends with $
    LINE,     // of function 0Ah: its first byte is its size
    OUTPUT,   // a certain size, DOS writes it
    NEW_DTA,  // where DOS shall put what it finds
    PROGRAM,  // the parameter block of EXEC, with what it points to
    IN_COUNT, // (E)CX bytes, DOS reads them
    OUT_COUNT,
    BOTH,   // a certain size, DOS reads and writes it
    FCB,    // a file control block, extended or not: the same
    PARSED, // a line for function 29h: ends with 0 or CR, or where the segment does
    TABLE,  // CX bytes that DOS writes; with a far pointer behind the first where AL is not 1
};
enum {
    PART_BYTES = 0x700,
    PARTS = 2,
    DTA_AT = PARTS * PART_BYTES,
    DTA_BYTES = 0x80,
    APPENDED = 13,
    RECORD_BYTES = 0x200, // of file control blocks, in the DTA's copy
    FCB_BYTES_ = 37,
    FCB_EXTENDED = 7, // more bytes in front
    FCB_RECORD_SIZE = 14,
    DTA_TOO_SMALL = 2, // answer of functions for file control blocks
    MOST_PARSED = 128,
    INVALID_FUNCTION = 1,
    GENERAL_PROTECTION = 13,
    PSP_DTA = 0x80
};
// Of a row: DOS writes the DTA; long ones; ES, DS is a segment; DOS moves SI along the first part; records in the DTA,
// one or CX of them.
enum { WITH_DTA = 1, IN_PIECES = 2, SEGMENT_IN_ES = 4, SEGMENT_IN_DS = 8, SI_MOVES = 16, RECORD = 32, RECORDS = 64 };

struct argument {
    uint8_t kind; // enum kind
    uint8_t segment, offset;
    uint8_t bytes;
};

struct translation {
    uint8_t function, first, last; // AH, AL
    uint8_t flags;
    struct argument arg[PARTS];
};

#define DS_DX(kind, bytes)                                                                                             \
    {                                                                                                                  \
        kind, KIT_Client_DS, KIT_Client_EDX, bytes                                                                     \
    }
#define DS_SI(kind, bytes)                                                                                             \
    {                                                                                                                  \
        kind, KIT_Client_DS, KIT_Client_ESI, bytes                                                                     \
    }
#define ES_DI(kind, bytes)                                                                                             \
    {                                                                                                                  \
        kind, KIT_Client_ES, KIT_Client_EDI, bytes                                                                     \
    }
#define ALL 0x00, 0xFF

static const struct translation translations[] = {
    {0x09, ALL, 0, {DS_DX(DOLLAR, 0)}},
    {0x0A, ALL, 0, {DS_DX(LINE, 0)}},
    {0x0F, ALL, 0, {DS_DX(FCB, 0)}},
    {0x10, ALL, 0, {DS_DX(FCB, 0)}},
    {0x11, ALL, WITH_DTA, {DS_DX(FCB, 0)}},
    {0x12, ALL, WITH_DTA, {DS_DX(FCB, 0)}},
    {0x13, ALL, 0, {DS_DX(FCB, 0)}},
    {0x14, ALL, RECORD, {DS_DX(FCB, 0)}},
    {0x15, ALL, RECORD, {DS_DX(FCB, 0)}},
    {0x16, ALL, 0, {DS_DX(FCB, 0)}},
    {0x17, ALL, 0, {DS_DX(FCB, 0)}},
    {0x1A, ALL, 0, {DS_DX(NEW_DTA, 0)}},
    {0x1B, ALL, SEGMENT_IN_DS, {{0}}},
    {0x1C, ALL, SEGMENT_IN_DS, {{0}}},
    {0x1F, ALL, SEGMENT_IN_DS, {{0}}},
    {0x21, ALL, RECORD, {DS_DX(FCB, 0)}},
    {0x22, ALL, RECORD, {DS_DX(FCB, 0)}},
    {0x23, ALL, 0, {DS_DX(FCB, 0)}},
    {0x24, ALL, 0, {DS_DX(FCB, 0)}},
    {0x27, ALL, RECORDS, {DS_DX(FCB, 0)}},
    {0x28, ALL, RECORDS, {DS_DX(FCB, 0)}},
    {0x29, ALL, SI_MOVES, {DS_SI(PARSED, 0), ES_DI(BOTH, 16)}},
    {0x32, ALL, SEGMENT_IN_DS, {{0}}},
    {0x34, ALL, SEGMENT_IN_ES, {{0}}},
    {0x38, ALL, 0, {DS_DX(OUTPUT, 34)}},
    {0x39, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x3A, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x3B, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x3C, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x3D, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x3F, ALL, IN_PIECES, {DS_DX(OUT_COUNT, 0)}},
    {0x40, ALL, IN_PIECES, {DS_DX(IN_COUNT, 0)}},
    {0x41, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x43, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x44, 0x02, 0x02, 0, {DS_DX(OUT_COUNT, 0)}},
    {0x44, 0x03, 0x03, 0, {DS_DX(IN_COUNT, 0)}},
    {0x44, 0x04, 0x04, 0, {DS_DX(OUT_COUNT, 0)}},
    {0x44, 0x05, 0x05, 0, {DS_DX(IN_COUNT, 0)}},
    {0x47, ALL, 0, {DS_SI(OUTPUT, 64)}},
    {0x4B, 0x00, 0x00, 0, {DS_DX(TEXT, 0), {PROGRAM, KIT_Client_ES, KIT_Client_EBX, 0}}},
    {0x4E, ALL, WITH_DTA, {DS_DX(TEXT, 0)}},
    {0x4F, ALL, WITH_DTA, {{0}}},
    {0x52, ALL, SEGMENT_IN_ES, {{0}}},
    {0x56, ALL, 0, {DS_DX(TEXT, 0), ES_DI(TEXT, 0)}},
    {0x5A, ALL, 0, {DS_DX(NEW_TEXT, 0)}},
    {0x5B, ALL, 0, {DS_DX(TEXT, 0)}},
    {0x60, ALL, 0, {DS_SI(TEXT, 0), ES_DI(OUTPUT, 128)}},
    {0x63, ALL, SEGMENT_IN_DS, {{0}}},
    {0x65, 0x01, 0x07, 0, {ES_DI(TABLE, 0)}},
    {0x6C, ALL, 0, {DS_SI(TEXT, 0)}},
};

static const struct translation *find(uint16_t ax)
{
    for (size_t i = 0; i < BASE_COUNT(translations); i++) {
        const struct translation *t = &translations[i];
        if (t->function == ax >> 8 && (ax & 0xFF) >= t->first && (ax & 0xFF) <= t->last)
            return t;
    }
    return NULL;
}

// --- memory of the application, and its copies

// Where the copies lie: behind the host's V86 stack.
static uint32_t copy_at(const struct vmm_pm_app *app, uint32_t part)
{
    return (app->host_segment << 4) + VMM_DPMI_STACK_BYTES + part * PART_BYTES;
}

// The application's registers as they were at the interrupt.
struct state {
    const uint8_t *client;
    bool wide;
};

static uint32_t offset_of(const struct state *s, uint32_t field)
{
    return s->wide ? base_get32(s->client + field) : base_get16(s->client + field);
}

static uint32_t count_of(const struct state *s)
{
    return offset_of(s, KIT_Client_ECX);
}

static bool get(struct vmm *v, const struct state *s, const struct argument *a, uint32_t from, void *to, uint32_t n)
{
    uint32_t linear;
    return vmm_pm_linear(v, base_get16(s->client + a->segment), offset_of(s, a->offset) + from, n, false, &linear) &&
           vmm_user_get(v, linear, to, n);
}

static bool put(struct vmm *v, const struct state *s, const struct argument *a, uint32_t at, const void *from,
                uint32_t n)
{
    uint32_t linear;
    return n == 0 ||
           (vmm_pm_linear(v, base_get16(s->client + a->segment), offset_of(s, a->offset) + at, n, true, &linear) &&
            vmm_user_put(v, linear, from, n));
}

// A text up to and with its last character; 0: too long, or out of reach.
static uint32_t get_text(struct vmm *v, const struct state *s, const struct argument *a, uint8_t bytes[PART_BYTES])
{
    char end = a->kind == DOLLAR ? '$' : 0;
    for (uint32_t n = 0; n < PART_BYTES - APPENDED; n++) {
        if (!get(v, s, a, n, bytes + n, 1))
            return 0;
        if (bytes[n] == end)
            return n + 1;
    }
    return 0;
}

static uint32_t get_line(struct vmm *v, const struct state *s, const struct argument *a, uint8_t bytes[PART_BYTES])
{
    uint32_t n = 0;
    while (n < MOST_PARSED && get(v, s, a, n, bytes + n, 1) && bytes[n] && bytes[n] != '\r')
        n++;
    bytes[n] = '\r';
    return n + 1;
}

static uint32_t fcb_bytes(uint8_t first)
{
    return FCB_BYTES_ + (first == 0xFF ? FCB_EXTENDED : 0u);
}

// EXEC's block: environment, command tail, two file control blocks, each by selector and 16-bit offset. The copies lie
// behind the block's; without an environment of its own the program gets the application's, whose PSP names a selector.
enum { BLOCK_BYTES = 14, TAIL_AT = 0x10, TAIL_BYTES = 0x80, FCB_AT = 0x90, FCB_BYTES = 0x10 };

static bool copy_far(struct vmm *v, const uint8_t pointer[4], uint32_t n, uint8_t *to)
{
    uint32_t linear;
    return vmm_pm_linear(v, base_get16(pointer + 2), base_get16(pointer), n, false, &linear) &&
           vmm_user_get(v, linear, to, n);
}

// A pointer that leads nowhere is an empty tail or name: programs leave rubbish in what they do not use.
static void copy_pointed(struct vmm *v, const uint8_t *block, uint8_t *bytes)
{
    uint8_t length = 0;
    if (!copy_far(v, block + 2, 1, &length) || length > TAIL_BYTES - 2 ||
        !copy_far(v, block + 2, length + 2u, bytes + TAIL_AT))
        memcpy(bytes + TAIL_AT, "\0\r", 2);
    for (uint32_t i = 0; i < 2; i++)
        if (!copy_far(v, block + 6 + 4 * i, FCB_BYTES, bytes + FCB_AT + FCB_BYTES * i))
            memset(bytes + FCB_AT + FCB_BYTES * i, 0, FCB_BYTES);
}

static bool copy_block(struct vmm *v, const struct state *s, const struct argument *a, uint8_t bytes[PART_BYTES])
{
    static const uint16_t at[] = {TAIL_AT, FCB_AT, FCB_AT + FCB_BYTES};
    const struct vmm_pm_app *app = vmm_pm_app(v);
    uint8_t block[BLOCK_BYTES];
    uint32_t base;
    if (!get(v, s, a, 0, block, sizeof block))
        return false;
    memset(bytes, 0, PART_BYTES);
    copy_pointed(v, block, bytes);
    uint32_t environment = base_get16(block);
    if (environment && vmm_selector_base(v, vmm_current_vm(v), environment, &base) && base < 0x100000)
        environment = base >> 4;
    base_put16(bytes, (uint16_t)(environment ? environment : app->environment));
    for (uint32_t i = 0; i < BASE_COUNT(at); i++) {
        base_put16(bytes + 2 + 4 * i, at[i]);
        base_put16(bytes + 4 + 4 * i, (uint16_t)(copy_at(app, 1) >> 4));
    }
    return !v->call.faulted;
}

// What goes into V86 memory for an argument. False: the application's pointer is wrong, or a page fault was noted.
static bool collect(struct vmm *v, const struct state *s, const struct argument *a, uint32_t piece, uint32_t done,
                    uint8_t bytes[PART_BYTES], uint32_t *n)
{
    *n = 0;
    switch (a->kind) {
    case TEXT:
    case NEW_TEXT:
    case DOLLAR:
        *n = get_text(v, s, a, bytes);
        return *n != 0;
    case LINE:
        *n = get(v, s, a, 0, bytes, 1) ? bytes[0] + 2u : 0;
        return *n && get(v, s, a, 0, bytes, *n);
    case PROGRAM:
        *n = FCB_AT + 2 * FCB_BYTES;
        return copy_block(v, s, a, bytes);
    case IN_COUNT:
        *n = piece;
        return piece == 0 || get(v, s, a, done, bytes, piece);
    case FCB:
        *n = get(v, s, a, 0, bytes, 1) ? fcb_bytes(bytes[0]) : 0;
        return *n && get(v, s, a, 0, bytes, *n);
    case BOTH:
        *n = a->bytes;
        return get(v, s, a, 0, bytes, *n);
    case PARSED:
        *n = get_line(v, s, a, bytes);
        return !v->call.faulted;
    default:
        return true;
    }
}

// --- into V86 mode. c->a[]: 0 bytes done, 1 bytes of this piece

static bool counts(const struct translation *t)
{
    return t->arg[0].kind == IN_COUNT || t->arg[0].kind == OUT_COUNT;
}

static uint32_t piece_of(const struct state *s, uint32_t done)
{
    uint32_t left = count_of(s) - done;
    return left < PART_BYTES ? left : PART_BYTES;
}

// Bytes in the DTA of a function that reads or writes records of `size` bytes; 0: none.
static uint32_t records_bytes(const struct state *s, const struct translation *t, uint32_t size)
{
    return t->flags & RECORD ? size : t->flags & RECORDS ? size * base_get16(s->client + KIT_Client_ECX) : 0;
}

// The size of a record, from the file control block.
static uint32_t record_size(struct vmm *v, const struct state *s, const struct translation *t)
{
    uint8_t first, size[2];
    const struct argument *a = &t->arg[0];
    if (!get(v, s, a, 0, &first, 1) || !get(v, s, a, fcb_bytes(first) - FCB_BYTES_ + FCB_RECORD_SIZE, size, 2))
        return 0;
    return base_get16(size) ? base_get16(size) : 128; // DOS's own answer to 0
}

// Records that DOS shall write lie in the DTA.
static bool copy_dta_in(struct vmm *v, const struct vmm_pm_app *app, uint32_t n)
{
    uint8_t bytes[RECORD_BYTES];
    uint32_t linear;
    if (!n || !app->dta_selector)
        return true;
    return vmm_pm_linear(v, app->dta_selector, app->dta_offset, n, false, &linear) &&
           vmm_user_get(v, linear, bytes, n) && vmm_put(v, copy_at(app, 0) + DTA_AT, bytes, n);
}

static bool copy_in(struct vmm *v, const struct state *s, const struct translation *t, uint32_t done)
{
    for (unsigned i = 0; i < PARTS; i++) {
        uint8_t bytes[PART_BYTES];
        uint32_t n;
        if (!t->arg[i].kind)
            continue;
        if (!collect(v, s, &t->arg[i], piece_of(s, done), done, bytes, &n) ||
            !vmm_put(v, copy_at(vmm_pm_app(v), i), bytes, n))
            return false;
    }
    return true;
}

// The client stands in V86 mode at the address of return, with the application's general registers.
static void run_dos_begin(struct vmm *v, const struct state *s, const struct translation *t, uint32_t done)
{
    for (unsigned i = 0; i < PARTS; i++) {
        uint32_t at = copy_at(vmm_pm_app(v), i) + (t->arg[i].kind == NEW_DTA ? (uint32_t)DTA_AT : 0);
        if (!t->arg[i].kind)
            continue;
        vmm_dpmi_set_word(v, t->arg[i].segment, at >> 4);
        vmm_dpmi_set_word(v, t->arg[i].offset, at & 15);
    }
    if (counts(t))
        vmm_dpmi_set_word(v, KIT_Client_ECX, piece_of(s, done));
    vmm_crossing_top(v)->a[0] = done;
    vmm_crossing_top(v)->a[1] = piece_of(s, done);
    vmm_v86_int_begin(v, 0x21);
}

static void call_dos_begin(struct vmm *v, const struct translation *t)
{
    uint32_t crs = vmm_client(v), back = vmm_crossing_return(v, true);
    uint8_t client[KIT_SIZE_Client_Reg_Struc];
    const struct state s = {client, vmm_pm_wide(v)};
    vmm_client_load(v, client);
    uint32_t size = t->flags & (RECORD | RECORDS) ? record_size(v, &s, t) : 0, records = records_bytes(&s, t, size);
    if (records > RECORD_BYTES && vmm_pm_app(v)->dta_selector) {
        vmm_dpmi_set_word(v, KIT_Client_EAX, (base_get16(client + KIT_Client_EAX) & 0xFF00u) | DTA_TOO_SMALL);
        return;
    }
    if (!copy_in(v, &s, t, 0) || !copy_dta_in(v, vmm_pm_app(v), records)) {
        if (!v->call.faulted)
            vmm_pm_exception_begin(v, GENERAL_PROTECTION, 0); // as DOS's own access would have ended
        return;
    }
    struct vmm_crossing *c = NULL;
    if (vmm_v86_stack_there(v, vmm_peek16(v, crs + KIT_Client_Alt_SS), vmm_peek16(v, crs + KIT_Client_Alt_ESP), 6))
        c = vmm_cross(v, VMM_CROSS_INT21);
    if (!c)
        return;
    c->selector = (uint32_t)(t - translations);
    vmm_set_exec_mode(v, true);
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    run_dos_begin(v, &s, t, counts(t) ? 0 : size);
}

// --- and back: V86 registers are results but for the pointers and the count

// Function 65h: AL = 1 gives plain data, the others a number and a far pointer, whose segment becomes a selector.
static uint32_t table_bytes(struct vmm *v, const struct state *s, uint8_t bytes[PART_BYTES])
{
    enum { PLAIN = 1, POINTER_BYTES = 5, SEGMENT_AT = 3 };
    uint32_t n = count_of(s) < PART_BYTES ? count_of(s) : PART_BYTES;
    if (s->client[KIT_Client_EAX] == PLAIN || n < POINTER_BYTES)
        return n;
    base_put16(bytes + SEGMENT_AT,
               (uint16_t)vmm_dpmi_segment_selector(v, vmm_pm_app(v), base_get16(bytes + SEGMENT_AT)));
    return n < POINTER_BYTES ? n : POINTER_BYTES;
}

// What DOS wrote for an argument. False: the application's pointer is wrong, or a page fault has been noted.
static bool deliver(struct vmm *v, const struct state *s, const struct argument *a, unsigned part,
                    const struct vmm_crossing *c, uint32_t ax)
{
    uint8_t bytes[PART_BYTES];
    uint32_t n = 0;
    if (!vmm_get(v, copy_at(vmm_pm_app(v), part), bytes, sizeof bytes))
        return false;
    if (a->kind == OUTPUT)
        n = a->bytes;
    else if (a->kind == LINE)
        n = bytes[0] + 2u;
    else if (a->kind == OUT_COUNT)
        n = ax < c->a[1] ? ax : c->a[1];
    else if (a->kind == NEW_TEXT)
        n = (uint32_t)strnlen((const char *)bytes, sizeof bytes - 1) + 1;
    else if (a->kind == BOTH)
        n = a->bytes;
    else if (a->kind == FCB)
        n = fcb_bytes(bytes[0]);
    else if (a->kind == TABLE)
        n = table_bytes(v, s, bytes);
    return put(v, s, a, a->kind == OUT_COUNT ? c->a[0] : 0, bytes, n);
}

// An application without a DTA of its own has the PSP's, which DOS reaches by itself.
static bool deliver_dta(struct vmm *v, const struct vmm_pm_app *app, uint32_t n)
{
    uint8_t bytes[RECORD_BYTES];
    uint32_t linear;
    if (!app->dta_selector)
        return true;
    return vmm_get(v, copy_at(app, 0) + DTA_AT, bytes, n) &&
           vmm_pm_linear(v, app->dta_selector, app->dta_offset, n, true, &linear) && vmm_user_put(v, linear, bytes, n);
}

static bool copy_out(struct vmm *v, const struct state *s, const struct translation *t, const struct vmm_crossing *c,
                     uint32_t ax)
{
    for (unsigned i = 0; i < PARTS; i++)
        if (t->arg[i].kind && !deliver(v, s, &t->arg[i], i, c, ax))
            return false;
    uint32_t n = t->flags & WITH_DTA ? DTA_BYTES : records_bytes(s, t, c->a[0]);
    return !n || deliver_dta(v, vmm_pm_app(v), n);
}

// General registers of V86 mode into the state kept; pointers and the count stay as they were.
static void merge(const struct translation *t, const uint8_t *now, uint8_t *kept)
{
    uint8_t old[KIT_Client_EIP];
    memcpy(old, kept, sizeof old);
    memcpy(kept, now, KIT_Client_EIP);
    for (unsigned i = 0; i < PARTS; i++)
        if (t->arg[i].kind)
            memcpy(kept + t->arg[i].offset, old + t->arg[i].offset, 4);
    if (counts(t))
        memcpy(kept + KIT_Client_ECX, old + KIT_Client_ECX, 4);
    base_put32(kept + KIT_Client_EFlags, base_get32(now + KIT_Client_EFlags) & ~(uint32_t)X86_VM);
}

// The next piece of a long read or write: the same registers again.
static void next_piece_begin(struct vmm *v, const struct state *s, const struct translation *t, uint32_t done)
{
    if (!copy_in(v, s, t, done))
        return;
    if (!x86_write_linear(v->cpu, vmm_client(v), s->client, KIT_Client_EIP, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", vmm_client(v));
    run_dos_begin(v, s, t, done);
}

static void finish(struct vmm *v, const struct translation *t, struct vmm_crossing *c, const uint8_t *now,
                   uint32_t done)
{
    bool failed = base_get32(now + KIT_Client_EFlags) & X86_CF;
    merge(t, now, c->client);
    vmm_client_store(v, c->client);
    if (t->flags & IN_PIECES && (!failed || c->a[0])) { // an error after the first piece: what was done counts
        vmm_dpmi_set_offset(v, KIT_Client_EAX, failed ? c->a[0] : done);
        vmm_client_flags(v, 0, X86_CF);
    }
    if (t->flags & SI_MOVES)
        vmm_dpmi_set_offset(v, KIT_Client_ESI,
                            vmm_dpmi_offset(v, KIT_Client_ESI) + base_get16(now + KIT_Client_ESI) -
                                (copy_at(vmm_pm_app(v), 0) & 15));
    uint8_t field = t->flags & SEGMENT_IN_ES ? KIT_Client_ES : t->flags & SEGMENT_IN_DS ? KIT_Client_DS : 0;
    if (field)
        vmm_dpmi_set_word(v, field, vmm_dpmi_segment_selector(v, vmm_pm_app(v), base_get16(now + field)));
}

bool vmm_dpmi_int21_over(struct vmm *v, struct vmm_crossing *c)
{
    const struct translation *t = &translations[c->selector];
    const struct state s = {c->client, vmm_pm_app(v)->wide};
    uint8_t now[KIT_SIZE_Client_Reg_Struc];
    vmm_client_load(v, now);
    uint32_t ax = base_get16(now + KIT_Client_EAX), done = c->a[0] + (ax < c->a[1] ? ax : c->a[1]);
    bool failed = base_get32(now + KIT_Client_EFlags) & X86_CF, there = failed || copy_out(v, &s, t, c, ax);
    if (there && t->flags & IN_PIECES && !failed && ax == c->a[1] && done < count_of(&s)) {
        next_piece_begin(v, &s, t, done);
        return false;
    }
    if (v->call.faulted)
        return false;
    if (there) {
        finish(v, t, c, now, done);
        return true;
    }
    vmm_crossing_leave(v);
    vmm_client_store(v, c->client);
    vmm_pm_exception_begin(v, GENERAL_PROTECTION, 0);
    return false;
}

// --- functions about what only protected mode has

// Without one of its own the application has the PSP's, which DOS writes by itself.
static void get_dta(struct vmm *v, const struct vmm_pm_app *app)
{
    vmm_dpmi_set_word(v, KIT_Client_ES, app->dta_selector ? app->dta_selector : app->psp_selector);
    vmm_dpmi_set_offset(v, KIT_Client_EBX, app->dta_selector ? app->dta_offset : PSP_DTA);
}

static void set_vector(struct vmm *v)
{
    vmm_pm_set_vector(v, vmm_dpmi_word(v, KIT_Client_EAX) & 0xFF, vmm_dpmi_word(v, KIT_Client_DS),
                      vmm_dpmi_offset(v, KIT_Client_EDX));
}

static void get_vector(struct vmm *v)
{
    uint32_t selector, offset;
    vmm_pm_vector(v, vmm_dpmi_word(v, KIT_Client_EAX) & 0xFF, &selector, &offset);
    vmm_dpmi_set_word(v, KIT_Client_ES, selector);
    vmm_dpmi_set_offset(v, KIT_Client_EBX, offset);
}

// True: it needed no DOS.
static bool served_here(struct vmm *v, struct vmm_pm_app *app, uint8_t function)
{
    switch (function) {
    case 0x2F:
        get_dta(v, app);
        return true;
    case 0x25:
        set_vector(v);
        return true;
    case 0x35:
        get_vector(v);
        return true;
    case 0x51:
    case 0x62:
        vmm_dpmi_set_word(v, KIT_Client_EBX, app->psp_selector);
        return true;
    default:
        return false;
    }
}

// Processes, overlays and the network: their pointers and segments mean nothing in V86 mode.
static bool untranslated(uint8_t function)
{
    static const uint8_t functions[] = {0x26, 0x31, 0x4B, 0x50, 0x53, 0x55, 0x5D, 0x5E, 0x5F, 0x64, 0x65, 0x69};
    return memchr(functions, function, sizeof functions) != NULL;
}

static void refuse(struct vmm *v)
{
    vmm_dpmi_set_word(v, KIT_Client_EAX, INVALID_FUNCTION);
    vmm_client_flags(v, X86_CF, X86_CF);
}

bool vmm_dpmi_int21_begin(struct vmm *v)
{
    struct vmm_pm_app *app = vmm_pm_app(v);
    uint16_t ax = vmm_dpmi_word(v, KIT_Client_EAX);
    const struct translation *t = find(ax);
    if (served_here(v, app, (uint8_t)(ax >> 8)) || vmm_dpmi_dos_memory_begin(v, app, (uint8_t)(ax >> 8)))
        return true;
    if (t && t->arg[0].kind == NEW_DTA) {
        app->dta_selector = vmm_dpmi_word(v, KIT_Client_DS);
        app->dta_offset = vmm_dpmi_offset(v, KIT_Client_EDX);
    }
    if (t)
        call_dos_begin(v, t);
    else if (untranslated((uint8_t)(ax >> 8)))
        refuse(v);
    return t || untranslated((uint8_t)(ax >> 8));
}
