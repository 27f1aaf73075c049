// VDMAD and PAGESWAP through their services; what reached the board's controller.
#include "devices/rig.h"

static void channel_region_buffer_and_lock(void **state)
{
    (void)state;
    struct rig *r = rig_new("dma");
    rig_expect(r, 10,
               "channel 4 CF=1\n"
               "channel 5 CF=0\n"
               "again CF=1\n"
               "region 00000100 C1000000 00001000\n"
               "virtual C1000000 00001000 00000044\n"
               "disable CF=0\n"
               "enable CF=0\n"
               "enable again CF=1\n"
               "paging CF=0\n"
               "too big CF=1\n"
               "buffer 00000001 CF=0\n"
               "copy to CF=0\n"
               "copy from CF=0\n"
               "out of range CF=1\n"
               "in use CF=1\n"
               "release CF=0\n"
               "release again CF=1\n"
               "lock CF=0\n"
               "unlock CF=0\n");
    const struct pc *pc = devices_board(r->v);
    assert_int_equal(pc->dma[1].channel[1].address, 0x234000 >> 1 & 0xFFFF); // channel 5 counts words
    assert_int_equal(pc->dma[1].channel[1].count, 0x7FF);
    assert_int_equal(pc->dma[1].channel[1].mode, 0x44);
    assert_int_equal(pc->page[0x0B], 0x22);
    assert_int_equal(pc->dma[1].mask, 0x0C); // the cascade is open too
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(channel_region_buffer_and_lock)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
