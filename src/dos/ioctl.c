// IOCTL: INT 21h AH=44h (RBIL INT 21/AX=4400h and following). What a handle is, whether it is ready, what a drive is;
// no driver here has control strings. Also what tells of a disk below the drive: its parameters and its serial number.
#include "dos/defs.h"

#include <string.h>

enum { OF_CON = 0x80D3, OF_NUL = 0x80C4, OF_AUX = 0x80C0, OF_PRN = 0xA0C0, OF_CLOCK = 0x80C8, RAW = 0x20 };
enum { OF_FILE = DOS_DRIVE, NOT_WRITTEN = 0x40 };
enum { SERIAL = 0x19980625 };

uint16_t dos_device_information(struct dos_call *c, const struct dos_file *f)
{
    switch (f->device) {
    case DOS_IS_CON:
        return (uint16_t)(OF_CON | (dos_read8(c, DOS_DATA, DATA_RAW) ? RAW : 0));
    case DOS_IS_NUL:
        return OF_NUL;
    case DOS_IS_PRN:
        return OF_PRN;
    case DOS_IS_CLOCK:
        return OF_CLOCK;
    default:
        return OF_AUX;
    }
}

static uint16_t information(struct dos_call *c, uint16_t handle, const struct dos_file *f)
{
    if (f->device == DOS_IS_FILE)
        return (uint16_t)(OF_FILE | (f->written ? 0 : NOT_WRITTEN));
    return dos_reads_input(c, handle) ? OF_FILE | NOT_WRITTEN : dos_device_information(c, f);
}

static void input_ready(struct dos_call *c, struct dos_file *f)
{
    uint32_t size = 0;
    uint16_t key;
    bool ready = true;
    if (f->device == DOS_IS_FILE)
        ready = !dos_file_size(c, f, &size) && f->position < size;
    else if (f->device == DOS_IS_CON)
        ready = dos_key_peek(c, &key);
    dos_done(c);
    dos_set_low(c, DOS_AX, ready ? 0xFF : 0);
}

// Bit 5 of DL counts, for CON; DH has to be zero.
static void set_information(struct dos_call *c, const struct dos_file *f)
{
    bool ok = f->device != DOS_IS_FILE && !dos_high(c, DOS_DX);
    if (ok && f->device == DOS_IS_CON)
        dos_write8(c, DOS_DATA, DATA_RAW, (dos_low(c, DOS_DX) & RAW) != 0);
    dos_answer(c, ok ? DOS_OK : f->device == DOS_IS_FILE ? DOS_BAD_FUNCTION : DOS_BAD_DATA);
}

static void handle_ioctl(struct dos_call *c, struct dos_file *f)
{
    switch (dos_low(c, DOS_AX)) {
    case 0x00:
        dos_done(c);
        dos_set(c, DOS_DX, information(c, dos_get(c, DOS_BX), f));
        dos_set(c, DOS_AX, dos_get(c, DOS_DX));
        break;
    case 0x01:
        set_information(c, f);
        break;
    case 0x06:
        input_ready(c, f);
        break;
    case 0x07:
        dos_done(c);
        dos_set_low(c, DOS_AX, f->device == DOS_IS_PRN ? 0 : 0xFF);
        break;
    case 0x0A: // bit 15: is it a network's?
        dos_done(c);
        dos_set(c, DOS_DX, information(c, dos_get(c, DOS_BX), f) & 0x7FFF);
        break;
    default:
        dos_fail(c, DOS_BAD_FUNCTION); // control strings, generic calls
    }
}

// --- drives

