// A PS/2 mouse behind the 8042's auxiliary port (IBM PS/2 Hardware Interface Technical Reference: auxiliary device). It
// is there when movements were scheduled; without them nobody answers at that port. It reports in stream mode.
#include "pc/parts.h"

#include <string.h>

enum { BYTE_TIME = 1000000 }; // as on the keyboard's wire
enum { CB_AUX_IRQ = 0x02, CB_AUX_DISABLED = 0x20 };
enum { ACK = 0xFA, RESEND = 0xFE, TEST_PASSED = 0xAA, MOST_IN_PACKET = 255 };

static void reply(struct pc_mouse *m, uint8_t byte)
{
    if (m->replies < sizeof m->reply)
        m->reply[m->replies++] = byte;
}

bool pc_schedule_mouse(struct pc *pc, int dx, int dy, unsigned buttons, uint64_t at)
{
    struct pc_mouse *m = &pc->mouse;
    if (m->events == PC_MOUSE_EVENTS || dx < -0x7FFF || dx > 0x7FFF || dy < -0x7FFF || dy > 0x7FFF || buttons > 7)
        return false;
    uint32_t i = m->events++;
    for (; i > 0 && m->event[i - 1].at > at; i--)
        m->event[i] = m->event[i - 1];
    m->event[i] = (struct pc_mouse_event){at, (int16_t)dx, (int16_t)dy, (uint8_t)buttons};
    m->present = 1;
    return true;
}

static int step(int distance)
{
    return distance < -MOST_IN_PACKET ? -MOST_IN_PACKET : distance > MOST_IN_PACKET ? MOST_IN_PACKET : distance;
}

// The next event as a packet: buttons and signs, across, up. A long way takes several.
static void make_packet(struct pc_mouse *m)
{
    struct pc_mouse_event *e = &m->event[0];
    int dx = step(e->dx), up = -step(e->dy);
    reply(m, (uint8_t)(0x08 | e->buttons | (dx < 0) << 4 | (up < 0) << 5));
    reply(m, (uint8_t)dx);
    reply(m, (uint8_t)up);
    e->dx = (int16_t)(e->dx - dx);
    e->dy = (int16_t)(e->dy + up);
    if (!e->dx && !e->dy)
        memmove(m->event, m->event + 1, --m->events * sizeof m->event[0]);
}

// When its next byte can be in the controller's output buffer.
static uint64_t byte_due(const struct pc *pc)
{
    const struct pc_mouse *m = &pc->mouse;
    if (!m->present || pc->keyboard.output_full || pc->keyboard.command_byte & CB_AUX_DISABLED)
        return PC_NEVER;
    if (m->replies)
        return m->ready;
    if (!m->reporting || !m->events)
        return PC_NEVER;
    return m->event[0].at > m->ready ? m->event[0].at : m->ready;
}

void pc_mouse_advance(struct pc *pc, uint64_t now)
{
    struct pc_mouse *m = &pc->mouse;
    if (byte_due(pc) > now)
        return;
    if (!m->replies)
        make_packet(m);
    pc->keyboard.output = m->reply[0];
    pc->keyboard.output_aux = 1;
    pc->keyboard.output_full = 1;
    memmove(m->reply, m->reply + 1, --m->replies);
}

uint64_t pc_mouse_next(const struct pc *pc)
{
    return pc->keyboard.command_byte & CB_AUX_IRQ ? byte_due(pc) : PC_NEVER;
}

bool pc_mouse_line(const struct pc *pc)
{
    return pc->keyboard.output_full && pc->keyboard.output_aux && pc->keyboard.command_byte & CB_AUX_IRQ;
}

static void reset(struct pc_mouse *m)
{
    m->reporting = 0;
    m->replies = 0;
    reply(m, ACK);
    reply(m, TEST_PASSED);
    reply(m, 0x00); // its identifier
}

static void status(struct pc_mouse *m)
{
    reply(m, ACK);
    reply(m, (uint8_t)(m->reporting << 5));
    reply(m, m->resolution);
    reply(m, m->rate);
}

static void set_value(struct pc_mouse *m, uint8_t value)
{
    if (m->waits_for == 0xE8)
        m->resolution = value & 3;
    else
        m->rate = value;
    m->waits_for = 0;
    reply(m, ACK);
}

// A byte of the processor's for the mouse. False: nobody is there.
bool pc_mouse_command(struct pc *pc, uint8_t command)
{
    struct pc_mouse *m = &pc->mouse;
    if (!m->present)
        return false;
    m->ready = pc->now + BYTE_TIME;
    if (m->waits_for) {
        set_value(m, command);
        return true;
    }
    m->replies = 0; // what was under way is given up
    switch (command) {
    case 0xE8: // resolution
    case 0xF3: // rate
        m->waits_for = command;
        reply(m, ACK);
        break;
    case 0xE9:
        status(m);
        break;
    case 0xF2:
        reply(m, ACK);
        reply(m, 0x00);
        break;
    case 0xF4:
    case 0xF5:
        m->reporting = command == 0xF4;
        reply(m, ACK);
        break;
    case 0xE6: // scaling 1:1, 2:1, stream mode, defaults
    case 0xE7:
    case 0xEA:
    case 0xF6:
        reply(m, ACK);
        break;
    case 0xFF:
        reset(m);
        break;
    default:
        reply(m, RESEND);
    }
    return true;
}
