// Described hardware: what drivers find, what a snapshot keeps, and what is said of a wrong description.
#include "devices/rig.h"

#include "devices/hardware.h"

static void provide(struct rig *r, const char *path)
{
    size_t size;
    uint8_t *text = rig_read(path, &size);
    assert_true(devices_provide_hardware(r->v, path, (const char *)text, size, &r->diag));
    free(text);
}

// What was printed since the last time is the content of a file.
static void expect_file(struct rig *r, uint64_t ms, const char *path)
{
    size_t size;
    char *text = (char *)rig_read(path, &size);
    text[size] = 0;
    rig_expect(r, ms, text);
    free(text);
}

static struct rig *described(const char *name)
{
    char path[256];
    struct rig *r = rig_begin();
    snprintf(path, sizeof path, "tests/devices/%s.hw", name);
    provide(r, path);
    rig_load(r, name, VMM_LOAD_STATIC);
    vmm_boot(r->v);
    return r;
}

static void ports_memory_and_configuration_space(void **state)
{
    (void)state;
    struct rig *r = described("scripted");
    rig_expect(r, 50,
               "dword 1234075A\nword 00000A5A\nscratch 00001FF4\nlevel 00000004\n"
               "fifo 00000001\nfifo 00000002\nfifo 00000003\nfifo 00000033\nfifo 000000EE\n"
               "ram EFBEADDE\nram EFBABADE\nnothing FFFFFFFF\n"
               "ids 00421AF7\nclass 04800002\nbar 0 E0000000\nbar 0 sized FFFFF000\nbar 1 0000E001\n"
               "its first port CAFEF00D\nown register 11223344\nown register 11223300\nits second byte 00000033\n"
               "registers 12345678 00001234\nisa CF=0\npci CF=0\n"
               "isa interrupt, pending 00000001\ncommand 1 done\n"
               "pci interrupt, state 00000001\nisa interrupt, pending 00000002\n");
    rig_free(r);
}

// Whatever runs after a snapshot runs the same way again: FIFOs, counters and what waits for its time are in it.
static void a_snapshot_keeps_them(void **state)
{
    (void)state;
    struct rig *r = described("scripted");
    struct vmm_snapshot *before = vmm_snapshot_take(r->v);
    assert_non_null(before);
    assert_int_equal(vmm_run(r->v, 50 * MS, UINT64_MAX), VMM_END_IDLE);
    char *first = strdup(r->out);
    r->length = 0;
    assert_true(vmm_snapshot_restore(r->v, before));
    rig_expect(r, 50, first);
    free(first);
    vmm_snapshot_free(before);
    rig_free(r);
}

static void devices_are_loaded_configured_and_started(void **state)
{
    (void)state;
    struct rig *r = rig_begin();
    provide(r, "tests/devices/pnp.hw");
    rig_load(r, "pnp", VMM_LOAD_DYNAMIC);
    vmm_boot(r->v);
    expect_file(r, 50, "tests/devices/pnp.txt");
    rig_free(r);
}

// A driver of two cards behind a bridge, which pass no more than the bridge's windows let through and share a line.
static void cards_behind_a_bridge(void **state)
{
    (void)state;
    struct rig *r = rig_begin();
    provide(r, "tests/devices/bridge.hw");
    rig_load(r, "bridge", VMM_LOAD_DYNAMIC);
    vmm_boot(r->v);
    rig_expect(r, 50,
               "card at E4000000, bytes 00001000, line 0A\nidentity 11111111\n"
               "PCI\\VEN_1011&DEV_0024&SUBSYS_00000000&REV_00\\BUS_00&DEV_01&FUNC_00\n"
               "result 00000000, bus 00000004, place 00002001\nresult 00000000, interrupt 0000010A\n"
               "card at E4001000, bytes 00001000, line 0A\nidentity 22222222\n"
               "PCI\\VEN_1011&DEV_0024&SUBSYS_00000000&REV_00\\BUS_00&DEV_01&FUNC_00\n"
               "result 00000000, bus 00000004, place 00002801\nresult 00000000, interrupt 0000010A\n"
               "header 00010000\nbuses 00020100\nmemory E400E400\nbehind two bridges 00431AF7\nits ports 33333333\n"
               "closed: FFFFFFFF\nopen: 11111111, memory 04030201\n"
               "at its old number: FFFFFFFF\nat its new number: 00421AF7\n"
               "interrupt of 11111111\ninterrupt of 22222222\n");
    rig_free(r);
}

