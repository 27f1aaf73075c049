// What can be done with values: the arithmetic of expressions, on constants, addresses and memory operands.
#include "asm/defs.h"

struct asm_value asm_number(int64_t number)
{
    return (struct asm_value){.kind = VALUE_NUMBER, .base = -1, .index = -1, .segment_override = -1, .value = number};
}

bool asm_has_base(const struct asm_value *v)
{
    return v->segment || v->external || v->part == 's';
}

bool asm_is_constant(const struct asm_value *v)
{
    return (v->kind == VALUE_NUMBER || v->kind == VALUE_TYPE) && !asm_has_base(v);
}

// The size of what a value designates in bytes, 0 when nothing says it.
uint32_t asm_value_size(const struct assembler *a, const struct asm_value *v)
{
    if (v->kind == VALUE_REGISTER)
        return v->size;
    return v->type ? asm_type_size(a, v->type) : 0;
}

// A register inside brackets becomes part of an address.
static bool register_to_memory(struct assembler *a, struct asm_value *v, const char *at)
{
    if (v->kind != VALUE_REGISTER)
        return true;
    if (v->register_class != REGISTER_32 && v->register_class != REGISTER_16) {
        asm_error(a, at, "this register cannot be part of an address");
        return false;
    }
    uint8_t size = v->size;
    int8_t number = (int8_t)v->value, override = v->segment_override;
    *v = asm_number(0);
    v->segment_override = override;
    v->kind = VALUE_MEMORY;
    v->base = number;
    v->address_size = size;
    v->bracket = true;
    if (size == 4)
        v->type = a->assume_general[number].type;
    return true;
}

static bool merge_registers(struct assembler *a, struct asm_value *x, const struct asm_value *y, const char *at)
{
    if (y->base < 0 && y->index < 0)
        return true; // a pair keeps its order when a displacement follows
    int8_t regs[4];
    uint8_t scales[4];
    int n = 0;
    const struct asm_value *both[2] = {x, y};
    for (int i = 0; i < 2; i++) {
        if (both[i]->base >= 0)
            regs[n] = both[i]->base, scales[n++] = 0;
        if (both[i]->index >= 0)
            regs[n] = both[i]->index, scales[n++] = both[i]->scale;
    }
    if (n > 2 || (n == 2 && scales[0] && scales[1])) {
        asm_error(a, at, "too many registers in an address");
        return false;
    }
    if (x->address_size && y->address_size && x->address_size != y->address_size) {
        asm_error(a, at, "16-bit and 32-bit registers cannot be mixed in an address");
        return false;
    }
    if (x->base < 0 && x->index < 0) {
        x->base = y->base;
        x->index = y->index;
        x->scale = y->scale;
        x->address_size = y->address_size;
        return true;
    }
    // Of two registers without scale the first is the index, as MASM has it.
    int scaled = n == 2 ? (scales[1] ? 1 : 0) : n == 1 && scales[0] ? 0 : -1;
    x->base = n == 2 ? regs[1 - scaled] : n == 1 && scaled < 0 ? regs[0] : -1;
    x->index = scaled >= 0 ? regs[scaled] : -1;
    x->scale = scaled >= 0 ? scales[scaled] : 0;
    x->address_size = x->address_size ? x->address_size : y->address_size;
    return true;
}

static void take_base(struct asm_value *x, const struct asm_value *y)
{
    x->segment = y->segment;
    x->external = y->external;
    x->frame = y->frame;
    x->part = y->part;
    if (!x->symbol)
        x->symbol = y->symbol;
}

// x + y, as `+`, `[]` and `.` do it. The type is the left one's unless it has none.
bool asm_add(struct assembler *a, struct asm_value *x, const struct asm_value *right, const char *at)
{
    struct asm_value y = *right;
    if (!register_to_memory(a, x, at) || !register_to_memory(a, &y, at))
        return false;
    if (x->kind > VALUE_MEMORY && x->kind != VALUE_TYPE) {
        asm_error(a, at, "this cannot be added");
        return false;
    }
    if (asm_has_base(x) && asm_has_base(&y) && !x->forward && !y.forward) {
        asm_error(a, at, "two addresses cannot be added");
        return false;
    }
    if (asm_has_base(&y))
        take_base(x, &y);
    if (y.kind == VALUE_MEMORY || x->kind == VALUE_TYPE)
        x->kind = y.kind == VALUE_MEMORY ? VALUE_MEMORY : VALUE_NUMBER;
    if (!merge_registers(a, x, &y, at))
        return false;
    x->value += y.value;
    if (!x->type && y.kind != VALUE_TYPE) {
        x->type = y.type;
        x->typed = y.typed;
    }
    if (!x->symbol)
        x->symbol = y.symbol;
    if (x->segment_override < 0)
        x->segment_override = y.segment_override;
    if (!x->frame)
        x->frame = y.frame;
    x->bracket |= y.bracket;
    x->forward |= y.forward;
    x->offset |= y.offset;
    return true;
}

bool asm_subtract(struct assembler *a, struct asm_value *x, const struct asm_value *y, const char *at)
{
    if (y->base >= 0 || y->index >= 0 || y->kind == VALUE_REGISTER) {
        asm_error(a, at, "a register cannot be subtracted");
        return false;
    }
    if (!register_to_memory(a, x, at))
        return false;
    x->forward |= y->forward;
    if (asm_has_base(y)) {
        if (!x->forward && (x->segment != y->segment || x->external != y->external)) {
            asm_error(a, at, "addresses of different segments cannot be subtracted");
            return false;
        }
        x->segment = NULL;
        x->external = NULL;
        x->frame = NULL;
        x->type = NULL;
        x->symbol = NULL;
        x->offset = false;
        if (x->base < 0 && x->index < 0)
            x->kind = VALUE_NUMBER;
    }
    if (x->kind == VALUE_TYPE)
        x->kind = VALUE_NUMBER;
    x->value -= y->value;
    return true;
}

