// The public API as a host program uses it.
#include "driver.h"

static void config_out_of_range_makes_no_machine(void **state)
{
    (void)state;
    struct vxd_config c;
    vxd_default_config(&c);
    c.ram_megabytes = 2;
    assert_null(vxd_machine_new(&c));
    vxd_default_config(&c);
    c.ns_per_instruction = 0;
    assert_null(vxd_machine_new(&c));
    vxd_default_config(&c);
    c.windows = (enum vxd_windows)9;
    assert_null(vxd_machine_new(&c));
}

static void refused_files_are_explained(void **state)
{
    (void)state;
    struct vxd_machine *m = vxd_machine_new(NULL);
    assert_string_equal(vxd_last_error(m), "");
    assert_false(vxd_load_file(m, "/nonexistent/driver.vxd", VXD_LOAD_AS_MARKED));
    assert_non_null(strstr(vxd_last_error(m), "/nonexistent/driver.vxd"));
    assert_false(vxd_load_file(m, ".", VXD_LOAD_AS_MARKED));
    assert_non_null(strstr(vxd_last_error(m), "directory"));
    assert_false(vxd_load_memory(m, "text.vxd", "no driver", 9, VXD_LOAD_AS_MARKED));
    assert_non_null(strstr(vxd_last_error(m), "text.vxd"));
    vxd_machine_free(m);
}

static void idle_machine_boots_and_shuts_down(void **state)
{
    (void)state;
    struct vxd_machine *m = vxd_machine_new(NULL);
    vxd_boot(m);
    assert_int_equal(vxd_run(m, 1000 * MILLISECOND, BUDGET), VXD_END_IDLE);
    vxd_shutdown(m);
    assert_int_equal(vxd_run(m, VXD_NO_LIMIT, BUDGET), VXD_END_SHUTDOWN);
    assert_false(vxd_rules_broken(m));
    assert_string_equal(vxd_end_message(m), "");
    vxd_machine_free(m);
}

struct seen {
    unsigned control[64]; // by message
    struct collected text;
};

static void observe(void *user, const struct vxd_record *record)
{
    struct seen *s = user;
    if (record->kind == VXD_RECORD_CONTROL && strcmp(record->u.control.device, "TESTDRV") == 0 &&
        record->u.control.message < 64)
        s->control[record->u.control.message]++;
    if (record->kind == VXD_RECORD_DEBUG)
        collect(&s->text, record->u.debug.text, record->u.debug.length);
}

static void observers_hear_until_they_leave(void **state)
{
    (void)state;
    struct vxd_bytes image = driver_build("clc\nret", "");
    struct vxd_machine *m = machine_with(&image);
    struct seen s = {0};
    assert_true(vxd_observe(m, observe, &s));
    vxd_boot(m);
    assert_int_equal(vxd_run(m, 10 * MILLISECOND, BUDGET), VXD_END_IDLE);
    for (unsigned message = 0; message <= 3; message++) // Sys_Critical_Init to Sys_VM_Init
        assert_int_equal(s.control[message], 1);
    vxd_observe_end(m, observe, &s);
    vxd_shutdown(m);
    assert_int_equal(vxd_run(m, VXD_NO_LIMIT, BUDGET), VXD_END_SHUTDOWN);
    assert_int_equal(s.control[5], 0);
    vxd_machine_free(m);
    vxd_bytes_free(&image);
}

static void nine_observers_are_one_too_many(void **state)
{
    (void)state;
    struct vxd_machine *m = vxd_machine_new(NULL);
    struct seen s[9];
    for (int i = 0; i < 8; i++)
        assert_true(vxd_observe(m, observe, &s[i]));
    assert_false(vxd_observe(m, observe, &s[8]));
    assert_non_null(strstr(vxd_last_error(m), "too many"));
    vxd_observe_end(m, observe, &s[3]);
    assert_true(vxd_observe(m, observe, &s[8]));
    vxd_machine_free(m);
}

// A driver that hands the address of its dword and takes an address to call: through registers, by a private message.
static const char *const caller_more = "BeginProc TESTDRV_Private\n"
                                       "mov eax, ebx\n"
                                       "call edx\n"
                                       "mov eax, ecx\n"
                                       "clc\n"
                                       "ret\n"
                                       "EndProc TESTDRV_Private\n";

