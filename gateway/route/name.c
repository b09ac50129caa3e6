/* name.c - what a client calls its request by, so that it runs once: a key or a MessageID.
 *
 * Source: draft-ietf-httpapi-idempotency-key-header 2.1 (a string of RFC 8941 3.3.3); most clients
 * send it bare. Failure modes: one sentence. */
#include "route/name.h"

#include <stdio.h>
#include <string.h>

static int refuse(struct gw_name *name, const char *what, char *why, size_t why_bytes)
{
    *name = (struct gw_name){0};
    snprintf(why, why_bytes, "Idempotency-Key: %s", what);
    return 400;
}

int gw_name_read_key(struct gw_name *name, const char *key, char *why, size_t why_bytes)
{
    size_t len = 0;
    *name = (struct gw_name){.kind = "key"};
    key += strspn(key, " \t");
    size_t key_len = strlen(key);
    while (key_len && strchr(" \t", key[key_len - 1]))
        key_len--;
    bool is_quoted = key_len >= 2 && key[0] == '"' && key[key_len - 1] == '"';
    const char *end = key + key_len - (is_quoted ? 1 : 0);
    for (const char *c = key + (is_quoted ? 1 : 0); c < end; c++) {
        if (is_quoted && *c == '\\' && c + 1 < end)
            c++;
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7F)
            return refuse(name, "it has to be printable ASCII", why, why_bytes);
        if (len == GW_NAME_BYTES - 1)
            return refuse(name, "it is longer than 255 bytes", why, why_bytes);
        name->text[len++] = *c;
    }
    name->text[len] = '\0';
    return len ? 0 : refuse(name, "it is empty", why, why_bytes);
}

int gw_name_read(struct gw_name *name, const struct gw_request *request,
                 const struct gw_route_config *route, const struct gw_glance *glance, char *why,
                 size_t why_bytes)
{
    const char *key = gw_request_header(request, "Idempotency-Key");
    *name = (struct gw_name){0};
    if (key && gw_request_has_twice(request, "Idempotency-Key"))
        return refuse(name, "there are two of them", why, why_bytes);
    if (key)
        return gw_name_read_key(name, key, why, why_bytes);
    if (!route->once_by_message_id)
        return 0;
    if (glance->has_long_id)
        return snprintf(why, why_bytes,
                        "MessageID: it is longer than 255 bytes, and the route "
                        "runs each once"),
               400;
    if (*glance->message_id) {
        name->kind = "message-id";
        snprintf(name->text, sizeof name->text, "%s", glance->message_id);
    }
    return 0;
}
