#include "cli/run.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_SECONDS = 60, // of virtual time
    DEFAULT_LIMIT = 200000000,
};

enum option {
    QUIET,
    FOR,
    LIMIT,
    IOCTL,
    IRQ,
    NMI,
    KEY,
    MOUSE,
    ANSWER,
    SEED,
    INI,
    REGISTRY,
    WINDOWS,
    CPU,
    STATIC,
    DYNAMIC,
    TRACE,
    REPORT,
    KEEP_GOING,
    HARDWARE,
    VM,
    ROOT,
    SCREEN,
    CHECK,
    GDB,
};

static const struct cli_option options[] = {
    [QUIET] = {"--quiet", CLI_NOTHING},
    [FOR] = {"--for", CLI_VALUE},
    [LIMIT] = {"--limit", CLI_VALUE},
    [IOCTL] = {"--ioctl", CLI_VALUE},
    [IRQ] = {"--irq", CLI_VALUE},
    [NMI] = {"--nmi", CLI_VALUE},
    [KEY] = {"--key", CLI_VALUE},
    [MOUSE] = {"--mouse", CLI_VALUE},
    [ANSWER] = {"--answer", CLI_VALUE},
    [SEED] = {"--seed", CLI_VALUE},
    [INI] = {"--ini", CLI_VALUE},
    [REGISTRY] = {"--registry", CLI_VALUE},
    [WINDOWS] = {"--windows", CLI_VALUE},
    [CPU] = {"--cpu", CLI_VALUE},
    [STATIC] = {"--static", CLI_NOTHING},
    [DYNAMIC] = {"--dynamic", CLI_NOTHING},
    [TRACE] = {"--trace", CLI_VALUE},
    [REPORT] = {"--report", CLI_VALUE},
    [KEEP_GOING] = {"--keep-going", CLI_NOTHING},
    [HARDWARE] = {"--hardware", CLI_VALUE},
    [VM] = {"--vm", CLI_VALUE},
    [ROOT] = {"--root", CLI_VALUE},
    [SCREEN] = {"--screen", CLI_NOTHING},
    [CHECK] = {"--check", CLI_OPTIONAL_VALUE},
    [GDB] = {"--gdb", CLI_VALUE},
    {NULL, CLI_NOTHING},
};

void run_request_init(struct run_request *r)
{
    *r = (struct run_request){.limit = DEFAULT_LIMIT, .for_ns = DEFAULT_SECONDS * UINT64_C(1000000000)};
    vxd_default_config(&r->config);
}

void run_request_free(struct run_request *r)
{
    free(r->drivers.items);
    free(r->programs.items);
    free(r->inputs);
    free(r->ioctls);
    free(r->answers);
}

// A number, decimal or with 0x; the text behind it comes back in *end. False: no number, or too large.
static bool parse_number(const char *text, uint64_t *value, const char **end)
{
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    const char *start = text;
    for (*value = 0;; text++) {
        unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                         : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a') + 10
                         : *text >= 'A' && *text <= 'F' ? (unsigned)(*text - 'A') + 10
                                                        : 99;
        if (digit >= base)
            break;
        if (*value > (UINT64_MAX - digit) / base)
            return false;
        *value = *value * base + digit;
    }
    *end = text;
    return text != start;
}

static bool parse_whole(const char *text, uint64_t *value)
{
    const char *end;
    return parse_number(text, value, &end) && *end == '\0';
}

// "500ms", "2s", "100us", "40ns".
static bool parse_time(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    const char *unit;
    uint64_t count;
    if (!parse_number(text, &count, &unit))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].unit) == 0) {
            *ns = count * units[i].ns;
            return count <= UINT64_MAX / 2 / units[i].ns;
        }
    }
    return false;
}

static int bad_value(enum option which, const char *value, const char *wanted)
{
    return cli_complain("run: %s %s: %s is wanted", options[which].name, value, wanted);
}

// One of `names`; -1 after a message.
static int choose(enum option which, const char *value, const char *const *names, const char *wanted)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], value) == 0)
            return i;
    bad_value(which, value, wanted);
    return -1;
}

