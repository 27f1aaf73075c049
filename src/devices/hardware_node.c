// Hardware descriptions: device nodes with their registry values and logical configurations, and PCI functions.
#include "devices/hardware_text.h"

#include "kit/constants.h"

#include <stdio.h>
#include <string.h>

enum { NAME_LIMIT = 128, VALUE_LIMIT = 1024 };

static void *get(struct hardware_reader *r, size_t size)
{
    void *p = base_arena_zero(r->arena, size);
    if (!p)
        hw_fail(r, "memory is exhausted");
    return p;
}

static const struct hardware_statement node_statements[];

// ---------------------------------------------------------------------------------------------------------------------
// Nodes

bool hardware_same_id(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a >= 'a' && *a <= 'z' ? (char)(*a - 32) : *a, y = *b >= 'a' && *b <= 'z' ? (char)(*b - 32) : *b;
        if (x != y)
            return false;
    }
    return *a == *b;
}

// Enumerator\Device\Instance (Win95 DDK: device identifiers): three parts that can be names of registry keys.
static bool is_id(const char *id)
{
    unsigned parts = 1;
    for (const char *c = id; *c; c++) {
        if (*c == '\\' && (c == id || c[-1] == '\\' || !c[1] || parts++ == 3))
            return false;
        if (*c <= ' ' || *c > '~')
            return false;
    }
    return parts == 3;
}

struct hardware_node *hw_node_new(struct hardware_reader *r, const struct hardware_token *where, const char *id)
{
    struct hardware *h = r->to;
    if (!is_id(id)) {
        hw_fail_at(r, where, "a device identifier has three parts, like ROOT\\CARD\\0000, without blanks");
        return NULL;
    }
    if (h->nodes == HARDWARE_NODES) {
        hw_fail_at(r, where, "at most %u devices", (unsigned)HARDWARE_NODES);
        return NULL;
    }
    for (uint32_t i = 0; i < h->nodes; i++) {
        if (hardware_same_id(h->node[i].id, id)) {
            hw_fail_at(r, where, "there is a device of that identifier already");
            return NULL;
        }
    }
    h->node[h->nodes] = (struct hardware_node){.id = id, .function = -1};
    return &h->node[h->nodes++];
}

static bool read_string(struct hardware_reader *r, const char **to, size_t most, const char *what)
{
    if (*to)
        return hw_fail(r, "%s is given twice", what);
    *to = hw_string(r, most, what);
    return *to != NULL;
}

bool hw_description(struct hardware_reader *r, void *node)
{
    return read_string(r, &((struct hardware_node *)node)->description, VALUE_LIMIT, "the description");
}

bool hw_class(struct hardware_reader *r, void *node)
{
    const struct hardware_token where = r->token;
    const char **name = &((struct hardware_node *)node)->class_name;
    if (!read_string(r, name, 32, "the class"))
        return false;
    return !strchr(*name, '\\') || hw_fail_at(r, &where, "a class is one word, like Media");
}

bool hw_loader(struct hardware_reader *r, void *node)
{
    return read_string(r, &((struct hardware_node *)node)->loader, NAME_LIMIT, "the loader");
}

bool hw_enumerator(struct hardware_reader *r, void *node)
{
    return read_string(r, &((struct hardware_node *)node)->enumerator, NAME_LIMIT, "the enumerator");
}

// A parent is described above its children, so that there are no circles.
static bool read_parent(struct hardware_reader *r, void *context)
{
    struct hardware_node *node = context;
    const struct hardware_token where = r->token;
    if (!read_string(r, &node->parent, HARDWARE_ID, "the parent's identifier"))
        return false;
    for (const struct hardware_node *n = r->to->node; n < node; n++)
        if (hardware_same_id(n->id, node->parent))
            return true;
    return hw_fail_at(r, &where, "no device above has that identifier");
}

// ---------------------------------------------------------------------------------------------------------------------
// Registry values: NAME = "text" | dword N | binary B B ...

