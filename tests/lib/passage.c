/* passage.c - one connection through the proxy, and the faults that befall it.
 *
 * Invariant: bytes that are forwarded stay in order and unchanged, whatever happens to them on
 * their way; never a byte goes out beyond the one at which the next fault is due. Bytes of a
 * connection that was cut, and those for a side that was closed by a fault, are dropped.
 *
 * Happy path: connecting -> read, wait if told to, write ... -> both sides have ended -> over.
 * Failure modes: the target refuses: the client is reset, and it is counted. A side is reset: the
 *                other is, too.
 *
 * Bounds: PASSAGE_FLOW_BYTES held per direction, then the sender is no longer read.
 */
#include "passage.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { SPLIT_PAUSE_US = 1000, US_PER_MS = 1000 };

/* ---- the schedule ---- */

/* splitmix64: every seed is good, 0 too, and neighbouring ones have nothing in common. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static unsigned draw_between(uint64_t *state, unsigned low, unsigned high)
{
    uint64_t random = next_random(state);
    return high > low ? low + (unsigned)(random % ((uint64_t)high - low + 1)) : low;
}

/* A gap of nothing would be a fault without end. */
static unsigned draw_gap(uint64_t *state, unsigned low, unsigned high)
{
    return draw_between(state, low ? low : 1, high);
}

static uint64_t seed_passage(uint64_t seed, uint64_t number)
{
    uint64_t state = number;
    return seed ^ next_random(&state);
}

/* Draws the same number of times for every kind, so that plans which differ in their weights alone
 * strike at the same places. */
static bool draw_fault(const struct proxy_plan *plan, uint64_t *state, struct proxy_fault *fault)
{
    unsigned total = 0, kind, ticket;
    for (kind = 0; kind < PROXY_KINDS; kind++)
        total += plan->weights[kind];
    if (total == 0)
        return false;
    ticket = draw_between(state, 0, total - 1);
    for (kind = 0; ticket >= plan->weights[kind]; kind++)
        ticket -= plan->weights[kind];
    fault->kind = (enum proxy_kind)kind;
    fault->after_bytes = draw_gap(state, plan->min_gap_bytes, plan->max_gap_bytes);
    fault->after_ms = (int)draw_gap(state, (unsigned)plan->min_gap_ms, (unsigned)plan->max_gap_ms);
    fault->hold_ms =
        (int)draw_between(state, (unsigned)plan->min_hold_ms, (unsigned)plan->max_hold_ms);
    fault->to_client = draw_between(state, 0, 1) != 0;
    return true;
}

bool proxy_schedule(const struct proxy_plan *plan, uint64_t connection, struct proxy_fault *faults,
                    size_t count)
{
    uint64_t state = seed_passage(plan->seed, connection);
    size_t i;
    for (i = 0; i < count; i++)
        if (!draw_fault(plan, &state, &faults[i]))
            return false;
    return true;
}

/* The next fault is as far away as the schedule says, from now or from the end of a stall. */
static void rearm(struct passage *passage)
{
    int64_t from_us = sx_clock_now_us();
    if (passage->held_until_us > from_us)
        from_us = passage->held_until_us;
    passage->gap_bytes = 0;
    passage->due_us = from_us + (int64_t)passage->next.after_ms * US_PER_MS;
}

/* ---- faults ---- */

/* Unread bytes would turn the FIN of a close into an RST. */
static void discard_unread(int fd)
{
    char bytes[PASSAGE_FLOW_BYTES];
    int rounds;
    for (rounds = 0; rounds < 256; rounds++)
        if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
            return;
}

void passage_end(struct passage *passage, bool with_reset)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    int side;
    for (side = PASSAGE_CLIENT; side <= PASSAGE_SERVER; side++) {
        int fd = passage->fds[side];
        if (fd < 0)
            continue;
        if (with_reset)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        else
            discard_unread(fd);
        close(fd);
        passage->fds[side] = -1;
    }
    passage->over = true;
}

static bool half_close(struct passage *passage, bool to_client)
{
    struct passage_flow *flow = &passage->from[to_client ? PASSAGE_SERVER : PASSAGE_CLIENT];
    if (flow->closed || passage->connecting)
        return false;
    shutdown(passage->fds[to_client ? PASSAGE_CLIENT : PASSAGE_SERVER], SHUT_WR);
    flow->closed = true;
    flow->len = 0;
    return true;
}

