// Fatal errors and the details of VM errors. VDAG31 Error_Handling_Services; Win95 DDK S32CE.
#include "vmm/defs.h"

enum { TEXT_LIMIT = 256 };

struct detail { // why a VM ended or could not begin; VM 0 is the one being created
    uint32_t vm;
    uint32_t error, reference;
};

static struct base_table *details(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_errors, 0);
}

static uint32_t detail_of(struct vmm *v, uint32_t vm)
{
    for (uint32_t row = 1; row < details(v)->count; row++) {
        const struct detail *d = base_table_at(details(v), row);
        if (d->error && d->vm == vm)
            return row;
    }
    return 0;
}

static void end_run(struct vmm *v, const char *text)
{
    char where[96];
    vmm_describe_address(v, v->call.caller, where, sizeof where);
    vmm_stop(v, VMM_END_FAULT, "fatal error: %s (at %s)", text, where);
}

static void fatal_error_handler(struct vmm *v)
{
    char text[TEXT_LIMIT] = "no message";
    uint32_t message = vmm_regs(v)[X86_ESI];
    if (!message || vmm_get_text(v, message, text, sizeof text))
        end_run(v, text);
}

static void fatal_memory_error(struct vmm *v)
{
    end_run(v, "a driver has not enough memory to initialise");
}

static void set_system_exit_code(struct vmm *v)
{
    v->s.exit_code = vmm_regs(v)[X86_EAX] & 0xFF;
}

void vmm_vm_error_set(struct vmm *v, uint32_t vm, uint32_t error, uint32_t reference)
{
    uint32_t row = detail_of(v, vm);
    if (!row && error)
        row = base_table_new(details(v));
    if (row)
        *(struct detail *)base_table_at(details(v), row) = (struct detail){vm, error, reference};
}

// EBX = VM or 0, ECX = 0 get / else set; get: ZF = 1 none, else EAX, EDX.
static void get_set_detailed_vm_error(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = r[X86_EBX], row = detail_of(v, vm);
    if (vm && !vmm_valid_vm(v, vm)) {
        vmm_report(v, "dead-handle", v->call.caller, "VDAG31 GetSetDetailedVMError",
                   "GetSetDetailedVMError: %08Xh is not the handle of a virtual machine", (unsigned)vm);
        return;
    }
    if (r[X86_ECX]) {
        vmm_vm_error_set(v, vm, r[X86_EAX], r[X86_EDX]);
        return;
    }
    vmm_set_flag(v, X86_ZF, !row);
    if (row) {
        r[X86_EAX] = ((struct detail *)base_table_at(details(v), row))->error;
        r[X86_EDX] = ((struct detail *)base_table_at(details(v), row))->reference;
    }
}

static void vm_gone(struct vmm *v, uint32_t vm)
{
    uint32_t row = detail_of(v, vm);
    if (row)
        base_table_release(details(v), row);
}

static const struct vmm_binding bindings[] = {
    {KIT_Fatal_Error_Handler, fatal_error_handler},
    {KIT_Fatal_Memory_Error, fatal_memory_error},
    {KIT_Set_System_Exit_Code, set_system_exit_code},
    {KIT_GetSetDetailedVMError, get_set_detailed_vm_error},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct detail), 0};

const struct vmm_chapter vmm_errors_chapter = {.bindings = bindings, .tables = tables, .vm_gone = vm_gone};
