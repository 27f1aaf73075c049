// Registration with the I/O supervisor (Win95 DDK S2F59-S2F5F, S300C, S302E): the driver's linkage block is filled in,
// a DVT is made, and the driver's asynchronous event routine hears of its initialisation layer by layer, the lowest
// first. Layered drivers are told every device there is, port drivers are asked which units exist.
//
// Which bits of DRP_LGN belong to port drivers, and the numbers of a few results, are not documented: they are marked
// in the kit's table.
#include "devices/ios.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum {
    PORT_DRIVERS = KIT_DRP_MISC_PD | KIT_DRP_NT_MPD | KIT_DRP_ESDI_PD | KIT_DRP_ESDIEMUL_PD | KIT_DRP_ABIOS_PD |
                   KIT_DRP_ABIOS_PREMPT_PD | KIT_DRP_NEC_FLOPPY | KIT_DRP_SOC_SER_DRV | KIT_DRP_SOC_DRV,
    LAYERED_DRIVERS = KIT_DRP_VOLTRK | KIT_DRP_CLASS_DRV | KIT_DRP_TSD | KIT_DRP_SCSI_LAYER | KIT_DRP_VSD_1 |
                      KIT_DRP_VSD_2 | KIT_DRP_VSD_3 | KIT_DRP_VSD_4 | KIT_DRP_VSD_5 | KIT_DRP_VSD_6 | KIT_DRP_VSD_7 |
                      KIT_DRP_VSD_8 | KIT_DRP_VSD_9,
    COMPLIANT = PORT_DRIVERS | LAYERED_DRIVERS, // the others are not registered (S2F5D)
    UNITS = 128,                                // inquiries of one DDB at most (S2F5B)
    AGAIN = 16,                                 // times that a driver may ask for the whole sequence again
    PACKET = 64,                                // bytes: the longest one has 40
};

// The layer nearest to the device that is in `layers`, above layer `below`; IOS_NO_LAYER: none.
static uint32_t lowest_layer(uint32_t layers, uint32_t below)
{
    while (below-- > 0)
        if (layers >> below & 1)
            return below;
    return IOS_NO_LAYER;
}

static uint32_t first_ddb(struct vmm *v, const struct ios_driver *d)
{
    return vmm_peek32(v, d->dvt + KIT_DVT_ddb);
}

// ---------------------------------------------------------------------------------------------------------------------
// Packets

uint32_t ios_aep(struct vmm *v, uint16_t function, uint32_t value)
{
    uint32_t aep = vmm_heap_get(v, PACKET);
    if (!aep)
        return 0;
    vmm_poke16(v, aep + KIT_AEP_func, function);
    vmm_poke32(v, aep + KIT_SIZE_AEPHDR, value);
    return aep;
}

static void address_packet(struct vmm *v, uint32_t aep, uint32_t ddb, uint32_t layer)
{
    vmm_poke16(v, aep + KIT_AEP_result, KIT_AEP_SUCCESS);
    vmm_poke32(v, aep + KIT_AEP_ddb, ddb);
    vmm_poke32(v, aep + KIT_AEP_lgn, layer);
}

static void call_begin(struct vmm *v, const struct ios_driver *d, uint32_t aep)
{
    vmm_frame_call_c_begin(v, d->aer, 1, &aep);
}

// ---------------------------------------------------------------------------------------------------------------------
// An event for all. Frame: a[0] packet, a[1] layer, a[2] row of the driver to be told next, a[3] DDB that it is about.

enum { AEP, LAYER, ROW, ABOUT };

// The DDB in a driver's packet: the one that it is about when it is the driver's, else the driver's first.
static uint32_t ddb_for(struct vmm *v, const struct ios_driver *d, uint32_t about)
{
    return about && vmm_peek32(v, about + KIT_DDB_dvt) == d->dvt ? about : first_ddb(v, d);
}

