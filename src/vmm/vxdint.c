// Exec_VxD_Int (spec: nested-exec; Win95 DDK S3301): an interrupt as a service. The driver's own registers are
// parameters and results; the client registers are the same afterwards. A VXDINT frame keeps the client's state on the
// ring-0 stack, opens a block of nested execution and closes it when the interrupt has returned.
#include "vmm/vxdint.h"
#include "vmm/defs.h"

#include <string.h>

enum { NO_MEMORY = 8 }; // of DOS

static const struct {
    uint8_t reg, client;
} shared[] = {{X86_EAX, KIT_Client_EAX}, {X86_EBX, KIT_Client_EBX}, {X86_ECX, KIT_Client_ECX},
              {X86_EDX, KIT_Client_EDX}, {X86_ESI, KIT_Client_ESI}, {X86_EDI, KIT_Client_EDI},
              {X86_EBP, KIT_Client_EBP}};

static bool copy_state(struct vmm *v, uint32_t from, uint32_t to)
{
    uint8_t bytes[KIT_SIZE_Client_Reg_Struc];
    return x86_read_linear(v->cpu, from, bytes, sizeof bytes, X86_READ, NULL) &&
           x86_write_linear(v->cpu, to, bytes, sizeof bytes, X86_WRITE, NULL);
}

static void exec_begin(struct vmm *v, bool completes)
{
    uint32_t *r = vmm_regs(v), vector = vmm_arg(v, 0) & 0xFF, room = r[X86_ESP] - KIT_SIZE_Client_Reg_Struc + 4;
    uint32_t a[VXDINT_NUMBERS] = {[VXDINT_ESP] = r[X86_ESP] + 4, [VXDINT_COMPLETES] = completes}; // the vector goes
    if (v->call.faulted || !vmm_probe(v, room, KIT_SIZE_Client_Reg_Struc, true) || !vmm_vxd_dos_prepare(v, vector, a))
        return;
    if (a[VXDINT_AX] && !a[VXDINT_END]) { // calls that wait for DOS have taken all the room
        r[X86_EAX] = NO_MEMORY;
        r[X86_ESP] = a[VXDINT_ESP];
        vmm_set_flag(v, X86_CF, true);
        return;
    }
    if (vmm_v86_claim_begin(v, 1, KIT_Block_Svc_Ints))
        return;
    r[X86_ESP] = room;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_VXDINT);
    if (!f)
        return;
    memcpy(f->a, a, sizeof a);
    if (!copy_state(v, vmm_client(v), room))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", vmm_client(v));
    vmm_nest_v86_open(v);
    for (unsigned i = 0; i < BASE_COUNT(shared); i++)
        vmm_poke32(v, vmm_client(v) + shared[i].client, r[shared[i].reg]);
    if (a[VXDINT_AX])
        vmm_vxd_dos_enter(v, a);
    vmm_frame_wait(v);
    vmm_exec_int_begin(v, vector, completes);
}

static void exec_vxd_int(struct vmm *v)
{
    exec_begin(v, false);
}

// Win95 DDK S33B0.
static void exec_vxd_int_must_complete(struct vmm *v)
{
    exec_begin(v, true);
}

static void results(struct vmm *v, const struct vmm_frame *f, uint32_t result[8], uint32_t *flags)
{
    for (unsigned i = 0; i < BASE_COUNT(shared); i++)
        result[shared[i].reg] = vmm_peek32(v, vmm_client(v) + shared[i].client);
    *flags = vmm_peek32(v, vmm_client(v) + KIT_Client_EFlags);
    if (f->a[VXDINT_AX])
        vmm_vxd_dos_results(f->a, result, flags);
}

static void vxdint_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t result[8], flags, esp = f->a[VXDINT_ESP], state = f->esp;
    bool again = false;
    if (f->a[VXDINT_AX] && !vmm_vxd_dos_over(v, f->a, &again))
        return;
    if (again) {
        uint32_t completes = f->a[VXDINT_COMPLETES];
        vmm_frame_wait(v);
        vmm_exec_int_begin(v, 0x21, completes);
        return;
    }
    results(v, f, result, &flags);
    const uint32_t arithmetic = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF;
    vmm_nest_close(v);
    if (!copy_state(v, state, vmm_client(v)))
        vmm_stop(v, VMM_END_FAULT, "the saved client registers at %08X are not mapped", state);
    vmm_frame_pop_all(v);
    for (unsigned i = 0; i < BASE_COUNT(shared); i++)
        vmm_regs(v)[shared[i].reg] = result[shared[i].reg];
    vmm_regs(v)[X86_ESP] = esp;
    v->cpu->state.eflags = (v->cpu->state.eflags & ~arithmetic) | (flags & arithmetic);
}

const struct vmm_frame_kind vmm_vxdint_frame = {"Exec_VxD_Int", vxdint_resume, NULL};

static const struct vmm_binding bindings[] = {
    {KIT_Exec_VxD_Int, exec_vxd_int},
    {KIT__ExecVxDIntMustComplete, exec_vxd_int_must_complete},
    {0, NULL},
};

const struct vmm_chapter vmm_vxdint_chapter = {.bindings = bindings};
