/* The speed of a server on a fake clock: a server that reads so many bytes a second, after a burst,
 * and answers each mark when it has read what stands before it. */
#include "../../lib/suite.h"

#include "base/clock.h"
#include "net/speed.h"

enum { MS = 1000, S = 1000 * MS, STANZA_BYTES = 8300, PIECE_BYTES = 4300, PING_BYTES = 100 };

struct server {
    struct sx_speed speed;
    int64_t now_us, round_trip_us;
    uint64_t bytes_per_s, burst_bytes;
    int64_t read_us; /* when all that was written is read */
    int64_t mark_us; /* when the mark is answered; SX_NEVER: none is out */
    int64_t begun_us;
    uint64_t least_s, written, most_ahead; /* bytes: that it had yet to read, at most */
};

static struct server begun(uint64_t bytes_per_s, uint64_t burst_bytes, int64_t round_trip_us)
{
    struct server server = {.bytes_per_s = bytes_per_s,
                            .burst_bytes = burst_bytes,
                            .round_trip_us = round_trip_us,
                            .now_us = 100 * (int64_t)S,
                            .mark_us = SX_NEVER};
    sx_speed_begin(&server.speed, round_trip_us, server.now_us);
    server.read_us = server.now_us;
    return server;
}

static void receive(struct server *server, uint64_t bytes)
{
    uint64_t throttled = bytes;
    if (server->burst_bytes >= bytes)
        throttled = 0;
    else
        throttled -= server->burst_bytes;
    server->burst_bytes -= bytes - throttled;
    if (server->read_us < server->now_us)
        server->read_us = server->now_us;
    server->read_us += (int64_t)(throttled * S / server->bytes_per_s);
    server->written += bytes;
    if (server->read_us > server->now_us) {
        uint64_t ahead = (uint64_t)(server->read_us - server->now_us) * server->bytes_per_s / S;
        if (ahead > server->most_ahead)
            server->most_ahead = ahead;
    }
}

static void mark(struct server *server, bool is_waiting)
{
    if (!sx_speed_wants_mark(&server->speed, is_waiting))
        return;
    sx_speed_mark(&server->speed, PING_BYTES, server->now_us);
    receive(server, PING_BYTES);
    server->mark_us = server->read_us + server->round_trip_us;
}

static void write(struct server *server, size_t bytes, bool is_large)
{
    sx_speed_write(&server->speed, bytes, is_large, server->now_us);
    receive(server, bytes);
    mark(server, false);
}

/* Until then, and answers the mark in time. */
static void pass(struct server *server, int64_t until_us)
{
    if (server->mark_us <= until_us) {
        if (server->mark_us > server->now_us)
            server->now_us = server->mark_us;
        server->mark_us = SX_NEVER;
        sx_speed_answer(&server->speed, server->now_us);
    }
    if (server->now_us < until_us)
        server->now_us = until_us;
}

/* As many large ones as there is time for, or bytes; how long that took. */
static int64_t send(struct server *server, size_t bytes, size_t stanza_bytes)
{
    int64_t begun_us = server->now_us;
    while (bytes > 0) {
        while (!sx_speed_may_write(&server->speed)) {
            mark(server, true);
            CU_ASSERT_NOT_EQUAL_FATAL(server->mark_us, SX_NEVER);
            pass(server, server->mark_us);
        }
        if (stanza_bytes > bytes)
            stanza_bytes = bytes;
        write(server, stanza_bytes, true);
        bytes -= stanza_bytes;
        pass(server, server->now_us); /* what is due already */
    }
    return server->now_us - begun_us;
}

static unsigned rate(const struct server *server)
{
    return sx_speed_bytes_per_s(&server->speed, server->now_us);
}

/* ---- verdicts ---- */

static void a_fast_server_is_known_after_32_kib(void)
{
    struct server server = begun(10000000, 0, 300);
    send(&server, 25000, STANZA_BYTES);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_UNKNOWN);
    send(&server, 60000, STANZA_BYTES);
    pass(&server, server.now_us + S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_FAST);
    CU_ASSERT_TRUE(sx_speed_may_write(&server.speed));
    CU_ASSERT_EQUAL(rate(&server), 0);
}

static void a_distant_one_is_as_well(void)
{
    struct server server = begun(1000000, 0, 600 * MS);
    send(&server, 150000, STANZA_BYTES);
    pass(&server, server.now_us + 2 * (int64_t)S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_FAST);
}

static void expect_slow(uint64_t bytes_per_s, uint64_t burst_bytes, size_t stanza_bytes)
{
    struct server server = begun(bytes_per_s, burst_bytes, 200);
    uint64_t took_ms = (uint64_t)send(&server, 150000, stanza_bytes) / MS;
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_SLOW);
    CU_ASSERT_TRUE(rate(&server) > bytes_per_s * 8 / 10);
    CU_ASSERT_TRUE(rate(&server) < bytes_per_s * 13 / 10);
    /* All of its speed is used, and no more waits than one stanza and what it reads in 0.5 s, but
     * for what was written before anything was known. */
    CU_ASSERT_TRUE(took_ms < (150000 * 105 / 100 - burst_bytes) * 1000 / bytes_per_s);
    CU_ASSERT_TRUE(server.most_ahead < 16384 + stanza_bytes + PING_BYTES);
    server.most_ahead = 0;
    send(&server, 20000, stanza_bytes);
    CU_ASSERT_TRUE(server.most_ahead < stanza_bytes + bytes_per_s / 2 + 1024 + PING_BYTES);
}

