// The DPMI host: how its files see one another. INT 31h is the VMM's own service for protected-mode applications (DPMI
// 0.9; docs/devices.md lists the functions). An application is a row; when one starts another, the newest is the one
// that runs.
#ifndef VXDKIT_VMM_DPMI_H
#define VXDKIT_VMM_DPMI_H

#include "vmm/pmode.h"

enum {
    VMM_DPMI_VERSION = 0x005A,     // 0.90
    VMM_DPMI_STACK_BYTES = 0x1000, // the host's V86 stack; behind it what INT 21h is shown
    VMM_DPMI_EXCEPTIONS = 32,
    VMM_DPMI_SELECTORS = 8192,
};

struct vmm_pm_app {
    uint32_t free_link;               // of released rows; all else is zero there
    uint32_t vm, thread;              // rows
    uint32_t parent;                  // row of the application that it interrupts
    uint32_t level;                   // 1: the VM's first
    uint32_t acb;                     // application control block
    uint32_t wide;                    // a 32-bit application
    uint32_t frame, blocks, crossing; // of its thread when it began: what lies above goes with it
    uint32_t locked;                  // count of the locked stack then: what lies on it is not the application's
    uint8_t v86[KIT_Client_Alt_EIP - KIT_Client_EIP]; // its V86 set when it began
    uint32_t psp;                                     // segment
    uint32_t psp_selector;
    uint32_t told;                     // End_PM_App has been sent
    uint32_t asked;                    // DOS was asked whose end a function 4Ch is: let it pass
    uint32_t host_segment;             // of the memory that it gave the host
    uint32_t dta_selector, dta_offset; // selector 0: the PSP\'s
    uint32_t raw_ss, raw_sp;           // the host's V86 stack while the application is in real mode by itself
    uint32_t environment_at;           // linear address of the PSP's environment word, 0: not replaced
    uint32_t environment;              // what it was
    struct {
        uint32_t selector, offset; // selector 0: the default
    } exception[VMM_DPMI_EXCEPTIONS];
    uint32_t own[VMM_DPMI_SELECTORS / 32];      // local descriptors that it may free
    uint32_t segments[VMM_DPMI_SELECTORS / 32]; // those of real-mode segments, which it may not
};

// A function of INT 31h: 0 done, else what goes into AX with carry set.
typedef uint32_t vmm_dpmi_fn(struct vmm *v, struct vmm_pm_app *app);

// pm_app.c: the life of applications
struct vmm_pm_app *vmm_pm_app(struct vmm *v); // of the current VM, NULL = none; valid until the next is made
uint32_t vmm_pm_app_count(struct vmm *v);     // of all VMs
uint32_t vmm_pm_app_row(struct vmm *v);       // 0 = none
struct vmm_pm_app *vmm_pm_app_at(struct vmm *v, uint32_t row);
uint32_t vmm_pm_app_level(struct vmm *v, uint32_t vm); // how many applications the VM has
// A new one, told to all devices; then vmm_dpmi_started.
void vmm_pm_app_new_begin(struct vmm *v, bool wide, uint32_t psp);
void vmm_pm_app_discard(struct vmm *v);                 // the newest one, without a word to anybody
void vmm_pm_app_end_begin(struct vmm *v, uint8_t code); // the newest one ends: INT 21h, AH=4Ch in V86 mode
// The newest application of a VM that is ending; rows. Told, it goes without further words.
uint32_t vmm_pm_app_of(struct vmm *v, uint32_t vm); // 0: none
void vmm_pm_app_drop(struct vmm *v, uint32_t app);
void vmm_pm_app_tell_end_begin(struct vmm *v, uint32_t app); // all devices

// dpmi.c
void vmm_dpmi_started(struct vmm *v, bool begun); // false: a device refused, or no memory
void vmm_dpmi_ended(struct vmm *v, uint32_t app); // what it held is given back
vmm_dpmi_fn vmm_dpmi_vendor_entry;

// dpmi_int21.c
bool vmm_dpmi_int21_begin(struct vmm *v); // false: DOS takes the registers as they are

