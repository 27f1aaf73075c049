// The board: what an AT-class machine has around its processor. Interrupt controllers, timer, clock chip, keyboard
// controller, two serial ports, DMA controllers, system control ports, PCI configuration spaces and scripted devices,
// and the scheduled lines and keys that stand for the outside world. Knows neither the processor nor Windows; the owner
// forwards port I/O and samples the INTR line.
//
// struct pc is plain data without pointers: a snapshot is a struct copy. Time is virtual nanoseconds, given by the
// caller and never going back; nothing here asks the host for the time.
#ifndef VXDKIT_PC_PC_H
#define VXDKIT_PC_PC_H

#include "pc/pci.h"
#include "pc/pic.h"
#include "pc/vga.h"

enum {
    PC_IRQS = 16,
    PC_SERIAL_PORTS = 2,   // COM1 3F8h IRQ 4, COM2 2F8h IRQ 3
    PC_SCHEDULED = 1024,   // interrupts, and key bytes, that may wait for their time
    PC_MOUSE_EVENTS = 256, // movements of the mouse that may wait
    PC_SERIAL_BYTES = 256, // bytes on the wire in each direction
    PC_SCREEN_COLUMNS = 80,
};

#define PC_NEVER UINT64_MAX

// One counter of the Intel 8254. Counting is not stepped: value and output follow from the clock ticks since `start`.
struct pc_counter {
    uint64_t start;     // tick at which `reload` came into the counting element; PC_NEVER = not counting
    uint64_t elapsed;   // ticks counted when a low gate halted it
    uint64_t switch_at; // tick at which `pending` takes over
    uint32_t reload;    // 1-65536 (10000 when counting in BCD), 0 = no count yet
    uint32_t pending;   // modes 2 and 3: count for after this cycle; 1 and 5: for the next trigger; 0 = none
    uint8_t halted;
    uint8_t mode, bcd, access; // access: 1 low byte, 2 high byte, 3 both
    uint8_t gate;
    uint8_t half_written, low_byte; // first byte of a two-byte count
    uint8_t half_read;
    uint8_t latched; // bytes of the latched count still to be read
    uint8_t status_latched, status;
    uint16_t latch;
};

// Motorola MC146818 and its battery-backed memory.
struct pc_clock {
    uint8_t index;
    uint8_t ram[128]; // registers A-D and memory; the time registers hold their values only while SET is on
    uint64_t seconds; // since 1980-01-01 00:00 at `origin`
    uint64_t origin;  // virtual time, ns
};

struct pc_scheduled_byte {
    uint64_t at;
    uint8_t byte;
};

// Intel 8042 and the keyboard behind it.
struct pc_keyboard {
    uint8_t output, output_full, output_aux;
    uint8_t command_byte;
    uint8_t waits_for;        // controller command whose data byte comes next on port 60h, 0 = none
    uint8_t key_waits_for;    // the same for a command of the keyboard itself
    uint8_t last_was_command; // status bit 3
    uint8_t output_port;
    uint8_t scanning;
    uint8_t leds;
    uint8_t reply[8], replies; // answers of the keyboard, ahead of keys
    uint64_t ready;            // when the next byte can have come over the keyboard's wire
    uint32_t keys;
    struct pc_scheduled_byte key[PC_SCHEDULED]; // in order of time
};

struct pc_mouse_event {
    uint64_t at;
    int16_t dx, dy;  // mickeys to the right and down, still to be reported
    uint8_t buttons; // down: bit 0 left, 1 right, 2 middle
};

// A PS/2 mouse behind the 8042; it has the controller's buffer in common with the keyboard.
struct pc_mouse {
    uint8_t present; // movements were scheduled
    uint8_t reporting, rate, resolution;
    uint8_t waits_for; // command whose parameter comes next, 0 = none
    uint8_t reply[8], replies;
    uint64_t ready; // when its next byte can have come over the wire
    uint32_t events;
    struct pc_mouse_event event[PC_MOUSE_EVENTS]; // in order of time
};

// National 16550A.
struct pc_uart {
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scratch;
    uint16_t divisor;
    uint8_t thre_pending; // the transmitter-empty interrupt, until IIR shows it or THR is written
    uint8_t timeout;      // bytes below the trigger level have waited for four characters
    uint8_t rx[16], tx[16];
    uint8_t rx_count, tx_count;
    uint64_t tx_done; // when the byte in the shift register is out, PC_NEVER = idle
    uint8_t shift;
    uint64_t rx_last;   // when a byte last came or was taken
    uint64_t wire_free; // when the next byte can have come in over the wire
    uint32_t wire_in_count, wire_out_count;
    struct pc_scheduled_byte wire_in[PC_SERIAL_BYTES];
    uint8_t wire_out[PC_SERIAL_BYTES]; // sent and not yet taken by pc_serial_take
    uint32_t lost;                     // bytes sent while wire_out was full
};