// A card with two configurations is stopped and moved, because another one needs its interrupt.
static void a_card_is_moved(void **state)
{
    (void)state;
    struct rig *r = rig_begin();
    provide(r, "tests/devices/isacard.hw");
    rig_load(r, "isacard", VMM_LOAD_DYNAMIC);
    vmm_boot(r->v);
    expect_file(r, 50, "tests/devices/isacard.txt");
    rig_free(r);
}

// An enumerator makes the device nodes of its children, which have a driver of their own, and one of them goes.
static void an_enumerator_and_its_children(void **state)
{
    (void)state;
    struct rig *r = rig_begin();
    provide(r, "tests/devices/tribus.hw");
    rig_load(r, "tribus", VMM_LOAD_DYNAMIC);
    rig_load(r, "trikid", VMM_LOAD_DYNAMIC);
    vmm_boot(r->v);
    expect_file(r, 500, "tests/devices/tribus.txt");
    rig_free(r);
}

// A described device's ranges answer where the configuration manager has put them, and raise the line it was given.
static void ranges_follow_their_device(void **state)
{
    (void)state;
    struct rig *r = described("follow");
    rig_expect(r, 50,
               "at 0300, line 05: identity 0A\nat 0308, line 07: identity 0B\n"
               "interrupt of 0300: 01\ninterrupt of 0308: 01\n"
               "disabled: 00000000 identity FF\nenabled: 00000000\nat 0300, line 05: identity 0A\n");
    rig_free(r);
}

// ---------------------------------------------------------------------------------------------------------------------
// Wrong descriptions

