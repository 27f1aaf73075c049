#include "vmm/restrict.h"

#include "kit/constants.h"

uint32_t vmm_restrictions_not_met(const struct vmm_situation *s, uint32_t flags)
{
    uint32_t no = 0;
    if (!s->vm_interrupts)
        no |= KIT_PEF_Wait_For_STI;
    if (!s->thread_interrupts)
        no |= KIT_PEF_Wait_For_Thread_STI;
    if (!s->section_free || s->priority >= KIT_Critical_Section_Boost)
        no |= KIT_PEF_Wait_Not_Crit;
    if (s->hardware_interrupt || s->priority >= KIT_Time_Critical_Boost)
        no |= KIT_PEF_Wait_Not_HW_Int;
    if (s->nested)
        no |= KIT_PEF_Wait_Not_Nested_Exec;
    if (!s->protected_mode)
        no |= KIT_PEF_Wait_In_PM;
    if (!s->section_free && !s->section_mine)
        no |= KIT_PEF_Wait_Crit;
    if (!s->system_vm || !(s->section_free || s->section_mine || s->section_outside))
        no |= KIT_PEF_Wait_Crit_VM;
    return no & flags;
}
