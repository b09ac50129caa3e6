/* proxy.h - a TCP proxy on loopback that breaks what goes through it, on a seeded schedule.
 *
 * Faults are scheduled per connection: after so many bytes or so many milliseconds, whichever comes
 * first, counted from the end of the fault before. A fault by bytes strikes at exactly that byte,
 * in the middle of whatever record or stanza it belongs to. A schedule depends on the plan and on
 * the connection's number alone, so that a seed brings the same faults again.
 *
 * Functions that act on the connections return when it is done. Any thread.
 */
#ifndef TESTS_PROXY_H
#define TESTS_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proxy;

enum proxy_kind {
    PROXY_CUT,        /* closes both sides */
    PROXY_RESET,      /* the same with RST */
    PROXY_HALF_CLOSE, /* one side sees the end, what it still sends gets through */
    PROXY_STALL,      /* nothing is forwarded for hold_ms; TCP stays up */
    PROXY_DELAY,      /* each of the next pieces waits for hold_ms */
    PROXY_SPLIT,      /* the server's next bytes go out in pieces of one to three, 1 ms apart */
    PROXY_KINDS
};

/* Pieces that a delay delays, bytes that a split splits. */
enum { PROXY_DELAYED_PIECES = 4, PROXY_SPLIT_BYTES = 256 };

struct proxy_plan {
    uint64_t seed;
    unsigned weights[PROXY_KINDS]; /* how likely one kind is beside the others; all 0: no faults */
    unsigned min_gap_bytes, max_gap_bytes; /* before each fault, forwarded in both directions */
    int min_gap_ms, max_gap_ms;
    int min_hold_ms, max_hold_ms;
};

struct proxy_fault {
    enum proxy_kind kind;
    unsigned after_bytes;
    int after_ms, hold_ms;
    bool to_client; /* PROXY_HALF_CLOSE: who sees the end */
};

struct proxy_counts {
    unsigned connections;         /* accepted, ever */
    unsigned refused;             /* of them: the target wasn't there */
    unsigned open;                /* now */
    unsigned faults[PROXY_KINDS]; /* that struck, scheduled or not */
    uint64_t bytes;               /* forwarded, both directions */
};

/* The first count faults of the connection with that number (from 0); false if the plan has none,
 * faults untouched. A cut or a reset is the last that takes place. */
bool proxy_schedule(const struct proxy_plan *plan, uint64_t connection, struct proxy_fault *faults,
                    size_t count);

/* Listens on a free port of 127.0.0.1 and forwards to target_port there. plan is copied; NULL: no
 * faults but those asked for. Prints the seed of a plan with faults. NULL: no memory, descriptors
 * or threads. */
struct proxy *proxy_start(int target_port, const struct proxy_plan *plan);
int proxy_port(const struct proxy *proxy);

/* Closes every connection, ends the thread and joins it. NULL allowed. */
void proxy_stop(struct proxy *proxy);

/* Strike all connections at once. Return how many were hit. */
unsigned proxy_cut_now(struct proxy *proxy);
unsigned proxy_reset_now(struct proxy *proxy);
unsigned proxy_half_close_now(struct proxy *proxy, bool to_client);
unsigned proxy_stall_now(struct proxy *proxy, int hold_ms);
unsigned proxy_delay_now(struct proxy *proxy, int hold_ms);
unsigned proxy_split_now(struct proxy *proxy);

/* Closes the clients' sides alone. The servers keep theirs and hear nothing of it, as if a client's
 * machine had lost its address: what they still send is dropped. No kind of a schedule. */
unsigned proxy_abandon_now(struct proxy *proxy);

/* Until resumed nothing is accepted and nothing forwarded, while TCP says ESTABLISHED. */
void proxy_black_hole(struct proxy *proxy);

/* Ends the black hole and every stall. */
void proxy_resume(struct proxy *proxy);

/* Calm, no scheduled fault begins, and stalls, delays and splits that go on end. Not calm again,
 * each connection's next fault is as far away as at first. */
void proxy_set_calm(struct proxy *proxy, bool calm);

void proxy_counts(struct proxy *proxy, struct proxy_counts *counts);

/* Waits until so many faults of that kind have struck; false after timeout_ms. */
bool proxy_await(struct proxy *proxy, enum proxy_kind kind, unsigned count, int timeout_ms);

#endif
