// The I/O supervisor's service routine (ILB_service_rtn, Win95 DDK S3037, S2F60, S3047-S3057): a driver calls it with a
// service packet (ISP). Which function it is and where its operands lie is documented for all of them; those that need
// volumes, application time or the registry of a device are not there.
#include "devices/ios.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <stdio.h>
#include <string.h>

enum {
    FAILED = 0xFFFF, // result: not zero; no other numbers are documented
    ANY_TYPE = 0xFF,
    CALLDOWNS = IOS_LAYERS, // entries of a device's list
    MOST = 1024,            // elements of a list that drivers can reach; one that has more is a circle
};

static void result(struct vmm *v, uint32_t isp, bool fine)
{
    vmm_poke16(v, isp + KIT_ISP_result, fine ? 0 : FAILED);
}

static uint32_t physical(struct vmm *v, uint32_t linear)
{
    uint32_t phys;
    return x86_translate(vmm_cpu(v), linear, &phys) ? phys : 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Devices

bool ios_is_dcb(struct vmm *v, uint32_t dcb)
{
    const struct ios *s = ios_state(v);
    for (uint32_t i = 0; i < s->dcbs; i++)
        if (s->dcb[i] == dcb)
            return true;
    return false;
}

static bool known_dcb(struct vmm *v, uint32_t dcb)
{
    if (ios_is_dcb(v, dcb))
        return true;
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S3047", "%08X is not a DCB", dcb);
    return false;
}

uint32_t ios_new_dcb(struct vmm *v, uint32_t size)
{
    struct ios *s = ios_state(v);
    uint32_t dcb = s->dcbs < IOS_DEVICES ? vmm_heap_get(v, size) : 0;
    if (!dcb)
        return 0;
    if (s->dcbs)
        vmm_poke32(v, s->dcb[s->dcbs - 1] + KIT_DCB_next_dcb, dcb);
    vmm_poke32(v, dcb + KIT_DCB_physical_dcb, dcb);
    return s->dcb[s->dcbs++] = dcb;
}

static void create_dcb(struct vmm *v, uint32_t isp)
{
    uint16_t size = vmm_peek16(v, isp + KIT_ISP_dcb_size);
    uint32_t dcb = size >= KIT_SIZE_DCB_COMMON ? ios_new_dcb(v, size) : 0;
    vmm_poke32(v, isp + KIT_ISP_dcb_ptr, dcb);
    result(v, isp, dcb);
}

// The device behind the one given, or the first, of a type or of any.
static void get_first_next_dcb(struct vmm *v, uint32_t isp)
{
    const struct ios *s = ios_state(v);
    uint32_t after = vmm_peek32(v, isp + KIT_ISP_gfnd_dcb_offset), i = 0;
    uint8_t type = (uint8_t)vmm_peek16(v, isp + KIT_ISP_gfnd_dcb_type);
    while (after && i < s->dcbs && s->dcb[i++] != after)
        ;
    while (i < s->dcbs && type != ANY_TYPE && (uint8_t)vmm_peek16(v, s->dcb[i] + KIT_DCB_device_type) != type)
        i++;
    if (i < s->dcbs)
        vmm_poke32(v, isp + KIT_ISP_gfnd_found_dcb, s->dcb[i]);
    result(v, isp, i < s->dcbs);
}

// ---------------------------------------------------------------------------------------------------------------------
// Calldown lists. The entries lie side by side in the order of the layers and are linked too: drivers go on to the next
// one either way (S2F63, S302B).

static uint32_t entries_of(struct vmm *v, uint32_t list)
{
    uint32_t n = 0;
    for (uint32_t at = list; at && n < CALLDOWNS; at = vmm_peek32(v, at + KIT_DCB_cd_next))
        n++;
    return n;
}

static void link_entries(struct vmm *v, uint32_t list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = list + i * KIT_SIZE_DCB_cd_entry;
        vmm_poke32(v, at + KIT_DCB_cd_next, i + 1 < n ? at + KIT_SIZE_DCB_cd_entry : 0);
    }
}

static uint8_t layer_of(struct vmm *v, uint32_t entry)
{
    return (uint8_t)(vmm_peek16(v, entry + KIT_DCB_cd_layer_flags) >> 8); // DCB_cd_lgn is the byte behind
}

