// The timeline as a picture in the terminal:
//
//                                0.1        0.1             20.1          100.2 ms
//   restricted 3 Wait_Callback   +..........................................#|
//
// One row per event or time-out, time to the right. Plain ASCII; colour only when asked for.
#include "vmm/observe.h"
#include "watch/timeline.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_WIDTH = 36, ROWS_SHOWN = 60 };

// How a state looks: the character at its moment, the one that fills the time after it, its colour.
struct look {
    char at, after;
    const char *colour;
};

static struct look look_of(uint8_t state)
{
    static const struct look looks[] = {
        [VMM_EVENT_SCHEDULED] = {'+', '-', "36"}, [VMM_EVENT_WAITING] = {'.', '.', "33"},
        [VMM_EVENT_RUN] = {'#', '#', "32"},       [VMM_EVENT_DONE] = {'|', ' ', "32"},
        [VMM_EVENT_TIMED_OUT] = {'!', '#', "31"}, [VMM_EVENT_CANCELLED] = {'x', ' ', "90"},
    };
    return looks[state < BASE_COUNT(looks) ? state : VMM_EVENT_DONE];
}

struct cell {
    char character;
    const char *colour; // NULL: none
};

// The moment of a state must stay visible when several fall on one cell: a later one moves right by one if it can.
static void paint_row(const struct watch_timeline *t, const uint32_t *at, uint32_t row, struct cell *cells,
                      uint32_t width)
{
    uint32_t next = 0; // first free cell
    struct look look = {' ', ' ', NULL};
    for (size_t i = 0; i < t->moment_count; i++) {
        if (t->moments[i].row != row)
            continue;
        uint32_t column = at[i] > next ? at[i] : next;
        column = column < width ? column : width - 1;
        for (uint32_t c = next; c < column; c++)
            cells[c] = (struct cell){look.after, look.colour};
        look = look_of(t->moments[i].state);
        if (t->rows[row].timeout && t->moments[i].state == VMM_EVENT_RUN)
            look.after = ' '; // it fires; how long its callback runs is not announced
        cells[column] = (struct cell){look.at, look.colour};
        next = column + 1;
    }
    for (uint32_t c = next; c < width; c++)
        cells[c] = (struct cell){look.after, look.colour};
}

static void print_cells(struct base_buf *to, const struct cell *cells, uint32_t width, bool colour)
{
    const char *now = NULL;
    while (width && cells[width - 1].character == ' ')
        width--;
    for (uint32_t c = 0; c < width; c++) {
        const char *want = colour && cells[c].character != ' ' ? cells[c].colour : NULL;
        if (want != now)
            base_buf_printf(to, "\033[%sm", want ? want : "0");
        now = want;
        base_buf_add8(to, (uint8_t)cells[c].character);
    }
    base_buf_text(to, now ? "\033[0m\n" : "\n");
}

static void print_label(struct base_buf *to, const struct watch_row *row)
{
    char label[LABEL_WIDTH + 1];
    int n =
        snprintf(label, sizeof label, "%s%s %u %s", row->kind, row->timeout ? " time-out" : "", row->id, row->label);
    base_buf_text(to, label);
    base_buf_fill(to, ' ', n < LABEL_WIDTH ? (size_t)(LABEL_WIDTH - n) : 0);
    base_buf_text(to, "  ");
}

// Times above the moments, as many as fit without touching.
static void print_axis(struct base_buf *to, const struct watch_timeline *t, const uint32_t *at, uint32_t width)
{
    uint32_t column = 0, free_from = 0;
    base_buf_printf(to, "%-*s  ", LABEL_WIDTH, "milliseconds");
    for (size_t i = 0; i <= t->moment_count; i++) {
        uint64_t time = i < t->moment_count ? t->moments[i].time : t->end;
        char text[32];
        uint32_t n = (uint32_t)snprintf(text, sizeof text, "%llu.%02llu", (unsigned long long)(time / 1000000),
                                        (unsigned long long)(time / 10000 % 100));
        if (at[i] < free_from || at[i] + n > width)
            continue;
        base_buf_fill(to, ' ', at[i] - column);
        base_buf_text(to, text);
        column = at[i] + n;
        free_from = column + 1;
    }
    base_buf_text(to, "\n");
}

static void print_legend(struct base_buf *to, const struct watch_timeline *t)
{
    base_buf_text(to, "+ scheduled   . waits   # runs   | done   ! waited too long   x cancelled   "
                      "(quiet stretches are drawn short)\n");
    if (t->row_count > ROWS_SHOWN)
        base_buf_printf(to, "%zu more rows are not shown\n", t->row_count - ROWS_SHOWN);
    if (t->truncated)
        base_buf_text(to, "the run went on for longer than the picture\n");
}

void watch_timeline_draw(const struct watch_timeline *t, uint32_t columns, bool colour, struct base_buf *to)
{
    uint32_t width = (columns > 60 ? columns : 60) - LABEL_WIDTH - 2;
    uint32_t *at;
    struct cell *cells = base_alloc_get(t->alloc, width * sizeof *cells);
    if (!cells)
        return;
    if (watch_timeline_place(t, width, &at)) {
        print_axis(to, t, at, width);
        for (uint32_t row = 0; row < t->row_count && row < ROWS_SHOWN; row++) {
            print_label(to, &t->rows[row]);
            paint_row(t, at, row, cells, width);
            print_cells(to, cells, width, colour);
        }
        print_legend(to, t);
        watch_timeline_unplace(t, at);
    }
    base_alloc_free(t->alloc, cells, width * sizeof *cells);
}
