/* body.h - the body of a request, while it comes.
 *
 * Noun: the body. Invariant: what it holds is counted in the intake until gw_body_fini(), and never
 * more than its limit. The listener's thread, until the request is told. */
#ifndef GW_BODY_H
#define GW_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "http/intake.h"
#include "http/unpacking.h"

struct gw_request_body {
    struct gw_intake *intake;
    size_t limit_bytes, memory_bytes; /* of this one, of all */
    struct gw_unpacking *unpacking;   /* NULL: it comes as it is */
    char *bytes;                      /* NUL-terminated; NULL: empty */
    size_t count, room;               /* room is what is counted */
};

void gw_body_init(struct gw_request_body *body, struct gw_intake *intake,
                  const struct gw_limits *limits);
void gw_body_fini(struct gw_request_body *body);
/* It comes packed, by Content-Encoding. 0, or 415 (by what isn't known) or 503. */
int gw_body_unpack(struct gw_request_body *body, const char *encoding);
/* 0, or 413 (over its limit), 503 (no memory, or over that of all) or 400 (it isn't packed). */
int gw_body_add(struct gw_request_body *body, const char *bytes, size_t count);
/* It has come whole: 0, or 400: what was packed is cut off. */
int gw_body_end(struct gw_request_body *body);

#endif
