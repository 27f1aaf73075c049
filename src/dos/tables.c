// What DOS keeps in memory about devices, drives and open files, for programs and drivers that look there (INT 21h
// AH=52h, 32h, INT 2Fh AX=1216h): device headers, the drive's parameter block, current directories, the system file
// table. All of it can be read; DOS itself works with the rows of struct dos_file, so what a program writes into the
// file table has no effect.
#include "dos/defs.h"

#include <stdio.h>
#include <string.h>

enum { HEADER_SIZE = 18, CHARACTER = 0x8000, FILES_HEADER = 6, ENTRY = 0x3B };
enum sft { // RBIL table 01642
    SFT_USERS = 0,
    SFT_MODE = 2,
    SFT_ATTRIBUTE = 4,
    SFT_INFORMATION = 5,
    SFT_DEVICE = 7,
    SFT_TIME = 0x0D,
    SFT_DATE = 0x0F,
    SFT_FILE_SIZE = 0x11,
    SFT_POSITION = 0x15,
    SFT_NAME = 0x20,
    SFT_MACHINE = 0x2F,
    SFT_PSP = 0x31,
};

// In the order of the chain. Those without an address of their own lie behind each other at DATA_DEVICES.
static const struct {
    uint16_t at, attributes;
    char name[9];
    uint8_t device;
} devices[] = {
    {DATA_NUL, 0x8004, "NUL     ", DOS_IS_NUL},
    {DATA_CON, 0x8013, "CON     ", DOS_IS_CON},
    {DATA_DEVICES, 0x8000, "AUX     ", DOS_IS_AUX},
    {DATA_DEVICES + 1 * HEADER_SIZE, 0xA0C0, "PRN     ", DOS_IS_PRN},
    {DATA_CLOCK, 0x8008, "CLOCK$  ", DOS_IS_CLOCK},
    {DATA_BLOCK, 0x0842, "\1\0\0\0\0\0\0", DOS_IS_FILE},
    {DATA_DEVICES + 2 * HEADER_SIZE, 0x8000, "COM1    ", DOS_IS_AUX},
    {DATA_DEVICES + 3 * HEADER_SIZE, 0xA0C0, "LPT1    ", DOS_IS_PRN},
    {DATA_DEVICES + 4 * HEADER_SIZE, 0xA0C0, "LPT2    ", DOS_IS_PRN},
    {DATA_DEVICES + 5 * HEADER_SIZE, 0xA0C0, "LPT3    ", DOS_IS_PRN},
    {DATA_DEVICES + 6 * HEADER_SIZE, 0x8000, "COM2    ", DOS_IS_AUX},
    {DATA_DEVICES + 7 * HEADER_SIZE, 0x8000, "COM3    ", DOS_IS_AUX},
    {DATA_DEVICES + 8 * HEADER_SIZE, 0x8000, "COM4    ", DOS_IS_AUX},
    {DATA_EMS, 0x8000, "EMMXXXX0", DOS_IS_EMS},
};

static uint32_t far_data(uint16_t offset)
{
    return (uint32_t)DOS_DATA << 16 | offset;
}

uint32_t dos_header_of(uint8_t device)
{
    for (size_t i = 0; i < BASE_COUNT(devices); i++)
        if (devices[i].device == device)
            return far_data(devices[i].at);
    return far_data(DATA_NUL);
}

// RBIL table 01646. No program may call the drivers' entries: they return at once.
static void device_chain(struct dos_call *c)
{
    for (size_t i = 0; i < BASE_COUNT(devices); i++) {
        uint8_t header[HEADER_SIZE];
        base_put32(header, i + 1 < BASE_COUNT(devices) ? far_data(devices[i + 1].at) : UINT32_MAX);
        base_put16(header + 4, devices[i].attributes);
        base_put16(header + 6, DATA_RETF);
        base_put16(header + 8, DATA_RETF);
        memcpy(header + 10, devices[i].name, 8);
        dos_copy_out(c, DOS_DATA, devices[i].at, header, sizeof header);
    }
    dos_write8(c, DOS_DATA, DATA_RETF, 0xCB);
}

// The vector of INT 67h points behind the header: programs look for the name at offset 0Ah of its segment.
static void expanded_memory(struct dos_call *c)
{
    uint8_t jump[5] = {0xEA};
    base_put32(jump + 1, dos_vector(0x67, c->s));
    dos_copy_out(c, DOS_DATA, DATA_EMS + HEADER_SIZE, jump, sizeof jump);
    dos_write32(c, 0, 4 * 0x67, (uint32_t)(DOS_DATA + DATA_EMS / 16) << 16 | HEADER_SIZE);
}

