/* message_call.c - calls by message: sent once, for servers to store and forward.
 *
 * Noun: a call that goes out as a message. What comes of it is receive_message.c's.
 *
 * Invariant: a message is posted once. Behind it, in the same session, goes its receipt: a ping of
 * our own server, which takes stanzas in order, so that the answer to the ping means that it has
 * the message. If the session ends before that answer, the call ends with it.
 *
 * Happy path: payload, packed if the account is known to understand that -> online -> begin -> its
 * id -> message, receipt. Failure: what doesn't fit into one stanza is refused, since a bytestream
 * needs a peer that is online; before anything is posted the caller hears why.
 *
 * Modelled in tests/model: message.pml.
 */
#include "link/call.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "link/size_limit.h"
#include "soap/payload.h"
#include "wire/jid.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "exchange/message_call.h"

/* Then the message and its answer would come to one account, and couldn't be told apart. */
static bool is_own_account(const struct sx_calls *calls, const char *to)
{
    char own[SX_JID_BYTES], bare[SX_JID_BYTES];
    sx_jid_bare(sx_session_config(calls->session)->jid, own, sizeof own);
    if (sx_session_config(calls->session)->is_component)
        sx_jid_domain(to, bare, sizeof bare); /* all of it is ours */
    else
        sx_jid_bare(to, bare, sizeof bare);
    return sx_jid_equal(own, bare);
}

enum sx_err sx_message_call_check(const struct sx_calls *calls, const char *to, char *why,
                                  size_t why_bytes)
{
    if (!is_own_account(calls, to))
        return SX_OK;
    snprintf(why, why_bytes,
             "it is the link's own account, which messages can't be sent to (without ?message its "
             "resources can be called)");
    return SX_EENDPOINT;
}

size_t sx_message_call_whole_bytes(const struct sx_calls *calls, const char *to)
{
    bool packs = sx_session_config(calls->session)->packs &&
                 sx_features_account_has(calls->features, to, SX_NS_PACKED, sx_clock_now_us());
    return packs ? sx_size_limit_outgoing(calls->session, NULL) : 0;
}

enum sx_err sx_message_call_refuse_size(const struct sx_calls *calls, size_t envelope_bytes,
                                        size_t packed_bytes, char *why, size_t why_bytes)
{
    snprintf(why, why_bytes,
             "the envelope is %zu bytes, %zu when packed; the limit of a message is %zu "
             "(without ?message larger ones go in pieces)",
             envelope_bytes, packed_bytes, sx_size_limit_outgoing(calls->session, NULL));
    return SX_ETOOBIG;
}

static enum sx_err make_payload(const struct sx_calls *calls, const struct sx_outgoing *out,
                                struct sx_payload *payload, char *why, size_t why_bytes)
{
    enum sx_err err = sx_call_make_payload(calls, out, sx_message_call_whole_bytes(calls, out->to),
                                           payload, why, why_bytes);
    size_t packed_bytes;
    if (err || !payload->is_loose)
        return err;
    packed_bytes = payload->len;
    sx_payload_fini(payload);
    return sx_message_call_refuse_size(calls, out->envelope_len, packed_bytes, why, why_bytes);
}

enum sx_err sx_message_call_post_receipt(const struct sx_calls *calls, const char *receipt_id,
                                         uint64_t number, int64_t room_deadline)
{
    struct sx_buffer stanza = {0};
    sx_session_write_ping(calls->session, receipt_id, &stanza);
    return sx_session_post_in_order(calls->session, number, &stanza, room_deadline);
}

static enum sx_err post_receipt(const struct sx_calls *calls, const struct soap_xmpp_call *call,
                                uint64_t number, int64_t room_deadline)
{
    char id[SX_RECEIPT_ID_BYTES];
    sx_message_call_receipt_id(call, id);
    return sx_message_call_post_receipt(calls, id, number, room_deadline);
}

enum sx_err sx_message_call_assign_id(const struct sx_calls *calls, const struct sx_outgoing *out,
                                      struct soap_xmpp_call *call)
{
    struct sx_buffer suffix = {0};
    enum sx_err err;
    sx_message_ids_write(calls->names, &suffix, sx_exchange_id(call), out->name, out->to);
    err = suffix.failed ? SX_ENOMEM : sx_message_call_set(call, suffix.bytes, out->name);
    sx_buffer_fini(&suffix);
    return err;
}

static enum sx_err post_message(const struct sx_calls *calls, const struct sx_outgoing *out,
                                const struct sx_payload *payload, struct soap_xmpp_call *call,
                                uint64_t number)
{
    struct sx_buffer stanza = {0};
    struct sx_head head = {
        .from = sx_session_stamp(calls->session), .to = out->to, .is_message = true};
    enum sx_err err = sx_message_call_assign_id(calls, out, call);
    if (err != SX_OK)
        return err;
    head.id = sx_exchange_id(call);
    sx_trace(sx_session_trace(calls->session), SOAP_XMPP_TRACE_DEBUG,
             "call %s to %s, by message: %s", head.id, out->to, payload->scan->operation);
    sx_stanza_message(&stanza, &head, payload->bytes, payload->len);
    err = sx_session_post(calls->session, number, &stanza, out->room_deadline);
    if (err == SX_OK && post_receipt(calls, call, number, out->room_deadline) != SX_OK)
        sx_trace(sx_session_trace(calls->session), SOAP_XMPP_TRACE_INFO,
                 "call %s: nobody asks whether the server has taken it", head.id);
    return err;
}

/* Sends it; why is a clause. */
static enum sx_err send(const struct sx_calls *calls, const struct sx_outgoing *out,
                        const struct sx_payload *payload, struct soap_xmpp_call **out_call,
                        char *why, size_t why_bytes)
{
    const struct sx_head head = {
        .from = sx_session_stamp(calls->session), .to = out->to, .id = "", .is_message = true};
    struct soap_xmpp_call *call = NULL;
    uint64_t number;
    enum sx_err err;
    if (!sx_size_limit_allows(calls->session, payload, &head, why, why_bytes))
        return SX_ETOOBIG;
    err = sx_session_await(calls->session, out->online_deadline, &number, why, why_bytes);
    if (err != SX_OK)
        return err;
    err = sx_exchange_begin(calls->exchange, out->to, payload->scan->operation, out->room_deadline,
                            &call);
    if (err == SX_OK)
        err = post_message(calls, out, payload, call, number);
    if (err == SX_OK) {
        *out_call = call;
        return SX_OK;
    }
    sx_exchange_release(call);
    snprintf(why, why_bytes, "%s", sx_fault_text(err));
    return err;
}

enum sx_err sx_message_call_send(const struct sx_calls *calls, const struct sx_outgoing *out,
                                 struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    struct sx_payload payload = {0};
    char clause[400] = "";
    enum sx_err err = sx_message_call_check(calls, out->to, clause, sizeof clause);
    if (err == SX_OK)
        err = make_payload(calls, out, &payload, clause, sizeof clause);
    if (err != SX_OK) {
        snprintf(why, why_bytes, "xmpp:%s: %s", out->to, clause);
        return err;
    }
    err = send(calls, out, &payload, call, clause, sizeof clause);
    if (err != SX_OK)
        snprintf(why, why_bytes, "xmpp:%s: %s: %s", out->to, payload.scan->operation, clause);
    sx_payload_fini(&payload);
    return err;
}
