// From a matched row of forms.def and its operands to bytes and fixups. Prefixes come in MASM's order: LOCK and REP,
// address size, operand size, segment.
#include <string.h>

#include "asm/encode.h"

// ---- output ----

static void room_for(struct assembler *a, struct asm_segment *s, size_t end)
{
    if (end > ASM_SEGMENT_LIMIT)
        asm_fatal(a, "segment %s is larger than %u MiB", s->symbol->name->text, ASM_SEGMENT_LIMIT >> 20);
    if (end <= s->bytes.size)
        return;
    size_t n = end - s->bytes.size;
    uint8_t *p = base_buf_reserve(&s->bytes, n);
    asm_check(a, &s->bytes);
    memset(p, 0, n);
    s->bytes.size = end;
}

void asm_emit(struct assembler *a, const void *data, size_t n)
{
    struct asm_segment *s = a->segment;
    size_t end = (size_t)s->location + n;
    room_for(a, s, end);
    if (n)
        memcpy(s->bytes.data + s->location, data, n);
    s->initialised = true;
    a->emitted += n;
    s->location = (uint32_t)end;
    if (s->location > s->size)
        s->size = s->location;
}

void asm_reserve(struct assembler *a, uint64_t n)
{
    struct asm_segment *s = a->segment;
    if (n > ASM_SEGMENT_LIMIT || s->location + n > ASM_SEGMENT_LIMIT)
        asm_fatal(a, "segment %s is larger than %u MiB", s->symbol->name->text, ASM_SEGMENT_LIMIT >> 20);
    s->location += (uint32_t)n;
    if (s->location > s->size)
        s->size = s->location;
}

void asm_emit_number(struct assembler *a, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size && i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    asm_emit(a, bytes, size < sizeof bytes ? size : sizeof bytes);
}

// The group whose paragraph a segment number of a 16-bit segment means: the one named, or the one that a variable's
// segment is in. A segment's own name means the segment.
static struct asm_symbol *group_of(const struct assembler *a, const struct asm_value *v)
{
    const struct asm_group *g = v->segment && !v->frame ? v->segment->group : NULL;
    struct asm_symbol *s = g ? g->symbol : v->frame && v->frame->kind == SYMBOL_GROUP ? v->frame : NULL;
    if (v->part != 's' || a->segment->word_size != 2 || !s || s->group->flat)
        return NULL;
    s->used = true;
    return s;
}

static void add_fixup(struct assembler *a, const struct asm_value *v, uint16_t type)
{
    struct asm_segment *s = a->segment;
    a->unstable_seen = true;
    if (!a->final || (v->segment && v->segment->combine == COMBINE_AT))
        return; // an AT segment's addresses are plain numbers
    s->fixups = asm_grow(a, s->fixups, &s->fixup_capacity, s->fixup_count, sizeof *s->fixups);
    s->fixups[s->fixup_count++] = (struct asm_fixup){
        .offset = s->location, .type = type, .segment = v->segment, .external = v->external, .group = group_of(a, v)};
}

// An address or a number in `size` bytes, with its fixup.
void asm_emit_address(struct assembler *a, const struct asm_value *v, size_t size, const char *at)
{
    if (!asm_has_base(v) || (v->forward && a->pass == 1)) {
        asm_emit_number(a, (uint64_t)v->value, size);
        return;
    }
    uint16_t type = 0;
    if (v->part == 's')
        type = COFF_SECTION;
    else if (v->part == 'r')
        type = COFF_SECREL;
    else if (size == 4)
        type = v->part == 'i' ? COFF_DIR32NB : COFF_DIR32;
    else if (size == 2)
        type = COFF_DIR16;
    if (type == 0 || (type == COFF_SECTION &&
                      (size < 2 || (v->frame && v->frame->kind == SYMBOL_GROUP && !v->segment && !group_of(a, v)))))
        asm_error(a, at, type ? "a group has no address in 32-bit code" : "an address does not fit %zu byte%s", size,
                  size == 1 ? "" : "s");
    else
        add_fixup(a, v, type);
    bool at_segment = v->segment && v->segment->combine == COMBINE_AT;
    asm_emit_number(a, type != COFF_SECTION ? (uint64_t)v->value : at_segment ? (uint64_t)v->segment->at : 0, size);
}

