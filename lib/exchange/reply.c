/* reply.c - replies on the heap, and what an error says of the stanza that it answers.
 *
 * Invariant: what a reply owns is freed once. Failure: without memory there is no reply, and what
 * it would have owned is freed.
 *
 * Modelled in tests/model: iq.pml.
 */
#include "exchange/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sx_reply_fini(struct sx_reply *reply)
{
    sx_envelope_fini(&reply->envelope);
    free(reply->features);
    free(reply->facts);
    free(reply->xml);
    memset(reply, 0, sizeof *reply);
}

void sx_reply_free(struct sx_reply *reply)
{
    if (reply)
        sx_reply_fini(reply);
    free(reply);
}

struct sx_reply *sx_reply_keep(struct sx_reply *reply)
{
    struct sx_reply *kept = malloc(sizeof *kept);
    if (!kept) {
        sx_reply_fini(reply);
        return NULL;
    }
    *kept = *reply;
    memset(reply, 0, sizeof *reply);
    return kept;
}

struct sx_reply *sx_reply_failure(enum sx_err err, const char *text)
{
    struct sx_reply *failure = calloc(1, sizeof *failure);
    if (!failure)
        return NULL;
    failure->err = err;
    snprintf(failure->text, sizeof failure->text, "%s", text ? text : "");
    return failure;
}

static bool lists(const char *const *conditions, const char *condition)
{
    for (; *conditions; conditions++)
        if (strcmp(condition, *conditions) == 0)
            return true;
    return false;
}

bool sx_reply_is_bounce(const struct sx_reply *reply)
{
    static const char *const conditions[] = {"service-unavailable",   "recipient-unavailable",
                                             "remote-server-timeout", "remote-server-not-found",
                                             "item-not-found",        NULL};
    return reply->err == SX_ESTANZA && !reply->delivery.refused &&
           lists(conditions, reply->condition);
}

/* The peer itself fails with the first two, perhaps half-way. With the other two a server that
 * keeps stanzas for a broken stream (XEP-0198 section 8) reports what it can't prove to have
 * delivered. */
bool sx_reply_is_unrun(const char *condition)
{
    static const char *const conditions[] = {"internal-server-error", "undefined-condition",
                                             "recipient-unavailable", "remote-server-timeout",
                                             NULL};
    return !lists(conditions, condition);
}
