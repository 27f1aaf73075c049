// CONFIGMG: services that are about the configuration manager itself: when it may work, waiting, application time, its
// state; and a checksum. Win95 DDK S2533, S2539, S253E, S2559, S255B, S250A, S252D, S251E.
#include "devices/configmg.h"

#include "devices/call.h"
#include "kit/services.h"

// ---------------------------------------------------------------------------------------------------------------------
// Work on the tree is held back while the count is above 0

static int no_flags(struct vmm *v, unsigned n)
{
    return vmm_arg(v, n) ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS;
}

// Initialize(ulFlags): the root has been there since the machine was made; nothing is left to do.
static void initialize(struct vmm *v)
{
    configmg_answer(v, vmm_arg(v, 0) > KIT_CM_INITIALIZE_VXDLDR ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS);
}

static void lock(struct vmm *v)
{
    int error = no_flags(v, 0);
    if (!error)
        configmg_state(v)->locked++;
    configmg_answer(v, error);
}

static void unlock(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    int error = no_flags(v, 0);
    if (!error && s->locked && !--s->locked && configmg_waiting(v))
        configmg_schedule(v);
    configmg_answer(v, error);
}

// The lock does not hold it back (S253E).
static void process_events_now_begin(struct vmm *v)
{
    int error = no_flags(v, 0);
    if (!error && !configmg_in_system_vm(v))
        error = KIT_CR_NOT_SYSTEM_VM;
    if (error)
        configmg_answer(v, error);
    else
        configmg_work_answer_begin(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Get_Global_State(pulState, ulFlags) [unverified]

static void get_global_state(struct vmm *v)
{
    const struct configmg *s = configmg_state(v);
    uint32_t state = KIT_CM_GLOBAL_STATE_SERVICES_AVAILABLE | (s->up ? KIT_CM_GLOBAL_STATE_CAN_DO_UI : 0) |
                     (s->shutting_down ? KIT_CM_GLOBAL_STATE_SHUTTING_DOWN : 0);
    int error = no_flags(v, 1);
    configmg_answer(v, error ? error : configmg_deliver(v, vmm_arg(v, 0), state));
}

// Get_Performance_Info(pPerfInfo, ulFlags): only the MAXDEBUG build measures, others answer CR_FAILURE (S252D).
static void get_performance_info(struct vmm *v)
{
    configmg_answer(v, vmm_arg(v, 1) > KIT_CM_PERFORMANCE_INFO_STOP ? KIT_CR_INVALID_FLAG
                       : !vmm_arg(v, 0)                             ? KIT_CR_INVALID_POINTER
                                                                    : KIT_CR_FAILURE);
}

// ---------------------------------------------------------------------------------------------------------------------
// Get_CRC_CheckSum(pBuffer, ulSize, pulSeed, ulFlags): 16 bits, and 0 first; that it is CRC-16 with the reflected
// polynomial A001h is unverified.

static uint32_t crc16(uint32_t crc, const uint8_t *bytes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xA001u : 0);
    }
    return crc;
}

static int checksum(struct vmm *v)
{
    uint32_t at = vmm_arg(v, 0), left = vmm_arg(v, 1), seed_at = vmm_arg(v, 2), crc;
    uint8_t block[512];
    if (vmm_arg(v, 3))
        return KIT_CR_INVALID_FLAG;
    if (!at || !seed_at)
        return KIT_CR_INVALID_POINTER;
    if (!vmm_get32(v, seed_at, &crc) || !vmm_probe(v, seed_at, 4, true))
        return CONFIGMG_FAULTED;
    crc &= 0xFFFF;
    for (uint32_t n; left; left -= n, at += n) {
        n = left < sizeof block ? left : (uint32_t)sizeof block;
        if (!vmm_get(v, at, block, n))
            return CONFIGMG_FAULTED;
        crc = crc16(crc, block, n);
    }
    return vmm_put32(v, seed_at, crc) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
}

static void get_crc_checksum(struct vmm *v)
{
    configmg_answer(v, checksum(v));
}

// ---------------------------------------------------------------------------------------------------------------------
// Application time is SHELL's. Frame: a[0] nothing.

static void appy_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t handle = vmm_regs(v)[X86_EAX];
    (void)f;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = handle ? KIT_CR_SUCCESS : KIT_CR_OUT_OF_MEMORY;
}

static const struct vmm_frame_kind appy_kind = {"SHELL_CallAtAppyTime", appy_resume, NULL};

void configmg_at_appy_time_begin(struct vmm *v, uint32_t proc, uint32_t reference)
{
    uint32_t target = vmm_service_address(v, KIT_SHELL_Device_ID, KIT__SHELL_CallAtAppyTime);
    if (vmm_frame_push(v, configmg_state(v)->appy_kind))
        vmm_frame_call_c_begin(v, target, 4, (const uint32_t[]){proc, reference, 0, 0});
}

// Call_At_Appy_Time(Handler, ulRefData, ulFlags): as SHELL_CallAtAppyTime (S250A).
static void call_at_appy_time_begin(struct vmm *v)
{
    int error = no_flags(v, 2);
    if (error)
        configmg_answer(v, error);
    else
        configmg_at_appy_time_begin(v, vmm_arg(v, 0), vmm_arg(v, 1));
}