// ---- segment registers ----

static bool reaches(const struct assembler *a, int reg, const struct asm_value *v)
{
    const struct asm_assume *as = &a->assume[reg];
    struct asm_segment *segment = v->segment;
    if (v->external && !segment)
        segment = v->external->segment;
    if (as->group && as->group->kind == SYMBOL_GROUP)
        return as->group == a->flat || !segment || segment->group == as->group->group;
    if (reg == REGISTER_CS && !as->segment) // code runs in its own segment
        return segment == a->segment;
    return as->segment && (as->segment == segment || !segment);
}

// The segment prefix an operand needs, -1 for none. A label is reached through whatever register ASSUME says points
// there.
int asm_needed_override(struct assembler *a, const struct asm_value *v, const char *at)
{
    bool stack = v->base >= 0 && (v->address_size == 4 ? v->base == 4 || v->base == 5 : v->base == 5 || v->index == 5);
    int natural = stack ? REGISTER_SS : REGISTER_DS;
    if (v->segment_override >= 0)
        return v->segment_override == natural ? -1 : v->segment_override;
    if ((!v->segment && !(v->external && v->external->segment)) || v->frame == a->flat)
        return -1;
    if (reaches(a, natural, v))
        return -1;
    static const uint8_t order[] = {REGISTER_DS, REGISTER_SS, REGISTER_ES, REGISTER_FS, REGISTER_GS, REGISTER_CS};
    for (size_t i = 0; i < BASE_COUNT(order); i++)
        if (reaches(a, order[i], v))
            return order[i];
    if (v->external || v->forward)
        return -1;
    asm_error(a, at, "no segment register is known to reach this label (ASSUME)");
    return -1;
}

static uint8_t override_byte(int reg)
{
    static const uint8_t bytes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    return bytes[reg];
}

// ---- memory operands ----

struct memory_bytes {
    uint8_t modrm, sib;
    bool has_sib;
    uint8_t displacement; // bytes
};

static uint8_t address_size(const struct assembler *a, const struct asm_value *v)
{
    if (v->address_size)
        return v->address_size;
    if (v->segment)
        return v->segment->word_size;
    if (v->external && v->external->segment)
        return v->external->segment->word_size;
    if (!asm_has_base(v) && v->value > 0xffff && (a->cpu & CPU_LEVEL) >= CPU_386)
        return 4;
    return a->segment->word_size;
}

static uint8_t displacement_size(const struct asm_value *v, uint8_t full)
{
    if (asm_has_base(v) || v->forward)
        return full;
    int64_t d = full == 2 ? (int16_t)(uint16_t)v->value : (int32_t)(uint32_t)v->value;
    return d == 0 ? 0 : d >= -128 && d <= 127 ? 1 : full;
}

static uint8_t scale_bits(uint8_t scale)
{
    return scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0;
}

static bool memory32(struct assembler *a, const struct asm_value *v, struct memory_bytes *m, const char *at)
{
    int base = v->base, index = v->index;
    if (index == 4) { // ESP cannot be an index
        if (v->scale > 1 || base == 4) {
            asm_error(a, at, "ESP cannot be scaled");
            return false;
        }
        index = base;
        base = 4;
    }
    m->displacement = displacement_size(v, 4);
    if (base < 0) {
        m->displacement = 4;
        m->modrm = index < 0 ? 5 : 4;
        m->has_sib = index >= 0;
        m->sib = (uint8_t)(index < 0 ? 0 : scale_bits(v->scale) << 6 | index << 3 | 5);
        return true;
    }
    if (m->displacement == 0 && base == 5)
        m->displacement = 1;
    m->modrm = (uint8_t)(m->displacement == 0 ? 0 : m->displacement == 1 ? 0x40 : 0x80);
    if (index < 0 && base != 4) {
        m->modrm |= (uint8_t)base;
        return true;
    }
    m->modrm |= 4;
    m->has_sib = true;
    m->sib = (uint8_t)(scale_bits(v->scale) << 6 | (index < 0 ? 4 : index) << 3 | base);
    return true;
}

