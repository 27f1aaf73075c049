// Intel 8259A, after its datasheet (order number 231468): initialisation words, masks, rotating and fixed priorities,
// all EOI commands, automatic EOI, special mask mode, special fully nested mode, poll, edge and level inputs. The 8080
// mode of ICW4 is not there: an AT cannot use it.
#include "pc/parts.h"

static uint8_t level_lines(const struct pc_pic *pic)
{
    return pic->all_level ? 0xFF : pic->elcr;
}

// A line in level mode requests as long as it is up. In edge mode a rise is latched, and a fall before the acknowledge
// takes the request back: the datasheet wants the input held until INTA ("default IR7" otherwise).
void pc_pic_input(struct pc_pic *pic, unsigned line, bool level)
{
    uint8_t bit = (uint8_t)(1u << line);
    bool rise = level && !(pic->input & bit);
    if (level)
        pic->input |= bit;
    else
        pic->input &= (uint8_t)~bit;
    if (!level)
        pic->irr &= (uint8_t)~bit;
    else if (rise || (level_lines(pic) & bit))
        pic->irr |= bit;
}

void pc_pic_set_elcr(struct pc_pic *pic, uint8_t lines)
{
    pic->elcr = lines;
    pic->irr |= pic->input & lines;
}

// Lines in order of priority: the one after the lowest comes first.
static unsigned by_priority(const struct pc_pic *pic, unsigned position)
{
    return (pic->lowest + 1u + position) & 7u;
}

static int first_of(const struct pc_pic *pic, uint8_t lines)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned line = by_priority(pic, i);
        if (lines & 1u << line)
            return (int)line;
    }
    return -1;
}

// Lines in service that hold back requests of their own and lower priority. A masked one does not in special mask mode;
// the slave's does not in special fully nested mode, so that the slave may rank its own lines.
static uint8_t blocking(const struct pc_pic *pic)
{
    uint8_t lines = pic->isr;
    if (pic->special_mask)
        lines &= (uint8_t)~pic->imr;
    if (pic->special_nested)
        lines &= (uint8_t)~pic->cascade;
    return lines;
}

int pc_pic_pending(const struct pc_pic *pic)
{
    if (pic->expects)
        return -1;
    uint8_t requests = pic->irr & (uint8_t)~pic->imr, blocks = blocking(pic);
    for (unsigned i = 0; i < 8 && requests; i++) {
        unsigned line = by_priority(pic, i);
        if (blocks & 1u << line) {
            if (!pic->special_mask)
                return -1;
            continue;
        }
        if (requests & 1u << line)
            return (int)line;
    }
    return -1;
}

void pc_pic_acknowledge(struct pc_pic *pic, unsigned line)
{
    uint8_t bit = (uint8_t)(1u << line);
    if (!(level_lines(pic) & bit))
        pic->irr &= (uint8_t)~bit;
    if (!pic->auto_eoi)
        pic->isr |= bit;
    else if (pic->rotate_auto)
        pic->lowest = (uint8_t)line;
}

uint8_t pc_pic_in(struct pc_pic *pic, unsigned port, int *polled)
{
    *polled = -1;
    if (pic->poll) {
        pic->poll = 0;
        *polled = pc_pic_pending(pic);
        if (*polled < 0)
            return 0;
        pc_pic_acknowledge(pic, (unsigned)*polled);
        return (uint8_t)(0x80 | *polled);
    }
    if (port & 1)
        return pic->imr;
    return pic->read_isr ? pic->isr : pic->irr;
}

// ICW1 resets the edge sense: a line that is up must fall and rise again to be seen.
static void initialise(struct pc_pic *pic, uint8_t icw1)
{
    struct pc_pic fresh = {.input = pic->input, .elcr = pic->elcr, .lowest = 7, .expects = 2, .base = pic->base};
    fresh.wants_icw4 = icw1 & 1;
    fresh.single = icw1 >> 1 & 1;
    fresh.all_level = icw1 >> 3 & 1;
    *pic = fresh;
    pic->irr = pic->input & level_lines(pic);
}

// The line that a non-specific EOI ends: the highest in service; a masked one is passed over in special mask mode.
static int highest_in_service(const struct pc_pic *pic)
{
    return first_of(pic, pic->special_mask ? (uint8_t)(pic->isr & ~pic->imr) : pic->isr);
}

static void end_of_interrupt(struct pc_pic *pic, int line, bool rotate)
{
    if (line < 0)
        return;
    pic->isr &= (uint8_t) ~(1u << line);
    if (rotate)
        pic->lowest = (uint8_t)line;
}

static void ocw2(struct pc_pic *pic, uint8_t value)
{
    int line = value & 7;
    switch (value >> 5) {
    case 0:
        pic->rotate_auto = 0;
        break;
    case 1:
        end_of_interrupt(pic, highest_in_service(pic), false);
        break;
    case 2:
        break; // no operation
    case 3:
        end_of_interrupt(pic, line, false);
        break;
    case 4:
        pic->rotate_auto = 1;
        break;
    case 5:
        end_of_interrupt(pic, highest_in_service(pic), true);
        break;
    case 6:
        pic->lowest = (uint8_t)line;
        break;
    case 7:
        end_of_interrupt(pic, line, true);
        break;
    }
}

static void ocw3(struct pc_pic *pic, uint8_t value)
{
    if (value & 0x04)
        pic->poll = 1;
    if (value & 0x02)
        pic->read_isr = value & 1;
    if (value & 0x40)
        pic->special_mask = value >> 5 & 1;
}

static void odd_port(struct pc_pic *pic, uint8_t value)
{
    switch (pic->expects) {
    case 2:
        pic->base = value & 0xF8;
        pic->expects = pic->single ? (pic->wants_icw4 ? 4 : 0) : 3;
        break;
    case 3:
        pic->cascade = value;
        pic->expects = pic->wants_icw4 ? 4 : 0;
        break;
    case 4:
        pic->auto_eoi = value >> 1 & 1;
        pic->special_nested = value >> 4 & 1;
        pic->expects = 0;
        break;
    default:
        pic->imr = value;
        break;
    }
}

void pc_pic_out(struct pc_pic *pic, unsigned port, uint8_t value)
{
    if (port & 1)
        odd_port(pic, value);
    else if (value & 0x10)
        initialise(pic, value);
    else if (value & 0x08)
        ocw3(pic, value);
    else
        ocw2(pic, value);
}