static int set_windows(struct run_request *r, const char *value)
{
    static const char *const names[] = {"3.1", "95", "98", NULL};
    int chosen = choose(WINDOWS, value, names, "3.1, 95 or 98");
    r->config.windows = (enum vxd_windows)chosen;
    return chosen < 0 ? CLI_USAGE : CLI_OK;
}

static int set_cpu(struct run_request *r, const char *value)
{
    static const char *const names[] = {"386", "486", "pentium", "p6", NULL};
    int chosen = choose(CPU, value, names, "386, 486, pentium or p6");
    r->config.cpu = (enum vxd_cpu)chosen;
    return chosen < 0 ? CLI_USAGE : CLI_OK;
}

static struct run_input *add_input(struct run_request *r)
{
    struct run_input *inputs = realloc(r->inputs, (r->input_count + 1) * sizeof *inputs);
    if (!inputs)
        return NULL;
    r->inputs = inputs;
    return &inputs[r->input_count++];
}

static int add_irq(struct run_request *r, const char *value)
{
    uint64_t irq, at;
    const char *end;
    if (!parse_number(value, &irq, &end) || irq > 15 || irq == 2 || *end != '@' || !parse_time(end + 1, &at))
        return bad_value(IRQ, value, "LINE@TIME with a line of 0 to 15, not 2, such as 5@20ms,");
    struct run_input *input = add_input(r);
    if (!input)
        return cli_status_of(VXD_NO_MEMORY);
    *input = (struct run_input){.irq = (unsigned)irq, .at = at};
    return CLI_OK;
}

static int add_nmi(struct run_request *r, const char *value)
{
    uint64_t at;
    if (!parse_time(value, &at))
        return bad_value(NMI, value, "a time, such as 20ms,");
    struct run_input *input = add_input(r);
    if (!input)
        return cli_status_of(VXD_NO_MEMORY);
    *input = (struct run_input){.nmi = true, .at = at};
    return CLI_OK;
}

// The key's name ends at the last @; the word is ours to cut, as it came in argv.
static int add_key(struct run_request *r, char *value)
{
    char *mark = strrchr(value, '@');
    uint64_t at;
    if (!mark || mark == value || !parse_time(mark + 1, &at))
        return bad_value(KEY, value, "KEY@TIME, such as a@5ms or Ctrl+Alt+Del@1s,");
    struct run_input *input = add_input(r);
    if (!input)
        return cli_status_of(VXD_NO_MEMORY);
    *mark = '\0';
    *input = (struct run_input){.key = value, .at = at};
    return CLI_OK;
}

// "left", "right", "middle", several with + between. False: another word.
static bool parse_buttons(const char *text, uint64_t n, unsigned *buttons)
{
    enum { BUTTONS = 3 };
    static const char *const names[BUTTONS] = {"left", "right", "middle"};
    *buttons = 0;
    for (const char *end = text + n; text < end;) {
        size_t length = strcspn(text, "+@"), i = 0;
        while (i < BUTTONS && (strlen(names[i]) != length || memcmp(text, names[i], length) != 0))
            i++;
        if (i == BUTTONS)
            return false;
        *buttons |= 1u << i;
        text += length;
        if (text < end && ++text == end)
            return false; // a + and nothing behind it
    }
    return true;
}

// RIGHT,DOWN[,BUTTONS]@TIME
static int add_mouse(struct run_request *r, const char *value)
{
    struct run_input input = {.mouse = true};
    int used = 0;
    bool good = sscanf(value, "%6d,%6d%n", &input.right, &input.down, &used) == 2;
    const char *mark = good ? strchr(value + used, '@') : NULL, *at = value + used;
    good = mark && parse_time(mark + 1, &input.at) &&
           (at == mark ||
            (*at == ',' && mark > at + 1 && parse_buttons(at + 1, (uint64_t)(mark - at - 1), &input.buttons)));
    if (!good)
        return bad_value(MOUSE, value, "RIGHT,DOWN@TIME or RIGHT,DOWN,left+right@TIME, such as 80,-8@20ms,");
    struct run_input *place = add_input(r);
    if (!place)
        return cli_status_of(VXD_NO_MEMORY);
    *place = input;
    return CLI_OK;
}

static int add_answer(struct run_request *r, const char *value)
{
    const char **answers = realloc(r->answers, (r->answer_count + 1) * sizeof *answers);
    if (!answers)
        return cli_status_of(VXD_NO_MEMORY);
    r->answers = answers;
    answers[r->answer_count++] = value;
    return CLI_OK;
}