static void servers_that_throttle_are_slow_whatever_their_burst(void)
{
    expect_slow(3000, 20000, PIECE_BYTES);
    expect_slow(3000, 20000, STANZA_BYTES);
    expect_slow(10000, 20000, PIECE_BYTES);
    expect_slow(10000, 20000, STANZA_BYTES);
    expect_slow(700, 0, PIECE_BYTES);
}

static void a_large_stanza_tells_as_well(void)
{
    struct server server = begun(3000, 20000, 200);
    send(&server, 150000, 150000);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_UNKNOWN);
    CU_ASSERT_TRUE(sx_speed_look(&server.speed, server.now_us) < server.mark_us);
    sx_speed_look(&server.speed, server.now_us + 2 * (int64_t)S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_UNKNOWN); /* 150 kB may take 4.6 s */
    sx_speed_look(&server.speed, server.now_us + 5 * (int64_t)S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_SLOW);
    CU_ASSERT_FALSE(sx_speed_may_write(&server.speed));
    pass(&server, server.mark_us);
    CU_ASSERT_TRUE(sx_speed_may_write(&server.speed));
    CU_ASSERT_EQUAL(rate(&server), 0); /* one sample */
}

/* What a program sends now and then says nothing about what a server lets through at once. */
static void a_trickle_proves_nothing(void)
{
    struct server server = begun(3000, 20000, 200);
    int i;
    for (i = 0; i < 300; i++) {
        write(&server, 5000, true);
        server.burst_bytes = 20000;
        pass(&server, server.now_us + 5 * (int64_t)S);
    }
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_UNKNOWN);
    for (i = 0; i < 3000; i++) {
        write(&server, 500, true);
        server.burst_bytes = 20000;
        pass(&server, server.now_us + 170 * MS);
    }
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_UNKNOWN);
}

static void small_stanzas_alone_are_not_measured(void)
{
    struct server server = begun(3000, 0, 200);
    int i;
    for (i = 0; i < 1000; i++)
        write(&server, 500, false);
    CU_ASSERT_EQUAL(server.mark_us, SX_NEVER);
    CU_ASSERT_TRUE(sx_speed_may_write(&server.speed));
    CU_ASSERT_EQUAL(sx_speed_look(&server.speed, server.now_us + 1000 * (int64_t)S), SX_NEVER);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_UNKNOWN);
}

/* A machine that stood still for a while: once it goes on, it is fast again before long. */
static void one_slow_sample_is_soon_forgotten(void)
{
    struct server server = begun(10000000, 0, 300);
    send(&server, 100000, STANZA_BYTES);
    pass(&server, server.now_us + S);
    server.read_us = server.now_us + 12 * (int64_t)S;
    write(&server, 300000, true); /* may take 9.2 s */
    sx_speed_look(&server.speed, server.now_us + 9 * (int64_t)S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_FAST);
    sx_speed_look(&server.speed, server.now_us + 10 * (int64_t)S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_SLOW);
    pass(&server, server.now_us + 13 * (int64_t)S);
    CU_ASSERT_EQUAL(rate(&server), 0);
    send(&server, 60000, PIECE_BYTES);
    pass(&server, server.now_us + S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_FAST);
}

static struct server fast(void)
{
    struct server server = begun(10000000, 0, 300);
    send(&server, 100000, STANZA_BYTES);
    pass(&server, server.now_us + S);
    CU_ASSERT_EQUAL_FATAL(server.speed.verdict, SX_SPEED_FAST);
    return server;
}

/* One stanza, whose mark is answered after so long. */
static void wait_for(struct server *server, size_t bytes, int64_t us)
{
    server->read_us = server->now_us + us;
    write(server, bytes, true);
    mark(server, true);
    pass(server, server->mark_us);
}

/* It stood still once, and its answers take a while, as those of a machine that has much to do. */
static void a_pause_is_no_rate(void)
{
    struct server server = fast();
    wait_for(&server, 300000, 12 * (int64_t)S);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_SLOW);
    wait_for(&server, 3000, 150 * MS);
    wait_for(&server, 3000, 150 * MS);
    wait_for(&server, 3000, 150 * MS);
    CU_ASSERT_EQUAL(rate(&server), 0);
}

static void a_sender_that_rests_makes_no_server_slow(void)
{
    struct server server = fast();
    int i;
    for (i = 0; i < 60; i++) {
        write(&server, 5000, true);
        pass(&server, server.now_us + 400 * MS);
        CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_FAST);
        if (server.speed.large - server.speed.large_marked > 254000)
            server.read_us = server.now_us + 1100 * MS;
    }
}

