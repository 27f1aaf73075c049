// V86MMGR, the memory manager of V86 mode (VDAG31 Virtual_V86_Mode_Memory_Manager): takes pages of the adapter area, at
// the same place in all VMs, for translation buffers and for memory mapped into every VM. EMS and XMS are made by DOS
// (src/dos); their limits are set here.
#include "devices/v86mmgr.h"

#include "dos/dos.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/selectors.h"

enum {
    LOWEST_PAGE = 0xC8, // behind the video BIOS
    USUAL_PAGE = 0xD0,
    END_PAGE = 0xF0,  // the system BIOS
    BUFFER_PAGES = 4, // when nobody asked for more
    MOST_BUFFER = 16, // a segment (VDAG31 V86MMGR_Get_Xlat_Buff_State)
    MAP_PAGES = 8,
};

struct v86mmgr *v86mmgr_state(struct vmm *v)
{
    return vmm_device_state(v, &v86mmgr_device);
}

// ---------------------------------------------------------------------------------------------------------------------
// Initialisation. Frame: a[0] offset of the place tried, a[1] whether less would do.

enum { ASSIGN, NUL_PAGE };

static uint8_t larger(uint32_t a, uint32_t b)
{
    return (uint8_t)(a > b ? a : b);
}

static uint8_t smaller(uint32_t a, uint32_t b)
{
    return (uint8_t)(a < b ? a : b);
}

// What drivers want, or only what they cannot do without.
static void want(struct v86mmgr *s, bool least)
{
    uint32_t map = (uint32_t)s->private_map + s->shared_map;
    s->buffer_pages = smaller(larger(s->least_buffer, least ? 1 : larger(s->most_buffer, BUFFER_PAGES)), MOST_BUFFER);
    if (!least)
        map = larger(smaller(map, V86MMGR_PAGES), larger(s->most_map, MAP_PAGES));
    s->map_pages = smaller(map, (uint32_t)V86MMGR_PAGES - s->buffer_pages);
}

// From the usual place upwards, then below it.
static bool candidate(const struct v86mmgr *s, uint32_t n, uint32_t *page)
{
    uint32_t usual = END_PAGE - USUAL_PAGE;
    *page = n < usual ? USUAL_PAGE + n : LOWEST_PAGE + (n - usual);
    return *page + s->buffer_pages + s->map_pages <= END_PAGE;
}

static void init_over(struct vmm *v)
{
    v86mmgr_state(v)->ready = 1;
    vmm_frame_pop_all(v);
    v86mmgr_vm_created(v, vmm_system_vm(v));
    devices_carry(v, false);
}

static void nul_page_begin(struct vmm *v, struct vmm_frame *f)
{
    f->step = NUL_PAGE;
    devices_call_begin(v, KIT__GetNulPageHandle);
}

static void assign_begin(struct vmm *v, struct vmm_frame *f)
{
    struct v86mmgr *s = v86mmgr_state(v);
    uint32_t page;
    f->step = ASSIGN;
    for (; f->a[0] < END_PAGE - LOWEST_PAGE; f->a[0]++) {
        if (!candidate(s, f->a[0], &page))
            continue;
        s->first_page = (uint8_t)page;
        const uint32_t args[4] = {page, (uint32_t)s->buffer_pages + s->map_pages, 0, 0};
        devices_call_c_begin(v, KIT__Assign_Device_V86_Pages, 4, args);
        return;
    }
    if (f->a[1]) { // not a page is left: services that need some will fail, unless drivers give some
        s->buffer_pages = s->map_pages = 0;
        nul_page_begin(v, f);
        return;
    }
    f->a[0] = 0;
    f->a[1] = 1;
    want(s, true);
    assign_begin(v, f);
}

static void init_resume(struct vmm *v, struct vmm_frame *f)
{
    struct v86mmgr *s = v86mmgr_state(v);
    uint32_t eax = vmm_regs(v)[X86_EAX];
    if (f->step == NUL_PAGE) {
        s->nul_page = eax;
        init_over(v);
    } else if (eax) {
        s->map_page = (uint8_t)(s->first_page + s->buffer_pages);
        nul_page_begin(v, f);
    } else {
        f->a[0]++;
        assign_begin(v, f);
    }
}

static const struct vmm_frame_kind init_kind = {"V86MMGR's initialisation", init_resume, NULL};

