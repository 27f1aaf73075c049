// Trace lines, the account, the picture and the profile, from records made by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit/constants.h"
#include "kit/services.h"
#include "vmm/observe.h"
#include "vmm/vmm.h"
#include "watch/watch.h"

static void collect(void *user, const char *text, size_t size)
{
    base_buf_add(user, text, size);
}

struct fixture {
    struct base_buf text;
    struct base_sink sink;
};

static void begin(struct fixture *f)
{
    base_buf_init(&f->text, &base_heap);
    f->sink = (struct base_sink){0};
}

static struct vmm_event_record event(uint64_t time, uint32_t id, uint8_t state, uint32_t not_met, const char *symbol)
{
    return (struct vmm_event_record){
        .head = {VMM_RECORD_EVENT, sizeof(struct vmm_event_record), time, time / 20},
        .id = id,
        .kind = VMM_EVENT_RESTRICTED,
        .state = state,
        .not_met = not_met,
        .flags = not_met & 0xFFFF,
        .callback = 0xC0001000,
        .device = "RESTRICT",
        .symbol = symbol,
    };
}

static void say(struct fixture *f, const void *record)
{
    base_sink_announce(&f->sink, record);
}

// Two events: one waits for the critical section and runs, one is cancelled.
static void tell_story(struct fixture *f)
{
    const struct {
        uint64_t time;
        uint32_t id;
        uint8_t state;
        uint32_t not_met;
    } story[] = {
        {1000, 1, VMM_EVENT_SCHEDULED, 0}, {1000, 1, VMM_EVENT_WAITING, KIT_PEF_Wait_Not_Crit | VMM_NOT_CURRENT_VM},
        {2000, 2, VMM_EVENT_SCHEDULED, 0}, {20000000, 2, VMM_EVENT_CANCELLED, 0},
        {100000000, 1, VMM_EVENT_RUN, 0},  {100004000, 1, VMM_EVENT_DONE, 0},
    };
    for (size_t i = 0; i < BASE_COUNT(story); i++) {
        struct vmm_event_record r =
            event(story[i].time, story[i].id, story[i].state, story[i].not_met, story[i].id == 1 ? "Waiter" : "Loser");
        say(f, &r);
    }
}

static void trace_lines_have_the_keys_of_the_design(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct watch_trace *t = watch_trace_new(&base_heap, (struct watch_output){collect, &f.text});
    assert_true(base_sink_listen(&f.sink, watch_trace_listen, t));
    struct vmm_event_record e = event(1000, 7, VMM_EVENT_WAITING, KIT_PEF_Wait_Not_Crit | VMM_NOT_CURRENT_VM, "Waiter");
    say(&f, &e);
    struct vmm_control_record c = {{VMM_RECORD_CONTROL, sizeof c, 5, 6}, 1, "Device_Init", "VPICD", false, false, 1};
    say(&f, &c);
    struct vmm_debug_record d = {{VMM_RECORD_DEBUG, sizeof d, 5, 6}, "a\"b\r\n", 5};
    say(&f, &d);
    struct vmm_switch_record s = {{VMM_RECORD_SWITCH, sizeof s, 5, 6}, 1, 2};
    say(&f, &s);
    struct vmm_end_record end = {{VMM_RECORD_END, sizeof end, 5, 6}, VMM_END_IDLE, ""};
    say(&f, &end);
    assert_string_equal(base_buf_cstr(&f.text),
                        "{\"t\":1000,\"n\":50,\"ev\":\"event\",\"id\":7,\"kind\":\"restricted\",\"state\":\"waiting\","
                        "\"not_met\":[\"PEF_Wait_Not_Crit\",\"not current VM\"],\"flags\":[\"PEF_Wait_Not_Crit\"],"
                        "\"callback\":\"Waiter\",\"address\":\"c0001000\",\"reference\":\"00000000\","
                        "\"device\":\"RESTRICT\"}\n"
                        "{\"t\":5,\"n\":6,\"ev\":\"control\",\"message\":\"Device_Init\",\"device\":\"VPICD\","
                        "\"result\":\"ok\",\"eax\":1}\n"
                        "{\"t\":5,\"n\":6,\"ev\":\"debug\",\"text\":\"a\\\"b\\u000d\\n\"}\n"
                        "{\"t\":5,\"n\":6,\"ev\":\"switch\",\"from\":1,\"to\":2}\n"
                        "{\"t\":5,\"n\":6,\"ev\":\"end\",\"reason\":\"idle\",\"message\":\"\"}\n");
    watch_trace_free(t);
    base_buf_free(&f.text);
}

