/* The fault proxy, between two plain sockets: what it breaks, and that it breaks nothing else. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"

enum { HOLD_MS = 80, FAR_MS = 600000, BULK_BYTES = 1 << 20, US_PER_MS = 1000 };

struct bridge {
    struct proxy *proxy;
    int listener, client, server;
};

static void join_ends(struct bridge *bridge)
{
    bridge->client = tcp_connect(proxy_port(bridge->proxy));
    CU_ASSERT_FATAL(bridge->client >= 0);
    bridge->server = tcp_accept(bridge->listener);
}

static void part_ends(struct bridge *bridge)
{
    close(bridge->client);
    close(bridge->server);
}

static void open_bridge(struct bridge *bridge, const struct proxy_plan *plan)
{
    int port = 0;
    bridge->listener = tcp_listen(16, &port);
    CU_ASSERT_FATAL(bridge->listener >= 0);
    bridge->proxy = proxy_start(port, plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bridge->proxy);
    join_ends(bridge);
}

static void close_bridge(struct bridge *bridge)
{
    part_ends(bridge);
    proxy_stop(bridge->proxy);
    close(bridge->listener);
}

static unsigned count_faults(struct proxy *proxy, enum proxy_kind kind)
{
    struct proxy_counts counts;
    proxy_counts(proxy, &counts);
    return counts.faults[kind];
}

/* A plan with one kind of fault, at that byte. */
static struct proxy_plan plan_one(enum proxy_kind kind, unsigned after_bytes)
{
    struct proxy_plan plan = {.seed = 7,
                              .min_gap_bytes = after_bytes,
                              .max_gap_bytes = after_bytes,
                              .min_gap_ms = FAR_MS,
                              .max_gap_ms = FAR_MS,
                              .min_hold_ms = HOLD_MS,
                              .max_hold_ms = HOLD_MS};
    plan.weights[kind] = 1;
    return plan;
}

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 31 + i / 251);
}

/* Up to one piece of the pattern from offset on; returns how much was sent. */
static size_t send_pattern(int fd, size_t offset)
{
    unsigned char bytes[8192];
    size_t i, len = BULK_BYTES - offset < sizeof bytes ? BULK_BYTES - offset : sizeof bytes;
    ssize_t n;
    for (i = 0; i < len; i++)
        bytes[i] = pattern(offset + i);
    n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}

static size_t receive_pattern(int fd, size_t offset)
{
    unsigned char bytes[8192];
    size_t i, wrong = 0;
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    CU_ASSERT_FATAL(n > 0);
    for (i = 0; i < (size_t)n; i++)
        wrong += bytes[i] != pattern(offset + i);
    CU_ASSERT_EQUAL_FATAL(wrong, 0);
    return (size_t)n;
}

static void carry_bulk(int from, int to)
{
    size_t sent = 0, came = 0;
    while (came < BULK_BYTES) {
        struct pollfd polls[2] = {{.fd = sent < BULK_BYTES ? from : -1, .events = POLLOUT},
                                  {.fd = to, .events = POLLIN}};
        CU_ASSERT_FATAL(poll(polls, 2, TCP_LONG_MS) > 0);
        if (polls[0].revents)
            sent += send_pattern(from, sent);
        if (polls[1].revents)
            came += receive_pattern(to, came);
    }
}

static void a_proxy_without_a_plan_changes_nothing(void)
{
    struct bridge bridge;
    struct proxy_counts counts;
    int kind;
    open_bridge(&bridge, NULL);
    carry_bulk(bridge.client, bridge.server);
    carry_bulk(bridge.server, bridge.client);
    shutdown(bridge.client, SHUT_WR);
    tcp_assert_ends(bridge.server, "", 0);
    tcp_say(bridge.server, "still");
    shutdown(bridge.server, SHUT_WR);
    tcp_assert_ends(bridge.client, "still", 0);
    proxy_counts(bridge.proxy, &counts);
    CU_ASSERT_EQUAL(counts.bytes, 2 * BULK_BYTES + 5);
    CU_ASSERT_EQUAL(counts.connections, 1);
    for (kind = 0; kind < PROXY_KINDS; kind++)
        CU_ASSERT_EQUAL(counts.faults[kind], 0);
    close_bridge(&bridge);
}