// A FAT of 16 bits and 512 entries in the root, as the sizes that AH=36h tells want it (RBIL table 01395).
static void drive_parameters(struct dos_call *c)
{
    enum { FAT_SECTORS = (DOS_CLUSTERS + 2) * 2 / DOS_SECTOR + 1, ROOT = 512, RESERVED = 1 };
    uint8_t dpb[0x21] = {DOS_DRIVE, 0};
    unsigned shift = 0;
    while (1u << shift < DOS_SECTORS)
        shift++;
    base_put16(dpb + 2, DOS_SECTOR);
    dpb[4] = DOS_SECTORS - 1;
    dpb[5] = (uint8_t)shift;
    base_put16(dpb + 6, RESERVED);
    dpb[8] = 2; // FATs
    base_put16(dpb + 9, ROOT);
    base_put16(dpb + 0x0B, RESERVED + 2 * FAT_SECTORS + ROOT * 32 / DOS_SECTOR);
    base_put16(dpb + 0x0D, DOS_CLUSTERS + 1);
    base_put16(dpb + 0x0F, FAT_SECTORS);
    base_put16(dpb + 0x11, RESERVED + 2 * FAT_SECTORS);
    base_put32(dpb + 0x13, far_data(DATA_BLOCK));
    dpb[0x17] = DOS_MEDIA;
    base_put32(dpb + 0x19, UINT32_MAX); // the only one
    base_put16(dpb + 0x1F, DOS_CLUSTERS / 2);
    dos_copy_out(c, DOS_DATA, DATA_DPB, dpb, sizeof dpb);
}

static void current_directories(struct dos_call *c)
{
    for (unsigned i = 0; i <= DOS_DRIVE; i++) {
        uint16_t at = (uint16_t)(DATA_DIRECTORIES + 0x58 * i);
        dos_copy_out(c, DOS_DATA, at, (const char[4]){(char)('A' + i), ':', '\\', 0}, 4);
        dos_write16(c, DOS_DATA, at + 0x4Fu, 2); // where the path begins
        if (i != DOS_DRIVE)
            continue;
        dos_write16(c, DOS_DATA, at + 0x43u, 0x4000); // a physical drive
        dos_write32(c, DOS_DATA, at + 0x45u, far_data(DATA_DPB));
    }
}

static void list_of_lists(struct dos_call *c)
{
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x00, far_data(DATA_DPB));
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x04, far_data(DATA_FILES));
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x08, far_data(DATA_CLOCK));
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x0C, far_data(DATA_CON));
    dos_write16(c, DOS_DATA, DATA_LISTS + 0x10, DOS_SECTOR);
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x12, UINT32_MAX); // no buffers
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x16, far_data(DATA_DIRECTORIES));
    dos_write32(c, DOS_DATA, DATA_LISTS + 0x1A, UINT32_MAX);
    dos_write8(c, DOS_DATA, DATA_LISTS + 0x20, 1);             // block devices
    dos_write8(c, DOS_DATA, DATA_LISTS + 0x21, DOS_DRIVE + 1); // LASTDRIVE
}

void dos_tables_create(struct dos_call *c)
{
    list_of_lists(c);
    device_chain(c);
    expanded_memory(c);
    drive_parameters(c);
    current_directories(c);
    dos_write32(c, DOS_DATA, DATA_FILES, UINT32_MAX); // the only table
    dos_write16(c, DOS_DATA, DATA_FILES + 4, DOS_VM_FILES);
}

// --- open files

uint32_t dos_file_entry(uint8_t number)
{
    return far_data((uint16_t)(DATA_FILES + FILES_HEADER + ENTRY * number));
}

static uint16_t information(struct dos_call *c, const struct dos_file *f)
{
    return f->device ? dos_device_information(c, f) : (uint16_t)(DOS_DRIVE | (f->written ? 0 : 0x40));
}

void dos_file_show(struct dos_call *c, const struct dos_file *f)
{
    uint8_t e[ENTRY] = {0};
    uint32_t size = 0, at = dos_file_entry(f->number);
    char name[13] = "";
    if (!f->users) {
        dos_write16(c, DOS_DATA, at & 0xFFFF, 0);
        return;
    }
    if (f->device == DOS_IS_FILE)
        (void)!dos_file_size(c, f, &size);
    base_put16(e + SFT_USERS, (uint16_t)f->users);
    base_put16(e + SFT_MODE, f->mode);
    e[SFT_ATTRIBUTE] = f->device ? 0 : DOS_ARCHIVE;
    base_put16(e + SFT_INFORMATION, information(c, f));
    base_put32(e + SFT_DEVICE, f->device ? dos_header_of(f->device) : far_data(DATA_DPB));
    base_put16(e + SFT_TIME, f->time);
    base_put16(e + SFT_DATE, f->date);
    base_put32(e + SFT_FILE_SIZE, size);
    base_put32(e + SFT_POSITION, f->position);
    snprintf(name, sizeof name, "%s", f->device ? dos_device_name(f->device) : dos_last_name(f->path));
    dos_fcb_name(name, (char *)e + SFT_NAME);
    base_put16(e + SFT_MACHINE, (uint16_t)c->vm);
    base_put16(e + SFT_PSP, f->psp);
    dos_copy_out(c, DOS_DATA, at & 0xFFFF, e, sizeof e);
}

void dos_file_moved(struct dos_call *c, const struct dos_file *f)
{
    dos_write32(c, DOS_DATA, (dos_file_entry(f->number) & 0xFFFF) + SFT_POSITION, f->position);
}
