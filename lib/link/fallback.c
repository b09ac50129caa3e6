/* fallback.c - packed calls to a peer that doesn't understand them any longer go out plain.
 *
 * Happy path: service-unavailable to a packed call -> doubt: ask -> the answer lists no packed
 * envelopes -> replace: each kept call's payload is unpacked, checked, and due as plain; once, if
 * the peer doesn't run each id once. More calls than a portion: the loop's next turns do the rest.
 * Failure: an envelope that can't be carried plain ends its call, not executed. A question that
 * can't be posted is asked again with the next doubt.
 *
 * Modelled in tests/model: iq.pml.
 */
#include "link/fallback.h"

#include <stdio.h>

#include "base/clock.h"
#include "wire/disco.h"
#include "exchange/retry.h"
#include "link/size_limit.h"
#include "soap/payload.h"
#include "wire/namespaces.h"
#include "wire/stanza.h"

enum {
    ASK_INTERVAL_US = 1000000, /* between two questions: absent peers bounce every call */
    PORTION_CALLS = 64,
    PORTION_BYTES = 65536 /* of envelopes: about half a millisecond */
};

void sx_fallback_doubt(struct sx_fallback *fallback, uint64_t number, const char *peer)
{
    int64_t now_us = sx_clock_now_us();
    if (sx_features_has(fallback->features, peer, SX_NS_PACKED, now_us) == 0) {
        sx_fallback_replace(fallback, peer);
        return;
    }
    /* Not forgotten meanwhile: for a peer on its way back, new calls would take it for a foreign
     * one. */
    if (fallback->asked_us && now_us - fallback->asked_us < ASK_INTERVAL_US)
        return;
    fallback->asked_us = now_us;
    sx_query_post(fallback->query, number, peer);
}

static enum sx_err unpack(const struct sx_fallback *fallback, const struct sx_copy *copy,
                          struct sx_payload *payload, char *why, size_t why_bytes)
{
    size_t max_bytes = sx_session_config(fallback->session)->max_message_bytes, len = 0;
    const char *loose = sx_payload_is_reference(copy->payload)
                            ? sx_shipments_look(fallback->shipments, copy->number, &len)
                            : NULL;
    if (loose)
        return sx_payload_unpacked_loose(payload, fallback->checker, copy->payload, loose, len,
                                         max_bytes, why, why_bytes);
    return sx_payload_unpacked(payload, fallback->checker, copy->payload, max_bytes, why,
                               why_bytes);
}

/* The call's payload as it may go out plain. Otherwise why says in which way it can't. */
static bool make_plain(const struct sx_fallback *fallback, const struct sx_copy *copy,
                       struct sx_payload *payload, char *why, size_t why_bytes)
{
    const struct sx_head head = {
        .from = copy->from ? copy->from : sx_session_stamp(fallback->session),
        .to = copy->peer,
        .id = copy->id,
    };
    enum sx_err err = unpack(fallback, copy, payload, why, why_bytes);
    if (err == SX_OK && sx_size_limit_allows(fallback->session, payload, &head, why, why_bytes))
        return true;
    sx_payload_fini(payload);
    return false;
}

/* The bytes of its plain envelope. incarnation NULL: the peer doesn't run each id once. */
static size_t replace_one(const struct sx_fallback *fallback, const struct sx_copy *copy,
                          const char *incarnation)
{
    struct sx_payload payload = {0};
    char clause[300] = "", why[400];
    bool is_plain = make_plain(fallback, copy, &payload, clause, sizeof clause);
    size_t len = payload.len;
    snprintf(why, sizeof why, "the service takes no packed envelopes any longer; plain, %s",
             clause);
    sx_trace(sx_session_trace(fallback->session), SOAP_XMPP_TRACE_DEBUG,
             "call %s falls back to plain%s%s", copy->id, is_plain ? "" : ", in vain: ", clause);
    /* Who doesn't know <packed/> has run nothing. */
    sx_retry_replace(fallback->exchange, copy->id, payload.bytes, payload.len, incarnation != NULL,
                     SX_EUNCARRIABLE, why);
    if (incarnation)
        sx_retry_renew(fallback->exchange, copy->id, incarnation);
    return len;
}

/* Another program may have come in the peer's place since the portion before, so what it says of
 * itself is looked up each time. */
static bool replace_portion(const void *user, const char *peer)
{
    const struct sx_fallback *fallback = user;
    char incarnation[SX_INCARNATION_BYTES];
    bool runs_once = sx_features_incarnation(fallback->features, peer, sx_clock_now_us(),
                                             incarnation, sizeof incarnation) == 1;
    struct sx_copy copy;
    size_t bytes = 0;
    unsigned calls;
    for (calls = 0; calls < PORTION_CALLS && bytes < PORTION_BYTES; calls++) {
        if (!sx_retry_take_packed(fallback->exchange, peer, &copy))
            return false;
        bytes += replace_one(fallback, &copy, runs_once ? incarnation : NULL);
        sx_copy_fini(&copy);
    }
    return true;
}

void sx_fallback_replace(struct sx_fallback *fallback, const char *peer)
{
    sx_backlog_begin(&fallback->backlog, peer, replace_portion, fallback);
}

int64_t sx_fallback_step(struct sx_fallback *fallback)
{
    return sx_backlog_step(&fallback->backlog, replace_portion, fallback);
}
