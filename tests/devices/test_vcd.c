// VCD: a driver that virtualized a serial port, between the wire and a program.
#include "devices/rig.h"

static void send(struct rig *r, const char *text, uint64_t at)
{
    for (; *text; text++)
        assert_true(pc_serial_receive(devices_board(r->v), 0, (uint8_t)*text, at));
    devices_board_changed(r->v);
}

static void bytes_from_the_wire_reach_the_program_through_the_driver(void **state)
{
    (void)state;
    struct rig *r = rig_new("serial");
    rig_expect(r, 10,
               "error 00000000\nCOM3 CF=1\nCOM1 CF=0\nerror 00000001\nCOM1 again CF=1\nCOM2 CF=0\n"
               "COM1 has an owner\n");
    send(r, "hello", 20 * MS);
    rig_expect(r, 200,
               "interrupt with 00000001 waiting\ninterrupt with 00000001 waiting\ninterrupt with 00000001 waiting\n"
               "interrupt with 00000001 waiting\ninterrupt with 00000001 waiting\nhello\n"
               "scratch 00000077, still its own\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_from_the_wire_reach_the_program_through_the_driver)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
