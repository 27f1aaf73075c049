// The map of the room: its state, and every function that crosses files, grouped by file.
#ifndef VXDKIT_DOS_DEFS_H
#define VXDKIT_DOS_DEFS_H

#include "dos/dos.h"
#include "kit/structures.h"
#include "vmm/v86.h"

enum {
    DOS_FILES = 255,   // rows of open files
    DOS_VM_FILES = 40, // of one VM: numbers in a PSP's table of handles, FFh = closed
    DOS_PROGRAMS = DOS_MOST_PROGRAMS,
    DOS_SEARCHES = 64,
    DOS_PATH = DOS_LONGEST_PATH, // "DIR\NAME.EXT" below drive C:, with the zero; DOS allows 64 characters
    DOS_ENTRIES = 64,
    DOS_EMBS = 64,       // blocks of extended memory of all VMs
    DOS_EMS_BLOCKS = 64, // of expanded memory
    DOS_DRIVE = 2,       // C:
    DOS_SECTOR = 512,
    DOS_SECTORS = 16, // of a cluster
    DOS_CLUSTERS = 0xFFF0,
    DOS_MEDIA = 0xF8,          // a fixed disk
    DOS_DIRECTORY_MOST = 0x40, // length of a current directory
};

// Where things lie in memory. Segment 0 to 2 pages belong to each VM (vmm/v86data.h).
enum {
    DOS_BDA = 0x40,             // segment of the BIOS data area
    DOS_PALETTE = 0x60,         // segment of palette and colours
    DOS_DATA = 0x100,           // segment of DOS's own data
    DOS_ROM = 0xF000,           // segment of the stubs
    DOS_END_OF_MEMORY = 0xA000, // segment
    DOS_TEXT = 0xB800,          // text screen
    DOS_VIDEO_TABLE = 0xE710,   // offset in the ROM: what the screen can do
};

enum bda { // offsets, RBIL MEM 0040h
    BDA_COM = 0x00,
    BDA_EQUIPMENT = 0x10,
    BDA_MEMORY = 0x13,
    BDA_SHIFT = 0x17,
    BDA_SHIFT2 = 0x18,
    BDA_ALT_NUMBER = 0x19,
    BDA_KEY_HEAD = 0x1A,
    BDA_KEY_TAIL = 0x1C,
    BDA_KEYS = 0x1E,
    BDA_KEYS_END = 0x3E,
    BDA_MODE = 0x49,
    BDA_COLUMNS = 0x4A,
    BDA_PAGE_SIZE = 0x4C,
    BDA_PAGE_START = 0x4E,
    BDA_CURSOR = 0x50, // 8 pages
    BDA_CURSOR_SHAPE = 0x60,
    BDA_PAGE = 0x62,
    BDA_CRTC = 0x63,
    BDA_TICKS = 0x6C,
    BDA_MIDNIGHT = 0x70,
    BDA_BREAK = 0x71,
    BDA_DMA = 0x7B,
    BDA_KEYS_FROM = 0x80,
    BDA_KEYS_TO = 0x82,
    BDA_ROWS = 0x84, // less one
    BDA_HEIGHT = 0x85,
    BDA_SHIFT3 = 0x96,
};

