/* What TCP says of our bytes: on loopback, with a peer that reads late or not at all. */
#include "../../lib/suite.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/flight.h"
#include "../../lib/tcp.h"

enum { CHUNK_BYTES = 65536, UNSENT_BYTES = 77 };

struct stretch {
    int listener, ours, peers;
    size_t written_bytes;
};

static void stretch_open(struct stretch *stretch)
{
    int port;
    stretch->listener = tcp_listen(1, &port);
    stretch->ours = tcp_connect(port);
    stretch->peers = tcp_accept(stretch->listener);
    stretch->written_bytes = 0;
}

static void stretch_close(struct stretch *stretch)
{
    close(stretch->ours);
    close(stretch->peers);
    close(stretch->listener);
}

static void write_until_full(struct stretch *stretch)
{
    static const char chunk[CHUNK_BYTES];
    ssize_t n;
    while ((n = send(stretch->ours, chunk, sizeof chunk, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        stretch->written_bytes += (size_t)n;
    CU_ASSERT_TRUE(stretch->written_bytes > CHUNK_BYTES);
}

static struct sx_flight look(const struct stretch *stretch)
{
    return sx_flight_look(stretch->ours, UNSENT_BYTES, sx_clock_now_us());
}

static void a_shut_window_is_not_missed(void)
{
    struct stretch stretch;
    struct sx_flight flight;
    int64_t deadline = sx_clock_deadline(TCP_LONG_MS * 1000);
    stretch_open(&stretch);
    write_until_full(&stretch);
    do
        flight = look(&stretch);
    while (flight.is_missed && sx_clock_now_us() < deadline);
    CU_ASSERT_FALSE(flight.is_missed);
    CU_ASSERT_TRUE(flight.acked_bytes > 0);
    CU_ASSERT_TRUE(flight.owed_bytes > UNSENT_BYTES);
    CU_ASSERT_TRUE(flight.acked_us <= sx_clock_now_us());
    stretch_close(&stretch);
}

static void what_is_read_is_acknowledged(void)
{
    struct stretch stretch;
    struct sx_flight flight;
    static char chunk[CHUNK_BYTES];
    int64_t deadline = sx_clock_deadline(TCP_LONG_MS * 1000);
    size_t read_bytes = 0;
    stretch_open(&stretch);
    write_until_full(&stretch);
    while (read_bytes < stretch.written_bytes && tcp_is_ready(stretch.peers, POLLIN, TCP_LONG_MS)) {
        ssize_t n = recv(stretch.peers, chunk, sizeof chunk, 0);
        read_bytes += n > 0 ? (size_t)n : 0;
    }
    do
        flight = look(&stretch);
    while (flight.owed_bytes > UNSENT_BYTES && sx_clock_now_us() < deadline);
    CU_ASSERT_EQUAL(flight.owed_bytes, UNSENT_BYTES);
    CU_ASSERT_TRUE(flight.acked_bytes >= stretch.written_bytes); /* SYN may count */
    CU_ASSERT_FALSE(flight.is_missed);
    stretch_close(&stretch);
}

static void what_is_no_connection_has_no_flight(void)
{
    struct sx_flight flight = sx_flight_look(-1, 0, 1000);
    CU_ASSERT_EQUAL(flight.acked_bytes, 0);
    CU_ASSERT_EQUAL(flight.owed_bytes, 0);
    CU_ASSERT_FALSE(flight.is_missed);
}

CU_TestInfo tests_flight[] = {
    {"a shut window is not missed", a_shut_window_is_not_missed},
    {"what is read is acknowledged", what_is_read_is_acknowledged},
    {"what is no connection has no flight", what_is_no_connection_has_no_flight},
    CU_TEST_INFO_NULL,
};
