// From the processor to C and back: gates, services and the rules of calling them.
#include "vmm/defs.h"

#include <stdio.h>
#include <string.h>

struct vmm_gate *vmm_gate_of(struct vmm *v, uint32_t number)
{
    return &v->gates[number - VMM_GATE_SERVICE];
}

uint32_t vmm_gate_add(struct vmm *v, const struct vmm_gate *gate)
{
    if (v->gate_count == v->gate_capacity) {
        size_t want = base_alloc_grow(v->gate_capacity, v->gate_count + 1, sizeof *v->gates);
        if (!want || want > VMM_GATES - VMM_GATE_SERVICE)
            want = VMM_GATES - VMM_GATE_SERVICE;
        struct vmm_gate *gates =
            want <= v->gate_capacity
                ? NULL
                : base_alloc_resize(v->alloc, v->gates, v->gate_capacity * sizeof *gates, want * sizeof *gates);
        if (!gates)
            return 0;
        v->gates = gates;
        v->gate_capacity = (uint32_t)want;
    }
    if (!vmm_gates_map(v, VMM_GATE_SERVICE + v->gate_count + 1))
        return 0;
    v->gates[v->gate_count] = *gate;
    return VMM_GATE_SERVICE + v->gate_count++;
}

bool vmm_return_to(struct vmm *v, uint32_t bytes)
{
    struct x86_state *s = &v->cpu->state;
    uint32_t to;
    if (!vmm_get32(v, s->reg[X86_ESP], &to))
        return false;
    s->eip = to;
    s->reg[X86_ESP] += 4 + bytes;
    return true;
}

// --- records

static void announce_service(struct vmm *v, const struct vmm_gate *gate, uint32_t caller, uint8_t phase)
{
    struct vmm_service_record r = {
        .phase = phase,
        .device = gate->device->id,
        .ordinal = gate->service->ordinal,
        .device_name = gate->device->name,
        .name = gate->service->name,
        .caller = vmm_module_name(v, caller),
        .caller_address = caller,
    };
    if (phase == VMM_SERVICE_DONE) {
        r.result = v->cpu->state.reg[X86_EAX];
        r.carry = v->cpu->state.eflags & X86_CF;
        r.zero = v->cpu->state.eflags & X86_ZF;
    }
    vmm_announce(v, &r.head, VMM_RECORD_SERVICE, sizeof r);
}

void vmm_service_done(struct vmm *v, uint32_t gate, uint32_t caller)
{
    if (base_sink_heard(&v->sink))
        announce_service(v, vmm_gate_of(v, gate), caller, VMM_SERVICE_DONE);
}

// --- rules of calling (spec: debug, "Checks a debug kernel makes")

// Devices whose documentation says of every service whether it is asynchronous.
static bool says_async(const struct kit_device *d)
{
    return d->id == 1 || d->id == 3 || d->id == 5 || d->id == 0x17 || d->id == 0x27 || d->id == 0x2A;
}

// Init-only by the 3.1 guide, allowed at any time in 4.0 (spec: README, init_only).
static bool lifted_in_40(uint16_t ordinal)
{
    static const uint16_t lifted[] = {KIT_Hook_V86_Int_Chain, KIT_Install_IO_Handler, KIT_Install_Mult_IO_Handlers,
                                      KIT_Hook_NMI_Event, KIT__Allocate_Device_CB_Area};
    for (size_t i = 0; i < BASE_COUNT(lifted); i++)
        if (lifted[i] == ordinal)
            return true;
    return false;
}

static void check_call(struct vmm *v, const struct vmm_gate *gate)
{
    const struct kit_service *s = gate->service;
    if (v->s.in_nmi)
        vmm_report(v, "synchronous-service", v->call.caller, "VDAG31 Set_NMI_Handler_Addr",
                   "%s was called by an NMI handler, which may call no service at all", s->name);
    else if (v->s.reenter_seen && !(s->flags & KIT_ASYNC) && says_async(gate->device))
        vmm_report(v, "synchronous-service", v->call.caller, s->page,
                   "%s is not asynchronous, but was called at interrupt time (re-entry count %u)", s->name,
                   v->s.reenter_seen);
    if (gate->ranges)
        vmm_check_ranges(v, s, gate->ranges);
    if (!(s->flags & KIT_INIT_ONLY) || v->s.phase < KIT_SYSSTATE_VXDINITCOMPLETED)
        return;
    if (v->config.profile == VMM_PROFILE_31 || gate->device->id != 1 || !lifted_in_40(s->ordinal))
        vmm_report(v, "init-only", v->call.caller, s->page, "%s may only be called until Init_Complete is over",
                   s->name);
}