enum dos_data { // offsets in DOS_DATA
    DATA_FIRST_BLOCK = 0x24,
    DATA_LISTS = 0x26, // list of lists, RBIL table 01627
    DATA_NUL = DATA_LISTS + 0x22,
    DATA_DPB = 0x80,  // drive parameter block, RBIL table 01395
    DATA_ECHO = 0xB0, // characters that wait for INT 29h, then a zero
    DATA_ECHO_END = 0xBF,
    DATA_ASKED = 0xC0,        // AH of the INT 24h that is being served
    DATA_RAW = 0xC1,          // CON gives and takes bytes as they are (INT 21h AX=4401h)
    DATA_RAW_GOT = 0xC2,      // so many bytes of the read that waits, a word
    DATA_BROKE = 0xC4,        // Ctrl+Break was pressed
    DATA_BREAK_SP = 0xC6,     // SP of the call that INT 23h interrupts
    DATA_EMS_MAP = 0xF0,      // handle and page of the four places of the page frame
    DATA_EMS = 0x100,         // device header of expanded memory, and the entry of INT 67h behind it
    DATA_LIMITS = 0x118,      // KB for the VM: least and most of EMS, of XMS
    DATA_BLOCK = 0xD0,        // device header of the drive
    DATA_DIRECTORIES = 0x1B0, // current directory structures, 58h each, RBIL table 01643
    DATA_CON = 0x2C0,         // device header
    DATA_CLOCK = 0x2E0,
    DATA_SDA = 0x320, // swappable data area, RBIL table 01687
    DATA_CRITICAL = DATA_SDA,
    DATA_IN_DOS = DATA_SDA + 1,
    DATA_ERROR_LOCUS = DATA_SDA + 3,
    DATA_ERROR = DATA_SDA + 4,
    DATA_ERROR_ACTION = DATA_SDA + 6, // and the class behind it
    DATA_DTA = DATA_SDA + 0x0C,
    DATA_PSP = DATA_SDA + 0x10,
    DATA_RETURN = DATA_SDA + 0x14,
    DATA_DRIVE = DATA_SDA + 0x16,
    DATA_BREAK = DATA_SDA + 0x17,
    DATA_VERIFY = 0x340,
    DATA_STRATEGY = 0x341,
    DATA_LAST_KEY = 0x342,   // second half of a key that INT 21h has given the first one of, 0 = none
    DATA_LINE_STATE = 0x343, // of buffered input: 0 none, 1 in the middle
    DATA_LINE_USED = 0x344,
    DATA_LINE_GIVEN = 0x345,
    DATA_IDLE_TOLD = 0x346, // INT 28h has been called for this wait
    DATA_WAIT = 0x348,      // ms at which INT 15h AH=86h is over, 0 = nobody waits
    DATA_WAITING = 0x34D,   // the program waits for a key in BIOS or DOS
    DATA_TICKED = 0x350,    // tick of virtual time at which BDA_TICKS was last brought up to date
    DATA_FLUSHED = 0x34C,   // AH=0Ch has emptied the buffer and waits
    DATA_MEDIA = 0x36E,
    DATA_RETF = 0x36F, // a far return, for entries that do nothing
    DATA_COUNTRY = 0x380,
    DATA_UPPER = 0x3B0, // upper-case tables, RBIL table 01758
    DATA_COLLATE = 0x440,
    DATA_FILENAMES = 0x550,
    DATA_DBCS = 0x570,
    DATA_LINE = 0x580,    // a line from CON for INT 21h AH=3Fh: 128 bytes
    DATA_FILES = 0x600,   // system file table, RBIL tables 01639, 01642
    DATA_DEVICES = 0xF40, // headers of the devices that have no address of their own above
};

enum psp { // RBIL table 01378
    PSP_EXIT = 0x00,
    PSP_TOP = 0x02,
    PSP_CALL5 = 0x05,
    PSP_VECTORS = 0x0A, // 22h, 23h, 24h
    PSP_PARENT = 0x16,
    PSP_HANDLES = 0x18,
    PSP_ENVIRONMENT = 0x2C,
    PSP_STACK = 0x2E,
    PSP_HANDLE_COUNT = 0x32,
    PSP_HANDLES_AT = 0x34,
    PSP_INT21 = 0x50,
    PSP_FCB1 = 0x5C,
    PSP_FCB2 = 0x6C,
    PSP_TAIL = 0x80,
    PSP_SIZE = 0x100,
    PSP_HANDLES_OWN = 20,
};

enum dos_reg {
    DOS_AX = KIT_Client_EAX,
    DOS_BX = KIT_Client_EBX,
    DOS_CX = KIT_Client_ECX,
    DOS_DX = KIT_Client_EDX,
    DOS_SI = KIT_Client_ESI,
    DOS_DI = KIT_Client_EDI,
    DOS_BP = KIT_Client_EBP,
    DOS_SP = KIT_Client_ESP,
    DOS_IP = KIT_Client_EIP,
    DOS_CS = KIT_Client_CS,
    DOS_DS = KIT_Client_DS,
    DOS_ES = KIT_Client_ES,
    DOS_SS = KIT_Client_SS,
    DOS_FLAGS = KIT_Client_EFlags,
};

enum dos_device { DOS_IS_FILE, DOS_IS_CON, DOS_IS_NUL, DOS_IS_AUX, DOS_IS_PRN, DOS_IS_CLOCK, DOS_IS_EMS };