uint32_t vmm_dpmi_processor(struct vmm *v); // 3 = 386, ...
bool vmm_dpmi_v86_asked(struct vmm *v);     // INT 2Fh; false: not the host's question
bool vmm_dpmi_pm_asked(struct vmm *v);
// Fields of the client registers; an offset register is a word for a 16-bit application.
uint16_t vmm_dpmi_word(struct vmm *v, uint32_t field);
uint32_t vmm_dpmi_offset(struct vmm *v, uint32_t field);
void vmm_dpmi_set_word(struct vmm *v, uint32_t field, uint32_t value);
void vmm_dpmi_set_offset(struct vmm *v, uint32_t field, uint32_t value);
void vmm_dpmi_set_pair(struct vmm *v, uint32_t high, uint32_t low, uint32_t value); // CX:DX and the like
uint32_t vmm_dpmi_pair(struct vmm *v, uint32_t high, uint32_t low);

enum { // results of functions: DPMI 1.0's error codes; 0.9 promises only the carry
    VMM_DPMI_UNSUPPORTED = 0x8001,
    VMM_DPMI_SYSTEM_INTEGRITY = 0x8004,
    VMM_DPMI_NO_MEMORY = 0x8013,
    VMM_DPMI_NO_DESCRIPTOR = 0x8011,
    VMM_DPMI_NO_LINEAR = 0x8012,
    VMM_DPMI_NO_CALL_BACK = 0x8015,
    VMM_DPMI_NO_WATCHPOINT = 0x8016,
    VMM_DPMI_INVALID_VALUE = 0x8021,
    VMM_DPMI_INVALID_SELECTOR = 0x8022,
    VMM_DPMI_INVALID_HANDLE = 0x8023,
    VMM_DPMI_INVALID_CALL_BACK = 0x8024,
    VMM_DPMI_INVALID_LINEAR = 0x8025,
    VMM_DPMI_ELSEWHERE = 1, // no result: the client goes on somewhere else
};
struct vmm_dpmi_function {
    uint16_t number;
    vmm_dpmi_fn *fn;
};
extern const struct vmm_dpmi_function vmm_dpmi_ldt[], vmm_dpmi_dos[], vmm_dpmi_vectors[], vmm_dpmi_real[],
    vmm_dpmi_memory[], vmm_dpmi_watch[]; // each ended by fn NULL

// dpmi_ldt.c
uint32_t vmm_dpmi_selector_new(struct vmm *v, struct vmm_pm_app *app, uint32_t base, uint32_t limit, uint32_t type,
                               uint32_t count) BASE_MUST_USE; // `count` in a row of one descriptor; 0 = none left
uint32_t vmm_dpmi_segment_selector(struct vmm *v, struct vmm_pm_app *app, uint32_t segment) BASE_MUST_USE;
void vmm_dpmi_selector_free(struct vmm *v, struct vmm_pm_app *app, uint32_t selector);
enum { VMM_DPMI_DATA16 = 0xF2, VMM_DPMI_CODE16 = 0xFA, VMM_DPMI_DATA32 = 0x40F2 }; // access byte, size in bits 12-15

// INT 21h AH=48h-4Ah of an application: DOS's blocks by selector. False: another function.
bool vmm_dpmi_dos_memory_begin(struct vmm *v, struct vmm_pm_app *app, uint8_t function);

// dpmi_dos.c, dpmi_memory.c, dpmi_real.c, dpmi_watch.c: what an application that ends still holds
void vmm_dpmi_dos_forget(struct vmm *v, uint32_t app);
void vmm_dpmi_memory_forget(struct vmm *v, uint32_t app);
void vmm_dpmi_real_forget(struct vmm *v, uint32_t app);
void vmm_dpmi_watch_forget(struct vmm *v, uint32_t app);

// Ways back from crossings
vmm_crossed_fn vmm_dpmi_entry_over, vmm_dpmi_real_call_over, vmm_dpmi_call_back_over, vmm_dpmi_dos_over,
    vmm_dpmi_int21_over, vmm_dpmi_psp_over;

#endif
