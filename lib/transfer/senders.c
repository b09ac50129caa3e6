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
    int64_t silence_us;
    struct sx_sender *order[];
};

struct sx_senders *sx_senders_new(unsigned max)
{
    struct sx_senders *senders = calloc(1, sizeof *senders + max * sizeof(struct sx_sender *));
    if (!senders)
        return NULL;
    senders->max = max;
    senders->silence_us = SX_SENDER_SILENCE_US;
    return senders;
}

void sx_senders_free(struct sx_senders *senders)
{
    assert(!senders || senders->count == 0);
    free(senders);
}

static unsigned find(const struct sx_senders *senders, const struct sx_sender *sender)
{
    unsigned i;
    for (i = 0; i < senders->count && senders->order[i] != sender; i++)
        ;
    return i;
}

static void take_out(struct sx_senders *senders, unsigned i)
{
    for (senders->count--; i < senders->count; i++)
        senders->order[i] = senders->order[i + 1];
}

enum sx_err sx_senders_add(struct sx_senders *senders, struct sx_sender *sender, int64_t now_us)
{
    assert(find(senders, sender) == senders->count);
    if (senders->count == senders->max)
        return SX_EFULL;
    sx_sender_set_silence(sender, senders->silence_us);
    sx_sender_begin(sender, now_us);
    senders->order[senders->count++] = sender;
    return SX_OK;
}

void sx_senders_remove(struct sx_senders *senders, struct sx_sender *sender, struct sx_buffer *out)
{
    unsigned i = find(senders, sender);
    if (i == senders->count)
        return;
    if (out)
        sx_sender_format_close(sender, out);
    take_out(senders, i);
}

void sx_senders_set_silence(struct sx_senders *senders, int64_t silence_us)
{
    unsigned i;
    if (senders->silence_us == silence_us)
        return;
    senders->silence_us = silence_us;
    for (i = 0; i < senders->count; i++)
        sx_sender_set_silence(senders->order[i], silence_us);
}

unsigned sx_senders_count(const struct sx_senders *senders)
{
    return senders->count;
}

void sx_senders_online(struct sx_senders *senders)
{
    senders->is_online = true;
}

void sx_senders_lost(struct sx_senders *senders, int64_t now_us)
{
    unsigned i;
    senders->is_online = false;
    for (i = 0; i < senders->count; i++)
        sx_sender_lost(senders->order[i], now_us);
}

bool sx_senders_next(struct sx_senders *senders, int64_t now_us, struct sx_buffer *out)
{
    unsigned i;
    if (!senders->is_online || now_us < senders->resume_us)
        return false;
    for (i = 0; i < senders->count; i++) {
        struct sx_sender *sender = senders->order[i];
        if (sx_sender_next(sender, now_us, out)) {
            take_out(senders, i);
            senders->order[senders->count++] = sender;
            return true;
        }
        if (out->failed) {
            senders->resume_us = now_us + SHORTAGE_PAUSE_US;
            return false;
        }
    }
    return false;
}

int64_t sx_senders_due_us(const struct sx_senders *senders)
{
    int64_t due_us = SX_NEVER;
    unsigned i;
    if (!senders->is_online)
        return SX_NEVER;
    for (i = 0; i < senders->count; i++) {
        int64_t own_us = sx_sender_due_us(senders->order[i]);
        if (own_us < due_us)
            due_us = own_us;
    }
    return due_us < senders->resume_us ? senders->resume_us : due_us;
}

static struct sx_sender *settle(struct sx_senders *senders, unsigned i)
{
    struct sx_sender *sender = senders->order[i];
    enum sx_sender_state state = sx_sender_state(sender);
    if (state == SX_SENDER_DONE || state == SX_SENDER_FAILED)
        take_out(senders, i);
    return sender;
}

bool sx_senders_reply(struct sx_senders *senders, const char *from, const char *id,
                      const struct sx_sender_reply *reply, int64_t now_us, struct sx_sender **moved)
{
    unsigned i;
    *moved = NULL;
    for (i = 0; i < senders->count; i++) {
        struct sx_sender *sender = senders->order[i];
        if (!sx_sender_gave_out(sender, id))
            continue;
        if (sx_sender_reply(sender, from, id, reply, now_us))
            *moved = settle(senders, i);
        return true;
    }
    return false;
}

bool sx_senders_closed(struct sx_senders *senders, const char *from, const char *sid,
                       int64_t now_us, struct sx_sender **moved)
{
    unsigned i;
    *moved = NULL;
    for (i = 0; i < senders->count; i++) {
        if (!sx_sender_closed(senders->order[i], from, sid, now_us))
            continue;
        *moved = settle(senders, i);
        return true;
    }
    return false;
}
