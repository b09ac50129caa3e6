/* outlet.c - two lanes and a gate before one of them. Invariant and paths: outlet.h. */
#include "net/outlet.h"

#include <string.h>

#include "base/clock.h"

static void append(struct sx_outlet_lane *lane, struct sx_inbox_item *item)
{
    item->next = NULL;
    if (lane->last)
        lane->last->next = item;
    else
        lane->first = item;
    lane->last = item;
    lane->bytes += item->len;
}

static struct sx_inbox_item *take(struct sx_outlet_lane *lane)
{
    struct sx_inbox_item *item = lane->first;
    lane->first = item->next;
    if (!lane->first)
        lane->last = NULL;
    lane->bytes -= item->len;
    item->next = NULL;
    return item;
}

static bool is_prompt(const struct sx_inbox_item *item)
{
    return !item->keeps_order && item->len <= SX_OUTLET_PROMPT_BYTES &&
           strncmp(item->bytes, "<iq", 3) == 0;
}

void sx_outlet_add(struct sx_outlet *outlet, struct sx_inbox_item *items)
{
    while (items) {
        struct sx_inbox_item *next = items->next;
        items->turn = outlet->added++;
        append(is_prompt(items) ? &outlet->prompt : &outlet->large, items);
        items = next;
    }
}

bool sx_outlet_is_waiting(const struct sx_outlet *outlet)
{
    return outlet->large.first && !sx_speed_may_write(&outlet->speed);
}

static bool is_large_next(const struct sx_outlet *outlet)
{
    const struct sx_inbox_item *prompt = outlet->prompt.first, *large = outlet->large.first;
    if (!large || !sx_speed_may_write(&outlet->speed))
        return false;
    if (!prompt)
        return true;
    return outlet->speed.verdict != SX_SPEED_SLOW && large->turn < prompt->turn;
}

struct sx_inbox_item *sx_outlet_next(struct sx_outlet *outlet, int64_t now_us)
{
    bool is_large = is_large_next(outlet);
    struct sx_inbox_item *item;
    if (!is_large && !outlet->prompt.first)
        return NULL;
    item = take(is_large ? &outlet->large : &outlet->prompt);
    sx_speed_write(&outlet->speed, item->len, is_large, now_us);
    if (is_large)
        sx_speed_note_post(&outlet->speed, item->posted_us);
    return item;
}

int64_t sx_outlet_unread_us(const struct sx_outlet *outlet)
{
    int64_t unread_us = sx_speed_unread_us(&outlet->speed);
    if (unread_us == SX_NEVER && outlet->large.first)
        return outlet->large.first->posted_us;
    return unread_us;
}

size_t sx_outlet_bytes(const struct sx_outlet *outlet)
{
    return outlet->prompt.bytes + outlet->large.bytes;
}

static void clear(struct sx_outlet_lane *lane)
{
    sx_inbox_free_items(lane->first);
    *lane = (struct sx_outlet_lane){NULL, NULL, 0};
}

void sx_outlet_clear(struct sx_outlet *outlet)
{
    clear(&outlet->prompt);
    clear(&outlet->large);
}