static int pair16(int x, int y)
{
    static const struct {
        int8_t base, index;
    } pairs[] = {{3, 6}, {3, 7}, {5, 6}, {5, 7}, {6, -1}, {7, -1}, {5, -1}, {3, -1}};
    for (int i = 0; i < 8; i++)
        if ((pairs[i].base == x && pairs[i].index == y) || (pairs[i].base == y && pairs[i].index == x))
            return i;
    return -1;
}

static bool memory16(struct assembler *a, const struct asm_value *v, struct memory_bytes *m, const char *at)
{
    m->displacement = displacement_size(v, 2);
    if (v->base < 0 && v->index < 0) {
        m->displacement = 2;
        m->modrm = 6;
        return true;
    }
    int rm = pair16(v->base, v->index);
    if (rm < 0) {
        asm_error(a, at, "a 16-bit address is made of BX or BP and SI or DI");
        return false;
    }
    if (m->displacement == 0 && rm == 6)
        m->displacement = 1;
    m->modrm = (uint8_t)((m->displacement == 0 ? 0 : m->displacement == 1 ? 0x40 : 0x80) | rm);
    return true;
}

// ---- the instruction ----

struct parts { // which operand plays which role
    const struct asm_value *memory, *reg, *rm, *target;
    const char *memory_at;
    bool plain_address;
};

static bool is_rm_class(int c)
{
    bool wide = c == OPERAND_MMM64 || c == OPERAND_MMR || (c >= OPERAND_XMMR && c <= OPERAND_M128);
    return (c >= OPERAND_RM8 && c <= OPERAND_MP) || wide;
}

static bool is_fixed_class(int c)
{
    return c == OPERAND_AL || c == OPERAND_AX || c == OPERAND_EAX || c == OPERAND_AV || c == OPERAND_CL ||
           c == OPERAND_DX || c == OPERAND_ST || (c >= OPERAND_ES && c <= OPERAND_GS);
}

static void assign_roles(const struct asm_instruction *i, struct parts *p)
{
    for (int k = 0; k < i->count; k++) {
        int c = i->form->operands[k];
        const struct asm_value *v = &i->operands[k];
        if (v->kind == VALUE_MEMORY && c != OPERAND_REL8 && c != OPERAND_RELV && c != OPERAND_FAR) {
            p->memory = p->memory ? p->memory : v;
            p->memory_at = i->at[k];
        }
        if (c == OPERAND_O8 || c == OPERAND_OV)
            p->plain_address = true;
        else if (c == OPERAND_REL8 || c == OPERAND_RELV || c == OPERAND_FAR)
            p->target = v;
        else if (is_rm_class(c))
            p->rm = v;
        else if (v->kind == VALUE_REGISTER && !is_fixed_class(c))
            p->reg = v;
    }
    // mov r32,cr and its like: the general register is in the r/m field
    if (i->form->modrm == MODRM_REGISTER && !p->rm) {
        const struct asm_value *x = &i->operands[0], *y = &i->operands[1];
        bool x_special = x->register_class >= REGISTER_SEGMENT;
        p->reg = x_special ? x : y;
        p->rm = x_special ? y : x;
    }
}

