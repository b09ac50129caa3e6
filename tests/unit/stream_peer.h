/* stream_peer.h - a stream's parser fed by hand, through the functions that libstrophe calls.
 *
 * What it delivers is written to a log as text, so that one run can be compared with another.
 */
#ifndef TESTS_STREAM_PEER_H
#define TESTS_STREAM_PEER_H

#include "net/parser.h"
#include "net/stream.h"

/* What one connection's parser has delivered. */
struct peer {
    struct sx_stream stream;
    parser_t *parser;
    struct sx_buffer log;
    unsigned stanzas, starts, ends;
    char start[128], id[64], from[64];
    bool has_children, reset_in_callback;
    enum sx_err verdict;
    char verdict_why[160];
    bool has_envelope;
    struct sx_envelope envelope; /* of the last stanza that had one */
};

extern xmpp_ctx_t *peer_ctx;       /* while a test runs */
extern long peer_allocations_left; /* of libstrophe; -1: no limit */

void peer_start(struct peer *peer, const struct sx_stream_limits *limits);
void peer_stop(struct peer *peer);

/* parser_feed() from an allocation of just this size, so that reading beyond it shows. */
int peer_feed_bytes(struct peer *peer, const char *bytes, size_t len);
int peer_feed(struct peer *peer, const char *text);
int peer_feed_times(struct peer *peer, const char *text, unsigned times);

void peer_log_stanza(struct sx_buffer *log, xmpp_stanza_t *stanza);
void peer_log_element(struct sx_buffer *log, const struct sx_element *element);

/* Runs a test with peer_ctx. */
void peer_run(void (*test)(void));

/* Defines the CUnit test NAME, which runs the body that follows with a context. */
#define TEST(NAME)                                                                                 \
    static void NAME##_body(void);                                                                 \
    static void NAME(void)                                                                         \
    {                                                                                              \
        peer_run(NAME##_body);                                                                     \
    }                                                                                              \
    static void NAME##_body(void)

#endif