static struct vmm_service_record service(uint64_t time, uint8_t phase, const char *name, uint16_t ordinal)
{
    return (struct vmm_service_record){.head = {VMM_RECORD_SERVICE, sizeof(struct vmm_service_record), time, 0},
                                       .phase = phase,
                                       .device = 1,
                                       .ordinal = ordinal,
                                       .device_name = "VMM",
                                       .name = name,
                                       .caller = "RESTRICT"};
}

static void account_ends_a_line_the_driver_left_open(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct watch_account *a = watch_account_new(&base_heap, (struct watch_output){collect, &f.text}, false);
    assert_true(base_sink_listen(&f.sink, watch_account_listen, a));
    struct vmm_service_record in = service(500, VMM_SERVICE_ENTERED, "Out_Debug_String", 0xC2);
    struct vmm_debug_record d = {{VMM_RECORD_DEBUG, sizeof d, 600, 0}, "hello", 5};
    struct vmm_service_record out = service(700, VMM_SERVICE_DONE, "Out_Debug_String", 0xC2);
    say(&f, &in);
    say(&f, &d);
    say(&f, &out);
    tell_story(&f);
    assert_string_equal(
        base_buf_cstr(&f.text),
        "hello\n"
        "vxd:     0.001 ms  restricted event 1 (Waiter, EDX=0) is scheduled\n"
        "vxd:     0.001 ms  restricted event 1 (Waiter, EDX=0) has to wait: the critical section is taken "
        "(PEF_Wait_Not_Crit), another virtual machine is running\n"
        "vxd:     0.002 ms  restricted event 2 (Loser, EDX=0) is scheduled\n"
        "vxd:    20.000 ms  restricted event 2 (Loser, EDX=0) is cancelled\n"
        "vxd:   100.000 ms  restricted event 1 (Waiter, EDX=0) runs\n"
        "vxd:   100.004 ms  restricted event 1 (Waiter, EDX=0) is done\n");
    watch_account_free(a);
    base_buf_free(&f.text);
}

static struct vmm_control_record control(uint64_t time, uint32_t message, const char *device, bool carry)
{
    return (struct vmm_control_record){.head = {VMM_RECORD_CONTROL, sizeof(struct vmm_control_record), time, 0},
                                       .message = message,
                                       .name = message == 1 ? "Device_Init" : NULL,
                                       .device = device,
                                       .built_in = strcmp(device, "BAD") != 0,
                                       .carry = carry};
}

static void account_tells_a_message_in_one_line_until_something_happens(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct watch_account *a = watch_account_new(&base_heap, (struct watch_output){collect, &f.text}, false);
    assert_true(base_sink_listen(&f.sink, watch_account_listen, a));
    struct vmm_control_record c[] = {control(1000, 1, "VMM", false), control(2000, 1, "VPICD", false),
                                     control(5000000, 1, "BAD", true), control(6000000, 0x70000001, "VTD", false)};
    struct vmm_service_record in = service(3000, VMM_SERVICE_ENTERED, "Wait_Semaphore", 0x2B);
    struct vmm_service_record out = service(4000000, VMM_SERVICE_DONE, "Wait_Semaphore", 0x2B);
    struct vmm_end_record end = {{VMM_RECORD_END, sizeof end, 7000000, 0}, VMM_END_SHUTDOWN, ""};
    say(&f, &c[0]);
    say(&f, &c[1]);
    say(&f, &in);
    say(&f, &out);
    say(&f, &c[2]);
    say(&f, &c[3]);
    say(&f, &end);
    assert_string_equal(base_buf_cstr(&f.text),
                        "vxd:     0.001 ms  Device_Init (main initialisation, interrupts are on): 2 built-in devices\n"
                        "vxd:     0.003 ms  RESTRICT calls Wait_Semaphore\n"
                        "vxd:     4.000 ms  RESTRICT is back from Wait_Semaphore\n"
                        "vxd:     5.000 ms  Device_Init: BAD REFUSES\n"
                        "vxd:     6.000 ms  message 70000001h: VTD\n"
                        "vxd:     7.000 ms  the run is over: shutdown\n");
    watch_account_free(a);
    base_buf_free(&f.text);
}

