// The timer of virtual machines: a DOS program's ticks at the BIOS's rate and at a rate of its own, and a machine that
// is idle although a program waits.
#include "devices/rig.h"
#include "dos/dos.h"
#include "vmm/v86.h"

// One program, as a file of drive C:.
struct disk {
    const uint8_t *program;
    uint32_t size;
};

static enum dos_error find(void *user, const char *path, struct dos_entry *to)
{
    const struct disk *d = user;
    if (strcmp(path, "P.COM"))
        return DOS_NO_FILE;
    *to = (struct dos_entry){.name = "P.COM", .size = d->size};
    return DOS_OK;
}

static enum dos_error read(void *user, const char *path, uint32_t offset, void *to, uint32_t *n)
{
    const struct disk *d = user;
    (void)path;
    uint32_t room = offset < d->size ? d->size - offset : 0;
    *n = *n < room ? *n : room;
    memcpy(to, d->program + offset, *n);
    return DOS_OK;
}

static struct dos_outcome run_program(const uint8_t *program, uint32_t size, uint64_t ms, uint64_t *took)
{
    struct disk disk = {program, size};
    const struct dos_host host = {.user = &disk, .find = find, .read = read};
    struct rig *r = rig_begin();
    dos_set_host(r->v, &host);
    vmm_boot(r->v);
    uint32_t started = dos_start(r->v, "P.COM", "");
    assert_int_not_equal(started, 0);
    enum vmm_end end = vmm_run(r->v, ms * MS, UINT64_MAX);
    if (end != VMM_END_IDLE && end != VMM_END_TIME)
        fail_msg("%s", vmm_end_message(r->v));
    *took = end == VMM_END_IDLE ? vmm_time(r->v) / MS : ms;
    struct dos_outcome o = dos_outcome(r->v, started);
    rig_free(r);
    return o;
}

// Waits for ten changes of 0040:006C, then ends with code 7.
static const uint8_t ten_ticks[] = {
    0xB8, 0x40, 0x00,             // mov ax, 40h
    0x8E, 0xC0,                   // mov es, ax
    0xB9, 0x0A, 0x00,             // mov cx, 10
    0x26, 0x8B, 0x1E, 0x6C, 0x00, // next: mov bx, es:[6Ch]
    0x26, 0x3B, 0x1E, 0x6C, 0x00, // same: cmp bx, es:[6Ch]
    0x74, 0xF9,                   // je same
    0xE2, 0xF2,                   // loop next
    0xB8, 0x07, 0x4C, 0xCD, 0x21, // mov ax, 4C07h; int 21h
};

static void ticks_come_at_18_a_second(void **state)
{
    (void)state;
    uint64_t took;
    struct dos_outcome o = run_program(ten_ticks, sizeof ten_ticks, 3000, &took);
    assert_int_equal(o.progress, DOS_ENDED);
    assert_int_equal(o.code, 7);
    assert_in_range(took, 490, 700); // ten of 54.9 ms, the first one cut short
}

// A count of 11932 (10 ms) and a handler of INT 1Ch that counts to ten.
static const uint8_t fast_ticks[] = {
    0xB0, 0x34, 0xE6, 0x43,       // mov al, 34h; out 43h, al
    0xB0, 0x9C, 0xE6, 0x40,       // mov al, 9Ch; out 40h, al
    0xB0, 0x2E, 0xE6, 0x40,       // mov al, 2Eh; out 40h, al
    0xB8, 0x1C, 0x25,             // mov ax, 251Ch
    0xBA, 0x22, 0x01,             // mov dx, handler
    0xCD, 0x21,                   // int 21h
    0x80, 0x3E, 0x28, 0x01, 0x0A, // same: cmp byte ptr [count], 10
    0x72, 0xF9,                   // jb same
    0xB8, 0x07, 0x4C, 0xCD, 0x21, // mov ax, 4C07h; int 21h
    0x90, 0x90,                   //
    0x2E, 0xFE, 0x06, 0x28, 0x01, // handler: inc byte ptr cs:[count]
    0xCF,                         // iret
    0x00,                         // count
};

static void a_program_sets_the_rate(void **state)
{
    (void)state;
    uint64_t took;
    struct dos_outcome o = run_program(fast_ticks, sizeof fast_ticks, 3000, &took);
    assert_int_equal(o.progress, DOS_ENDED);
    assert_in_range(took, 90, 200);
}

// mov ah, 0; int 16h: nobody types.
static const uint8_t wait_for_key[] = {0xB4, 0x00, 0xCD, 0x16, 0xB8, 0x00, 0x4C, 0xCD, 0x21};

static void a_waiting_program_leaves_the_machine_idle(void **state)
{
    (void)state;
    uint64_t took;
    struct dos_outcome o = run_program(wait_for_key, sizeof wait_for_key, 10000, &took);
    assert_int_equal(o.progress, DOS_RUNNING);
    assert_in_range(took, 0, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_come_at_18_a_second),
        cmocka_unit_test(a_program_sets_the_rate),
        cmocka_unit_test(a_waiting_program_leaves_the_machine_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
