// The system in the virtual machines: the ROM BIOS and a DOS kernel, written in C behind V86 traps. The interrupt
// vectors point at real bytes in the ROM that trap, so programs and drivers hook and chain them as usual. What DOS
// keeps in memory (PSP, memory control blocks, BIOS data, current directory, InDOS flag, ...) lies in guest memory
// where DOS keeps it; open files and programs are rows of plain data.
//
// Protected mode (DPMI) and INT 2Fh AX=16xxh belong to the VMM, the board's interrupts to VPICD. This header is the
// whole interface of the room.
#ifndef VXDKIT_DOS_DOS_H
#define VXDKIT_DOS_DOS_H

#include "base/buf.h"
#include "vmm/vmm.h"

enum dos_error { // as in AX after a failed call, RBIL table 01680
    DOS_OK = 0,
    DOS_BAD_FUNCTION = 1,
    DOS_NO_FILE = 2,
    DOS_NO_PATH = 3,
    DOS_TOO_MANY = 4,
    DOS_DENIED = 5,
    DOS_BAD_HANDLE = 6,
    DOS_BAD_CHAIN = 7, // a memory control block is destroyed
    DOS_NO_MEMORY = 8,
    DOS_BAD_BLOCK = 9,
    DOS_BAD_ENVIRONMENT = 10,
    DOS_BAD_FORMAT = 11,
    DOS_BAD_ACCESS = 12,
    DOS_BAD_DATA = 13,
    DOS_BAD_DRIVE = 15,
    DOS_IS_CURRENT = 16,
    DOS_OTHER_DEVICE = 17,
    DOS_NO_MORE = 18,
    DOS_WRITE_PROTECTED = 19, // from here to DOS_GENERAL_FAILURE: INT 24h is asked (critical.c)
    DOS_WRITE_FAULT = 29,
    DOS_READ_FAULT = 30,
    DOS_GENERAL_FAILURE = 31,
    DOS_EXISTS = 80,
    DOS_CANNOT_MAKE = 82,
    DOS_FAILED_24 = 83, // the handler of INT 24h said so
};

enum dos_attribute {
    DOS_READ_ONLY = 1,
    DOS_HIDDEN = 2,
    DOS_SYSTEM = 4,
    DOS_LABEL = 8,
    DOS_DIRECTORY = 0x10,
    DOS_ARCHIVE = 0x20
};

struct dos_entry {
    char name[13]; // "NAME.EXT"
    uint8_t attributes;
    uint16_t time, date; // as in a FAT directory
    uint32_t size;
};

// One directory of the host, seen as drive C:, and a standard input: bindings, not state. Paths are names in upper case
// divided by '\', without one at the beginning; "" is the directory itself. Nothing outside of it can be reached.
struct dos_host {
    void *user;
    enum dos_error (*find)(void *user, const char *path, struct dos_entry *to);
    // The entry whose name follows `after` ("" = the first) in the order of names. DOS_NO_MORE at the end.
    enum dos_error (*next)(void *user, const char *directory, const char *after, struct dos_entry *to);
    // *n bytes at most; how many it were.
    enum dos_error (*read)(void *user, const char *path, uint32_t offset, void *to, uint32_t *n);
    enum dos_error (*write)(void *user, const char *path, uint32_t offset, const void *from, uint32_t *n);
    enum dos_error (*resize)(void *user, const char *path, uint32_t size);
    enum dos_error (*create)(void *user, const char *path, bool must_be_new); // empty afterwards
    enum dos_error (*remove)(void *user, const char *path);
    enum dos_error (*rename)(void *user, const char *path, const char *to);
    enum dos_error (*make_directory)(void *user, const char *path);
    enum dos_error (*remove_directory)(void *user, const char *path);
    enum dos_error (*set_time)(void *user, const char *path, uint16_t time, uint16_t date);
    enum dos_error (*set_read_only)(void *user, const char *path, bool on);
    // Bytes of standard input from `offset` on, at most n; 0 = it ends there. NULL: keys come from the keyboard alone.
    uint32_t (*input)(void *user, uint64_t offset, void *to, uint32_t n);
};

// Adds BIOS and DOS, behind the devices (they bring the clock) and before boot. False: no memory.
bool dos_add(struct vmm *v) BASE_MUST_USE;
// What the clock chip says, as in a FAT directory: the date in the upper word, the time in the lower.
uint32_t dos_stamp(struct vmm *v);
// Without a host there is no drive. The struct must outlive the machine.
void dos_set_host(struct vmm *v, const struct dos_host *host);

