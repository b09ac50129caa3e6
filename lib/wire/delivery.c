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

static bool is_named(const struct sx_element *child, const char *name)
{
    const char *own_name = sx_element_name(child), *ns = sx_element_ns(child);
    return own_name && strcmp(own_name, name) == 0 && ns && strcmp(ns, SX_NS_DELIVERY) == 0;
}

void sx_delivery_read(const struct sx_element *child, struct sx_delivery *delivery)
{
    const char *incarnation, *process;
    if (is_named(child, "refused"))
        delivery->refused = true;
    if (is_named(child, "running"))
        delivery->running = true;
    if (!is_named(child, "stale"))
        return;
    incarnation = sx_element_attribute(child, "incarnation");
    process = sx_element_attribute(child, "process");
    if (!incarnation || !sx_request_id_is_incarnation(incarnation))
        return;
    snprintf(delivery->stale_for, sizeof delivery->stale_for, "%s", incarnation);
    delivery->denier = process ? strtoull(process, NULL, 16) : 0;
}

const char *sx_delivery_judge(const char *id, struct sx_delivery *delivery)
{
    if (!sx_request_id_is_tagged(id)) {
        /* Nobody was asked to deliver once, so that nobody can say what became of it. */
        delivery->refused = delivery->running = false;
        delivery->stale_for[0] = '\0';
    }
    if (!delivery->stale_for[0])
        return NULL;
    return sx_request_id_is_same_process(id, delivery->stale_for)
               ? "the service has forgotten requests of that age (max_remembered), and doesn't "
                 "know what became of the request"
               : "the service was restarted, and doesn't know what became of the request";
}
