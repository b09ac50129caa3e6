/* link.h - one persistent stream: connecting, online, backing off, closed; what its stanzas mean.
 *
 * Noun: the link, the public struct soap_xmpp_link. It ties loop (bytes and threads), exchange
 * (calls we make) and inbound (requests we serve) together; it knows no gSOAP. The
 * plugin (gsoap/) uses these functions; tests put another transport in their place
 * (tests/lib/loopback.c).
 *
 * Who frees what: references. soap_xmpp_open gives one to the program, each registered plugin and
 * each detached call holds one; each request and each other call ends before its plugin.
 */
#ifndef SX_LINK_LINK_H
#define SX_LINK_LINK_H

#include "exchange/exchange.h"
#include "request/queue.h"
#include "soap/reader.h"
#include "base/trace.h"

struct soap_xmpp_link *sx_link_ref(struct soap_xmpp_link *link);
void sx_link_unref(struct soap_xmpp_link *link);

/* Waits until the link is online; returns early when waiting can't help (sx_fault_permanent, a
 * stopped link). SX_OK, or the reason with one clause in why. */
enum sx_err sx_link_wait_online(struct soap_xmpp_link *link, int64_t deadline, char *why,
                                size_t why_bytes);

/* A request to send. Strings are borrowed during the call. */
struct sx_outgoing {
    const char *to;       /* normal JID */
    bool any_resource;    /* its resource is the default one: another may take its place */
    const char *envelope; /* as gSOAP wrote it */
    size_t envelope_len;
    struct sx_checker *checker; /* the caller's own */
    const char *action;         /* soapAction or NULL; carried with a packed envelope, with a plain
                                 * one if the configuration says so */
    int64_t online_deadline;    /* how long to wait for the link, then for room */
    int64_t room_deadline;
    bool is_message;  /* goes as a message: once, and to whoever its server hands it */
    const char *name; /* of such a call, or NULL: soap_xmpp_name() */
};

/* Waits until online, enters the call, posts the stanza: with the envelope packed if the peer takes
 * that, else checked and plain. On SX_OK *call is the caller's (it ends with sx_exchange_release).
 * Otherwise *call is untouched and why holds one sentence: what, which JID, which operation, how
 * long; SX_EUNCARRIABLE, SX_EDEPTH and SX_ETOOBIG say what of the envelope is in the way. */
enum sx_err sx_link_request(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                            struct soap_xmpp_call **call, char *why, size_t why_bytes);

/* Answers a request, once; a second answer is ignored. Never blocks for long; an answer that can't
 * be sent is traced. The request stays the caller's. The envelope goes out in the form of the
 * request (a fault as an error); NULL is an empty result. SX_EUNCARRIABLE or SX_EDEPTH with a
 * clause in why: nothing was sent, the envelope can't be carried, and the request is still to be
 * answered. */
enum sx_err sx_link_answer(struct soap_xmpp_link *link, struct sx_request *request,
                           struct sx_checker *checker, const char *envelope, size_t envelope_len,
                           char *why, size_t why_bytes);
void sx_link_refuse(struct soap_xmpp_link *link, struct sx_request *request, const char *condition,
                    const char *text);

/* From now on requests are queued. The first time without a rule that lets anybody call, the trace
 * says so. */
void sx_link_serve(struct soap_xmpp_link *link);

/* Whether calls can have names: there is a name_key. */
bool sx_link_may_name(const struct soap_xmpp_link *link);

struct sx_exchange *sx_link_exchange(struct soap_xmpp_link *link);
struct soap_xmpp_link *sx_link_of(const struct soap_xmpp_call *call);
struct sx_queue *sx_link_inbound(struct soap_xmpp_link *link);
const struct sx_trace *sx_link_trace(struct soap_xmpp_link *link);

/* From the configuration. */
int64_t sx_link_timeout_us(struct soap_xmpp_link *link);
unsigned sx_link_max_depth(struct soap_xmpp_link *link);
const struct sx_reader_limits *sx_link_reading_limits(struct soap_xmpp_link *link);

#endif
