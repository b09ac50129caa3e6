/* posting_step.h - one step of a posted call on its way to being sent.
 *
 * Noun: the step. It is taken by the thread that posts, first, and by the loop thread whenever the
 * call has heard something. The thread that posts asks nobody: it leaves questions to the loop
 * thread, which has them all.
 *
 * Invariant: a step never blocks. Whoever takes it has the posting alone; the call can end
 * meanwhile.
 *
 * Thread: any; with questions: the loop thread.
 */
#ifndef SX_LINK_POSTING_STEP_H
#define SX_LINK_POSTING_STEP_H

#include "exchange/phase.h"
#include "link/posting.h"
#include "link/inquiry.h"

/* What a call has heard since the last one. */
enum sx_posting_word {
    SX_POSTING_NOTHING,
    SX_POSTING_SAID,    /* the peer has said what it is; somebody has come */
    SX_POSTING_ABSENT,  /* a server says that nobody is there */
    SX_POSTING_REFUSED, /* an error */
    SX_POSTING_SILENCE, /* nothing came */
    SX_POSTING_LOST     /* the session is over */
};

struct sx_posting_step {
    const struct sx_calls *calls;
    struct sx_inquiries *inquiries; /* NULL: not on the loop thread */
    struct sx_posting *posting;
    uint64_t number;    /* the session */
    int64_t settled_us; /* until then somebody may come who is there already */
    /* what it waits for */
    enum call_wait wait;
    const char *jid; /* of PEER; the posting's */
};

enum sx_posting_next {
    SX_POSTING_GOES_ON, /* to its next part */
    SX_POSTING_WAITS,
    SX_POSTING_IS_OVER /* the call is sent, or has ended: the posting is to be freed */
};

/* Never SX_POSTING_GOES_ON. */
enum sx_posting_next sx_posting_step_take(struct sx_posting_step *step, enum sx_posting_word word);

/* The first part of it alone, for who wants to know beforehand: chooses a resource, which the step
 * then keeps. */
enum sx_posting_next sx_posting_step_choose(struct sx_posting_step *step);

/* The posting has learnt nothing yet in this session. */
void sx_posting_step_begin_anew(struct sx_posting *posting, uint64_t number);

/* Whom it goes to, as far as that is known; and the id by which the exchange knows it. */
const char *sx_posting_step_peer(const struct sx_posting *posting);
const char *sx_posting_step_id(const struct sx_posting *posting);

#endif
