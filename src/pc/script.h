// Scripted devices: ranges of ports or of physical memory whose cells behave as a description says (constant, counter,
// FIFO, register, memory), with rules that raise and lower interrupt lines or change cells when a cell is accessed.
// They stand for the hardware of a driver under test. A part of the board: plain data, no pointers; the owner fills the
// arrays in before the machine runs (devices/hardware.h reads them from a text).
#ifndef VXDKIT_PC_SCRIPT_H
#define VXDKIT_PC_SCRIPT_H

#include "base/status.h"

enum {
    PC_SPACES = 32,
    PC_CELLS = 256,
    PC_RULES = 128,
    PC_LEVELS = 16,
    PC_TIMERS = 32,
    PC_SCRIPT_DMAS = 8,
    PC_DELAYED = 64, // actions of rules that wait for their time
    PC_LOGGED = 16,  // accesses to logged cells since they were taken
    PC_SCRIPT_BYTES = 262144,
    PC_SPACE_NAME = 16,
};

enum pc_cell_kind {
    PC_CELL_CONSTANT, // writes are lost
    PC_CELL_COUNTER,  // adds `step` after each read; a write sets it
    PC_CELL_FIFO,     // a write appends, a read takes the oldest; `value` when empty
    PC_CELL_REGISTER, // bits of `mask` can be written
    PC_CELL_STATUS,   // a register whose bits of `mask` are cleared by writing ones to them
    PC_CELL_LEVEL,    // how many elements the FIFO cell `first` holds
    PC_CELL_MEMORY,   // `bytes` of memory in the pool from `first` on
};

struct pc_cell {
    uint32_t offset, bytes; // in its space
    uint32_t value, mask, step;
    uint32_t first;            // FIFO, memory: in the pool; level: the FIFO's cell
    uint32_t room, head, used; // FIFO: elements of four bytes
    uint8_t space, kind;       // kind: enum pc_cell_kind
    uint8_t log, clear_on_read, read_only;
};

enum { PC_NO_FUNCTION = 0xFF, PC_OWN_LINE = 0xFF, PC_OWN_CHANNEL = 0xFF, PC_NO_CELL = 0xFFFF };

struct pc_space {
    char name[PC_SPACE_NAME]; // for traces
    uint32_t base, bytes;
    uint16_t lines;   // interrupt lines it holds up
    uint8_t memory;   // else ports
    uint8_t present;  // decoded at `base`
    uint8_t function; // PCI function whose base address register places it, PC_NO_FUNCTION = fixed
    uint8_t bar;
    uint8_t line;    // that PC_OWN_LINE stands for
    uint8_t channel; // and PC_OWN_CHANNEL
    uint8_t owner;   // described device, counted from 1, whose resource `bar` places it; 0 = none
};

enum pc_action_kind { PC_RAISE, PC_LOWER, PC_PULSE, PC_SET, PC_CLEAR, PC_ASSIGN, PC_PUSH };

struct pc_action {
    uint8_t kind;  // enum pc_action_kind
    uint8_t line;  // RAISE, LOWER, PULSE: interrupt line, PC_OWN_LINE = the space's
    uint8_t space; // whose line it is
    uint16_t cell; // the others
    uint32_t value;
};

enum pc_occasion { PC_ON_READ, PC_ON_WRITE, PC_ON_END }; // the last: DMA by the cell has come to the end of its count

struct pc_rule { // when `cell` is accessed and the value, masked, is `match`
    uint16_t cell;
    uint8_t on; // enum pc_occasion
    uint32_t match, mask;
    uint64_t after; // ns
    struct pc_action action;
};

struct pc_level { // the line is up while a bit of `mask` is set in cell `status`, and in `enable` too if there is one
    uint16_t status, enable; // enable: PC_NO_CELL = always
    uint8_t space, line;     // line: PC_OWN_LINE = the space's
    uint32_t mask;
};

struct pc_script_dma { // a cell that moves its values by DMA, while a bit of `mask` is set in `enable` if there is one
    uint16_t cell, enable; // enable: PC_NO_CELL = always
    uint8_t channel;       // PC_OWN_CHANNEL = the space's
    uint8_t to_cell;       // from memory
    uint32_t mask;
    uint64_t period, ready; // ns between two values; when the next one may move
};

struct pc_delayed {
    uint64_t at;
    struct pc_action action;
};

struct pc_timer { // an action without an access
    uint64_t next, period;
    uint32_t left; // times; UINT32_MAX = without end
    struct pc_action action;
};

struct pc_logged {
    uint32_t address, value;
    uint8_t space, size, write;
};

struct pc_script {
    uint32_t spaces, cells, rules, levels, timers, dmas, delayed, logged, pool;
    uint32_t lost;          // delayed actions for which there was no room
    uint16_t lines, pulses; // lines held up by timers; lines to be pulsed
    struct pc_space space[PC_SPACES];
    struct pc_cell cell[PC_CELLS];
    struct pc_rule rule[PC_RULES];
    struct pc_level level[PC_LEVELS];
    struct pc_timer timer[PC_TIMERS];
    struct pc_script_dma dma[PC_SCRIPT_DMAS];
    struct pc_delayed waiting[PC_DELAYED]; // in order of time
    struct pc_logged log[PC_LOGGED];
    uint8_t bytes[PC_SCRIPT_BYTES];
};

// The present space that decodes an address, -1 = none.
int pc_script_at(const struct pc_script *s, bool memory, uint32_t address);
// Accesses of 1, 2 or 4 bytes; bytes that no cell covers read as ones.
uint32_t pc_script_read(struct pc_script *s, unsigned space, uint32_t address, unsigned size, uint64_t now);
void pc_script_write(struct pc_script *s, unsigned space, uint32_t address, unsigned size, uint32_t value,
                     uint64_t now);

void pc_script_advance(struct pc_script *s, uint64_t now); // carries out the actions due by then, in order
uint64_t pc_script_next(const struct pc_script *s);        // when the next action is due, UINT64_MAX = never
uint16_t pc_script_lines(const struct pc_script *s);       // interrupt lines held up

// DMA by a cell: whether it asks for a cycle (its time aside), the value that goes to memory (when one does and the
// cell is there for that, else ones) or comes from there, and the end of the count.
bool pc_script_wants_dma(const struct pc_script *s, const struct pc_script_dma *d) BASE_MUST_USE;
unsigned pc_script_dma_channel(const struct pc_script *s, const struct pc_script_dma *d); // PC_OWN_CHANNEL = none now
uint32_t pc_script_dma_take(struct pc_script *s, struct pc_script_dma *d, bool moves, uint64_t now);
void pc_script_dma_give(struct pc_script *s, struct pc_script_dma *d, uint32_t value, uint64_t now);
void pc_script_dma_ended(struct pc_script *s, const struct pc_script_dma *d, uint64_t now);

// A FIFO cell's element, from outside or by a rule; false: full.
bool pc_script_push(struct pc_script *s, unsigned cell, uint32_t value) BASE_MUST_USE;

#endif
