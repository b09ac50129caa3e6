/* lateness.c - bytes, speed and time that is left. Invariant and failure: lateness.h.
 *
 * Transfers take turns by the block: until one is over, each other one has sent as many bytes, or
 * all of its own, if its receiver takes any.
 */
#include "link/lateness.h"

#include <stdio.h>

#include "base/clock.h"
#include "exchange/hold.h"

/* A percentage: base64, and an iq around each block. */
enum { WIRE_PERCENT = 141, LEAST_LEFT_US = 1000, STALLED_US = 10000000 };

static size_t wire_bytes(size_t packed_bytes)
{
    return packed_bytes / 100 * WIRE_PERCENT + packed_bytes % 100 * WIRE_PERCENT / 100;
}

static bool is_late(size_t bytes, unsigned bytes_per_s, int64_t deadline)
{
    int64_t left_us = deadline - sx_clock_now_us();
    if (left_us < LEAST_LEFT_US) /* it ends as it does */
        return false;
    return (double)bytes / bytes_per_s * 0.8 > (double)left_us / 1e6;
}

static void explain(size_t bytes, size_t ahead_bytes, unsigned bytes_per_s, int64_t deadline,
                    char *why, size_t why_bytes)
{
    char ahead[60] = "";
    if (ahead_bytes)
        snprintf(ahead, sizeof ahead, " and %zu before them", ahead_bytes);
    snprintf(why, why_bytes,
             "the server reads too slowly for the deadline: %zu bytes%s, at %u bytes/s, take "
             "%.0f s; the deadline is in %.1f s",
             bytes, ahead, bytes_per_s, (double)(bytes + ahead_bytes) / bytes_per_s,
             (double)(deadline - sx_clock_now_us()) / 1e6);
}

bool sx_lateness_is_certain(const struct sx_session *session, const struct sx_payload *payload,
                            int64_t deadline, char *why, size_t why_bytes)
{
    size_t bytes = payload->is_loose ? wire_bytes(payload->len) : payload->len;
    size_t ahead_bytes = sx_loop_backlog_bytes(sx_session_loop(session));
    unsigned bytes_per_s;
    sx_loop_speed(sx_session_loop(session), &bytes_per_s);
    if (!bytes_per_s || deadline == SX_NEVER || bytes <= SX_SPEED_BURST_BYTES)
        return false;
    if (!is_late(bytes + ahead_bytes - SX_SPEED_BURST_BYTES, bytes_per_s, deadline))
        return false;
    explain(bytes, ahead_bytes, bytes_per_s, deadline, why, why_bytes);
    return true;
}

/* ---- on their way ---- */

/* What the server has, and its receiver hasn't acknowledged yet, needs no more of the speed. */
static size_t left_bytes(const struct sx_shipment *shipment)
{
    if (!shipment->is_sending)
        return 0;
    return wire_bytes(sx_sender_unsent_bytes(shipment->sender));
}

/* One whose receiver sleeps takes no turns, however much is left of it. */
static bool takes_turns(const struct sx_shipment *shipment, int64_t now_us)
{
    return sx_sender_has_block(shipment->sender) ||
           sx_sender_stalled_us(shipment->sender, now_us) < STALLED_US;
}

static size_t bytes_beside(const struct sx_shipment_list *list, const struct sx_shipment *own)
{
    const struct sx_shipment *shipment;
    size_t own_bytes = left_bytes(own), bytes = 0;
    int64_t now_us = sx_clock_now_us();
    TAILQ_FOREACH(shipment, list, in_list) {
        size_t left = left_bytes(shipment);
        if (shipment != own && left && takes_turns(shipment, now_us))
            bytes += left < own_bytes ? left : own_bytes;
    }
    return bytes;
}

static size_t bytes_ahead(const struct sx_shipment_table *table, const struct sx_shipment *own)
{
    return bytes_beside(&table->calls.list, own) + bytes_beside(&table->answers.list, own);
}

struct sx_shipment *sx_lateness_find(const struct sx_session *session, struct sx_exchange *exchange,
                                     const struct sx_shipment_table *table, char *why,
                                     size_t why_bytes)
{
    struct sx_shipment *shipment, *found = NULL;
    unsigned bytes_per_s;
    sx_loop_speed(sx_session_loop(session), &bytes_per_s);
    if (!bytes_per_s)
        return NULL;
    TAILQ_FOREACH(shipment, &table->calls.list, in_list) {
        size_t bytes = left_bytes(shipment), ahead_bytes;
        int64_t deadline = bytes ? sx_hold_deadline(exchange, shipment->call_number) : SX_NEVER;
        if (deadline == SX_NEVER || (found && found->added_us > shipment->added_us))
            continue;
        ahead_bytes = bytes_ahead(table, shipment);
        if (!is_late(bytes + ahead_bytes, bytes_per_s, deadline))
            continue;
        found = shipment;
        explain(bytes, ahead_bytes, bytes_per_s, deadline, why, why_bytes);
    }
    return found;
}