static struct vxd_bytes build_caller(void)
{
    char text[4096];
    int n = snprintf(text, sizeof text,
                     ".386p\ninclude vmm.inc\n"
                     "Declare_Virtual_Device TESTDRV, 1, 0, TESTDRV_Control, Undefined_Device_ID, "
                     "Undefined_Init_Order\n"
                     "VxD_LOCKED_CODE_SEG\n"
                     "BeginProc TESTDRV_Control\n"
                     "cmp eax, 70000001h\n"
                     "je TESTDRV_Private\n"
                     "clc\nret\n"
                     "EndProc TESTDRV_Control\n%s"
                     "VxD_LOCKED_CODE_ENDS\nEND\n",
                     caller_more);
    return driver_build_text("caller.asm", text, (size_t)n, true);
}

struct host {
    unsigned calls;
    uint32_t seen;
};

static void host_triples_ebx(void *user, struct vxd_machine *m)
{
    struct host *h = user;
    h->calls++;
    h->seen = vxd_get_register(m, VXD_EBX);
    assert_true(vxd_set_register(m, VXD_ECX, 3 * h->seen));
    assert_false(vxd_set_register(m, VXD_CR3, 0));
}

static void driver_calls_host_code(void **state)
{
    (void)state;
    struct vxd_bytes image = build_caller();
    struct vxd_machine *m = machine_with(&image);
    struct host h = {0};
    uint32_t proc = vxd_host_proc(m, host_triples_ebx, &h), ticket, eax;
    bool carry;
    assert_int_not_equal(proc, 0);
    vxd_boot(m);
    assert_int_equal(vxd_run(m, 10 * MILLISECOND, BUDGET), VXD_END_IDLE);
    assert_true(vxd_send_message(m, "testdrv", 0x70000001, 14, proc, 0, 0, &ticket));
    assert_false(vxd_message_result(m, ticket, &carry, &eax));
    vxd_run(m, 20 * MILLISECOND, BUDGET);
    assert_true(vxd_message_result(m, ticket, &carry, &eax));
    assert_int_equal(h.calls, 1);
    assert_int_equal(h.seen, 14);
    assert_int_equal(eax, 42);
    assert_false(carry);
    assert_false(vxd_send_message(m, "NOBODY", 0x70000001, 0, 0, 0, 0, NULL));
    vxd_machine_free(m);
    vxd_bytes_free(&image);
}

static uint32_t port_in(void *user, uint16_t port, unsigned size)
{
    struct host *h = user;
    h->calls++;
    return size == 1 ? port & 0xFF : 0x12345678;
}

static void port_out(void *user, uint16_t port, unsigned size, uint32_t value)
{
    struct host *h = user;
    (void)port, (void)size;
    h->seen = value;
}

static uint32_t memory_read(void *user, uint32_t address, unsigned size)
{
    (void)user, (void)size;
    return address >> 8;
}

static void memory_write(void *user, uint32_t address, unsigned size, uint32_t value)
{
    struct host *h = user;
    (void)address, (void)size;
    h->seen += value;
}

static void host_answers_version(void *user, struct vxd_machine *m)
{
    struct host *h = user;
    h->calls++;
    assert_true(vxd_set_register(m, VXD_EAX, 0x0777));
    assert_true(vxd_set_register(m, VXD_EFLAGS, vxd_get_register(m, VXD_EFLAGS) & ~(uint32_t)VXD_CARRY));
}

static void host_answers_argument(void *user, struct vxd_machine *m)
{
    struct host *h = user;
    h->calls++;
    assert_true(vxd_set_register(m, VXD_EAX, 2 * vxd_argument(m, 0)));
}