static bool scale_register(struct assembler *a, struct asm_value *x, const struct asm_value *y, const char *at)
{
    const struct asm_value *reg = x->kind == VALUE_REGISTER ? x : y;
    const struct asm_value *number = x->kind == VALUE_REGISTER ? y : x;
    int64_t scale = number->value;
    if (reg->register_class != REGISTER_32 || !asm_is_constant(number) ||
        (scale != 1 && scale != 2 && scale != 4 && scale != 8)) {
        asm_error(a, at, "only a 32-bit register can be scaled, by 1, 2, 4 or 8");
        return false;
    }
    int8_t index = (int8_t)reg->value;
    *x = asm_number(0);
    x->kind = VALUE_MEMORY;
    x->bracket = true;
    x->address_size = 4;
    x->index = index;
    x->scale = (uint8_t)scale;
    return true;
}

static uint64_t as_unsigned(int64_t v)
{
    return v < 0 && v >= INT32_MIN ? (uint32_t)v : (uint64_t)v;
}

static int64_t shift(int64_t x, int64_t by, bool left)
{
    if (by < 0 || by >= 64)
        return 0;
    if (!left)
        return (int64_t)(as_unsigned(x) >> by);
    uint64_t v = (uint64_t)x << by;
    return x >= INT32_MIN && x <= UINT32_MAX ? (int64_t)(uint32_t)v : (int64_t)v;
}

static bool same_number(int64_t x, int64_t y)
{
    return as_unsigned(x) == as_unsigned(y);
}

static int64_t truth(bool b)
{
    return b ? -1 : 0;
}

static bool divide(struct assembler *a, int64_t *x, int64_t y, bool remainder, bool forward, const char *at)
{
    if (y == 0 || (*x == INT64_MIN && y == -1)) {
        if (!forward)
            asm_error(a, at, "division by zero");
        *x = 0;
        return forward;
    }
    *x = remainder ? *x % y : *x / y;
    return true;
}

static bool compute(struct assembler *a, int operator, struct asm_value * x, const struct asm_value *y, const char *at)
{
    int64_t l = x->value, r = y->value;
    switch (operator) {
    case '*':
        x->value = (int64_t)((uint64_t)l * (uint64_t)r);
        return true;
    case '/':
        return divide(a, &x->value, r, false, x->forward, at);
    case OPERATOR_MOD:
        return divide(a, &x->value, r, true, x->forward, at);
    case OPERATOR_SHL:
        x->value = shift(l, r, true);
        return true;
    case OPERATOR_SHR:
        x->value = shift(l, r, false);
        return true;
    case OPERATOR_EQ:
        x->value = truth(same_number(l, r));
        return true;
    case OPERATOR_NE:
        x->value = truth(!same_number(l, r));
        return true;
    case OPERATOR_LT:
        x->value = truth(l < r);
        return true;
    case OPERATOR_LE:
        x->value = truth(l <= r);
        return true;
    case OPERATOR_GT:
        x->value = truth(l > r);
        return true;
    case OPERATOR_GE:
        x->value = truth(l >= r);
        return true;
    case OPERATOR_AND:
        x->value = l & r;
        return true;
    case OPERATOR_OR:
        x->value = l | r;
        return true;
    case OPERATOR_XOR:
        x->value = l ^ r;
        return true;
    default:
        return false;
    }
}

static bool is_relation(int operator)
{
    return operator>= OPERATOR_EQ && operator<= OPERATOR_GE;
}

// Everything but + and -: constants on both sides, except that relations also compare addresses of one segment.
bool asm_binary(struct assembler *a, int operator, struct asm_value * x, const struct asm_value *y, const char *at)
{
    if (operator== '*' &&(x->kind == VALUE_REGISTER || y->kind == VALUE_REGISTER))
        return scale_register(a, x, y, at);
    bool forward = x->forward || y->forward;
    bool comparable = is_relation(operator) && x->segment == y->segment && x->external == y->external && x->base < 0 &&
                      y->base < 0 && x->kind <= VALUE_TYPE && y->kind <= VALUE_TYPE;
    bool constants = asm_is_constant(x) && asm_is_constant(y);
    if (!forward && !constants && !(comparable && x->kind != VALUE_REGISTER)) {
        if (is_relation(operator) && x->kind != VALUE_REGISTER && y->kind != VALUE_REGISTER && x->index < 0 &&
            y->index < 0) {
            *x = asm_number(truth(operator== OPERATOR_NE)); // addresses of different segments are never equal
            return true;
        }
        asm_error(a, at, "constant expected");
        return false;
    }
    struct asm_value result = asm_number(x->value);
    result.forward = forward;
    if (!compute(a, operator, & result, y, at))
        return false;
    *x = result;
    return true;
}

bool asm_part(struct assembler *a, int operator, struct asm_value * x, const char *at)
{
    if (asm_is_constant(x) || x->forward) {
        uint32_t v = (uint32_t)x->value;
        bool forward = x->forward;
        *x = asm_number(operator== OPERATOR_LOW  ? v & 0xff :
                        operator== OPERATOR_HIGH ? v >> 8 & 0xff
                        :
                        operator== OPERATOR_LOWWORD ? v & 0xffff
                                                    : v>> 16);
        x->forward = forward;
        return true;
    }
    if (operator== OPERATOR_LOWWORD && x->kind == VALUE_NUMBER) {
        x->part = 'L';
        x->type = &asm_type_word;
        return true;
    }
    asm_error(a, at, "only a part of a constant, or the low word of an offset, can be taken");
    return false;
}
