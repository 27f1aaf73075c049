// IOCTL: INT 21h AH=44h (RBIL INT 21/AX=4400h and following). What a handle is, whether it is ready, what a drive is;
// no driver here has control strings or generic calls.
#include "dos/defs.h"

enum { OF_CON = 0x80D3, OF_NUL = 0x80C4, OF_AUX = 0x80C0, OF_FILE = DOS_DRIVE, NOT_WRITTEN = 0x40 };

static uint16_t information(struct dos_call *c, uint16_t handle, const struct dos_file *f)
{
    switch (f->device) {
    case DOS_IS_FILE:
        return (uint16_t)(OF_FILE | (f->written ? 0 : NOT_WRITTEN));
    case DOS_IS_CON:
        return dos_reads_input(c, handle) ? OF_FILE | NOT_WRITTEN : OF_CON;
    case DOS_IS_NUL:
        return OF_NUL;
    default:
        return OF_AUX;
    }
}

static void input_ready(struct dos_call *c, uint16_t handle, struct dos_file *f)
{
    uint32_t size = 0;
    uint16_t key;
    bool ready = true;
    if (f->device == DOS_IS_FILE)
        ready = !dos_file_size(c, f, &size) && f->position < size;
    else if (f->device == DOS_IS_CON)
        ready = dos_key_peek(c, &key);
    (void)handle;
    dos_done(c);
    dos_set_low(c, DOS_AX, ready ? 0xFF : 0);
}

// AL = 08h removable, 09h remote: BL is a drive.
static void drive_ioctl(struct dos_call *c)
{
    uint8_t drive = dos_low(c, DOS_BX);
    if (drive && drive != DOS_DRIVE + 1) {
        dos_fail(c, DOS_BAD_DRIVE);
        return;
    }
    dos_done(c);
    if (dos_low(c, DOS_AX) == 8)
        dos_set(c, DOS_AX, 1); // fixed
    else
        dos_set(c, DOS_DX, 0); // local
}

static void handle_ioctl(struct dos_call *c, struct dos_file *f)
{
    uint16_t handle = dos_get(c, DOS_BX);
    switch (dos_low(c, DOS_AX)) {
    case 0x00:
        dos_done(c);
        dos_set(c, DOS_DX, information(c, handle, f));
        dos_set(c, DOS_AX, dos_get(c, DOS_DX));
        break;
    case 0x01: // raw mode and the like: kept nowhere, only refused for files
        dos_answer(c, f->device == DOS_IS_FILE || dos_high(c, DOS_DX) ? DOS_BAD_FUNCTION : DOS_OK);
        break;
    case 0x06:
        input_ready(c, handle, f);
        break;
    case 0x07:
        dos_done(c);
        dos_set_low(c, DOS_AX, f->device == DOS_IS_PRN ? 0 : 0xFF);
        break;
    case 0x0A: // local
        dos_done(c);
        dos_set(c, DOS_DX, 0);
        break;
    default:
        dos_fail(c, DOS_BAD_FUNCTION); // no driver here has control strings or generic calls
    }
}

void dos_ioctl(struct dos_call *c)
{
    uint8_t function = dos_low(c, DOS_AX);
    bool of_drive = function == 4 || function == 5 || function == 8 || function == 9 || function >= 0x0B;
    struct dos_file *f = of_drive ? NULL : dos_file_of(c, dos_get(c, DOS_BX));
    if (function == 8 || function == 9)
        drive_ioctl(c);
    else if (of_drive)
        dos_fail(c, DOS_BAD_FUNCTION);
    else if (!f)
        dos_fail(c, DOS_BAD_HANDLE);
    else
        handle_ioctl(c, f);
}
