// No path leads out of the directory given: "..", drives, networks, links of all kinds, names of devices, pipes, paths
// that are too long. A program tries them all (programs/probe.asm); what lies outside is looked at afterwards.
#define _XOPEN_SOURCE 700 // mkdtemp, nftw, symlink

#include "dos/program.h"

static const char *const paths[] = {
    "..\\SECRET.TXT",
    "..\\..\\SECRET.TXT",
    "../secret.txt",
    "C:\\..\\SECRET.TXT",
    "C:\\INNER\\..\\..\\SECRET.TXT",
    "\\INNER\\..\\..\\..\\..\\..\\ETC\\PASSWD",
    "/etc/passwd",
    "//etc/passwd",
    "\\\\HOST\\SHARE\\X",
    "D:\\SECRET.TXT",
    "Z:SECRET.TXT",
    "LINK",
    "LINK.TXT",
    "LINKDIR\\SECRET.TXT",
    "LINKDIR\\NEW.TXT",
    "LINKDIR",
    "ABSLINK",
    "LOOP",
    "LOOP\\X",
    "DANGLING",
    "HARMLESS\\..\\..\\SECRET.TXT",
    "PIPE",
    "CON",
    "NUL\\X",
    "INNER\\CON.TXT",
    "...",
    "....\\SECRET.TXT",
    ".. \\SECRET.TXT",
    "INNER\\.\\.\\..\\..\\SECRET.TXT",
    ":SECRET.TXT",
    "C:",
    "C:\\",
    "*.*",
    "?",
    ("A\\B\\C\\D\\E\\F\\G\\H\\I\\J\\K\\L\\M\\N\\O\\P\\Q\\R\\S\\T\\U\\V\\W\\X\\Y\\Z\\A\\B\\C\\D\\E\\F\\G\\H\\I\\J\\K\\L"
     "\\"
     "M\\N\\O\\P\\Q\\R"),
};

static char outer[64];

static void outside(const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", outer, name);
}

static void make_link(struct rig *r, const char *to, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", r->directory, name);
    assert_int_equal(symlink(to, path), 0);
}

static void make_tree(struct rig *r)
{
    char path[128];
    strcpy(outer, "/tmp/vxdkit-out-XXXXXX");
    assert_non_null(mkdtemp(outer));
    write_file(outer, "secret.txt", "secret", 6);
    outside("root", r->directory, sizeof r->directory);
    assert_int_equal(mkdir(r->directory, 0777), 0);
    snprintf(path, sizeof path, "%s/inner", r->directory);
    assert_int_equal(mkdir(path, 0777), 0);
    make_link(r, "../secret.txt", "link");
    make_link(r, "../secret.txt", "link.txt");
    make_link(r, "..", "linkdir");
    make_link(r, "/etc/passwd", "abslink");
    make_link(r, "loop", "loop");
    make_link(r, "../created.txt", "dangling");
    make_link(r, "inner", "harmless");
    snprintf(path, sizeof path, "%s/pipe", r->directory);
    assert_int_equal(mkfifo(path, 0666), 0);
}

static size_t entries_of_outer;

static int count_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)path;
    (void)st;
    (void)kind;
    if (ftw->level == 1)
        entries_of_outer++;
    return 0;
}

static void no_path_leads_out_of_the_directory(void **state)
{
    (void)state;
    struct rig r = {.program = 0};
    const struct program probe = {.name = "probe"};
    struct collected lines = {0};
    char path[128], secret[16] = "";
    make_tree(&r);
    place(r.directory, "probe");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        collect(&lines, paths[i], strlen(paths[i]));
        collect(&lines, "\n", 1);
    }
    collect(&lines, "\n", 1);
    r.input = (struct vxd_bytes){lines.text, lines.size};
    assert_true(begin(&r, &probe, NULL));
    enum vxd_end end = vxd_run(r.m, 60000 * MS, 20000000);
    if (end != VXD_END_IDLE)
        fail_msg("end %d: %s\n%s", (int)end, vxd_end_message(r.m), r.out.text);
    assert_int_equal(vxd_program_outcome(r.m, r.program).progress, VXD_PROGRAM_ENDED);
    if (!r.out.text || strstr(r.out.text, "secret\r") || strstr(r.out.text, "osecret") || strstr(r.out.text, "oroot:"))
        fail_msg("it has read what lies outside:\n%s", r.out.text);
    assert_non_null(strstr(r.out.text, "done"));
    outside("secret.txt", path, sizeof path);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(secret, 1, sizeof secret, f), 6);
    fclose(f);
    assert_string_equal(secret, "secret");
    nftw(outer, count_one, 8, FTW_PHYS);
    assert_int_equal(entries_of_outer, 2); // secret.txt and root
    tear_down(&r);
    nftw(outer, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// 8.3 names of what a Unix directory may hold are the same whatever else is there, and lead back to the files.
static void host_names_become_short_names(void **state)
{
    (void)state;
    static const char *const host[] = {"a.txt", "A.TXT", "Makefile.in.old", "long name here.html", ".profile",
                                       "con",   "x.c+y", "abcdefgh.abc",    "abcdefghi",           "b."};
    static const char *const dos[] = {"A.TXT", "A~1.TXT", "MAKEFI~1.OLD", "LONGNA~1.HTM", "PROFIL~1",
                                      "CON~1", "X~1.C_Y", "ABCDEFGH.ABC", "ABCDEF~1",     "B~1"};
    enum { COUNT = sizeof host / sizeof *host };
    char names[COUNT][13];
    dos_short_names(host, COUNT, names);
    for (unsigned i = 0; i < COUNT; i++)
        assert_string_equal(names[i], dos[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_path_leads_out_of_the_directory),
        cmocka_unit_test(host_names_become_short_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
