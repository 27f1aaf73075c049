// Data: DB and its relatives, initialisers of every form, and the padding of ALIGN. Structure instances are in
// struct.c; they come back here for their fields.
#include <string.h>
#include <strings.h>

#include "asm/defs.h"

static const struct asm_type *const directive_types[] = {
    &asm_type_byte, &asm_type_word, &asm_type_dword, &asm_type_fword, &asm_type_qword, &asm_type_tbyte,
};

const struct asm_type *asm_data_directive_type(const struct asm_directive *d)
{
    return directive_types[d->argument];
}

static void count_elements(struct asm_data *d, uint64_t n)
{
    d->count += n;
}

// ---- single items ----

static void reserve_element(struct assembler *a, struct asm_data *d, uint32_t size)
{
    if (!d->dry)
        asm_reserve(a, size);
    count_elements(d, 1);
}

static bool fits_element(int64_t v, uint32_t size)
{
    if (size >= 8)
        return true;
    int64_t limit = INT64_C(1) << (8 * size);
    return v < limit && v >= -limit;
}

static void emit_wide(struct assembler *a, int64_t v, uint32_t size)
{
    asm_emit_number(a, (uint64_t)v, size < 8 ? size : 8);
    for (uint32_t i = 8; i < size; i++)
        asm_emit_number(a, v < 0 ? 0xff : 0, 1);
}

// Six bytes hold an offset and, in 32-bit segments, a selector that COFF objects have no word for: 0. In 16-bit
// segments four bytes are segment and offset.
static void emit_address(struct assembler *a, const struct asm_value *v, uint32_t size, const char *at)
{
    bool far16 = size == 4 && a->segment->word_size == 2 && !v->offset && v->kind == VALUE_MEMORY && v->part == 0;
    asm_emit_address(a, v, size == 6 ? 4 : far16 ? 2 : size, at);
    if (size == 6)
        asm_emit_number(a, 0, 2);
    if (!far16)
        return;
    struct asm_value seg = *v;
    seg.part = 's';
    asm_emit_address(a, &seg, 2, at);
}

static void emit_value(struct assembler *a, struct asm_data *d, const struct asm_value *v, const char *at)
{
    uint32_t size = d->size;
    if (v->kind == VALUE_REGISTER || v->base >= 0 || v->index >= 0) {
        asm_error(a, at, "a register cannot be data");
        return;
    }
    if (!d->dry && (asm_has_base(v) && !(v->forward && a->pass == 1))) {
        if (size == 4 && v->part == 0 && v->typed && v->type && v->type->kind == TYPE_FAR && a->segment->word_size == 4)
            asm_error(a, at, "a far address needs 6 bytes");
        emit_address(a, v, size, at);
    } else if (!d->dry) {
        if (!v->forward && !fits_element(v->value, size))
            asm_error(a, at, "the value does not fit %u byte%s", size, size == 1 ? "" : "s");
        emit_wide(a, v->value, size);
    }
    count_elements(d, 1);
}

static void emit_real(struct assembler *a, struct asm_data *d, const struct asm_value *v, const char *at)
{
    uint8_t bytes[10] = {0};
    if (d->size != 4 && d->size != 8 && d->size != 10)
        asm_error(a, at, "a real number needs 4, 8 or 10 bytes");
    else if (!asm_real_bytes(v->token, v->negative, d->size, bytes))
        asm_error(a, at, "this real number does not fit %u bytes", d->size);
    else if (!d->dry)
        asm_emit(a, bytes, d->size);
    count_elements(d, 1);
}

// Strings: one byte an element in DB; elsewhere a number, first character most significant.
static void emit_string(struct assembler *a, struct asm_data *d, const struct asm_token *t)
{
    struct base_buf bytes;
    base_buf_init(&bytes, &a->limited);
    asm_string_bytes(t, &bytes);
    asm_check(a, &bytes);
    if (bytes.size == 0) {
        asm_error(a, t->text, "the string is empty");
    } else if (d->size == 1) {
        if (!d->dry)
            asm_emit(a, bytes.data, bytes.size);
        count_elements(d, bytes.size);
    } else if (bytes.size > d->size) {
        asm_error(a, t->text, "the string is longer than %u bytes", d->size);
    } else {
        uint64_t v = 0;
        for (size_t i = 0; i < bytes.size && i < 8; i++)
            v = v << 8 | bytes.data[i];
        if (!d->dry)
            emit_wide(a, (int64_t)(v & INT64_MAX) | (int64_t)(v & ~(uint64_t)INT64_MAX), d->size);
        count_elements(d, 1);
    }
    base_buf_free(&bytes);
}

