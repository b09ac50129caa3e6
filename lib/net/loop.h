/* loop.h - the one thread that calls libstrophe: connects, reads, writes, waits.
 *
 * Folder net/: bytes to stanzas and back. Here live the thread of a link, its inbox and its writer;
 * a connection from the look-up of its server to its end; the parser; and what stands in the place
 * of parts of libstrophe. It sees libstrophe, OpenSSL, the resolver and sockets, and of ours base,
 * xml, wire, soap and config. It knows no calls and no requests, and no other folder includes
 * strophe.h. All of it runs on the loop thread, but for sx_loop_post() and what else a header says
 * is for any thread, and the resolver's thread.
 *
 * Noun: the loop. It knows connections, not calls: what a stanza means and when to try again is
 * link/'s business (receive.h, reconnect.h), told by callbacks on the loop thread, with no lock
 * held.
 *
 * A *session* is one connection from online to offline; its number only grows. A stanza is posted
 * to the session in which its exchange began, so that nothing meant for a dead connection goes out
 * on the next.
 *
 * Invariant: on_offline runs exactly once after each connect attempt, online or not.
 */
#ifndef SX_NET_LOOP_H
#define SX_NET_LOOP_H

#include <stdint.h>

#include "net/connection.h"
#include "net/speed.h"

struct sx_loop;

/* Run on the loop thread. */
struct sx_loop_callbacks {
    void *user;
    /* An attempt begins; false: there can be none now, and failure says why. It may block: the time
     * of the attempt is counted from its return on. */
    bool (*on_connecting)(void *user, struct sx_failure *failure);
    void (*on_online)(void *user, uint64_t session, const char *bound_jid);
    /* A stanza other than libstrophe's own; sx_stream_envelope(stream) gives its envelope. */
    void (*on_stanza)(void *user, uint64_t session, const struct sx_element *stanza,
                      struct sx_stream *stream);
    /* The connection is gone, or an attempt failed. Returns when to try again, SX_NEVER for not
     * before sx_loop_kick. */
    int64_t (*on_offline)(void *user, uint64_t session, const struct sx_failure *failure);
    /* While online, before the loop sleeps: does what is due now. Returns when it wants to be asked
     * again at the latest, SX_NEVER for not before something happens. */
    int64_t (*on_timer)(void *user, uint64_t session);
    /* Somebody has called sx_loop_kick; an attempt or a ping follows. */
    void (*on_kick)(void *user);
    /* While online: gives a ping, malloc'ed, and its number; NULL without memory. */
    char *(*on_ping)(void *user, unsigned long *number, size_t *len);
    /* The owner's signal-safe stop request has come (sx_loop_interrupt). */
    void (*on_interrupt)(void *user);
    /* Offline, before the loop sleeps: whether to try now, whatever on_offline has said. *look_us:
     * when it wants to be asked again at the latest. NULL: it never does. */
    bool (*on_wait)(void *user, int64_t *look_us);
};

/* config and trace must outlive the loop; callbacks are copied. NULL: no memory or descriptors, or
 * none that libstrophe can use (descriptor.h); which of them is in why. */
struct sx_loop *sx_loop_new(const struct sx_config *config, const struct sx_trace *trace,
                            const struct sx_loop_callbacks *callbacks, char *why, size_t why_bytes);

/* Starts the thread, which connects at once. Returns 0 or an errno. */
int sx_loop_start(struct sx_loop *loop);

/* Queues one whole stanza for the session; any thread. Takes the bytes (malloc'ed) in any case.
 * keeps_order: it doesn't overtake what isn't a small iq, as a small iq may (outlet.h).
 * Waits for room (max_queued_bytes) until the deadline: SX_EROOM; SX_ELOST when the session is
 * over. On the loop thread itself it never waits: SX_EROOM at once, and when that has happened a
 * hundred times in a row, the connection is given up: its server asks and doesn't read. */
enum sx_err sx_loop_post(struct sx_loop *loop, uint64_t session, char *stanza, size_t len,
                         bool keeps_order, int64_t deadline);

/* The same for what was posted before and may be again; SX_EROOM counts for nothing. Loop thread.
 */
enum sx_err sx_loop_post_again(struct sx_loop *loop, uint64_t session, char *stanza, size_t len,
                               bool keeps_order);

/* Whether a block of a transfer is to be posted: little waits to be written and, unless the server
 * is known to be fast, nothing large. Loop thread. */
bool sx_loop_wants_block(struct sx_loop *loop);

/* The ping of this number was answered. Loop thread. */
void sx_loop_note_pong(struct sx_loop *loop, unsigned long number);

/* Of what is posted in order and of iqs larger than SX_OUTLET_PROMPT_BYTES the server has read all
 * that was posted before this; SX_NEVER: all. If it isn't all, the server is asked. Loop thread. */
int64_t sx_loop_unread_us(struct sx_loop *loop);

/* How fast the server reads, in the last session too. Any thread. *bytes_per_s is 0 unless it is
 * slow and that is measured (speed.h). */
enum sx_speed_verdict sx_loop_speed(struct sx_loop *loop, unsigned *bytes_per_s);

/* The largest stanza that the server takes, as it said when the link was last online; 0: it said
 * nothing (XEP-0478). */
size_t sx_loop_server_max_bytes(struct sx_loop *loop);

/* What is known of the session (login_facts.h), as a list of fact.h: malloc'ed. NULL: there is no
 * session, or no memory. Any thread. */
char *sx_loop_facts(struct sx_loop *loop);

/* Bytes posted and not written yet. Any thread. */
size_t sx_loop_backlog_bytes(struct sx_loop *loop);

/* What was read while online, and written as stanzas, in all sessions. Any thread. */
void sx_loop_bytes(struct sx_loop *loop, unsigned long *in, unsigned long *out);

/* on_timer is asked anew, while online. Any thread. */
void sx_loop_wake(struct sx_loop *loop);

/* Offline: connect now instead of at the time on_offline gave. Online: ask the server for a sign of
 * life now. While an attempt is under way: if it fails, the next follows at once. Any thread, the
 * callbacks too. */
void sx_loop_kick(struct sx_loop *loop);

/* Async-signal-safe. */
void sx_loop_interrupt(struct sx_loop *loop);

/* Writes what is queued, closes the stream (RFC 6120 4.4), ends the thread and joins it: 3 s at
 * most beyond deadline, by force after it. Not from the loop thread. */
void sx_loop_stop(struct sx_loop *loop, int64_t deadline);
void sx_loop_free(struct sx_loop *loop); /* stopped or never started; NULL allowed */

/* In a process that was forked meanwhile: closes its copy of the socket, which leaves the
 * connection to the other process, and wipes what logins have left. Nothing is freed. */
void sx_loop_abandon(struct sx_loop *loop);

bool sx_loop_is_self(const struct sx_loop *loop); /* running on the loop thread? */

/* How often the loop has woken up; for tests of idleness. */
unsigned long sx_loop_wakeups(const struct sx_loop *loop);

#endif
