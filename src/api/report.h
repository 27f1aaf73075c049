// For the tools: a diagnostics reporter whose messages go where the caller of the public API wants them, and buffers
// that become the caller's bytes.
#ifndef VXDKIT_API_REPORT_H
#define VXDKIT_API_REPORT_H

#include <vxdkit/tools.h>

#include "base/diag.h"

struct api_report {
    struct base_diag diag;
    struct vxd_messages messages;
};

// The report must not move between begin and end.
void api_report_begin(struct api_report *r, struct vxd_messages messages);
// VXD_OK when `done`; else VXD_BAD_INPUT after messages, VXD_NO_MEMORY without any.
enum vxd_status api_report_end(struct api_report *r, bool done);

// The buffer (of base_heap) becomes `to`, or is freed when not `done` or `to` is NULL.
void api_bytes_take(struct vxd_bytes *to, struct base_buf *from, bool done);

#endif