// An open file. Positions and the like are state; the file itself is the host's, found by its path each time.
struct dos_file {
    uint32_t users; // handles that lead here, 0 = free
    uint32_t vm;    // number
    uint16_t psp;   // of who opened it
    uint8_t number; // in its VM's table
    uint32_t position;
    uint16_t time, date;
    uint8_t mode;   // of INT 21h AH=3Dh
    uint8_t device; // enum dos_device
    uint8_t written;
    char path[DOS_PATH];
};

struct dos_program {
    uint32_t number; // that dos_start gave, 0 = the row is unused
    struct dos_outcome outcome;
    uint32_t vm;                  // handle
    uint32_t callback, reference; // a driver's, for the end of it
    char path[DOS_PATH + 48], tail[128];
};

// A block of extended memory. The handle is its row + 1.
struct dos_emb {
    uint32_t vm; // number
    uint32_t linear, kb;
    uint8_t used, locks;
};

// A block of expanded memory. The handle is its row + 1.
struct dos_ems {
    uint32_t vm; // number
    uint32_t linear;
    uint16_t pages; // of 16 KB
    uint8_t used, saved;
    uint8_t map[16]; // that it saves
    char name[8];
};

struct dos_state {
    uint32_t trap[DOS_ENTRIES]; // V86 addresses of the entries
    uint32_t stub_tick, stub_key;
    // Offsets in the ROM: output through INT 29h and INT 10h.
    uint16_t stub_char, stub_text, stub_write, stub_teletype, stub_echo, stub_echo_again;
    struct dos_file file[DOS_FILES];
    struct dos_program program[DOS_PROGRAMS];
    uint32_t started; // programs so far
    struct dos_emb emb[DOS_EMBS];
    struct dos_ems ems[DOS_EMS_BLOCKS];
    uint8_t ems_frame;                     // the page frame is claimed
    uint32_t hma_vm;                       // number of who has the high memory area, 0 = nobody
    uint16_t xms;                          // offset of the driver's entry in the ROM
    uint16_t end_kind;                     // of frames: a driver hears of the end of a program
    char searched[DOS_SEARCHES][DOS_PATH]; // directories that searches go through
    uint32_t searches;
    uint64_t input_taken; // bytes of standard input
    uint8_t input_cr;     // the last of them was a carriage return that a key was made of
};

// A call from V86 code, or work on a VM that is not current.
struct dos_call {
    struct vmm *v;
    struct dos_state *s;
    uint32_t base; // linear address of the VM's first megabyte: 0 for the current VM
    uint32_t crs;  // its client registers
    uint32_t vm;   // its number
    uint8_t vector;
    uint8_t device; // whose error it is: enum dos_device, a file is the drive
    bool stay;      // the caller's CS:IP have been set: no IRET
    uint32_t work;  // counts as so many instructions: the limits hold for what a call does, too
    bool faulted;   // a page was missing; the call is made again when it is there
};
typedef void dos_fn(struct dos_call *c);

extern const struct vmm_device dos_resident;

// tables.c: what others may look at
void dos_tables_create(struct dos_call *c);
uint32_t dos_header_of(uint8_t device);                            // far address of its device header
uint32_t dos_file_entry(uint8_t number);                           // far address in the system file table
void dos_file_show(struct dos_call *c, const struct dos_file *f);  // the row has changed
void dos_file_moved(struct dos_call *c, const struct dos_file *f); // only its position has

// guest.c: registers and memory of the virtual machine
uint16_t dos_get(const struct dos_call *c, enum dos_reg r);
void dos_set(const struct dos_call *c, enum dos_reg r, uint16_t value);
uint8_t dos_low(const struct dos_call *c, enum dos_reg r); // AL, BL, CL, DL
uint8_t dos_high(const struct dos_call *c, enum dos_reg r);
void dos_set_low(const struct dos_call *c, enum dos_reg r, uint8_t value);
void dos_set_high(const struct dos_call *c, enum dos_reg r, uint8_t value);
bool dos_copy_in(struct dos_call *c, uint16_t segment, uint32_t offset, void *to, uint32_t n);
bool dos_copy_out(struct dos_call *c, uint16_t segment, uint32_t offset, const void *from, uint32_t n);
bool dos_probe(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t n); // for a write that comes later
uint8_t dos_read8(struct dos_call *c, uint16_t segment, uint32_t offset);
uint16_t dos_read16(struct dos_call *c, uint16_t segment, uint32_t offset);
uint32_t dos_read32(struct dos_call *c, uint16_t segment, uint32_t offset);
void dos_write8(struct dos_call *c, uint16_t segment, uint32_t offset, uint8_t value);
void dos_write16(struct dos_call *c, uint16_t segment, uint32_t offset, uint16_t value);
void dos_write32(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t value);
// A text that ends with zero; longer ones are cut.
void dos_read_text(struct dos_call *c, uint16_t segment, uint32_t offset, char *to, size_t size);
void dos_flag(struct dos_call *c, uint16_t flag, bool on); // in the flags that the caller gets back

