// V86 data areas: global ones that lie at the same place in all VMs and move the first V86 page up, and the one
// temporary area of initialisation. VDAG31 V86_Address_Space_Mapping_and_Allocation.
#include "vmm/v86data.h"
#include "vmm/machine.h"

enum {
    AREA_BEGIN = VMM_OWN_LOW_PAGES * X86_PAGE_SIZE,
    FIRST_V86_PAGE = 0x10, // before anybody asks for more
    TEMP_LIMIT = 0x9000,
};

struct v86data_state {
    uint32_t top; // end of the global areas, 0 = none yet
    uint32_t first_page, last_page;
    uint32_t temp; // address of the temporary area, 0 = none
};

static struct v86data_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_v86data);
}

static bool create(struct vmm *v)
{
    *state_of(v) =
        (struct v86data_state){.top = AREA_BEGIN, .first_page = FIRST_V86_PAGE, .last_page = VMM_LAST_V86_PAGE};
    return true;
}

uint32_t vmm_first_v86_page(struct vmm *v)
{
    return state_of(v)->first_page;
}

uint32_t vmm_last_v86_page(struct vmm *v)
{
    return state_of(v)->last_page;
}

bool vmm_v86_give_up(struct vmm *v, uint32_t page)
{
    struct v86data_state *s = state_of(v);
    if (page != s->last_page || page <= VMM_HIGHEST_FIRST_PAGE)
        return false;
    s->last_page--;
    return true;
}

// Clears V86 memory of the System VM, which is what initialisation sees.
static bool clear(struct vmm *v, uint32_t linear, uint32_t bytes)
{
    if (!vmm_probe(v, linear, bytes, true))
        return false;
    for (uint32_t i = 0; i < bytes; i++)
        if (!vmm_put(v, linear + i, "", 1))
            return false;
    return true;
}

static uint32_t alignment(uint32_t flags)
{
    return flags & KIT_GVDAPageAlign    ? X86_PAGE_SIZE
           : flags & KIT_GVDAParaAlign  ? 16
           : flags & KIT_GVDADWordAlign ? 4
           : flags & KIT_GVDAWordAlign  ? 2
                                        : 1;
}

static const char *problem_of(const struct v86data_state *s, uint32_t bytes, uint32_t flags)
{
    const uint32_t aligns = KIT_GVDAWordAlign | KIT_GVDADWordAlign | KIT_GVDAParaAlign | KIT_GVDAPageAlign;
    const uint32_t known = aligns | KIT_GVDAInstance | KIT_GVDAZeroInit | KIT_GVDAReclaim | KIT_GVDAInquire |
                           KIT_GVDAHighSysCritOK | KIT_GVDAOptInstance | KIT_GVDAForceLow;
    if (s->temp)
        return "a temporary area exists";
    if (!bytes && !(flags & KIT_GVDAInquire))
        return "no bytes asked for";
    if (flags & ~known || (flags & aligns & ((flags & aligns) - 1)))
        return "flags are not a documented combination";
    if ((flags & KIT_GVDAReclaim) && (!(flags & KIT_GVDAPageAlign) || (flags & KIT_GVDAInstance)))
        return "GVDAReclaim needs GVDAPageAlign and excludes GVDAInstance";
    return NULL;
}

