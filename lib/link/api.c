/* api.c - the functions of soap_xmpp.h on a link, but for opening, stopping and closing.
 *
 * Invariant: answers are those of one moment, copied out under the lock. Who waits holds a
 * reference: the program may close the link meanwhile.
 *
 * Failure: one sentence in why. A link that is NULL, and arguments that are missing, are errors.
 */
#include "link/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/disco.h"
#include "wire/jid.h"
#include "exchange/message_call.h"
#include "link/link_state.h"

/* False, and why: there is no link, or it isn't this process's. */
static bool is_usable(const struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    if (!link)
        sx_session_say(why, why_bytes, SX_LINK_NONE);
    else if (sx_link_is_forked(link))
        sx_session_say(why, why_bytes, sx_fault_text(SX_EFORKED));
    else
        return true;
    return false;
}

/* ---- what the owner asks ---- */

int soap_xmpp_wait_online(struct soap_xmpp_link *link, int timeout_ms)
{
    char why[400];
    uint64_t number;
    int64_t timeout_us;
    enum sx_err err;
    if (!link || sx_link_is_forked(link))
        return -1;
    timeout_us = sx_config_timeout_ms(timeout_ms, sx_session_config(link->session)->timeout_us);
    sx_link_ref(link); /* the program may close the link meanwhile */
    err = sx_session_await_online(link->session, sx_clock_deadline(timeout_us), &number, why,
                                  sizeof why);
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}

void soap_xmpp_reason(struct soap_xmpp_link *link, char *text, size_t text_bytes)
{
    if (!is_usable(link, text, text_bytes))
        return;
    sx_session_reason(link->session, text, text_bytes);
}

enum soap_xmpp_state_value soap_xmpp_state(struct soap_xmpp_link *link)
{
    return link && !sx_link_is_forked(link) ? sx_session_state(link->session) : SOAP_XMPP_CLOSED;
}

void soap_xmpp_jid(struct soap_xmpp_link *link, char *jid, size_t jid_bytes)
{
    if (link && !sx_link_is_forked(link))
        sx_session_jid(link->session, jid, jid_bytes);
    else
        sx_session_say(jid, jid_bytes, link ? sx_session_config(link->session)->jid : "");
}

/* ---- who may call ---- */

int soap_xmpp_allow(struct soap_xmpp_link *link, const char *who, const char *operation, char *why,
                    size_t why_bytes)
{
    char clause[200] = "";
    enum sx_err err;
    if (!is_usable(link, why, why_bytes))
        return -1;
    err = sx_access_allow(link->access, who, operation, clause, sizeof clause);
    if (err == SX_OK) {
        sx_session_say(why, why_bytes, "");
        return 0;
    }
    if (why && why_bytes)
        snprintf(why, why_bytes, "%.128s can't be allowed %s%.128s: %s", who && *who ? who : "\"\"",
                 operation ? "" : "every operation", operation ? operation : "",
                 *clause ? clause : sx_fault_text(err));
    return -1;
}

/* Until end_change() another thread may close the link: a change is traced, and a trace callback
 * may take its time. */
static bool begin_change(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    if (!is_usable(link, why, why_bytes))
        return false;
    sx_link_ref(link);
    return true;
}

static int end_change(struct soap_xmpp_link *link, enum sx_err err)
{
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}

int soap_xmpp_disallow(struct soap_xmpp_link *link, const char *who, const char *operation,
                       char *why, size_t why_bytes)
{
    if (!begin_change(link, why, why_bytes))
        return -1;
    return end_change(link, sx_rules_disallow(&link->rules, who, operation, why, why_bytes));
}

int soap_xmpp_set_rules(struct soap_xmpp_link *link, const char *rules, char *why, size_t why_bytes)
{
    if (!begin_change(link, why, why_bytes))
        return -1;
    if (!rules) { /* a variable that isn't set, say: it must not lock everybody out */
        sx_session_say(why, why_bytes, "no rules were given; \"\" lets nobody call");
        return end_change(link, SX_ECONFIG);
    }
    return end_change(link, sx_rules_replace(&link->rules, rules, why, why_bytes));
}

