/* senders.c - many transfers on one link, taking turns.
 *
 * Invariant: transfers are in the order in which they last sent, the longest ago first; none of
 * them is DONE or FAILED.
 *
 * Happy path: add -> next, which moves whoever sends to the end -> reply -> out when it is DONE.
 * Failure:    no memory for a stanza: all rest for a moment, so that a loop that looks at due_us
 *             doesn't spin.
 */
#include "transfer/senders.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"

enum { SHORTAGE_PAUSE_US = 250000 };

struct sx_senders {
    unsigned max, count;
    bool is_online;
    int64_t resume_us; /* not before, for want of memory */
    struct sx_sender *order[];
};

struct sx_senders *sx_senders_new(unsigned max)
{
    struct sx_senders *transfers = calloc(1, sizeof *transfers + max * sizeof(struct sx_sender *));
    if (transfers)
        transfers->max = max;
    return transfers;
}

void sx_senders_free(struct sx_senders *transfers)
{
    assert(!transfers || transfers->count == 0);
    free(transfers);
}

static unsigned find(const struct sx_senders *transfers, const struct sx_sender *transfer)
{
    unsigned i;
    for (i = 0; i < transfers->count && transfers->order[i] != transfer; i++)
        ;
    return i;
}

static void take_out(struct sx_senders *transfers, unsigned i)
{
    for (transfers->count--; i < transfers->count; i++)
        transfers->order[i] = transfers->order[i + 1];
}

enum sx_err sx_senders_add(struct sx_senders *transfers, struct sx_sender *transfer, int64_t now_us)
{
    assert(find(transfers, transfer) == transfers->count);
    if (transfers->count == transfers->max)
        return SX_EFULL;
    sx_sender_begin(transfer, now_us);
    transfers->order[transfers->count++] = transfer;
    return SX_OK;
}

void sx_senders_remove(struct sx_senders *transfers, struct sx_sender *transfer,
                       struct sx_buffer *out)
{
    unsigned i = find(transfers, transfer);
    if (i == transfers->count)
        return;
    if (out)
        sx_sender_format_farewell(transfer, out);
    take_out(transfers, i);
}

struct sx_sender *sx_senders_first(const struct sx_senders *transfers)
{
    return transfers->count ? transfers->order[0] : NULL;
}

unsigned sx_senders_count(const struct sx_senders *transfers)
{
    return transfers->count;
}

void sx_senders_online(struct sx_senders *transfers)
{
    transfers->is_online = true;
}

void sx_senders_lost(struct sx_senders *transfers, int64_t now_us)
{
    unsigned i;
    transfers->is_online = false;
    for (i = 0; i < transfers->count; i++)
        sx_sender_lost(transfers->order[i], now_us);
}

bool sx_senders_next(struct sx_senders *transfers, int64_t now_us, struct sx_buffer *out)
{
    unsigned i;
    if (!transfers->is_online || now_us < transfers->resume_us)
        return false;
    for (i = 0; i < transfers->count; i++) {
        struct sx_sender *transfer = transfers->order[i];
        if (sx_sender_next(transfer, now_us, out)) {
            take_out(transfers, i);
            transfers->order[transfers->count++] = transfer;
            return true;
        }
        if (out->failed) {
            transfers->resume_us = now_us + SHORTAGE_PAUSE_US;
            return false;
        }
    }
    return false;
}

int64_t sx_senders_due_us(const struct sx_senders *transfers)
{
    int64_t due_us = SX_NEVER;
    unsigned i;
    if (!transfers->is_online)
        return SX_NEVER;
    for (i = 0; i < transfers->count; i++) {
        int64_t own_us = sx_sender_due_us(transfers->order[i]);
        if (own_us < due_us)
            due_us = own_us;
    }
    return due_us < transfers->resume_us ? transfers->resume_us : due_us;
}

size_t sx_senders_stanza_bytes(const struct sx_senders *transfers)
{
    size_t most = 0;
    unsigned i;
    for (i = 0; i < transfers->count; i++) {
        size_t own = sx_sender_stanza_bytes(transfers->order[i]);
        if (own > most)
            most = own;
    }
    return most;
}

static struct sx_sender *settle(struct sx_senders *transfers, unsigned i)
{
    struct sx_sender *transfer = transfers->order[i];
    enum sx_sender_state state = sx_sender_state(transfer);
    if (state == SX_SENDER_DONE || state == SX_SENDER_FAILED)
        take_out(transfers, i);
    return transfer;
}

bool sx_senders_reply(struct sx_senders *transfers, const char *from, const char *id,
                      const struct sx_sender_reply *reply, int64_t now_us, struct sx_sender **moved)
{
    unsigned i;
    *moved = NULL;
    for (i = 0; i < transfers->count; i++) {
        struct sx_sender *transfer = transfers->order[i];
        if (!sx_sender_gave_out(transfer, id))
            continue;
        if (sx_sender_reply(transfer, from, id, reply, now_us))
            *moved = settle(transfers, i);
        return true;
    }
    return false;
}

bool sx_senders_closed(struct sx_senders *transfers, const char *from, const char *sid,
                       int64_t now_us, struct sx_sender **moved)
{
    unsigned i;
    *moved = NULL;
    for (i = 0; i < transfers->count; i++) {
        if (!sx_sender_closed(transfers->order[i], from, sid, now_us))
            continue;
        *moved = settle(transfers, i);
        return true;
    }
    return false;
}