static void one_seed_gives_one_schedule(void)
{
    enum { COUNT = 50 };
    struct proxy_plan plan = {.seed = 42,
                              .weights = {1, 1, 1, 1, 1, 1},
                              .min_gap_bytes = 10,
                              .max_gap_bytes = 2000,
                              .min_gap_ms = 5,
                              .max_gap_ms = 300,
                              .max_hold_ms = 90};
    struct proxy_fault a[COUNT] = {{0}}, b[COUNT] = {{0}}, other[COUNT] = {{0}},
                       next[COUNT] = {{0}};
    unsigned kinds = 0, i;
    CU_ASSERT_TRUE(proxy_schedule(&plan, 3, a, COUNT));
    CU_ASSERT_TRUE(proxy_schedule(&plan, 3, b, COUNT));
    CU_ASSERT_TRUE(proxy_schedule(&plan, 4, next, COUNT));
    plan.seed = 43;
    CU_ASSERT_TRUE(proxy_schedule(&plan, 3, other, COUNT));
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a, other, sizeof a), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a, next, sizeof a), 0);
    for (i = 0; i < COUNT; i++) {
        kinds |= 1u << a[i].kind;
        CU_ASSERT_TRUE(a[i].after_bytes >= 10 && a[i].after_bytes <= 2000);
        CU_ASSERT_TRUE(a[i].after_ms >= 5 && a[i].after_ms <= 300);
        CU_ASSERT_TRUE(a[i].hold_ms >= 0 && a[i].hold_ms <= 90);
    }
    CU_ASSERT_EQUAL(kinds, (1u << PROXY_KINDS) - 1);
    memset(plan.weights, 0, sizeof plan.weights);
    CU_ASSERT_FALSE(proxy_schedule(&plan, 3, a, COUNT));
}

static void a_cut_falls_on_its_byte(void)
{
    struct proxy_plan plan = plan_one(PROXY_CUT, 7);
    struct bridge bridge;
    open_bridge(&bridge, &plan);
    tcp_say(bridge.client, "<iq to='bob'/>");
    tcp_assert_ends(bridge.server, "<iq to=", 0);
    tcp_assert_ends(bridge.client, "", 0);
    CU_ASSERT_TRUE(proxy_await(bridge.proxy, PROXY_CUT, 1, TCP_LONG_MS));
    part_ends(&bridge);
    join_ends(&bridge);
    tcp_say(bridge.server, "back again");
    tcp_assert_ends(bridge.client, "back ag", 0);
    CU_ASSERT_TRUE(proxy_await(bridge.proxy, PROXY_CUT, 2, TCP_LONG_MS));
    close_bridge(&bridge);
}

static void a_reset_is_seen_as_one(void)
{
    struct proxy_plan plan = plan_one(PROXY_RESET, 3);
    struct bridge bridge;
    open_bridge(&bridge, &plan);
    tcp_say(bridge.client, "abcdef");
    CU_ASSERT_EQUAL(tcp_read_to_end(bridge.server), ECONNRESET);
    tcp_assert_ends(bridge.client, "", ECONNRESET);
    CU_ASSERT_TRUE(proxy_await(bridge.proxy, PROXY_RESET, 1, TCP_LONG_MS));
    close_bridge(&bridge);
}

static void a_fault_comes_with_time_alone(void)
{
    struct proxy_plan plan = plan_one(PROXY_CUT, 1000000);
    struct bridge bridge;
    int64_t begun_us = sx_clock_now_us();
    plan.min_gap_ms = plan.max_gap_ms = HOLD_MS;
    open_bridge(&bridge, &plan);
    tcp_assert_ends(bridge.client, "", 0);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us >= HOLD_MS * US_PER_MS);
    close_bridge(&bridge);
}

