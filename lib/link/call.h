/* call.h - a call goes out: as an iq that is kept and sent again where its peer runs each id once,
 * or as a message.
 *
 * Noun: the call, on its way out. session.h says when there is a session, loop.h carries the bytes,
 * exchange.h completes it. call.c sends it as an iq, message_call.c as a message.
 *
 * Invariant: a call is entered before its stanza is posted, so that no reply comes too early.
 *
 * Thread: any, and sending blocks; post_due on the loop thread.
 */
#ifndef SX_LINK_CALL_H
#define SX_LINK_CALL_H

#include "link/outgoing.h"
#include "link/query.h"
#include "link/routing.h"
#include "link/shipments.h"
#include "wire/message_id.h"

/* Immutable; all outlive it. */
struct sx_calls {
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_features *features;
    const struct sx_query *query;
    const struct sx_routing *routing;
    struct sx_shipments *shipments;
    struct sx_message_ids *names; /* of calls by message */
};

/* As sx_link_request(), as an iq. */
enum sx_err sx_call_send(const struct sx_calls *calls, const struct sx_outgoing *out,
                         struct soap_xmpp_call **call, char *why, size_t why_bytes);

/* The same as a message. */
enum sx_err sx_message_call_send(const struct sx_calls *calls, const struct sx_outgoing *out,
                                 struct soap_xmpp_call **call, char *why, size_t why_bytes);

/* What a call carries: its envelope packed, loose above whole_bytes, or (0) checked and plain.
 * SX_OK, else a clause in why: SX_ETOOBIG over max_message_bytes, and what payload.h says. */
enum sx_err sx_call_make_payload(const struct sx_calls *calls, const struct sx_outgoing *out,
                                 size_t whole_bytes, struct sx_payload *payload, char *why,
                                 size_t why_bytes);

/* Packed if the peer understands that, and the call would fall back: up to which size in one
 * stanza. 0: plain. incarnation NULL: it is sent once. */
size_t sx_call_whole_bytes(const struct sx_calls *calls, const char *to, const char *incarnation);

/* Of a call by message: packed if somebody of the account understands that, as above; and
 * SX_EENDPOINT with a clause in why for our own account, which can't be called so. */
size_t sx_message_call_whole_bytes(const struct sx_calls *calls, const char *to);
enum sx_err sx_message_call_check(const struct sx_calls *calls, const char *to, char *why,
                                  size_t why_bytes);

/* Gives a call that was begun the id of a call by message to out->to, with out->name or without.
 * SX_ENOMEM. */
enum sx_err sx_message_call_assign_id(const struct sx_calls *calls, const struct sx_outgoing *out,
                                      struct soap_xmpp_call *call);

/* What goes behind the message: the answer says that our server has it. */
enum sx_err sx_message_call_post_receipt(const struct sx_calls *calls, const char *receipt_id,
                                         uint64_t number, int64_t room_deadline);

/* SX_ETOOBIG, and why: of a packed payload that one message can't hold. */
enum sx_err sx_message_call_refuse_size(const struct sx_calls *calls, size_t envelope_bytes,
                                        size_t packed_bytes, char *why, size_t why_bytes);

/* Posts the kept calls that are due; when the next one is. */
int64_t sx_call_post_due(const struct sx_calls *calls, uint64_t number);

#endif
