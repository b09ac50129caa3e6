/* body.c - the body of a request, while it comes.
 *
 * It grows with what has come, whatever was announced: who announces much and sends nothing holds
 * nothing. */
#include "http/body.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 4096 };

void gw_body_init(struct gw_body *body, struct gw_intake *intake, const struct gw_limits *limits)
{
    memset(body, 0, sizeof *body);
    body->intake = intake;
    body->limit_bytes = limits->body_bytes;
    body->memory_bytes = limits->memory_bytes;
}

void gw_body_fini(struct gw_body *body)
{
    if (body->room)
        gw_intake_give_back(body->intake, body->room);
    free(body->bytes);
    body->bytes = NULL;
    body->count = body->room = 0;
}

/* Room for count bytes and the NUL. */
static bool grow(struct gw_body *body, size_t count)
{
    size_t room = body->room ? body->room : FIRST_BYTES;
    while (room < count + 1)
        room *= 2;
    if (room == body->room)
        return true;
    if (!gw_intake_hold(body->intake, room - body->room, body->memory_bytes))
        return false;
    char *bytes = realloc(body->bytes, room);
    if (!bytes) {
        gw_intake_give_back(body->intake, room - body->room);
        return false;
    }
    body->bytes = bytes;
    body->room = room;
    return true;
}

int gw_body_add(struct gw_body *body, const char *bytes, size_t count)
{
    if (count > body->limit_bytes - body->count)
        return 413;
    if (!grow(body, body->count + count))
        return 503;
    memcpy(body->bytes + body->count, bytes, count);
    body->count += count;
    body->bytes[body->count] = '\0';
    return 0;
}
