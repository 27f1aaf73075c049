#include "kit/ddk.h"

#include "kit/names.h"

const struct kit_file *kit_ddk_file(const char *name)
{
    for (size_t i = 0; i < kit_ddk_file_count; i++)
        if (kit_same_name(kit_ddk_files[i].name, name))
            return &kit_ddk_files[i];
    return NULL;
}
