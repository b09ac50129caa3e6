/* query.h - what others say of themselves: disco#info (XEP-0030), asked and awaited.
 *
 * Noun: the query. features.h remembers the answers; whoever sends a call asks here first whether
 * its peer runs each id once.
 *
 * Invariant: a peer that doesn't answer is taken for one that lists nothing, for some seconds, and
 * is then asked again.
 *
 * Thread: any; ask and learn block.
 */
#ifndef SX_LINK_QUERY_H
#define SX_LINK_QUERY_H

#include "exchange/question.h"
#include "link/session.h"
#include "peers/features.h"

/* Immutable; all outlive it. */
struct sx_query {
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_features *features;
};

/* Asks, once online, and waits for the answer until the deadline, answer_us at most (< 0: no less);
 * remembers it. SX_OK: the reply is the caller's to fini, its err says what came. Otherwise the
 * question wasn't sent: why holds a clause. */
enum sx_err sx_query_ask(const struct sx_query *query, const char *jid, int64_t deadline,
                         int64_t answer_us, struct sx_reply *reply, char *why, size_t why_bytes);

/* A question of the program's. */
struct sx_query_question {
    const char *jid;     /* NULL: our own server */
    const char *what;    /* "ping": for the trace */
    const char *element; /* of the iq, namespace included; well-formed */
    enum sx_reply_interest interest;
};

/* As ask, until the deadline; *answer_us is how long the answer took once the question was posted.
 * SX_ETOOBIG if it can't leave (size_limit.h). */
enum sx_err sx_query_put(const struct sx_query *query, const struct sx_query_question *question,
                         int64_t deadline, struct sx_reply *reply, int64_t *answer_us, char *why,
                         size_t why_bytes);

/* Asks without waiting, and without a call, for which there may be no room: whenever the answer
 * comes, receive_reply.c has it remembered. A question that can't be posted is lost. Loop thread.
 */
void sx_query_post(const struct sx_query *query, uint64_t number, const char *jid);

/* The same, and tells under which id: inquiry.h waits for the answer. SX_EROOM, SX_ELOST,
 * SX_ENOMEM: it wasn't posted. */
enum sx_err sx_query_post_under(const struct sx_query *query, uint64_t number, const char *jid,
                                char id[SX_EXCHANGE_ID_BYTES]);

/* It hasn't answered: for some seconds it lists nothing, then it is asked again. */
void sx_query_note_silence(const struct sx_query *query, const char *jid);

/* How long the first answer of a peer is awaited, which is then taken for a foreign one; and how
 * long one that only says whether ids are still up to date. */
enum { SX_QUERY_FIRST_US = 5000000, SX_QUERY_RENEWAL_US = 1000000 };

/* What is known of a peer without a question: 1: it runs each id once, and its incarnation; 0: it
 * is foreign, -1: unknown. */
int sx_query_look_up(const struct sx_query *query, const char *jid,
                     char incarnation[SX_INCARNATION_BYTES]);

/* Counts a call to a peer that runs each id once, and says whether its ids may soon be stale, so
 * that it had better be asked again; once. */
bool sx_query_is_old(const struct sx_query *query, const char *jid, const char *incarnation);

/* Whether a server says that nobody is there. */
bool sx_query_is_absent(const struct sx_reply *reply);

/* What a peer is to a call. */
enum sx_query_peer {
    SX_QUERY_FOREIGN,   /* runs an id as often as it comes; or nobody knows */
    SX_QUERY_RUNS_ONCE, /* runs each id once */
    SX_QUERY_ABSENT     /* isn't there, as far as a server knows */
};

/* Learns that of a peer, by a question if it is unknown, until the deadline; and the incarnation of
 * one that runs each id once. A connection that breaks meanwhile costs nothing but the question. */
enum sx_query_peer sx_query_learn(const struct sx_query *query, const char *jid, int64_t deadline,
                                  char incarnation[SX_INCARNATION_BYTES]);

#endif
