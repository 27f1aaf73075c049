// Cuts a line into tokens. Text macros have been replaced before; numbers take the radix that is current.
#include <string.h>

#include "asm/defs.h"

#define B ASM_BLANK
#define D ASM_DIGIT
#define N ASM_NAME
#define F ASM_NAME_FIRST
// One row is sixteen characters.
const uint8_t asm_char_class[256] = {
    B,     0,     0,     0,     0,     0,     0,     0,     0,     B,     B,     0,     B,     B,     0,     0,
    0,     0,     0,     0,     0,     0,     0,     0,     0,     0,     B,     0,     0,     0,     0,     0,
    B,     0,     0,     0,     N | F, 0,     0,     0,     0,     0,     0,     0,     0,     0,     0,     0,
    D | N, D | N, D | N, D | N, D | N, D | N, D | N, D | N, D | N, D | N, 0,     0,     0,     0,     0,     N | F,
    N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F,
    N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, 0,     0,     0,     0,     N | F,
    0,     N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F,
    N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, N | F, 0,     0,     0,     0,     0,
};
#undef B
#undef D
#undef N
#undef F

// Behind a quoted string that starts at p; `end` when it is not closed.
const char *asm_skip_string(const char *p, const char *end)
{
    char quote = *p++;
    while (p < end) {
        if (*p++ != quote)
            continue;
        if (p < end && *p == quote)
            p++;
        else
            break;
    }
    return p;
}

struct asm_text asm_trim(const char *p, const char *end)
{
    p = asm_skip_blanks(p, end);
    while (end > p && asm_is_blank(end[-1]))
        end--;
    return (struct asm_text){p, (size_t)(end - p)};
}

// ---- numbers ----

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a' + 10) : 99;
}

static bool all_digits(const char *p, size_t n, unsigned radix)
{
    for (size_t i = 0; i < n; i++)
        if (digit_of(p[i]) >= radix)
            return false;
    return n > 0;
}

// The radix a spelling asks for: a suffix that cannot be a digit of the current radix wins. 0: malformed.
unsigned asm_number_radix(const struct assembler *a, const char *p, size_t *length)
{
    size_t n = *length;
    char last = (char)(p[n - 1] | 0x20);
    unsigned radix = last == 'h' ? 16 : last == 'o' || last == 'q' ? 8 : last == 't' ? 10 : last == 'y' ? 2 : 0;
    if (radix == 0 && digit_of(last) >= a->radix)
        radix = last == 'd' ? 10 : last == 'b' ? 2 : 0;
    if (radix) {
        *length = --n;
        return all_digits(p, n, radix) ? radix : 0;
    }
    return all_digits(p, n, a->radix) ? a->radix : 0;
}

static uint64_t number_value(const char *p, size_t n, unsigned radix)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * radix + digit_of(p[i]);
    return v;
}

// 3F800000r: the bits of a real.
static bool is_real_bits(const char *p, size_t n)
{
    return n > 1 && (p[n - 1] | 0x20) == 'r' && all_digits(p, n - 1, 16);
}

static const char *skip_real(const char *p, const char *end)
{
    while (p < end && (asm_char_class[(uint8_t)*p] & ASM_DIGIT))
        p++;
    if (p >= end || *p != '.')
        return NULL;
    p++;
    while (p < end && (asm_char_class[(uint8_t)*p] & ASM_DIGIT))
        p++;
    if (p < end && (*p | 0x20) == 'e') {
        const char *q = p + 1;
        if (q < end && (*q == '+' || *q == '-'))
            q++;
        if (q < end && (asm_char_class[(uint8_t)*q] & ASM_DIGIT)) {
            while (q < end && (asm_char_class[(uint8_t)*q] & ASM_DIGIT))
                q++;
            return q;
        }
    }
    return p < end && asm_is_name_char(*p) ? NULL : p; // 4.Field is an addition
}

static const char *lex_number(struct assembler *a, struct asm_token *t, const char *p, const char *end)
{
    const char *real = skip_real(p, end);
    if (real) {
        t->kind = TOKEN_REAL;
        return real;
    }
    const char *q = asm_skip_name(p, end);
    size_t n = (size_t)(q - p);
    if (is_real_bits(p, n)) {
        t->kind = TOKEN_REAL;
        return q;
    }
    unsigned radix = asm_number_radix(a, p, &n);
    t->kind = TOKEN_NUMBER;
    if (radix)
        t->number = number_value(p, n, radix);
    else
        asm_error(a, p, "'%.*s' is no number in radix %u", (int)(q - p), p, a->radix);
    return q;
}

// ---- tokens ----

