// Disassembly in MASM's words: one instruction, or a whole driver image with the names of the kit, of its debug
// information and of what its structures say. Used by debugger, traces, `vxd dis` and `vxd info`.
#ifndef VXDKIT_DIS_DIS_H
#define VXDKIT_DIS_DIS_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "image/collection.h"
#include "image/le.h"

// ---------------------------------------------------------------------------------------------------------------------
// One instruction

enum dis_operand { DIS_BRANCH, DIS_MEMORY, DIS_IMMEDIATE };

// Asked for the name of an operand's number: a branch target, the displacement of a memory operand or an immediate
// value. `field` is where in the instruction the number stands. Writes an expression ("Buffer+4") and returns true, or
// returns false, and the number is printed. Branch targets and plain memory addresses are asked for as well as numbers
// that only look like ones: it is for the callee to know.
typedef bool dis_name_fn(void *user, enum dis_operand kind, uint32_t address, uint32_t field, uint32_t value,
                         char *text, size_t room);

struct dis_options {
    bool code16;       // a 16-bit code segment, where int 20h is an interrupt and no dynamic link
    dis_name_fn *name; // NULL: numbers only
    void *user;
};

enum { DIS_TEXT = 128, DIS_LONGEST = 15 };

enum dis_flow {
    DIS_NEXT,         // goes on behind it
    DIS_CALL,         // calls `target` and goes on
    DIS_BRANCH_MAYBE, // conditional
    DIS_JUMP,         // goes to `target` only
    DIS_STOP,         // goes somewhere else: ret, iret, jump through a pointer, VxDJmp
};

struct dis_instruction {
    uint32_t length;     // 0: no instruction that fits into the bytes given; text is a `db` of the first
    char text[DIS_TEXT]; // mnemonic, blanks, operands
    enum dis_flow flow;
    bool has_target; // of a direct call or jump
    uint32_t target;
    bool service; // a dynamic link
    uint16_t device, ordinal;
    uint8_t displacement, displacement_size; // where numbers stand in the instruction; size 0: none
    uint8_t immediate, immediate_size;
    bool scaled;       // its memory operand is [register*4 + displacement]
    bool indirect;     // a call or jump through memory
    bool privileged;   // or otherwise rare in drivers: a guess that meets it is a bad guess
    bool compares_eax; // cmp eax, value
    bool loads;        // puts `value` into the general register `loaded` (0 EAX, 1 ECX, ...)
    uint8_t loaded;
    uint8_t writes; // general registers it changes, a bit for each
    uint32_t value; // of the immediate
};

// One instruction at `address`, from at most `size` bytes. What cannot be decoded is shown as a byte: nothing fails.
void dis_instruction(const struct dis_options *options, const uint8_t *bytes, size_t size, uint32_t address,
                     struct dis_instruction *out);

// The name of a service as sources call it: "Get_Cur_VM_Handle", else "VMM 0123h" or "device 1234h, service 0001h".
// Returns false when device or ordinal is unknown.
bool dis_service_name(uint16_t device, uint16_t ordinal, char *text, size_t room);

// ---------------------------------------------------------------------------------------------------------------------
// A whole image

struct dis_image_options {
    const struct base_alloc *alloc;
    const char *path; // of the file, for the heading
    bool json;
    // Whether a service works in this kit; NULL: not said.
    bool (*implemented)(void *user, uint16_t device, uint16_t ordinal);
    void *user;
};

// Code is found by following the control procedure, API procedures, services, exports, line numbers, jump tables and
// addresses that look like code; the rest is data. Equal images give equal text. False: out of memory.
bool dis_image(const struct dis_image_options *options, const struct le_image *image,
               struct base_buf *out) BASE_MUST_USE;

// Header, objects, device descriptor block, exported services, services called and how many of them are implemented.
bool dis_info(const struct dis_image_options *options, const struct le_image *image,
              struct base_buf *out) BASE_MUST_USE;

// A collection's kind and its drivers, a line each. False, after messages, when one of them is damaged; the list is
// complete nevertheless.
bool dis_collection(const struct dis_image_options *options, const struct collection *c, struct base_diag *diag,
                    struct base_buf *out) BASE_MUST_USE;

#endif
