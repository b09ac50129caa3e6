/* liveness.h - the signs of life of one connection: when to ask for one, when to give up.
 *
 * Noun: liveness. A pure state machine: its owner tells it the time and what bytes have come and
 * gone, sends a ping (XEP-0199) when it says so, and ends the connection when it says so.
 *
 * Invariant: a connection is given up only after ping_timeout_us in which not one byte came, and
 * - TCP acknowledged nothing of what was sent into an open window: the network or the host is gone,
 *   ping or no ping; or
 * - a ping was out that came no nearer to the server, after the time that the server may take to
 *   read what it has.
 *
 * Happy path: begin -> hear ... -> silence for keepalive_us -> look says ASK -> ask -> hear -> ...
 * Failure:    ... -> ask -> ping_timeout_us without hear -> look says GONE.
 *
 * Back-pressure is no death. A server that throttles its clients leaves what they send unread: its
 * window is shut for as long, and a ping waits behind all that. Debian's ejabberd reads 3,000 bytes
 * a second. So a server is given the time to read what its TCP has acknowledged, at
 * SX_LIVENESS_READ_BYTES_PER_S, and as much as a server's buffers hold, SX_LIVENESS_UNREAD_BYTES.
 * While its TCP acknowledges what stands before the ping, the wait begins anew.
 *
 * Stood still: when the owner comes so late that the ping's time is over twice, it was the owner
 * who was away (a stopped process); look says ASK once more.
 *
 * Thread: the owner's.
 */
#ifndef SX_NET_LIVENESS_H
#define SX_NET_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/flight.h"

enum { SX_LIVENESS_READ_BYTES_PER_S = 2500, SX_LIVENESS_UNREAD_BYTES = 131072 };

struct sx_liveness {
    int64_t keepalive_us, ping_timeout_us;
    uint64_t heard_bytes;
    int64_t heard_us;       /* the last sign of life */
    bool wanted;            /* a sign is to be asked for now */
    bool asking;            /* a ping is out, and nothing came since */
    int64_t asked_us;       /* while asking: when the ping left, or was last seen to come nearer */
    uint64_t ping_at_bytes; /* while asking: where the ping ends, of all that we sent */
    uint64_t acked_bytes;   /* as of the last flight */
    int64_t read_us;        /* by then the server has read what counts of acked_bytes */
    bool missing;           /* what is out into an open window wasn't acknowledged, */
    int64_t missed_us;      /* since then */
    bool sent;              /* the flight is to be seen again, at flight_us */
    int64_t flight_us;
};

enum sx_liveness_verdict {
    SX_LIVENESS_CALM,
    SX_LIVENESS_ASK, /* send a ping, then sx_liveness_ask() */
    SX_LIVENESS_GONE
};

/* The connection is online at now_us, which is a sign of life; so many bytes have come so far. */
void sx_liveness_begin(struct sx_liveness *liveness, int64_t keepalive_us, int64_t ping_timeout_us,
                       uint64_t heard_bytes, uint64_t acked_bytes, int64_t now_us);

/* How many bytes have come, ever. One more than before is a sign of life. */
void sx_liveness_hear(struct sx_liveness *liveness, uint64_t heard_bytes, int64_t now_us);

/* Somebody has a reason to doubt: the next look asks, unless a ping is out already. */
void sx_liveness_want(struct sx_liveness *liveness);

/* Something was handed over: its flight is to be seen before long. */
void sx_liveness_send(struct sx_liveness *liveness, int64_t now_us);

/* Whether the flight is to be seen now. */
bool sx_liveness_wants_flight(const struct sx_liveness *liveness, int64_t now_us);

/* The flight as it is now. */
void sx_liveness_see(struct sx_liveness *liveness, const struct sx_flight *flight, int64_t now_us);

/* A ping was handed over; it is in this flight's owed_bytes. */
void sx_liveness_ask(struct sx_liveness *liveness, const struct sx_flight *flight, int64_t now_us);

/* What is to be done. *due_us: when to look again at the latest; after SX_LIVENESS_ASK that is only
 * meant for an owner who could not send the ping. */
enum sx_liveness_verdict sx_liveness_look(const struct sx_liveness *liveness, int64_t now_us,
                                          int64_t *due_us);

#endif
