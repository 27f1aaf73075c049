// IFSMgr, the manager of file systems: files for ring-0 code (Win95 DDK S312A), on drive C: as DOS programs see it.
// What is not there: everything that file system drivers register with.
#include "devices/ifsmgr.h"
#include "devices/call.h"
#include "devices/common.h"

#include "dos/dos.h"
#include "kit/constants.h"
#include "kit/services.h"

#include <string.h>

enum { FILES = 64, CHUNK = 4096, PATH_TEXT = 260 };
enum { EXISTS_MASK = 0x0F, EXISTS_OPEN = 1, EXISTS_TRUNCATE = 2, ABSENT_CREATE = 0x10 }; // action, as of INT 21h AH=6Ch
enum { OPENED = 1, CREATED = 2, TRUNCATED = 3 };
enum { ACCESS = 7, READ_ONLY = 0, WRITE_ONLY = 1, READ_WRITE = 2 }; // of the open mode

struct ifsmgr_file {
    uint32_t id; // 0: free
    uint8_t access;
    char path[DOS_LONGEST_PATH];
};

struct ifsmgr {
    struct ifsmgr_file file[FILES];
    uint32_t ids;
};

extern const struct vmm_device ifsmgr_device;

static struct ifsmgr *state(struct vmm *v)
{
    return vmm_device_state(v, &ifsmgr_device);
}

static void fail(struct vmm *v, enum dos_error error)
{
    vmm_regs(v)[X86_EAX] = error;
    devices_carry(v, true);
}

static struct ifsmgr_file *find(struct vmm *v, uint32_t id)
{
    uint32_t row = (id & 0xFF) - 1;
    return id && row < FILES && state(v)->file[row].id == id ? &state(v)->file[row] : NULL;
}

// The path at `linear`, for the host. False: an error was answered, or a page fault noted.
static bool take_path(struct vmm *v, uint32_t linear, char path[DOS_LONGEST_PATH])
{
    char text[PATH_TEXT];
    if (!vmm_get_text(v, linear, text, sizeof text))
        return false;
    enum dos_error error = dos_drive(v) ? dos_host_path(v, text, path) : DOS_BAD_DRIVE;
    if (error == DOS_OK && !path[0]) // the root
        error = DOS_DENIED;
    if (error != DOS_OK)
        fail(v, error);
    return error == DOS_OK;
}

// The path of one file, without wildcards.
static bool take_file(struct vmm *v, uint32_t linear, char path[DOS_LONGEST_PATH])
{
    if (!take_path(v, linear, path))
        return false;
    if (!strpbrk(path, "?*"))
        return true;
    fail(v, DOS_NO_PATH);
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Open files

// The low words of the registers: mode (BX), attributes (CX), action (DL).
static enum dos_error make_ready(const struct dos_host *h, const char *path, const uint32_t *r, uint32_t *done)
{
    struct dos_entry entry;
    uint32_t access = r[X86_EBX] & ACCESS, action = r[X86_EDX] & 0xFF;
    if (access > READ_WRITE)
        return DOS_BAD_ACCESS;
    enum dos_error error = h->find(h->user, path, &entry);
    if (error == DOS_NO_FILE && action & ABSENT_CREATE) {
        *done = CREATED;
        error = h->create(h->user, path, true);
        return error == DOS_OK && r[X86_ECX] & DOS_READ_ONLY ? h->set_read_only(h->user, path, true) : error;
    }
    if (error != DOS_OK)
        return error;
    if (entry.attributes & DOS_DIRECTORY || (entry.attributes & DOS_READ_ONLY && access != READ_ONLY))
        return DOS_DENIED;
    *done = (action & EXISTS_MASK) == EXISTS_TRUNCATE ? TRUNCATED : OPENED;
    if (*done == TRUNCATED)
        return h->resize(h->user, path, 0);
    return (action & EXISTS_MASK) == EXISTS_OPEN ? DOS_OK : DOS_EXISTS;
}

static struct ifsmgr_file *new_file(struct vmm *v)
{
    struct ifsmgr *s = state(v);
    for (uint32_t i = 0; i < FILES; i++) {
        if (s->file[i].id)
            continue;
        s->file[i].id = ++s->ids << 8 | (i + 1);
        return &s->file[i];
    }
    return NULL;
}

// BX = mode, CX = attributes, DL = action, ESI -> path -> EAX = handle, ECX = what was done.
static void open_file(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), done = 0;
    char path[DOS_LONGEST_PATH];
    if (!take_file(v, r[X86_ESI], path))
        return;
    enum dos_error error = make_ready(dos_drive(v), path, r, &done);
    struct ifsmgr_file *f = error == DOS_OK ? new_file(v) : NULL;
    if (!f) {
        fail(v, error == DOS_OK ? DOS_TOO_MANY : error);
        return;
    }
    memcpy(f->path, path, sizeof f->path);
    f->access = r[X86_EBX] & ACCESS;
    r[X86_EAX] = f->id;
    r[X86_ECX] = done;
    devices_carry(v, false);
}