static void emit_immediates(struct assembler *a, const struct asm_instruction *i)
{
    int given = 0;
    for (int k = 0; k < i->count && given < i->form->immediate_count; k++) {
        int c = i->form->operands[k];
        if (c < OPERAND_I8 || c > OPERAND_IV)
            continue;
        uint8_t size = i->form->immediates[given++];
        if (size == 0xff)
            size = i->v ? i->v : a->segment->word_size;
        asm_emit_address(a, &i->operands[k], size, i->at[k]);
    }
}

static void emit_relative(struct assembler *a, const struct asm_instruction *i, const struct asm_value *v,
                          bool short_form)
{
    uint8_t size = short_form ? 1 : i->v ? i->v : a->segment->word_size;
    int64_t distance = v->value - ((int64_t)a->segment->location + size);
    if (short_form && (v->segment != a->segment || v->external)) {
        asm_error(a, i->at[0], "a short jump cannot leave the segment");
        distance = 0;
    } else if (short_form && !v->forward && (distance < -128 || distance > 127)) {
        asm_error(a, i->at[0], "the target is %lld bytes too far for a short jump",
                  (long long)(distance < 0 ? -128 - distance : distance - 127));
    } else if (v->external || v->segment != a->segment) {
        add_fixup(a, v, size == 2 ? COFF_REL16 : COFF_REL32);
        distance = v->value;
    }
    if (!short_form && a->pass > 1 && a->statement)
        a->statement->size_hint = 1;
    a->unstable_seen = true;
    asm_emit_number(a, (uint64_t)distance, size);
}

static void emit_far(struct assembler *a, const struct asm_value *v, const char *at)
{
    asm_emit_address(a, v, a->segment->word_size, at);
    struct asm_value seg = *v;
    seg.part = 's';
    add_fixup(a, &seg, COFF_SECTION);
    asm_emit_number(a, 0, 2);
}

static void emit_target(struct assembler *a, const struct asm_instruction *i, const struct asm_value *v)
{
    for (int k = 0; k < i->count; k++)
        if (i->form->operands[k] == OPERAND_FAR)
            emit_far(a, v, i->at[k]);
        else if (i->form->operands[k] == OPERAND_REL8 || i->form->operands[k] == OPERAND_RELV)
            emit_relative(a, i, v, i->form->operands[k] == OPERAND_REL8);
}

static bool string_prefixes(struct assembler *a, const struct asm_instruction *i, int *override)
{
    int use = i->form->string;
    const struct asm_value *destination = NULL, *source = NULL;
    const char *at = i->at[0];
    for (int k = 0; k < i->count; k++) {
        if (i->operands[k].kind != VALUE_MEMORY)
            continue;
        bool first = destination == NULL && source == NULL;
        bool is_destination =
            use == STRING_DESTINATION || (use == STRING_MOVS && first) || (use == STRING_CMPS && !first);
        *(is_destination ? &destination : &source) = &i->operands[k];
    }
    if (destination && destination->segment_override >= 0 && destination->segment_override != REGISTER_ES) {
        asm_error(a, at, "the destination of a string instruction is always in ES");
        return false;
    }
    *override = source ? asm_needed_override(a, source, at) : -1;
    return true;
}

// FSTENV and its like: FWAIT is an instruction of its own, in front of the prefixes. ADDSS and its like: F3 is the
// first of them.
static bool leads(const struct asm_form *f)
{
    return f->opcode_count > 1 && (f->opcode[0] == 0x9b || (f->opcode[0] == 0xf3 && f->opcode[1] == 0x0f));
}

static void emit_prefixes(struct assembler *a, const struct asm_instruction *i, const struct parts *p, int override)
{
    uint8_t word = a->segment->word_size;
    uint8_t size = i->form->operand_size ? i->form->operand_size : i->form->sized && i->v ? i->v : word;
    uint8_t address = i->form->address_size ? i->form->address_size : p->memory ? address_size(a, p->memory) : word;
    uint8_t bytes[8];
    size_t n = 0;
    for (int k = 0; k < i->prefix_count; k++)
        bytes[n++] = i->prefixes[k];
    if (leads(i->form))
        bytes[n++] = i->form->opcode[0];
    if (address != word)
        bytes[n++] = 0x67;
    if (size != word)
        bytes[n++] = 0x66;
    if (override >= 0)
        bytes[n++] = override_byte(override);
    asm_emit(a, bytes, n);
}

