// VTD, SHELL and VKD through their services.
#include "devices/rig.h"
#include "devices/shell.h"

static void periods_messages_and_application_time(void **state)
{
    (void)state;
    struct rig *r = rig_new("timer");
    rig_expect(r, 100,
               "period 00000014\n"
               "begin 0 CF=1\n"
               "end 3 CF=1\n"
               "begin 3 CF=0\n"
               "period 00000003\n"
               "[TIMER: Format drive C:? -> 7]\n"
               "message CF=0\n"
               "[TIMER: Format drive C:? -> 1]\n"
               "modal answer 00000001\n"
               "answer 00000007 ref 00000099\n"
               "appy time 00000055 flags 00000000\n"
               "late by 00000001\n"
               "end 3 CF=0\n"
               "period 00000014\n");
    rig_free(r);
}

static void configured_answer_is_given_where_there_is_such_a_button(void **state)
{
    (void)state;
    struct rig *r = rig_new("timer");
    assert_true(shell_add_answer(r->v, 6)); // Yes
    assert_int_equal(vmm_run(r->v, 100 * MS, UINT64_MAX), VMM_END_IDLE);
    assert_non_null(strstr(r->out, "[TIMER: Format drive C:? -> 6]"));
    assert_non_null(strstr(r->out, "[TIMER: Format drive C:? -> 1]"));
    rig_free(r);
}

static void broadcasts_go_in_call_order_and_a_query_ends_at_no(void **state)
{
    (void)state;
    struct rig *r = rig_new("broadcast");
    rig_expect(r, 100,
               "early: ref 00000020\n"
               "late: message 0000021B 00000034 ref 00000010\n"
               "broadcast 00000001\n"
               "early: ref 00000020\n"
               "query 00000000\n"
               "late: message 0000021B 00000034 ref 00000010\n"
               "query again 00000001\n"
               "posted 00000001 ref 00000077\n");
    rig_free(r);
}

static void press(struct rig *r, const char *key, uint64_t at_ms)
{
    uint8_t codes[16];
    unsigned n = pc_key_codes(key, codes);
    for (unsigned i = 0; i < n; i++)
        assert_true(pc_schedule_key(devices_board(r->v), codes[i], at_ms * MS));
    devices_board_changed(r->v);
}

static void hot_key_is_called_with_its_shift_state_only(void **state)
{
    (void)state;
    struct rig *r = rig_new("hotkey");
    rig_expect(r, 5, "define CF=0\n");
    press(r, "F5", 10);
    rig_expect(r, 40, "");
    press(r, "Ctrl+F5", 50);
    rig_expect(r, 90, "hot key 0000003F ref 00000011\nhot key 0000013F ref 00000011\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_messages_and_application_time),
        cmocka_unit_test(configured_answer_is_given_where_there_is_such_a_button),
        cmocka_unit_test(broadcasts_go_in_call_order_and_a_query_ends_at_no),
        cmocka_unit_test(hot_key_is_called_with_its_shift_state_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
