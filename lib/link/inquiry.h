/* inquiry.h - questions (disco#info) that calls in preparation wait for, one for each peer.
 *
 * Noun: the inquiry, a question that is out. query.h asks it, and features.h remembers what was
 * answered; here is which peers are being asked, under which id, and until when.
 *
 * Invariant: a peer is asked once at a time, however many calls wait for its answer. A question
 * ends by its answer, by its silence or with the session.
 *
 * Happy path: ask -> take, when the answer comes. Failure: silence: take_silent; there are as many
 * as max_calls allows already, or no room to post it: ask says so.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_INQUIRY_H
#define SX_LINK_INQUIRY_H

#include <sys/queue.h>

#include "link/query.h"

TAILQ_HEAD(sx_inquiry_list, sx_inquiry);

struct sx_inquiries {
    const struct sx_query *query;
    unsigned most; /* at once */
    unsigned count;
    void *by_jid;                            /* see tsearch(3) */
    struct sx_inquiry_list firsts, renewals; /* the first of each is silent first */
};

void sx_inquiry_init(struct sx_inquiries *questions, const struct sx_query *query, unsigned most);
void sx_inquiry_fini(struct sx_inquiries *questions); /* frees what is in it */

/* Asks the peer, unless it is being asked. is_renewal: whether its ids are up to date, which isn't
 * waited for long. False: it isn't asked; no room or no memory. */
bool sx_inquiry_ask(struct sx_inquiries *questions, uint64_t number, const char *jid,
                    bool is_renewal);

/* Whether this answers a question, which is over then. from: NULL allowed. */
bool sx_inquiry_take(struct sx_inquiries *questions, const char *from, const char *id);

/* A peer that hasn't answered in time, and isn't being asked any longer: malloc'ed; NULL: there is
 * none (yet). It counts as foreign for some seconds, unless that was a renewal. */
char *sx_inquiry_take_silent(struct sx_inquiries *questions, int64_t now_us);

/* When the next one will be silent; SX_NEVER if none is out. */
int64_t sx_inquiry_due_us(const struct sx_inquiries *questions);

/* The session is over, and with it all of them. */
void sx_inquiry_forget(struct sx_inquiries *questions);

#endif
