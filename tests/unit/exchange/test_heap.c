/* The heap: soonest first, wherever entries are moved to. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdlib.h>

#include "base/clock.h"
#include "exchange/heap.h"

enum { ENTRIES = 300 };

static void test_order(void)
{
    struct sx_heap heap;
    struct sx_heap_entry entries[5];
    static const int64_t times[5] = {30, 10, 20, 10, SX_NEVER};
    static const int order[4] = {1, 3, 2, 0}; /* equal times: what was set first */
    int i;
    CU_ASSERT_TRUE_FATAL(sx_heap_init(&heap, 5));
    CU_ASSERT_PTR_NULL(sx_heap_first(&heap));
    for (i = 0; i < 5; i++) {
        sx_heap_entry_init(&entries[i]);
        sx_heap_set(&heap, &entries[i], times[i]);
    }
    for (i = 0; i < 4; i++) {
        struct sx_heap_entry *first = sx_heap_first(&heap);
        CU_ASSERT_PTR_EQUAL_FATAL(first, &entries[order[i]]);
        sx_heap_set(&heap, first, SX_NEVER);
        CU_ASSERT_EQUAL(first->at_us, SX_NEVER);
        CU_ASSERT_EQUAL(first->place, 0);
    }
    CU_ASSERT_PTR_NULL(sx_heap_first(&heap));
    sx_heap_fini(&heap);
}

/* Against a walk through all entries. */
static const struct sx_heap_entry *find_first(const struct sx_heap_entry *entries)
{
    const struct sx_heap_entry *first = NULL;
    int i;
    for (i = 0; i < ENTRIES; i++) {
        const struct sx_heap_entry *entry = &entries[i];
        if (entry->at_us == SX_NEVER)
            continue;
        if (!first || entry->at_us < first->at_us ||
            (entry->at_us == first->at_us && entry->turn < first->turn))
            first = entry;
    }
    return first;
}

static void test_random_moves(void)
{
    static struct sx_heap_entry entries[ENTRIES];
    struct sx_heap heap;
    unsigned short seed[3] = {1, 2, 3};
    int i;
    CU_ASSERT_TRUE_FATAL(sx_heap_init(&heap, ENTRIES));
    for (i = 0; i < ENTRIES; i++)
        sx_heap_entry_init(&entries[i]);
    for (i = 0; i < 20000; i++) {
        struct sx_heap_entry *entry = &entries[nrand48(seed) % ENTRIES];
        int64_t at_us = nrand48(seed) % 4 ? nrand48(seed) % 100 : SX_NEVER;
        sx_heap_set(&heap, entry, at_us);
        CU_ASSERT_PTR_EQUAL_FATAL(sx_heap_first(&heap), find_first(entries));
    }
    sx_heap_fini(&heap);
}

static bool attempt_init(struct shortage shortage)
{
    struct sx_heap heap;
    bool has_failed, is_made;
    shortage_begin(shortage);
    is_made = sx_heap_init(&heap, 100);
    has_failed = shortage_end();
    CU_ASSERT_NOT_EQUAL(is_made, has_failed);
    sx_heap_fini(&heap);
    return has_failed;
}
SHORTAGE_TEST(init, 1)

CU_TestInfo tests_heap[] = {
    {"the soonest comes first, of equal ones what was set first", test_order},
    {"it stays so however entries are moved and taken out", test_random_moves},
    {"without memory there is no heap", test_init},
    CU_TEST_INFO_NULL,
};