static const struct {
    const char *text, *message; // the first one
} wrong[] = {
    {"ports 0x300-0x30F {\n word 0 data fifo 4\n dma 1 to data\n}",
     "hw:3:11: error: channel 1 moves bytes: the cell must be one\n dma 1 to data\n          ^~~~\n"},
    {"ports 0x300-0x30F {\n byte 0 data fifo 4\n dma 4 to data\n}",
     "hw:3:6: error: channel 4 is the cascade of the DMA controllers\n dma 4 to data\n     ^\n"},
    {"ports 0x300-0x30F {\n byte 0 data fifo 4\n dma from data\n}",
     "hw:3:6: error: the number of a DMA channel expected (only the ranges of a device have one of their own)\n"
     " dma from data\n     ^~~~\n"},
    {"ports 0x300-0x30F {\n byte 0 data fifo 4\n dma 3 from data every 10ns\n}",
     "hw:3:18: error: the shortest time between two values is 1us\n dma 3 from data every 10ns\n"
     "                 ^~~~~\n"},
    {"sound {\n}\n", "hw:1:1: error: no statement that can stand here\nsound {\n^~~~~\n"},
    {"\n  ports 0x300-0x2FF {\n}", "hw:2:9: error: the range must ascend and end at 0xFFFF\n  ports 0x300-0x2FF {\n"
                                   "        ^~~~~~~~~~~\n"},
    {"ports 0x300 {", "hw:1:13: error: the block is not closed by '}'\nports 0x300 {\n            ^\n"},
    {"ports 0x300 {\n byte 1 constant 1\n}\n",
     "hw:2:7: error: the range has only 0x1 bytes\n byte 1 constant 1\n      ^\n"},
    {"ports 0x300-0x301 {\n word 0 register\n byte 1 register\n}",
     "hw:3:7: error: a cell lies there already\n byte 1 register\n      ^\n"},
    {"ports 0x300 {\n byte 0 x register 256\n}",
     "hw:2:20: error: the value: at most 255 (0xFF)\n byte 0 x register 256\n                   ^~~\n"},
    {"ports 0x300 {\n on write y raise 5\n}",
     "hw:2:11: error: the name of a cell above in this block expected\n on write y raise 5\n          ^\n"},
    {"ports 0x300 {\n byte 0 y register\n on write y raise\n}",
     "hw:3:18: error: the number of an interrupt line expected (a range at a fixed place has none of its own)\n"
     " on write y raise\n                 ^\n"},
    {"device A\\B\\0 {\n ports 0 { }\n}", "hw:2:8: error: no such resource in a basic configuration above, or one of "
                                          "more than 16 MB\n ports 0 { }\n       ^\n"},
    {"irq 5 level irq 7 level",
     "hw:1:13: error: the statement should end here, with its line or ';'\nirq 5 level irq 7 level\n"
     "            ^~~\n"},
    {"irq 2 pulse at 5ms",
     "hw:1:5: error: line 2 is the cascade of the interrupt controllers\nirq 2 pulse at 5ms\n    ^\n"},
    {"irq 5 pulse every 1us",
     "hw:1:19: error: the shortest period is 10us\nirq 5 pulse every 1us\n                  ^~~\n"},
    {"device CARD {\n}",
     "hw:1:8: error: a device identifier has three parts, like ROOT\\CARD\\0000, without blanks\ndevice CARD {\n"
     "       ^~~~\n"},
    {"device A\\B\\0 {\n value x dword 1\n}", "hw:2:10: error: '=' expected\n value x dword 1\n         ^~~~~\n"},
    {"device A\\B\\0 {\n description \"x\n}",
     "hw:2:14: error: the text has no closing '\"' in its line\n description \"x\n             ^~\n"},
    {"pci 0:32.0 {\n}", "hw:1:5: error: the function's place expected, like 0:3.0\npci 0:32.0 {\n    ^~~~~~\n"},
    {"pci 0:3.0 {\n vendor 1\n}",
     "hw:1:5: error: a function has a vendor and a device number\npci 0:3.0 {\n    ^~~~~\n"},
    {"pci 0:3.0 {\n bar 0 memory 24\n}",
     "hw:2:15: error: the size is a power of two, at least 16\n bar 0 memory 24\n              ^~\n"},
    {"pci 0:1.0 {\n bridge 0\n}", "hw:2:9: error: there is a bus of that number already\n bridge 0\n        ^\n"},
    {"pci 1:1.0 { vendor 1; device 1 }\npci 0:1.0 {\n bridge 1\n}",
     "hw:3:9: error: there is a bus of that number already\n bridge 1\n        ^\n"},
    {"pci 0:1.0 {\n bridge 2 to 1\n}",
     "hw:2:9: error: buses behind a bridge have higher numbers than its own, and they ascend\n bridge 2 to 1\n"
     "        ^\n"},
    {"pci 0:1.0 {\n bridge 1\n bar 0 memory 16\n}",
     "hw:3:6: error: a bridge has no base address registers here\n bar 0 memory 16\n     ^\n"},
    {"memory 0xC8000-0x107FFF {\n ram 0 0x30000\n ram 0x30000 0x10001\n}",
     "hw:3:6: error: the range has only 0x40000 bytes\n ram 0x30000 0x10001\n     ^~~~~~~\n"},
    {"memory 0xC8000-0x207FFF {\n ram 0 0x30000\n ram 0x30000 0x10001\n}",
     "hw:3:6: error: FIFOs and memory: 262144 bytes in all, 65536 are left\n ram 0x30000 0x10001\n     ^~~~~~~\n"},
    {"memory 0x1000-0x1FFF {\n}",
     "hw:1:8: error: device memory lies above 0xA0000 and has at most 16 MB\nmemory 0x1000-0x1FFF {\n"
     "       ^~~~~~~~~~~~~\n"},
};

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    struct hardware *h = malloc(sizeof *h);
    for (size_t i = 0; i < BASE_COUNT(wrong); i++) {
        struct base_diag diag;
        struct base_arena arena;
        base_diag_init(&diag, &base_heap, NULL, NULL);
        base_arena_init(&arena, &base_heap);
        assert_false(hardware_read("hw", wrong[i].text, strlen(wrong[i].text), &arena, &diag, h));
        assert_string_equal(base_buf_cstr(&diag.first), wrong[i].message);
        base_arena_free(&arena);
        base_diag_free(&diag);
    }
    free(h);
}

static void hardware_is_described_once(void **state)
{
    (void)state;
    struct rig *r = rig_begin();
    struct base_diag quiet;
    base_diag_init(&quiet, &base_heap, NULL, NULL);
    assert_true(devices_provide_hardware(r->v, "hw", "# none\n", 7, &quiet));
    assert_false(devices_provide_hardware(r->v, "hw", "", 0, &quiet));
    assert_string_equal(base_buf_cstr(&quiet.first),
                        "hw: error: hardware is described once, before the machine boots\n");
    base_diag_free(&quiet);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_memory_and_configuration_space),
        cmocka_unit_test(a_snapshot_keeps_them),
        cmocka_unit_test(devices_are_loaded_configured_and_started),
        cmocka_unit_test(ranges_follow_their_device),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(hardware_is_described_once),
        cmocka_unit_test(cards_behind_a_bridge),
        cmocka_unit_test(a_card_is_moved),
        cmocka_unit_test(an_enumerator_and_its_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
