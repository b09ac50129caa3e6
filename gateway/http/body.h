/* body.h - the body of a request, while it comes.
 *
 * Noun: the body. Invariant: what it holds is counted in the intake until gw_body_fini(), and never
 * more than its limit. */
#ifndef GW_BODY_H
#define GW_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "http/intake.h"

struct gw_body {
    struct gw_intake *intake;
    size_t limit_bytes, memory_bytes; /* of this one, of all */
    char *bytes;                      /* NUL-terminated; NULL: empty */
    size_t count, room;               /* room is what is counted */
};

void gw_body_init(struct gw_body *body, struct gw_intake *intake, const struct gw_limits *limits);
void gw_body_fini(struct gw_body *body);
/* 0, or 413 (over its limit) or 503 (no memory, or over that of all). */
int gw_body_add(struct gw_body *body, const char *bytes, size_t count);

#endif
