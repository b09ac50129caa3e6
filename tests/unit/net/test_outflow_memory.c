/* The outflow: what a connection carries, in its order, whether there is memory or not. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/allocator.h"
#include "net/outflow.h"
#include "../stream_peer.h"
#include "tcp.h"

extern CU_TestInfo tests_outflow_memory[];

enum { SMALL_BYTES = 100, LARGE_BYTES = 17000, S = 1000000 };

#define PING "<iq>p"
#define END  "<iq>."

/* Between the outflow and the test: a connection without a login. While a test runs. */
static struct {
    xmpp_conn_t *conn;
    int listener, peer;
    bool is_connected;
} line;

static struct sx_trace trace;
static unsigned long pings;

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                     xmpp_stream_error_t *stream_error, void *user)
{
    (void)conn, (void)error, (void)stream_error;
    *(bool *)user = event == XMPP_CONN_RAW_CONNECT;
}

static void connect_line(void)
{
    int port;
    pings = 0;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    CU_ASSERT_TRUE_FATAL(sx_allocator_reserve());
    line.is_connected = false;
    line.listener = tcp_listen(1, &port);
    line.conn = xmpp_conn_new(peer_ctx);
    CU_ASSERT_FATAL(line.listener >= 0 && line.conn);
    xmpp_conn_set_flags(line.conn, XMPP_CONN_FLAG_DISABLE_SM);
    xmpp_conn_set_jid(line.conn, "a@localhost");
    CU_ASSERT_EQUAL_FATAL(xmpp_connect_raw(line.conn, "127.0.0.1", (unsigned short)port, on_event,
                                           &line.is_connected),
                          XMPP_EOK);
    line.peer = tcp_accept(line.listener);
    while (!line.is_connected)
        xmpp_run_once(peer_ctx, 1);
}

static void close_line(void)
{
    xmpp_conn_release(line.conn);
    close(line.peer);
    close(line.listener);
}

/* Of each stanza that has arrived the character behind its tag, without the pings. */
static const char *heard(void)
{
    static char said[40];
    const char *at;
    size_t len = 0;
    sx_allocator_send(line.conn, END, strlen(END));
    while (sx_allocator_unsent_bytes())
        xmpp_run_once(peer_ctx, 1);
    for (at = strchr(tcp_hear_until(line.peer, END), '>'); at; at = strchr(at + 1, '>'))
        if (at[1] != 'p' && at[1] != '.' && len < sizeof said - 1)
            said[len++] = at[1];
    said[len] = '\0';
    return said;
}

static char *write_ping(void *user, unsigned long *number, size_t *len)
{
    char *ping = strdup(PING);
    (void)user;
    *number = ++pings;
    *len = strlen(PING);
    return ping;
}

static void add(struct sx_outflow *outflow, const char *text, size_t len)
{
    char *bytes = calloc(1, len + 1);
    struct sx_inbox_item *item = calloc(1, sizeof *item);
    CU_ASSERT_FATAL(bytes && item);
    memset(bytes, ' ', len);
    memcpy(bytes, text, strlen(text));
    *item = (struct sx_inbox_item){.bytes = bytes, .len = len};
    sx_outflow_add(outflow, item);
}

/* A server of which nothing is known gets the first large one, and the other one after a mark. */
static void prepare(struct sx_outflow *outflow)
{
    CU_ASSERT_EQUAL_FATAL(sx_outflow_init(outflow, &trace, write_ping, NULL), 0);
    sx_outflow_begin(outflow, line.conn, 0, S);
    add(outflow, "<iq>1", SMALL_BYTES);
    add(outflow, "<iq>2", SMALL_BYTES);
    add(outflow, "<iq>a", LARGE_BYTES);
    add(outflow, "<iq>3", SMALL_BYTES);
    add(outflow, "<iq>b", LARGE_BYTES);
}