static void quiet_account_is_what_drivers_print(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct watch_account *a = watch_account_new(&base_heap, (struct watch_output){collect, &f.text}, true);
    assert_true(base_sink_listen(&f.sink, watch_account_listen, a));
    struct vmm_debug_record d = {{VMM_RECORD_DEBUG, sizeof d, 600, 0}, "no end of line", 14};
    say(&f, &d);
    tell_story(&f);
    watch_account_finish(a);
    assert_string_equal(base_buf_cstr(&f.text), "no end of line");
    watch_account_free(a);
    base_buf_free(&f.text);
}

static void picture_has_one_row_per_event(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct watch_timeline *t = watch_timeline_new(&base_heap);
    assert_true(base_sink_listen(&f.sink, watch_timeline_listen, t));
    tell_story(&f);
    watch_timeline_draw(t, 72, false, &f.text);
    assert_string_equal(base_buf_cstr(&f.text),
                        "milliseconds                          0.00           20.00\n"
                        "restricted 1 Waiter EDX=0             +............................####|\n"
                        "restricted 2 Loser EDX=0                +------------x\n"
                        "+ scheduled   . waits   # runs   | done   ! waited too long   x cancelled   "
                        "(quiet stretches are drawn short)\n");
    base_buf_clear(&f.text);
    watch_timeline_draw(t, 0, true, &f.text); // too narrow a terminal gets the smallest picture
    assert_non_null(strstr(base_buf_cstr(&f.text), "\033[32m"));
    base_buf_clear(&f.text);
    watch_timeline_report(t, "a <driver>", &f.text);
    assert_non_null(strstr(base_buf_cstr(&f.text), "<h1>a &#60;driver&#62;</h1>"));
    assert_non_null(strstr(base_buf_cstr(&f.text), "waiting at 0.001000 ms; the critical section is taken"));
    watch_timeline_free(t);
    base_buf_free(&f.text);
}

static void long_runs_keep_a_bounded_timeline(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct watch_timeline *t = watch_timeline_new(&base_heap);
    assert_true(base_sink_listen(&f.sink, watch_timeline_listen, t));
    for (uint32_t id = 1; id < 5000; id++) {
        struct vmm_event_record e = event(id * 1000u, id, VMM_EVENT_SCHEDULED, 0, "");
        say(&f, &e);
    }
    watch_timeline_draw(t, 80, false, &f.text);
    assert_non_null(strstr(base_buf_cstr(&f.text), "longer than the picture"));
    watch_timeline_free(t);
    base_buf_free(&f.text);
}

static void describe(void *user, uint32_t address, char *to, size_t size)
{
    (void)user;
    snprintf(to, size, "Procedure_%X+6 (a.asm:3)", address);
}

static void profile_sorts_by_time_and_counts_open_calls(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct watch_profile *p = watch_profile_new(&base_heap, describe, NULL);
    assert_true(base_sink_listen(&f.sink, watch_profile_listen, p));
    struct vmm_service_record calls[] = {
        service(1000, VMM_SERVICE_ENTERED, "Get_Cur_VM_Handle", 1),
        service(1200, VMM_SERVICE_DONE, "Get_Cur_VM_Handle", 1),
        service(2000, VMM_SERVICE_ENTERED, "Wait_Semaphore", 2),
        service(2100, VMM_SERVICE_ENTERED, "Log_Proc_Call", KIT_Log_Proc_Call),
        service(2500, VMM_SERVICE_ENTERED, "Get_Cur_VM_Handle", 1),
        service(2700, VMM_SERVICE_DONE, "Get_Cur_VM_Handle", 1),
    };
    for (size_t i = 0; i < BASE_COUNT(calls); i++)
        say(&f, &calls[i]);
    assert_true(watch_profile_knows_procedures(p));
    watch_profile_print(p, &f.text);
    assert_string_equal(base_buf_cstr(&f.text), "     calls      time us  us a call  service\n"
                                                "         1          0.7        0.7  VMM Wait_Semaphore\n"
                                                "         2          0.4        0.2  VMM Get_Cur_VM_Handle\n"
                                                "     calls                         procedure\n"
                                                "         1                         Procedure_0\n");
    watch_profile_free(p);
    base_buf_free(&f.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace_lines_have_the_keys_of_the_design),
        cmocka_unit_test(account_ends_a_line_the_driver_left_open),
        cmocka_unit_test(account_tells_a_message_in_one_line_until_something_happens),
        cmocka_unit_test(quiet_account_is_what_drivers_print),
        cmocka_unit_test(picture_has_one_row_per_event),
        cmocka_unit_test(long_runs_keep_a_bounded_timeline),
        cmocka_unit_test(profile_sorts_by_time_and_counts_open_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
