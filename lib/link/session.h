/* session.h - the low half of a link: its configuration and states, who waits for them, what is
 * posted, and who speaks.
 *
 * Noun: the session that a link wants to have with its server, and for how long it has had none.
 * Every part of a link stands on it; it knows no call and no request. Each connection from online
 * to offline has a number (loop.h), which only grows: what is posted names the one it is meant for.
 *
 * Invariant: sx_session_set_state() alone changes the state; STOPPING and CLOSED are never left for
 * others.
 *
 * Thread: any, unless said otherwise.
 */
#ifndef SX_LINK_SESSION_H
#define SX_LINK_SESSION_H

#include "base/memory.h"
#include "base/buffer.h"
#include "base/trace.h"
#include "config/config.h"
#include "net/loop.h"

struct sx_session;

/* Checks the configuration, and makes the loop with these callbacks; nothing runs yet. NULL, with
 * one sentence in why (may be NULL). */
struct sx_session *sx_session_new(const struct soap_xmpp_config *config,
                                  const struct sx_loop_callbacks *callbacks, char *why,
                                  size_t why_bytes);
void sx_session_free(struct sx_session *session); /* the loop is stopped or was never started */

/* In a process that was forked meanwhile: wipes secrets, closes the copy of the socket, and leaves
 * everything else, since locks may be held. Doesn't block. May be called again. */
void sx_session_abandon(struct sx_session *session);

/* ---- what never changes ---- */

const struct sx_config *sx_session_config(const struct sx_session *session);
const struct sx_trace *sx_session_trace(const struct sx_session *session);
struct sx_memory *sx_session_memory(const struct sx_session *session); /* that peers may take */
struct sx_loop *sx_session_loop(const struct sx_session *session);
int64_t sx_session_timeout_us(const struct sx_session *session); /* the configuration's */

/* Whether the server reads slowly, as its last session showed (net/speed.h). Any thread. */
bool sx_session_is_slow(const struct sx_session *session);

/* text into why, if the program wants it (NULL, 0 allowed). */
void sx_session_say(char *why, size_t why_bytes, const char *text);

/* ---- the password of an attempt ---- */

/* Reads or asks for it anew (config/password.h), which may block. False: there is none now, and
 * failure says why. Loop thread. */
bool sx_session_renew_password(struct sx_session *session, struct sx_failure *failure);
void sx_session_forget_password(struct sx_session *session); /* the login is over; loop thread */

/* ---- states ---- */

/* False: the link is stopping or closed, and stays so. failure (or NULL) is why; it is remembered.
 * The transition is told to the trace and the program, by this thread or by the one that tells
 * another. */
bool sx_session_set_state(struct sx_session *session, enum soap_xmpp_state_value state,
                          const struct sx_failure *failure);
enum soap_xmpp_state_value sx_session_state(struct sx_session *session);

/* One sentence on why it isn't online; "online" if it is. */
void sx_session_reason(struct sx_session *session, char *text, size_t text_bytes);

/* A connection has this number and this JID. Loop thread; ONLINE follows. */
void sx_session_begin(struct sx_session *session, uint64_t number, const char *bound_jid);

/* How often it has come online again after the first time. */
unsigned long sx_session_reconnects(struct sx_session *session);

/* The JID that the server bound for us; before that the configured one, or, for the loop thread
 * alone, "". */
void sx_session_jid(struct sx_session *session, char *jid, size_t jid_bytes);
const char *sx_session_own_jid(const struct sx_session *session);

/* Another attempt is certain, whatever the state says. False: the link is stopped, and there is
 * none. */
bool sx_session_kick(struct sx_session *session);
/* Since the last attempt began. */
bool sx_session_is_kicked(struct sx_session *session);

/* Whether this stop is the first; then the state is STOPPING. */
bool sx_session_begin_stop(struct sx_session *session);

/* Until the link is closed, and that was told. */
void sx_session_await_closed(struct sx_session *session, int64_t deadline);

/* ---- waiting ---- */

/* Waits until online, or until waiting is pointless: a refusal, or, before the link was online for
 * the first time, an answer as no server of ours gives it. SX_OK and *number, else the reason with
 * one clause in why. Counted among the calls that wait, of which there are at most max_calls
 * (SX_EFULL). */
enum sx_err sx_session_await(struct sx_session *session, int64_t deadline, uint64_t *number,
                             char *why, size_t why_bytes);

/* The same for who asks nothing of the link: not counted. A port that is closed is waited for,
 * since both may have been started together. */
enum sx_err sx_session_await_online(struct sx_session *session, int64_t deadline, uint64_t *number,
                                    char *why, size_t why_bytes);

/* The number of the session to which an answer goes: this one or, once online within the deadline,
 * the next; the last one if there is none. */
uint64_t sx_session_for_answer(struct sx_session *session, int64_t deadline);

/* ---- posting ---- */

/* What a stanza of ours says it is from: NULL, but for a component (see stanza.h). */
const char *sx_session_stamp(const struct sx_session *session);

/* Posts one whole stanza, and leaves the buffer empty. SX_ENOMEM; SX_ETOOBIG: more than
 * max_queued_bytes; else as sx_loop_post. */
enum sx_err sx_session_post(struct sx_session *session, uint64_t number, struct sx_buffer *stanza,
                            int64_t deadline);

/* The same for a stanza that doesn't overtake others. */
enum sx_err sx_session_post_in_order(struct sx_session *session, uint64_t number,
                                     struct sx_buffer *stanza, int64_t deadline);

/* The same for what may be posted again: without room it is dropped. Loop thread. */
enum sx_err sx_session_post_again(struct sx_session *session, uint64_t number,
                                  struct sx_buffer *stanza);

/* The same for a block of a transfer, once sx_loop_wants_block. */
void sx_session_post_block(struct sx_session *session, uint64_t number, struct sx_buffer *stanza);

/* Posts an answer (malloc'ed, taken); one that can't be posted is traced. */
void sx_session_post_answer(struct sx_session *session, uint64_t number, char *stanza, size_t len,
                            int64_t deadline);

/* ---- pings of our own server (XEP-0199): signs of life, and receipts for messages ---- */

/* Appends a ping by that id; errors show in out->failed. */
void sx_session_write_ping(const struct sx_session *session, const char *id, struct sx_buffer *out);

/* Whether a reply from there can be an answer to such a ping: nobody but our own server and, of a
 * component, the component itself has this name. Not for a shared JID, whose ping goes nowhere: it
 * sends no messages. Loop thread. */
bool sx_session_is_pinged(const struct sx_session *session, const char *from);

/* The stanza of a ping after a silence or as a mark, and its number: malloc'ed, NULL: no memory.
 * Loop thread. */
char *sx_session_ping(struct sx_session *session, unsigned long *number, size_t *len);

/* Whether a reply with this id and sender answers such a ping, and its number. Loop thread. */
bool sx_session_is_pong(const struct sx_session *session, const char *from, const char *id,
                        unsigned long *number);

#endif
