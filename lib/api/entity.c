/* entity.c - the entity behind an endpoint, and what it answers. Invariant: entity.h.
 *
 * Happy path: the endpoint is read -> a live resource is chosen where any will do.
 * Failure: one sentence that begins with the endpoint.
 */
#include "api/entity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/link_state.h"
#include "wire/jid.h"

/* What of the endpoint's JID is to be asked: malloc'ed. */
static enum sx_err read_endpoint(const char *endpoint, bool is_literal, struct sx_endpoint *entity,
                                 char *why, size_t why_bytes)
{
    enum sx_err err;
    if (sx_jid_is_xmpp(endpoint))
        return sx_jid_parse_endpoint(endpoint, entity, why, why_bytes);
    err = sx_jid_parse(endpoint, is_literal ? NULL : "soap", &entity->jid, why, why_bytes);
    entity->has_resource = err == SX_OK && (is_literal || strchr(endpoint, '/'));
    return err;
}

char *sx_entity_find(struct soap_xmpp_link *link, const char *endpoint, bool is_literal,
                     int64_t deadline, char *why, size_t why_bytes)
{
    struct sx_endpoint entity = {0};
    char clause[200] = "", *chosen = NULL;
    uint64_t version;
    enum sx_err err = read_endpoint(endpoint, is_literal, &entity, clause, sizeof clause);
    if (err != SX_OK) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "%s: %s", endpoint,
                     err == SX_ENOMEM ? sx_fault_text(err) : clause);
        return NULL;
    }
    if (sx_routing_applies(&link->routing, entity.jid, !entity.has_resource))
        chosen = sx_routing_choose(&link->routing, entity.jid, deadline, &version);
    if (!chosen)
        return entity.jid;
    free(entity.jid);
    return chosen;
}

void sx_entity_explain(const char *jid, const struct sx_reply *reply, char *clause,
                       size_t clause_bytes)
{
    char sentence[SX_FAULT_SENTENCE_BYTES] = "";
    bool is_condition = reply->err == SX_ESTANZA;
    if (is_condition)
        sx_fault_explain(reply->condition, jid, reply->delivery.refused, sentence);
    snprintf(clause, clause_bytes, "%s%s%s%s%s", sentence, *sentence ? ": " : "",
             is_condition ? reply->condition : sx_fault_text(reply->err),
             reply->text[0] ? ": " : "", reply->text);
}
