/* admission.h - whether a request that came is run: by rule, by id, by room. And what those are
 * told whose request isn't.
 *
 * Noun: the admission. The rules are access.h's, what ran before is the journal's, room the
 * queue's; here they are asked in order.
 *
 * Invariant: a request leaves here queued, answered, or, as a second copy, dropped. Who is told
 * that a request was not run can rely on it.
 *
 * Forbidden: no rule allows the caller the operation. Asked on the loop thread, before the request
 * costs memory or a worker; while nobody serves there is nothing to be forbidden.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_ADMISSION_H
#define SX_LINK_ADMISSION_H

#include "base/trace.h"
#include "link/describer.h"
#include "link/incoming.h"
#include "link/session.h"
#include "link/shipments.h"
#include "request/access.h"
#include "request/journal.h"
#include "request/queue.h"
#include "request/refusals.h"
#include "request/tally.h"
#include "wire/stanza.h"

struct sx_admission {
    /* immutable; all outlive it */
    struct sx_session *session;
    struct sx_queue *queue;
    struct sx_journal *journal;
    struct sx_access *access;
    struct sx_shipments *shipments;
    struct sx_refusals *refused;    /* NULL: messages aren't served */
    struct sx_describer *describer; /* NULL: the service never says what it is */
    struct sx_tally *tally;         /* NULL: nobody counts */
    /* loop thread */
    struct sx_trace_rate refusals; /* for want of a rule: a stranger must not flood the trace */
};

/* ---- answers of the loop thread's own ---- */

/* Of what answers it. A component has many JIDs, and answers as the one that was asked. */
struct sx_head sx_admission_head(const struct sx_admission *admission,
                                 const struct sx_incoming *incoming);

/* Posts an answer, and leaves the buffer empty; what can't be posted is traced. */
void sx_admission_post(const struct sx_admission *admission, const struct sx_incoming *incoming,
                       struct sx_buffer *stanza);

/* Answers with a stanza error; text may be NULL. */
void sx_admission_refuse(const struct sx_admission *admission, const struct sx_incoming *incoming,
                         const char *condition, const char *text);

/* The same, and says that the request was not run, in a way that callers of this library can rely
 * on. A message is noted: no later copy of it runs, even if rules allow it then. */
void sx_admission_decline(const struct sx_admission *admission, const struct sx_incoming *incoming,
                          const char *condition, const char *text);

/* The same for a message that is new here: it is remembered, so that no later copy runs either. If
 * it can't be remembered, the error doesn't say that it was not run. */
void sx_admission_decline_copies(const struct sx_admission *admission,
                                 const struct sx_incoming *incoming, const char *condition,
                                 const char *text);

/* ---- requests ---- */

/* Queues a request whose envelope is sound, or answers it, by what the journal knows of its id and
 * by the rules. A request for metadata has a queue of its own, if there is something to say
 * (describer.h): whom any rule names may ask. Takes the envelope's bytes if it queues them; the
 * envelope stays the caller's to fini. A second copy of a message was made by a server and is
 * dropped: its caller sends one. */
void sx_admission_admit(struct sx_admission *admission, const struct sx_incoming *incoming,
                        struct sx_envelope *envelope);

/* A later copy of a request to a JID that several processes share: answered by what the journal
 * knows of the first. */
void sx_admission_answer_again(const struct sx_admission *admission,
                               const struct sx_incoming *incoming);

/* Whether the journal knows of this id, or knows that it is none to run. */
bool sx_admission_is_known(const struct sx_admission *admission,
                           const struct sx_incoming *incoming);

/* ---- who may not call ---- */

/* Whether a packed envelope is worth a glance. If a rule names its sender, *payer is that sender,
 * from whose budget it is paid. Otherwise *payer is NULL, and a glance is only worth it for the
 * trace line that says which rule would allow the call. */
bool sx_admission_wants_glance(const struct sx_admission *admission, const char *from,
                               const char **payer);

/* Whether a request can be judged without its operation: its caller may call everything, or
 * nothing, or the journal knows of it. */
bool sx_admission_does_without(const struct sx_admission *admission,
                               const struct sx_incoming *incoming);

/* A line in the trace about a caller that may not call, or one more that is counted. */
void sx_admission_tell_forbidden(struct sx_admission *admission, const char *from,
                                 const char *operation);

#endif
