// The "MS-DOS" extension (DPMI 0.9, function 0A00h; Windows 3.1 SDK, DOS services in protected mode): INT 21h functions
// that take pointers. What a pointer of the application shows is copied to the host's V86 memory, the function crosses
// into V86 mode with the copy's address, and what DOS wrote is copied back. Long reads and writes go in pieces.
// Functions without pointers are reflected as any interrupt; those that cannot be translated fail with DOS's error 1.
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/int21.h"
#include "vmm/selectors.h"

#include <string.h>

enum {
    PART_BYTES = 0x700,
    PARTS = 2,
    DTA_AT = PARTS * PART_BYTES,
    DTA_BYTES = 0x80,
    APPENDED = 13,
    RECORD_BYTES = 0x200, // of file control blocks, in the DTA's copy
    FCB_RECORD_SIZE = 14,
    DTA_TOO_SMALL = 2, // answer of functions for file control blocks
    MOST_PARSED = 128,
    INVALID_FUNCTION = 1,
    GENERAL_PROTECTION = 13,
    PSP_DTA = 0x80
};
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

static bool get(struct vmm *v, const struct state *s, const struct vmm_dos_argument *a, uint32_t from, void *to,
                uint32_t n)
{
    uint32_t linear;
    return vmm_pm_linear(v, base_get16(s->client + a->segment), offset_of(s, a->offset) + from, n, false, &linear) &&
           vmm_user_get(v, linear, to, n);
}

static bool put(struct vmm *v, const struct state *s, const struct vmm_dos_argument *a, uint32_t at, const void *from,
                uint32_t n)
{
    uint32_t linear;
    return n == 0 ||
           (vmm_pm_linear(v, base_get16(s->client + a->segment), offset_of(s, a->offset) + at, n, true, &linear) &&
            vmm_user_put(v, linear, from, n));
}

// A text up to and with its last character; 0: too long, or out of reach.
static uint32_t get_text(struct vmm *v, const struct state *s, const struct vmm_dos_argument *a,
                         uint8_t bytes[PART_BYTES])
{
    char end = a->kind == VMM_DOLLAR ? '$' : 0;
    for (uint32_t n = 0; n < PART_BYTES - APPENDED; n++) {
        if (!get(v, s, a, n, bytes + n, 1))
            return 0;
        if (bytes[n] == end)
            return n + 1;
    }
    return 0;
}

