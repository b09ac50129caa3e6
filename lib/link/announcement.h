/* announcement.h - the presence that a link sends: that it is there, that it serves, who may see
 * it (RFC 6121).
 *
 * Noun: the announcement. Invariant: without config.presence none is sent. With it, each session
 * begins with an available one, before anything else, which is sent again when serving begins or
 * ends: it tells both. None says unavailable: that is the server's to say when the stream closes
 * (RFC 6121 4.5.2). A component's presence would reach nobody (XEP-0114 has no roster).
 *
 * Thread: the loop thread, but for ask.
 */
#ifndef SX_LINK_ANNOUNCEMENT_H
#define SX_LINK_ANNOUNCEMENT_H

#include "base/trace.h"
#include "link/session.h"
#include "request/access.h"
#include "request/journal.h"
#include "request/queue.h"

struct sx_announcement {
    /* immutable; all outlive it */
    struct sx_session *session;
    struct sx_queue *queue;
    struct sx_journal *journal;
    struct sx_access *access;
    bool is_on; /* false: the link sends no presence, and nobody is answered */
    /* loop thread */
    bool says_serves;            /* the presence sent last did */
    bool is_late;                /* one couldn't be posted */
    struct sx_trace_rate askers; /* lines about those who ask to see our presence */
    struct sx_trace_rate givers; /* lines about those who let us see theirs, or don't */
};

/* The session's presence, as the first stanza in it; again when serving has begun or ended, or
 * when it couldn't be posted before. */
void sx_announcement_send(struct sx_announcement *announcement, uint64_t number);
void sx_announcement_update(struct sx_announcement *announcement, uint64_t number);

/* This bare JID asks to see our presence: it may if a rule lets it call something. */
void sx_announcement_answer(struct sx_announcement *announcement, uint64_t number, const char *who);

/* A line in the trace: this bare JID lets us see its presence, or doesn't. Anybody can send that,
 * so the lines are rated. */
void sx_announcement_tell(struct sx_announcement *announcement, const char *who, bool lets_us_see);

/* Asks a bare JID to let us see its presence. Any thread; errors as sx_session_post. */
enum sx_err sx_announcement_ask(const struct sx_announcement *announcement, uint64_t number,
                                const char *who, int64_t deadline);

#endif
