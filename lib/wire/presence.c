/* presence.c - <presence/> stanzas: read their kind and mark, write our own mark.
 *
 * Invariant: the mark that format_mark writes, read gives back.
 *
 * Happy path: type -> kind; of an available one the first mark. Failure: what has another form is
 * no mark; an incarnation of another form is left out.
 */
#include "wire/presence.h"

#include <string.h>

#include "wire/namespaces.h"

static void read_mark(const struct sx_element *stanza, struct sx_presence_mark *mark)
{
    const struct sx_element *child = sx_element_child_of(stanza, "soap", SX_NS_PRESENCE);
    const char *incarnation, *packed;
    if (!child)
        return;
    mark->serves = true;
    packed = sx_element_attribute(child, "packed");
    mark->packs = packed && strcmp(packed, "true") == 0;
    incarnation = sx_element_attribute(child, "incarnation");
    if (incarnation && strlen(incarnation) < sizeof mark->incarnation &&
        sx_request_id_is_incarnation(incarnation)) /* it becomes part of our ids */
        memcpy(mark->incarnation, incarnation, strlen(incarnation) + 1);
}

enum sx_presence_kind sx_presence_read(const struct sx_element *stanza,
                                       struct sx_presence_mark *mark)
{
    static const struct {
        const char *type;
        enum sx_presence_kind kind;
    } kinds[] = {
        {"unavailable", SX_PRESENCE_GONE},          {"error", SX_PRESENCE_GONE},
        {"subscribe", SX_PRESENCE_SUBSCRIBE},       {"subscribed", SX_PRESENCE_SUBSCRIBED},
        {"unsubscribed", SX_PRESENCE_UNSUBSCRIBED},
    };
    const char *type = sx_element_attribute(stanza, "type");
    size_t i;
    *mark = (struct sx_presence_mark){0};
    if (!type) {
        read_mark(stanza, mark);
        return SX_PRESENCE_AVAILABLE;
    }
    for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    return SX_PRESENCE_NONE;
}

void sx_presence_format_mark(struct sx_buffer *out, const struct sx_presence_mark *mark)
{
    if (!mark->serves)
        return;
    sx_buffer_add_text(out, "<soap xmlns='" SX_NS_PRESENCE "'");
    if (mark->incarnation[0])
        sx_buffer_add_attribute(out, "incarnation", mark->incarnation);
    if (mark->packs)
        sx_buffer_add_attribute(out, "packed", "true");
    sx_buffer_add_text(out, "/>");
}