static void emit_modrm(struct assembler *a, const struct asm_instruction *i, const struct parts *p,
                       const struct memory_bytes *m)
{
    uint8_t reg = i->form->modrm == MODRM_DIGIT ? i->form->digit : p->reg ? (uint8_t)p->reg->value : 0;
    if (i->form->modrm == MODRM_SAME) {
        asm_emit_number(a, 0xc0u | (unsigned)reg << 3 | reg, 1);
        return;
    }
    const struct asm_value *rm = p->rm ? p->rm : p->memory ? p->memory : p->reg; // psllw mm,5
    if (rm && rm->kind == VALUE_REGISTER) {
        asm_emit_number(a, 0xc0u | (unsigned)reg << 3 | (unsigned)rm->value, 1);
        return;
    }
    asm_emit_number(a, m->modrm | (unsigned)reg << 3, 1);
    if (m->has_sib)
        asm_emit_number(a, m->sib, 1);
    if (m->displacement)
        asm_emit_address(a, rm, m->displacement, p->memory_at);
}

static void emit_opcode(struct assembler *a, const struct asm_instruction *i, const struct parts *p)
{
    const struct asm_form *f = i->form;
    uint8_t bytes[ASM_FORM_OPCODE];
    memcpy(bytes, f->opcode, sizeof bytes);
    if (f->plus_register && p->reg)
        bytes[f->opcode_count - 1] = (uint8_t)(bytes[f->opcode_count - 1] + p->reg->value);
    asm_emit(a, bytes + leads(f), f->opcode_count - (size_t)leads(f));
}

void asm_encode(struct assembler *a, struct asm_instruction *i)
{
    struct parts p = {0};
    struct memory_bytes m = {0};
    assign_roles(i, &p);
    int override = -1;
    if (i->form->string != STRING_NONE && !string_prefixes(a, i, &override))
        return;
    if (p.memory && i->form->string == STRING_NONE && (i->form->modrm != MODRM_NONE || p.plain_address)) {
        bool lea = i->form->opcode[0] == 0x8d;
        override = lea ? -1 : asm_needed_override(a, p.memory, p.memory_at);
        if (!p.plain_address && !(address_size(a, p.memory) == 4 ? memory32(a, p.memory, &m, p.memory_at)
                                                                 : memory16(a, p.memory, &m, p.memory_at)))
            return;
    }
    emit_prefixes(a, i, &p, override);
    emit_opcode(a, i, &p);
    if (i->form->modrm != MODRM_NONE)
        emit_modrm(a, i, &p, &m);
    else if (p.plain_address)
        asm_emit_address(a, p.memory, address_size(a, p.memory), p.memory_at);
    if (p.target)
        emit_target(a, i, p.target);
    emit_immediates(a, i);
    if (i->form->has_suffix)
        asm_emit_number(a, i->form->suffix, 1);
}

// Before the 386 a conditional jump only reaches 128 bytes: jump around a near one (OPTION LJMP).
bool asm_long_jump(struct assembler *a, const struct asm_instruction *i)
{
    const struct asm_form *f = i->short_only && i->count == 1 ? &a->forms->forms[i->mnemonic - 1] : NULL;
    if (!f || !a->option.ljmp || (f->opcode[0] & 0xf0) != 0x70 || !asm_is_target(&i->operands[0]) ||
        i->operands[0].short_jump)
        return false;
    uint8_t bytes[] = {(uint8_t)(f->opcode[0] ^ 1), (uint8_t)(1 + a->segment->word_size), 0xe9};
    asm_emit(a, bytes, sizeof bytes);
    emit_relative(a, i, &i->operands[0], false);
    return true;
}