// Makes room for an entry of this layer: behind those of its own and of higher layers. 0: no memory, or the list is
// full.
static uint32_t make_room(struct vmm *v, uint32_t dcb, uint8_t layer)
{
    uint32_t list = vmm_peek32(v, dcb + KIT_DCB_ptr_cd), n = entries_of(v, list), place = 0;
    if (!list && (list = vmm_heap_get(v, CALLDOWNS * KIT_SIZE_DCB_cd_entry)) != 0)
        vmm_poke32(v, dcb + KIT_DCB_ptr_cd, list);
    if (!list || n == CALLDOWNS)
        return 0;
    while (place < n && layer_of(v, list + place * KIT_SIZE_DCB_cd_entry) <= layer)
        place++;
    for (uint32_t i = n; i > place; i--)
        if (!devices_copy(v, list + i * KIT_SIZE_DCB_cd_entry, list + (i - 1) * KIT_SIZE_DCB_cd_entry,
                          KIT_SIZE_DCB_cd_entry))
            return 0;
    link_entries(v, list, n + 1);
    return list + place * KIT_SIZE_DCB_cd_entry;
}

static void insert_calldown(struct vmm *v, uint32_t isp)
{
    uint32_t dcb = vmm_peek32(v, isp + KIT_ISP_i_cd_dcb);
    uint8_t layer = (uint8_t)vmm_peek16(v, isp + KIT_ISP_i_cd_lgn);
    if (vmm_peek16(v, isp + KIT_ISP_i_cd_expan_len)) {
        ios_stop_missing(v, "ISP_INSERT_CALLDOWN with an expansion area, whose place in an IOP is not documented",
                         "Win95 DDK S2F62");
        return;
    }
    uint32_t entry = known_dcb(v, dcb) && layer < IOS_LAYERS ? make_room(v, dcb, layer) : 0;
    result(v, isp, entry);
    if (!entry)
        return;
    vmm_poke32(v, entry + KIT_DCB_cd_io_address, vmm_peek32(v, isp + KIT_ISP_i_cd_req));
    vmm_poke32(v, entry + KIT_DCB_cd_flags, vmm_peek32(v, isp + KIT_ISP_i_cd_flags));
    vmm_poke32(v, entry + KIT_DCB_cd_ddb, vmm_peek32(v, isp + KIT_ISP_i_cd_ddb));
    vmm_poke16(v, entry + KIT_DCB_cd_expan_off, 0);
    vmm_poke16(v, entry + KIT_DCB_cd_layer_flags, (uint16_t)(layer << 8));
}

static void forget_in(struct vmm *v, uint32_t dcb, uint32_t ddb)
{
    uint32_t list = vmm_peek32(v, dcb + KIT_DCB_ptr_cd), n = entries_of(v, list), left = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = list + i * KIT_SIZE_DCB_cd_entry, to = list + left * KIT_SIZE_DCB_cd_entry;
        if (vmm_peek32(v, from + KIT_DCB_cd_ddb) == ddb)
            continue;
        if (from != to && !devices_copy(v, to, from, KIT_SIZE_DCB_cd_entry))
            return;
        left++;
    }
    link_entries(v, list, left);
    if (list && !left) {
        vmm_poke32(v, dcb + KIT_DCB_ptr_cd, 0);
        (void)!vmm_heap_give(v, list);
    }
}

void ios_forget_ddb(struct vmm *v, uint32_t ddb)
{
    const struct ios *s = ios_state(v);
    for (uint32_t i = 0; i < s->dcbs; i++)
        forget_in(v, s->dcb[i], ddb);
}

// ---------------------------------------------------------------------------------------------------------------------
// DDBs: of the driver that is in AEP_INITIALIZE

static void append(struct vmm *v, uint32_t link, uint32_t next_at, uint32_t ddb)
{
    for (unsigned n = 0; n < MOST; n++) {
        uint32_t at = vmm_peek32(v, link);
        if (!at)
            break;
        link = at + next_at;
    }
    vmm_poke32(v, link, ddb);
}

static void create_ddb(struct vmm *v, uint32_t isp)
{
    const struct ios *s = ios_state(v);
    uint16_t size = vmm_peek16(v, isp + KIT_ISP_ddb_size);
    uint32_t dvt = s->initialising ? s->driver[s->initialising - 1].dvt : 0;
    uint32_t ddb = dvt && size >= KIT_SIZE_DDB ? vmm_heap_get(v, size) : 0;
    vmm_poke32(v, isp + KIT_ISP_ddb_ptr, ddb);
    result(v, isp, ddb);
    if (!ddb)
        return;
    vmm_poke32(v, ddb + KIT_DDB_phys_addr, physical(v, ddb));
    vmm_poke32(v, ddb + KIT_DDB_dvt, dvt);
    vmm_poke32(v, ddb + KIT_DDB_devnode_ptr, s->node);
    append(v, dvt + KIT_DVT_ddb, KIT_DDB_Next_DDB, ddb);
    append(v, dvt + KIT_DVT_ddb_init, KIT_DDB_Next_DDB_init, ddb);
}

static void unlink_from(struct vmm *v, uint32_t link, uint32_t next_at, uint32_t element)
{
    for (unsigned n = 0; n < MOST; n++) {
        uint32_t at = vmm_peek32(v, link);
        if (at == element)
            vmm_poke32(v, link, vmm_peek32(v, element + next_at));
        if (at == element || !at)
            return;
        link = at + next_at;
    }
}

