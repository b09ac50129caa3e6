/* request.h - a request that arrived: who asks, what, and whether it was answered.
 *
 * Noun: the request, an envelope with the head of its stanza. Invariant: `answered` goes from false
 * to true once.
 *
 * Folder request/: the requests that arrived. A queue gives them to workers, callers in turn; a
 * journal sees to it that each runs at most once and finds its answer again; rules say who may
 * call what, and a budget what it may cost to find that out. It knows no connections, and of
 * stanzas how a response is written: who receives them puts requests in, who works takes them out.
 * May include base, wire and soap.
 *
 * Thread: one at a time, but for answer_once.
 */
#ifndef SX_REQUEST_REQUEST_H
#define SX_REQUEST_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "request/access.h"
#include "soap/envelope.h"

struct sx_queue;
struct sx_caller;

struct sx_request {
    char *from, *to, *id; /* owned; from is the stamped JID */
    struct sx_envelope envelope;
    enum sx_grant grant; /* what its caller may do, by the rules of this version */
    unsigned long rules_version;
    bool is_message; /* came as one, and is answered as one */
    bool is_strict;  /* who answers is told what its caller can't be given: an answer in another
                      * version of SOAP, or one that is too large for a stanza */
    bool answered;
    int64_t arrived_us;
    int64_t taken_us;        /* from its queue; 0: it wasn't */
    struct sx_request *next; /* of a list from sx_queue_take_all */
    /* the queue's, once it was added */
    struct sx_queue *queue;
    struct sx_caller *caller;
    STAILQ_ENTRY(sx_request) in_caller;
    void (*count_out)(struct sx_queue *queue, struct sx_caller *caller);
};

/* A request with copies of the three strings, NULL allowed; NULL: no memory. */
struct sx_request *sx_request_new(const char *from, const char *to, const char *id);

/* If it was taken from a queue it no longer counts as running there. NULL allowed. */
void sx_request_free(struct sx_request *request);

/* Marks it answered; true the first time only: then the caller sends the answer. Any thread. */
bool sx_request_answer_once(struct sx_request *request);

#endif