static uint32_t dword_at(struct vxd_machine *m, uint32_t address)
{
    uint8_t b[4];
    assert_true(vxd_read(m, address, b, 4));
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

// A device that the library does not have: VMPOLL by the name of a service, NDIS by ordinals.
static void host_provides_a_device(void **state)
{
    (void)state;
    struct vxd_bytes image = driver_build("VxDCall VMPoll_Get_Version\n"
                                          "mov ds:[600h], eax\n"
                                          "push 5\n"
                                          "int 20h\n"
                                          "dd 280007h\n"
                                          "pop ecx\n"
                                          "mov ds:[604h], eax\n"
                                          "int 20h\n"
                                          "dd 280008h\n"
                                          "clc\nret\n",
                                          "include vmpoll.inc\n");
    struct vxd_machine *m = machine_with(&image);
    struct host poll = {0}, ndis = {0};
    assert_true(vxd_provide_service(m, "VMPOLL", "VMPoll_Get_Version", host_answers_version, &poll));
    assert_true(vxd_provide_service(m, "NDIS", "@0x07", host_answers_argument, &ndis));
    assert_false(vxd_provide_service(m, "NDIS", "@512", host_answers_version, &ndis));
    assert_false(vxd_provide_service(m, "NDIS", "@", host_answers_version, &ndis));
    assert_false(vxd_provide_service(m, "NDIS", "@7x", host_answers_version, &ndis));
    assert_false(vxd_provide_service(m, "NOBODY", "@7", host_answers_version, &ndis));
    vxd_boot(m);
    assert_int_equal(vxd_run(m, 10 * MILLISECOND, BUDGET), VXD_END_MISSING);
    assert_non_null(strstr(vxd_end_message(m), "NDIS")); // service 8 is nobody's
    assert_non_null(strstr(vxd_end_message(m), "0008"));
    assert_int_equal(dword_at(m, 0x600), 0x0777);
    assert_int_equal(dword_at(m, 0x604), 10);
    vxd_machine_free(m);
    vxd_bytes_free(&image);
}

// Who needed what, from where, when nobody provides the device.
static void absent_devices_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *call, *device, *service;
    } cases[] = {
        {"int 20h\ndd 1A0001h\n", "DOSNET", "DOSNET_Ordinal_0001"}, // known device and service
        {"int 20h\ndd 280003h\n", "NDIS", "0003"},                  // known device
        {"int 20h\ndd 55550001h\n", "5555", "0001"},                // a vendor's
        {"int 20h\ndd 10777h\n", "VMM", "0777"},                    // beyond the table
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vxd_bytes image = driver_build(cases[i].call, "");
        struct vxd_machine *m = machine_with(&image);
        vxd_boot(m);
        assert_int_equal(vxd_run(m, 10 * MILLISECOND, BUDGET), VXD_END_MISSING);
        const char *message = vxd_end_message(m);
        if (!strstr(message, cases[i].device) || !strstr(message, cases[i].service) || !strstr(message, "TESTDRV:") ||
            !strstr(message, "TESTDRV_Device_Init (testdrv.asm:"))
            fail_msg("%s", message);
        vxd_machine_free(m);
        vxd_bytes_free(&image);
    }
}

// The driver reads what the host provides and stores it at 600h of the System VM, where we look.
static void host_provides_service_ports_and_memory(void **state)
{
    (void)state;
    struct vxd_bytes image = driver_build("VMMCall Get_VMM_Version\n"
                                          "mov ds:[600h], eax\n"
                                          "mov dx, 0A55h\n"
                                          "in al, dx\n"
                                          "movzx eax, al\n"
                                          "mov ds:[604h], eax\n"
                                          "mov eax, 99\n"
                                          "out dx, eax\n"
                                          "VMMCall _MapPhysToLinear, <0E0001000h, 4096, 0>\n"
                                          "mov ecx, [eax]\n"
                                          "mov ds:[608h], ecx\n"
                                          "mov byte ptr [eax+1], 1\n"
                                          "clc\nret\n",
                                          "");
    struct vxd_machine *m = machine_with(&image);
    struct host service = {0}, ports = {0}, memory = {0};
    assert_true(vxd_provide_service(m, "vmm", "get_vmm_version", host_answers_version, &service));
    assert_false(vxd_provide_service(m, "VMM", "No_Such_Service", host_answers_version, &service));
    assert_false(vxd_provide_service(m, "VPICD", "Get_VMM_Version", host_answers_version, &service));
    assert_true(vxd_provide_ports(m, 0xA50, 16, port_in, port_out, &ports));
    assert_false(vxd_provide_ports(m, 0xA5F, 2, port_in, port_out, &ports));
    assert_false(vxd_provide_ports(m, 0xFFFF, 2, port_in, port_out, &ports));
    assert_true(vxd_provide_memory(m, 0xE0000000, 0x2000, memory_read, memory_write, &memory));
    assert_false(vxd_provide_memory(m, 0xE0001000, 0x1000, memory_read, memory_write, &memory));
    assert_false(vxd_provide_memory(m, 0x100000, 0x1000, memory_read, memory_write, &memory)); // RAM
    assert_false(vxd_provide_memory(m, 0xE1000001, 0x1000, memory_read, memory_write, &memory));
    vxd_boot(m);
    if (vxd_run(m, 10 * MILLISECOND, BUDGET) != VXD_END_IDLE)
        fail_msg("%s", vxd_end_message(m));
    assert_false(vxd_provide_ports(m, 0xB00, 1, port_in, port_out, &ports)); // too late
    assert_int_equal(dword_at(m, 0x600), 0x0777);
    assert_int_equal(dword_at(m, 0x604), 0x55);
    assert_int_equal(dword_at(m, 0x608), 0xE00010);
    assert_int_equal(service.calls, 1);
    assert_int_equal(ports.seen, 99);
    assert_int_equal(memory.seen, 1);
    vxd_machine_free(m);
    vxd_bytes_free(&image);
}