// EBX = handle, ECX = bytes, EDX = position, ESI = buffer -> ECX = bytes moved. The buffer is probed first.
static void transfer(struct vmm *v, bool write)
{
    uint32_t *r = vmm_regs(v), done = 0, n = 0;
    const struct ifsmgr_file *f = find(v, r[X86_EBX]);
    const struct dos_host *h = dos_drive(v);
    struct dos_entry entry = {.size = 0};
    enum dos_error error = !f || !h                                        ? DOS_BAD_HANDLE
                           : f->access == (write ? READ_ONLY : WRITE_ONLY) ? DOS_DENIED
                                                                           : h->find(h->user, f->path, &entry);
    uint32_t left = entry.size > r[X86_EDX] ? entry.size - r[X86_EDX] : 0;
    uint32_t most = write ? UINT32_MAX - r[X86_EDX] : left;
    uint32_t bytes = r[X86_ECX] < most ? r[X86_ECX] : most;
    if (error == DOS_OK && !vmm_probe(v, r[X86_ESI], bytes, !write))
        return;
    for (uint8_t chunk[CHUNK]; error == DOS_OK && done < bytes; done += n) {
        n = bytes - done < CHUNK ? bytes - done : (uint32_t)CHUNK;
        if (write && !vmm_get(v, r[X86_ESI] + done, chunk, n))
            return;
        error = write ? h->write(h->user, f->path, r[X86_EDX] + done, chunk, &n)
                      : h->read(h->user, f->path, r[X86_EDX] + done, chunk, &n);
        if (error != DOS_OK || !n || (!write && !vmm_put(v, r[X86_ESI] + done, chunk, n)))
            break;
    }
    if (error != DOS_OK) {
        fail(v, error);
        return;
    }
    r[X86_ECX] = done;
    devices_carry(v, false);
}

static void close_file(struct vmm *v)
{
    struct ifsmgr_file *f = find(v, vmm_regs(v)[X86_EBX]);
    if (!f) {
        fail(v, DOS_BAD_HANDLE);
        return;
    }
    f->id = 0;
    devices_carry(v, false);
}

static void get_file_size(struct vmm *v)
{
    const struct ifsmgr_file *f = find(v, vmm_regs(v)[X86_EBX]);
    const struct dos_host *h = dos_drive(v);
    struct dos_entry entry;
    enum dos_error error = f && h ? h->find(h->user, f->path, &entry) : DOS_BAD_HANDLE;
    if (error != DOS_OK) {
        fail(v, error);
        return;
    }
    vmm_regs(v)[X86_EAX] = entry.size;
    devices_carry(v, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// Files by name

static void answer(struct vmm *v, enum dos_error error)
{
    if (error == DOS_OK)
        devices_carry(v, false);
    else
        fail(v, error);
}

static void delete_file(struct vmm *v)
{
    char path[DOS_LONGEST_PATH];
    if (!take_path(v, vmm_regs(v)[X86_ESI], path))
        return;
    if (strpbrk(path, "?*")) {
        vmm_stop(v, VMM_END_MISSING, "R0_DELETEFILE with wildcards is not implemented");
        return;
    }
    answer(v, dos_drive(v)->remove(dos_drive(v)->user, path));
}

static void rename_file(struct vmm *v)
{
    char from[DOS_LONGEST_PATH], to[DOS_LONGEST_PATH];
    if (take_file(v, vmm_regs(v)[X86_ESI], from) && take_file(v, vmm_regs(v)[X86_EDX], to))
        answer(v, dos_drive(v)->rename(dos_drive(v)->user, from, to));
}

// AL = 0 get, 1 set: CX. Of the attributes a host's file has, only "read only" can be changed.
static void file_attributes(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    char path[DOS_LONGEST_PATH];
    struct dos_entry entry;
    if (!take_file(v, r[X86_ESI], path))
        return;
    const struct dos_host *h = dos_drive(v);
    bool set = r[X86_EAX] & 0xFF;
    enum dos_error error =
        set ? h->set_read_only(h->user, path, r[X86_ECX] & DOS_READ_ONLY) : h->find(h->user, path, &entry);
    if (error == DOS_OK && !set)
        r[X86_ECX] = (r[X86_ECX] & 0xFFFF0000) | entry.attributes;
    answer(v, error);
}

// ---------------------------------------------------------------------------------------------------------------------

static void ring0_file_io(struct vmm *v)
{
    uint32_t function = vmm_regs(v)[X86_EAX] & 0xFFFF;
    switch (function) {
    case KIT_R0_OPENCREATFILE:
    case KIT_R0_OPENCREAT_IN_CONTEXT: // one drive, the same in all contexts
        open_file(v);
        break;
    case KIT_R0_READFILE:
    case KIT_R0_READFILE_IN_CONTEXT:
        transfer(v, false);
        break;
    case KIT_R0_WRITEFILE:
    case KIT_R0_WRITEFILE_IN_CONTEXT:
        transfer(v, true);
        break;
    case KIT_R0_CLOSEFILE:
        close_file(v);
        break;
    case KIT_R0_GETFILESIZE:
        get_file_size(v);
        break;
    case KIT_R0_DELETEFILE:
        delete_file(v);
        break;
    case KIT_R0_RENAMEFILE:
        rename_file(v);
        break;
    case KIT_R0_FILEATTRIBUTES:
    case KIT_R0_FILEATTRIBUTES + 1:
        file_attributes(v);
        break;
    default:
        vmm_stop(v, VMM_END_MISSING, "IFSMgr_Ring0_FileIO: function %04X is not implemented (Win95 DDK S312A)",
                 function);
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_IFSMgr_Get_Version, devices_version},
    {KIT_IFSMgr_Ring0_FileIO, ring0_file_io},
    {0, NULL},
};

const struct vmm_device ifsmgr_device = {
    .id = 0x40, .version = 0x0400, .bindings = bindings, .state_size = sizeof(struct ifsmgr)};

static const struct vmm_binding *const more[] = {ifsmgr_string_bindings, NULL};

const struct devices_entry ifsmgr_entry = {&ifsmgr_device, NULL, true, more};
