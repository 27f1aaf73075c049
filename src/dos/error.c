// Errors: what a call that failed tells, what AH=59h tells afterwards (RBIL tables 01680 to 01683), and critical
// errors, about which INT 24h is asked first (RBIL INT 24). The handler runs on the caller's stack, above the caller's
// registers, as under DOS; whether it returns, and with what, is seen at a trap of its own, so that nothing waits
// meanwhile.
#include "dos/defs.h"

enum { IGNORE, RETRY, ABORT, FAIL };                 // AL of INT 24h when it returns
enum { FROM_CRITICAL = 19, LAST_OF_CONSOLE = 0x0C }; // error codes less this are INT 24h's; functions up to
enum { UNKNOWN = 1, DISK = 2, CHARACTER = 4, MEMORY = 5, AS_IT_WAS = 0xFF }; // where it happened

static const struct {
    uint8_t error, class, action, locus;
} table[] = {
    {DOS_BAD_FUNCTION, 7, 4, UNKNOWN},   {DOS_NO_FILE, 8, 3, DISK},         {DOS_NO_PATH, 8, 3, DISK},
    {DOS_TOO_MANY, 1, 4, UNKNOWN},       {DOS_DENIED, 3, 3, AS_IT_WAS},     {DOS_BAD_HANDLE, 7, 4, UNKNOWN},
    {DOS_BAD_CHAIN, 7, 5, MEMORY},       {DOS_NO_MEMORY, 1, 4, MEMORY},     {DOS_BAD_BLOCK, 7, 4, MEMORY},
    {DOS_BAD_ENVIRONMENT, 7, 4, MEMORY}, {DOS_BAD_FORMAT, 9, 3, UNKNOWN},   {DOS_BAD_ACCESS, 7, 4, UNKNOWN},
    {DOS_BAD_DATA, 9, 4, UNKNOWN},       {DOS_BAD_DRIVE, 8, 3, DISK},       {DOS_IS_CURRENT, 3, 3, DISK},
    {DOS_OTHER_DEVICE, 13, 3, DISK},     {DOS_NO_MORE, 8, 3, DISK},         {DOS_WRITE_PROTECTED, 11, 7, DISK},
    {DOS_WRITE_FAULT, 5, 4, AS_IT_WAS},  {DOS_READ_FAULT, 5, 4, AS_IT_WAS}, {DOS_GENERAL_FAILURE, 13, 4, AS_IT_WAS},
    {DOS_EXISTS, 12, 3, DISK},           {DOS_CANNOT_MAKE, 1, 4, DISK},     {DOS_FAILED_24, 13, 4, UNKNOWN},
};

static void note(struct dos_call *c, uint16_t error)
{
    uint8_t class = 13, action = 4, locus = UNKNOWN;
    for (size_t i = 0; i < BASE_COUNT(table); i++) {
        if (table[i].error != error)
            continue;
        class = table[i].class;
        action = table[i].action;
        locus = table[i].locus == AS_IT_WAS ? c->device ? CHARACTER : DISK : table[i].locus;
    }
    dos_write8(c, DOS_DATA, DATA_ERROR_LOCUS, locus);
    dos_write16(c, DOS_DATA, DATA_ERROR, error);
    dos_write16(c, DOS_DATA, DATA_ERROR_ACTION, (uint16_t)(class << 8 | action));
}

void dos_extended_error(struct dos_call *c)
{
    uint16_t error = dos_read16(c, DOS_DATA, DATA_ERROR);
    dos_set(c, DOS_AX, error);
    dos_set(c, DOS_BX, error ? dos_read16(c, DOS_DATA, DATA_ERROR_ACTION) : 0);
    dos_set_high(c, DOS_CX, error ? dos_read8(c, DOS_DATA, DATA_ERROR_LOCUS) : 0);
    dos_done(c);
}

// AX=5D0Ah: a list of registers (RBIL table 01686) of which AX, BX, CX say what AH=59h shall tell.
void dos_set_extended_error(struct dos_call *c)
{
    uint16_t ds = dos_get(c, DOS_DS), dx = dos_get(c, DOS_DX);
    dos_write16(c, DOS_DATA, DATA_ERROR, dos_read16(c, ds, dx));
    dos_write16(c, DOS_DATA, DATA_ERROR_ACTION, dos_read16(c, ds, dx + 2u));
    dos_write8(c, DOS_DATA, DATA_ERROR_LOCUS, dos_read8(c, ds, dx + 5u));
    dos_done(c);
}

// --- critical errors

static bool is_critical(enum dos_error error)
{
    return error >= DOS_WRITE_PROTECTED && error <= DOS_GENERAL_FAILURE;
}