struct pc_dma_channel {
    uint16_t base_address, base_count, address, count;
    uint8_t mode;
};

// Intel 8237A. Scripted devices request cycles, and software does.
struct pc_dma {
    struct pc_dma_channel channel[4];
    uint8_t command, status, request, mask, temporary;
    uint8_t ended;     // channels whose count is over and that were not programmed again
    uint8_t high_byte; // the flip-flop
};

enum pc_dma_kind { PC_DMA_VERIFY, PC_DMA_WRITE, PC_DMA_READ, PC_DMA_COPY }; // the first three as in a mode's bits 2, 3

// One cycle of a DMA controller: `bytes` are written to memory at `address`, read from there, or copied from `from`.
struct pc_dma_cycle {
    uint32_t address, from, value;
    uint8_t channel, kind, bytes;
    uint8_t device; // script.dma that it serves, counted from 1; 0 = nobody answers
};

struct pc_scheduled_irq {
    uint64_t at;
    uint8_t irq;
};

struct pc {
    uint64_t now;
    struct pc_pic pic[2];
    struct pc_counter counter[3];
    struct pc_clock clock;
    struct pc_keyboard keyboard;
    struct pc_mouse mouse;
    struct pc_uart uart[PC_SERIAL_PORTS];
    struct pc_dma dma[2];
    struct pc_vga vga;
    uint8_t page[16]; // ports 80h-8Fh
    uint8_t port_61, port_92;
    uint8_t ferr;       // level of the processor's FERR#
    uint8_t ferr_latch; // its rise, until port F0h is written: the line of IRQ 13
    uint8_t ignne;      // port F0h was written while FERR# was up
    uint8_t reset_asked;
    uint16_t external;  // lines that the owner holds up
    uint16_t pulses;    // lines that a scheduled interrupt holds up until it is acknowledged
    uint8_t nmi_masked; // bit 7 of port 70h
    uint8_t nmi;        // one waits for the processor
    uint16_t raised;    // lines that rose since pc_take_raised
    uint32_t scheduled_irqs;
    struct pc_scheduled_irq scheduled_irq[PC_SCHEDULED]; // in order of time
    uint8_t spaces_moved;                                // device memory is decoded elsewhere since pc_take_moved
    struct pc_pci pci;
    struct pc_script script;
};

struct pc_config {
    uint16_t year; // 1980-2079: the date when virtual time 0 begins
    uint8_t month, day, hour, minute, second;
    uint16_t base_kilobytes;     // what the clock chip's memory says of conventional memory
    uint32_t extended_kilobytes; // and of memory above 1 MB
};

void pc_default_config(struct pc_config *config);            // 1998-06-25 12:00:00, 640 KB, 15 MB
void pc_init(struct pc *pc, const struct pc_config *config); // as after power on; *pc must be zeroed
// Programs controllers and timer as an AT's BIOS leaves them: vectors 08h and 70h, IRQ 0, 1, 2 and 13 unmasked, 18.2
// ticks.
void pc_bios_setup(struct pc *pc);

// Port I/O of 1, 2 or 4 bytes; wider accesses reach consecutive byte ports as on the bus. False: nobody owns any of
// them
// (*value is all ones then).
bool pc_port_in(struct pc *pc, uint16_t port, unsigned size, uint64_t now, uint32_t *value) BASE_MUST_USE;
bool pc_port_out(struct pc *pc, uint16_t port, unsigned size, uint64_t now, uint32_t value) BASE_MUST_USE;

// Device memory. False: nobody decodes the address (*value is all ones then).
bool pc_memory_read(struct pc *pc, uint32_t address, unsigned size, uint64_t now, uint32_t *value) BASE_MUST_USE;
bool pc_memory_write(struct pc *pc, uint32_t address, unsigned size, uint64_t now, uint32_t value) BASE_MUST_USE;
bool pc_take_moved(struct pc *pc);     // whether a space of device memory was placed elsewhere since the last call
void pc_spaces_changed(struct pc *pc); // after the owner described or placed spaces itself