// error.c: the end of a call
dos_fn dos_extended_error, dos_set_extended_error, dos_int24, dos_critical_answered;
void dos_fail(struct dos_call *c, enum dos_error error);     // CF = 1, AX, and what AH=59h tells; or INT 24h is asked
void dos_done(struct dos_call *c);                           // CF = 0
void dos_answer(struct dos_call *c, enum dos_error error);   // one of the two
bool dos_critical(struct dos_call *c, enum dos_error error); // true: INT 24h is asked, the call goes on afterwards
void dos_critical_left(struct dos_call *c, uint8_t function);
// entry.c: from a trap to C and back
bool dos_entries_create(struct vmm *v) BASE_MUST_USE;
struct dos_call dos_call_of(struct vmm *v, uint32_t vm);        // a VM by handle
uint32_t dos_vector(uint8_t vector, const struct dos_state *s); // where the system's own handler is, 0 = has none
void dos_wait(struct dos_call *c);                              // the call is made again after an interrupt
void dos_far_return(struct dos_call *c);                        // the end of a routine of the ROM that was called far
void dos_again(struct dos_call *c);                             // INT 21h is entered again
void dos_missing(struct dos_call *c);                           // not implemented: the run ends
void dos_simulate(
    struct dos_call *c,
    uint8_t vector); // drivers' hooks, then its own vector; the call is made again afterwards. Tail position
bool dos_hooked(struct dos_call *c, uint8_t vector);        // the vector points elsewhere than at the system's handler
bool dos_watched(struct dos_call *c, uint8_t vector);       // by a program's hook or a driver's
void dos_go_on_in_rom(struct dos_call *c, uint16_t offset); // the rest of the call is code there, which ends with IRET
enum dos_trap {
    DOS_TRAP_START,
    DOS_TRAP_EXIT,
    DOS_TRAP_TICK,
    DOS_TRAP_KEY,
    DOS_TRAP_CPM,
    DOS_TRAP_CRITICAL,
    DOS_TRAP_XMS,
    DOS_TRAP_BROKEN,
    DOS_TRAPS
};

// rom.c: what lies in memory from the beginning
void dos_rom_create(struct dos_call *c);                   // of the System VM
void dos_memory_reset(struct dos_call *c, uint16_t first); // BIOS and DOS data of a VM; programs' first segment

// dos.c
const struct dos_host *dos_host(struct dos_call *c);    // NULL: there is no drive
struct dos_program *dos_program_of(struct dos_call *c); // of the current VM, NULL = none
void dos_program_over(struct dos_call *c, enum dos_how how, uint8_t code);
void dos_announce_output(struct dos_call *c, const char *text, size_t length);
void dos_announce_program(struct dos_call *c, const struct dos_program *p);
void dos_vm_over_begin(struct dos_call *c); // the VM's program is over, and so is the VM. Tail position

// video.c, INT 10h
dos_fn dos_int10;
void dos_video_reset(struct dos_call *c);
void dos_video_print(struct dos_call *c, const char *text, size_t n); // teletype, and announced
void dos_video_teletype(struct dos_call *c, char ch);                 // on the screen only
unsigned dos_video_column(struct dos_call *c);

// palette.c
dos_fn dos_palette;
void dos_palette_reset(struct dos_call *c);

// keyboard.c, INT 9 and 16h
dos_fn dos_key_pressed, dos_int16;
bool dos_key_peek(struct dos_call *c, uint16_t *key); // from the BIOS's buffer, else from standard input
void dos_key_take(struct dos_call *c);
bool dos_key_break(struct dos_call *c);

