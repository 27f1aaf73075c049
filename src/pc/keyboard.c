// Intel 8042 as an AT uses it (IBM Technical Reference: keyboard controller), and the keyboard behind it. Keys come as
// bytes of scan code set 1, as the controller hands them over with translation on; that is how every PC of the time
// ran, and translation off is not modelled. The mouse is in mouse.c.
#include "pc/parts.h"

#include <string.h>

enum { BYTE_TIME = 1000000 }; // eleven bits on the keyboard's wire, about a millisecond
enum { CB_IRQ = 0x01, CB_SYSTEM = 0x04, CB_DISABLED = 0x10, CB_AUX_DISABLED = 0x20 };
enum { STATUS_FULL = 0x01, STATUS_COMMAND = 0x08, STATUS_UNLOCKED = 0x10, STATUS_AUX = 0x20 };
enum { KEY_ACK = 0xFA, KEY_RESEND = 0xFE, KEY_TEST_PASSED = 0xAA };

void pc_keyboard_init(struct pc_keyboard *k)
{
    memset(k, 0, sizeof *k);
    k->output_port = 0x01; // not resetting
    k->scanning = 1;
}

static void put_output(struct pc_keyboard *k, uint8_t byte, bool aux)
{
    k->output = byte;
    k->output_aux = aux;
    k->output_full = 1;
}

static void reply(struct pc_keyboard *k, uint8_t byte)
{
    if (k->replies < sizeof k->reply)
        k->reply[k->replies++] = byte;
}

// When the next byte of the keyboard can be in the output buffer.
static uint64_t byte_due(const struct pc_keyboard *k)
{
    if (k->output_full || k->command_byte & CB_DISABLED)
        return PC_NEVER;
    if (k->replies)
        return k->ready;
    if (!k->scanning || !k->keys)
        return PC_NEVER;
    return k->key[0].at > k->ready ? k->key[0].at : k->ready;
}

void pc_keyboard_advance(struct pc_keyboard *k, uint64_t now)
{
    if (byte_due(k) > now)
        return;
    if (k->replies) {
        put_output(k, k->reply[0], false);
        memmove(k->reply, k->reply + 1, --k->replies);
        return;
    }
    put_output(k, k->key[0].byte, false);
    k->keys--;
    memmove(k->key, k->key + 1, k->keys * sizeof k->key[0]);
}

uint64_t pc_keyboard_next(const struct pc_keyboard *k)
{
    return k->command_byte & CB_IRQ ? byte_due(k) : PC_NEVER;
}

bool pc_keyboard_line(const struct pc_keyboard *k)
{
    return k->output_full && !k->output_aux && k->command_byte & CB_IRQ;
}

uint8_t pc_keyboard_in(struct pc *pc, unsigned port)
{
    struct pc_keyboard *k = &pc->keyboard;
    if (port == 0x64)
        return (uint8_t)((k->output_full ? STATUS_FULL : 0) | (k->command_byte & CB_SYSTEM) | STATUS_UNLOCKED |
                         (k->last_was_command ? STATUS_COMMAND : 0) | (k->output_aux ? STATUS_AUX : 0));
    if (k->output_full) // whoever is next, its byte has to come over the wire first
        k->ready = pc->mouse.ready = pc->now + BYTE_TIME;
    k->output_full = 0;
    return k->output;
}

static void write_output_port(struct pc *pc, uint8_t value)
{
    pc->keyboard.output_port = value;
    if (!(value & 1))
        pc->reset_asked = 1;
}

// Commands that a byte at port 60h answers. -1: no such command.
static int controller_answer(const struct pc_keyboard *k, uint8_t command)
{
    switch (command) {
    case 0x20:
        return k->command_byte;
    case 0xA9: // test of the auxiliary interface passed
    case 0xAB: // test of the keyboard's interface passed
    case 0xE0: // test inputs
        return 0x00;
    case 0xAA:
        return 0x55; // self-test passed
    case 0xC0:
        return 0x80; // input port: keyboard not locked
    case 0xD0:
        return k->output_port;
    default:
        return -1;
    }
}

