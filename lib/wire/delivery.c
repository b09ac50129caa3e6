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

#include "request/journal.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

static bool is_word(struct sx_element *child, const char *name)
{
    const char *own_name = sx_element_name(child), *ns = sx_element_ns(child);
    return own_name && strcmp(own_name, name) == 0 && ns && strcmp(ns, SX_NS_DELIVERY) == 0;
}

void sx_delivery_read(struct sx_element *child, struct sx_reply *reply)
{
    const char *incarnation, *process;
    if (is_word(child, "refused"))
        reply->refused = true;
    if (is_word(child, "running"))
        reply->running = true;
    if (!is_word(child, "stale"))
        return;
    incarnation = sx_element_attribute(child, "incarnation");
    process = sx_element_attribute(child, "process");
    if (!incarnation || !sx_journal_is_incarnation(incarnation))
        return;
    snprintf(reply->stale_for, sizeof reply->stale_for, "%s", incarnation);
    reply->denier = process ? strtoull(process, NULL, 16) : 0;
}

void sx_delivery_judge(const char *id, struct sx_reply *reply)
{
    if (!sx_journal_is_tagged(id)) {
        /* Nobody was asked to deliver once, so that nobody can say what became of it. */
        reply->refused = reply->running = false;
        reply->stale_for[0] = '\0';
    }
    if (reply->stale_for[0])
        snprintf(reply->text, sizeof reply->text,
                 "the service %s, and doesn't know what became of the request",
                 sx_journal_is_same_process(id, reply->stale_for)
                     ? "has forgotten requests of that age (max_remembered)"
                     : "was restarted");
}
