#include "base/observe.h"

bool base_sink_listen(struct base_sink *s, base_listener *fn, void *user)
{
    if (s->count == BASE_LISTENERS)
        return false;
    s->listeners[s->count].fn = fn;
    s->listeners[s->count++].user = user;
    return true;
}

void base_sink_forget(struct base_sink *s, base_listener *fn, void *user)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->listeners[i].fn != fn || s->listeners[i].user != user)
            continue;
        s->count--;
        for (; i < s->count; i++)
            s->listeners[i] = s->listeners[i + 1];
        return;
    }
}

void base_sink_announce(const struct base_sink *s, const struct base_record *record)
{
    for (uint32_t i = 0; i < s->count; i++)
        s->listeners[i].fn(s->listeners[i].user, record);
}
