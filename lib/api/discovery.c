/* discovery.c - whether the entity behind an endpoint lists a feature.
 *
 * Happy path: a live resource is chosen for a bare JID -> what is remembered of it, or a question.
 * Failure: -1, and one sentence in why that names whom was asked.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/argument.h"
#include "api/entity.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "wire/disco.h"

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
            sx_entity_explain(jid, &reply, clause, sizeof clause);
        sx_reply_fini(&reply);
    }
    if (listed < 0 && why && why_bytes)
        snprintf(why, why_bytes, "%s: %s", jid, clause);
    return listed;
}

int soap_xmpp_discover(struct soap_xmpp_link *link, const char *endpoint, const char *feature,
                       int timeout_ms, char *why, size_t why_bytes)
{
    int64_t deadline;
    char *jid;
    int listed = -1;
    if (!sx_argument_is_link(link, why, why_bytes))
        return -1;
    if (!endpoint || !feature) {
        sx_session_say(why, why_bytes, endpoint ? "no feature was given" : "no endpoint was given");
        return -1;
    }
    deadline = sx_clock_deadline(sx_config_timeout_ms(timeout_ms, sx_link_timeout_us(link)));
    sx_session_say(why, why_bytes, "");
    sx_link_ref(link); /* the program may close the link meanwhile */
    jid = sx_entity_find(link, endpoint, false, deadline, why, why_bytes);
    if (jid)
        listed = sx_features_has(link->features, jid, feature, sx_clock_now_us());
    if (jid && listed < 0)
        listed = ask_feature(link, jid, feature, deadline, why, why_bytes);
    sx_link_unref(link);
    free(jid);
    return listed;
}
