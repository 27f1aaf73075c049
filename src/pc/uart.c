// National 16550A, after its datasheet: both FIFOs, the five interrupt causes, modem lines, loopback, and a wire whose
// bytes take their time. At the other end somebody is always there: CTS, DSR and DCD are up.
#include "pc/parts.h"

#include <string.h>

enum { IER_RX = 1, IER_TX = 2, IER_LINE = 4, IER_MODEM = 8 };
enum { LSR_READY = 0x01, LSR_OVERRUN = 0x02, LSR_ERRORS = 0x1E, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MCR_OUT2 = 0x08, MCR_LOOP = 0x10, MSR_CONNECTED = 0xB0 };
enum { IIR_MODEM = 0, IIR_NONE = 1, IIR_TX = 2, IIR_RX = 4, IIR_LINE = 6, IIR_TIMEOUT = 12 };

void pc_uart_init(struct pc_uart *u)
{
    memset(u, 0, sizeof *u);
    u->msr = MSR_CONNECTED;
    u->divisor = 12; // 9,600
    u->tx_done = PC_NEVER;
}

static bool fifo(const struct pc_uart *u)
{
    return u->fcr & 1;
}

// Time of one character on the wire; without a divisor the baud clock stands still.
static uint64_t character(const struct pc_uart *u)
{
    if (!u->divisor)
        return PC_NEVER / 16;
    unsigned bits = 1 + 5 + (u->lcr & 3u) + (u->lcr >> 3 & 1u) + 1 + (u->lcr >> 2 & 1u);
    return UINT64_C(1000000000) * bits * u->divisor / 115200;
}

static unsigned trigger(const struct pc_uart *u)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};
    return fifo(u) ? levels[u->fcr >> 6] : 1;
}

static uint8_t cause(const struct pc_uart *u)
{
    if (u->ier & IER_LINE && u->lsr & LSR_ERRORS)
        return IIR_LINE;
    if (u->ier & IER_RX && u->rx_count >= trigger(u))
        return IIR_RX;
    if (u->ier & IER_RX && u->timeout)
        return IIR_TIMEOUT;
    if (u->ier & IER_TX && u->thre_pending)
        return IIR_TX;
    if (u->ier & IER_MODEM && u->msr & 0x0F)
        return IIR_MODEM;
    return IIR_NONE;
}

// OUT2 connects the interrupt to the bus on a PC.
bool pc_uart_line(const struct pc_uart *u)
{
    return u->mcr & MCR_OUT2 && !(u->mcr & MCR_LOOP) && cause(u) != IIR_NONE;
}

static void receive(struct pc_uart *u, uint8_t byte, uint64_t when)
{
    unsigned room = fifo(u) ? sizeof u->rx : 1;
    u->rx_last = when;
    if (u->rx_count == room) {
        u->lsr |= LSR_OVERRUN;
        if (fifo(u))
            return; // the FIFO keeps what it has, the shift register is overwritten
        u->rx_count = 0;
    }
    u->rx[u->rx_count++] = byte;
}

static void put_on_wire(struct pc_uart *u, uint8_t byte, uint64_t when)
{
    if (u->mcr & MCR_LOOP)
        receive(u, byte, when);
    else if (u->wire_out_count < PC_SERIAL_BYTES)
        u->wire_out[u->wire_out_count++] = byte;
    else
        u->lost++;
}

static void start_shifting(struct pc_uart *u, uint8_t byte, uint64_t when)
{
    u->shift = byte;
    u->tx_done = when + character(u);
}

static void finish_shifting(struct pc_uart *u)
{
    uint64_t when = u->tx_done;
    put_on_wire(u, u->shift, when);
    u->tx_done = PC_NEVER;
    if (!u->tx_count)
        return;
    start_shifting(u, u->tx[0], when);
    memmove(u->tx, u->tx + 1, --u->tx_count);
    if (!u->tx_count)
        u->thre_pending = 1;
}

static uint64_t next_arrival(const struct pc_uart *u)
{
    if (!u->wire_in_count)
        return PC_NEVER;
    return u->wire_in[0].at > u->wire_free ? u->wire_in[0].at : u->wire_free;
}

static void take_arrival(struct pc_uart *u)
{
    uint64_t when = next_arrival(u);
    if (!(u->mcr & MCR_LOOP)) // the receiver is cut off from the wire
        receive(u, u->wire_in[0].byte, when);
    u->wire_free = when + character(u);
    memmove(u->wire_in, u->wire_in + 1, --u->wire_in_count * sizeof u->wire_in[0]);
}

static uint64_t timeout_due(const struct pc_uart *u)
{
    return fifo(u) && u->rx_count && !u->timeout ? u->rx_last + 4 * character(u) : PC_NEVER;
}