// Brings the board to `now`. pc_next_event is the earliest time at which an interrupt line that is not masked would
// rise by itself, PC_NEVER when none: an idle owner may jump there.
void pc_advance(struct pc *pc, uint64_t now);
uint64_t pc_next_event(const struct pc *pc);

// DMA. The board knows no memory: the owner asks for cycles until there is none, does what each wants of memory
// (setting `value` for PC_DMA_READ), and ends it. To be asked whenever the board has advanced or ports were accessed.
bool pc_dma_next_cycle(struct pc *pc, struct pc_dma_cycle *cycle) BASE_MUST_USE;
void pc_dma_end_cycle(struct pc *pc, const struct pc_dma_cycle *cycle);
// Whether a channel (0-7) came to the end of its count and waits to be programmed again.
bool pc_dma_done(const struct pc *pc, unsigned channel);

// Interrupts. pc_raise_irq drives a line from outside. pc_schedule_irq raises one at `at` until the processor
// acknowledges it; false when the schedule is full or there is no such line (2 is the cascade).
void pc_raise_irq(struct pc *pc, unsigned irq, bool level);
bool pc_schedule_irq(struct pc *pc, unsigned irq, uint64_t at) BASE_MUST_USE;
// Raises an NMI at `at`, or when port 70h lets it through. pc_take_nmi: has one come up?
bool pc_schedule_nmi(struct pc *pc, uint64_t at) BASE_MUST_USE;
bool pc_take_nmi(struct pc *pc);
bool pc_intr(const struct pc *pc);      // level of the INTR pin
uint8_t pc_acknowledge(struct pc *pc);  // INTA cycle: the vector
uint16_t pc_take_raised(struct pc *pc); // lines that rose since the last call
// What the controllers hold about a line; for the virtual interrupt controller above.
bool pc_irq_requested(const struct pc *pc, unsigned irq);
bool pc_irq_in_service(const struct pc *pc, unsigned irq);
bool pc_irq_masked(const struct pc *pc, unsigned irq);

// Keys. Bytes of scan code set 1, as a translating controller hands them over; pc_type makes them from text (US layout,
// ASCII, pressed and released) and pc_key_codes from names like "a", "F1", "Ctrl+Alt+Del", "Enter".
bool pc_schedule_key(struct pc *pc, uint8_t scan_byte, uint64_t at) BASE_MUST_USE; // false: schedule full
// Moves the mouse at `at` and presses and lets go of buttons (bit 0 left, 1 right, 2 middle). The first one puts a
// mouse on the board. False: too far, no such button, or too many wait.
bool pc_schedule_mouse(struct pc *pc, int dx, int dy, unsigned buttons, uint64_t at) BASE_MUST_USE;
bool pc_type(struct pc *pc, const char *text, uint64_t at) BASE_MUST_USE; // false: no such character, or full
unsigned pc_key_codes(const char *name, uint8_t codes[16]);               // number of bytes, 0 = no such key

// Serial ports 0 (COM1) and 1: bytes from and to the other end of the wire.
bool pc_serial_receive(struct pc *pc, unsigned port, uint8_t byte, uint64_t at) BASE_MUST_USE;
size_t pc_serial_take(struct pc *pc, unsigned port, uint8_t *to, size_t size);

// The coprocessor's error, as an AT with a processor of one chip wires it (SDM 1, appendix D): FERR# is latched as IRQ
// 13 until port F0h is written; that asserts IGNNE# as long as FERR# stays.
void pc_coprocessor_error(struct pc *pc, bool ferr);
bool pc_ignne(const struct pc *pc);

bool pc_a20(const struct pc *pc);  // level of address line 20
bool pc_take_reset(struct pc *pc); // the guest asked for a processor reset since the last call
void pc_date(const struct pc *pc, uint64_t now, struct pc_config *date); // the clock chip's date and time, as set

// Three counters of an 8254 that are nobody's but the caller's (a virtual timer): port 0-3 at `now`, and whether the
// output of one has risen after `from` until `to`. A counter that was never programmed has start PC_NEVER.
uint8_t pc_counters_in(struct pc_counter counter[3], unsigned port, uint64_t now);
void pc_counters_out(struct pc_counter counter[3], unsigned port, uint8_t value, uint64_t now);
bool pc_counter_rose(const struct pc_counter *c, uint64_t from, uint64_t to) BASE_MUST_USE;

// One row of text-mode screen memory (character, attribute pairs from B8000h) as text: printable ASCII, other
// characters as '.', trailing blanks cut, terminated. `to` has room for columns + 1.
void pc_screen_row(const uint8_t *cells, unsigned columns, char *to);

#endif