static uint32_t get_line(struct vmm *v, const struct state *s, const struct vmm_dos_argument *a,
                         uint8_t bytes[PART_BYTES])
{
    uint32_t n = 0;
    while (n < MOST_PARSED && get(v, s, a, n, bytes + n, 1) && bytes[n] && bytes[n] != '\r')
        n++;
    bytes[n] = '\r';
    return n + 1;
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

static bool copy_block(struct vmm *v, const struct state *s, const struct vmm_dos_argument *a,
                       uint8_t bytes[PART_BYTES])
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
static bool collect(struct vmm *v, const struct state *s, const struct vmm_dos_argument *a, uint32_t piece,
                    uint32_t done, uint8_t bytes[PART_BYTES], uint32_t *n)
{
    *n = 0;
    switch (a->kind) {
    case VMM_TEXT:
    case VMM_NEW_TEXT:
    case VMM_DOLLAR:
        *n = get_text(v, s, a, bytes);
        return *n != 0;
    case VMM_LINE:
        *n = get(v, s, a, 0, bytes, 1) ? bytes[0] + 2u : 0;
        return *n && get(v, s, a, 0, bytes, *n);
    case VMM_PROGRAM:
        *n = FCB_AT + 2 * FCB_BYTES;
        return copy_block(v, s, a, bytes);
    case VMM_IN_COUNT:
        *n = piece;
        return piece == 0 || get(v, s, a, done, bytes, piece);
    case VMM_FCB:
        *n = get(v, s, a, 0, bytes, 1) ? vmm_fcb_bytes(bytes[0]) : 0;
        return *n && get(v, s, a, 0, bytes, *n);
    case VMM_BOTH:
        *n = a->bytes;
        return get(v, s, a, 0, bytes, *n);
    case VMM_PARSED:
        *n = get_line(v, s, a, bytes);
        return !v->call.faulted;
    default:
        return true;
    }
}

// --- into V86 mode. c->a[]: 0 bytes done, 1 bytes of this piece

static bool counts(const struct vmm_dos_function *t)
{
    return t->arg[0].kind == VMM_IN_COUNT || t->arg[0].kind == VMM_OUT_COUNT;
}

static uint32_t piece_of(const struct state *s, uint32_t done)
{
    uint32_t left = count_of(s) - done;
    return left < PART_BYTES ? left : PART_BYTES;
}

// Bytes in the DTA of a function that reads or writes records of `size` bytes; 0: none.
static uint32_t records_bytes(const struct state *s, const struct vmm_dos_function *t, uint32_t size)
{
    return t->flags & VMM_RECORD ? size : t->flags & VMM_RECORDS ? size * base_get16(s->client + KIT_Client_ECX) : 0;
}

// The size of a record, from the file control block.
static uint32_t record_size(struct vmm *v, const struct state *s, const struct vmm_dos_function *t)
{
    uint8_t first, size[2];
    const struct vmm_dos_argument *a = &t->arg[0];
    if (!get(v, s, a, 0, &first, 1) || !get(v, s, a, vmm_fcb_bytes(first) - VMM_FCB_BYTES + FCB_RECORD_SIZE, size, 2))
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

static bool copy_in(struct vmm *v, const struct state *s, const struct vmm_dos_function *t, uint32_t done)
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
static void run_dos_begin(struct vmm *v, const struct state *s, const struct vmm_dos_function *t, uint32_t done)
{
    for (unsigned i = 0; i < PARTS; i++) {
        uint32_t at = copy_at(vmm_pm_app(v), i) + (t->arg[i].kind == VMM_NEW_DTA ? (uint32_t)DTA_AT : 0);
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

static void call_dos_begin(struct vmm *v, const struct vmm_dos_function *t)
{
    uint32_t crs = vmm_client(v), back = vmm_crossing_return(v, true);
    uint8_t client[KIT_SIZE_Client_Reg_Struc];
    const struct state s = {client, vmm_pm_wide(v)};
    vmm_client_load(v, client);
    uint32_t size = t->flags & (VMM_RECORD | VMM_RECORDS) ? record_size(v, &s, t) : 0,
             records = records_bytes(&s, t, size);
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
    c->selector = vmm_dpmi_word(v, KIT_Client_EAX);
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
static bool deliver(struct vmm *v, const struct state *s, const struct vmm_dos_argument *a, unsigned part,
                    const struct vmm_crossing *c, uint32_t ax)
{
    uint8_t bytes[PART_BYTES];
    uint32_t n = 0;
    if (!vmm_get(v, copy_at(vmm_pm_app(v), part), bytes, sizeof bytes))
        return false;
    if (a->kind == VMM_OUTPUT)
        n = a->bytes;
    else if (a->kind == VMM_LINE)
        n = bytes[0] + 2u;
    else if (a->kind == VMM_OUT_COUNT)
        n = ax < c->a[1] ? ax : c->a[1];
    else if (a->kind == VMM_NEW_TEXT)
        n = (uint32_t)strnlen((const char *)bytes, sizeof bytes - 1) + 1;
    else if (a->kind == VMM_BOTH)
        n = a->bytes;
    else if (a->kind == VMM_FCB)
        n = vmm_fcb_bytes(bytes[0]);
    else if (a->kind == VMM_TABLE)
        n = table_bytes(v, s, bytes);
    return put(v, s, a, a->kind == VMM_OUT_COUNT ? c->a[0] : 0, bytes, n);
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

static bool copy_out(struct vmm *v, const struct state *s, const struct vmm_dos_function *t,
                     const struct vmm_crossing *c, uint32_t ax)
{
    for (unsigned i = 0; i < PARTS; i++)
        if (t->arg[i].kind && !deliver(v, s, &t->arg[i], i, c, ax))
            return false;
    uint32_t n = t->flags & VMM_WITH_DTA ? DTA_BYTES : records_bytes(s, t, c->a[0]);
    return !n || deliver_dta(v, vmm_pm_app(v), n);
}

// General registers of V86 mode into the state kept; pointers and the count stay as they were.
static void merge(const struct vmm_dos_function *t, const uint8_t *now, uint8_t *kept)
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
static void next_piece_begin(struct vmm *v, const struct state *s, const struct vmm_dos_function *t, uint32_t done)
{
    if (!copy_in(v, s, t, done))
        return;
    if (!x86_write_linear(v->cpu, vmm_client(v), s->client, KIT_Client_EIP, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", vmm_client(v));
    run_dos_begin(v, s, t, done);
}

static void finish(struct vmm *v, const struct vmm_dos_function *t, struct vmm_crossing *c, const uint8_t *now,
                   uint32_t done)
{
    bool failed = base_get32(now + KIT_Client_EFlags) & X86_CF;
    merge(t, now, c->client);
    vmm_client_store(v, c->client);
    if (t->flags & VMM_IN_PIECES && (!failed || c->a[0])) { // an error after the first piece: what was done counts
        vmm_dpmi_set_offset(v, KIT_Client_EAX, failed ? c->a[0] : done);
        vmm_client_flags(v, 0, X86_CF);
    }
    if (t->flags & VMM_SI_MOVES)
        vmm_dpmi_set_offset(v, KIT_Client_ESI,
                            vmm_dpmi_offset(v, KIT_Client_ESI) + base_get16(now + KIT_Client_ESI) -
                                (copy_at(vmm_pm_app(v), 0) & 15));
    uint8_t field = t->flags & VMM_SEGMENT_IN_ES ? KIT_Client_ES : t->flags & VMM_SEGMENT_IN_DS ? KIT_Client_DS : 0;
    if (field)
        vmm_dpmi_set_word(v, field, vmm_dpmi_segment_selector(v, vmm_pm_app(v), base_get16(now + field)));
}

bool vmm_dpmi_int21_over(struct vmm *v, struct vmm_crossing *c)
{
    const struct vmm_dos_function *t = vmm_dos_function((uint16_t)c->selector);
    const struct state s = {c->client, vmm_pm_app(v)->wide};
    uint8_t now[KIT_SIZE_Client_Reg_Struc];
    vmm_client_load(v, now);
    uint32_t ax = base_get16(now + KIT_Client_EAX), done = c->a[0] + (ax < c->a[1] ? ax : c->a[1]);
    bool failed = base_get32(now + KIT_Client_EFlags) & X86_CF, there = failed || copy_out(v, &s, t, c, ax);
    if (there && t->flags & VMM_IN_PIECES && !failed && ax == c->a[1] && done < count_of(&s)) {
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
    const struct vmm_dos_function *t = vmm_dos_function(ax);
    if (served_here(v, app, (uint8_t)(ax >> 8)) || vmm_dpmi_dos_memory_begin(v, app, (uint8_t)(ax >> 8)))
        return true;
    if (t && t->arg[0].kind == VMM_NEW_DTA) {
        app->dta_selector = vmm_dpmi_word(v, KIT_Client_DS);
        app->dta_offset = vmm_dpmi_offset(v, KIT_Client_EDX);
    }
    if (t)
        call_dos_begin(v, t);
    else if (untranslated((uint8_t)(ax >> 8)))
        refuse(v);
    return t || untranslated((uint8_t)(ax >> 8));
}
