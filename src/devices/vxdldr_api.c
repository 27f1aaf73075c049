// VXDLDR's API for programs (INT 2Fh AX=1684h BX=0027h; Win95 DDK S3508, S3516-S3518; RBIL INT 2F/AX=1684h BX=0027h):
// it loads and unloads drivers as the services do, from V86 and protected mode.
#include "devices/vxdldr_api.h"

#include "devices/call.h"
#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/dpmi.h"
#include "vmm/pmode.h"
#include "vmm/v86.h"

enum { GET_VERSION, LOAD_DEVICE, UNLOAD_DEVICE, NAME_BYTES = 260, BY_NAME = 0xFFFF };

static void answer(struct vmm *v, uint32_t error)
{
    uint32_t crs = vmm_client(v), flags = vmm_peek32(v, crs + KIT_Client_EFlags) & ~(uint32_t)X86_CF;
    vmm_poke16(v, crs + KIT_Client_EAX, (uint16_t)error);
    vmm_poke32(v, crs + KIT_Client_EFlags, error ? flags | X86_CF : flags);
}

// A byte of the caller's text at DS:(E)DX.
static bool get_byte(struct vmm *v, uint32_t n, char *to)
{
    uint32_t ds = vmm_peek16(v, vmm_client(v) + KIT_Client_DS), offset = vmm_dpmi_offset(v, KIT_Client_EDX) + n;
    uint32_t linear = (ds << 4) + (offset & 0xFFFF);
    return (vmm_client_v86(v) || vmm_pm_linear(v, ds, offset, 1, false, &linear)) && vmm_user_get(v, linear, to, 1);
}

// False: the caller cannot read it, or it is too long.
static bool get_name(struct vmm *v, char name[NAME_BYTES])
{
    for (uint32_t n = 0; n < NAME_BYTES; n++) {
        if (!get_byte(v, n, &name[n]))
            return false;
        if (!name[n])
            return n > 0;
    }
    return false;
}

// Frame: a[0] = guest copy of the name, 0 = none. The service answers CF and EAX.
static void api_over(struct vmm *v, const struct vmm_frame *f)
{
    if (f->a[0])
        (void)!vmm_heap_give(v, f->a[0]);
}

static void api_resume(struct vmm *v, struct vmm_frame *f)
{
    bool failed = vmm_flag(v, X86_CF);
    uint32_t error = vmm_regs(v)[X86_EAX];
    api_over(v, f);
    vmm_frame_pop_all(v);
    answer(v, failed ? error : 0);
}

static void api_abandon(struct vmm *v, struct vmm_frame *f)
{
    api_over(v, f);
}

static const struct vmm_frame_kind api_kind = {"VXDLDR's API", api_resume, api_abandon};

static void call_begin(struct vmm *v, uint16_t kind, uint16_t ordinal, const char *name)
{
    uint32_t at = name ? vmm_heap_get(v, NAME_BYTES) : 0;
    if (name && (!at || !vmm_store(v, at, name, NAME_BYTES))) {
        answer(v, KIT_VXDLDR_ERR_OUT_OF_MEMORY);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, kind);
    if (!f)
        return;
    f->a[0] = at;
    vmm_regs(v)[X86_EAX] = KIT_VXDLDR_INIT_DEVICE;
    vmm_regs(v)[X86_EBX] = name ? 0xFFFFFFFFu : vmm_peek16(v, vmm_client(v) + KIT_Client_EBX);
    vmm_regs(v)[X86_EDX] = at;
    vmm_frame_call_begin(v, vmm_service_address(v, KIT_VXDLDR_Device_ID, ordinal));
}

void vxdldr_api_begin(struct vmm *v, uint16_t kind)
{
    uint32_t function = vmm_peek16(v, vmm_client(v) + KIT_Client_EAX);
    bool by_name = function == LOAD_DEVICE || vmm_peek16(v, vmm_client(v) + KIT_Client_EBX) == BY_NAME;
    char name[NAME_BYTES] = "";
    if (function == GET_VERSION) {
        vmm_poke16(v, vmm_client(v) + KIT_Client_EDX, (uint16_t)vmm_profile(v));
        answer(v, 0);
    } else if (function > UNLOAD_DEVICE) {
        answer(v, KIT_VXDLDR_ERR_BAD_API_FUNCTION);
    } else if (by_name && !get_name(v, name)) {
        answer(v, function == LOAD_DEVICE ? KIT_VXDLDR_ERR_FILE_OPEN_ERROR : KIT_VXDLDR_ERR_NO_SUCH_DEVICE);
    } else {
        call_begin(v, kind, function == LOAD_DEVICE ? KIT_VXDLDR_LoadDevice : KIT_VXDLDR_UnloadDevice,
                   by_name ? name : NULL);
    }
}

uint16_t vxdldr_api_create(struct vmm *v)
{
    return vmm_frame_kind_add(v, &api_kind);
}