// ---- DUP ----

struct before_dup {
    size_t emitted;
    uint32_t location;
    uint64_t count;
    size_t fixups;
};

// The first round made bytes without fixups: the others are copies.
static void copy_rounds(struct assembler *a, const struct before_dup *b, uint64_t rounds)
{
    struct asm_segment *s = a->segment;
    uint32_t n = s->location - b->location;
    if ((uint64_t)n * rounds > ASM_SEGMENT_LIMIT)
        asm_fatal(a, "segment %s is larger than %u MiB", s->symbol->name->text, ASM_SEGMENT_LIMIT >> 20);
    uint32_t from = b->location;
    for (uint64_t i = 0; i < rounds; i++, from += n) {
        uint8_t small[64];
        if (n <= sizeof small) {
            memcpy(small, s->bytes.data + from, n);
            asm_emit(a, small, n);
            continue;
        }
        for (uint32_t k = 0; k < n; k += (uint32_t)sizeof small) {
            size_t part = n - k < sizeof small ? n - k : sizeof small;
            memcpy(small, s->bytes.data + from + k, part);
            asm_emit(a, small, part);
        }
    }
}

static bool dup_round(struct assembler *a, struct asm_data *d)
{
    return asm_expect(a, '(') && asm_data_items(a, d, ')') && asm_expect(a, ')');
}

static bool parse_dup(struct assembler *a, struct asm_data *d, const struct asm_value *times, const char *at)
{
    uint64_t rounds = (uint64_t)times->value;
    if (times->forward)
        rounds = 0;
    else if (!asm_is_constant(times) || times->value < 0 || times->value > UINT32_MAX) {
        asm_error(a, at, "DUP needs a constant count of 0 or more");
        return false;
    }
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "initialiser nested too deeply");
    const struct asm_token *start = a->token;
    uint32_t location = a->segment ? a->segment->location : 0;
    struct before_dup b = {a->emitted, location, d->count, a->segment ? a->segment->fixup_count : 0};
    bool unstable = a->unstable_seen;
    a->unstable_seen = false;
    struct asm_data skip = *d;
    skip.dry = true;
    bool ok = dup_round(a, rounds ? d : &skip);
    uint64_t per_round = d->count - b.count;
    if (ok && rounds > 1 && d->dry) {
        count_elements(d, per_round * (rounds - 1));
    } else if (ok && rounds > 1) {
        uint32_t n = a->segment->location - location;
        if (a->emitted - b.emitted == n && !a->unstable_seen) {
            copy_rounds(a, &b, rounds - 1);
            count_elements(d, per_round * (rounds - 1));
        } else if (a->emitted == b.emitted) {
            asm_reserve(a, n * (rounds - 1));
            count_elements(d, per_round * (rounds - 1));
        } else {
            const struct asm_token *end = a->token;
            for (uint64_t i = 1; ok && i < rounds; i++) {
                asm_count_work(a);
                a->token = start;
                ok = dup_round(a, d);
            }
            a->token = end;
        }
    }
    a->unstable_seen |= unstable;
    a->depth--;
    return ok;
}

// ---- lists ----

static bool ends_string_item(const struct asm_token *t)
{
    return t->kind == TOKEN_END || asm_is_punct(t, ',') || asm_is_punct(t, ')') || asm_is_punct(t, '>') ||
           asm_is_punct(t, '}');
}

