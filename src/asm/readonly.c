// Segments that must not be written: READONLY at SEGMENT, and with OPTION READONLY every segment with code (MASM 5.1's
// option -p). An instruction that writes a label there is an error.
#include <string.h>

#include "asm/encode.h"

// Those whose first operand is written; forms of two operands only where the second is another one's source.
static const char *const writers[] = {
    "mov",   "add",    "adc",    "and",     "or",    "sub",    "sbb",     "xor",       "inc",   "dec",
    "neg",   "not",    "xchg",   "pop",     "rol",   "ror",    "rcl",     "rcr",       "shl",   "sal",
    "shr",   "sar",    "shld",   "shrd",    "bts",   "btr",    "btc",     "xadd",      "sgdt",  "sidt",
    "sldt",  "str",    "smsw",   "fst",     "fstp",  "fist",   "fistp",   "fbstp",     "fstcw", "fnstcw",
    "fstsw", "fnstsw", "fstenv", "fnstenv", "fsave", "fnsave", "cmpxchg", "cmpxchg8b",
};

static bool writes(const struct asm_name *name)
{
    for (size_t i = 0; i < BASE_COUNT(writers); i++)
        if (asm_same_text(name->text, name->length, writers[i], strlen(writers[i]), false))
            return true;
    return asm_same_text(name->text, name->length < 3 ? name->length : 3, "set", 3, false);
}

static bool is_read_only(const struct assembler *a, const struct asm_value *v)
{
    const struct asm_segment *s = v->kind == VALUE_MEMORY ? v->segment : NULL;
    return s && (s->readonly || (a->option.readonly && s->has_code));
}

void asm_check_read_only(struct assembler *a, const struct asm_instruction *i, const struct asm_name *name)
{
    int k = 0;
    while (k < i->count && !is_read_only(a, &i->operands[k]))
        k++;
    if (k == i->count)
        return;
    bool exchanges = asm_same_text(name->text, name->length, "xchg", 4, false);
    if (exchanges || (k == 0 && writes(name)))
        asm_error(a, i->at[k], "segment %s is read-only", i->operands[k].segment->symbol->name->text);
}
