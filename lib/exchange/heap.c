/* heap.c - a binary heap of entries that know their place.
 *
 * Invariant: entries[i]->place is i + 1, and no entry is later than its children, entries[2 i + 1]
 * and entries[2 i + 2]. An entry out of the heap has place 0 and the time SX_NEVER.
 */
#include "exchange/heap.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/pages.h"

bool sx_heap_init(struct sx_heap *heap, size_t capacity)
{
    memset(heap, 0, sizeof *heap);
    heap->entries = sx_pages_new(capacity * sizeof(struct sx_heap_entry *));
    heap->capacity = capacity;
    return heap->entries != NULL;
}

void sx_heap_fini(struct sx_heap *heap)
{
    sx_pages_free(heap->entries, heap->capacity * sizeof(struct sx_heap_entry *));
    memset(heap, 0, sizeof *heap);
}

void sx_heap_entry_init(struct sx_heap_entry *entry)
{
    *entry = (struct sx_heap_entry){.at_us = SX_NEVER};
}

static bool is_sooner(struct sx_heap *heap, size_t i, size_t j)
{
    const struct sx_heap_entry *a = heap->entries[i], *b = heap->entries[j];
    heap->steps++;
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->turn < b->turn;
}

static void put(struct sx_heap *heap, struct sx_heap_entry *entry, size_t i)
{
    heap->entries[i] = entry;
    entry->place = i + 1;
}

static void swap(struct sx_heap *heap, size_t i, size_t j)
{
    struct sx_heap_entry *entry = heap->entries[i];
    put(heap, heap->entries[j], i);
    put(heap, entry, j);
}

static void move_up(struct sx_heap *heap, size_t i)
{
    while (i > 0 && is_sooner(heap, i, (i - 1) / 2)) {
        swap(heap, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void move_down(struct sx_heap *heap, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->count)
            return;
        if (child + 1 < heap->count && is_sooner(heap, child + 1, child))
            child++;
        if (!is_sooner(heap, child, i))
            return;
        swap(heap, i, child);
        i = child;
    }
}

static void take_out(struct sx_heap *heap, struct sx_heap_entry *entry)
{
    size_t i = entry->place - 1;
    struct sx_heap_entry *last = heap->entries[--heap->count];
    entry->place = 0;
    if (last == entry)
        return;
    put(heap, last, i);
    move_up(heap, i);
    move_down(heap, last->place - 1);
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
    put(heap, entry, heap->count++);
    move_up(heap, entry->place - 1);
}

struct sx_heap_entry *sx_heap_first(const struct sx_heap *heap)
{
    return heap->count ? heap->entries[0] : NULL;
}
