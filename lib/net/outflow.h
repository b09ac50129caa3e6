/* outflow.h - what leaves a link: the outlet before the writer, and the marks between.
 *
 * Noun: the outflow. It puts the outlet (outlet.h), the speed that this one asks (speed.h) and the
 * writer together, and sends a ping as a mark where the speed wants one.
 *
 * Invariant: the pings of a link are numbered, and at most one of them is the mark.
 *
 * Happy path: begin -> add, send ... answer -> send ... -> end.
 * Failure: no memory for a ping: nothing is measured for now, and nothing held back.
 *
 * Thread: the loop thread, but for sx_outflow_speed. Never blocks.
 */
#ifndef SX_NET_OUTFLOW_H
#define SX_NET_OUTFLOW_H

#include <pthread.h>

#include "net/outlet.h"
#include "net/writer.h"

struct sx_outflow {
    /* immutable */
    void *user;
    char *(*on_ping)(void *user, unsigned long *number, size_t *len); /* malloc'ed, or NULL */
    /* loop thread */
    struct sx_outlet outlet;
    struct sx_writer writer;
    unsigned long mark; /* the ping that it is */
    /* under mu */
    pthread_mutex_t mu;
    struct sx_speed told; /* as it was after the last mark */
};

/* 0 or an errno; nothing is to be undone then. trace must outlive it. */
int sx_outflow_init(struct sx_outflow *outflow, const struct sx_trace *trace,
                    char *(*on_ping)(void *user, unsigned long *number, size_t *len), void *user);

void sx_outflow_fini(struct sx_outflow *outflow);

/* A session begins on this connection; it ends. */
void sx_outflow_begin(struct sx_outflow *outflow, struct _xmpp_conn_t *conn, int64_t round_trip_us,
                      int64_t now_us);
void sx_outflow_end(struct sx_outflow *outflow);

/* Takes the items. */
void sx_outflow_add(struct sx_outflow *outflow, struct sx_inbox_item *items);

/* Writes what may leave now; whether that was anything. */
bool sx_outflow_send(struct sx_outflow *outflow, int64_t now_us);

/* The link ends, and its connection: writes all that is left, however slow the server is. */
void sx_outflow_release(struct sx_outflow *outflow, int64_t now_us);

/* Whether send would write anything, if only a mark: what waits needs one, and may be the last that
 * anybody posts. */
bool sx_outflow_is_ready(const struct sx_outflow *outflow);

/* Writes a ping, past all that waits; false: there was no memory for one. */
bool sx_outflow_ping(struct sx_outflow *outflow);

/* The ping of this number was answered: whether that is the mark. */
bool sx_outflow_answer(struct sx_outflow *outflow, unsigned long number, int64_t now_us);

/* Judges a mark that isn't answered yet; when to look again at the latest, or SX_NEVER. */
int64_t sx_outflow_look(struct sx_outflow *outflow, int64_t now_us);

/* The verdict, and the rate as sx_speed_bytes_per_s. Any thread. */
enum sx_speed_verdict sx_outflow_speed(struct sx_outflow *outflow, int64_t now_us,
                                       unsigned *bytes_per_s);

/* Large ones that were posted before this are known to be read; SX_NEVER: all. If not all are, it
 * asks, so that this is known before long. */
int64_t sx_outflow_unread_us(struct sx_outflow *outflow);

/* What was posted and isn't written yet. */
size_t sx_outflow_unsent_bytes(const struct sx_outflow *outflow);

/* Whether the server is known to be fast; whether anything large is there. */
bool sx_outflow_is_fast(const struct sx_outflow *outflow);
bool sx_outflow_has_large(const struct sx_outflow *outflow);

#endif
