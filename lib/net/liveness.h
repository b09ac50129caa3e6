/* liveness.h - the signs of life of one connection: when to ask for one, when to give up.
 *
 * Noun: liveness. A pure state machine: its owner tells it the time and what bytes have come and
 * gone, sends a ping (XEP-0199) when it says so, and ends the connection when it says so.
 *
 * Invariant: a connection is given up only after a ping was out for ping_timeout_us in which not
 * one byte came, and in which the ping came no nearer to the server.
 *
 * Happy path: begin -> hear ... -> silence for keepalive_us -> look says ASK -> ask -> hear -> ...
 * Failure:    ... -> ask -> ping_timeout_us without hear -> look says GONE.
 * A ping behind a queue: what stands before it has to get to the server first, over a line that may
 * be slow. While the server's TCP acknowledges that, the wait begins anew.
 * Stood still: when the owner comes so late that the ping's time is over twice, it was the owner
 * who was away (a stopped process); look says ASK once more.
 *
 * Thread: the owner's.
 */
#ifndef SX_NET_LIVENESS_H
#define SX_NET_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

struct sx_liveness {
    int64_t keepalive_us, ping_timeout_us;
    uint64_t heard_bytes;
    int64_t heard_us; /* the last sign of life */
    bool wanted;      /* a sign is to be asked for now */
    bool asking;      /* a ping is out, and nothing came since */
    int64_t asked_us; /* while asking: when the ping left, or was last seen to come nearer */
    uint64_t acked_bytes, ping_at_bytes; /* while asking: of what we sent; where the ping ends */
};

enum sx_liveness_verdict {
    SX_LIVENESS_CALM,
    SX_LIVENESS_ASK, /* send a ping, then sx_liveness_ask() */
    SX_LIVENESS_GONE
};

/* The connection is online at now_us, which is a sign of life; so many bytes have come so far. */
void sx_liveness_begin(struct sx_liveness *liveness, int64_t keepalive_us, int64_t ping_timeout_us,
                       uint64_t heard_bytes, int64_t now_us);

/* How many bytes have come, ever. One more than before is a sign of life. */
void sx_liveness_hear(struct sx_liveness *liveness, uint64_t heard_bytes, int64_t now_us);

/* Somebody has a reason to doubt: the next look asks, unless a ping is out already. */
void sx_liveness_want(struct sx_liveness *liveness);

/* A ping was handed over. Of all that we ever sent the server's TCP has acknowledged acked_bytes;
 * owed_bytes, the ping among them, are on their way or still to be written. */
void sx_liveness_ask(struct sx_liveness *liveness, uint64_t acked_bytes, uint64_t owed_bytes,
                     int64_t now_us);

/* While asking, before a look: what is acknowledged by now. */
void sx_liveness_reach(struct sx_liveness *liveness, uint64_t acked_bytes, int64_t now_us);

/* What is to be done. *due_us: when to look again at the latest; after SX_LIVENESS_ASK that is only
 * meant for an owner who could not send the ping. */
enum sx_liveness_verdict sx_liveness_look(const struct sx_liveness *liveness, int64_t now_us,
                                          int64_t *due_us);

#endif
