// Between the files of the board: each part's ports and its sense of time. Not for other rooms.
#ifndef VXDKIT_PC_PARTS_H
#define VXDKIT_PC_PARTS_H

#include "pc/pc.h"

// pit.c: ticks of 1.193182 MHz
uint64_t pc_ticks(uint64_t ns);
uint64_t pc_tick_time(uint64_t tick); // first nanosecond of a tick
uint8_t pc_pit_in(struct pc *pc, unsigned port);
void pc_pit_out(struct pc *pc, unsigned port, uint8_t value);
bool pc_counter_output(const struct pc_counter *c, uint64_t tick);
void pc_counter_settle(struct pc_counter *c, uint64_t tick); // takes over a pending count that is due
void pc_counter_gate(struct pc_counter *c, bool level, uint64_t tick);
uint64_t pc_counter_next_rise(const struct pc_counter *c, uint64_t tick); // first rise of the output after tick

// clock.c
void pc_clock_init(struct pc_clock *c, const struct pc_config *config);
void pc_clock_advance(struct pc_clock *c, uint64_t from, uint64_t to);
uint64_t pc_clock_next(const struct pc_clock *c, uint64_t now);
bool pc_clock_line(const struct pc_clock *c);
uint8_t pc_clock_in(struct pc *pc, unsigned port);
void pc_clock_out(struct pc *pc, unsigned port, uint8_t value);

// keyboard.c
void pc_keyboard_init(struct pc_keyboard *k);
void pc_keyboard_advance(struct pc_keyboard *k, uint64_t now);
uint64_t pc_keyboard_next(const struct pc_keyboard *k);
bool pc_keyboard_line(const struct pc_keyboard *k);
uint8_t pc_keyboard_in(struct pc *pc, unsigned port);
void pc_keyboard_out(struct pc *pc, unsigned port, uint8_t value);

// mouse.c: behind the keyboard's controller
void pc_mouse_advance(struct pc *pc, uint64_t now);
uint64_t pc_mouse_next(const struct pc *pc);
bool pc_mouse_line(const struct pc *pc);
bool pc_mouse_command(struct pc *pc, uint8_t command) BASE_MUST_USE;

// uart.c
void pc_uart_init(struct pc_uart *u);
void pc_uart_advance(struct pc_uart *u, uint64_t now);
uint64_t pc_uart_next(const struct pc_uart *u, uint64_t now);
bool pc_uart_line(const struct pc_uart *u);
uint8_t pc_uart_in(struct pc_uart *u, unsigned reg, uint64_t now);
void pc_uart_out(struct pc_uart *u, unsigned reg, uint8_t value, uint64_t now);

// dma.c: register number 0-15 of a controller
void pc_dma_reset(struct pc_dma *d);
uint8_t pc_dma_in(struct pc_dma *d, unsigned reg);
void pc_dma_out(struct pc_dma *d, unsigned reg, uint8_t value);
void pc_dma_update(struct pc *pc); // the request bits of the status registers
void pc_dma_finish(struct pc *pc, const struct pc_dma_cycle *cycle);
uint64_t pc_dma_next(const struct pc *pc); // when the next cycle is due, PC_NEVER = none is wanted

static inline uint64_t pc_earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