static int add_ioctl(struct run_request *r, const char *value)
{
    uint64_t code;
    const char *end;
    if (!parse_number(value, &code, &end) || code > UINT32_MAX || (*end && (*end != ':' || !end[1])))
        return bad_value(IOCTL, value, "CODE or CODE:IN-FILE");
    struct run_ioctl *ioctls = realloc(r->ioctls, (r->ioctl_count + 1) * sizeof *ioctls);
    if (!ioctls)
        return cli_status_of(VXD_NO_MEMORY);
    r->ioctls = ioctls;
    ioctls[r->ioctl_count++] = (struct run_ioctl){(uint32_t)code, *end ? end + 1 : NULL};
    return CLI_OK;
}

static int set_bound(struct run_request *r, enum option which, const char *value)
{
    if (which == FOR) {
        r->for_given = true;
        return parse_time(value, &r->for_ns) ? CLI_OK : bad_value(FOR, value, "a time such as 500ms or 2s");
    }
    r->limit_given = true;
    if (parse_whole(value, &r->limit) && r->limit > 0)
        return CLI_OK;
    return bad_value(LIMIT, value, "a number of instructions");
}

static int not_yet(enum option which)
{
    cli_complain("run: %s is not implemented yet", options[which].name);
    return CLI_MISSING;
}

// Where an option's text goes; NULL: the option means more than its text.
static const char **text_slot(struct run_request *r, enum option which)
{
    switch (which) {
    case INI:
        return &r->ini;
    case REGISTRY:
        return &r->registry;
    case HARDWARE:
        return &r->hardware;
    case TRACE:
        return &r->trace;
    case REPORT:
        return &r->report;
    case ROOT:
        return &r->root;
    default:
        return NULL;
    }
}

static bool take_flag(struct run_request *r, enum option which)
{
    switch (which) {
    case QUIET:
        r->quiet = true;
        return true;
    case STATIC:
        r->how = VXD_LOAD_STATIC;
        return true;
    case DYNAMIC:
        r->how = VXD_LOAD_DYNAMIC;
        return true;
    case KEEP_GOING:
        r->config.keep_going = true;
        return true;
    case SCREEN:
        r->screen = true;
        return true;
    default:
        return false;
    }
}

static int take_value(struct run_request *r, enum option which, char *value)
{
    switch (which) {
    case FOR:
    case LIMIT:
        return set_bound(r, which, value);
    case IOCTL:
        return add_ioctl(r, value);
    case IRQ:
        return add_irq(r, value);
    case NMI:
        return add_nmi(r, value);
    case KEY:
        return add_key(r, value);
    case MOUSE:
        return add_mouse(r, value);
    case ANSWER:
        return add_answer(r, value);
    case VM:
        return cli_list_add(&r->programs, value) ? CLI_OK : CLI_BROKEN;
    case SEED:
        return parse_whole(value, &r->config.seed) ? CLI_OK : bad_value(SEED, value, "a number");
    case WINDOWS:
        return set_windows(r, value);
    case CPU:
        return set_cpu(r, value);
    default:
        return not_yet(which); // CHECK and GDB
    }
}

static int take_option(struct run_request *r, enum option which, char *value)
{
    const char **slot = text_slot(r, which);
    if (slot)
        *slot = value;
    return slot || take_flag(r, which) ? CLI_OK : take_value(r, which, value);
}

int run_parse(struct run_request *r, int argc, char **argv)
{
    struct cli_args a = {.command = &cli_run, .options = options, .argc = argc, .argv = argv, .at = 1};
    for (int which; (which = cli_next(&a)) != CLI_END;) {
        int status = CLI_OK;
        if (which == CLI_BAD)
            return CLI_USAGE;
        if (which == CLI_OPERAND)
            status = cli_list_add(&r->drivers, a.value) ? CLI_OK : CLI_BROKEN;
        else
            status = take_option(r, (enum option)which, (char *)a.value);
        if (status != CLI_OK)
            return status;
    }
    return r->drivers.count || r->programs.count ? CLI_OK : cli_complain("run: no driver given\nTry: vxd run --help");
}