// bios.c: INT 5 and above, 11h to 1Ah
dos_fn dos_tick, dos_int00, dos_int05, dos_int11, dos_int12, dos_int13, dos_int14, dos_int15, dos_int17, dos_int18,
    dos_int19, dos_int1a, dos_nothing;
void dos_refresh_ticks(struct dos_call *c);  // by the clock chip
uint32_t dos_pass_ticks(struct dos_call *c); // counts those since the last time; how many it were
struct dos_time {
    uint16_t year;
    uint8_t month, day, weekday, hour, minute, second, hundredth; // weekday 0 = Sunday
};
struct dos_time dos_now(struct dos_call *c);                                          // by the clock chip
bool dos_set_now(struct dos_call *c, const struct dos_time *t, bool date, bool time); // false: no such moment
uint16_t dos_packed_time(const struct dos_time *t);                                   // as in a FAT directory
uint16_t dos_packed_date(const struct dos_time *t);

// int21.c
dos_fn dos_int21, dos_int20, dos_int25, dos_int27, dos_int29, dos_int33, dos_cpm;

// xms.c
dos_fn dos_xms;
void dos_xms_vm_gone(struct vmm *v, struct dos_state *s, uint32_t vm);
bool dos_xms_owns(struct dos_call *c, uint32_t linear, uint32_t bytes); // the VM has locked a block there
enum { DOS_LIMIT_EMS = DATA_LIMITS, DOS_LIMIT_XMS = DATA_LIMITS + 8 };
// KB above 1 MB that the VM can still have of a kind of which it has `used`.
uint32_t dos_free_memory(struct dos_call *c, uint32_t limit, uint32_t used);
void dos_limits_reset(struct dos_call *c);

// ems.c
dos_fn dos_int67;
uint32_t dos_ems_used(struct dos_call *c); // pages of the VM
uint32_t dos_ems_free(struct dos_call *c);
void dos_ems_vm_gone(struct vmm *v, struct dos_state *s, uint32_t vm);

// internal.c
dos_fn dos_int2f;

// console.c: AH=01h-0Ch
dos_fn dos_read_echo, dos_print_char, dos_aux_in, dos_aux_out, dos_print_printer, dos_direct_io, dos_direct_in,
    dos_read_silent, dos_print_text, dos_read_line, dos_input_status, dos_flush_input, dos_int1b, dos_broken;
bool dos_break_begin(struct dos_call *c, uint8_t function) BASE_MUST_USE; // true: INT 23h, then the call again
void dos_con_print(struct dos_call *c, const char *text, size_t n);
bool dos_con_watched(struct dos_call *c); // somebody sees characters on their way to the screen
void dos_con_leave(struct dos_call *c);   // behind a read of CON: what it has typed is shown
bool dos_con_read(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t n, uint32_t *done); // false: waits

// process.c
dos_fn dos_exit, dos_terminate, dos_keep, dos_exec, dos_get_return, dos_set_psp, dos_get_psp, dos_make_psp,
    dos_child_psp, dos_start_program, dos_program_exits;
void dos_shell_create(struct dos_call *c); // the process that all others descend from
bool dos_save_caller(struct dos_call *c);  // its registers, on its stack; false: the stack is not there yet
bool dos_restore_caller(struct dos_call *c);
void dos_end_process(struct dos_call *c, enum dos_how how, uint8_t code);
void dos_fill_psp(struct dos_call *c, uint16_t psp, uint16_t top);

// load.c: programs into memory
struct dos_load {
    char path[128];               // as the program is told
    uint16_t environment;         // segment to copy, 0 = the parent's
    uint16_t psp, cs, ip, ss, sp; // results
    uint16_t error_ax;            // AL and AH at the start: validity of the FCBs' drives
};
enum dos_error dos_load_program(struct dos_call *c, struct dos_load *l);
enum dos_error dos_load_overlay(struct dos_call *c, const char *path, uint16_t segment, uint16_t relocation);

// memory.c: memory control blocks
dos_fn dos_allocate, dos_free, dos_resize, dos_strategy;
void dos_memory_create(struct dos_call *c, uint16_t first, uint16_t end);
void dos_memory_limit(struct dos_call *c, uint16_t end); // the last block ends there, if it is free
enum dos_error dos_block_take(struct dos_call *c, uint16_t paragraphs, uint16_t owner, uint16_t *segment,
                              uint16_t *largest);
