/* posting.h - what a posted call will be sent as: its envelope in the forms that its peer may take,
 * and what goes along with it.
 *
 * Noun: the posting. It is made on the thread of whoever calls, since packing a large envelope
 * takes time; the loop thread only chooses a form and puts it into its stanza.
 *
 * Invariant: its bytes are counted in the link's memory (base/memory.h) as long as it lives.
 *
 * Happy path: new -> add_packed, add_plain -> open -> free. Failure: a form that can't be made is
 * missing, and the posting knows why, which matters only if the peer takes no other.
 *
 * Thread: one at a time.
 */
#ifndef SX_LINK_POSTING_H
#define SX_LINK_POSTING_H

#include "link/call.h"
#include "soap/traceparent.h"
#include "transfer/sender.h"

/* How far its preparation is: preparation.c's. */
struct sx_posting_progress {
    uint64_t session;   /* in which the rest was learnt */
    bool has_choice;    /* of a resource, */
    char *chosen;       /* which is this one; NULL: the default one */
    uint64_t version;   /* of the list of those (roster.h) */
    char *unknown;      /* whether this one serves is asked */
    unsigned looks;     /* for a resource */
    bool is_renewed;    /* the incarnation was asked for anew, */
    bool wants_renewal; /* or will be, on the loop thread */
    bool is_foreign;    /* sent once, whatever is known by now */
    bool awaits_absent; /* nobody is there, and it waits for somebody */
};

struct sx_posting {
    /* immutable, once it is begun */
    char *to, *from, *action, *operation; /* from, action: may be NULL */
    char traceparent[SX_TRACEPARENT_BYTES];
    bool any_resource, is_message;
    char *message_id, *receipt_id; /* of a message */
    struct sx_payload packed;      /* loose: the bytes; NULL: there are none */
    struct sx_payload plain;       /* bytes NULL: there are none, because: */
    enum sx_err plain_err;
    char plain_why[300];
    char sha256[SX_SHA256_HEX_BYTES]; /* of the packed bytes */
    int64_t deadline;
    struct sx_charge charge;
    /* whoever works on it */
    char id[SX_EXCHANGE_ID_BYTES]; /* by which the exchange knows it now */
    struct sx_posting_progress progress;
};

/* Of out, without a form yet. NULL: no memory. */
struct sx_posting *sx_posting_new(const struct sx_outgoing *out);
void sx_posting_free(void *posting); /* NULL allowed */

/* Makes the form of out's envelope, which is then counted. SX_OK; or a clause in why: what
 * sx_call_make_payload says, and SX_ETAKEN. */
enum sx_err sx_posting_add_packed(const struct sx_calls *calls, const struct sx_outgoing *out,
                                  struct sx_posting *posting, char *why, size_t why_bytes);
enum sx_err sx_posting_add_plain(const struct sx_calls *calls, const struct sx_outgoing *out,
                                 struct sx_posting *posting, char *why, size_t why_bytes);

/* The same for a plain form beside the packed one: why there is none it remembers. */
void sx_posting_try_plain(const struct sx_calls *calls, const struct sx_outgoing *out,
                          struct sx_posting *posting);

/* Who says so in its stanza. */
const char *sx_posting_from(const struct sx_session *session, const struct sx_posting *posting);

/* What goes into the stanza to a peer that takes packed elements of whole_bytes (0: plain ones
 * alone): *payload, which stays the posting's unless *is_made. One that is loose is larger than
 * that. SX_OK, or an error with a clause in why. */
enum sx_err sx_posting_open(const struct sx_posting *posting, size_t whole_bytes,
                            struct sx_payload *payload, bool *is_made, char *why, size_t why_bytes);

#endif
