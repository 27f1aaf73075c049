// The driver author's include files (ddk/inc), carried by the library so that the assembler finds them wherever it is
// installed. The tables behind these names are generated at build time by embed.cmake.
#ifndef VXDKIT_KIT_DDK_H
#define VXDKIT_KIT_DDK_H

#include "base/status.h"

struct kit_file {
    const char *name; // without a folder, lower case: "vmm.inc"
    const char *text; // followed by a zero byte that `size` does not count
    size_t size;
};

extern const struct kit_file kit_ddk_files[];
extern const size_t kit_ddk_file_count;

// By name in any case, without a folder. NULL: the kit has no such file.
const struct kit_file *kit_ddk_file(const char *name);

#endif