static void guest_memory_is_checked(void **state)
{
    (void)state;
    struct vxd_bytes image = driver_build("clc\nret", "");
    struct vxd_machine *m = machine_with(&image);
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, back[8];
    vxd_boot(m);
    vxd_run(m, 10 * MILLISECOND, BUDGET);
    assert_true(vxd_write(m, 0x500, bytes, sizeof bytes)); // the System VM's memory is at 0
    assert_true(vxd_read(m, 0x500, back, sizeof back));
    assert_memory_equal(bytes, back, sizeof back);
    assert_false(vxd_read(m, 0xFFFFFFF0, back, sizeof back));
    assert_false(vxd_write(m, 0xDEAD0000, bytes, sizeof bytes));
    vxd_machine_free(m);
    vxd_bytes_free(&image);
}

static void *failing(void *user, void *ptr, size_t old_size, size_t new_size)
{
    unsigned *left = user;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    if (*left == 0)
        return NULL;
    --*left;
    return realloc(ptr, new_size);
}

// Every request for host memory refused in turn, while a machine is made, loaded, booted and run.
static void any_refused_allocation_is_survived(void **state)
{
    (void)state;
    struct vxd_bytes image = driver_build("clc\nret", "");
    bool whole = false;
    for (unsigned n = 0; !whole; n++) {
        unsigned left = n;
        struct vxd_config c;
        vxd_default_config(&c);
        c.allocate = failing;
        c.allocate_user = &left;
        struct vxd_machine *m = vxd_machine_new(&c);
        if (!m)
            continue;
        if (vxd_load_memory(m, "test.vxd", image.data, image.size, VXD_LOAD_AS_MARKED)) {
            vxd_boot(m);
            whole = machine_finish(m, 10 * MILLISECOND) == VXD_END_SHUTDOWN && left > 0;
        }
        vxd_machine_free(m);
    }
    vxd_bytes_free(&image);
}

static void many_machines_live_side_by_side(void **state)
{
    (void)state;
    struct vxd_bytes image = driver_build("clc\nret", "");
    struct vxd_machine *m[4];
    for (int i = 0; i < 4; i++)
        m[i] = machine_with(&image);
    for (int i = 0; i < 4; i++)
        vxd_boot(m[i]);
    for (uint64_t count = 100; count < 2000; count += 100)
        for (int i = 0; i < 4; i++)
            (void)vxd_run(m[i], 10 * MILLISECOND, count);
    for (int i = 0; i < 4; i++)
        assert_int_equal(machine_finish(m[i], 10 * MILLISECOND), VXD_END_SHUTDOWN);
    for (int i = 1; i < 4; i++)
        assert_int_equal(vxd_instructions(m[0]), vxd_instructions(m[i]));
    for (int i = 0; i < 4; i++)
        vxd_machine_free(m[i]);
    vxd_bytes_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_out_of_range_makes_no_machine),
        cmocka_unit_test(refused_files_are_explained),
        cmocka_unit_test(idle_machine_boots_and_shuts_down),
        cmocka_unit_test(observers_hear_until_they_leave),
        cmocka_unit_test(nine_observers_are_one_too_many),
        cmocka_unit_test(driver_calls_host_code),
        cmocka_unit_test(host_provides_service_ports_and_memory),
        cmocka_unit_test(host_provides_a_device),
        cmocka_unit_test(absent_devices_are_named),
        cmocka_unit_test(guest_memory_is_checked),
        cmocka_unit_test(any_refused_allocation_is_survived),
        cmocka_unit_test(many_machines_live_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
