// What a driver does by what its code says: the control messages it handles, the ports, interrupts, faults, pages and
// services it hooks, with the arguments that are constants there. Straight-line knowledge only: a register counts as
// known from `mov register, number` until something else writes it, a label, or a call.
#include <string.h>

#include "dis/map.h"
#include "kit/kit.h"
#include "kit/messages.h"

struct registers {
    uint8_t known, address; // bit per register: a number is known, a place is known
    uint32_t number[8];
    struct dis_place place[8];
};

// ---------------------------------------------------------------------------------------------------------------------
// Hooks

static const char *const register_names[8] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};

static bool is_interesting(const char *name)
{
    static const char *const beginnings[] = {"Hook_", "Install_", "VPICD_Virtualize_IRQ", "Allocate_V86_Call_Back",
                                             "Allocate_PM_Call_Back"};
    for (size_t i = 0; i < BASE_COUNT(beginnings); i++)
        if (!strncmp(name, beginnings[i], strlen(beginnings[i])))
            return true;
    return false;
}

// "EAX=Interrupt, ESI=HookProc": the role of each register that is known.
static void note_arguments(struct dis_use *use, const char *contract, const struct registers *known)
{
    for (const char *p = contract; *p; p += strcspn(p, ","), p += strspn(p, ", ")) {
        for (int r = 0; r < 8; r++) {
            bool has = ((known->known | known->address) >> r) & 1;
            if (strncmp(p, register_names[r], 3) != 0 || p[3] != '=' || !has || use->argument_count == DIS_ARGUMENTS)
                continue;
            struct dis_argument *a = &use->arguments[use->argument_count++];
            *a = (struct dis_argument){.register_name = register_names[r],
                                       .role = p + 4,
                                       .role_length = strcspn(p + 4, ","),
                                       .is_place = (known->address >> r) & 1,
                                       .number = known->number[r],
                                       .place = known->place[r]};
        }
    }
}

static void note_service(struct dis_map *m, struct dis_place at, const struct dis_instruction *d,
                         struct registers *known)
{
    const struct kit_device *device = kit_device_by_id(d->device);
    const struct kit_service *s = device ? kit_service_by_ordinal(device, d->ordinal) : NULL;
    if (!s) {
        *known = (struct registers){0};
        return;
    }
    if (is_interesting(s->name)) {
        struct dis_use use = {.at = at, .service = s};
        note_arguments(&use, s->in, known);
        base_buf_add(&m->uses, &use, sizeof use);
    }
    for (int r = 0; r < 8; r++)
        if (s->convention != KIT_REG || strstr(s->uses, register_names[r]) || strstr(s->out, register_names[r])) {
            known->known &= (uint8_t) ~(1 << r);
            known->address &= (uint8_t) ~(1 << r);
        }
}

static void note_load(struct dis_map *m, struct dis_place at, const struct dis_instruction *d, struct registers *known)
{
    known->known &= (uint8_t)~d->writes;
    known->address &= (uint8_t)~d->writes;
    if (!d->loads)
        return;
    const struct le_fixup *f = d->immediate_size ? dis_fixup_at(m, at.object, at.offset + d->immediate) : NULL;
    if (f) {
        known->address |= (uint8_t)(1 << d->loaded);
        known->place[d->loaded] = (struct dis_place){f->target_object, f->target_offset};
    } else {
        known->known |= (uint8_t)(1 << d->loaded);
        known->number[d->loaded] = d->value;
    }
}

static void survey_object(struct dis_map *m, uint32_t object)
{
    struct registers known = {0};
    struct dis_instruction d;
    uint32_t step;
    for (uint32_t at = 0; at < m->image->objects[object].data_size; at += step) {
        uint8_t marks = m->marks[object][at];
        step = 1;
        if (!(marks & DIS_START) || (marks & DIS_LABEL))
            known = (struct registers){0};
        if (!(marks & DIS_START))
            continue;
        struct dis_place place = {object, at};
        dis_decode(m, place, false, &d);
        step = d.length;
        if (d.service)
            note_service(m, place, &d, &known);
        else if (d.flow == DIS_CALL)
            known = (struct registers){0};
        else
            note_load(m, place, &d, &known);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Control messages: what the control procedure compares EAX with

// The procedure ends where nothing goes on, unless a `jne` before has skipped to something behind: handlers that follow
// belong to it in form only.
static void survey_control(struct dis_map *m)
{
    struct dis_place at = m->control;
    uint32_t farthest = at.offset;
    struct dis_instruction d;
    while (m->has_control && at.offset < m->image->objects[at.object].data_size) {
        if (!(m->marks[at.object][at.offset] & DIS_START))
            return;
        dis_decode(m, at, false, &d);
        if (d.compares_eax) {
            struct dis_message message = {at, d.value};
            base_buf_add(&m->messages, &message, sizeof message);
        }
        if (d.flow == DIS_BRANCH_MAYBE && !strncmp(d.text, "jnz", 3) && d.target > farthest)
            farthest = d.target;
        at.offset += d.length;
        if ((d.flow == DIS_STOP || d.flow == DIS_JUMP) && at.offset > farthest)
            return;
    }
}

void dis_survey(struct dis_map *m)
{
    survey_control(m);
    for (uint32_t i = 0; i < m->image->object_count; i++)
        if (!dis_is_code16(&m->image->objects[i]))
            survey_object(m, i);
}

const struct kit_message *dis_message_at(const struct dis_map *m, struct dis_place at)
{
    const struct dis_message *messages = (const void *)m->messages.data;
    size_t low = 0, count = m->messages.size / sizeof *messages;
    for (size_t high = count; low < high;) { // all lie in one object
        size_t middle = low + (high - low) / 2;
        if (messages[middle].at.offset < at.offset)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < count && messages[low].at.object == at.object && messages[low].at.offset == at.offset;
    return found ? kit_message(messages[low].value) : NULL;
}