static void missing(struct vmm *v, const struct vmm_gate *gate)
{
    char where[96];
    vmm_describe_address(v, v->call.caller, where, sizeof where);
    const char *caller = vmm_module_name(v, v->call.caller);
    if (v->config.keep_going) {
        vmm_report(v, "not-implemented", v->call.caller, gate->service->page,
                   "service %s of %s is not implemented; answered with CF=1, EAX=0", gate->service->name,
                   gate->device->name);
        v->cpu->state.reg[X86_EAX] = 0;
        v->cpu->state.eflags |= X86_CF;
        return;
    }
    vmm_stop(v, VMM_END_MISSING, "%s calls %s (device %s, service %04X:%04X) at %s: not implemented; its contract: %s",
             caller, gate->service->name, gate->device->name, gate->device->id, gate->service->ordinal, where,
             gate->service->page[0] ? gate->service->page : "not documented");
}

// --- calls

static unsigned callee_removes(const struct kit_service *s)
{
    if (s->convention == KIT_STD && s->args > 0)
        return 4u * (unsigned)s->args;
    if (s->convention == KIT_FAST && s->args > 2)
        return 4u * (unsigned)(s->args - 2);
    return 0;
}

// Reads the return address and the arguments with one access, and makes the return.
static bool make_return(struct vmm *v, const struct kit_service *service)
{
    struct x86_state *s = &v->cpu->state;
    uint8_t bytes[4 * 17];
    unsigned args = service && service->convention != KIT_REG && service->args > 0 ? (unsigned)service->args : 0;
    if (args > 16)
        args = 16;
    if (!vmm_get(v, s->reg[X86_ESP], bytes, 4 * (args + 1)))
        return false;
    v->call.args = s->reg[X86_ESP] + 4;
    v->call.arg_count = args;
    for (unsigned i = 0; i < args; i++)
        v->call.arg[i] = base_get32(bytes + 4 * (i + 1));
    s->eip = v->call.caller = base_get32(bytes);
    s->reg[X86_ESP] += 4 + (service ? callee_removes(service) : 0);
    return true;
}

static void call_service(struct vmm *v, uint32_t number)
{
    const struct vmm_gate gate = *vmm_gate_of(v, number); // a host procedure may add gates
    if (!make_return(v, gate.service))
        return;
    if (!gate.service) {
        if (gate.host)
            gate.host(gate.user, v);
        else
            gate.fn(v);
        return;
    }
    bool heard = base_sink_heard(&v->sink);
    if (heard)
        announce_service(v, &gate, v->call.caller, VMM_SERVICE_ENTERED);
    v->call.gate = number;
    check_call(v, &gate);
    if (gate.host)
        gate.host(gate.user, v);
    else if (gate.fn)
        gate.fn(v);
    else
        missing(v, &gate);
    if (heard && !v->call.framed && !v->call.faulted)
        announce_service(v, &gate, v->call.caller, VMM_SERVICE_DONE);
}

// A page was missing: everything as it was at the gate, then the fault; the gate runs again when it has been served.
static void deliver_fault(struct vmm *v)
{
    struct x86_state *s = &v->cpu->state;
    vmm_frames_abandon(v, v->s.current, v->call.top);
    s->eip = v->call.eip;
    s->eflags = v->call.eflags;
    memcpy(s->reg, v->call.reg, sizeof s->reg);
    if (!x86_deliver(v->cpu, &v->call.fault))
        vmm_stop(v, VMM_END_FAULT, "the processor shut down while a page fault was delivered");
}

void vmm_service_rewind(struct vmm *v)
{
    if (!v->call.gate)
        return;
    v->cpu->state.eip = v->call.eip;
    v->cpu->state.eflags = v->call.eflags;
    memcpy(v->cpu->state.reg, v->call.reg, sizeof v->call.reg);
    v->call.framed = true; // it is not done
}