// Commands to the controller, port 64h.
static void controller_command(struct pc *pc, uint8_t command)
{
    struct pc_keyboard *k = &pc->keyboard;
    if (command == 0xAA)
        k->command_byte |= CB_SYSTEM;
    int answer = controller_answer(k, command);
    if (answer >= 0)
        put_output(k, (uint8_t)answer, false);
    switch (command) {
    case 0x60:
    case 0xD1:
    case 0xD2:
    case 0xD3:
    case 0xD4:
        k->waits_for = command;
        break;
    case 0xA7:
        k->command_byte |= CB_AUX_DISABLED;
        break;
    case 0xA8:
        k->command_byte &= (uint8_t)~CB_AUX_DISABLED;
        pc->mouse.ready = pc->now + BYTE_TIME;
        break;
    case 0xAD:
        k->command_byte |= CB_DISABLED;
        break;
    case 0xAE:
        k->command_byte &= (uint8_t)~CB_DISABLED;
        break;
    default:
        if (command >= 0xF0 && !(command & 1))
            pc->reset_asked = 1; // pulses the output port's low bits; bit 0 is the processor's reset
    }
}

static void reset_keyboard(struct pc_keyboard *k)
{
    k->replies = 0;
    k->scanning = 1;
    k->leds = 0;
    reply(k, KEY_ACK);
    reply(k, KEY_TEST_PASSED);
}

// Commands to the keyboard itself, port 60h.
static void keyboard_command(struct pc_keyboard *k, uint8_t command)
{
    switch (command) {
    case 0xED:
    case 0xF0:
    case 0xF3:
        k->key_waits_for = command;
        reply(k, KEY_ACK);
        break;
    case 0xEE:
        reply(k, 0xEE);
        break;
    case 0xF2:
        reply(k, KEY_ACK);
        reply(k, 0xAB);
        reply(k, 0x41); // 83h as the translating controller shows it
        break;
    case 0xF4:
        k->scanning = 1;
        reply(k, KEY_ACK);
        break;
    case 0xF5:
        k->scanning = 0;
        reply(k, KEY_ACK);
        break;
    case 0xF6:
        reply(k, KEY_ACK);
        break;
    case 0xFF:
        reset_keyboard(k);
        break;
    default:
        reply(k, KEY_RESEND);
    }
}

static void keyboard_data(struct pc_keyboard *k, uint8_t value)
{
    uint8_t command = k->key_waits_for;
    k->key_waits_for = 0;
    if (command == 0xED)
        k->leds = value & 7;
    reply(k, KEY_ACK);
    if (command == 0xF0 && value == 0)
        reply(k, 0x41); // scan code set 2, translated
}

static void controller_data(struct pc *pc, uint8_t value)
{
    struct pc_keyboard *k = &pc->keyboard;
    uint8_t command = k->waits_for;
    k->waits_for = 0;
    switch (command) {
    case 0x60:
        k->command_byte = value;
        pc->mouse.ready = pc->now + BYTE_TIME;
        break;
    case 0xD1:
        write_output_port(pc, value);
        break;
    case 0xD2:
        put_output(k, value, false);
        break;
    case 0xD3:
        put_output(k, value, true);
        break;
    case 0xD4:
        k->command_byte &= (uint8_t)~CB_AUX_DISABLED; // as for the keyboard
        if (!pc_mouse_command(pc, value))
            put_output(k, KEY_RESEND, true); // nobody answers there
        break;
    }
}

void pc_keyboard_out(struct pc *pc, unsigned port, uint8_t value)
{
    struct pc_keyboard *k = &pc->keyboard;
    k->last_was_command = port == 0x64;
    if (port == 0x64) {
        controller_command(pc, value);
    } else if (k->waits_for) {
        controller_data(pc, value);
    } else {
        k->command_byte &= (uint8_t)~CB_DISABLED; // writing to the keyboard enables its wire
        k->ready = pc->now + BYTE_TIME;
        if (k->key_waits_for && value < 0xED)
            keyboard_data(k, value);
        else
            keyboard_command(k, value);
    }
}
