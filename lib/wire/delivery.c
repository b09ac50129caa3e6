/* delivery.c - <refused/>, <stale/> and <running/> inside a stanza error.
 *
 * Invariant: a peer's word counts only for ids that carry an incarnation, and what it calls its own
 * has the form of one: it becomes part of our ids.
 *
 * Happy path: read each child -> judge. Failure: what has another form is left out.
 */
#include "wire/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/namespaces.h"

enum { MAX_SINCE_DIGITS = 15 };

/* A duration in ms; 0: none. */
static int64_t parse_since(const char *text)
{
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (!digits || digits > MAX_SINCE_DIGITS || text[digits])
        return 0;
    return strtoll(text, NULL, 10);
}

void sx_delivery_read(const struct sx_element *child, struct sx_delivery *delivery)
{
    const char *incarnation, *process, *copies;
    if (sx_element_is(child, "refused", SX_NS_DELIVERY)) {
        copies = sx_element_attribute(child, "copies");
        delivery->refused = true;
        delivery->refused_all = copies && strcmp(copies, "all") == 0;
    }
    if (sx_element_is(child, "running", SX_NS_DELIVERY))
        delivery->running = true;
    if (!sx_element_is(child, "stale", SX_NS_DELIVERY))
        return;
    incarnation = sx_element_attribute(child, "incarnation");
    process = sx_element_attribute(child, "process");
    if (!incarnation || !sx_request_id_is_incarnation(incarnation))
        return;
    snprintf(delivery->stale_for, sizeof delivery->stale_for, "%s", incarnation);
    delivery->denier = process ? strtoull(process, NULL, 16) : 0;
    delivery->since_ms = parse_since(sx_element_attribute(child, "since"));
}

const char *sx_delivery_judge(const char *id, struct sx_delivery *delivery)
{
    if (!sx_request_id_is_tagged(id)) {
        /* Nobody was asked to deliver once, so that nobody can say what became of it. */
        delivery->refused = delivery->refused_all = delivery->running = false;
        delivery->stale_for[0] = '\0';
    }
    if (!delivery->stale_for[0])
        return NULL;
    if (sx_request_id_is_same_process(id, delivery->stale_for))
        return "the service has forgotten requests of that age (max_remembered), and doesn't know "
               "what became of the request";
    delivery->since_ms = 0; /* of another process nobody knows what it let in */
    return "the service was restarted, and doesn't know what became of the request";
}