static void a_half_closed_side_can_still_send(void)
{
    struct bridge bridge;
    open_bridge(&bridge, NULL);
    CU_ASSERT_EQUAL(proxy_half_close_now(bridge.proxy, false), 1);
    tcp_assert_ends(bridge.server, "", 0);
    tcp_say(bridge.server, "to the client");
    tcp_assert_hears(bridge.client, "to the client");
    tcp_say(bridge.client, "dropped"); /* nobody tells the client */
    tcp_assert_quiet(bridge.client);
    CU_ASSERT_EQUAL(proxy_half_close_now(bridge.proxy, false), 0);
    CU_ASSERT_EQUAL(proxy_half_close_now(bridge.proxy, true), 1);
    tcp_assert_ends(bridge.client, "", 0);
    CU_ASSERT_EQUAL(count_faults(bridge.proxy, PROXY_HALF_CLOSE), 2);
    close_bridge(&bridge);
}

static void a_stall_holds_bytes_back_and_no_more(void)
{
    struct proxy_plan plan = plan_one(PROXY_STALL, 4);
    struct bridge bridge;
    int64_t begun_us;
    open_bridge(&bridge, &plan);
    begun_us = sx_clock_now_us();
    tcp_say(bridge.client, "1234567");
    tcp_assert_hears(bridge.server, "1234567");
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us >= HOLD_MS * US_PER_MS);
    CU_ASSERT_EQUAL(count_faults(bridge.proxy, PROXY_STALL), 1);
    proxy_set_calm(bridge.proxy, true);
    CU_ASSERT_EQUAL(proxy_stall_now(bridge.proxy, FAR_MS), 1);
    tcp_say(bridge.server, "waits");
    tcp_assert_quiet(bridge.client);
    proxy_resume(bridge.proxy);
    tcp_assert_hears(bridge.client, "waits");
    close_bridge(&bridge);
}

static void a_delay_holds_each_piece_back(void)
{
    struct proxy_plan plan = plan_one(PROXY_DELAY, 1);
    struct bridge bridge;
    int64_t begun_us;
    open_bridge(&bridge, &plan);
    tcp_say(bridge.client, "a");
    tcp_assert_hears(bridge.server, "a");
    CU_ASSERT_TRUE(proxy_await(bridge.proxy, PROXY_DELAY, 1, TCP_LONG_MS));
    begun_us = sx_clock_now_us();
    tcp_say(bridge.server, "b");
    tcp_assert_hears(bridge.client, "b");
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us >= HOLD_MS * US_PER_MS);
    close_bridge(&bridge);
}

/* 90 bytes of the server's in pieces of three at most, each 1 ms after the one before. */
static void a_split_takes_bytes_apart(void)
{
    static const char text[] = "123456789 123456789 123456789 123456789 123456789 123456789 "
                               "123456789 123456789 123456789 ";
    struct bridge bridge;
    int64_t begun_us;
    open_bridge(&bridge, NULL);
    CU_ASSERT_EQUAL(proxy_split_now(bridge.proxy), 1);
    begun_us = sx_clock_now_us();
    tcp_say(bridge.server, text);
    tcp_assert_hears(bridge.client, text);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us >= (90 / 3 - 1) * US_PER_MS);
    CU_ASSERT_EQUAL(count_faults(bridge.proxy, PROXY_SPLIT), 1);
    close_bridge(&bridge);
}

/* The server's parser may wait for more of a tag that comes in pieces: tests/lib/passage.c. */
static void a_split_that_is_due_cuts_nothing_of_the_client(void)
{
    struct proxy_plan plan = plan_one(PROXY_SPLIT, 1);
    struct bridge bridge;
    open_bridge(&bridge, &plan);
    tcp_say(bridge.client, "<stream>");
    tcp_assert_hears(bridge.server, "<stream>");
    CU_ASSERT_TRUE(proxy_await(bridge.proxy, PROXY_SPLIT, 1, TCP_LONG_MS));
    CU_ASSERT_EQUAL(count_faults(bridge.proxy, PROXY_SPLIT), 1); /* one piece, one fault */
    close_bridge(&bridge);
}