static bool parse_expression_item(struct assembler *a, struct asm_data *d)
{
    const struct asm_token *t = a->token;
    struct asm_value v;
    if (!asm_expression(a, &v))
        return false;
    if (asm_is_operator(a->token, OPERATOR_DUP)) {
        a->token++;
        bool first = d->count == 0 && !d->dup_seen;
        d->dup_seen = true;
        if (first && !v.forward)
            d->first_dup = (uint32_t)v.value;
        return parse_dup(a, d, &v, t->text);
    }
    d->dup_seen = true;
    if (v.kind == VALUE_REAL)
        emit_real(a, d, &v, t->text);
    else if (v.kind == VALUE_STRING)
        asm_error(a, t->text, "the string is too long");
    else
        emit_value(a, d, &v, t->text);
    return true;
}

static bool parse_list(struct assembler *a, struct asm_data *d, char close)
{
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "initialiser nested too deeply");
    bool ok = asm_data_items(a, d, close) && asm_expect(a, close);
    a->depth--;
    return ok;
}

static bool parse_item(struct assembler *a, struct asm_data *d)
{
    const struct asm_token *t = a->token;
    a->here = a->segment ? a->segment->location : 0;
    if (asm_is_operator(t, OPERATOR_QUESTION) && !asm_is_operator(t + 1, OPERATOR_DUP)) {
        a->token++;
        d->dup_seen = true;
        reserve_element(a, d, d->size);
        return true;
    }
    if (t->kind == TOKEN_STRING && ends_string_item(t + 1)) {
        a->token++;
        d->dup_seen = true;
        emit_string(a, d, t);
        return true;
    }
    bool bracket = asm_is_punct(t, '<') || asm_is_punct(t, '{');
    if (bracket && (asm_is_structure(d->type) || (d->type && d->type->kind == TYPE_RECORD))) {
        d->dup_seen = true;
        count_elements(d, 1);
        return asm_instance(a, d->type, d->dry);
    }
    if (bracket && d->inside_field) { // {1,2,3} for an array
        a->token++;
        return parse_list(a, d, asm_is_punct(t, '<') ? '>' : '}');
    }
    if (asm_is_structure(d->type) || (d->type && d->type->kind == TYPE_RECORD)) {
        struct asm_value v;
        if (asm_try_expression(a, &v) && asm_is_operator(a->token, OPERATOR_DUP)) {
            a->token = t;
            return parse_expression_item(a, d);
        }
        asm_error(a, t->text, "'<' expected: it is initialised with <...>");
        return false;
    }
    return parse_expression_item(a, d);
}

bool asm_data_items_one(struct assembler *a, struct asm_data *d)
{
    return parse_item(a, d);
}

// Items up to `close` (0: the end of the line), which stays in front of the cursor.
bool asm_data_items(struct assembler *a, struct asm_data *d, char close)
{
    do {
        if (a->token->kind == TOKEN_END || (close && asm_is_punct(a->token, close))) {
            asm_error(a, a->token->text, "initialiser expected");
            return false;
        }
        if (!parse_item(a, d))
            return false;
    } while (asm_accept(a, ','));
    return true;
}

void asm_data(struct assembler *a, const struct asm_type *type)
{
    if (!a->segment) {
        asm_error_outside(a, a->token->text, "data stands outside of any segment");
        return;
    }
    struct asm_data d = {.type = type, .size = asm_type_size(a, type)};
    struct asm_symbol *label = a->data_label;
    bool ok = asm_data_items(a, &d, 0);
    if (!label || !ok)
        return;
    label->count = (uint32_t)d.count;
    label->first_dup = d.first_dup ? d.first_dup : 1;
    label->bytes = (uint32_t)(d.count * d.size);
}

void asm_data_directive(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name;
    asm_data(a, directive_types[argument]);
}

// ---- ALIGN, EVEN, ORG, LABEL ----

// MASM's own padding: the longest instruction without effect that fits, again and again.
static void pad_code32(struct assembler *a, uint32_t n)
{
    static const uint8_t pads[8][7] = {
        {0},
        {0x90},
        {0x8b, 0xff},
        {0x8d, 0x40, 0},
        {0x8d, 0x44, 0x20, 0},
        {0x2e, 0x8d, 0x44, 0x20, 0},
        {0x8d, 0x80, 0, 0, 0, 0},
        {0x8d, 0xa4, 0x24, 0, 0, 0, 0},
    };
    for (uint32_t part; n; n -= part) {
        part = n < 7 ? n : 7;
        asm_emit(a, pads[part], part);
    }
}