// The DVT that a DDB is linked to; 0: it is nobody's.
static uint32_t owner_of(struct vmm *v, uint32_t ddb)
{
    const struct ios *s = ios_state(v);
    for (unsigned i = 0; i < IOS_DRIVERS; i++) {
        uint32_t at = s->driver[i].dvt ? vmm_peek32(v, s->driver[i].dvt + KIT_DVT_ddb) : 0;
        for (unsigned n = 0; at && n < MOST; n++, at = vmm_peek32(v, at + KIT_DDB_Next_DDB))
            if (at == ddb)
                return s->driver[i].dvt;
    }
    return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Functions that tell the drivers first. Frame: a[0] packet or 0, a[1] DDB or DCB, step: what follows.

enum { ISP, OBJECT };
enum { FREE_DDB, UNCONFIGURE, FREE_DCB, ANSWER };

static void free_ddb(struct vmm *v, uint32_t ddb)
{
    uint32_t dvt = owner_of(v, ddb);
    if (!dvt)
        return;
    unlink_from(v, dvt + KIT_DVT_ddb, KIT_DDB_Next_DDB, ddb);
    unlink_from(v, dvt + KIT_DVT_ddb_init, KIT_DDB_Next_DDB_init, ddb);
    ios_forget_ddb(v, ddb);
    (void)!vmm_heap_give(v, ddb);
}

// Out of the list of the controller that it belongs to.
static void unlink_dcb(struct vmm *v, uint32_t dcb)
{
    const struct ios *s = ios_state(v);
    for (unsigned i = 0; i < IOS_DRIVERS; i++) {
        uint32_t ddb = s->driver[i].dvt ? vmm_peek32(v, s->driver[i].dvt + KIT_DVT_ddb) : 0;
        for (unsigned n = 0; ddb && n < MOST; n++, ddb = vmm_peek32(v, ddb + KIT_DDB_Next_DDB))
            unlink_from(v, ddb + KIT_DDB_dcb_ptr, KIT_DCB_next_ddb_dcb, dcb);
    }
}

static void free_dcb(struct vmm *v, uint32_t dcb)
{
    struct ios *s = ios_state(v);
    uint32_t i = 0, list = vmm_peek32(v, dcb + KIT_DCB_ptr_cd);
    while (i < s->dcbs && s->dcb[i] != dcb)
        i++;
    if (i == s->dcbs)
        return;
    unlink_dcb(v, dcb);
    if (i)
        vmm_poke32(v, s->dcb[i - 1] + KIT_DCB_next_dcb, i + 1 < s->dcbs ? s->dcb[i + 1] : 0);
    memmove(&s->dcb[i], &s->dcb[i + 1], (--s->dcbs - i) * sizeof s->dcb[0]);
    if (list)
        (void)!vmm_heap_give(v, list);
    (void)!vmm_heap_give(v, dcb);
}

static void destroy_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t isp = f->a[ISP], object = f->a[OBJECT];
    uint16_t step = f->step++;
    if (step == UNCONFIGURE) {
        uint32_t aep = ios_aep(v, KIT_AEP_UNCONFIG_DCB, object);
        vmm_frame_wait(v);
        ios_tell_all_begin(v, aep, 0);
        return;
    }
    if (step == FREE_DDB)
        free_ddb(v, object);
    if (step == FREE_DCB)
        free_dcb(v, object);
    vmm_frame_pop_all(v);
    if (isp)
        result(v, isp, true);
}

static const struct vmm_frame_kind destroy_kind = {"an asynchronous event routine", destroy_resume, NULL};

static void after_telling_begin(struct vmm *v, uint32_t isp, uint32_t object, uint16_t step, uint32_t aep)
{
    uint32_t ddb = step == FREE_DDB ? object : 0;
    struct vmm_frame *f = aep ? vmm_frame_push(v, ios_state(v)->destroy_kind) : NULL;
    if (!f && isp)
        result(v, isp, false);
    else if (!f && step == FREE_DDB) // nobody can be told
        free_ddb(v, object);
    else if (!f)
        free_dcb(v, object);
    if (!f)
        return;
    f->step = step;
    f->a[ISP] = isp;
    f->a[OBJECT] = object;
    vmm_frame_wait(v);
    ios_tell_all_begin(v, aep, ddb);
}

void ios_destroy_dcb_begin(struct vmm *v, uint32_t dcb)
{
    after_telling_begin(v, 0, dcb, UNCONFIGURE, ios_aep(v, KIT_AEP_PEND_UNCONFIG_DCB, dcb));
}