static void an_abandoned_server_hears_nothing_of_it(void)
{
    struct bridge bridge;
    open_bridge(&bridge, NULL);
    CU_ASSERT_EQUAL(proxy_abandon_now(bridge.proxy), 1);
    tcp_assert_ends(bridge.client, "", 0);
    CU_ASSERT_EQUAL(proxy_abandon_now(bridge.proxy), 0);
    tcp_say(bridge.server, "for nobody");
    tcp_assert_quiet(bridge.server);
    close_bridge(&bridge);
}

static void a_black_hole_takes_connections_and_gives_nothing(void)
{
    struct bridge bridge;
    struct proxy_counts counts;
    int late, late_server;
    open_bridge(&bridge, NULL);
    proxy_black_hole(bridge.proxy);
    tcp_say(bridge.client, "early");
    late = tcp_connect(proxy_port(bridge.proxy));
    tcp_say(late, "late");
    proxy_counts(bridge.proxy, &counts); /* an order wakes the proxy up, and it stays a hole */
    CU_ASSERT_EQUAL(counts.connections, 1);
    tcp_assert_quiet(bridge.server);
    tcp_assert_quiet(bridge.listener);
    tcp_assert_quiet(bridge.client);
    tcp_assert_quiet(late);
    proxy_resume(bridge.proxy);
    tcp_assert_hears(bridge.server, "early");
    late_server = tcp_accept(bridge.listener);
    tcp_assert_hears(late_server, "late");
    close(late);
    close(late_server);
    close_bridge(&bridge);
}

static void calm_puts_an_end_to_faults(void)
{
    struct proxy_plan plan = plan_one(PROXY_CUT, 3);
    struct bridge bridge;
    open_bridge(&bridge, &plan);
    proxy_set_calm(bridge.proxy, true);
    tcp_say(bridge.client, "more than three");
    tcp_assert_hears(bridge.server, "more than three");
    CU_ASSERT_EQUAL(proxy_stall_now(bridge.proxy, FAR_MS), 1);
    proxy_set_calm(bridge.proxy, true);
    tcp_say(bridge.client, "on");
    tcp_assert_hears(bridge.server, "on");
    proxy_set_calm(bridge.proxy, false);
    tcp_say(bridge.client, "cut me");
    tcp_assert_ends(bridge.server, "cut", 0);
    close_bridge(&bridge);
}

static void a_missing_target_resets_the_client(void)
{
    struct bridge bridge;
    struct proxy_counts counts;
    int client;
    open_bridge(&bridge, NULL);
    close(bridge.listener);
    client = tcp_connect(proxy_port(bridge.proxy));
    tcp_assert_ends(client, "", ECONNRESET);
    proxy_counts(bridge.proxy, &counts);
    CU_ASSERT_EQUAL(counts.connections, 2);
    CU_ASSERT_EQUAL(counts.refused, 1);
    CU_ASSERT_EQUAL(counts.open, 1);
    close(client);
    part_ends(&bridge);
    proxy_stop(bridge.proxy);
}

static void orders_strike_every_connection(void)
{
    struct bridge bridge, other;
    open_bridge(&bridge, NULL);
    other = bridge;
    join_ends(&other);
    CU_ASSERT_EQUAL(proxy_delay_now(bridge.proxy, 1), 2);
    CU_ASSERT_EQUAL(proxy_reset_now(bridge.proxy), 2);
    tcp_assert_ends(bridge.client, "", ECONNRESET);
    tcp_assert_ends(other.server, "", ECONNRESET);
    CU_ASSERT_EQUAL(proxy_cut_now(bridge.proxy), 0);
    part_ends(&other);
    other = bridge;
    join_ends(&other);
    CU_ASSERT_EQUAL(proxy_cut_now(bridge.proxy), 1);
    tcp_assert_ends(other.client, "", 0);
    part_ends(&other);
    CU_ASSERT_EQUAL(count_faults(bridge.proxy, PROXY_RESET), 2);
    CU_ASSERT_EQUAL(count_faults(bridge.proxy, PROXY_CUT), 1);
    close_bridge(&bridge);
}

