/* describer.h - what a service says of itself, told to whom a rule names.
 *
 * Noun: the describer. It has the description of the moment, and a thread that answers requests for
 * metadata: writing and packing a few MiB would hold the loop thread, and the program's threads
 * have their own work. Those requests have a queue of their own, with all that a request has: one
 * answer, turns of the callers, a place in the journal.
 *
 * Invariant: without a description nothing here is asked, and no thread runs. A thread that was
 * started is joined by sx_describer_join(), after the queue was closed.
 *
 * Happy path: set -> a request comes (admission.c) -> the thread takes it, reads what is asked,
 * writes the answer, sends it. Failure: what can't be read is declined; what can't be sent is
 * internal-server-error.
 *
 * Thread: any, unless said otherwise.
 */
#ifndef SX_LINK_DESCRIBER_H
#define SX_LINK_DESCRIBER_H

#include "link/answer.h"
#include "link/description.h"
#include "request/access.h"
#include "request/queue.h"
#include "request/statistics.h"
#include "soap/reader.h"

struct sx_describer;

/* What the describer sees of its link; all outlive it. */
struct sx_describer_parts {
    struct sx_session *session;
    struct sx_access *access;
    const struct sx_answers *answers;
    const struct sx_reader_limits *limits;
    struct sx_statistics *statistics;
};

/* NULL: no memory. */
struct sx_describer *sx_describer_new(const struct sx_describer_parts *parts);
void sx_describer_free(struct sx_describer *describer); /* joins; NULL allowed */

/* Takes a reference to the description, which replaces the one before. SX_OK; SX_ENOMEM: no memory,
 * or no thread, and nothing has changed. */
enum sx_err sx_describer_set(struct sx_describer *describer, struct sx_description *description);

/* Whether there is a description: one atomic read. */
bool sx_describer_is_on(const struct sx_describer *describer);

/* The form for whoever asks for disco#info, appended so that out has out_bytes at most; nothing, if
 * there is no description or no rule names whoever asks. from NULL: our own server. */
void sx_describer_write_form(struct sx_describer *describer, const char *from, size_t out_bytes,
                             struct sx_buffer *out);

/* The items for whoever asks for disco#items, likewise; false: there were more. Loop thread: the
 * program is called. */
bool sx_describer_write_items(struct sx_describer *describer, const char *from, size_t out_bytes,
                              struct sx_buffer *out);

/* Where requests for metadata wait. */
struct sx_queue *sx_describer_queue(struct sx_describer *describer);

/* After the link has been closed: no answer waits for room any longer. Once. */
void sx_describer_join(struct sx_describer *describer);

#endif
