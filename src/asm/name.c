// Identifiers: each spelling exists once, carrying its keyword, its instruction and its symbol. Without case
// sensitivity all spellings that differ in case are one name.
#include <string.h>

#include "asm/defs.h"

static const struct asm_keyword keywords[] = {
#define REGISTER(text, register_class, number) {text, KEYWORD_REGISTER, register_class, number, NULL},
#define OPERATOR(text, value)                  {text, KEYWORD_OPERATOR, 0, value, NULL},
#define TYPE(text, value)                      {text, KEYWORD_TYPE, 0, 0, value},
#define PREFIX(text, byte)                     {text, KEYWORD_PREFIX, 0, byte, NULL},
#define LANGUAGE(text, value)                  {text, KEYWORD_LANGUAGE, 0, value, NULL},
#include "asm/keywords.def"
#undef REGISTER
#undef OPERATOR
#undef TYPE
#undef PREFIX
#undef LANGUAGE
};

static uint32_t fold(uint8_t c)
{
    return c | (uint32_t)((unsigned)c - 'A' < 26u) << 5;
}

static uint32_t hash_of(const char *text, size_t length)
{
    uint32_t h = 2166136261u; // FNV-1a over folded letters
    for (size_t i = 0; i < length; i++)
        h = (h ^ fold((uint8_t)text[i])) * 16777619u;
    return h ^ h >> 15;
}

bool asm_same_text(const char *x, size_t x_length, const char *y, size_t y_length, bool exact)
{
    if (x_length != y_length)
        return false;
    if (memcmp(x, y, x_length) == 0)
        return true;
    if (exact)
        return false;
    for (size_t i = 0; i < x_length; i++)
        if (fold((uint8_t)x[i]) != fold((uint8_t)y[i]))
            return false;
    return true;
}

static void grow_slots(struct assembler *a)
{
    size_t count = a->name_slot_count ? a->name_slot_count * 2 : 4096;
    struct asm_name **slots = base_alloc_zero(&a->limited, count * sizeof *slots);
    if (!slots)
        asm_fatal(a, "out of memory");
    for (size_t i = 0; i < a->name_slot_count; i++)
        for (struct asm_name *n = a->name_slots[i], *next; n; n = next) {
            next = n->next;
            n->next = slots[n->hash & (count - 1)];
            slots[n->hash & (count - 1)] = n;
        }
    base_alloc_free(&a->limited, a->name_slots, a->name_slot_count * sizeof *slots);
    a->name_slots = slots;
    a->name_slot_count = count;
}

static struct asm_name *add(struct assembler *a, const char *text, size_t length, uint32_t hash)
{
    if (a->name_count >= a->name_slot_count)
        grow_slots(a);
    struct asm_name *n = asm_get(a, sizeof *n);
    n->text = asm_text_copy(a, text, length);
    n->length = (uint32_t)length;
    n->hash = hash;
    n->next = a->name_slots[hash & (a->name_slot_count - 1)];
    a->name_slots[hash & (a->name_slot_count - 1)] = n;
    a->name_count++;
    return n;
}

// Under OPTION CASEMAP:NONE a new spelling of a keyword shares the keyword but has its own symbol.
struct asm_name *asm_name_get(struct assembler *a, const char *text, size_t length)
{
    uint32_t hash = hash_of(text, length);
    const struct asm_name *folded = NULL;
    if (a->name_slot_count)
        for (struct asm_name *n = a->name_slots[hash & (a->name_slot_count - 1)]; n; n = n->next) {
            if (n->hash != hash || !asm_same_text(n->text, n->length, text, length, false))
                continue;
            if (!a->option.case_sensitive || memcmp(n->text, text, length) == 0 || (n->symbol && n->symbol->predefined))
                return n;
            folded = n;
        }
    struct asm_name *n = add(a, text, length, hash);
    if (folded) {
        n->keyword = folded->keyword;
        n->mnemonic = folded->mnemonic;
        n->directive = folded->directive;
    }
    return n;
}

struct asm_name *asm_name_of(struct assembler *a, const char *text)
{
    return asm_name_get(a, text, strlen(text));
}

void asm_names_init(struct assembler *a)
{
    for (size_t i = 0; i < BASE_COUNT(keywords); i++)
        asm_name_of(a, keywords[i].text)->keyword = keywords[i];
    asm_directives_init(a);
    asm_forms_init(a);
}

void asm_names_free(struct assembler *a)
{
    base_alloc_free(&a->limited, a->name_slots, a->name_slot_count * sizeof *a->name_slots);
}