static void tell_next_begin(struct vmm *v, struct vmm_frame *f)
{
    bool boot = vmm_peek16(v, f->a[AEP] + KIT_AEP_func) == KIT_AEP_BOOT_COMPLETE;
    for (; f->a[LAYER] < IOS_LAYERS; f->a[LAYER]--, f->a[ROW] = 0) {
        while (f->a[ROW] < IOS_DRIVERS) {
            uint32_t row = f->a[ROW]++;
            struct ios_driver *d = &ios_state(v)->driver[row];
            if (!d->dvt || !(d->layers >> f->a[LAYER] & 1) || (boot && d->booted))
                continue;
            d->booted |= boot; // one call is received, without a DDB (S3017)
            address_packet(v, f->a[AEP], boot ? 0 : ddb_for(v, d, f->a[ABOUT]), f->a[LAYER]);
            f->step = (uint16_t)(row + 1);
            call_begin(v, d, f->a[AEP]);
            return;
        }
    }
    (void)!vmm_heap_give(v, f->a[AEP]);
    vmm_frame_pop_all(v);
}

static void unlink_dvt(struct vmm *v, uint32_t dvt)
{
    uint32_t at = ios_state(v)->own_dvt;
    for (unsigned n = 0; at && n <= IOS_DRIVERS; n++) {
        uint32_t next = vmm_peek32(v, at + KIT_DVT_next_dvt);
        if (next == dvt) {
            vmm_poke32(v, at + KIT_DVT_next_dvt, vmm_peek32(v, dvt + KIT_DVT_next_dvt));
            return;
        }
        at = next;
    }
}

// A driver that does not want to stay after AEP_BOOT_COMPLETE.
static void deregister(struct vmm *v, struct ios_driver *d)
{
    uint32_t ddb = first_ddb(v, d);
    for (unsigned n = 0; ddb && n < UNITS; n++) {
        ios_forget_ddb(v, ddb);
        ddb = vmm_peek32(v, ddb + KIT_DDB_Next_DDB);
    }
    unlink_dvt(v, d->dvt);
    (void)!vmm_heap_give(v, d->dvt);
    memset(d, 0, sizeof *d);
}

static void tell_resume(struct vmm *v, struct vmm_frame *f)
{
    struct ios_driver *d = &ios_state(v)->driver[f->step - 1];
    bool boot = vmm_peek16(v, f->a[AEP] + KIT_AEP_func) == KIT_AEP_BOOT_COMPLETE;
    if (boot && d->dvt && vmm_peek16(v, f->a[AEP] + KIT_AEP_result) == KIT_AEP_FAILURE)
        deregister(v, d);
    tell_next_begin(v, f);
}

static void tell_abandon(struct vmm *v, struct vmm_frame *f)
{
    (void)!vmm_heap_give(v, f->a[AEP]);
}

static const struct vmm_frame_kind tell_kind = {"an asynchronous event routine", tell_resume, tell_abandon};

void ios_tell_all_begin(struct vmm *v, uint32_t aep, uint32_t ddb)
{
    struct vmm_frame *f = aep ? vmm_frame_push(v, ios_state(v)->tell_kind) : NULL;
    if (!f)
        return;
    f->a[AEP] = aep;
    f->a[LAYER] = IOS_LAYERS - 1;
    f->a[ROW] = 0;
    f->a[ABOUT] = ddb;
    tell_next_begin(v, f);
}

void ios_tell_boot_complete_begin(struct vmm *v)
{
    ios_state(v)->boot_complete = 1;
    ios_tell_all_begin(v, ios_aep(v, KIT_AEP_BOOT_COMPLETE, 0), 0);
}