/* To the rest of this file the client has ended, and the server was told so. */
bool passage_abandon(struct passage *passage)
{
    struct passage_flow *flow = passage->from;
    if (passage->over || passage->connecting || passage->fds[PASSAGE_CLIENT] < 0)
        return false;
    discard_unread(passage->fds[PASSAGE_CLIENT]);
    close(passage->fds[PASSAGE_CLIENT]);
    passage->fds[PASSAGE_CLIENT] = -1;
    flow[PASSAGE_CLIENT].ended = true;
    flow[PASSAGE_CLIENT].closed = flow[PASSAGE_SERVER].closed = true;
    flow[PASSAGE_CLIENT].len = flow[PASSAGE_SERVER].len = 0;
    return true;
}

bool passage_strike(struct passage *passage, const struct proxy_fault *fault)
{
    int64_t hold_us = (int64_t)fault->hold_ms * US_PER_MS;
    switch (fault->kind) {
    case PROXY_CUT:
    case PROXY_RESET:
        passage_end(passage, fault->kind == PROXY_RESET);
        break;
    case PROXY_HALF_CLOSE:
        if (!half_close(passage, fault->to_client))
            return false;
        break;
    case PROXY_STALL:
        passage->held_until_us = sx_clock_deadline(hold_us);
        break;
    case PROXY_DELAY:
        passage->delays_left = PROXY_DELAYED_PIECES;
        passage->delay_us = hold_us;
        break;
    case PROXY_SPLIT:
        passage->split_left = PROXY_SPLIT_BYTES;
        break;
    case PROXY_KINDS:
        return false;
    }
    passage->counts.faults[fault->kind]++;
    return true;
}

static bool awaits_fault(const struct passage *passage)
{
    return passage->scheduled && !passage->calm;
}

static void strike_if_due(struct passage *passage)
{
    if (!awaits_fault(passage) ||
        (passage->gap_bytes < passage->next.after_bytes && sx_clock_now_us() < passage->due_us))
        return;
    passage_strike(passage, &passage->next);
    draw_fault(passage->plan, &passage->random, &passage->next);
    rearm(passage);
}

void passage_resume(struct passage *passage)
{
    passage->held_until_us = 0;
    rearm(passage);
}

void passage_set_calm(struct passage *passage, bool calm)
{
    passage->calm = calm;
    if (calm) {
        passage->held_until_us = 0;
        passage->delays_left = passage->split_left = 0;
        passage->from[PASSAGE_CLIENT].not_before_us = 0;
        passage->from[PASSAGE_SERVER].not_before_us = 0;
    }
    rearm(passage);
}

/* ---- forwarding ---- */

static void read_from(struct passage *passage, enum passage_side side)
{
    struct passage_flow *flow = &passage->from[side];
    ssize_t n = recv(passage->fds[side], flow->bytes, sizeof flow->bytes, MSG_DONTWAIT);
    if (n == 0)
        flow->ended = true;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        passage_end(passage, true);
    if (n <= 0 || flow->closed)
        return;
    flow->start = 0;
    flow->len = (size_t)n;
    if (passage->delays_left > 0) {
        passage->delays_left--;
        flow->not_before_us = sx_clock_deadline(passage->delay_us);
    }
}

/* A server may have an expat that reads a tag which is still incomplete again only once there are
 * twice as many bytes (reparse deferral: 2.6, and in security updates of older ones): a stream
 * header in pieces has no answer then, and what follows never comes. */
static bool is_split(const struct passage *passage, enum passage_side side)
{
    return side == PASSAGE_SERVER && passage->split_left > 0;
}

/* How many bytes may go out at once: not beyond the next fault, unless that is a split, which
 * leaves the client's alone; and few in a split. */
static size_t next_piece(const struct passage *passage, enum passage_side side, size_t len)
{
    size_t few = 1 + passage->split_left / 2 % 3;
    bool cuts = side == PASSAGE_SERVER || passage->next.kind != PROXY_SPLIT;
    if (is_split(passage, side) && len > few)
        len = few;
    if (awaits_fault(passage) && cuts && len > passage->next.after_bytes - passage->gap_bytes)
        len = (size_t)(passage->next.after_bytes - passage->gap_bytes);
    return len;
}

