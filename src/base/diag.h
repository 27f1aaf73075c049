// Messages about what a person gave us: one reporter formats them all. "file:line:column: error: text", the source line
// and a caret under it, then the chain of includes and macro expansions that led there. Not for events of a running
// machine (observe.h) nor for programming errors (assert).
#ifndef VXDKIT_BASE_DIAG_H
#define VXDKIT_BASE_DIAG_H

#include "base/buf.h"

enum base_severity { BASE_NOTE, BASE_WARNING, BASE_ERROR, BASE_FATAL };

// Where a message points. Every part may be missing: file NULL, line 0, column 0 (columns count from 1), source NULL.
struct base_place {
    const char *file;
    uint32_t line, column;
    const char *source; // the whole source line, without its end, source_length bytes
    size_t source_length;
    uint32_t width; // how many characters the caret underlines, at least 1
};

// Receives each finished message, newline at its end.
typedef void base_diag_sink(void *user, enum base_severity severity, const char *text);

struct base_diag {
    const struct base_alloc *alloc;
    base_diag_sink *sink; // NULL: messages are only counted and the first error kept
    void *user;
    uint32_t errors, warnings;
    uint32_t error_limit;  // after so many errors base_diag_full is true; 0 = no limit
    struct base_buf first; // text of the first error, for APIs that report one
};

void base_diag_init(struct base_diag *d, const struct base_alloc *alloc, base_diag_sink *sink, void *user);
void base_diag_free(struct base_diag *d);

// Reports one message. `place` may be NULL.
void base_diag_report(struct base_diag *d, enum base_severity severity, const struct base_place *place,
                      const char *format, ...) BASE_PRINTF(4, 5);
void base_diag_vreport(struct base_diag *d, enum base_severity severity, const struct base_place *place,
                       const char *format, va_list args) BASE_PRINTF(4, 0);

// An error in the file of that name as a whole. False, so that a reader that gives up can return it.
bool base_diag_fail(struct base_diag *d, const char *file, const char *format, ...) BASE_PRINTF(3, 4);

bool base_diag_full(const struct base_diag *d) BASE_MUST_USE;

// A sink that writes to the FILE * given as user.
base_diag_sink base_diag_to_file;

#endif