// AH: what happened to what, and which answers are allowed.
static uint8_t about(const struct dos_call *c)
{
    uint8_t function = dos_high(c, DOS_AX), may = 0x18; // fail, retry
    bool transfer = function == 0x3F || function == 0x40 || function <= LAST_OF_CONSOLE;
    bool writes = function != 0x3F && function != 0x3D && function != 0x4E && function != 0x4F;
    if (transfer)
        may |= 0x20; // ignore
    if (c->device)
        return (uint8_t)(may | 0x80 | writes);
    return (uint8_t)(may | (transfer ? 6 : 4) | writes); // data or directory
}

// Calls the handler. The INT 21h call is over, made again or fails when it returns, in dos_critical_answered.
static bool ask(struct dos_call *c, enum dos_error error)
{
    uint32_t back = c->s->trap[DOS_TRAP_CRITICAL], device = dos_header_of(c->device);
    uint8_t asked = about(c);
    if (!dos_save_caller(c))
        return true; // made again when the stack is there
    dos_write8(c, DOS_DATA, DATA_CRITICAL, 1);
    dos_write8(c, DOS_DATA, DATA_ASKED, asked);
    dos_set(c, DOS_AX, (uint16_t)(asked << 8 | DOS_DRIVE));
    dos_set(c, DOS_DI, (uint16_t)(error - FROM_CRITICAL));
    dos_set(c, DOS_BP, (uint16_t)(device >> 16));
    dos_set(c, DOS_SI, (uint16_t)device);
    vmm_client_jump(c->v, (uint16_t)(back >> 16), back & 0xFFFF);
    dos_simulate(c, 0x24);
    return true;
}

// The system's own handler fails, so it is not asked unless somebody looks on. Errors of a handler's own calls fail at
// once, as under DOS.
bool dos_critical(struct dos_call *c, enum dos_error error)
{
    if (!is_critical(error) || c->vector != 0x21)
        return false;
    note(c, (uint16_t)error);
    return !dos_read8(c, DOS_DATA, DATA_CRITICAL) && dos_watched(c, 0x24) && ask(c, error);
}

void dos_int24(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, FAIL);
}

// As if nothing had happened: all is read or written.
static void ignored(struct dos_call *c)
{
    uint8_t function = dos_high(c, DOS_AX);
    if (function <= LAST_OF_CONSOLE)
        return;
    dos_done(c);
    dos_set(c, DOS_AX, dos_get(c, DOS_CX));
}

// What is not allowed is failing, and failing is aborting where even that is not allowed.
void dos_critical_answered(struct dos_call *c)
{
    uint8_t asked = dos_read8(c, DOS_DATA, DATA_ASKED), answer = dos_low(c, DOS_AX);
    static const uint8_t needs[] = {[IGNORE] = 0x20, [RETRY] = 0x10, [ABORT] = 0, [FAIL] = 0};
    if (!dos_restore_caller(c))
        return;
    if (answer > FAIL || (needs[answer] & asked) != needs[answer])
        answer = FAIL;
    dos_write8(c, DOS_DATA, DATA_CRITICAL, 0);
    if (answer == RETRY)
        dos_again(c);
    else if (answer == ABORT)
        dos_end_process(c, DOS_BY_ERROR, 0);
    else if (answer == IGNORE)
        ignored(c);
    else if (dos_high(c, DOS_AX) > LAST_OF_CONSOLE)
        dos_fail(c, DOS_FAILED_24);
}

// A handler may return to the program itself: the first call that is none of a handler's own shows it.
void dos_critical_left(struct dos_call *c, uint8_t function)
{
    bool of_handlers = function <= LAST_OF_CONSOLE || function == 0x30 || function == 0x33 || function == 0x50 ||
                       function == 0x51 || function == 0x59 || function == 0x62;
    if (!of_handlers && dos_read8(c, DOS_DATA, DATA_CRITICAL))
        dos_write8(c, DOS_DATA, DATA_CRITICAL, 0);
}

// --- the end of a call

void dos_done(struct dos_call *c)
{
    dos_flag(c, X86_CF, false);
}

void dos_fail(struct dos_call *c, enum dos_error error)
{
    if (c->faulted || dos_critical(c, error))
        return;
    error = is_critical(error) ? DOS_FAILED_24 : error;
    note(c, (uint16_t)error);
    dos_flag(c, X86_CF, true);
    dos_set(c, DOS_AX, (uint16_t)error);
}

void dos_answer(struct dos_call *c, enum dos_error error)
{
    if (error)
        dos_fail(c, error);
    else
        dos_done(c);
}
