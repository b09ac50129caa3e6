/* receive.h - what a stanza that arrived means: an answer for a call, a request to serve, a
 * question.
 *
 * Noun: the incoming IQ; messages, which may be the first two, are receive_message.c's. Invariant:
 * every get and set is answered exactly once (RFC 6120 8.2.3): here at once, or by the worker to
 * which the request was handed. Results and errors are never answered, nor is what comes to a
 * component without `from`: it has no account whose server that could be.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_RECEIVE_H
#define SX_LINK_RECEIVE_H

#include <stdint.h>
#include "wire/element.h"

#include "request/access.h"
#include "exchange/exchange.h"
#include "peers/features.h"
#include "request/queue.h"
#include "request/journal.h"
#include "wire/message_id.h"
#include "net/stream.h"
#include "base/trace.h"

/* A longer id is nobody's honest one, and its stanza is ignored: the answer would begin with a tag
 * as long, which a server whose expat defers its parsing holds back until twice as many bytes have
 * come, with the answers to everybody else behind it. */
enum { SX_IQ_ID_BYTES = 255 };

/* How the ids of our own pings begin (XEP-0199). Whatever answers one has done its work by coming.
 */
#define SX_PING_ID "ping-"
/* Refusals for want of a rule, as far as the trace knows them: a stranger who hammers must not
 * flood it. Zero at the beginning; the loop thread's. */
struct sx_iq_refusals {
    int64_t told_us; /* when the last line was written, 0: none yet */
    unsigned long left_out;
};

/* Where it goes. */
struct sx_iq_ends {
    struct sx_exchange *exchange;
    struct sx_queue *inbound;
    struct sx_journal *journal;
    struct sx_access *access;
    struct sx_shipments *shipments; /* with packs */
    struct sx_iq_refusals *refusals;
    struct sx_features *disco;
    const struct sx_trace *trace;
    void *user;
    /* Posts one whole stanza (malloc'ed, taken in any case) to the session. */
    void (*post)(void *user, uint64_t session, char *stanza, size_t len);
    /* The same for an answer that was given before: dropped when there is no room. */
    void (*repeat)(void *user, uint64_t session, char *stanza, size_t len);
    /* A packed call to this peer was answered as by one who doesn't understand it. */
    void (*doubt)(void *user, uint64_t session, const char *peer);
    /* The peer has said that it takes no packed envelopes. */
    void (*fall_back)(void *user, const char *peer);
    /* An error has come for a call, by which nothing of it was run: whether that goes elsewhere
     * now. NULL: it never does. */
    bool (*give_way)(void *user, const char *from, const char *id, const struct sx_reply *reply);
    bool plain;                   /* don't tell that we deliver once */
    bool packs;                   /* packed envelopes are taken */
    struct sx_checker *checker;   /* for glances at them */
    size_t max_message_bytes;     /* of one, unpacked */
    struct sx_message_ids *names; /* whose answers are in messages */
    bool messages;                /* requests that come as messages are served, too */
    int64_t max_age_us;           /* of those, SX_NEVER: any */
    bool is_component;            /* has many JIDs, and says which one speaks */
    const char
        *own_jid; /* stands in for a missing `to`, its domain for a client's missing `from` */
};

/* The stanza that the stream delivers; stanza is its tree, NULL when it holds nothing but, perhaps,
 * an envelope. */
void sx_iq_receive(const struct sx_iq_ends *ends, uint64_t session, struct sx_element *stanza,
                   struct sx_stream *stream);

#endif
