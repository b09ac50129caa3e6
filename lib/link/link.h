/* link.h - one persistent stream, with all that a program does over it.
 *
 * Noun: the link, the public struct soap_xmpp_link. It ties the session (states and bytes), the
 * exchange (calls we make) and the queue (requests we serve) together; it knows no gSOAP. The
 * plugin (gsoap/) uses these functions.
 *
 * Folder link/: what happens on a link: what goes out, what comes in, and what the program is told.
 * It may see every folder but gsoap/, and neither strophe.h nor stdsoap2.h. From the ground up:
 *   session           states, waiting, posting, who speaks
 *   size_limit        what may leave
 *   query             what others say of themselves
 *   shipment          bytes that go ahead of a call or an answer
 *   fallback, routing, announcement
 *                     calls that go out plain again; or elsewhere; the presence that is sent
 *   call, message_call, answer
 *                     what goes out
 *   description, describer
 *                     what the service says of itself, and to whom
 *   inquiry, posting, posting_step, preparation
 *                     calls that are posted, and what they wait for
 *   content, admission, bytestream
 *                     what came: what it holds, whether it is run, what comes in pieces
 *   rules, revocation who may call, and what ends when that changes
 *   receive_reply, receive_request, receive_message, receive_presence, receive
 *                     what came, by kind
 *   reconnect         what is done when the server goes away
 *   link, api         the parts put together; the functions of soap_xmpp.h on a link
 * A file calls those named before it alone; no part knows the link.
 *
 * Who frees what: references. soap_xmpp_open gives one to the program, each registered plugin and
 * each detached call holds one; each request and each other call ends before its plugin.
 */
#ifndef SX_LINK_LINK_H
#define SX_LINK_LINK_H

#include "base/memory.h"
#include "base/trace.h"
#include "exchange/exchange.h"
#include "link/outgoing.h"
#include "request/queue.h"
#include "soap/reader.h"

/* soap_xmpp_open(), but for its thread: nothing connects. Ends with sx_link_unref(). */
struct soap_xmpp_link *sx_link_new(const struct soap_xmpp_config *config, char *why,
                                   size_t why_bytes);

struct soap_xmpp_link *sx_link_ref(struct soap_xmpp_link *link);
void sx_link_unref(struct soap_xmpp_link *link);

/* Waits until the link is online; returns early when waiting can't help (sx_fault_permanent, a
 * stopped link). SX_OK, or the reason with one clause in why. calls: as sx_session_await(), and
 * SX_ESHARED for a link that calls nobody; else as sx_session_await_online(). */
enum sx_err sx_link_wait_online(struct soap_xmpp_link *link, bool calls, int64_t deadline,
                                char *why, size_t why_bytes);

/* Waits until online, enters the call, posts its stanza: as an iq, with the envelope packed if the
 * peer takes that, or as a message. On SX_OK *call is the caller's (it ends with
 * sx_exchange_release). Otherwise *call is untouched and why holds one sentence: what, which JID,
 * which operation, how long; SX_EUNCARRIABLE, SX_EDEPTH and SX_ETOOBIG say what of the envelope is
 * in the way. */
enum sx_err sx_link_request(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                            struct soap_xmpp_call **call, char *why, size_t why_bytes);

/* The same without waiting for anything, see preparation.h: on SX_OK the call is detached, and
 * holds a reference to the link. Not in a forked process. */
enum sx_err sx_link_post(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                         struct soap_xmpp_call **call, char *why, size_t why_bytes);

/* Answers a request, once; a second answer is ignored. Waits for room as answer.h says; an answer
 * that can't be sent is traced. The request stays the caller's. The envelope goes out in the form
 * of the request (a fault as an error); NULL is an empty result. SX_EUNCARRIABLE or SX_EDEPTH with
 * a clause in why: nothing was sent, the envelope can't be carried, and the request is still to be
 * answered. refuse answers with a stanza error. */
enum sx_err sx_link_answer(struct soap_xmpp_link *link, struct sx_request *request,
                           struct sx_checker *checker, const char *envelope, size_t envelope_len,
                           char *why, size_t why_bytes);
void sx_link_refuse(struct soap_xmpp_link *link, struct sx_request *request, const char *condition,
                    const char *text);

/* Answers that the request was not run and won't be, because the link is stopping (SX_ESTOPPED) or
 * has no room for it (SX_ETAKEN). */
void sx_link_decline(struct soap_xmpp_link *link, struct sx_request *request, enum sx_err err);

/* Whether the rules still allow a request that was taken from the queue. False: it is declined, and
 * the caller's to free. */
bool sx_link_may_run(struct soap_xmpp_link *link, struct sx_request *request);

/* Whether requests that aren't read yet are declined: the link is stopping or closed. And whether
 * it is closed, so that no call goes on. */
bool sx_link_is_stopping(struct soap_xmpp_link *link);
bool sx_link_is_closed(struct soap_xmpp_link *link);

/* From now on requests are queued. The first time without a rule that lets anybody call, the trace
 * says so. */
void sx_link_serve(struct soap_xmpp_link *link);

/* The namespaces that a service's operations are in: sx_access_serve(). */
enum sx_err sx_link_serve_namespaces(struct soap_xmpp_link *link, const char *const *namespaces,
                                     size_t count);

/* Whether calls can have names: there is a name_key. */
bool sx_link_may_name(const struct soap_xmpp_link *link);

struct sx_exchange *sx_link_exchange(struct soap_xmpp_link *link);
struct soap_xmpp_link *sx_link_of(const struct soap_xmpp_call *call);
struct sx_queue *sx_link_queue(struct soap_xmpp_link *link);
struct sx_memory *sx_link_memory(struct soap_xmpp_link *link);
const struct sx_trace *sx_link_trace(struct soap_xmpp_link *link);

/* Whether this process was forked from the one that opened the link. Its threads aren't here, locks
 * may be held for ever, and the connection is the other process's: nothing of the link may be
 * locked, written or freed, but for what its configuration says and by sx_link_unref(). Calls end
 * with SX_EFORKED, answers go nowhere. Any thread, signal handlers too. */
bool sx_link_is_forked(const struct soap_xmpp_link *link);

/* From the configuration. */
int64_t sx_link_timeout_us(struct soap_xmpp_link *link);
unsigned sx_link_max_depth(struct soap_xmpp_link *link);
const struct sx_reader_limits *sx_link_reader_limits(struct soap_xmpp_link *link);

#endif
