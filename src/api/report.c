#include "api/report.h"

static void pass_on(void *user, enum base_severity severity, const char *text)
{
    const struct api_report *r = user;
    (void)severity;
    if (r->messages.fn)
        r->messages.fn(r->messages.user, text);
}

void api_report_begin(struct api_report *r, struct vxd_messages messages)
{
    r->messages = messages;
    base_diag_init(&r->diag, &base_heap, pass_on, r);
}

enum vxd_status api_report_end(struct api_report *r, bool done)
{
    bool told = r->diag.errors != 0;
    base_diag_free(&r->diag);
    if (done)
        return VXD_OK;
    return told ? VXD_BAD_INPUT : VXD_NO_MEMORY;
}

void api_bytes_take(struct vxd_bytes *to, struct base_buf *from, bool done)
{
    if (to)
        *to = (struct vxd_bytes){0};
    if (!to || !done) {
        base_buf_free(from);
        return;
    }
    to->data = from->data;
    to->size = from->size;
}

void vxd_bytes_free(struct vxd_bytes *b)
{
    base_alloc_free(&base_heap, b->data, b->size);
    *b = (struct vxd_bytes){0};
}
