// Hardware descriptions: where scripted ports and memory lie, at a fixed place or where a device's resources are
// allocated.
#include "devices/hardware_text.h"

#include <stdio.h>
#include <string.h>

static struct pc_script *script(struct hardware_reader *r)
{
    return &r->to->script;
}

int hw_space_new(struct hardware_reader *r, const struct pc_space *like)
{
    struct pc_script *s = script(r);
    if (s->spaces == PC_SPACES) {
        hw_fail(r, "at most %u ranges of ports and memory", (unsigned)PC_SPACES);
        return -1;
    }
    s->space[s->spaces] = *like;
    return (int)s->spaces++;
}

static bool taken(struct hardware_reader *r, const struct pc_space *like)
{
    for (uint32_t i = 0; i < script(r)->spaces; i++) {
        const struct pc_space *p = &script(r)->space[i];
        if (p->memory == like->memory && p->present &&
            (like->base - p->base < p->bytes || p->base - like->base < like->bytes))
            return true;
    }
    return false;
}

static bool read_space(struct hardware_reader *r, bool memory)
{
    struct pc_space like = {
        .memory = memory, .present = 1, .function = PC_NO_FUNCTION, .line = PC_OWN_LINE, .channel = PC_OWN_CHANNEL};
    const struct hardware_token where = r->token;
    uint32_t last;
    if (!hw_range(r, memory ? 0xFFFFFFFEu : 0xFFFF, &like.base, &last))
        return false;
    like.bytes = last - like.base + 1;
    if (memory && (like.base < 0xA0000 || like.bytes > 1 << 24))
        return hw_fail_at(r, &where, "device memory lies above 0xA0000 and has at most 16 MB");
    if (taken(r, &like))
        return hw_fail_at(r, &where, "the range overlaps one that was described above");
    if (r->token.kind == HW_TEXT || r->token.kind == HW_WORD) {
        const char *name = hw_string(r, PC_SPACE_NAME, "a name");
        if (!name)
            return false;
        memcpy(like.name, name, strlen(name));
    } else {
        snprintf(like.name, sizeof like.name, memory ? "%08X" : "%04X", (unsigned)like.base);
    }
    int space = hw_space_new(r, &like);
    return space >= 0 && hw_space_block(r, (unsigned)space);
}

// The bytes of a node's n-th resource of the kind in its first basic configuration; 0 = there is none.
static uint32_t resource_bytes(const struct hardware_node *node, enum hardware_kind kind, uint32_t n)
{
    const struct hardware_config *c = node->configs;
    while (c && c->boot)
        c = c->next;
    for (const struct hardware_resource *s = c ? c->resources : NULL; s; s = s->next)
        if (s->kind == kind && n-- == 0)
            return s->range[0].bytes;
    return 0;
}

// ports|memory N [NAME] { ... }: where the device's n-th resource of the kind is allocated
static bool read_owned(struct hardware_reader *r, const struct hardware_node *node, bool memory)
{
    struct pc_space like = {
        .memory = memory, .function = PC_NO_FUNCTION, .line = PC_OWN_LINE, .channel = PC_OWN_CHANNEL};
    const struct hardware_token where = r->token;
    uint32_t n;
    if (!hw_number(r, 31, &n, "which resource, from 0"))
        return false;
    like.bar = (uint8_t)n;
    like.owner = (uint8_t)(node - r->to->node + 1);
    like.bytes = resource_bytes(node, memory ? HARDWARE_MEMORY : HARDWARE_IO, n);
    if (!like.bytes || like.bytes > 1 << 24)
        return hw_fail_at(r, &where, "no such resource in a basic configuration above, or one of more than 16 MB");
    snprintf(like.name, sizeof like.name, memory ? "memory %u" : "ports %u", (unsigned)n % 32);
    if (r->token.kind == HW_TEXT || r->token.kind == HW_WORD) {
        const char *name = hw_string(r, PC_SPACE_NAME, "a name");
        if (!name)
            return false;
        snprintf(like.name, sizeof like.name, "%s", name);
    }
    int space = hw_space_new(r, &like);
    return space >= 0 && hw_space_block(r, (unsigned)space);
}

bool hw_node_ports(struct hardware_reader *r, void *node)
{
    return read_owned(r, node, false);
}

bool hw_node_memory(struct hardware_reader *r, void *node)
{
    return read_owned(r, node, true);
}

bool hw_ports(struct hardware_reader *r, void *context)
{
    (void)context;
    return read_space(r, false);
}

bool hw_memory(struct hardware_reader *r, void *context)
{
    (void)context;
    return read_space(r, true);
}
