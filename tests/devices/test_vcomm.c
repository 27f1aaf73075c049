// VCOMM as the loader of port drivers for device nodes (tests/devices/modems.hw).
#include "devices/hardware.h"
#include "devices/rig.h"
#include "devices/vxdldr.h"

static bool find_file(void *user, const char *name, const uint8_t **bytes, size_t *size)
{
    const struct base_buf *image = user;
    if (strcmp(name, "comport.vxd") != 0)
        return false;
    *bytes = image->data;
    *size = image->size;
    return true;
}

static void port_driver_is_loaded_when_its_port_is_opened(void **state)
{
    (void)state;
    struct base_buf image;
    struct vxdldr_source source = {find_file, &image};
    struct rig *r = rig_begin();
    size_t size;
    uint8_t *text = rig_read("tests/devices/modems.hw", &size);
    assert_true(devices_provide_hardware(r->v, "modems.hw", (const char *)text, size, &r->diag));
    free(text);
    rig_build(r, "comport", &image);
    assert_true(vxdldr_set_source(r->v, &source));
    rig_load(r, "opener", VMM_LOAD_STATIC);
    vmm_boot(r->v);
    rig_expect(r, 100,
               "COM4\n"
               "Test port (COM4)\n"
               "Test port (COM4)\n"
               "loaded\n"
               "COM4 at 02E8, IRQ 05\n"
               "COM5 at 0310, IRQ 00\n"
               "Any modem at 0000, IRQ 00\n"
               "registered: 01\n"
               "COM4 is opened\n"
               "unloaded\n"
               "closed: 00000001, 0B0B0B0B\n"
               "loaded\n"
               "COM4 at 02E8, IRQ 05\n"
               "COM5 at 0310, IRQ 00\n"
               "Any modem at 0000, IRQ 00\n"
               "registered: 01\n"
               "COM4 is opened\n"
               "COM4: error FFFFFFFE\n"
               "COM5 is opened\n"
               "COM5: error FFFFFFF6\n"
               "Any modem is opened\n"
               "closed: 00000001, 0B0B0B0B\n"
               "unloaded\n"
               "closed: 00000001, 0B0B0B0B\n"
               "loaded\n"
               "COM4 at 02E8, IRQ 05\n"
               "COM5 at 0310, IRQ 00\n"
               "Any modem at 0000, IRQ 00\n"
               "registered: 01\n"
               "COM5 is opened\n"
               "unloaded\n"
               "COM5: error FFFFFFF6\n"
               "LPT1: error FFFFFFFF\n"
               "COM1: error FFFFFFFF\n"
               "check load-refused: device TEST\\COM\\0002: its port driver nothing.vxd cannot be loaded\n"
               "COM3: error FFFFFFF6\n"
               "loaded\n"
               "COM4 at 02E8, IRQ 05\n"
               "COM5 at 0310, IRQ 00\n"
               "Any modem at 0000, IRQ 00\n"
               "registered: 01\n"
               "COM4 is opened\n"
               "removed: 00\n"
               "unloaded\n"
               "closed: 00000001, 0B0B0B0B\n"
               "COM4: error FFFFFFFF\n");
    rig_free(r);
    base_buf_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_driver_is_loaded_when_its_port_is_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
