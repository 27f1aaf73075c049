// vxd run: boots the VMM with the drivers, runs until idle or a limit, shuts down.
#include "cli/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <vxdkit/watch.h>

struct run {
    struct run_request *request;
    struct vxd_bytes ini, registry;
    struct vxd_machine *machine;
    struct run_finder finder;
    struct run_stdin input;
    FILE *trace;
};

static void print_message(void *user, const char *text)
{
    struct vxd_messages messages = cli_messages();
    (void)user;
    messages.fn(messages.user, text);
}

static int read_texts(struct run *r)
{
    const struct run_request *q = r->request;
    enum vxd_status status = VXD_OK;
    if (q->ini)
        status = vxd_read_file(q->ini, &r->ini, cli_messages());
    if (status == VXD_OK && q->registry)
        status = vxd_read_file(q->registry, &r->registry, cli_messages());
    if (status == VXD_OK && q->registry)
        status =
            vxd_check_registry(&(struct vxd_input){q->registry, r->registry.data, r->registry.size}, cli_messages());
    return cli_status_of(status);
}

static int make_machine(struct run *r)
{
    struct vxd_config config = r->request->config;
    config.ini = r->ini.data;
    config.ini_size = r->ini.size;
    config.registry = r->registry.data;
    config.registry_size = r->registry.size;
    config.message = print_message;
    r->machine = vxd_machine_new(&config);
    r->finder.drivers = &r->request->drivers;
    r->finder.programs = &r->request->programs;
    return r->machine && vxd_provide_drivers(r->machine, run_find_driver, &r->finder) ? CLI_OK
                                                                                      : cli_status_of(VXD_NO_MEMORY);
}

// With --quiet there is no account that would tell of broken rules.
static void print_broken_rule(void *user, const struct vxd_record *record)
{
    (void)user;
    if (record->kind != VXD_RECORD_CHECK)
        return;
    fflush(stdout);
    fprintf(stderr, "vxd: rule broken [%s] %s: %s", record->u.check.rule, record->u.check.device,
            record->u.check.message);
    if (record->u.check.where[0])
        fprintf(stderr, ", at %s", record->u.check.where);
    if (record->u.check.page[0])
        fprintf(stderr, " (documented on page %s)", record->u.check.page);
    fputc('\n', stderr);
}

static int open_trace(struct run *r)
{
    const char *path = r->request->trace;
    r->trace = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    if (!r->trace)
        return cli_complain("%s: %s", path, strerror(errno));
    return vxd_watch_trace(r->machine, cli_write, r->trace) ? CLI_OK : CLI_BROKEN;
}

static int attach_watchers(struct run *r)
{
    const struct run_request *q = r->request;
    struct vxd_machine *m = r->machine;
    if (!vxd_watch_account(m, q->quiet, cli_write, stdout))
        return CLI_BROKEN;
    if (q->quiet && !vxd_observe(m, print_broken_rule, NULL))
        return CLI_BROKEN;
    if ((!q->quiet || q->report) && !vxd_watch_timeline(m))
        return CLI_BROKEN;
    if (!q->quiet && !vxd_watch_profile(m))
        return CLI_BROKEN;
    return q->trace ? open_trace(r) : CLI_OK;
}

static int provide_hardware(struct run *r)
{
    const char *path = r->request->hardware;
    struct vxd_bytes text;
    int status = path ? cli_status_of(vxd_read_file(path, &text, cli_messages())) : CLI_OK;
    if (!path || status != CLI_OK)
        return status;
    if (!vxd_provide_hardware(r->machine, path, text.data, text.size))
        status = CLI_USAGE;
    vxd_bytes_free(&text);
    return status;
}

static int load_driver(struct run *r, const char *path)
{
    struct vxd_bytes bytes;
    int status = cli_status_of(vxd_read_file(path, &bytes, cli_messages()));
    if (status != CLI_OK)
        return status;
    const struct vxd_input image = {path, bytes.data, bytes.size};
    if (!vxd_load_memory(r->machine, path, bytes.data, bytes.size, r->request->how))
        status = CLI_USAGE;
    else if (r->request->ioctl_count)
        status = cli_status_of(vxd_driver_name(&image, cli_messages(), r->request->last_name));
    vxd_bytes_free(&bytes);
    return status;
}

static int load_drivers(struct run *r)
{
    int status = CLI_OK;
    for (size_t i = 0; status == CLI_OK && i < r->request->drivers.count; i++)
        status = load_driver(r, r->request->drivers.items[i]);
    return status;
}