static void the_proxy_stops_in_the_middle_of_anything(void)
{
    struct bridge bridge;
    open_bridge(&bridge, NULL);
    proxy_stall_now(bridge.proxy, FAR_MS);
    proxy_black_hole(bridge.proxy);
    tcp_say(bridge.client, "on its way");
    proxy_stop(bridge.proxy);
    tcp_assert_ends(bridge.server, "", 0);
    part_ends(&bridge);
    close(bridge.listener);
}

/* One message through the bridge; false if it got lost, which its reader is told. */
static bool carry_message(const struct bridge *bridge)
{
    char message[64] = {0};
    size_t came = 0;
    ssize_t n = send(bridge->client, message, sizeof message, MSG_NOSIGNAL);
    while (n > 0 && came < sizeof message) {
        CU_ASSERT_TRUE_FATAL(tcp_is_ready(bridge->server, POLLIN, TCP_LONG_MS));
        n = recv(bridge->server, message, sizeof message - came, 0);
        came += n > 0 ? (size_t)n : 0;
    }
    return came == sizeof message;
}

static void a_stubborn_client_gets_through_all_kinds(void)
{
    struct proxy_plan plan = {.seed = 20,
                              .weights = {1, 1, 1, 1, 1, 1},
                              .min_gap_bytes = 20,
                              .max_gap_bytes = 200,
                              .min_gap_ms = FAR_MS,
                              .max_gap_ms = FAR_MS,
                              .min_hold_ms = 1,
                              .max_hold_ms = 10};
    struct bridge bridge;
    struct proxy_counts counts;
    int i;
    open_bridge(&bridge, &plan);
    for (i = 0; i < 120; i++) {
        if (carry_message(&bridge))
            continue;
        part_ends(&bridge);
        join_ends(&bridge);
    }
    proxy_set_calm(bridge.proxy, true);
    part_ends(&bridge);
    join_ends(&bridge);
    carry_bulk(bridge.client, bridge.server);
    proxy_counts(bridge.proxy, &counts);
    for (i = 0; i < PROXY_KINDS; i++)
        CU_ASSERT_TRUE(counts.faults[i] > 0);
    close_bridge(&bridge);
}

CU_TestInfo tests_ground[] = {
    {"a proxy without a plan changes nothing", a_proxy_without_a_plan_changes_nothing},
    {"one seed gives one schedule", one_seed_gives_one_schedule},
    {"a cut falls on its byte", a_cut_falls_on_its_byte},
    {"a reset is seen as one", a_reset_is_seen_as_one},
    {"a fault comes with time alone", a_fault_comes_with_time_alone},
    {"a half-closed side can still send", a_half_closed_side_can_still_send},
    {"a stall holds bytes back and no more", a_stall_holds_bytes_back_and_no_more},
    {"a delay holds each piece back", a_delay_holds_each_piece_back},
    {"a split takes bytes apart", a_split_takes_bytes_apart},
    {"a split that is due cuts nothing of the client",
     a_split_that_is_due_cuts_nothing_of_the_client},
    {"an abandoned server hears nothing of it", an_abandoned_server_hears_nothing_of_it},
    {"a black hole takes connections and gives nothing",
     a_black_hole_takes_connections_and_gives_nothing},
    {"calm puts an end to faults", calm_puts_an_end_to_faults},
    {"a missing target resets the client", a_missing_target_resets_the_client},
    {"orders strike every connection", orders_strike_every_connection},
    {"the proxy stops in the middle of anything", the_proxy_stops_in_the_middle_of_anything},
    {"a stubborn client gets through all kinds of faults",
     a_stubborn_client_gets_through_all_kinds},
    CU_TEST_INFO_NULL,
};