// ---------------------------------------------------------------------------------------------------------------------
// Yield(ulMicroseconds, ulFlags): the driver's thread stays where it is, in ring 0 with interrupts on, so nobody else
// gets control; long waits halt until a time-out comes, the rest is spent in a loop. With CM_YIELD_RESUME_EXEC
// interrupts are simulated in between, in nested execution. Frame: a[0], a[1] when it is over, a[2] Resume_Exec wanted.

enum yield_step { YIELD_LOOK, YIELD_TIMER, YIELD_RESUME, YIELD_END };
enum { MOST_MICROSECONDS = 60000000, LOOP_NS = 40000000, LOOPS = 256 };

// Guest code: HLT, RET; LOOP to itself, RET.
static const uint8_t wait_code[] = {0xF4, 0xC3, 0xE2, 0xFE, 0xC3};
enum { HALT_AT = 0, LOOP_AT = 2 };

static bool make_code(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    if (!s->wait_code)
        s->wait_code = vmm_heap_get(v, sizeof wait_code);
    return s->wait_code && x86_write_linear(vmm_cpu(v), s->wait_code, wait_code, sizeof wait_code, X86_WRITE, NULL);
}

// The time-out only ends the halt.
static void timer_rang(void *user, struct vmm *v)
{
    (void)user;
    (void)v;
}

static void yield_look(struct vmm *v, struct vmm_frame *f)
{
    const struct configmg *s = configmg_state(v);
    uint64_t end = (uint64_t)f->a[1] << 32 | f->a[0], now = vmm_time(v);
    uint32_t *r = vmm_regs(v);
    f->step = f->a[2] ? YIELD_RESUME : YIELD_LOOK;
    if (now >= end) {
        f->step = YIELD_END;
        if (f->a[2])
            devices_call_begin(v, KIT_End_Nest_Exec);
        else
            vmm_frame_wait(v);
    } else if (end - now <= LOOP_NS) {
        r[X86_ECX] = LOOPS;
        vmm_frame_call_begin(v, s->wait_code + LOOP_AT);
    } else {
        f->step = YIELD_TIMER;
        r[X86_EAX] = (uint32_t)((end - now - LOOP_NS / 2) / 1000000);
        r[X86_EDX] = 0;
        r[X86_ESI] = s->timer_proc;
        devices_call_begin(v, KIT_Set_Async_Time_Out);
    }
}

static void yield_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step) {
    case YIELD_TIMER:
        if (!vmm_regs(v)[X86_ESI]) {
            vmm_stop(v, VMM_END_MEMORY, "_CONFIGMG_Yield: no memory for a time-out");
            return;
        }
        f->step = f->a[2] ? YIELD_RESUME : YIELD_LOOK;
        vmm_frame_call_begin(v, configmg_state(v)->wait_code + HALT_AT);
        break;
    case YIELD_RESUME:
        f->step = YIELD_LOOK;
        devices_call_begin(v, KIT_Resume_Exec);
        break;
    case YIELD_END:
        vmm_frame_pop_all(v);
        vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
        break;
    default:
        yield_look(v, f);
    }
}

static const struct vmm_frame_kind yield_kind = {"_CONFIGMG_Yield", yield_resume, NULL};

static void yield_begin(struct vmm *v)
{
    uint64_t microseconds = vmm_arg(v, 0), end = vmm_time(v) + microseconds * 1000;
    uint32_t flags = vmm_arg(v, 1);
    if (flags > KIT_CM_YIELD_RESUME_EXEC || microseconds > MOST_MICROSECONDS) {
        configmg_answer(v, flags > KIT_CM_YIELD_RESUME_EXEC ? KIT_CR_INVALID_FLAG : KIT_CR_FAILURE);
        return;
    }
    if (!vmm_flag(v, X86_IF)) {
        vmm_stop(v, VMM_END_MISSING,
                 "_CONFIGMG_Yield with interrupts disabled: the number of CR_INTERRUPTS_DISABLED "
                 "is not documented");
        return;
    }
    struct vmm_frame *f = make_code(v) ? vmm_frame_push(v, configmg_state(v)->yield_kind) : NULL;
    if (!f) {
        configmg_answer(v, KIT_CR_OUT_OF_MEMORY);
        return;
    }
    f->a[0] = (uint32_t)end;
    f->a[1] = (uint32_t)(end >> 32);
    f->a[2] = flags == KIT_CM_YIELD_RESUME_EXEC;
    f->step = YIELD_LOOK;
    if (f->a[2])
        devices_call_begin(v, KIT_Begin_Nest_Exec);
    else
        yield_look(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------

bool configmg_system_create(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    s->appy_kind = vmm_frame_kind_add(v, &appy_kind);
    s->yield_kind = vmm_frame_kind_add(v, &yield_kind);
    s->timer_proc = vmm_host_proc(v, timer_rang, NULL);
    return s->timer_proc != 0;
}

const struct vmm_binding configmg_system_bindings[] = {
    {KIT__CONFIGMG_Initialize, initialize},
    {KIT__CONFIGMG_Lock, lock},
    {KIT__CONFIGMG_Unlock, unlock},
    {KIT__CONFIGMG_Process_Events_Now, process_events_now_begin},
    {KIT__CONFIGMG_Get_Global_State, get_global_state},
    {KIT__CONFIGMG_Get_Performance_Info, get_performance_info},
    {KIT__CONFIGMG_Get_CRC_CheckSum, get_crc_checksum},
    {KIT__CONFIGMG_Call_At_Appy_Time, call_at_appy_time_begin},
    {KIT__CONFIGMG_Yield, yield_begin},
    {0, NULL},
};