static void answer_marks(struct sx_outflow *outflow)
{
    int i;
    for (i = 0; i < 10 && outflow->outlet.speed.is_marked; i++) {
        sx_outflow_answer(outflow, outflow->mark, S);
        sx_outflow_send(outflow, S);
    }
    CU_ASSERT_FALSE(outflow->outlet.speed.is_marked);
}

static void what_waits_leaves_when_the_mark_is_answered_body(void)
{
    struct sx_outflow outflow;
    connect_line();
    prepare(&outflow);
    CU_ASSERT_TRUE(sx_outflow_send(&outflow, S));
    CU_ASSERT_TRUE(outflow.outlet.speed.is_marked);
    ASSERT_TEXT(heard(), "12a3");
    CU_ASSERT_FALSE(sx_outflow_send(&outflow, S));
    sx_outflow_answer(&outflow, outflow.mark + 1, S); /* another ping */
    CU_ASSERT_FALSE(sx_outflow_is_ready(&outflow));
    answer_marks(&outflow);
    ASSERT_TEXT(heard(), "b");
    CU_ASSERT_EQUAL(sx_outflow_unsent_bytes(&outflow), 0);
    sx_outflow_fini(&outflow);
    close_line();
}

/* Joined or not, marked or not. */
static bool attempt_send(struct shortage shortage)
{
    struct sx_outflow outflow;
    bool has_failed;
    prepare(&outflow);
    shortage_begin(shortage);
    sx_outflow_send(&outflow, S);
    has_failed = shortage_end();
    CU_ASSERT(outflow.outlet.speed.is_marked || has_failed);
    answer_marks(&outflow);
    ASSERT_TEXT(heard(), "12a3b");
    CU_ASSERT_EQUAL(sx_outflow_unsent_bytes(&outflow), 0);
    sx_outflow_fini(&outflow);
    return has_failed;
}

static void without_memory_all_leaves_in_its_order_body(void)
{
    connect_line();
    CU_ASSERT(shortage_sweep(attempt_send) >= 6);
    close_line();
}

/* Who asks for the ping learns that there was none; as a mark it holds nothing back. */
static void without_memory_for_a_ping_nothing_is_held_back_body(void)
{
    const struct shortage all = {.number = 1, .lasts = true};
    struct sx_outflow outflow;
    bool is_sent;
    connect_line();
    prepare(&outflow);
    shortage_begin(all);
    is_sent = sx_outflow_ping(&outflow);
    sx_outflow_send(&outflow, S);
    CU_ASSERT_TRUE(shortage_end());
    CU_ASSERT_FALSE(is_sent);
    CU_ASSERT_FALSE(outflow.outlet.speed.is_marked);
    CU_ASSERT_TRUE(sx_allocator_is_short()); /* the loop ends the connection */
    ASSERT_TEXT(heard(), "12a3b");
    CU_ASSERT_TRUE(sx_outflow_ping(&outflow));
    ASSERT_TEXT(heard(), "");
    sx_outflow_fini(&outflow);
    close_line();
}

/* With a reserve for libstrophe, as in the loop thread. */
static void run(void (*body)(void))
{
    peer_run(body);
    sx_allocator_sweep();
}

static void what_waits_leaves_when_the_mark_is_answered(void)
{
    run(what_waits_leaves_when_the_mark_is_answered_body);
}

static void without_memory_all_leaves_in_its_order(void)
{
    run(without_memory_all_leaves_in_its_order_body);
}

static void without_memory_for_a_ping_nothing_is_held_back(void)
{
    run(without_memory_for_a_ping_nothing_is_held_back_body);
}

CU_TestInfo tests_outflow_memory[] = {
    {"what waits leaves when the mark is answered", what_waits_leaves_when_the_mark_is_answered},
    {"without memory all leaves in its order", without_memory_all_leaves_in_its_order},
    {"without memory for a ping nothing is held back",
     without_memory_for_a_ping_nothing_is_held_back},
    CU_TEST_INFO_NULL,
};