static void write_from(struct passage *passage, enum passage_side side)
{
    struct passage_flow *flow = &passage->from[side];
    ssize_t n = send(passage->fds[!side], flow->bytes + flow->start,
                     next_piece(passage, side, flow->len), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        passage_end(passage, true);
    if (n <= 0)
        return;
    flow->start += (size_t)n;
    flow->len -= (size_t)n;
    passage->gap_bytes += (uint64_t)n;
    passage->counts.bytes += (uint64_t)n;
    if (is_split(passage, side)) {
        passage->split_left -= passage->split_left > n ? (unsigned)n : passage->split_left;
        flow->not_before_us = sx_clock_deadline(SPLIT_PAUSE_US);
    }
}

static bool is_held(const struct passage *passage)
{
    return sx_clock_now_us() < passage->held_until_us;
}

static void forward(struct passage *passage, enum passage_side side)
{
    struct passage_flow *flow = &passage->from[side];
    if (passage->over || is_held(passage))
        return;
    if (flow->len == 0 && !flow->ended)
        read_from(passage, side);
    if (!passage->over && flow->len > 0 && sx_clock_now_us() >= flow->not_before_us)
        write_from(passage, side);
    if (passage->over)
        return;
    if (flow->ended && flow->len == 0 && !flow->closed) {
        shutdown(passage->fds[!side], SHUT_WR);
        flow->closed = true;
    }
    strike_if_due(passage);
}

static bool has_ended(const struct passage *passage)
{
    const struct passage_flow *a = &passage->from[PASSAGE_CLIENT];
    const struct passage_flow *b = &passage->from[PASSAGE_SERVER];
    return a->ended && b->ended && a->len == 0 && b->len == 0;
}

/* ---- the connection ---- */

static int connect_target(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0 &&
        errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void refuse(struct passage *passage)
{
    passage->counts.refused++;
    passage_end(passage, true);
}

struct passage *passage_new(const struct proxy_plan *plan, uint64_t number, int client,
                            int target_port)
{
    struct passage *passage = calloc(1, sizeof *passage);
    int one = 1;
    if (!passage)
        return NULL;
    passage->plan = plan;
    passage->random = seed_passage(plan->seed, number);
    passage->scheduled = draw_fault(plan, &passage->random, &passage->next);
    passage->connecting = true;
    passage->fds[PASSAGE_CLIENT] = client;
    passage->fds[PASSAGE_SERVER] = connect_target(target_port);
    if (passage->fds[PASSAGE_SERVER] < 0) {
        refuse(passage);
        return passage;
    }
    /* Without it the kernel would put the pieces of a split together again. */
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(passage->fds[PASSAGE_SERVER], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return passage;
}

void passage_free(struct passage *passage)
{
    free(passage);
}

static void finish_connect(struct passage *passage)
{
    struct sockaddr_in peer;
    socklen_t peer_len = sizeof peer, error_len = sizeof(int);
    int error = 0, fd = passage->fds[PASSAGE_SERVER];
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0 || error) {
        refuse(passage);
    } else if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0) {
        passage->connecting = false;
        rearm(passage);
    }
}

void passage_tend(struct passage *passage)
{
    if (passage->over)
        return;
    if (passage->connecting)
        finish_connect(passage);
    if (passage->over || passage->connecting || is_held(passage))
        return;
    strike_if_due(passage);
    forward(passage, PASSAGE_CLIENT);
    forward(passage, PASSAGE_SERVER);
    if (!passage->over && has_ended(passage))
        passage_end(passage, false);
}

static void keep_earliest(int64_t *deadline, int64_t other)
{
    if (other < *deadline)
        *deadline = other;
}

static void watch_flows(const struct passage *passage, struct pollfd polls[2], int64_t *deadline)
{
    int side;
    for (side = PASSAGE_CLIENT; side <= PASSAGE_SERVER; side++) {
        const struct passage_flow *flow = &passage->from[side];
        if (flow->len > 0 && sx_clock_now_us() < flow->not_before_us)
            keep_earliest(deadline, flow->not_before_us);
        else if (flow->len > 0)
            polls[!side].events |= POLLOUT;
        else if (!flow->ended)
            polls[side].events |= POLLIN;
    }
}

void passage_watch(const struct passage *passage, struct pollfd polls[2], int64_t *deadline)
{
    int side;
    polls[PASSAGE_CLIENT] = polls[PASSAGE_SERVER] = (struct pollfd){.fd = -1};
    if (passage->connecting) {
        polls[PASSAGE_SERVER].events = POLLOUT;
    } else if (is_held(passage)) {
        keep_earliest(deadline, passage->held_until_us);
    } else {
        if (awaits_fault(passage))
            keep_earliest(deadline, passage->due_us);
        watch_flows(passage, polls, deadline);
    }
    /* One without events stays -1: poll() tells of a hang-up whether asked or not. */
    for (side = PASSAGE_CLIENT; side <= PASSAGE_SERVER; side++)
        if (polls[side].events)
            polls[side].fd = passage->fds[side];
}
