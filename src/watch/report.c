// The timeline as one page of HTML with a drawing in it: no scripts, nothing from the network. Resting the pointer on a
// piece of a row shows its state, its time and why it waits.
#include "vmm/observe.h"
#include "watch/names.h"
#include "watch/timeline.h"

#include <string.h>

enum { LABEL_PIXELS = 300, AXIS_PIXELS = 1000, ROW_PIXELS = 22, TOP_PIXELS = 30 };

static void add_escaped(struct base_buf *b, const char *text)
{
    for (; *text; text++) {
        uint8_t c = (uint8_t)*text;
        if (c == '<' || c == '>' || c == '&' || c == '"' || c >= 0x7f || c < 0x20)
            base_buf_printf(b, "&#%u;", c);
        else
            base_buf_add8(b, c);
    }
}

static const char *colour_of(uint8_t state)
{
    static const char *const colours[] = {
        [VMM_EVENT_SCHEDULED] = "#7aa7d9", [VMM_EVENT_WAITING] = "#e3b341",   [VMM_EVENT_RUN] = "#3fa34d",
        [VMM_EVENT_DONE] = NULL,           [VMM_EVENT_TIMED_OUT] = "#d1453b", [VMM_EVENT_CANCELLED] = "#8a8a8a",
    };
    return state < BASE_COUNT(colours) ? colours[state] : NULL;
}

static void add_reasons(struct base_buf *b, uint32_t not_met)
{
    for (unsigned bit = 0; bit < 32; bit++)
        if (not_met >> bit & 1)
            base_buf_printf(b, "; %s", watch_restriction_words(bit));
}

static void add_piece(struct base_buf *b, const struct watch_moment *m, uint32_t from, uint32_t to, uint32_t y)
{
    const char *colour = colour_of(m->state);
    if (!colour)
        return;
    if (m->state == VMM_EVENT_CANCELLED)
        to = from;
    base_buf_printf(b, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"14\" fill=\"%s\"><title>%s at %llu.%06llu ms",
                    LABEL_PIXELS + from, y + 4, to > from + 3 ? to - from : 3, colour, watch_event_state(m->state),
                    (unsigned long long)(m->time / 1000000), (unsigned long long)(m->time % 1000000));
    add_reasons(b, m->not_met);
    base_buf_text(b, "</title></rect>\n");
}

static void add_row(struct base_buf *b, const struct watch_timeline *t, const uint32_t *at, uint32_t row)
{
    uint32_t y = TOP_PIXELS + row * ROW_PIXELS;
    base_buf_printf(b, "<text x=\"0\" y=\"%u\">%s%s %u ", y + 15, t->rows[row].kind,
                    t->rows[row].timeout ? " time-out" : "", t->rows[row].id);
    add_escaped(b, t->rows[row].label);
    base_buf_text(b, "</text>\n");
    size_t last = t->moment_count;
    for (size_t i = 0; i < t->moment_count; i++) {
        if (t->moments[i].row != row)
            continue;
        if (last < t->moment_count)
            add_piece(b, &t->moments[last], at[last], at[i], y);
        last = i;
    }
    if (last < t->moment_count)
        add_piece(b, &t->moments[last], at[last], at[t->moment_count], y);
}

static void add_axis(struct base_buf *b, const struct watch_timeline *t, const uint32_t *at, uint32_t height)
{
    uint32_t next = 0;
    for (size_t i = 0; i < t->moment_count; i++) {
        if (at[i] < next)
            continue;
        uint64_t time = t->moments[i].time;
        base_buf_printf(b,
                        "<line x1=\"%u\" x2=\"%u\" y1=\"18\" y2=\"%u\" stroke=\"#ddd\"/>"
                        "<text x=\"%u\" y=\"14\" class=\"t\">%llu.%02llu</text>\n",
                        LABEL_PIXELS + at[i], LABEL_PIXELS + at[i], height, LABEL_PIXELS + at[i],
                        (unsigned long long)(time / 1000000), (unsigned long long)(time / 10000 % 100));
        next = at[i] + 60;
    }
}

static void add_drawing(struct base_buf *b, const struct watch_timeline *t)
{
    uint32_t *at;
    uint32_t height = TOP_PIXELS + (uint32_t)t->row_count * ROW_PIXELS;
    if (!watch_timeline_place(t, AXIS_PIXELS, &at)) {
        base_buf_text(b, "<p>No event or time-out was seen.</p>\n");
        return;
    }
    base_buf_printf(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\">\n",
                    LABEL_PIXELS + AXIS_PIXELS + 10, height);
    add_axis(b, t, at, height);
    for (uint32_t row = 0; row < t->row_count; row++)
        add_row(b, t, at, row);
    base_buf_text(b, "</svg>\n");
    watch_timeline_unplace(t, at);
}

void watch_timeline_report(const struct watch_timeline *t, const char *title, struct base_buf *to)
{
    base_buf_text(to, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"us-ascii\"><title>");
    add_escaped(to, title);
    base_buf_text(to, "</title>\n<style>body{font:14px sans-serif;margin:2em}svg{overflow:visible}"
                      "text{font:12px monospace}.t{font-size:10px;fill:#666}"
                      ".k span{padding:0 .6em;margin-right:.6em;color:#fff}</style></head><body>\n<h1>");
    add_escaped(to, title);
    base_buf_text(to, "</h1>\n<p class=\"k\">");
    for (unsigned state = VMM_EVENT_SCHEDULED; state <= VMM_EVENT_CANCELLED; state++)
        if (colour_of((uint8_t)state))
            base_buf_printf(to, "<span style=\"background:%s\">%s</span>", colour_of((uint8_t)state),
                            watch_event_state((uint8_t)state));
    base_buf_text(to,
                  "</p>\n<p>Times are virtual milliseconds; stretches where nothing happens are drawn short.</p>\n");
    add_drawing(to, t);
    if (t->truncated)
        base_buf_text(to, "<p>The run went on for longer than the picture.</p>\n");
    base_buf_text(to, "</body></html>\n");
}