void pc_uart_advance(struct pc_uart *u, uint64_t now)
{
    while (u->tx_done <= now)
        finish_shifting(u);
    while (next_arrival(u) <= now)
        take_arrival(u);
    if (timeout_due(u) <= now)
        u->timeout = 1;
}

uint64_t pc_uart_next(const struct pc_uart *u, uint64_t now)
{
    if (!u->ier || !(u->mcr & MCR_OUT2))
        return PC_NEVER;
    uint64_t next = pc_earlier(u->tx_done, pc_earlier(next_arrival(u), timeout_due(u)));
    return next > now ? next : now + 1;
}

static uint8_t take_received(struct pc_uart *u, uint64_t now)
{
    uint8_t byte = u->rx[0];
    u->rx_last = now;
    u->timeout = 0;
    if (u->rx_count)
        memmove(u->rx, u->rx + 1, --u->rx_count);
    return byte;
}

static uint8_t line_status(struct pc_uart *u)
{
    uint8_t status = u->lsr;
    u->lsr = 0;
    if (u->rx_count)
        status |= LSR_READY;
    if (!u->tx_count)
        status |= u->tx_done == PC_NEVER ? LSR_THRE | LSR_TEMT : LSR_THRE;
    return status;
}

static uint8_t identify(struct pc_uart *u)
{
    uint8_t id = cause(u);
    if (id == IIR_TX)
        u->thre_pending = 0;
    return (uint8_t)(id | (fifo(u) ? 0xC0 : 0));
}

uint8_t pc_uart_in(struct pc_uart *u, unsigned reg, uint64_t now)
{
    bool latch = u->lcr & 0x80;
    uint8_t value;
    switch (reg) {
    case 0:
        return latch ? (uint8_t)u->divisor : take_received(u, now);
    case 1:
        return latch ? (uint8_t)(u->divisor >> 8) : u->ier;
    case 2:
        return identify(u);
    case 3:
        return u->lcr;
    case 4:
        return u->mcr;
    case 5:
        return line_status(u);
    case 6:
        value = u->msr;
        u->msr &= 0xF0;
        return value;
    default:
        return u->scratch;
    }
}

static void transmit(struct pc_uart *u, uint8_t byte, uint64_t now)
{
    u->thre_pending = 0;
    if (u->tx_done == PC_NEVER) {
        start_shifting(u, byte, now);
        u->thre_pending = 1; // it went on into the shift register at once
        return;
    }
    unsigned room = fifo(u) ? sizeof u->tx : 1;
    if (u->tx_count == room)
        u->tx_count--; // written without looking at THRE: the last one is lost
    u->tx[u->tx_count++] = byte;
}

static void set_ier(struct pc_uart *u, uint8_t value)
{
    bool turned_on = value & IER_TX && !(u->ier & IER_TX);
    u->ier = value & 0x0F;
    if (turned_on && !u->tx_count)
        u->thre_pending = 1;
}

static void set_fcr(struct pc_uart *u, uint8_t value)
{
    bool changed = (value ^ u->fcr) & 1;
    if (changed || value & 2) {
        u->rx_count = 0;
        u->timeout = 0;
    }
    if (changed || value & 4)
        u->tx_count = 0;
    u->fcr = value & 1 ? value & 0xC9 : 0;
}

// In loopback the four outputs appear at the four inputs; a change sets its delta bit (RI only when it falls).
static void set_mcr(struct pc_uart *u, uint8_t value)
{
    u->mcr = value & 0x1F;
    uint8_t lines = MSR_CONNECTED;
    if (value & MCR_LOOP)
        lines = (uint8_t)((value & 1) << 5 | (value & 2) << 3 | (value & 4) << 4 | (value & 8) << 4);
    uint8_t changed = (uint8_t)((u->msr ^ lines) & 0xF0);
    if (lines & 0x40)
        changed &= 0xBF;
    u->msr = (uint8_t)(lines | (u->msr & 0x0F) | changed >> 4);
}

void pc_uart_out(struct pc_uart *u, unsigned reg, uint8_t value, uint64_t now)
{
    bool latch = u->lcr & 0x80;
    switch (reg) {
    case 0:
        if (latch)
            u->divisor = (uint16_t)((u->divisor & 0xFF00) | value);
        else
            transmit(u, value, now);
        break;
    case 1:
        if (latch)
            u->divisor = (uint16_t)((u->divisor & 0x00FF) | value << 8);
        else
            set_ier(u, value);
        break;
    case 2:
        set_fcr(u, value);
        break;
    case 3:
        u->lcr = value;
        break;
    case 4:
        set_mcr(u, value);
        break;
    case 7:
        u->scratch = value;
        break;
    default:
        break; // the status registers are read-only
    }
}
