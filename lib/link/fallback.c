/* fallback.c - calls that went out packed to a peer that doesn't understand them any longer.
 *
 * Why: what a peer understands is remembered for minutes, and meanwhile another program may have
 * come online under its JID. It answers <packed/> as everybody answers what he doesn't know:
 * service-unavailable (RFC 6120 8.4), which is also what a server says when nobody is there.
 *
 * Invariant: only a disco#info answer of the peer itself makes its calls plain.
 *
 * Happy path: service-unavailable to a packed call -> doubt: ask -> the answer lists no packed
 * envelopes -> fall_back: each kept call's payload is unpacked, checked, and due as plain; once, if
 * the peer doesn't run each id once.
 * Failure: an envelope that can't be carried plain ends its call, not executed. A question that
 * can't be posted is asked again with the next doubt.
 *
 * Thread: the loop thread.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "link/link_parts.h"
#include "soap/payload.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "exchange/retry.h"
#include "wire/disco.h"

enum { DOUBT_INTERVAL_US = 1000000 }; /* between two questions: absent peers bounce every call */

/* Asks without waiting: whenever the answer comes, receive.c has it remembered. */
static void ask(struct soap_xmpp_link *link, uint64_t session, const char *peer)
{
    struct sx_buffer payload = {0}, stanza = {0};
    struct sx_head head = {.from = sx_session_stamp(link->session), .to = peer};
    struct soap_xmpp_call *call;
    if (sx_exchange_begin(link->exchange, peer, "disco#info", 0, &call) != SX_OK)
        return;
    head.id = sx_exchange_id(call);
    sx_disco_format_question(&payload);
    if (payload.failed)
        stanza.failed = true;
    else
        sx_stanza_request(&stanza, "get", &head, payload.bytes, payload.len);
    sx_exchange_release(call);
    sx_buffer_fini(&payload);
    (void)sx_session_post_again(link->session, session, &stanza);
}

void sx_link_doubt(struct soap_xmpp_link *link, uint64_t session, const char *peer)
{
    int64_t now_us = sx_clock_now_us();
    if (sx_features_has(link->disco, peer, SX_NS_PACKED, now_us) == 0) {
        sx_link_fall_back(link, peer);
        return;
    }
    /* Not forgotten meanwhile: for a peer on its way back, new calls would take it for a foreign
     * one. */
    if (link->doubted_us && now_us - link->doubted_us < DOUBT_INTERVAL_US)
        return;
    link->doubted_us = now_us;
    ask(link, session, peer);
}

/* The call's payload as it may go out plain. Otherwise why says in which way it can't. */
static bool make_plain(struct soap_xmpp_link *link, const struct sx_copy *due,
                       struct sx_payload *payload, char *why, size_t why_bytes)
{
    const struct sx_head head = {
        .from = sx_session_stamp(link->session), .to = due->peer, .id = due->id};
    enum sx_err err =
        sx_payload_unpacked(payload, link->checker, due->payload,
                            sx_session_config(link->session)->max_message_bytes, why, why_bytes);
    if (err == SX_OK && sx_link_may_send(link, payload, &head, why, why_bytes))
        return true;
    sx_payload_fini(payload);
    return false;
}

void sx_link_fall_back(struct soap_xmpp_link *link, const char *peer)
{
    struct sx_exchange *exchange = link->exchange;
    char incarnation[SX_INCARNATION_BYTES];
    bool runs_once = sx_features_incarnation(link->disco, peer, sx_clock_now_us(), incarnation,
                                             sizeof incarnation) == 1;
    struct sx_copy due;
    while (sx_retry_take_packed(exchange, peer, &due)) {
        struct sx_payload payload = {0};
        char clause[300] = "", why[400];
        bool is_plain = make_plain(link, &due, &payload, clause, sizeof clause);
        snprintf(why, sizeof why, "the service takes no packed envelopes any longer; plain, %s",
                 clause);
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_DEBUG,
                 "call %s falls back to plain%s%s", due.id, is_plain ? "" : ", in vain: ", clause);
        /* Who doesn't know <packed/> has run nothing. */
        sx_retry_replace(exchange, due.id, payload.bytes, payload.len, runs_once, SX_EUNCARRIABLE,
                         why);
        sx_copy_fini(&due);
    }
}
