/* answers.h - requests of a link that were taken and aren't ended, and the thread that ends them.
 *
 * Noun: the answers. A thread of their own sends them, since soap_xmpp_answer() may wait for room
 * in a full outgoing queue, for the link's timeout_ms: neither whoever answers nor the link's first
 * thread has to wait with it. No answer is ever refused a place: each request brings its own. What
 * is bounded is how many requests there are at once and how many bytes of them: while they are
 * full, gw_answers_is_full(), no further one is taken, further ones wait in the library's queue,
 * and beyond what that takes (max_requests, max_request_bytes) their callers are told
 * resource-constraint, not executed.
 *
 * Invariant: each request is ended exactly once: by the thread, or, once that has ended, by whoever
 * ends it. The answers outlive their link as long as a request is held.
 *
 * Any thread. */
#ifndef GW_LINK_ANSWERS_H
#define GW_LINK_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "soap_xmpp.h"

struct gw_answers;

enum { GW_ANSWERS_REQUESTS = 4096 /* held at once */ };

enum gw_answer_kind { GW_ANSWER_SEND, GW_ANSWER_REFUSE, GW_ANSWER_DECLINE };

/* A request, and what becomes of it. */
struct gw_link_answer {
    struct soap_xmpp_request *request;
    enum gw_answer_kind kind;
    char *envelope; /* malloc'ed; NULL: an empty result */
    size_t envelope_bytes;
    char *condition, *text; /* malloc'ed, or NULL */
    size_t held_bytes;      /* what gw_answers_hold() was told */
    /* Frees what holds this answer; called once the request was ended. */
    void (*free)(struct gw_link_answer *answer);
    struct gw_link_answer *next;
};

/* Starts the thread. NULL with one sentence in why. */
struct gw_answers *gw_answers_start(const char *name, size_t most_bytes, char *why,
                                    size_t why_bytes);

/* The link's name, which stays as long as a request may still say something in the trace. */
char *gw_answers_name(struct gw_answers *answers);

/* A descriptor that becomes readable when there may be room again after they were full, and by
 * gw_answers_wake(). gw_answers_clear() before the look that follows. */
int gw_answers_fd(const struct gw_answers *answers);
void gw_answers_wake(struct gw_answers *answers);
void gw_answers_clear(struct gw_answers *answers);
bool gw_answers_is_full(struct gw_answers *answers);
size_t gw_answers_held(struct gw_answers *answers); /* requests that aren't ended */

/* One more request, of so many bytes; to be ended by gw_answers_end(). */
void gw_answers_hold(struct gw_answers *answers, struct gw_link_answer *answer, size_t bytes);
/* Ends it, now or soon; answer isn't the caller's any more. Doesn't block, unless the thread has
 * ended: then the link was stopped, and ending is quick. */
void gw_answers_end(struct gw_answers *answers, struct gw_link_answer *answer);

/* What was given to be ended is, then the thread ends. Requests that are held may still be ended
 * afterwards. Blocks. NULL is fine. */
void gw_answers_stop(struct gw_answers *answers);
/* The caller's reference; the last request that is held keeps the answers. */
void gw_answers_release(struct gw_answers *answers);

#endif