static bool set_data(struct hardware_reader *r, struct hardware_value *v, const void *data, uint32_t size)
{
    uint8_t *copy = get(r, size + 1u);
    if (!copy)
        return false;
    memcpy(copy, data, size);
    v->data = copy;
    v->size = size;
    return true;
}

static bool read_dword_data(struct hardware_reader *r, struct hardware_value *v)
{
    uint32_t number;
    uint8_t bytes[4];
    v->type = KIT_REG_DWORD;
    if (!hw_number(r, UINT32_MAX, &number, "the value"))
        return false;
    base_put32(bytes, number);
    return set_data(r, v, bytes, 4);
}

static bool read_binary_data(struct hardware_reader *r, struct hardware_value *v)
{
    uint8_t bytes[VALUE_LIMIT];
    uint32_t number, n = 0;
    v->type = KIT_REG_BINARY;
    while (hw_is_number(r)) {
        if (n == VALUE_LIMIT)
            return hw_fail(r, "at most %u bytes", (unsigned)VALUE_LIMIT);
        if (!hw_number(r, 0xFF, &number, "a byte"))
            return false;
        bytes[n++] = (uint8_t)number;
    }
    return set_data(r, v, bytes, n);
}

static bool read_data(struct hardware_reader *r, struct hardware_value *v)
{
    if (r->token.kind == HW_TEXT) {
        v->type = KIT_REG_SZ;
        if (r->token.length >= VALUE_LIMIT || memchr(r->token.text, 0, r->token.length))
            return hw_fail(r, "a text has at most %u characters", (unsigned)VALUE_LIMIT - 1);
        char text[VALUE_LIMIT] = "";
        memcpy(text, r->token.text, r->token.length);
        bool done = set_data(r, v, text, (uint32_t)r->token.length + 1);
        hw_next(r);
        return done;
    }
    if (hw_accept(r, "dword"))
        return read_dword_data(r, v);
    if (hw_accept(r, "binary"))
        return read_binary_data(r, v);
    return hw_fail(r, "\"text\", dword NUMBER or binary BYTE ... expected");
}

static bool read_value(struct hardware_reader *r, struct hardware_node *node, bool hardware)
{
    struct hardware_value *v = get(r, sizeof *v), **link = &node->values;
    if (!v)
        return false;
    v->hardware = hardware;
    v->name = hw_string(r, NAME_LIMIT, "the name of a value");
    if (!v->name)
        return false;
    if (r->token.kind != HW_EQUALS)
        return hw_fail(r, "'=' expected");
    hw_next(r);
    if (!read_data(r, v))
        return false;
    while (*link)
        link = &(*link)->next;
    *link = v;
    return true;
}

bool hw_value(struct hardware_reader *r, void *node)
{
    return read_value(r, node, false);
}

bool hw_hardware_value(struct hardware_reader *r, void *node)
{
    return read_value(r, node, true);
}

// ---------------------------------------------------------------------------------------------------------------------
// Logical configurations

struct hardware_config *hw_config_new(struct hardware_reader *r, struct hardware_node *node, bool boot)
{
    struct hardware_config *c = get(r, sizeof *c), **link = &node->configs;
    if (!c)
        return NULL;
    c->boot = boot;
    while (*link)
        link = &(*link)->next;
    *link = c;
    return c;
}

struct hardware_resource *hw_resource_new(struct hardware_reader *r, struct hardware_config *config,
                                          enum hardware_kind kind)
{
    struct hardware_resource *s = get(r, sizeof *s), **link = &config->resources;
    unsigned count = 0;
    for (; *link; link = &(*link)->next)
        count++;
    if (count == 32) {
        hw_fail(r, "at most 32 resources in a configuration");
        return NULL;
    }
    if (!s)
        return NULL;
    s->kind = kind;
    *link = s;
    return s;
}