static bool operand_before(const struct asm_token *first, const struct asm_token *t)
{
    if (t == first)
        return false;
    t--;
    if (t->kind == TOKEN_NAME &&
        (t->name->mnemonic || t->name->directive || t->name->keyword.keyword_class == KEYWORD_OPERATOR))
        return false;
    return t->kind == TOKEN_NAME || t->kind == TOKEN_NUMBER ||
           (t->kind == TOKEN_PUNCT && (t->punct == ']' || t->punct == ')'));
}

// A word that starts with a dot: .386p, .errnz, .type; with OPTION DOTNAME any.
static struct asm_name *dot_name(struct assembler *a, const char *p, const char *end, bool may_be_field)
{
    const char *q = asm_skip_name(p + 1, end);
    if (q == p + 1 || may_be_field)
        return NULL;
    struct asm_name *n = asm_name_get(a, p, (size_t)(q - p));
    return n->directive || n->keyword.keyword_class || a->option.dotname ? n : NULL;
}

static void room_for_token(struct assembler *a, struct asm_line_room *room, size_t count)
{
    room->tokens = asm_grow(a, room->tokens, &room->token_capacity, count, sizeof *room->tokens);
}

static const char *lex_one(struct assembler *a, const struct asm_token *first, struct asm_token *t, const char *p,
                           const char *end)
{
    uint8_t c = asm_char_class[(uint8_t)*p];
    if (c & ASM_NAME_FIRST) {
        const char *q = asm_skip_name(p, end);
        t->kind = TOKEN_NAME;
        t->name = asm_name_get(a, p, (size_t)(q - p));
        return q;
    }
    if (c & ASM_DIGIT)
        return lex_number(a, t, p, end);
    if (*p == '.' && (t->name = dot_name(a, p, end, operand_before(first, t))) != NULL) {
        t->kind = TOKEN_NAME;
        return p + t->name->length;
    }
    if (*p == '"' || *p == '\'') {
        const char *q = asm_skip_string(p, end);
        t->kind = TOKEN_STRING;
        if (q == p + 1 || q[-1] != *p)
            asm_error(a, p, "the string is not closed");
        return q;
    }
    t->kind = TOKEN_PUNCT;
    t->punct = (uint8_t)*p;
    return p + 1;
}

// Fills the room's token array; the last token is TOKEN_END at the comment or the end of the line.
void asm_lex(struct assembler *a, struct asm_line_room *room, const char *p, size_t length)
{
    const char *end = p + length;
    size_t count = 0;
    for (;; count++) {
        room_for_token(a, room, count);
        struct asm_token *t = &room->tokens[count];
        const char *start = asm_skip_blanks(p, end);
        *t = (struct asm_token){.kind = TOKEN_END, .text = start, .blank = start > p};
        p = start;
        if (p >= end || *p == ';')
            return;
        p = lex_one(a, room->tokens, t, p, end);
        t->length = (uint32_t)(p - start);
    }
}

bool asm_accept(struct assembler *a, char c)
{
    if (!asm_is_punct(a->token, c))
        return false;
    a->token++;
    return true;
}

bool asm_expect(struct assembler *a, char c)
{
    if (asm_accept(a, c))
        return true;
    asm_error(a, a->token->text, "'%c' expected%s%.*s", c, a->token->length ? " before " : "", (int)a->token->length,
              a->token->text);
    return false;
}

bool asm_is_word(const struct asm_token *t, const char *word)
{
    return t->kind == TOKEN_NAME && asm_same_text(t->text, t->length, word, strlen(word), false);
}

bool asm_accept_word(struct assembler *a, const char *word)
{
    if (!asm_is_word(a->token, word))
        return false;
    a->token++;
    return true;
}

bool asm_is_operator(const struct asm_token *t, int operator)
{
    return t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_OPERATOR &&
           t->name->keyword.value == operator;
}

struct asm_name *asm_expect_name(struct assembler *a)
{
    if (a->token->kind == TOKEN_NAME)
        return (a->token++)->name;
    asm_error(a, a->token->text, "name expected");
    return NULL;
}

void asm_expect_end(struct assembler *a)
{
    if (a->token->kind != TOKEN_END && !a->line_failed)
        asm_error(a, a->token->text, "unexpected '%.*s' after the operands", (int)a->token->length, a->token->text);
}

// The characters of a string token without its quotes and with doubled quotes made single; the buffer is cleared first.
void asm_string_bytes(const struct asm_token *t, struct base_buf *out)
{
    base_buf_clear(out);
    for (uint32_t i = 1; i + 1 < t->length; i++) {
        base_buf_add8(out, (uint8_t)t->text[i]);
        if (t->text[i] == t->text[0])
            i++;
    }
}