/* Nobody has measured for long: what was then isn't what is now. */
static void an_old_rate_is_not_revived(void)
{
    struct server server = begun(3000, 0, 200);
    send(&server, 60000, PIECE_BYTES);
    CU_ASSERT_NOT_EQUAL(rate(&server), 0);
    pass(&server, server.now_us + 40 * (int64_t)S);
    CU_ASSERT_EQUAL(rate(&server), 0);
    server.bytes_per_s = 10000000;
    wait_for(&server, 3000, 150 * MS);
    CU_ASSERT_EQUAL(rate(&server), 0);
}

static void a_rate_outlives_a_session_but_not_half_a_minute(void)
{
    struct server server = begun(3000, 0, 200);
    unsigned bytes_per_s;
    send(&server, 60000, PIECE_BYTES);
    bytes_per_s = rate(&server);
    CU_ASSERT_NOT_EQUAL(bytes_per_s, 0);
    sx_speed_begin(&server.speed, 200, server.now_us);
    CU_ASSERT_EQUAL(rate(&server), bytes_per_s);
    CU_ASSERT_TRUE(sx_speed_may_write(&server.speed));
    server.now_us += 31 * (int64_t)S;
    CU_ASSERT_EQUAL(rate(&server), 0);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_SLOW);
}

/* ---- the gate ---- */

static void slow(struct server *server)
{
    *server = begun(3000, 0, 200);
    send(server, 60000, PIECE_BYTES);
    while (server->mark_us != SX_NEVER)
        pass(server, server->mark_us);
    CU_ASSERT_EQUAL_FATAL(server->speed.verdict, SX_SPEED_SLOW);
}

static void large_ones_get_their_turn_among_small_ones(void)
{
    struct server server;
    int i, large = 0, small = 0;
    slow(&server);
    for (i = 0; i < 400; i++) {
        write(&server, 500, false); /* 5,000 bytes a second, more than it reads */
        small += 500;
        if (sx_speed_may_write(&server.speed)) {
            write(&server, PIECE_BYTES, true);
            large += PIECE_BYTES;
        }
        mark(&server, !sx_speed_may_write(&server.speed));
        pass(&server, server.now_us + 100 * MS);
    }
    CU_ASSERT_TRUE(large > 0);
    CU_ASSERT_TRUE(large <= small);
}

static void who_waits_without_a_mark_gets_one(void)
{
    struct server server;
    slow(&server);
    write(&server, 3000, false);
    CU_ASSERT_FALSE(sx_speed_may_write(&server.speed));
    CU_ASSERT_FALSE(sx_speed_wants_mark(&server.speed, false));
    CU_ASSERT_TRUE(sx_speed_wants_mark(&server.speed, true));
    mark(&server, true);
    pass(&server, server.mark_us);
    CU_ASSERT_TRUE(sx_speed_may_write(&server.speed));
}

static void a_server_that_answers_no_ping_is_slow_and_no_more(void)
{
    struct server server = begun(1000000, 0, 200);
    int64_t due_us;
    write(&server, 25000, true);
    write(&server, 25000, true);
    CU_ASSERT_FALSE(sx_speed_may_write(&server.speed));
    due_us = sx_speed_look(&server.speed, server.now_us);
    due_us = sx_speed_look(&server.speed, due_us);
    CU_ASSERT_EQUAL(server.speed.verdict, SX_SPEED_SLOW);
    CU_ASSERT_EQUAL(due_us, server.now_us + SX_SPEED_PATIENCE_US + (25000 + PING_BYTES) * 400);
    CU_ASSERT_FALSE(sx_speed_may_write(&server.speed));
    CU_ASSERT_EQUAL(sx_speed_look(&server.speed, due_us), SX_NEVER);
    CU_ASSERT_TRUE(sx_speed_wants_mark(&server.speed, true)); /* for the other 25,000 */
    sx_speed_answer(&server.speed, due_us);
    CU_ASSERT_EQUAL(sx_speed_bytes_per_s(&server.speed, due_us), 0);
}

CU_TestInfo tests_speed[] = {
    {"a fast server is known after 32 KiB", a_fast_server_is_known_after_32_kib},
    {"a distant one is as well", a_distant_one_is_as_well},
    {"servers that throttle are slow, whatever their burst",
     servers_that_throttle_are_slow_whatever_their_burst},
    {"a large stanza tells as well", a_large_stanza_tells_as_well},
    {"a trickle proves nothing", a_trickle_proves_nothing},
    {"small stanzas alone aren't measured", small_stanzas_alone_are_not_measured},
    {"one slow sample is soon forgotten", one_slow_sample_is_soon_forgotten},
    {"a pause is no rate", a_pause_is_no_rate},
    {"a sender that rests makes no server slow", a_sender_that_rests_makes_no_server_slow},
    {"an old rate isn't revived", an_old_rate_is_not_revived},
    {"a rate outlives a session, but not half a minute",
     a_rate_outlives_a_session_but_not_half_a_minute},
    {"large ones get their turn among small ones", large_ones_get_their_turn_among_small_ones},
    {"who waits without a mark gets one", who_waits_without_a_mark_gets_one},
    {"a server that answers no ping is slow, and no more",
     a_server_that_answers_no_ping_is_slow_and_no_more},
    CU_TEST_INFO_NULL,
};
