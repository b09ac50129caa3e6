/* journal.h - the requests this process has seen: each runs at most once, its answer is kept.
 *
 * Noun: the journal, (caller's bare JID, id) -> running, or answered with a response (response.h).
 *
 * A caller that doesn't know whether its request or the answer got lost sends the request again,
 * under the same id. The journal tells a first copy from a second. It can't remember for ever, so
 * ids carry this process's *incarnation*: a number drawn at its start, and an epoch that grows
 * every few minutes and with what comes. What belongs to the epochs of the last five minutes is
 * remembered, if there is room; a request of an older epoch or of another process is stale and
 * never run.
 *
 * Where several processes share a JID no copy finds its process, and the ids say instead which copy
 * it is: X~any the first, which is sent to one process only, X~again every later one. A shared
 * journal runs X~any unless it knows X, and never runs X~again.
 *
 * A message is sent once, and its sender can't know which process will get it, nor when: so its id
 * ends in "message" and is accepted whenever it comes. If there is ever a second copy, a server has
 * made it, within minutes: so long the message is remembered.
 *
 * Invariant: an id of an epoch still accepted is either in the journal or was never run here. In a
 *            shared one what is forgotten has been answered, and its first copy was here.
 *            Entries and bytes never exceed their bounds: the oldest answers are forgotten, then
 *            epochs end early, for one caller or for all. What is refused takes nothing,
 *            but what is declined after it was let in is kept like an answer.
 *
 * Shares: while others have something in it, no caller has more than half of the places, or of the
 * bytes: for more, its own oldest are forgotten. If the journal is full, the oldest of the caller
 * that has most are.
 *
 * Happy path: enter (fresh) -> the request runs -> answer -> a second copy: enter (answered).
 * Failure:    no room: fresh requests are refused (full) while all that could go still runs; an
 *             answer that doesn't fit isn't kept: a second copy is stale, never run again.
 * Thread: any; one mutex.
 */
#ifndef SX_REQUEST_JOURNAL_H
#define SX_REQUEST_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request/response.h"
#include "wire/request_id.h"

enum { SX_JOURNAL_EPOCH_S = 300 };

enum sx_journal_verdict {
    SX_JOURNAL_FRESH,    /* run it; answer(), decline() or forget() follows */
    SX_JOURNAL_FOREIGN,  /* the id carries no incarnation: run it, nothing is remembered */
    SX_JOURNAL_RUNNING,  /* a first copy runs: its answer will do */
    SX_JOURNAL_ANSWERED, /* here is the answer again */
    SX_JOURNAL_STALE,    /* too old, or meant for another process: never run it */
    SX_JOURNAL_SPENT,    /* shared: it was run, but its answer isn't kept */
    SX_JOURNAL_FULL      /* no room: refuse it */
};

struct sx_journal;

struct sx_journal_counts {
    unsigned long entries, fresh, repeated, replayed, stale;
    size_t bytes;
};

/* NULL: no memory. */
struct sx_journal *sx_journal_new(unsigned max_entries, size_t max_bytes);
void sx_journal_free(struct sx_journal *journal); /* NULL allowed */

/* Before the first request: other processes share the JID. */
void sx_journal_share(struct sx_journal *journal);
bool sx_journal_is_shared(const struct sx_journal *journal);

/* The number that was drawn for this process. */
uint64_t sx_journal_process(const struct sx_journal *journal);

/* Writes the incarnation that callers put into their ids from now on. */
void sx_journal_incarnation(struct sx_journal *journal, int64_t now_us,
                            char out[SX_INCARNATION_BYTES]);

/* Of a stale request: for how many microseconds, at least, no id of its epoch has been accepted
 * from its caller. 0: that isn't known, because the id is another process's, say. */
int64_t sx_journal_stale_us(struct sx_journal *journal, const char *from, const char *id,
                            int64_t now_us);

/* A request arrived. With SX_JOURNAL_ANSWERED *answer is what the first copy was answered with, a
 * reference of the caller's. Otherwise untouched. */
enum sx_journal_verdict sx_journal_enter(struct sx_journal *journal, const char *from,
                                         const char *id, int64_t now_us,
                                         struct sx_response **answer);

/* As enter, for a request that won't be run whatever comes out: a fresh one is told, not entered,
 * so that a caller that may not call takes no room. */
enum sx_journal_verdict sx_journal_look(struct sx_journal *journal, const char *from,
                                        const char *id, int64_t now_us,
                                        struct sx_response **answer);

/* The request was answered with this (NULL: there is nothing to remember). The journal takes a
 * reference of its own if it keeps it. Foreign ones are ignored. */
void sx_journal_answer(struct sx_journal *journal, const char *from, const char *id,
                       struct sx_response *answer, int64_t now_us);

/* The request was let in, has not run, and its caller is told so with this (NULL: no memory for
 * it). True: no copy of it will be run, each is told the same. False: it is as forget(), since the
 * id is foreign, a message's, or of a JID that several processes share. */
bool sx_journal_decline(struct sx_journal *journal, const char *from, const char *id,
                        struct sx_response *answer, int64_t now_us);

/* The request was refused and has not run: a second copy may. Not that of a message, whose sender
 * was told that it isn't run: a server has made it. */
void sx_journal_forget(struct sx_journal *journal, const char *from, const char *id);

/* Answers of more bytes aren't repeated: second copies of their requests are stale. */
void sx_journal_shrink(struct sx_journal *journal, size_t max_answer_bytes);

void sx_journal_count(struct sx_journal *journal, struct sx_journal_counts *counts);

#endif