// From here on a page fault in C takes everything back to this point.
static void begin_call(struct vmm *v)
{
    const struct x86_state *s = &v->cpu->state;
    v->call.gate = 0;
    v->call.faulted = v->call.framed = false;
    v->call.top = vmm_current(v)->top;
    v->call.eip = s->eip;
    v->call.eflags = s->eflags;
    memcpy(v->call.reg, s->reg, sizeof s->reg);
}

// What goes to ring 3 next needs no trip through the LEAVE gate.
static void end_call(struct vmm *v)
{
    if (v->cpu->state.eip == vmm_gate_address(VMM_GATE_LEAVE) && !v->call.faulted && !v->s.end && !v->s.waiting) {
        begin_call(v);
        vmm_leave_begin(v);
    }
    if (v->call.faulted && !v->s.end)
        deliver_fault(v);
    v->call.gate = 0;
    if (v->s.end)
        x86_stop(v->cpu);
}

// The entry of the IDT as layout.c made it: a driver that has put another there gets the fault from the processor.
static bool idt_entry_is_own(struct vmm *v, uint8_t vector)
{
    const struct x86_state *s = &v->cpu->state;
    uint32_t to = vmm_gate_address(VMM_GATE_VECTOR + vector);
    uint8_t copy[8];
    const uint8_t *entry = x86_owner_bytes(v->cpu, v->s.idt + 8u * vector, 8, false);
    if (!entry && x86_read_linear(v->cpu, v->s.idt + 8u * vector, copy, 8, X86_READ, NULL))
        entry = copy;
    return s->idtr.base == v->s.idt && entry && base_get32(entry) == ((to & 0xFFFF) | (uint32_t)VMM_CS << 16) &&
           base_get32(entry + 4) == ((to & 0xFFFF0000) | 0x8E00);
}

// A fault of V86 code, on a shorter way: everything is as if the processor had pushed its frame and entered the gate.
bool vmm_v86_fault_entered(void *user, struct x86 *cpu, const struct x86_fault *fault)
{
    struct vmm *v = user;
    if (!vmm_current(v)->ring3 || !idt_entry_is_own(v, fault->vector))
        return false;
    const struct x86_state *s = &cpu->state;
    const struct vmm_fault what = {fault->vector, true, true, fault->error, s->eip, s->seg[X86_CS].selector, s->eflags};
    vmm_client_capture(v, fault->error);
    begin_call(v);
    v->call.eip = vmm_gate_address((uint32_t)VMM_GATE_VECTOR + fault->vector);
    v->call.reg[X86_ESP] = vmm_client(v) + (fault->has_error ? KIT_Client_Error : KIT_Client_EIP);
    vmm_vector_begin(v, &what);
    end_call(v);
    return true;
}

void vmm_gate_entered(void *user, struct x86 *cpu, uint16_t number)
{
    struct vmm *v = user;
    begin_call(v);

    if (number >= VMM_GATE_SERVICE && number - (uint32_t)VMM_GATE_SERVICE < v->gate_count)
        call_service(v, number);
    else if (number < VMM_GATE_RETURN)
        vmm_vector_entered(v, (uint8_t)number);
    else if (number < VMM_GATE_LEAVE)
        vmm_frame_returned(v, number - VMM_GATE_RETURN);
    else if (number == VMM_GATE_LEAVE)
        vmm_leave_begin(v);
    else if (number == VMM_GATE_WAIT)
        vmm_wait_begin(v);
    else if (number == VMM_GATE_NMI_END || number == VMM_GATE_NMI_IRET)
        vmm_nmi_chain_ended(v, number == VMM_GATE_NMI_IRET);
    else if (number == VMM_GATE_START)
        vmm_thread_start_begin(v);
    else if (number >= VMM_GATE_FAULT && number < (uint32_t)VMM_GATE_FAULT_END)
        vmm_fault_chain_ended(v, number - VMM_GATE_FAULT);
    else
        vmm_stop(v, VMM_END_FAULT, "gate %04X does not exist", number);

    (void)cpu;
    end_call(v);
}