static void boot_event_begin(void *user, struct vmm *v)
{
    (void)user;
    ios_tell_boot_complete_begin(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// The walk through a registration. Frame: a[0] row of the driver, a[1] DRP (0: not for the first time), a[2] layer,
// a[3] packet, a[4] place in the list of devices, or unit, a[5] DDB that is asked about, a[6] inquiry DCB, a[7] layers
// that have succeeded, a[8] units to ask for, a[9] how often the layer was begun, a[10] who was initialising before,
// a[11] AEP_BI_FL_*.

enum { DRIVER, DRP, REG_LAYER, PACKET_AT, PLACE, DDB, INQUIRY, ANY, COUNT, TIMES, BEFORE, FLAGS };
enum step { NEXT_LAYER, INITIALIZE, INITIALIZED, TELL_DEVICE, FIRST_UNIT, ASK, ASKED, LAYER_DONE };

static struct ios_driver *driver_of(struct vmm *v, const struct vmm_frame *f)
{
    return &ios_state(v)->driver[f->a[DRIVER]];
}

static bool is_port_layer(const struct vmm_frame *f)
{
    return (uint32_t)PORT_DRIVERS >> f->a[REG_LAYER] & 1;
}

static void over(struct vmm *v, struct vmm_frame *f)
{
    uint32_t drp = f->a[DRP];
    bool fine = f->a[ANY], schedule = drp && fine && ios_state(v)->boot_complete;
    (void)!vmm_heap_give(v, f->a[PACKET_AT]);
    if (drp && !fine)
        deregister(v, driver_of(v, f));
    ios_state(v)->initialising = f->a[BEFORE];
    ios_state(v)->initialized = fine;
    if (drp)
        vmm_poke16(v, drp + KIT_DRP_reg_result, fine ? KIT_DRP_REMAIN_RESIDENT : KIT_DRP_ABORT);
    vmm_frame_pop_all(v);
    if (!schedule || !devices_aside_push(v))
        return;
    vmm_regs(v)[X86_ESI] = ios_state(v)->boot_proc;
    vmm_regs(v)[X86_EDX] = 0;
    devices_aside_begin(v, KIT_Schedule_Global_Event);
}

static bool next_layer(struct vmm *v, struct vmm_frame *f)
{
    const struct ios_driver *d = driver_of(v, f);
    uint32_t layers = f->a[DRP] ? d->layers : d->layers & PORT_DRIVERS;
    f->a[REG_LAYER] = lowest_layer(layers, f->a[REG_LAYER]);
    f->a[TIMES] = 0;
    f->step = INITIALIZE;
    if (f->a[REG_LAYER] != IOS_NO_LAYER)
        return true;
    over(v, f);
    return false;
}

static void send_begin(struct vmm *v, struct vmm_frame *f, uint16_t function, uint32_t ddb, uint32_t value)
{
    uint32_t aep = f->a[PACKET_AT];
    vmm_poke16(v, aep + KIT_AEP_func, function);
    address_packet(v, aep, ddb, f->a[REG_LAYER]);
    vmm_poke32(v, aep + KIT_SIZE_AEPHDR, value);
    call_begin(v, driver_of(v, f), aep);
}

static uint8_t peek8(struct vmm *v, uint32_t at)
{
    return (uint8_t)vmm_peek16(v, at);
}

static void poke8(struct vmm *v, uint32_t at, uint32_t value)
{
    vmm_poke16(v, at, (uint16_t)((vmm_peek16(v, at) & 0xFF00) | (value & 0xFF)));
}

static bool initialize(struct vmm *v, struct vmm_frame *f)
{
    const struct ios_driver *d = driver_of(v, f);
    uint32_t aep = f->a[PACKET_AT];
    for (uint32_t i = 0; i < KIT_SIZE_AEP_bi_init; i += 4)
        vmm_poke32(v, aep + i, 0);
    f->step = INITIALIZED;
    f->a[TIMES]++;
    if (is_port_layer(f) && !f->a[INQUIRY])
        f->a[INQUIRY] = vmm_heap_get(v, KIT_SIZE_DCB);
    vmm_poke32(v, aep + KIT_AEP_bi_i_dcb, f->a[INQUIRY]);
    vmm_poke32(v, aep + KIT_AEP_bi_i_hdevnode, ios_state(v)->node);
    poke8(v, d->dvt + KIT_DVT_current_lgn, f->a[REG_LAYER]);
    vmm_poke32(v, d->dvt + KIT_DVT_ddb_init, 0);
    poke8(v, d->ilb + KIT_ILB_driver_numb, peek8(v, d->ilb + KIT_ILB_driver_numb) + 1u);
    ios_state(v)->initialising = f->a[DRIVER] + 1;
    send_begin(v, f, KIT_AEP_INITIALIZE, 0, vmm_peek32(v, d->dvt + KIT_DVT_reference_data));
    return false;
}

// A port driver that has failed has nothing to be asked for; of the others the result is ignored.
static bool initialized(struct vmm *v, struct vmm_frame *f)
{
    const struct ios_driver *d = driver_of(v, f);
    uint32_t aep = f->a[PACKET_AT];
    bool port = is_port_layer(f), failed = port && vmm_peek16(v, aep + KIT_AEP_result) != KIT_AEP_SUCCESS;
    ios_state(v)->initialising = f->a[BEFORE];
    f->a[ANY] |= !failed;
    f->a[PLACE] = 0;
    f->step = failed ? LAYER_DONE : port ? FIRST_UNIT : TELL_DEVICE;
    if (!port || failed)
        return true;
    poke8(v, d->dvt + KIT_DVT_init_count, peek8(v, d->dvt + KIT_DVT_init_count) + 1u);
    poke8(v, d->dvt + KIT_DVT_scsi_max_target, peek8(v, aep + KIT_AEP_bi_i_max_target));
    poke8(v, d->dvt + KIT_DVT_scsi_max_lun, peek8(v, aep + KIT_AEP_bi_i_max_lun));
    f->a[DDB] = vmm_peek32(v, d->dvt + KIT_DVT_ddb_init);
    f->a[FLAGS] = peek8(v, aep + KIT_AEP_bi_flags);
    return true;
}

static bool tell_device(struct vmm *v, struct vmm_frame *f)
{
    const struct ios *s = ios_state(v);
    if (f->a[PLACE] >= s->dcbs) {
        f->step = LAYER_DONE;
        return true;
    }
    send_begin(v, f, KIT_AEP_CONFIG_DCB, first_ddb(v, driver_of(v, f)), s->dcb[f->a[PLACE]++]);
    return false;
}

static bool is_scsi(struct vmm *v, const struct ios_driver *d)
{
    return peek8(v, d->dvt + KIT_DVT_bus_type) == KIT_DRP_BT_SCSI;
}

static bool first_unit(struct vmm *v, struct vmm_frame *f)
{
    const struct ios_driver *d = driver_of(v, f);
    uint32_t targets = peek8(v, d->dvt + KIT_DVT_scsi_max_target) + 1u;
    f->a[PLACE] = 0;
    f->a[COUNT] = is_scsi(v, d) ? targets * (peek8(v, d->dvt + KIT_DVT_scsi_max_lun) + 1u) : UNITS;
    f->step = f->a[DDB] && f->a[INQUIRY] ? ASK : LAYER_DONE;
    return true;
}

// The number of the unit that is asked for goes where a driver of its kind looks for it.
static void prepare_inquiry(struct vmm *v, const struct vmm_frame *f)
{
    const struct ios_driver *d = driver_of(v, f);
    uint32_t dcb = f->a[INQUIRY], unit = f->a[PLACE];
    for (uint32_t i = 0; i + 4 <= KIT_SIZE_DCB; i += 4)
        vmm_poke32(v, dcb + i, 0);
    poke8(v, dcb + KIT_DCB_bus_type, peek8(v, d->dvt + KIT_DVT_bus_type));
    if (is_scsi(v, d)) {
        uint32_t luns = peek8(v, d->dvt + KIT_DVT_scsi_max_lun) + 1u;
        unit = f->a[FLAGS] & KIT_AEP_BI_FL_SCSI_SCAN_DOWN ? f->a[COUNT] - 1 - unit : unit;
        poke8(v, dcb + KIT_DCB_scsi_target_id, unit / luns);
        poke8(v, dcb + KIT_DCB_scsi_lun, unit % luns);
    }
    poke8(v, dcb + KIT_DCB_unit_on_ctl, unit);
}

static bool ask(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[PLACE] >= f->a[COUNT]) {
        f->a[DDB] = vmm_peek32(v, f->a[DDB] + KIT_DDB_Next_DDB_init);
        f->step = FIRST_UNIT;
        return true;
    }
    f->step = ASKED;
    prepare_inquiry(v, f);
    send_begin(v, f, KIT_AEP_DEVICE_INQUIRY, f->a[DDB], f->a[INQUIRY]);
    return false;
}

// A DCB of its own for the unit that was found, in the DDB's list.
static uint32_t new_unit(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t dcb = ios_new_dcb(v, KIT_SIZE_DCB), link = f->a[DDB] + KIT_DDB_dcb_ptr;
    if (!dcb)
        return 0;
    uint32_t chain = vmm_peek32(v, dcb + KIT_DCB_next_dcb);
    if (!devices_copy(v, dcb, f->a[INQUIRY], KIT_SIZE_DCB))
        return 0;
    vmm_poke32(v, dcb + KIT_DCB_next_dcb, chain);
    vmm_poke32(v, dcb + KIT_DCB_physical_dcb, dcb);
    vmm_poke32(v, dcb + KIT_DCB_dev_node, vmm_peek32(v, f->a[DDB] + KIT_DDB_devnode_ptr));
    vmm_poke32(v, dcb + KIT_DCB_next_ddb_dcb, vmm_peek32(v, link));
    vmm_poke32(v, link, dcb);
    return dcb;
}

// A unit that exists: all layers hear of it, this one first.
static bool asked(struct vmm *v, struct vmm_frame *f)
{
    uint16_t result = vmm_peek16(v, f->a[PACKET_AT] + KIT_AEP_result);
    f->step = ASK;
    f->a[PLACE] = result == KIT_AEP_NO_MORE_DEVICES ? f->a[COUNT] : f->a[PLACE] + 1;
    if (result != KIT_AEP_SUCCESS)
        return true;
    uint32_t dcb = new_unit(v, f), aep = dcb ? ios_aep(v, KIT_AEP_CONFIG_DCB, dcb) : 0;
    if (!aep)
        return true;
    vmm_frame_wait(v);
    ios_tell_all_begin(v, aep, f->a[DDB]);
    return false;
}

static bool layer_done(struct vmm *v, struct vmm_frame *f)
{
    bool again = f->a[FLAGS] & KIT_AEP_BI_FL_SEND_CONFIG_AGAIN;
    f->a[FLAGS] = 0;
    f->step = again && f->a[TIMES] < AGAIN ? INITIALIZE : NEXT_LAYER;
    if (f->step == NEXT_LAYER && f->a[INQUIRY]) {
        (void)!vmm_heap_give(v, f->a[INQUIRY]);
        f->a[INQUIRY] = 0;
    }
    return true;
}

static void register_resume(struct vmm *v, struct vmm_frame *f)
{
    static bool (*const steps[])(struct vmm * v, struct vmm_frame * f) = {
        [NEXT_LAYER] = next_layer,
        [INITIALIZE] = initialize,
        [INITIALIZED] = initialized,
        [TELL_DEVICE] = tell_device,
        [FIRST_UNIT] = first_unit,
        [ASK] = ask,
        [ASKED] = asked,
        [LAYER_DONE] = layer_done,
    };
    while (steps[f->step](v, f))
        f = vmm_frame_top(v);
}

static void register_abandon(struct vmm *v, struct vmm_frame *f)
{
    ios_state(v)->initialising = f->a[BEFORE];
    (void)!vmm_heap_give(v, f->a[PACKET_AT]);
}

static const struct vmm_frame_kind register_kind = {"an asynchronous event routine", register_resume, register_abandon};

// ---------------------------------------------------------------------------------------------------------------------
// IOS_Register(DRP)

static void fill_ilb(struct vmm *v, uint32_t ilb, uint32_t dvt)
{
    static const uint16_t at[] = {
        [IOS_SERVICE] = KIT_ILB_service_rtn,         [IOS_DPRINTF] = KIT_ILB_dprintf_rtn,
        [IOS_WAIT_10TH_SEC] = KIT_ILB_Wait_10th_Sec, [IOS_INTERNAL_REQUEST] = KIT_ILB_internal_request,
        [IOS_IO_CRITERIA] = KIT_ILB_io_criteria_rtn, [IOS_INT_IO_CRITERIA] = KIT_ILB_int_io_criteria_rtn,
        [IOS_ENQUEUE] = KIT_ILB_enqueue_iop,         [IOS_DEQUEUE] = KIT_ILB_dequeue_iop,
    };
    for (uint32_t i = 0; i < KIT_SIZE_ILB; i += 4)
        vmm_poke32(v, ilb + i, 0);
    for (unsigned i = 0; i < BASE_COUNT(at); i++)
        vmm_poke32(v, ilb + at[i], ios_state(v)->routine[i]);
    vmm_poke32(v, ilb + KIT_ILB_dvt, dvt);
}

// The chain begins with IOS's own DVT; a new one goes to its end.
static uint32_t new_dvt(struct vmm *v)
{
    struct ios *s = ios_state(v);
    if (!s->own_dvt)
        s->own_dvt = vmm_heap_get(v, KIT_SIZE_DVT);
    uint32_t dvt = s->own_dvt ? vmm_heap_get(v, KIT_SIZE_DVT) : 0, at = s->own_dvt;
    for (unsigned n = 0; dvt && n <= IOS_DRIVERS; n++) {
        uint32_t next = vmm_peek32(v, at + KIT_DVT_next_dvt);
        if (!next)
            break;
        at = next;
    }
    if (dvt)
        vmm_poke32(v, at + KIT_DVT_next_dvt, dvt);
    return dvt;
}

static bool fill_dvt(struct vmm *v, uint32_t dvt, uint32_t drp)
{
    return devices_copy(v, dvt + KIT_DVT_aer, drp + KIT_DRP_aer, 4) &&
           devices_copy(v, dvt + KIT_DVT_ascii_name, drp + KIT_DRP_ascii_name, 16) &&
           devices_copy(v, dvt + KIT_DVT_rev_level, drp + KIT_DRP_revision, 1) &&
           devices_copy(v, dvt + KIT_DVT_feature_code, drp + KIT_DRP_feature_code, 4) &&
           devices_copy(v, dvt + KIT_DVT_if_requirements, drp + KIT_DRP_if_requirements, 2) &&
           devices_copy(v, dvt + KIT_DVT_bus_type, drp + KIT_DRP_bus_type, 1) &&
           devices_copy(v, dvt + KIT_DVT_reference_data, drp + KIT_DRP_reference_data, 4);
}

// The driver of this linkage block; of 0: a free row. NULL: none.
static struct ios_driver *row_of(struct vmm *v, uint32_t ilb)
{
    struct ios *s = ios_state(v);
    for (unsigned i = 0; i < IOS_DRIVERS; i++)
        if (ilb ? s->driver[i].dvt && s->driver[i].ilb == ilb : !s->driver[i].dvt)
            return &s->driver[i];
    return NULL;
}

// A DVT is made when a driver registers first (S2F59). NULL: no room.
static struct ios_driver *driver_for(struct vmm *v, uint32_t ilb)
{
    struct ios_driver *d = row_of(v, ilb);
    if (d)
        return d;
    d = row_of(v, 0);
    uint32_t dvt = d ? new_dvt(v) : 0;
    if (!dvt)
        return NULL;
    *d = (struct ios_driver){.dvt = dvt, .ilb = ilb};
    fill_ilb(v, ilb, dvt);
    return d;
}

static void walk_begin(struct vmm *v, struct ios_driver *d, uint32_t drp)
{
    struct ios *s = ios_state(v);
    uint32_t packet = vmm_heap_get(v, PACKET);
    struct vmm_frame *f = packet ? vmm_frame_push(v, s->register_kind) : NULL;
    s->initialized = 0;
    if (!f) {
        if (drp)
            vmm_poke16(v, drp + KIT_DRP_reg_result, KIT_DRP_ABORT);
        return;
    }
    memset(f->a, 0, sizeof f->a);
    f->step = NEXT_LAYER;
    f->a[DRIVER] = (uint32_t)(d - s->driver);
    f->a[DRP] = drp;
    f->a[REG_LAYER] = IOS_LAYERS;
    f->a[PACKET_AT] = packet;
    f->a[BEFORE] = s->initialising;
    register_resume(v, f);
}

void ios_initialize_again_begin(struct vmm *v, uint32_t row)
{
    walk_begin(v, &ios_state(v)->driver[row], 0);
}

void ios_register_begin(struct vmm *v)
{
    uint32_t drp = vmm_arg(v, 0), layers, ilb, aer;
    if (!vmm_probe(v, drp, KIT_SIZE_DRP, true) || !vmm_get32(v, drp + KIT_DRP_LGN, &layers) ||
        !vmm_get32(v, drp + KIT_DRP_ilb, &ilb) || !vmm_get32(v, drp + KIT_DRP_aer, &aer))
        return;
    if (!(layers & COMPLIANT)) {
        vmm_poke16(v, drp + KIT_DRP_reg_result, KIT_DRP_INVALID_LAYER);
        return;
    }
    if (!vmm_probe(v, ilb, KIT_SIZE_ILB, true))
        return;
    struct ios_driver *d = driver_for(v, ilb);
    if (!d) {
        vmm_poke16(v, drp + KIT_DRP_reg_result, KIT_DRP_ABORT);
        return;
    }
    d->layers = layers & COMPLIANT;
    d->aer = aer;
    if (fill_dvt(v, d->dvt, drp))
        walk_begin(v, d, drp);
}

bool ios_register_create(struct vmm *v)
{
    struct ios *s = ios_state(v);
    s->register_kind = vmm_frame_kind_add(v, &register_kind);
    s->tell_kind = vmm_frame_kind_add(v, &tell_kind);
    s->boot_proc = vmm_host_proc(v, boot_event_begin, NULL);
    return s->boot_proc != 0;
}
