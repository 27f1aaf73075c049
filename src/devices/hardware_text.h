// Between the files that read a hardware description: tokens and statements of hardware_text.c.
#ifndef VXDKIT_DEVICES_HARDWARE_TEXT_H
#define VXDKIT_DEVICES_HARDWARE_TEXT_H

#include "devices/hardware.h"

enum hardware_token_kind { HW_END, HW_LINE, HW_WORD, HW_TEXT, HW_OPEN, HW_CLOSE, HW_EQUALS };

struct hardware_token {
    enum hardware_token_kind kind;
    const char *text; // of a word or a text, without quotes
    size_t length;
    uint32_t line, column, width; // for messages; lines and columns count from 1
    const char *line_start;
};

struct hardware_reader {
    const char *name, *at, *end, *line_start;
    uint32_t line;
    struct hardware_token token; // the next one
    struct base_arena *arena;
    struct base_diag *diag;
    struct hardware *to;
    uint32_t errors;
};

// What takes one token moves behind it and gives true; false: it is another one, a message says so (not of hw_accept),
// and the reader stays where it was.
void hw_begin(struct hardware_reader *r); // `name`, `at` and `end` are set: the first token
void hw_next(struct hardware_reader *r);  // the one behind the present token; at the end HW_END, again and again
// Reports at the present token, or at another; always false.
bool hw_fail(struct hardware_reader *r, const char *format, ...) BASE_PRINTF(2, 3);
bool hw_fail_at(struct hardware_reader *r, const struct hardware_token *where, const char *format, ...)
    BASE_PRINTF(3, 4);

// Whether a word, which is given in small letters, comes next. No message, nothing is taken.
bool hw_is(const struct hardware_reader *r, const char *word);
bool hw_accept(struct hardware_reader *r, const char *word); // takes the word if it comes next
// From 0 to `most`, decimal or with 0x; `what` it means is for the message.
bool hw_number(struct hardware_reader *r, uint32_t most, uint32_t *value, const char *what) BASE_MUST_USE;
bool hw_is_number(const struct hardware_reader *r); // whether one seems to come next
bool hw_range(struct hardware_reader *r, uint32_t most, uint32_t *first, uint32_t *last) BASE_MUST_USE; // A-B, or A
bool hw_time(struct hardware_reader *r, uint64_t *ns) BASE_MUST_USE;                                    // 10us, 5ms, 2s
const char *hw_string(struct hardware_reader *r, size_t most, const char *what); // word or text, NULL = failed
bool hw_statement_ends(struct hardware_reader *r) BASE_MUST_USE; // looks at the end of the line and takes nothing

// A statement's keyword and what reads the rest of it, up to the end of its line. `context` belongs to the block.
struct hardware_statement {
    const char *word;
    bool (*read)(struct hardware_reader *r, void *context);
};
// The statements of a block, or of the whole text (block false). After a mistake reading goes on with the next line.
bool hw_statements(struct hardware_reader *r, const struct hardware_statement *statements, void *context, bool block);
// The statements between '{' and '}'.
bool hw_block(struct hardware_reader *r, const struct hardware_statement *statements, void *context);

// hardware_script.c: the cells and rules of a space that was just added, as a block
bool hw_space_block(struct hardware_reader *r, unsigned space);
// hardware_range.c
int hw_space_new(struct hardware_reader *r, const struct pc_space *like); // -1: too many
// Readers of statements, one for each keyword (docs/hardware.md); `context` is nothing at the top of the text, else the
// device node that the block describes.
bool hw_ports(struct hardware_reader *r, void *context);
bool hw_memory(struct hardware_reader *r, void *context);
bool hw_irq(struct hardware_reader *r, void *context);
bool hw_node_ports(struct hardware_reader *r, void *node); // where a device's resources are allocated
bool hw_node_memory(struct hardware_reader *r, void *node);

// hardware_node.c
bool hw_device(struct hardware_reader *r, void *context);
bool hw_pci(struct hardware_reader *r, void *context);
bool hw_description(struct hardware_reader *r, void *node);
bool hw_class(struct hardware_reader *r, void *node);
bool hw_loader(struct hardware_reader *r, void *node);
bool hw_enumerator(struct hardware_reader *r, void *node);
bool hw_value(struct hardware_reader *r, void *node);
bool hw_hardware_value(struct hardware_reader *r, void *node);
// New rows at the end of what they belong to, in the reader's arena. NULL: there are too many, the identifier is wrong
// or taken, or no memory; a message says so.
struct hardware_node *hw_node_new(struct hardware_reader *r, const struct hardware_token *where, const char *id);
struct hardware_config *hw_config_new(struct hardware_reader *r, struct hardware_node *node, bool boot);
struct hardware_resource *hw_resource_new(struct hardware_reader *r, struct hardware_config *config,
                                          enum hardware_kind kind);

#endif
