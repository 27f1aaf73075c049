// DeviceInfo and ObjectInfo structures in guest memory, one for each driver in memory (Win95 DDK S3513, S3514). They
// are made when somebody first asks and stay where they are as long as the driver.
#include "devices/vxdldr_list.h"

#include "image/le.h"
#include "kit/constants.h"
#include "kit/structures.h"
#include "vmm/guest.h"

#include <string.h>

enum { SIGNATURE = 0x49444C58 }; // any value that is always the same

static uint32_t type_of(const struct vmm_driver_object *o)
{
    bool code = o->flags & LE_EXECUTE, wide = o->flags & LE_BIG;
    if (o->flags & LE_DISCARDABLE)
        return !wide ? (uint32_t)KIT_ICODE16_OBJ : code ? (uint32_t)KIT_ICODE_OBJ : (uint32_t)KIT_IDATA_OBJ;
    if (!wide)
        return KIT_CODE16_OBJ;
    if (o->flags & LE_PRELOAD)
        return code ? KIT_LCODE_OBJ : KIT_LDATA_OBJ;
    if (o->flags & LE_RESIDENT)
        return code ? KIT_SCODE_OBJ : KIT_SDATA_OBJ;
    return code ? KIT_PCODE_OBJ : KIT_PDATA_OBJ;
}

static void fill_objects(struct vmm *v, const struct vmm_driver *d, uint32_t at)
{
    struct vmm_driver_object o;
    for (uint32_t n = 0; vmm_driver_object(v, d->ddb, n, &o); n++, at += KIT_SIZE_ObjectInfo) {
        uint32_t type = type_of(&o);
        bool fixed = type == KIT_SCODE_OBJ || type == KIT_SDATA_OBJ;
        vmm_poke32(v, at + KIT_OI_LinearAddress, o.linear);
        vmm_poke32(v, at + KIT_OI_Size, o.size);
        vmm_poke32(v, at + KIT_OI_ObjType, type);
        vmm_poke32(v, at + KIT_OI_Resident, d->dynamic && fixed);
    }
}

static uint32_t count_objects(struct vmm *v, uint32_t ddb)
{
    struct vmm_driver_object o;
    uint32_t n = 0;
    while (vmm_driver_object(v, ddb, n, &o))
        n++;
    return n;
}

// One block: the structure, the name, the objects.
static uint32_t make_info(struct vmm *v, const struct vmm_driver *d)
{
    enum { NAME = KIT_SIZE_DeviceInfo, NAME_BYTES = 12, OBJECTS = NAME + NAME_BYTES };
    uint32_t objects = count_objects(v, d->ddb), info = vmm_heap_get(v, OBJECTS + objects * KIT_SIZE_ObjectInfo);
    if (!info || !vmm_put(v, info + NAME, d->name, sizeof d->name))
        return 0;
    vmm_poke32(v, info + KIT_DI_Loaded, 1);
    vmm_poke32(v, info + KIT_DI_DDB, d->ddb);
    vmm_poke32(v, info + KIT_DI_DeviceID, d->id);
    vmm_poke32(v, info + KIT_DI_ModuleName, info + NAME);
    vmm_poke32(v, info + KIT_DI_Signature, SIGNATURE);
    vmm_poke32(v, info + KIT_DI_ObjCount, objects);
    vmm_poke32(v, info + KIT_DI_ObjInfo, info + OBJECTS);
    fill_objects(v, d, info + OBJECTS);
    return info;
}

uint32_t vxdldr_list_info(const struct vxdldr_list *list, uint32_t ddb)
{
    for (unsigned i = 0; i < VXDLDR_DEVICES; i++)
        if (ddb && list->device[i].ddb == ddb)
            return list->device[i].info;
    return 0;
}

static uint32_t info_of(struct vmm *v, struct vxdldr_list *list, const struct vmm_driver *d)
{
    uint32_t info = vxdldr_list_info(list, d->ddb);
    for (unsigned i = 0; !info && i < VXDLDR_DEVICES; i++) {
        if (list->device[i].ddb)
            continue;
        info = make_info(v, d);
        list->device[i].ddb = info ? d->ddb : 0;
        list->device[i].info = info;
        return info;
    }
    return info;
}

static bool still_there(struct vmm *v, uint32_t ddb)
{
    struct vmm_driver d;
    for (uint32_t n = 0; vmm_driver_nth(v, n, &d); n++)
        if (d.ddb == ddb)
            return true;
    return false;
}

uint32_t vxdldr_list_refresh(struct vmm *v, struct vxdldr_list *list)
{
    for (unsigned i = 0; i < VXDLDR_DEVICES; i++) {
        if (!list->device[i].ddb || still_there(v, list->device[i].ddb))
            continue;
        (void)!vmm_heap_give(v, list->device[i].info);
        list->device[i].ddb = 0;
    }
    struct vmm_driver d;
    uint32_t first = 0, last = 0;
    for (uint32_t n = 0, info; vmm_driver_nth(v, n, &d) && (info = info_of(v, list, &d)) != 0; n++, last = info) {
        vmm_poke32(v, info + KIT_DI_Next, 0);
        if (last)
            vmm_poke32(v, last + KIT_DI_Next, info);
        else
            first = info;
    }
    return first;
}
