// The documented ranges of inputs (kit/ranges_vmm.def), checked at every call of a service that has some: a value
// outside is reported, and the service does with it what it does.
#include "vmm/defs.h"

static const char *const operand_names[] = {"EAX",        "ECX",        "ESI",        "argument 1", "argument 2",
                                            "argument 3", "argument 4", "argument 5", "argument 6", "argument 7"};

static uint32_t operand_value(struct vmm *v, unsigned operand)
{
    static const enum x86_reg regs[] = {X86_EAX, X86_ECX, X86_ESI};
    return operand < KIT_IN_ARG0 ? vmm_regs(v)[regs[operand]] : vmm_arg(v, operand - KIT_IN_ARG0);
}

static void check(struct vmm *v, const struct kit_service *s, const struct kit_range *r)
{
    uint32_t value = operand_value(v, r->operand);
    const char *name = operand_names[r->operand];
    if (r->kind == KIT_RANGE_PROC && !value)
        vmm_report(v, "input-range", v->call.caller, s->page, "%s: %s is 0, not the address of a procedure", s->name,
                   name);
    else if (r->kind == KIT_RANGE_MASK && value & ~r->value)
        vmm_report(v, "input-range", v->call.caller, s->page, "%s: %s=%08X has reserved bits (%08X)", s->name, name,
                   value, value & ~r->value);
    else if (r->kind == KIT_RANGE_MOST && value > r->value)
        vmm_report(v, "input-range", v->call.caller, s->page, "%s: %s is %u, the most is %u", s->name, name, value,
                   r->value);
}

void vmm_check_ranges(struct vmm *v, const struct kit_service *s, const struct kit_range *ranges)
{
    for (const struct kit_range *r = ranges; r->ordinal == s->ordinal; r++)
        check(v, s, r);
}