static void device_init_begin(struct vmm *v)
{
    struct vmm_frame *f = vmm_frame_push(v, v86mmgr_state(v)->init_kind);
    if (!f)
        return;
    f->a[0] = f->a[1] = 0;
    want(v86mmgr_state(v), false);
    assign_begin(v, f);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        v86mmgr_state(v)->area = devices_cb_area(v, V86MMGR_AREA);
        break;
    case KIT_Device_Init:
        device_init_begin(v);
        break;
    case KIT_VM_Critical_Init:
        v86mmgr_vm_created(v, r[X86_EBX]);
        v86mmgr_map_all_begin(v, r[X86_EBX]);
        break;
    case KIT_Destroy_VM:
        v86mmgr_vm_destroyed_begin(v, r[X86_EBX]);
        break;
    default:
        break;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Services that answer at once

// AL, AH = least and most pages of the buffer; BL, BH = pages of the mapping region for this driver alone and for all
// together, CL = most pages of it.
static void set_mapping_info(struct vmm *v)
{
    struct v86mmgr *s = v86mmgr_state(v);
    uint32_t eax = vmm_regs(v)[X86_EAX], ebx = vmm_regs(v)[X86_EBX], ecx = vmm_regs(v)[X86_ECX];
    if (s->ready) {
        vmm_report(v, "init-only", vmm_cpu(v)->state.eip, "VDAG31 V86MMGR_Set_Mapping_Info",
                   "V86MMGR_Set_Mapping_Info after V86MMGR's Device_Init has no effect");
        return;
    }
    s->least_buffer = larger(s->least_buffer, eax & 0xFF);
    s->most_buffer = larger(s->most_buffer, eax >> 8 & 0xFF);
    s->private_map = smaller(s->private_map + (ebx & 0xFF), V86MMGR_PAGES);
    s->shared_map = larger(s->shared_map, ebx >> 8 & 0xFF);
    s->most_map = larger(s->most_map, ecx & 0xFF);
}

static void get_mapping_info(struct vmm *v)
{
    const struct v86mmgr *s = v86mmgr_state(v);
    uint32_t *ecx = &vmm_regs(v)[X86_ECX], total = v86mmgr_map_total(s);
    *ecx = (*ecx & 0xFFFF0000) | total << 8 | (total - v86mmgr_map_used(v));
}

bool v86mmgr_in_buffer(const struct v86mmgr *s, uint32_t page)
{
    return page - s->first_page < s->buffer_pages;
}

static bool in_mapper(const struct v86mmgr *s, uint32_t page)
{
    return v86mmgr_in_buffer(s, page) || v86mmgr_mappable(s, page);
}

// EBX = VM or 0, ECX = page.
static void get_pg_status(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = r[X86_EBX], page = r[X86_ECX];
    bool valid = !vm || devices_vm_or_report(v, vm, "VDAG31 V86MMGR_GetPgStatus");
    if (page > 0x110)
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 V86MMGR_GetPgStatus",
                   "V86MMGR_GetPgStatus: page %Xh", page);
    r[X86_EAX] = valid && in_mapper(v86mmgr_state(v), page) ? KIT_V86PS_MAP : 0;
}

// EDX..EDI = pages above the last V86 page. Without upper memory blocks only the mapper's are known: the buffer is each
// VM's own, the mapping region is the same in all.
static void local_global_reg(struct vmm *v)
{
    enum { LOCAL, GLOBAL, MIXED, UNKNOWN };
    const struct v86mmgr *s = v86mmgr_state(v);
    uint32_t *r = vmm_regs(v), first = r[X86_EDX], last = r[X86_EDI];
    bool inside = first <= last && last < V86MMGR_V86_PAGES, local = false, global = false;
    for (uint32_t page = first; inside && page <= last; page++) {
        inside = in_mapper(s, page);
        local |= v86mmgr_in_buffer(s, page);
        global |= v86mmgr_mappable(s, page);
    }
    r[X86_EAX] = !inside ? UNKNOWN : local && global ? MIXED : local ? LOCAL : GLOBAL;
}

// "No effect if the HMA is not global", and nobody here makes it so.
static void set_local_a20(struct vmm *v)
{
    (void)v;
}

// The memory itself is DOS's (src/dos/ems.c, xms.c). Limits are multiples of 4 KB; the high memory area is there for
// all.
static uint32_t upward(uint32_t kb)
{
    return kb > UINT32_MAX - 3 ? UINT32_MAX : (kb + 3) & ~3u;
}

static uint32_t most_of(struct vmm *v, uint32_t kb)
{
    return kb == UINT32_MAX ? dos_memory_left(v) & ~3u : kb;
}

static void get_ems_xms_limits(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    if (!devices_vm_or_report(v, r[X86_EBX], "VDAG31 V86MMGR_Get_EMS_XMS_Limits"))
        return;
    struct dos_limits l = dos_limits(v, r[X86_EBX]);
    r[X86_EAX] = l.least_ems;
    r[X86_EDX] = most_of(v, l.most_ems);
    r[X86_ESI] = l.least_xms;
    r[X86_EDI] = most_of(v, l.most_xms);
    r[X86_ECX] = 1;
}

static void get_ems_xms_avail(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    if (!devices_vm_or_report(v, r[X86_EBX], "Win95 DDK S34E3"))
        return;
    struct dos_available a = dos_available(v, r[X86_EBX]);
    r[X86_EAX] = a.free_xms;
    r[X86_ECX] = a.free_ems;
    r[X86_EDX] = a.all_ems;
    r[X86_EDI] = a.all_xms;
}

static bool take_limits(uint32_t least, uint32_t most, uint32_t *to_least, uint32_t *to_most)
{
    if (least == UINT32_MAX && most == UINT32_MAX)
        return true; // as they are
    *to_least = least == UINT32_MAX ? *to_least : upward(least);
    *to_most = most == UINT32_MAX ? *to_most : upward(most);
    return *to_least <= *to_most;
}

