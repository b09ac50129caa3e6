/* heap.c - a binary heap of entries that know their place.
 *
 * Invariant: slots[i].entry->place is i + 1, its time and turn are the slot's, and no slot is later
 * than its children, slots[2 i + 1] and slots[2 i + 2]. An entry out of the heap has place 0 and
 * the time SX_NEVER.
 */
#include "exchange/heap.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/pages.h"

bool sx_heap_init(struct sx_heap *heap, size_t capacity)
{
    memset(heap, 0, sizeof *heap);
    heap->slots = sx_pages_new(capacity * sizeof *heap->slots);
    heap->capacity = capacity;
    return heap->slots != NULL;
}

void sx_heap_fini(struct sx_heap *heap)
{
    sx_pages_free(heap->slots, heap->capacity * sizeof *heap->slots);
    memset(heap, 0, sizeof *heap);
}

void sx_heap_entry_init(struct sx_heap_entry *entry)
{
    *entry = (struct sx_heap_entry){.at_us = SX_NEVER};
}

static bool is_sooner(struct sx_heap *heap, const struct sx_heap_slot *a,
                      const struct sx_heap_slot *b)
{
    heap->steps++;
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->turn < b->turn;
}

static void put(struct sx_heap *heap, const struct sx_heap_slot *slot, size_t i)
{
    heap->slots[i] = *slot;
    slot->entry->place = i + 1;
}

/* Puts the slot at i, or higher: those that are later make way. */
static void move_up(struct sx_heap *heap, struct sx_heap_slot slot, size_t i)
{
    while (i > 0 && is_sooner(heap, &slot, &heap->slots[(i - 1) / 2])) {
        put(heap, &heap->slots[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    put(heap, &slot, i);
}

/* Puts the slot at i, or lower. */
static void move_down(struct sx_heap *heap, struct sx_heap_slot slot, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < heap->count &&
            is_sooner(heap, &heap->slots[child + 1], &heap->slots[child]))
            child++;
        if (child >= heap->count || !is_sooner(heap, &heap->slots[child], &slot))
            break;
        put(heap, &heap->slots[child], i);
        i = child;
    }
    put(heap, &slot, i);
}

static void take_out(struct sx_heap *heap, struct sx_heap_entry *entry)
{
    size_t i = entry->place - 1;
    struct sx_heap_slot last = heap->slots[--heap->count];
    entry->place = 0;
    if (last.entry == entry)
        return;
    if (i > 0 && is_sooner(heap, &last, &heap->slots[(i - 1) / 2]))
        move_up(heap, last, i);
    else
        move_down(heap, last, i);
}

void sx_heap_set(struct sx_heap *heap, struct sx_heap_entry *entry, int64_t at_us)
{
    if (entry->place)
        take_out(heap, entry);
    entry->at_us = at_us;
    if (at_us == SX_NEVER)
        return;
    assert(heap->count < heap->capacity);
    entry->turn = heap->turns++;
    heap->count++;
    move_up(heap, (struct sx_heap_slot){at_us, entry->turn, entry}, heap->count - 1);
}

struct sx_heap_entry *sx_heap_first(const struct sx_heap *heap)
{
    return heap->count ? heap->slots[0].entry : NULL;
}
