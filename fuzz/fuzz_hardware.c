// Hardware descriptions: any text is read or refused with a message; what was read is put into a machine, and the ports
// and memory that it describes answer whatever is asked of them.
#include <stdlib.h>

#include "devices/devices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t next_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 3;
}

static void access_space(struct vmm *v, const struct pc_space *space, uint32_t *state)
{
    struct pc *pc = devices_board(v);
    uint32_t at = space->base + next_number(state) % space->bytes, value;
    unsigned size = 1u << next_number(state) % 3;
    uint64_t now = pc->now + next_number(state) % 1000000;
    bool write = next_number(state) & 1, owned;
    if (space->memory)
        owned = write ? pc_memory_write(pc, at, size, now, *state) : pc_memory_read(pc, at, size, now, &value);
    else
        owned =
            write ? pc_port_out(pc, (uint16_t)at, size, now, *state) : pc_port_in(pc, (uint16_t)at, size, now, &value);
    (void)owned;
    devices_board_changed(v);
}

static void traffic(struct vmm *v)
{
    struct pc *pc = devices_board(v);
    uint32_t state = 1, value;
    for (unsigned i = 0; i < 200; i++) {
        if (pc->script.spaces)
            access_space(v, &pc->script.space[next_number(&state) % pc->script.spaces], &state);
        bool owned = pc_port_out(pc, 0xCF8, 4, pc->now, 0x80000000u | next_number(&state)) &&
                     pc_port_out(pc, 0xCFC, 4, pc->now, next_number(&state)) &&
                     pc_port_in(pc, (uint16_t)(0xCF8 + i % 8), 1u << i % 3, pc->now, &value);
        (void)owned;
        devices_board_changed(v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct base_diag diag;
    struct vmm_config config;
    vmm_default_config(&config);
    config.ram_megabytes = 4;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    struct vmm *v = vmm_new(&base_heap, &config);
    if (v && devices_add_all(v)) {
        bool good = devices_provide_hardware(v, "fuzz", (const char *)data, size, &diag);
        if (good == (diag.errors != 0))
            abort(); // refused without a word, or accepted with one
        if (good) {
            traffic(v);
            vmm_boot(v);
            enum vmm_end end = vmm_run(v, 100000000, 100000);
            (void)end;
        }
    }
    if (v)
        vmm_free(v);
    base_diag_free(&diag);
    return 0;
}
