// Files of ring-0 code (IFSMgr_Ring0_FileIO) on a drive with one file at most.
#include "devices/rig.h"
#include "dos/dos.h"

struct disk {
    char name[DOS_LONGEST_PATH]; // "": no file
    uint8_t bytes[64];
    uint32_t size;
    bool read_only;
};

static bool has(const struct disk *d, const char *path)
{
    return d->name[0] && !strcmp(path, d->name);
}

static enum dos_error find(void *user, const char *path, struct dos_entry *to)
{
    const struct disk *d = user;
    if (!has(d, path))
        return DOS_NO_FILE;
    *to = (struct dos_entry){.size = d->size, .attributes = d->read_only ? DOS_READ_ONLY : 0};
    return DOS_OK;
}

static enum dos_error read(void *user, const char *path, uint32_t offset, void *to, uint32_t *n)
{
    const struct disk *d = user;
    assert_true(has(d, path));
    assert_true(offset <= d->size && *n <= d->size - offset);
    memcpy(to, d->bytes + offset, *n);
    return DOS_OK;
}

static enum dos_error write(void *user, const char *path, uint32_t offset, const void *from, uint32_t *n)
{
    struct disk *d = user;
    assert_true(has(d, path) && offset + *n <= sizeof d->bytes);
    memcpy(d->bytes + offset, from, *n);
    if (offset + *n > d->size)
        d->size = offset + *n;
    return DOS_OK;
}

static enum dos_error resize(void *user, const char *path, uint32_t size)
{
    struct disk *d = user;
    assert_true(has(d, path) && size <= sizeof d->bytes);
    d->size = size;
    return DOS_OK;
}

static enum dos_error create(void *user, const char *path, bool must_be_new)
{
    struct disk *d = user;
    assert_true(must_be_new && !d->name[0]);
    strcpy(d->name, path);
    d->size = 0;
    return DOS_OK;
}

static enum dos_error erase(void *user, const char *path)
{
    struct disk *d = user;
    if (!has(d, path))
        return DOS_NO_FILE;
    d->name[0] = 0;
    return DOS_OK;
}

static enum dos_error move(void *user, const char *path, const char *to)
{
    struct disk *d = user;
    if (!has(d, path))
        return DOS_NO_FILE;
    strcpy(d->name, to);
    return DOS_OK;
}

static enum dos_error set_read_only(void *user, const char *path, bool on)
{
    struct disk *d = user;
    assert_true(has(d, path));
    d->read_only = on;
    return DOS_OK;
}

static void a_driver_works_with_files(void **state)
{
    (void)state;
    struct disk disk = {.name = ""};
    const struct dos_host host = {.user = &disk,
                                  .find = find,
                                  .read = read,
                                  .write = write,
                                  .resize = resize,
                                  .create = create,
                                  .remove = erase,
                                  .rename = move,
                                  .set_read_only = set_read_only};
    struct rig *r = rig_begin();
    dos_set_host(r->v, &host);
    rig_load(r, "files", VMM_LOAD_STATIC);
    vmm_boot(r->v);
    rig_expect(r, 10,
               "absent: 0002 CF=1\n"
               "many: 0003 CF=1\n"
               "the root: 0005 CF=1\n"
               "bad mode: 000C CF=1\n"
               "made: 00000002 CF=0\n"
               "written: 00000006 CF=0\n"
               "more: 00000002 CF=0\n"
               "read: 00000005 CF=0\n"
               "defab\n"
               "behind the end: 00000000 CF=0\n"
               "size: 00000008 CF=0\n"
               "closed CF=0\n"
               "closed again: 0006 CF=1\n"
               "there already: 0050 CF=1\n"
               "opened: 00000001 CF=0\n"
               "write to read only: 0005 CF=1\n"
               "renamed CF=0\n"
               "set CF=0\n"
               "attributes: 0001 CF=0\n"
               "not to be written: 0005 CF=1\n"
               "emptied: 00000003 CF=0\n"
               "read of write only: 0005 CF=1\n"
               "size: 00000000 CF=0\n"
               "deleted CF=0\n"
               "deleted again: 0002 CF=1\n");
    assert_string_equal(disk.name, "");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_driver_works_with_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
