/* Tests of gateway/route/store.c: contracts that are kept for a while, on a clock of the test's
 * own. */
#include "shortage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "route/store.h"

enum { MOST = 10000, KEPT = GW_STORE_KEPT_MS };

/* A contract of one document that has so many bytes, and is held once. */
static struct gw_description *make(size_t bytes)
{
    struct ct_metadata metadata = {.sections = calloc(1, sizeof *metadata.sections), .count = 1};
    CU_ASSERT_PTR_NOT_NULL_FATAL(metadata.sections);
    metadata.sections[0].bytes = calloc(1, bytes + 1);
    metadata.sections[0].len = bytes;
    struct gw_description *contract = gw_description_new(&metadata, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(contract);
    CU_ASSERT_PTR_NULL(metadata.sections);
    return contract;
}

/* Keeps one, and gives it away. */
static void keep(struct gw_store *store, const char *key, size_t bytes, long long now)
{
    struct gw_description *contract = make(bytes);
    gw_store_keep(store, key, contract, MOST, now);
    gw_description_release(contract);
}

static bool has(struct gw_store *store, const char *key, long long now)
{
    struct gw_description *contract = gw_store_find(store, key, now);
    gw_description_release(contract);
    return contract != NULL;
}

static void test_what_is_kept_goes_after_five_minutes(void)
{
    struct gw_store *store = gw_store_new();
    keep(store, "a", 10, 0);
    CU_ASSERT_TRUE(has(store, "a", 0));
    CU_ASSERT_FALSE(has(store, "b", 0));
    CU_ASSERT_TRUE(has(store, "a", KEPT - 1));
    CU_ASSERT_FALSE(has(store, "a", KEPT));
    CU_ASSERT_EQUAL(gw_store_bytes(store), 0);
    gw_store_free(store);
}

static void test_one_that_is_held_outlives_the_store(void)
{
    struct gw_store *store = gw_store_new();
    keep(store, "a", 10, 0);
    struct gw_description *contract = gw_store_find(store, "a", 1);
    gw_store_clear(store);
    CU_ASSERT_FALSE(has(store, "a", 1));
    gw_store_free(store);
    CU_ASSERT_EQUAL(contract->metadata.sections[0].len, 10);
    gw_description_release(contract);
}

static void test_bytes_are_bounded(void)
{
    struct gw_store *store = gw_store_new();
    keep(store, "a", 6000, 0);
    keep(store, "b", 3000, 1);
    keep(store, "c", 6000, 2); /* the first one makes room */
    CU_ASSERT_FALSE(has(store, "a", 3));
    CU_ASSERT_TRUE(has(store, "b", 3));
    CU_ASSERT_TRUE(has(store, "c", 3));
    keep(store, "d", MOST + 1, 4); /* more than all: nothing has to go for it */
    CU_ASSERT_FALSE(has(store, "d", 5));
    CU_ASSERT_TRUE(has(store, "b", 5));
    CU_ASSERT_EQUAL(gw_store_bytes(store), 9000);
    gw_store_free(store);
}

static void test_their_number_is_bounded(void)
{
    struct gw_store *store = gw_store_new();
    char key[16];
    for (int i = 0; i < GW_STORE_CONTRACTS + 10; i++) {
        snprintf(key, sizeof key, "%d", i);
        keep(store, key, 1, i);
    }
    CU_ASSERT_EQUAL(gw_store_bytes(store), GW_STORE_CONTRACTS);
    CU_ASSERT_FALSE(has(store, "9", 100));
    CU_ASSERT_TRUE(has(store, "10", 100));
    gw_store_free(store);
}

static void test_a_key_is_kept_once(void)
{
    struct gw_store *store = gw_store_new();
    keep(store, "a", 10, 0);
    keep(store, "a", 20, 1000);
    CU_ASSERT_EQUAL(gw_store_bytes(store), 20);
    CU_ASSERT_TRUE(has(store, "a", KEPT));
    gw_store_free(store);
}

static bool attempt_keeping(unsigned number, bool lasts)
{
    struct gw_description *contract = make(10);
    shortage_begin(number, lasts);
    struct gw_store *store = gw_store_new();
    if (store)
        gw_store_keep(store, "a", contract, MOST, 0);
    bool has_failed = shortage_end();
    gw_description_release(contract);
    if (store)
        CU_ASSERT_EQUAL(has(store, "a", 0), !has_failed);
    gw_store_free(store);
    return has_failed;
}

static void test_without_memory_nothing_is_kept(void)
{
    CU_ASSERT_TRUE(shortage_sweep(attempt_keeping) >= 2);
}

CU_TestInfo gateway_tests_store[] = {
    {"what is kept goes after five minutes", test_what_is_kept_goes_after_five_minutes},
    {"one that is held outlives the store", test_one_that_is_held_outlives_the_store},
    {"bytes are bounded", test_bytes_are_bounded},
    {"their number is bounded", test_their_number_is_bounded},
    {"a key is kept once", test_a_key_is_kept_once},
    {"without memory nothing is kept", test_without_memory_nothing_is_kept},
    CU_TEST_INFO_NULL,
};