enum dos_error dos_block_resize(struct dos_call *c, uint16_t segment, uint16_t paragraphs, uint16_t *largest);
enum dos_error dos_block_give(struct dos_call *c, uint16_t segment);
void dos_blocks_give_all(struct dos_call *c, uint16_t owner);
void dos_block_name(struct dos_call *c, uint16_t segment, uint16_t owner, const char *name);

// path.c: names
enum dos_error dos_resolve(struct dos_call *c, const char *text, char path[DOS_PATH]); // "" = the root
uint8_t dos_device_named(const char *path); // enum dos_device of its last name
const char *dos_device_name(uint8_t device);
void dos_fcb_name(const char *name, char fcb[11]); // "NAME.EXT" or "NAM*.?" to 11 characters
void dos_from_fcb_name(const char fcb[11], char name[13]);
bool dos_matches(const char pattern[11], const char *name);
const char *dos_last_name(const char *path);
char dos_upper(char ch);

// files.c: handles
dos_fn dos_create, dos_open, dos_close, dos_read, dos_write, dos_delete, dos_seek, dos_duplicate, dos_duplicate_to,
    dos_create_temporary, dos_create_new, dos_extended_open, dos_file_time, dos_lock, dos_handle_count, dos_commit;
struct dos_file *dos_file_of(struct dos_call *c, uint16_t handle); // NULL: not open
uint32_t dos_handle_entry(struct dos_call *c, uint16_t handle);    // far address in the table of the PSP; 0: none
uint16_t dos_file_open(struct dos_call *c, const char *path, uint8_t mode, uint8_t device, enum dos_error *error);
void dos_standard_handles(struct dos_call *c, uint16_t psp);
void dos_handles_inherit(struct dos_call *c, uint16_t parent, uint16_t child);
void dos_handles_close(struct dos_call *c, uint16_t psp);
void dos_files_of_vm(struct dos_state *s, uint32_t vm); // closes all
uint32_t dos_take_input(struct dos_call *c, void *to, uint32_t n);
enum dos_error dos_file_size(struct dos_call *c, const struct dos_file *f, uint32_t *size);
bool dos_reads_input(struct dos_call *c, uint16_t handle); // standard input that comes from the host

// ioctl.c
dos_fn dos_ioctl, dos_serial_number;
uint16_t dos_device_information(struct dos_call *c, const struct dos_file *f); // of a character device

// directory.c
dos_fn dos_make_directory, dos_remove_directory, dos_change_directory, dos_current_directory, dos_rename,
    dos_attributes, dos_true_name, dos_find_first, dos_find_next, dos_select_drive, dos_current_drive, dos_free_space,
    dos_drive_data, dos_drive_parameters;
// A directory by a number that fits into a DTA or FCB. The newest DOS_SEARCHES are kept.
uint16_t dos_directory_number(struct dos_call *c, const char *directory);
const char *dos_directory_of(struct dos_call *c, uint16_t number);
// The entry behind `after` that fits pattern and attributes, "." and ".." of subdirectories first.
enum dos_error dos_search(struct dos_call *c, const char *directory, const char pattern[11], uint8_t attributes,
                          const char *after, struct dos_entry *found);
void dos_split_path(char path[DOS_PATH], char pattern[11]); // the last name leaves the path and becomes the pattern

// fcb.c
dos_fn dos_fcb_open, dos_fcb_close, dos_fcb_find_first, dos_fcb_find_next, dos_fcb_delete, dos_fcb_read, dos_fcb_write,
    dos_fcb_create, dos_fcb_rename, dos_fcb_random_read, dos_fcb_random_write, dos_fcb_size, dos_fcb_set_random,
    dos_fcb_block_read, dos_fcb_block_write, dos_fcb_parse;
bool dos_parse_fcb(const char **text, char fcb[12], uint8_t options); // true: has wildcards

// system.c: vectors, date, version, country and the like
dos_fn dos_reset_disk, dos_set_dta, dos_set_vector, dos_get_date, dos_set_date, dos_get_time, dos_set_time, dos_verify,
    dos_get_dta, dos_version, dos_break, dos_in_dos, dos_get_vector, dos_country, dos_list_of_lists, dos_get_verify,
    dos_network, dos_country_table, dos_code_page, dos_switch_char, dos_swap_area;

#endif