void ios_free_ddb_begin(struct vmm *v, uint32_t ddb)
{
    after_telling_begin(v, 0, ddb, FREE_DDB, ios_aep(v, KIT_AEP_UNINITIALIZE, 0));
}

static void dealloc_ddb_begin(struct vmm *v, uint32_t isp)
{
    uint32_t ddb = vmm_peek32(v, isp + KIT_ISP_ddb_d_ddb);
    if (owner_of(v, ddb)) {
        after_telling_begin(v, isp, ddb, FREE_DDB, ios_aep(v, KIT_AEP_UNINITIALIZE, 0));
        return;
    }
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S304F", "%08X is not a DDB", ddb);
    result(v, isp, false);
}

static void destroy_dcb_begin(struct vmm *v, uint32_t isp)
{
    uint32_t dcb = vmm_peek32(v, isp + KIT_ISP_dcb_d_dcb);
    if (known_dcb(v, dcb))
        after_telling_begin(v, isp, dcb, UNCONFIGURE, ios_aep(v, KIT_AEP_PEND_UNCONFIG_DCB, dcb));
    else
        result(v, isp, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory

// The place of an IOP among those that are allocated; of 0: a free one. NULL: none.
static struct ios_iop *place_of(struct vmm *v, uint32_t iop)
{
    struct ios *s = ios_state(v);
    for (unsigned i = 0; i < IOS_REQUESTS; i++)
        if (s->iop[i].iop == iop)
            return &s->iop[i];
    return NULL;
}

static void create_iop(struct vmm *v, uint32_t isp)
{
    uint16_t size = vmm_peek16(v, isp + KIT_ISP_IOP_size);
    struct ios_iop *place = place_of(v, 0);
    uint32_t iop = place && size >= KIT_SIZE_IOP ? vmm_heap_get(v, size) : 0;
    vmm_poke32(v, isp + KIT_ISP_IOP_ptr, iop);
    result(v, isp, iop);
    if (!iop)
        return;
    *place = (struct ios_iop){.iop = iop};
    vmm_poke32(v, iop + KIT_IOP_physical, physical(v, iop));
}

static void alloc_mem(struct vmm *v, uint32_t isp)
{
    uint16_t size = vmm_peek16(v, isp + KIT_ISP_mem_size);
    uint32_t block = size ? vmm_heap_get(v, size) : 0;
    vmm_poke32(v, isp + KIT_ISP_mem_ptr, block);
    result(v, isp, block);
}

// Frees what ISP_ALLOC_MEM and ISP_CREATE_IOP gave.
static void dealloc_mem(struct vmm *v, uint32_t isp)
{
    uint32_t block = vmm_peek32(v, isp + KIT_ISP_mem_ptr_da);
    struct ios_iop *place = block ? place_of(v, block) : NULL;
    bool fine = vmm_heap_give(v, block);
    if (place)
        *place = (struct ios_iop){.iop = 0};
    if (!fine)
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S3057", "%08X is not a block of IOS memory",
                   block);
    result(v, isp, fine);
}

// ---------------------------------------------------------------------------------------------------------------------

static void service_begin(void *user, struct vmm *v)
{
    (void)user;
    uint32_t isp = vmm_arg(v, 0);
    if (!vmm_probe(v, isp, KIT_SIZE_ISP, true))
        return;
    switch (vmm_peek16(v, isp + KIT_ISP_func)) {
    case KIT_ISP_CREATE_DDB:
        create_ddb(v, isp);
        break;
    case KIT_ISP_CREATE_DCB:
        create_dcb(v, isp);
        break;
    case KIT_ISP_CREATE_IOP:
        create_iop(v, isp);
        break;
    case KIT_ISP_ALLOC_MEM:
        alloc_mem(v, isp);
        break;
    case KIT_ISP_DEALLOC_MEM:
        dealloc_mem(v, isp);
        break;
    case KIT_ISP_INSERT_CALLDOWN:
        insert_calldown(v, isp);
        break;
    case KIT_ISP_GET_FIRST_NEXT_DCB:
        get_first_next_dcb(v, isp);
        break;
    case KIT_ISP_DEALLOC_DDB:
        dealloc_ddb_begin(v, isp);
        break;
    case KIT_ISP_DESTROY_DCB:
        destroy_dcb_begin(v, isp);
        break;
    default: {
        char what[48];
        snprintf(what, sizeof what, "function %u of ILB_service_rtn", vmm_peek16(v, isp + KIT_ISP_func));
        ios_stop_missing(v, what, "Win95 DDK S3047");
        break;
    }
    }
}

bool ios_service_create(struct vmm *v)
{
    struct ios *s = ios_state(v);
    s->destroy_kind = vmm_frame_kind_add(v, &destroy_kind);
    s->routine[IOS_SERVICE] = vmm_host_proc(v, service_begin, NULL);
    return s->routine[IOS_SERVICE] != 0;
}
