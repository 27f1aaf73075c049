// VXDLDR: a driver that loads and unloads another one.
#include "devices/rig.h"
#include "devices/vxdldr.h"

static bool find_file(void *user, const char *name, const uint8_t **bytes, size_t *size)
{
    const struct base_buf *image = user;
    if (!strcmp(name, "CARELESS"))
        image++;
    else if (!strstr(name, "ioctldev.vxd"))
        return false;
    *bytes = image->data;
    *size = image->size;
    return true;
}

static void driver_loads_and_unloads_another(void **state)
{
    (void)state;
    struct base_buf image[2];
    struct vxdldr_source source = {find_file, image};
    struct rig *r = rig_begin();
    rig_build(r, "ioctl", &image[0]);
    rig_build(r, "careless", &image[1]);
    assert_true(vxdldr_set_source(r->v, &source));
    rig_load(r, "loader", VMM_LOAD_STATIC);
    vmm_boot(r->v);
    rig_expect(
        r, 10,
        "missing 00000003 CF=1\n"
        "init\n"
        "load CF=0\n"
        "again 00000005 CF=1\n"
        "by another name 00000005 CF=1\n"
        "exit\n"
        "unload CF=0\n"
        "unload again 00000008 CF=1\n"
        "check left-behind: the driver is unloaded, but a virtualized IRQ still leads into it\n"
        "check left-behind: the driver is unloaded, but a hot key still leads into it\n"
        "check left-behind: the driver is unloaded, but VDD's table of a mini-VDD's functions still leads into it\n"
        "check left-behind: the driver is unloaded, but a port of the VGA still leads into it\n"
        "check left-behind: the driver is unloaded, but VMD's list of procedures that draw the pointer still leads "
        "into it\n"
        "careless CF=0\n");
    base_buf_free(&image[0]);
    base_buf_free(&image[1]);
    rig_free(r);
}

static void driver_unloads_itself_and_another_hears_of_it(void **state)
{
    (void)state;
    struct rig *r = rig_begin();
    rig_load(r, "watcher", VMM_LOAD_STATIC);
    rig_load(r, "leaver", VMM_LOAD_DYNAMIC);
    vmm_boot(r->v);
    rig_expect(r, 200,
               "name 43544157 objects 00000001 loaded 00000001 first 00000001\n"
               "hook CF=0\n"
               "leaver comes\n"
               "name 43544157 objects 00000001 loaded 00000001 first 00000001\n"
               "name 5641454C objects 00000001 loaded 00000001 first 00000001\n"
               "leaver exits\n"
               "object 00000001 type 00000001 of 00000001\n"
               "leaver leaves CF=0\n"
               "name 43544157 objects 00000001 loaded 00000001 first 00000001\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(driver_loads_and_unloads_another),
                                       cmocka_unit_test(driver_unloads_itself_and_another_hears_of_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