int soap_xmpp_reload(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    if (!begin_change(link, why, why_bytes))
        return -1;
    return end_change(link, sx_rules_reload(&link->rules, why, why_bytes));
}

/* ---- discovery ---- */

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
    if (!is_usable(link, why, why_bytes))
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

/* ---- presence ---- */

/* The bare JID behind an endpoint or JID. */
static enum sx_err read_bare(const char *endpoint, char *bare, size_t bare_bytes, char *why,
                             size_t why_bytes)
{
    char *jid = NULL;
    enum sx_err err = sx_jid_is_xmpp(endpoint) ? sx_jid_parse_uri(endpoint, &jid, why, why_bytes)
                                               : sx_jid_parse(endpoint, NULL, &jid, why, why_bytes);
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    if (err == SX_OK)
        sx_jid_bare(jid, bare, bare_bytes);
    free(jid);
    return err;
}

int soap_xmpp_subscribe(struct soap_xmpp_link *link, const char *endpoint, char *why,
                        size_t why_bytes)
{
    char clause[400] = "", bare[SX_JID_BYTES];
    int64_t deadline;
    uint64_t number;
    enum sx_err err;
    if (!is_usable(link, why, why_bytes))
        return -1;
    if (!endpoint) {
        sx_session_say(why, why_bytes, "no endpoint was given");
        return -1;
    }
    deadline = sx_clock_deadline(sx_session_config(link->session)->timeout_us);
    sx_session_say(why, why_bytes, "");
    sx_link_ref(link); /* the program may close the link meanwhile */
    if (!link->roster) {
        err = SX_ECONFIG;
        snprintf(
            clause, sizeof clause, "%s",
            sx_session_config(link->session)->is_component
                ? "a component has no presence"
                : "the link takes no notice of presence (config.presence, SOAP_XMPP_PRESENCE)");
    } else {
        err = read_bare(endpoint, bare, sizeof bare, clause, sizeof clause);
    }
    if (err == SX_OK)
        err = sx_session_await(link->session, deadline, &number, clause, sizeof clause);
    if (err == SX_OK) {
        err = sx_announcement_ask(&link->announcement, number, bare, deadline);
        snprintf(clause, sizeof clause, "%s", sx_fault_text(err));
    }
    if (err != SX_OK && why && why_bytes)
        snprintf(why, why_bytes, "%s: %s", endpoint, clause);
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}

/* ---- detached calls ---- */

struct soap_xmpp_call *soap_xmpp_wait(struct soap_xmpp_link *link, int timeout_ms)
{
    struct soap_xmpp_call *call;
    int64_t us;
    if (!link || sx_link_is_forked(link))
        return NULL;
    us = sx_config_timeout_ms(timeout_ms, sx_session_timeout_us(link->session));
    sx_link_ref(link);
    call = sx_exchange_next_done(link->exchange, sx_clock_deadline(us));
    if (call && sx_message_call_claim(call))
        sx_link_ref(link); /* the call's, as if it had been detached */
    sx_link_unref(link);
    return call;
}

void *soap_xmpp_call_user(const struct soap_xmpp_call *call)
{
    return call ? sx_exchange_user(call) : NULL;
}

const char *soap_xmpp_call_name(const struct soap_xmpp_call *call)
{
    return call ? sx_message_call_name(call) : "";
}

const char *soap_xmpp_call_peer(const struct soap_xmpp_call *call)
{
    return call ? sx_exchange_peer(call) : "";
}

void soap_xmpp_cancel(struct soap_xmpp_call *call)
{
    struct soap_xmpp_link *link;
    if (!call)
        return;
    link = sx_link_of(call);
    if (!sx_link_is_forked(link))
        sx_exchange_release(call);
    sx_link_unref(link);
}