// CF=1 when the least is more than there is or may be. The values of the flags in ECX are not published; there is no
// paging that memory would have to be locked against.
static void set_ems_xms_limits(struct vmm *v)
{
    static const char page[] = "Win95 DDK S34E6";
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = r[X86_EBX];
    devices_carry(v, true);
    if (!devices_vm_or_report(v, vm, page))
        return;
    if (vm == vmm_system_vm(v)) {
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, page, "V86MMGR_Set_EMS_XMS_Limits for the System VM");
        return;
    }
    struct dos_limits l = dos_limits(v, vm);
    bool ok = take_limits(r[X86_EAX], r[X86_EDX], &l.least_ems, &l.most_ems) &&
              take_limits(r[X86_ESI], r[X86_EDI], &l.least_xms, &l.most_xms) && dos_set_limits(v, vm, &l);
    devices_carry(v, !ok);
}

// Selector of the VM's own table over its first megabyte and the high memory area, made once. Frame: a[0] VM.
static void flat_sel_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t selector = vmm_regs(v)[X86_EAX] & 0xFFFF, vm = f->a[0];
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = selector;
    vmm_poke32(v, vm + v86mmgr_state(v)->area + V86MMGR_FLAT, selector);
}

static const struct vmm_frame_kind flat_kind = {"V86MMGR_Get_VM_Flat_Sel", flat_sel_resume, NULL};

static void get_vm_flat_sel_begin(struct vmm *v)
{
    enum { LIMIT = 0x10FFFF };
    uint32_t vm = vmm_regs(v)[X86_EBX], high, low;
    vmm_regs(v)[X86_EAX] = 0;
    if (!devices_vm_or_report(v, vm, "VDAG31 V86MMGR_Get_VM_Flat_Sel"))
        return;
    vmm_regs(v)[X86_EAX] = vmm_peek32(v, vm + v86mmgr_state(v)->area + V86MMGR_FLAT);
    struct vmm_frame *f = vmm_regs(v)[X86_EAX] ? NULL : vmm_frame_push(v, v86mmgr_state(v)->flat_kind);
    if (!f)
        return;
    f->a[0] = vm;
    vmm_data_descriptor(vmm_peek32(v, vm + KIT_CB_High_Linear), LIMIT, &high, &low);
    devices_call_c_begin(v, KIT__Allocate_LDT_Selector, 5, (const uint32_t[]){vm, high, low, 1, 0});
}

static const struct vmm_binding bindings[] = {
    {KIT_V86MMGR_Get_Version, devices_version},
    {KIT_V86MMGR_Set_EMS_XMS_Limits, set_ems_xms_limits},
    {KIT_V86MMGR_Get_EMS_XMS_Limits, get_ems_xms_limits},
    {KIT_V86MMGR_Set_Mapping_Info, set_mapping_info},
    {KIT_V86MMGR_Get_Mapping_Info, get_mapping_info},
    {KIT_V86MMGR_Xlat_API, v86mmgr_xlat_api_begin},
    {KIT_V86MMGR_Load_Client_Ptr, v86mmgr_load_client_ptr},
    {KIT_V86MMGR_Allocate_Buffer, v86mmgr_allocate_buffer_begin},
    {KIT_V86MMGR_Free_Buffer, v86mmgr_free_buffer},
    {KIT_V86MMGR_Get_Xlat_Buff_State, v86mmgr_get_xlat_buff_state_begin},
    {KIT_V86MMGR_Set_Xlat_Buff_State, v86mmgr_set_xlat_buff_state},
    {KIT_V86MMGR_Get_VM_Flat_Sel, get_vm_flat_sel_begin},
    {KIT_V86MMGR_Map_Pages, v86mmgr_map_pages_begin},
    {KIT_V86MMGR_Free_Page_Map_Region, v86mmgr_free_page_map_region_begin},
    {KIT_V86MMGR_LocalGlobalReg, local_global_reg},
    {KIT_V86MMGR_GetPgStatus, get_pg_status},
    {KIT_V86MMGR_SetLocalA20, set_local_a20},
    {KIT_V86MMGR_SetAvailMapPgs, v86mmgr_set_avail_map_pgs_begin},
    {KIT_V86MMGR_Get_EMS_XMS_Avail, get_ems_xms_avail},
    {0, NULL},
};

const struct vmm_device v86mmgr_device = {
    .id = 6, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct v86mmgr)};

static bool create(struct vmm *v)
{
    v86mmgr_state(v)->init_kind = vmm_frame_kind_add(v, &init_kind);
    v86mmgr_state(v)->flat_kind = vmm_frame_kind_add(v, &flat_kind);
    v86mmgr_buffer_create(v);
    v86mmgr_map_create(v);
    v86mmgr_xlat_create(v);
    return true;
}

const struct devices_entry v86mmgr_entry = {&v86mmgr_device, create, false, NULL};
