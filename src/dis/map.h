// What is known about every byte of an image: code, data, labels, who refers to it. explore.c finds it out, names.c
// names it, listing.c and info.c print it. Private to src/dis.
#ifndef VXDKIT_DIS_MAP_H
#define VXDKIT_DIS_MAP_H

#include "base/arena.h"
#include "dis/dis.h"

struct kit_service;
struct kit_message;

enum dis_mark {        // of a byte
    DIS_START = 1,     // first byte of an instruction
    DIS_BODY = 2,      // another byte of one
    DIS_LABEL = 4,     // something refers to it, or it has a name
    DIS_CALLED = 8,    // a procedure begins here
    DIS_DATA = 0x10,   // known to be data
    DIS_DENIED = 0x20, // looked at as a guess and found to be no code
};

struct dis_place {
    uint32_t object, offset;
};

struct dis_reference {
    struct dis_place to, from;
};

struct dis_label {
    struct dis_place place;
    const char *name;
    uint32_t order; // lower is better, when a place has several
};

struct dis_link { // one dynamic link in the code
    uint16_t device, ordinal;
};

enum { DIS_ARGUMENTS = 4 };

struct dis_argument { // of a service call, where it is a constant
    const char *register_name;
    const char *role; // what the contract calls it, role_length characters
    size_t role_length;
    bool is_place;
    uint32_t number;
    struct dis_place place;
};

struct dis_use { // a call that hooks or traps something
    struct dis_place at;
    const struct kit_service *service;
    struct dis_argument arguments[DIS_ARGUMENTS];
    uint32_t argument_count;
};

struct dis_message { // the control procedure compares EAX with a message here
    struct dis_place at;
    uint32_t value;
};

struct dis_map {
    const struct dis_image_options *options;
    const struct le_image *image;
    struct base_arena arena;
    uint8_t **marks; // by object, then offset: enum dis_mark; size + 1 of them
    bool has_ddb;
    struct dis_place ddb;
    bool has_control;
    struct dis_place control;
    bool has_table;
    struct dis_place table;
    uint32_t service_count;
    const struct dis_label *labels; // by place
    uint32_t label_count;
    const struct dis_reference *references; // by target
    uint32_t reference_count;
    struct base_buf work, found_references, found_labels; // while exploring
    struct base_buf links;                                // of struct dis_link
    struct base_buf uses;                                 // of struct dis_use, by place
    struct base_buf messages;                             // of struct dis_message
};

bool dis_map_make(struct dis_map *m, const struct dis_image_options *options,
                  const struct le_image *image) BASE_MUST_USE;
void dis_map_free(struct dis_map *m);

bool dis_is_code16(const struct le_object *o);
const struct le_fixup *dis_fixup_at(const struct dis_map *m, uint32_t object, uint32_t offset);
// Index of the first fixup at or behind a place.
uint32_t dis_fixup_from(const struct dis_map *m, uint32_t object, uint32_t offset);
void dis_decode(const struct dis_map *m, struct dis_place at, bool with_names, struct dis_instruction *out);
uint8_t dis_byte(const struct le_object *o, uint32_t offset); // 0 behind the data
uint32_t dis_dword(const struct le_object *o, uint32_t offset);

// ---- survey.c
void dis_survey(struct dis_map *m);                                                     // after exploring
const struct kit_message *dis_message_at(const struct dis_map *m, struct dis_place at); // NULL: none, or unknown

// ---- listing.c
void dis_disarm(struct base_buf *out);

// ---- info.c
void dis_put_flags(struct base_buf *out, uint32_t flags); // "code, preload, 32-bit"

// ---- names.c
const char *dis_number(uint32_t value, char *text, size_t room); // as MASM writes it: 5, 10h, 0ffh
bool dis_add_label(struct dis_map *m, struct dis_place at, const char *name, uint32_t order);
bool dis_name_labels(struct dis_map *m);                                // after exploring: sorts them
const char *dis_label_at(const struct dis_map *m, struct dis_place at); // NULL: none but made-up ones
// "TEST_Control", "Buffer+4", "sub_1_002c": always something.
void dis_name_place(const struct dis_map *m, struct dis_place at, char *text, size_t room);
dis_name_fn dis_operand_name; // user: struct dis_operand_context

struct dis_operand_context {
    const struct dis_map *map;
    uint32_t object;
};

#endif
