/* discovery.c - whether the entity behind an endpoint lists a feature.
 *
 * Happy path: a live resource is chosen for a bare JID -> what is remembered of it, or a question.
 * Failure: -1, and one sentence in why that names whom was asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/argument.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "wire/disco.h"
#include "wire/jid.h"

static void tell_reply(const char *jid, const struct sx_reply *reply, char *clause,
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

static int ask_feature(struct soap_xmpp_link *link, const char *jid, const char *feature,
                       int64_t deadline, char *why, size_t why_bytes)
{
    struct sx_reply reply = {0};
    char clause[800] = "";
    int listed = -1;
    if (sx_query_ask(&link->query, jid, deadline, -1, &reply, clause, sizeof clause) == SX_OK) {
        if (reply.err == SX_OK && reply.features)
            listed = sx_disco_list_has(reply.features, feature);
        else
            tell_reply(jid, &reply, clause, sizeof clause);
        sx_reply_fini(&reply);
    }
    if (listed < 0 && why && why_bytes)
        snprintf(why, why_bytes, "%s: %s", jid, clause);
    return listed;
}

/* What of the endpoint's JID is to be asked: malloc'ed. */
static enum sx_err read_entity(const char *endpoint, struct sx_endpoint *entity, char *why,
                               size_t why_bytes)
{
    enum sx_err err;
    if (sx_jid_is_xmpp(endpoint))
        return sx_jid_parse_endpoint(endpoint, entity, why, why_bytes);
    err = sx_jid_parse(endpoint, "soap", &entity->jid, why, why_bytes);
    entity->has_resource = err == SX_OK && strchr(endpoint, '/');
    return err;
}

int soap_xmpp_discover(struct soap_xmpp_link *link, const char *endpoint, const char *feature,
                       int timeout_ms, char *why, size_t why_bytes)
{
    int64_t deadline;
    struct sx_endpoint entity = {0};
    char clause[200] = "", *chosen = NULL;
    const char *jid;
    uint64_t version;
    int listed;
    enum sx_err err;
    if (!sx_argument_is_link(link, why, why_bytes))
        return -1;
    if (!endpoint || !feature) {
        sx_session_say(why, why_bytes, endpoint ? "no feature was given" : "no endpoint was given");
        return -1;
    }
    deadline = sx_clock_deadline(sx_config_timeout_ms(timeout_ms, sx_link_timeout_us(link)));
    err = read_entity(endpoint, &entity, clause, sizeof clause);
    if (err != SX_OK) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "%s: %s", endpoint,
                     err == SX_ENOMEM ? sx_fault_text(err) : clause);
        return -1;
    }
    sx_session_say(why, why_bytes, "");
    sx_link_ref(link); /* the program may close the link meanwhile */
    if (sx_routing_applies(&link->routing, entity.jid, !entity.has_resource))
        chosen = sx_routing_choose(&link->routing, entity.jid, deadline, &version);
    jid = chosen ? chosen : entity.jid;
    listed = sx_features_has(link->features, jid, feature, sx_clock_now_us());
    if (listed < 0)
        listed = ask_feature(link, jid, feature, deadline, why, why_bytes);
    sx_link_unref(link);
    free(chosen);
    free(entity.jid);
    return listed;
}
