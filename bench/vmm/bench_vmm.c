// bench-vmm: what an event, a time-out and a thread switch of an emulated driver cost, beside the native main loops of
// libuv, GLib and libevent doing the same number one by one, in the same run; and what waits costs and weighs.

#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_GLIB
#include <glib.h>
#endif
#ifdef HAVE_LIBEVENT
#include <event2/event.h>
#endif

#include "driver.h"

enum { EVENTS = 500000, TIMEOUTS = 100000, SWITCHES = 200000 };
enum chain { CHAIN_EVENTS, CHAIN_TIMEOUTS, CHAIN_THREADS, SLEEPING_THREADS };

static struct bench_result measure(enum chain chain, unsigned waiting, unsigned count)
{
    char numbers[3][16];
    snprintf(numbers[0], sizeof numbers[0], "%d", (int)chain);
    snprintf(numbers[1], sizeof numbers[1], "%u", waiting);
    snprintf(numbers[2], sizeof numbers[2], "%u", count);
    const struct vxd_define defines[] = {{"CHAIN", numbers[0]}, {"WAITING", numbers[1]}, {"COUNT", numbers[2]}};
    return bench_measure(bench_build(EVENTS_ASM, defines, 3), count);
}

// ---------------------------------------------------------------------------------------------------------------------
// Rivals: the callback asks for the next one, EVENTS times

static unsigned left;

#ifdef HAVE_LIBUV
static void uv_next(uv_timer_t *timer)
{
    if (--left)
        uv_timer_start(timer, uv_next, 0, 0);
}

static double measure_libuv(void)
{
    uv_loop_t loop;
    uv_timer_t timer;
    left = EVENTS;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    double start = bench_now();
    uv_timer_start(&timer, uv_next, 0, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    return (bench_now() - start) / EVENTS;
}

static void uv_nothing(uv_timer_t *timer)
{
    (void)timer;
}

// As a program meets them: a timer is set, the loop goes round and calls it.
static double measure_libuv_turns(void)
{
    uv_loop_t loop;
    uv_timer_t timer;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    double start = bench_now();
    for (left = EVENTS; left; left--) {
        uv_timer_start(&timer, uv_nothing, 0, 0);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    return (bench_now() - start) / EVENTS;
}
#endif

#ifdef HAVE_GLIB
static gboolean glib_next(gpointer loop)
{
    if (--left)
        g_idle_add(glib_next, loop);
    else
        g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static double measure_glib(void)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    left = EVENTS;
    double start = bench_now();
    g_idle_add(glib_next, loop);
    g_main_loop_run(loop);
    double took = (bench_now() - start) / EVENTS;
    g_main_loop_unref(loop);
    return took;
}
#endif

#ifdef HAVE_LIBEVENT
static void libevent_next(evutil_socket_t fd, short what, void *event)
{
    (void)fd, (void)what;
    if (--left)
        event_active(*(struct event **)event, EV_TIMEOUT, 1);
}

static double measure_libevent(void)
{
    struct event_base *base = event_base_new();
    struct event *event = NULL;
    event = event_new(base, -1, 0, libevent_next, &event);
    left = EVENTS;
    double start = bench_now();
    event_active(event, EV_TIMEOUT, 1);
    event_base_dispatch(base);
    double took = (bench_now() - start) / EVENTS;
    event_free(event);
    event_base_free(base);
    return took;
}
#endif

static double best_of(double (*fn)(void))
{
    double best = fn();
    for (int i = 1; i < BENCH_ROUNDS; i++) {
        double t = fn();
        best = t < best ? t : best;
    }
    return best;
}

static void print_rival(const char *name, double (*fn)(void), double ours)
{
    double t = fn ? best_of(fn) : 0;
    if (fn)
        printf("  %-48s %8.0f ns   an event of ours costs %.2f of it\n", name, t, ours / t);
    else
        printf("  %-48s not installed\n", name);
}

static void compare_with_main_loops(double ours)
{
#ifdef HAVE_LIBUV
    print_rival("libuv, native: a timer, a turn of the loop each", measure_libuv_turns, ours);
    print_rival("libuv, native: a timer set by its callback", measure_libuv, ours);
#else
    print_rival("libuv, native: a timer", NULL, ours);
#endif
#ifdef HAVE_GLIB
    print_rival("GLib, native: an idle callback", measure_glib, ours);
#else
    print_rival("GLib, native: an idle callback", NULL, ours);
#endif
#ifdef HAVE_LIBEVENT
    print_rival("libevent, native: event_active", measure_libevent, ours);
#else
    print_rival("libevent, native: event_active", NULL, ours);
#endif
}

static const unsigned waiting[] = {100, 10000, 1000000};

static void print_waiting(const char *what, enum chain chain, unsigned count)
{
    struct bench_result first = {0};
    for (unsigned i = 0; i < 3; i++) {
        struct bench_result r = measure(chain, waiting[i], count);
        if (i == 0)
            first = r;
        printf("  %s while %7u others wait %*s%8.0f ns   %.2f of the first", what, waiting[i], 24 - (int)i, "", r.ns,
               r.ns / first.ns);
        if (waiting[i] >= 10000)
            printf(", %.0f bytes each (%.1f MB)", (double)(r.held - first.held) / (waiting[i] - waiting[0]),
                   (double)r.held / 1e6);
        printf("\n");
    }
}

int main(void)
{
    double event = measure(CHAIN_EVENTS, 0, EVENTS).ns;
    printf("  %-48s %8.0f ns\n", "an emulated driver's event, one by one", event);
    compare_with_main_loops(event);
    print_waiting("an event", CHAIN_EVENTS, EVENTS);
    print_waiting("a time-out", CHAIN_TIMEOUTS, TIMEOUTS);
    double round = measure(CHAIN_THREADS, 0, SWITCHES / 2).ns;
    printf("  %-48s %8.0f ns   %.1f million a second\n", "a thread switch through a semaphore", round / 2, 2e3 / round);
    size_t few = measure(SLEEPING_THREADS, 10, 1).held, many = measure(SLEEPING_THREADS, 1000, 1).held;
    printf("  %-48s %8.1f KB\n", "host memory of a thread that has run and waits", (double)(many - few) / 990 / 1024);
    return 0;
}