static int schedule_inputs(struct run *r)
{
    const struct run_request *q = r->request;
    for (size_t i = 0; i < q->input_count; i++) {
        const struct run_input *input = &q->inputs[i];
        if (!(input->key     ? vxd_schedule_key(r->machine, input->key, input->at)
              : input->nmi   ? vxd_schedule_nmi(r->machine, input->at)
              : input->mouse ? vxd_schedule_mouse(r->machine, input->right, input->down, input->buttons, input->at)
                             : vxd_schedule_irq(r->machine, input->irq, input->at)))
            return CLI_USAGE;
    }
    for (size_t i = 0; i < q->answer_count; i++)
        if (!vxd_answer_message(r->machine, q->answers[i]))
            return CLI_USAGE;
    return CLI_OK;
}

static int prepare(struct run *r)
{
    int status = read_texts(r);
    if (status == CLI_OK)
        status = make_machine(r);
    if (status == CLI_OK)
        status = attach_watchers(r);
    if (status == CLI_OK)
        status = provide_hardware(r);
    if (status == CLI_OK)
        status = load_drivers(r);
    if (status == CLI_OK)
        status = schedule_inputs(r);
    if (status == CLI_OK && r->request->programs.count)
        status = run_start_programs(r->machine, r->request, &r->input);
    else if (status == CLI_OK && r->request->root && !vxd_provide_directory(r->machine, r->request->root))
        status = CLI_USAGE;
    return status;
}

static int status_of(const struct vxd_machine *m, enum vxd_end end, bool default_time_over)
{
    switch (end) {
    case VXD_END_REFUSED:
    case VXD_END_FAULT:
    case VXD_END_MEMORY:
        return CLI_BROKEN;
    case VXD_END_MISSING:
        return CLI_MISSING;
    case VXD_END_LIMIT:
        return CLI_LIMIT;
    default:
        if (default_time_over)
            return CLI_LIMIT;
        return vxd_rules_broken(m) ? CLI_BROKEN : CLI_OK;
    }
}

// One line a part: the fault, the registers, the stack.
static void print_parts(const char *message)
{
    const char *lead = "vxd: ";
    for (const char *end; (end = strstr(message, "; ")); message = end + 2) {
        fprintf(stderr, "%s%.*s\n", lead, (int)(end - message), message);
        lead = "vxd:   ";
    }
    fprintf(stderr, "%s%s\n", lead, message);
}

// Why the run did not end as asked, and where the processor was.
static void explain_end(const struct run *r, enum vxd_end end, int status)
{
    const struct run_request *q = r->request;
    const char *message = vxd_end_message(r->machine);
    fflush(stdout);
    if (message[0])
        print_parts(message);
    if (end == VXD_END_LIMIT && !q->limit_given)
        cli_complain("that is the default limit; --limit sets another");
    else if (end != VXD_END_LIMIT && status == CLI_LIMIT)
        cli_complain("the default time limit of %llu ms ended the run; --for sets another",
                     (unsigned long long)(q->for_ns / 1000000));
    if (end == VXD_END_LIMIT || end == VXD_END_MISSING)
        vxd_describe_state(r->machine, cli_write, stderr);
}

// Runs to the end that was asked for, then through the orderly shutdown.
static int execute(struct run *r)
{
    const struct run_request *q = r->request;
    enum vxd_end end = VXD_RUNNING;
    vxd_boot(r->machine);
    int refused = q->ioctl_count ? run_ioctls(r->machine, q, &end) : CLI_OK;
    if (end == VXD_RUNNING || end == VXD_END_IDLE || (end == VXD_END_TIME && vxd_time(r->machine) < q->for_ns))
        end = vxd_run(r->machine, q->for_ns, q->limit);
    bool default_time_over = end == VXD_END_TIME && !q->for_given;
    if (end == VXD_END_IDLE || end == VXD_END_TIME) {
        vxd_shutdown(r->machine);
        end = vxd_run(r->machine, VXD_NO_LIMIT, q->limit);
    }
    int status = status_of(r->machine, end, default_time_over);
    if (status != CLI_OK)
        explain_end(r, end, status);
    int unfit = run_programs_status(r->machine, q);
    if (status == CLI_OK)
        status = unfit;
    return status == CLI_OK ? refused : status;
}

static uint32_t terminal_columns(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return 100;
}