static bool read_numbers(struct hardware_reader *r, struct hardware_config *c, enum hardware_kind kind, uint32_t most)
{
    struct hardware_resource *s = hw_resource_new(r, c, kind);
    uint32_t number;
    if (!s)
        return false;
    do {
        if (!hw_number(r, most, &number, kind == HARDWARE_IRQ ? "an interrupt line" : "a DMA channel"))
            return false;
        s->mask |= 1u << number;
    } while (hw_is_number(r));
    s->shared = kind == HARDWARE_IRQ && hw_accept(r, "shared");
    return true;
}

static bool read_irq(struct hardware_reader *r, void *config)
{
    return read_numbers(r, config, HARDWARE_IRQ, 15);
}

static bool read_dma(struct hardware_reader *r, void *config)
{
    return read_numbers(r, config, HARDWARE_DMA, 7);
}

// FIRST-LAST, or BYTES in FIRST-LAST [align N]
static bool read_range(struct hardware_reader *r, uint32_t most, struct hardware_range *to)
{
    const struct hardware_token where = r->token;
    to->align = 1;
    if (!hw_range(r, most, &to->first, &to->last))
        return false;
    to->bytes = to->last - to->first + 1;
    if (!hw_accept(r, "in"))
        return true;
    to->bytes = to->first; // that was the size
    if (to->first != to->last || !to->bytes)
        return hw_fail_at(r, &where, "how many bytes, before 'in'");
    if (!hw_range(r, most, &to->first, &to->last))
        return false;
    if (hw_accept(r, "align") && !hw_number(r, 1u << 30, &to->align, "the alignment"))
        return false;
    if (!to->align || to->align & (to->align - 1))
        return hw_fail_at(r, &where, "the alignment is a power of two");
    return to->bytes - 1 <= to->last - to->first ||
           hw_fail_at(r, &where, "the range is smaller than what it shall hold");
}

static bool read_ranges(struct hardware_reader *r, struct hardware_config *c, enum hardware_kind kind)
{
    struct hardware_resource *s = hw_resource_new(r, c, kind);
    if (!s)
        return false;
    do {
        if (s->ranges == HARDWARE_RANGES)
            return hw_fail(r, "at most %u alternatives", (unsigned)HARDWARE_RANGES);
        if (!read_range(r, kind == HARDWARE_IO ? 0xFFFF : 0xFFFFFFFE, &s->range[s->ranges]))
            return false;
        s->ranges++;
    } while (hw_accept(r, "or"));
    return true;
}

static bool read_io(struct hardware_reader *r, void *config)
{
    return read_ranges(r, config, HARDWARE_IO);
}

static bool read_memory(struct hardware_reader *r, void *config)
{
    return read_ranges(r, config, HARDWARE_MEMORY);
}

static const struct hardware_statement config_statements[] = {
    {"io", read_io}, {"irq", read_irq}, {"dma", read_dma}, {"memory", read_memory}, {NULL, NULL}};

// config [basic|boot] { ... }
static bool read_config(struct hardware_reader *r, void *node)
{
    bool boot = hw_accept(r, "boot");
    if (!boot)
        (void)!hw_accept(r, "basic");
    struct hardware_config *c = hw_config_new(r, node, boot);
    return c && hw_block(r, config_statements, c);
}

static const struct hardware_statement node_statements[] = {{"description", hw_description},
                                                            {"class", hw_class},
                                                            {"loader", hw_loader},
                                                            {"enumerator", hw_enumerator},
                                                            {"value", hw_value},
                                                            {"hardware-value", hw_hardware_value},
                                                            {"parent", read_parent},
                                                            {"config", read_config},
                                                            {"ports", hw_node_ports},
                                                            {"memory", hw_node_memory},
                                                            {NULL, NULL}};

// device ID { ... }
bool hw_device(struct hardware_reader *r, void *context)
{
    const struct hardware_token where = r->token;
    const char *id = hw_string(r, HARDWARE_ID, "the device identifier");
    struct hardware_node *node = id ? hw_node_new(r, &where, id) : NULL;
    (void)context;
    return node && hw_block(r, node_statements, node);
}