static void pad_code16(struct assembler *a, uint32_t n)
{
    static const uint8_t pads[4][3] = {{0}, {0x90}, {0x8b, 0xc0}, {0x2e, 0x8b, 0xc0}};
    for (uint32_t part; n; n -= part) {
        part = n < 3 ? n : 3;
        asm_emit(a, pads[part], part);
    }
}

// By its content or, as JWasm has it, by its class: data in LCODE is padded as code is.
static bool is_code(const struct asm_segment *s)
{
    size_t n = strlen(s->class_name);
    return s->has_code || (n >= 4 && strcasecmp(s->class_name + n - 4, "CODE") == 0);
}

static void align(struct assembler *a, uint32_t to)
{
    struct asm_segment *s = a->segment;
    uint32_t n = (to - s->location % to) % to;
    a->unstable_seen = true;
    if (n == 0)
        return;
    if (is_code(s) && s->word_size == 4)
        pad_code32(a, n);
    else if (is_code(s))
        pad_code16(a, n);
    else if (s->initialised)
        for (uint32_t i = 0; i < n; i++)
            asm_emit_number(a, 0, 1);
    else
        asm_reserve(a, n);
}

static void align_structure(struct asm_type *t, uint32_t to)
{
    t->size = (t->size + to - 1) / to * to;
}

void asm_align(struct assembler *a, struct asm_name *name, int even)
{
    (void)name;
    const char *at = a->token->text;
    int64_t n = even ? 2 : 4;
    if (!even && a->token->kind == TOKEN_END)
        n = a->segment ? a->segment->align : 4;
    else if (!even && !asm_constant(a, &n))
        return;
    if (n < 1 || n > 4096 || (n & (n - 1))) {
        asm_error(a, at, "ALIGN needs a power of two");
        return;
    }
    if (a->structure) {
        align_structure(a->structure, (uint32_t)n);
        return;
    }
    if (!a->segment) {
        asm_error_outside(a, at, "ALIGN outside of any segment");
        return;
    }
    if ((uint32_t)n > a->segment->align)
        asm_error(a, at, "segment %s is only aligned to %u", a->segment->symbol->name->text, a->segment->align);
    else
        align(a, (uint32_t)n);
}

void asm_org(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    const char *at = a->token->text;
    struct asm_value v;
    if (!asm_expression(a, &v))
        return;
    bool own = v.kind == VALUE_MEMORY && v.base < 0 && v.segment == a->segment && !v.external;
    if (!asm_is_constant(&v) && !own && !v.forward) {
        asm_error(a, at, "constant or address in this segment expected");
        return;
    }
    if (v.value < 0 || v.value > ASM_SEGMENT_LIMIT) {
        asm_error(a, at, "ORG outside of the segment");
        return;
    }
    a->unstable_seen = true;
    if (a->structure) {
        a->structure->size = (uint32_t)v.value;
    } else if (!a->segment) {
        asm_error_outside(a, at, "ORG outside of any segment");
    } else {
        a->segment->location = (uint32_t)v.value;
        asm_reserve(a, 0);
    }
}

void asm_label(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    const char *at = a->token->text;
    const struct asm_type *type = asm_parse_type(a);
    if (!type) {
        asm_error(a, at, "type expected after LABEL");
        return;
    }
    if (a->token->kind != TOKEN_END && asm_accept(a, ':')) { // MASM 6: LABEL type:count
        int64_t count;
        if (!asm_constant(a, &count))
            return;
    }
    struct asm_symbol *s = a->statement && a->statement->symbol ? a->statement->symbol
                           : asm_is_code_type(type) && a->proc_symbol && a->option.scoped
                               ? (name->local ? name->local : asm_symbol_local(a, name))
                               : asm_symbol_get(a, name);
    asm_define_label(a, s, type, at);
    a->unstable_seen = true;
}
