/* body.c - the body of a request, while it comes.
 *
 * It grows with what has come, whatever was announced: who announces much and sends nothing holds
 * nothing. */
#include "http/body.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_BYTES = 4096 };

void gw_body_init(struct gw_request_body *body, struct gw_intake *intake,
                  const struct gw_limits *limits)
{
    memset(body, 0, sizeof *body);
    body->intake = intake;
    body->limit_bytes = limits->body_bytes;
    body->memory_bytes = limits->memory_bytes;
}

static void end_unpacking(struct gw_request_body *body)
{
    if (!body->unpacking)
        return;
    gw_unpacking_free(body->unpacking);
    gw_intake_give_back(body->intake, GW_UNPACKING_BYTES);
    body->unpacking = NULL;
}

void gw_body_fini(struct gw_request_body *body)
{
    end_unpacking(body);
    if (body->room)
        gw_intake_give_back(body->intake, body->room);
    free(body->bytes);
    body->bytes = NULL;
    body->count = body->room = 0;
}

/* Room for count bytes and the NUL. */
static bool grow(struct gw_request_body *body, size_t count)
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

int gw_body_unpack(struct gw_request_body *body, const char *encoding)
{
    if (strcasecmp(encoding, "identity") == 0)
        return 0;
    if (!gw_unpacking_is_known(encoding))
        return 415;
    if (!gw_intake_hold(body->intake, GW_UNPACKING_BYTES, body->memory_bytes))
        return 503;
    body->unpacking = gw_unpacking_new();
    if (body->unpacking)
        return 0;
    gw_intake_give_back(body->intake, GW_UNPACKING_BYTES);
    return 503;
}

static int add_plain(void *user, const char *bytes, size_t count)
{
    struct gw_request_body *body = user;
    if (count > body->limit_bytes - body->count)
        return 413;
    if (!grow(body, body->count + count))
        return 503;
    memcpy(body->bytes + body->count, bytes, count);
    body->count += count;
    body->bytes[body->count] = '\0';
    return 0;
}

int gw_body_add(struct gw_request_body *body, const char *bytes, size_t count)
{
    return body->unpacking ? gw_unpacking_add(body->unpacking, bytes, count, add_plain, body)
                           : add_plain(body, bytes, count);
}

int gw_body_end(struct gw_request_body *body)
{
    bool is_whole = !body->unpacking || gw_unpacking_is_whole(body->unpacking);
    end_unpacking(body);
    return is_whole ? 0 : 400;
}