// The names DOS gives to the entries of a directory: unchanged but for the case where they fit into 8.3 characters,
// else NAME~1.EXT, counted. `to` has room for `count` names; a name DOS cannot have ("CON") gets one with a number,
// too.
void dos_short_names(const char *const *names, size_t count, char (*to)[13]);

// Starts a program of drive C: in a virtual machine of its own with the focus; vmm_run carries it out. `path` is a DOS
// path, `tail` its arguments (126 bytes at most). 0: too long, too many at
// a time, or no memory. What became of a program can be asked until DOS_MOST_PROGRAMS others have been started.
uint32_t dos_start(struct vmm *v, const char *path, const char *tail) BASE_MUST_USE;

enum dos_progress { DOS_UNKNOWN, DOS_QUEUED, DOS_RUNNING, DOS_ENDED, DOS_FAILED };
enum dos_how {
    DOS_BY_EXIT,
    DOS_BY_CTRL_C,
    DOS_BY_ERROR,
    DOS_RESIDENT,
    DOS_WITH_VM
}; // as in AH of INT 21h AH=4Dh; with its VM: it was still running
struct dos_outcome {
    enum dos_progress progress;
    enum dos_how how;
    uint8_t code;         // exit code
    enum dos_error error; // of a program that could not be loaded
    uint32_t vm;          // number of its virtual machine, 0 = none yet
};
struct dos_outcome dos_outcome(struct vmm *v, uint32_t program);

// For DOSMGR. V86 linear addresses, the same in every virtual machine: of the word that holds the critical error and
// the InDOS flag, and of the header of NUL, with which the chain of device drivers begins.
uint32_t dos_flags_address(void);
uint32_t dos_first_device(void);
// Gives a virtual machine the current directories of another one.
void dos_copy_directories(struct vmm *v, uint32_t to, uint32_t from);

// For DOSMGR: a program that a driver wants in a virtual machine (handle) of its own making. First what it is: `path`
// and `tail` as for dos_start, `directory` ("C:\\DIR") or NULL. False: too long, or too many programs. Then, while the
// virtual machine is current and its VM_Init is on the way, that it shall run, in `pages` pages from the first V86 page
// on; before the virtual machine ends with its program, the driver's `callback` is called (0: none) with EBX = VM,
// EBP = client registers, EDX = `reference`. False: nothing was set.
bool dos_set_exec(struct vmm *v, uint32_t vm, const char *path, const char *tail, const char *directory) BASE_MUST_USE;
bool dos_exec_vm(struct vmm *v, uint32_t vm, uint32_t pages, uint32_t callback, uint32_t reference) BASE_MUST_USE;

// For V86MMGR: how many KB of expanded and extended memory a virtual machine (handle) is promised, and may have at most
// (UINT32_MAX: as much as there is). False: not as much is left as is promised; what there is of the limits holds.
struct dos_limits {
    uint32_t least_ems, most_ems, least_xms, most_xms;
};
struct dos_limits dos_limits(struct vmm *v, uint32_t vm);
bool dos_set_limits(struct vmm *v, uint32_t vm, const struct dos_limits *to) BASE_MUST_USE;
uint32_t dos_memory_left(struct vmm *v); // KB for all virtual machines together

struct dos_available { // to a virtual machine (handle): EMS in pages of 16 KB, XMS in KB
    uint32_t free_ems, all_ems, free_xms, all_xms;
};
struct dos_available dos_available(struct vmm *v, uint32_t vm);

// For IFSMgr: drive C:, NULL = there is none; and a DOS path ("C:\\DIR\\FILE", or from the System VM's current
// directory) as one of struct dos_host.
enum { DOS_LONGEST_PATH = 80 };
const struct dos_host *dos_drive(struct vmm *v);
enum dos_error dos_host_path(struct vmm *v, const char *text, char path[DOS_LONGEST_PATH]) BASE_MUST_USE;

// The timer, for VTD. Whether any program could notice that it stands still: all others wait for keys and have not
// hooked INT 8 or 1Ch. dos_count_ticks: time has gone on for program n (from 0); *vm is its virtual machine, 0 = none
// any more. True: it has hooked INT 8 or 1Ch, so the interrupt has to be simulated into it. DOS_MOST_PROGRAMS: there
// are no more.
enum { DOS_MOST_PROGRAMS = 256 };
bool dos_wants_ticks(struct vmm *v) BASE_MUST_USE;
bool dos_count_ticks(struct vmm *v, uint32_t n, uint32_t *vm) BASE_MUST_USE;

// The text screen (B8000h) of 25 rows as text, a line each, trailing blanks and empty rows at the end cut.
void dos_screen(struct vmm *v, struct base_buf *to);

#endif
