/* passage.h - one connection through the proxy: what comes from a side goes to the other, until the
 * next fault.
 *
 * Private to proxy.c and passage.c. Thread: the proxy's; nothing here blocks.
 */
#ifndef TESTS_PASSAGE_H
#define TESTS_PASSAGE_H

#include <poll.h>

#include "proxy.h"

enum { PASSAGE_FLOW_BYTES = 16384 };

enum passage_side { PASSAGE_CLIENT, PASSAGE_SERVER };

/* One direction: what came from a side and goes to the other one. */
struct passage_flow {
    char bytes[PASSAGE_FLOW_BYTES];
    size_t start, len;
    int64_t not_before_us; /* bytes wait until then */
    bool ended;            /* the source will send no more */
    bool closed;           /* the sink was told so: what still comes is dropped */
};

struct passage {
    const struct proxy_plan *plan;
    int fds[2];
    struct passage_flow from[2];
    bool connecting;
    bool over; /* both sides are closed; to be freed */
    bool calm;
    bool scheduled; /* next is valid */
    uint64_t random;
    struct proxy_fault next;
    uint64_t gap_bytes; /* forwarded since the last fault */
    int64_t due_us, held_until_us, delay_us;
    unsigned delays_left, split_left;
    struct proxy_counts counts; /* what wasn't taken yet: refused, faults, bytes */
};

/* Connects an accepted, non-blocking client to the target; takes client. plan must outlive it.
 * NULL: no memory, client is still the caller's. */
struct passage *passage_new(const struct proxy_plan *plan, uint64_t number, int client,
                            int target_port);
void passage_free(struct passage *passage); /* over */

/* Forwards what can be forwarded, strikes what is due. */
void passage_tend(struct passage *passage);

/* What to poll for, fd -1 for a side to be left alone; brings *deadline forward if need be. */
void passage_watch(const struct passage *passage, struct pollfd polls[2], int64_t *deadline);

/* False if there was nothing left to break. */
bool passage_strike(struct passage *passage, const struct proxy_fault *fault);

void passage_set_calm(struct passage *passage, bool calm);
void passage_resume(struct passage *passage); /* ends a stall */
void passage_end(struct passage *passage, bool with_reset);

/* Closes the client's side alone. False if there was nothing left to close. */
bool passage_abandon(struct passage *passage);

#endif
