// A board for the tests of src/pc: one machine, ports read and written at its present time.
#ifndef VXDKIT_TESTS_PC_BOARD_H
#define VXDKIT_TESTS_PC_BOARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pc/pc.h"

static inline int board_new(void **state)
{
    struct pc *pc = calloc(1, sizeof *pc);
    struct pc_config config;
    pc_default_config(&config);
    pc_init(pc, &config);
    pc_bios_setup(pc);
    *state = pc;
    return 0;
}

static inline int board_free(void **state)
{
    free(*state);
    return 0;
}

static inline uint8_t in8(struct pc *pc, uint16_t port)
{
    uint32_t value;
    assert_true(pc_port_in(pc, port, 1, pc->now, &value));
    return (uint8_t)value;
}

static inline void out8(struct pc *pc, uint16_t port, uint8_t value)
{
    assert_true(pc_port_out(pc, port, 1, pc->now, value));
}

#define BOARD_TEST(name) cmocka_unit_test_setup_teardown(name, board_new, board_free)

#endif
