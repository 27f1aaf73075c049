// The x87's transcendental instructions. Real processors are not correctly rounded here and do not agree with each
// other, so neither silicon nor another emulator can judge; what counts is the correctly rounded result, the same on
// every host. The expected values were computed with 60 decimal digits by bc and rounded to 64 bits.
#include "machine.h"

struct value_case {
    const char *name;
    const char *code; // with y in ST(1) and x in ST(0); leaves the result in ST(0)
    double y, x;
    uint16_t sign_exponent;
    uint64_t mantissa;
};

static const struct value_case cases[] = {
    {"sine of 0.5", "D9 FE", 0.0, 0.5, 0x3ffd, 0xf57743a2582f7f44u},
    {"cosine of 0.5", "D9 FF", 0.0, 0.5, 0x3ffe, 0xe0a94032dbea7ceeu},
    {"sine of 1", "D9 FE", 0.0, 1.0, 0x3ffe, 0xd76aa47848677021u},
    {"cosine of 1", "D9 FF", 0.0, 1.0, 0x3ffe, 0x8a51407da8345c92u},
    {"sine of -2.25", "D9 FE", 0.0, -2.25, 0xbffe, 0xc72fce16871d4abcu},
    {"cosine of -2.25", "D9 FF", 0.0, -2.25, 0xbffe, 0xa0cffc8dcdd364ccu},
    {"sine of 100", "D9 FE", 0.0, 100.0, 0xbffe, 0x81a12dbc626dc038u},
    {"cosine of 100", "D9 FF", 0.0, 100.0, 0x3ffe, 0xdcc0edfb32fefb20u},
    {"sine of 0.0009765625", "D9 FE", 0.0, 0.0009765625, 0x3ff4, 0xfffffd5555577777u},
    {"cosine of 0.0009765625", "D9 FF", 0.0, 0.0009765625, 0x3ffe, 0xfffff800000aaaabu},
    {"tangent of 0.75", "D9 F2 DD D8", 0.0, 0.75, 0x3ffe, 0xee7d1b0887775f06u},
    {"tangent of -1.25", "D9 F2 DD D8", 0.0, -1.25, 0xc000, 0xc09cca1f118d40a8u},
    {"arc tangent of 1 over 2", "D9 F3", 1.0, 2.0, 0x3ffd, 0xed63382b0dda7b45u},
    {"arc tangent of -3 over 4", "D9 F3", -3.0, 4.0, 0xbffe, 0xa4bc7d1934f70924u},
    {"arc tangent of 1 over -2", "D9 F3", 1.0, -2.0, 0x4000, 0xab63739cbfad72ccu},
    {"arc tangent of -1 over -1", "D9 F3", -1.0, -1.0, 0xc000, 0x96cbe3f9990e91a8u},
    {"arc tangent of 2 over 0.125", "D9 F3", 2.0, 0.125, 0x3fff, 0xc11283b4562947c3u},
    {"2 to the 0.5 less 1", "D9 F0", 0.0, 0.5, 0x3ffd, 0xd413cccfe7799211u},
    {"2 to the -0.75 less 1", "D9 F0", 0.0, -0.75, 0xbffd, 0xcf901f5ce48ead21u},
    {"2 to the 0.001953125 less 1", "D9 F0", 0.0, 0.001953125, 0x3ff5, 0xb190db43813d43feu},
    {"2 to the -0.0009765625 less 1", "D9 F0", 0.0, -0.0009765625, 0xbff4, 0xb162b8fc207bd0b1u},
    {"3 times log2 of 10", "D9 F1", 3.0, 10.0, 0x4002, 0x9f73da38d9d4a83fu},
    {"-1.5 times log2 of 0.3125", "D9 F1", -1.5, 0.3125, 0x4000, 0xa1184b8e4c56af83u},
    {"1 times log2 of 1000000", "D9 F1", 1.0, 1000000.0, 0x4003, 0x9f73da38d9d4a83fu},
    {"2 times log2 of 3", "D9 F1", 2.0, 3.0, 0x4000, 0xcae00d1cfdeb43d0u},
    {"1 times log2 of 1 + 0.25", "D9 F9", 1.0, 0.25, 0x3ffd, 0xa4d3c25e68dc57f2u},
    {"3 times log2 of 1 + -0.125", "D9 F9", 3.0, -0.125, 0xbffe, 0x93f390407e6f2e66u},
    {"1 times log2 of 1 + 0.0009765625", "D9 F9", 1.0, 0.0009765625, 0x3ff5, 0xb89329ba1fa2a0fdu},
};

enum { Y_AT = DATA, X_AT = DATA + 8, RESULT_AT = DATA + 16 };

static void put_double(struct machine *m, uint32_t at, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    machine_put32(m, at, (uint32_t)bits);
    machine_put32(m, at + 4, (uint32_t)(bits >> 32));
}

static bool run_case(const struct value_case *c)
{
    char code[128];
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    put_double(m, Y_AT, c->y);
    put_double(m, X_AT, c->x);
    // fninit; fld qword [y]; fld qword [x]; ...; fstp tbyte [result]; hlt
    snprintf(code, sizeof code, "DB E3 DD 05 00 00 03 00 DD 05 08 00 03 00 %s DB 3D 10 00 03 00 F4", c->code);
    machine_code(m, CODE, code);
    bool halted = machine_vector_reached(m) == -1;
    uint64_t mantissa = machine_get32(m, RESULT_AT) | (uint64_t)machine_get32(m, RESULT_AT + 4) << 32;
    uint16_t sign_exponent = (uint16_t)machine_get32(m, RESULT_AT + 8);
    bool right = halted && mantissa == c->mantissa && sign_exponent == c->sign_exponent;
    if (!right)
        print_error("%s: %04x %016llx, expected %04x %016llx\n", c->name, sign_exponent, (unsigned long long)mantissa,
                    c->sign_exponent, (unsigned long long)c->mantissa);
    machine_free(m);
    return right;
}

static void transcendental_results_are_correctly_rounded(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < BASE_COUNT(cases); i++)
        wrong += !run_case(&cases[i]);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(transcendental_results_are_correctly_rounded)};
    return cmocka_run_group_tests_name("x86.x87", tests, NULL, NULL);
}
