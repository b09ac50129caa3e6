/* outflow.c - from the outlet to the writer, with marks. Invariant and paths: outflow.h. */
#include "net/outflow.h"

#include <stdlib.h>

#include "net/allocator.h"

int sx_outflow_init(struct sx_outflow *outflow, const struct sx_trace *trace,
                    char *(*on_ping)(void *user, unsigned long *number, size_t *len), void *user)
{
    *outflow = (struct sx_outflow){.user = user, .on_ping = on_ping, .writer.trace = trace};
    return pthread_mutex_init(&outflow->mu, NULL);
}

void sx_outflow_fini(struct sx_outflow *outflow)
{
    pthread_mutex_destroy(&outflow->mu);
    sx_outlet_clear(&outflow->outlet);
    sx_writer_fini(&outflow->writer);
}

void sx_outflow_begin(struct sx_outflow *outflow, struct _xmpp_conn_t *conn, int64_t round_trip_us,
                      int64_t now_us)
{
    outflow->writer.conn = conn;
    sx_speed_begin(&outflow->outlet.speed, round_trip_us, now_us);
}

void sx_outflow_end(struct sx_outflow *outflow)
{
    outflow->writer.conn = NULL;
    sx_outlet_clear(&outflow->outlet);
}

void sx_outflow_add(struct sx_outflow *outflow, struct sx_inbox_item *items)
{
    sx_outlet_add(&outflow->outlet, items);
}

/* NULL: no memory. */
static char *write_ping(struct sx_outflow *outflow, unsigned long *number, size_t *len)
{
    char *ping = outflow->on_ping(outflow->user, number, len);
    if (ping)
        sx_writer_write(&outflow->writer, ping, *len, false);
    return ping;
}

bool sx_outflow_ping(struct sx_outflow *outflow)
{
    unsigned long number;
    size_t len;
    char *ping = write_ping(outflow, &number, &len);
    if (ping)
        sx_speed_write(&outflow->outlet.speed, len, false, 0);
    free(ping);
    return ping != NULL;
}

static void mark(struct sx_outflow *outflow, int64_t now_us)
{
    size_t len = 0;
    char *ping = write_ping(outflow, &outflow->mark, &len);
    sx_speed_mark(&outflow->outlet.speed, len, now_us);
    if (!ping)
        sx_speed_pass(&outflow->outlet.speed, now_us);
    free(ping);
}

/* As many as may leave, joined where they are small. */
static bool write_items(struct sx_outflow *outflow, int64_t now_us)
{
    struct sx_inbox_item *item = sx_outlet_next(&outflow->outlet, now_us), *next;
    bool has_any = item != NULL;
    for (; item; item = next) {
        next = sx_outlet_next(&outflow->outlet, now_us);
        sx_writer_write(&outflow->writer, item->bytes, item->len, next != NULL);
        sx_inbox_free_items(item);
    }
    sx_writer_flush(&outflow->writer);
    return has_any;
}

bool sx_outflow_send(struct sx_outflow *outflow, int64_t now_us)
{
    bool has_any = write_items(outflow, now_us);
    while (sx_speed_wants_mark(&outflow->outlet.speed, sx_outlet_is_waiting(&outflow->outlet))) {
        mark(outflow, now_us);
        has_any = true;
        if (outflow->outlet.speed.is_marked)
            break;
        write_items(outflow, now_us);
    }
    return has_any;
}

void sx_outflow_release(struct sx_outflow *outflow, int64_t now_us)
{
    outflow->outlet.speed.verdict = SX_SPEED_FAST; /* nothing is held back from such a server */
    (void)sx_outflow_send(outflow, now_us);
}

bool sx_outflow_is_ready(const struct sx_outflow *outflow)
{
    const struct sx_outlet *outlet = &outflow->outlet;
    bool is_waiting = sx_outlet_is_waiting(outlet);
    if (!outflow->writer.conn)
        return false;
    return outlet->prompt.first || (outlet->large.first && !is_waiting) ||
           sx_speed_wants_mark(&outlet->speed, is_waiting);
}

static void tell(struct sx_outflow *outflow)
{
    pthread_mutex_lock(&outflow->mu);
    outflow->told = outflow->outlet.speed;
    pthread_mutex_unlock(&outflow->mu);
}

bool sx_outflow_answer(struct sx_outflow *outflow, unsigned long number, int64_t now_us)
{
    if (!outflow->outlet.speed.is_marked || number != outflow->mark)
        return false;
    sx_speed_answer(&outflow->outlet.speed, now_us);
    tell(outflow);
    return true;
}

int64_t sx_outflow_look(struct sx_outflow *outflow, int64_t now_us)
{
    enum sx_speed_verdict verdict = outflow->outlet.speed.verdict;
    int64_t due_us = sx_speed_look(&outflow->outlet.speed, now_us);
    if (outflow->outlet.speed.verdict != verdict)
        tell(outflow);
    return due_us;
}

enum sx_speed_verdict sx_outflow_speed(struct sx_outflow *outflow, int64_t now_us,
                                       unsigned *bytes_per_s)
{
    enum sx_speed_verdict verdict;
    pthread_mutex_lock(&outflow->mu);
    verdict = outflow->told.verdict;
    *bytes_per_s = sx_speed_bytes_per_s(&outflow->told, now_us);
    pthread_mutex_unlock(&outflow->mu);
    return verdict;
}

int64_t sx_outflow_unread_us(struct sx_outflow *outflow)
{
    sx_speed_ask(&outflow->outlet.speed);
    return sx_outlet_unread_us(&outflow->outlet);
}

size_t sx_outflow_unsent_bytes(const struct sx_outflow *outflow)
{
    return sx_outlet_bytes(&outflow->outlet) + sx_allocator_unsent_bytes();
}

bool sx_outflow_is_fast(const struct sx_outflow *outflow)
{
    return outflow->outlet.speed.verdict == SX_SPEED_FAST;
}

bool sx_outflow_has_large(const struct sx_outflow *outflow)
{
    return outflow->outlet.large.first != NULL;
}
