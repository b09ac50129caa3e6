/* flight.c - stanzas under way, with what a server reads of them.
 *
 * Invariant: the items are in the order in which they came.
 */
#include "flight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "wire/namespaces.h"
#include "fuzz.h"

static void read_attribute(const char *stanza, const char *name, char *out, size_t out_bytes)
{
    char mark[16];
    const char *end = strchr(stanza, '>'), *at;
    size_t len;
    snprintf(mark, sizeof mark, " %s='", name);
    at = strstr(stanza, mark);
    out[0] = '\0';
    if (!at || at > end)
        return;
    at += strlen(mark);
    len = strcspn(at, "'");
    CLAIM(len < out_bytes);
    memcpy(out, at, len);
    out[len] = '\0';
}

void flight_add(struct flight *flight, const char *from, const char *to, const char *stanza)
{
    struct flying *flying = &flight->items[flight->count];
    struct sx_buffer stamped = {0};
    size_t name_len = strcspn(stanza, " />"), len;
    char type[16];
    if (flight->count == FLIGHT_STANZAS)
        return;
    *flying = (struct flying){.is_request = false};
    read_attribute(stanza, "from", flying->from, sizeof flying->from);
    sx_buffer_add(&stamped, stanza, name_len);
    if (!*flying->from) {
        snprintf(flying->from, sizeof flying->from, "%s", from);
        sx_buffer_add_attribute(&stamped, "from", from);
    }
    sx_buffer_add_text(&stamped, stanza + name_len);
    CLAIM(!stamped.failed);
    flying->stanza = sx_buffer_take(&stamped, &len);
    read_attribute(flying->stanza, "to", flying->to, sizeof flying->to);
    if (to)
        snprintf(flying->to, sizeof flying->to, "%s", to);
    read_attribute(flying->stanza, "id", flying->id, sizeof flying->id);
    read_attribute(flying->stanza, "type", type, sizeof type);
    flying->is_request = strcmp(type, "set") == 0 || strcmp(type, "get") == 0;
    flight->count++;
}

struct flying flight_take(struct flight *flight, unsigned i)
{
    struct flying flying = flight->items[i];
    flight->count--;
    memmove(&flight->items[i], &flight->items[i + 1],
            (flight->count - i) * sizeof flight->items[0]);
    return flying;
}

void flight_return(struct flight *flight, const struct flying *flying, const char *condition)
{
    struct sx_buffer error = {0};
    sx_buffer_add_format(&error,
                         "<iq type='error' from='%s' to='%s' id='%s'><error type='cancel'><%s "
                         "xmlns='" SX_NS_STANZAS "'/></error></iq>",
                         flying->to, flying->from, flying->id, condition);
    CLAIM(!error.failed);
    flight_add(flight, "", NULL, error.bytes);
    sx_buffer_fini(&error);
}

void flight_fini(struct flight *flight)
{
    while (flight->count)
        free(flight_take(flight, 0).stanza);
}