// Each line of a picture or table belongs to the account.
static void write_marked(void *user, const char *text, size_t size)
{
    const char *end = text + size;
    (void)user;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t n = newline ? (size_t)(newline + 1 - text) : (size_t)(end - text);
        printf("vxd: ");
        fwrite(text, 1, n, stdout);
        text += n;
    }
}

static int write_report(struct run *r)
{
    const char *path = r->request->report;
    FILE *f = fopen(path, "wb");
    if (!f)
        return cli_complain("%s: %s", path, strerror(errno));
    const char *title = r->request->drivers.count ? r->request->drivers.items[0] : r->request->programs.items[0];
    bool done = vxd_write_report(r->machine, title, cli_write, f);
    if (fclose(f) != 0)
        return cli_complain("%s: %s", path, strerror(errno));
    return done ? CLI_OK : CLI_BROKEN;
}

static int finish(struct run *r)
{
    const struct run_request *q = r->request;
    int status = CLI_OK;
    if (!q->quiet) {
        bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
        vxd_draw_timeline(r->machine, terminal_columns() - 5, colour, write_marked, NULL);
        if (vxd_profile_knows_procedures(r->machine))
            vxd_write_profile(r->machine, write_marked, NULL);
    }
    if (q->screen && !vxd_write_screen(r->machine, cli_write, stdout))
        status = CLI_BROKEN;
    if (q->report)
        status = write_report(r);
    if (r->trace && (r->trace == stdout ? fflush(r->trace) : fclose(r->trace)) != 0)
        status = cli_complain("%s: %s", q->trace, strerror(errno));
    return status;
}

static int run(int argc, char **argv)
{
    struct run_request request;
    struct run r = {.request = &request};
    run_request_init(&request);
    int status = run_parse(&request, argc, argv);
    if (status == CLI_OK)
        status = prepare(&r);
    if (status == CLI_OK) {
        status = execute(&r);
        int written = finish(&r);
        status = status == CLI_OK ? written : status;
    }
    vxd_machine_free(r.machine);
    vxd_bytes_free(&r.finder.found);
    free(r.input.bytes);
    vxd_bytes_free(&r.ini);
    vxd_bytes_free(&r.registry);
    run_request_free(&request);
    return status;
}

const struct cli_command cli_run = {
    "run",
    "vxd run [options] DRIVER.vxd ...\n"
    "       vxd run [options] --vm PROGRAM.com|.exe [DRIVER.vxd ...]\n",
    "boot the VMM with the drivers, run until idle or a limit, shut down",
    "  --quiet              print only what the drivers print\n"
    "  --for TIME           stop after so much virtual time: 500ms, 2s, 100us (default 60s)\n"
    "  --limit N            stop after N instructions (default 200000000)\n"
    "  --static, --dynamic  take part in boot, or be loaded after it, whatever the file says\n"
    "  --windows 3.1|95|98  which system (default 95)\n"
    "  --cpu 386|486|pentium|p6   which processor (default pentium)\n"
    "  --ioctl CODE[:FILE]  open the last driver as Win32 would and send W32_DeviceIoControl; may be repeated\n"
    "  --irq LINE@TIME      raise a hardware interrupt line; may be repeated\n"
    "  --nmi TIME           raise the non-maskable interrupt; may be repeated\n"
    "  --key KEY@TIME       press a key: a@5ms, Enter@1s, Ctrl+Alt+Del@2s; may be repeated\n"
    "  --mouse X,Y[,B]@TIME  move the mouse by mickeys, buttons B down (left+right): 80,-8@20ms; may be repeated\n"
    "  --answer BUTTON      what the user answers to a message box: ok, cancel, yes, ...; may be repeated\n"
    "  --vm \"PROGRAM ARGS\"  start a DOS program in a virtual machine; it reads standard input unless --key is "
    "given;\n"
    "                       may be repeated: a virtual machine each\n"
    "  --root DIR           drive C: of programs and drivers (default: the program's own directory)\n"
    "  --screen             print the text screen at the end\n"
    "  --seed N             where the documentation leaves an answer free, take another legal one\n"
    "  --ini FILE           SYSTEM.INI\n"
    "  --registry FILE      the registry as text (docs/formats.md)\n"
    "  --hardware FILE      devices, ports, memory and interrupts of a described machine (docs/hardware.md)\n"
    "  --keep-going         a missing service fails with carry set instead of ending the run\n"
    "  --trace FILE         one JSON object a line for everything that happens; - is standard output\n"
    "  --report FILE.html   the timeline as a page\n"
    "  --check[=RULES], --gdb [HOST:]PORT   not implemented yet\n",
    run,
};