// CX=0860h: DS:DX gets what kind of disk it is and its BIOS parameter block (RBIL table 01560), 0866h: serial number.
static void drive_parameters(struct dos_call *c)
{
    enum { FAT_SECTORS = (DOS_CLUSTERS + 2) * 2 / DOS_SECTOR + 1 };
    uint8_t b[0x24] = {dos_read8(c, dos_get(c, DOS_DS), dos_get(c, DOS_DX)), 5, 1}; // fixed, not removable
    base_put16(b + 7, DOS_SECTOR);
    b[9] = DOS_SECTORS;
    base_put16(b + 0x0A, 1);
    b[0x0C] = 2;
    base_put16(b + 0x0D, 512);
    b[0x11] = DOS_MEDIA;
    base_put16(b + 0x12, FAT_SECTORS);
    base_put16(b + 0x14, 63);
    base_put16(b + 0x16, 255);
    base_put32(b + 0x1C, DOS_CLUSTERS * DOS_SECTORS + 1 + 2 * FAT_SECTORS + 32);
    base_put16(b + 4, DOS_CLUSTERS * DOS_SECTORS / (63 * 255) + 1); // cylinders
    dos_copy_out(c, dos_get(c, DOS_DS), dos_get(c, DOS_DX), b, sizeof b);
    dos_done(c);
}

static void media_id(struct dos_call *c)
{
    uint8_t b[25] = {0};
    base_put32(b + 2, SERIAL);
    memcpy(b + 6, "NO NAME    FAT16   ", 19);
    dos_copy_out(c, dos_get(c, DOS_DS), dos_get(c, DOS_DX), b, sizeof b);
    dos_done(c);
}

static bool is_drive(struct dos_call *c, uint8_t drive)
{
    return dos_host(c) && (drive == 0 || drive == DOS_DRIVE + 1);
}

static void drive_ioctl(struct dos_call *c)
{
    uint16_t request = dos_get(c, DOS_CX);
    if (!is_drive(c, dos_low(c, DOS_BX))) {
        dos_fail(c, DOS_BAD_DRIVE);
        return;
    }
    switch (dos_low(c, DOS_AX)) {
    case 0x08: // fixed
        dos_done(c);
        dos_set(c, DOS_AX, 1);
        break;
    case 0x09: // local
        dos_done(c);
        dos_set(c, DOS_DX, 0x0842);
        break;
    case 0x0D:
        if (request == 0x0860)
            drive_parameters(c);
        else if (request == 0x0866)
            media_id(c);
        else
            dos_fail(c, DOS_BAD_FUNCTION);
        break;
    case 0x0E: // one letter only
    case 0x0F:
        dos_done(c);
        dos_set_low(c, DOS_AX, 0);
        break;
    case 0x11: // which generic calls there are
        dos_answer(c, request == 0x0860 || request == 0x0866 ? DOS_OK : DOS_BAD_FUNCTION);
        break;
    default:
        dos_fail(c, DOS_BAD_FUNCTION);
    }
}

void dos_ioctl(struct dos_call *c)
{
    uint8_t function = dos_low(c, DOS_AX);
    bool of_drive = function == 4 || function == 5 || function == 8 || function == 9 ||
                    (function >= 0x0D && function <= 0x11 && function != 0x10);
    struct dos_file *f = of_drive ? NULL : dos_file_of(c, dos_get(c, DOS_BX));
    if (of_drive)
        drive_ioctl(c);
    else if (function == 0x0B) // how often and how fast to try again when a file is locked: none ever is
        dos_done(c);
    else if (function > 0x11)
        dos_fail(c, DOS_BAD_FUNCTION);
    else if (!f)
        dos_fail(c, DOS_BAD_HANDLE);
    else
        handle_ioctl(c, f);
}

// AH=69h: the serial number can be read (RBIL INT 21/AH=69h).
void dos_serial_number(struct dos_call *c)
{
    if (dos_low(c, DOS_AX) != 0)
        dos_fail(c, dos_low(c, DOS_AX) == 1 ? DOS_DENIED : DOS_BAD_FUNCTION);
    else if (!is_drive(c, dos_low(c, DOS_BX)))
        dos_fail(c, DOS_BAD_DRIVE);
    else
        media_id(c);
}
