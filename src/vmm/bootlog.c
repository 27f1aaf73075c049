// The boot log (Windows 95): drivers note there how far they came. No page documents the registers; callers pass a text
// and go on whatever comes back, so the log is opened, written and closed with success and kept by nobody. What a
// driver did during boot stands in the run's trace.
#include "vmm/machine.h"

static void boot_log(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, false);
}

static const struct vmm_binding bindings[] = {
    {KIT_Open_Boot_Log, boot_log},
    {KIT_Write_Boot_Log, boot_log},
    {KIT_Close_Boot_Log, boot_log},
    {KIT_EnableDisable_Boot_Log, boot_log},
    {0, NULL},
};

const struct vmm_chapter vmm_bootlog_chapter = {.bindings = bindings};