// Takes the bytes from the global areas' end. 0 = no room, no memory or a page fault.
static uint32_t take(struct vmm *v, uint32_t bytes, uint32_t flags)
{
    struct v86data_state *s = state_of(v);
    uint32_t align = alignment(flags), start = (s->top + align - 1) & ~(align - 1);
    if (bytes > VMM_HIGHEST_FIRST_PAGE * X86_PAGE_SIZE || start + bytes > VMM_HIGHEST_FIRST_PAGE * X86_PAGE_SIZE)
        return 0;
    uint32_t end =
        flags & KIT_GVDAPageAlign ? (start + bytes + X86_PAGE_SIZE - 1) & ~(X86_PAGE_SIZE - 1u) : start + bytes;
    if ((flags & KIT_GVDAZeroInit) && !clear(v, start, bytes))
        return 0;
    if ((flags & KIT_GVDAInstance) && !vmm_instance_add(v, start, bytes, KIT_ALWAYS_Field))
        return 0;
    s->top = end;
    if (s->first_page * X86_PAGE_SIZE < end)
        s->first_page = (end + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE;
    return start;
}

static void allocate_global_v86_data_area(struct vmm *v)
{
    const struct v86data_state *s = state_of(v);
    uint32_t bytes = vmm_arg(v, 0), flags = vmm_arg(v, 1), align = alignment(flags);
    const char *problem = problem_of(s, bytes, flags);
    uint32_t answer = 0;
    if (problem)
        vmm_report(v, "input-range", v->call.caller, "VDAG31 _Allocate_Global_V86_Data_Area",
                   "_Allocate_Global_V86_Data_Area: %s", problem);
    else if (flags & KIT_GVDAInquire)
        answer = s->first_page * X86_PAGE_SIZE - ((s->top + align - 1) & ~(align - 1));
    else
        answer = take(v, bytes, flags);
    vmm_regs(v)[X86_EAX] = answer;
}

// One at a time, paragraph aligned, zeroed; it lies above the global areas and goes before the next one is made.
static void allocate_temp_v86_data_area(struct vmm *v)
{
    struct v86data_state *s = state_of(v);
    uint32_t bytes = vmm_arg(v, 0), start = (s->top + 15) & ~15u;
    bool valid = bytes && bytes <= TEMP_LIMIT && !s->temp && !vmm_arg(v, 1);
    if (!valid)
        vmm_report(v, "input-range", v->call.caller, "VDAG31 _Allocate_Temp_V86_Data_Area",
                   "_Allocate_Temp_V86_Data_Area: %u bytes while %s", (unsigned)bytes,
                   s->temp ? "another area exists" : "none exists");
    if (valid && !clear(v, start, bytes))
        return;
    if (valid)
        s->temp = start;
    vmm_regs(v)[X86_EAX] = valid ? start : 0;
}

static void free_temp_v86_data_area(struct vmm *v)
{
    struct v86data_state *s = state_of(v);
    vmm_regs(v)[X86_EAX] = s->temp != 0;
    s->temp = 0;
}

// _Add_Global_V86_Data_Area(linear, bytes, 0): memory of the first megabyte that was in use before Windows began is the
// same in all VMs, which it is already below the first V86 page. Nothing else can be added once VMs are laid out.
static void add_global_v86_data_area(struct vmm *v)
{
    uint32_t linear = vmm_arg(v, 0), bytes = vmm_arg(v, 1), end = state_of(v)->first_page * X86_PAGE_SIZE;
    vmm_regs(v)[X86_EAX] = bytes && !vmm_arg(v, 2) && linear < end && bytes <= end - linear;
}

static void get_first_v86_page(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_first_v86_page(v);
}

static void get_last_v86_page(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_last_v86_page(v);
}

static void set_last_v86_page(struct vmm *v)
{
    struct v86data_state *s = state_of(v);
    uint32_t page = vmm_arg(v, 0);
    bool valid = page >= s->first_page && page <= 0xFF && !vmm_arg(v, 1);
    if (valid)
        s->last_page = page;
    vmm_regs(v)[X86_EAX] = valid;
}

// _TestGlobalV86Mem(linear, bytes, flags): 0 local or invalid, 1 global, 2 both, 3 global with instance data. ROM and
// adapters above the last V86 page are the same in all VMs, too.
static void test_global_v86_mem(struct vmm *v)
{
    uint32_t linear = vmm_arg(v, 0), bytes = vmm_arg(v, 1), local = 0, global = 0;
    if (bytes && linear < 0x110000 && bytes <= 0x110000 - linear) {
        for (uint32_t page = linear / X86_PAGE_SIZE; page <= (linear + bytes - 1) / X86_PAGE_SIZE; page++)
            *(page < vmm_first_v86_page(v) || page > vmm_last_v86_page(v) ? &global : &local) = 1;
    }
    bool instanced = global && vmm_instance_touches(v, linear, bytes);
    vmm_regs(v)[X86_EAX] = global && local ? 2 : instanced ? 3 : global;
}

static const struct vmm_binding bindings[] = {
    {KIT__Allocate_Global_V86_Data_Area, allocate_global_v86_data_area},
    {KIT__Allocate_Temp_V86_Data_Area, allocate_temp_v86_data_area},
    {KIT__Free_Temp_V86_Data_Area, free_temp_v86_data_area},
    {KIT__Add_Global_V86_Data_Area, add_global_v86_data_area},
    {KIT__GetFirstV86Page, get_first_v86_page},
    {KIT__GetLastV86Page, get_last_v86_page},
    {KIT__SetLastV86Page, set_last_v86_page},
    {KIT__TestGlobalV86Mem, test_global_v86_mem},
    {0, NULL},
};

const struct vmm_chapter vmm_v86data_chapter = {
    .bindings = bindings, .state_size = sizeof(struct v86data_state), .create = create};
