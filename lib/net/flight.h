/* flight.h - what TCP has of ours: acknowledged, on its way, or waiting.
 *
 * Noun: the flight. Asked of the kernel, so that a server that reads slowly can be told from one
 * that is gone: its TCP goes on to acknowledge, or says that its window is shut.
 *
 * Failure: a kernel that doesn't count (before Linux 5.4, a sandbox) has a flight of zeros, in
 * which nothing is ever acknowledged or missed; what is left is the wait for an answer.
 *
 * Thread: any. Never blocks.
 */
#ifndef SX_NET_FLIGHT_H
#define SX_NET_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sx_flight {
    uint64_t acked_bytes;  /* of all that was ever written, the server's TCP has */
    uint64_t owed_bytes;   /* written and not acknowledged, or not written yet */
    bool is_missed;        /* segments are out, sent into an open window, and not acknowledged */
    int64_t acked_us;      /* when the last acknowledgement came, of old bytes or new */
    int64_t round_trip_us; /* the shortest that was seen; 0: unknown */
};

/* unsent_bytes: what isn't written yet. */
struct sx_flight sx_flight_look(int fd, size_t unsent_bytes, int64_t now_us);

#endif
