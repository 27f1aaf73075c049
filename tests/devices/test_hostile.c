// Every implemented service of every device with arguments that make no sense: a message or an error, never a crash,
// and no register changed that the service's row does not name.
#include "devices/rig.h"

#include "kit/messages.h"

enum { CALLS_PER_SERVICE = 60, LIMIT = 200000 };

struct prey {
    struct rig *r;
    uint32_t block;
    uint64_t until;
    unsigned compared; // calls whose registers were looked at
};

static void set_up(struct prey *p)
{
    uint32_t ticket;
    bool carry;
    p->r = rig_new("hostile");
    p->until = 1 * MS;
    assert_int_equal(vmm_run(p->r->v, p->until, LIMIT), VMM_END_IDLE);
    assert_true(vmm_send_control(p->r->v, "HOSTILE", KIT_Debug_Query, 0, 0, 0, 0, &ticket));
    assert_int_equal(vmm_run(p->r->v, p->until, LIMIT), VMM_END_IDLE);
    assert_true(vmm_control_result(p->r->v, ticket, &carry, &p->block));
    assert_int_not_equal(p->block, 0);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 4;
}

static uint32_t odd_value(struct prey *p, uint32_t *seed)
{
    static const uint32_t values[] = {0,      1,          2,          5,          16,         0xFF,       0x8000,
                                      0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x000A0000, 0xC0000000, 0x00008500};
    uint32_t pick = next_random(seed) % (BASE_COUNT(values) + 5);
    switch (pick) {
    case 0:
        return p->block;
    case 1:
        return vmm_system_vm(p->r->v);
    case 2:
        return p->block + 0x3F;
    case 3:
        return next_random(seed) << 4;
    case 4:
        return next_random(seed) % 64;
    default:
        return values[pick - 5];
    }
}

static bool letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool has_word(const char *text, const char *word)
{
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        if ((at == text || !letter(at[-1])) && !letter(at[strlen(word)]))
            return true;
    }
    return false;
}

// "EBX" also as BX, BL, BH.
static bool names_register(const char *text, const char *reg)
{
    char low[3] = {reg[1], 'L', 0}, high[3] = {reg[1], 'H', 0};
    return has_word(text, reg) || has_word(text, reg + 1) ||
           (reg[2] == 'X' && (has_word(text, low) || has_word(text, high)));
}

// Whatever the arguments were: registers that the kit's row names neither as output nor as used are as before, and so
// are EBP, the interrupt flag and the direction flag.
static void check_kept(struct prey *p, const struct kit_service *s, const uint8_t *block)
{
    static const char *const names[6] = {"EAX", "EBX", "ECX", "EDX", "ESI", "EDI"};
    uint8_t results[40];
    assert_true(x86_read_linear(vmm_cpu(p->r->v), p->block + 64, results, sizeof results, X86_READ, NULL));
    for (unsigned i = 0; i < 6; i++) {
        bool free = names_register(s->out, names[i]) || names_register(s->uses, names[i]);
        if (!free && base_get32(results + 4 * i) != base_get32(block + 4 + 4 * i))
            fail_msg("%s changed %s from %08X to %08X", s->name, names[i], base_get32(block + 4 + 4 * i),
                     base_get32(results + 4 * i));
    }
    assert_int_equal(base_get32(results + 24), base_get32(results + 32));
    assert_int_equal(base_get32(results + 28) & 0x600, 0x200);
}

// False: the machine has come to its end.
static bool call(struct prey *p, const struct kit_service *s, uint32_t target, uint32_t *seed)
{
    uint8_t block[60];
    uint32_t ticket;
    base_put32(block, target);
    for (unsigned i = 1; i < 15; i++)
        base_put32(block + 4 * i, odd_value(p, seed));
    if (!x86_write_linear(vmm_cpu(p->r->v), p->block, block, sizeof block, X86_WRITE, NULL) ||
        !vmm_send_control(p->r->v, "HOSTILE", KIT_Power_Event, 0, 0, 0, 0, &ticket))
        return false;
    p->until += 1 * MS;
    p->r->length = 0;
    enum vmm_end end = vmm_run(p->r->v, p->until, vmm_cpu(p->r->v)->state.count + LIMIT);
    if (end != VMM_END_IDLE && end != VMM_END_TIME)
        return false;
    bool carry;
    uint32_t eax;
    if (!vmm_control_result(p->r->v, ticket, &carry, &eax))
        return true; // it waits for something
    check_kept(p, s, block);
    p->compared++;
    return true;
}

static void no_arguments_crash_a_service_or_change_what_it_keeps(void **state)
{
    (void)state;
    static const uint16_t devices[] = {3, 4, 5, 7, 0x0D, 0x17, 0x27, 0x2A};
    struct prey p = {.r = NULL};
    uint32_t seed = 1;
    for (size_t d = 0; d < BASE_COUNT(devices); d++) {
        for (uint16_t ordinal = 0; ordinal < kit_device_by_id(devices[d])->service_count; ordinal++) {
            for (unsigned i = 0; devices_service_is_implemented(devices[d], ordinal) && i < CALLS_PER_SERVICE; i++) {
                if (!p.r)
                    set_up(&p);
                uint32_t target = vmm_service_address(p.r->v, devices[d], ordinal);
                assert_int_not_equal(target, 0);
                if (call(&p, kit_service_by_ordinal(kit_device_by_id(devices[d]), ordinal), target, &seed))
                    continue;
                rig_free(p.r);
                p.r = NULL;
            }
        }
    }
    if (p.r)
        rig_free(p.r);
    assert_true(p.compared > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_arguments_crash_a_service_or_change_what_it_keeps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
