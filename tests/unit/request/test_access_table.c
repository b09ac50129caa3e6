/* access_table.c: entries, each once, and what moves. Whom one is for is test_access.c's. */
#include "request/access_table.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/suite.h"

enum { MANY = 200 };

static void put(struct sx_access_table *table, unsigned number, const char *operation)
{
    char who[40];
    snprintf(who, sizeof who, "u%u@b", number);
    CU_ASSERT_EQUAL(sx_access_table_put(table, SX_ACCESS_BARE, who, operation), SX_OK);
}

static void each_entry_comes_once(void)
{
    struct sx_access_table table = {0};
    const struct sx_access_entry *entry = NULL;
    bool seen[MANY] = {false};
    unsigned i, count = 0;
    CU_ASSERT_PTR_NULL(sx_access_table_next(&table, NULL));
    for (i = 0; i < 2 * MANY; i++)
        put(&table, i % MANY, "add");
    CU_ASSERT_EQUAL(table.count, MANY);
    while ((entry = sx_access_table_next(&table, entry))) {
        CU_ASSERT_EQUAL_FATAL(sscanf(entry->who, "u%u@b", &i), 1);
        CU_ASSERT_FALSE(seen[i]);
        ASSERT_TEXT(entry->operation, "add");
        seen[i] = true;
        count++;
    }
    CU_ASSERT_EQUAL(count, MANY);
    sx_access_table_fini(&table);
}

static void an_entry_is_of_its_kind_and_operation(void)
{
    struct sx_access_table table = {0};
    CU_ASSERT_FALSE(sx_access_table_has(&table, SX_ACCESS_ANYBODY, "", "add"));
    CU_ASSERT_EQUAL(sx_access_table_put(&table, SX_ACCESS_ACCOUNTS, "b", "add"), SX_OK);
    CU_ASSERT_TRUE(sx_access_table_has(&table, SX_ACCESS_ACCOUNTS, "B.", "add"));
    CU_ASSERT_FALSE(sx_access_table_has(&table, SX_ACCESS_BARE, "b", "add"));
    CU_ASSERT_FALSE(sx_access_table_has(&table, SX_ACCESS_ACCOUNTS, "b", "ADD"));
    CU_ASSERT_FALSE(sx_access_table_has(&table, SX_ACCESS_ACCOUNTS, "c", "add"));
    sx_access_table_fini(&table);
}

static void what_is_new_moves(void)
{
    struct sx_access_table table = {0}, from = {0};
    unsigned i;
    for (i = 0; i < MANY; i++) {
        put(&table, i, "add");
        put(&from, i + MANY / 2, "add");
    }
    CU_ASSERT_EQUAL(sx_access_table_reserve(&table, from.count), SX_OK);
    sx_access_table_move(&table, &from);
    CU_ASSERT_EQUAL(table.count, MANY + MANY / 2);
    CU_ASSERT_EQUAL(from.count, 0);
    CU_ASSERT_PTR_NULL(from.buckets);
    CU_ASSERT_TRUE(sx_access_table_has(&table, SX_ACCESS_BARE, "u299@b", "add"));
    sx_access_table_fini(&table);
}

static void an_entry_goes_with_its_last_use(void)
{
    struct sx_access_table table = {0}, from = {0};
    unsigned i, uses;
    CU_ASSERT_FALSE(sx_access_table_drop(&table, SX_ACCESS_BARE, "u0@b", "add"));
    for (i = 0; i < MANY; i++) {
        put(&table, i, "add");
        put(&table, i, "add");
        put(&from, i, "add");
    }
    sx_access_table_move(&table, &from);
    for (uses = 3; uses; uses--)
        for (i = 0; i < MANY; i++) {
            char who[40];
            snprintf(who, sizeof who, "U%u@B.", i);
            CU_ASSERT_TRUE(sx_access_table_drop(&table, SX_ACCESS_BARE, who, "add"));
            CU_ASSERT_EQUAL(sx_access_table_has(&table, SX_ACCESS_BARE, who, "add"), uses > 1);
        }
    CU_ASSERT_EQUAL(table.count, 0);
    CU_ASSERT_FALSE(sx_access_table_drop(&table, SX_ACCESS_BARE, "u0@b", "add"));
    sx_access_table_fini(&table);
}

static void what_is_elsewhere_is_subtracted(void)
{
    struct sx_access_table table = {0}, other = {0};
    unsigned i;
    for (i = 0; i < MANY; i++) {
        put(&table, i, "add");
        put(&table, i, "add");
        put(&other, 2 * i, "add");
        put(&other, 2 * i + 1, "sub");
    }
    sx_access_table_subtract(&table, &other);
    CU_ASSERT_EQUAL(table.count, MANY / 2);
    CU_ASSERT_EQUAL(other.count, 2 * MANY);
    CU_ASSERT_TRUE(sx_access_table_has(&table, SX_ACCESS_BARE, "u1@b", "add"));
    CU_ASSERT_FALSE(sx_access_table_has(&table, SX_ACCESS_BARE, "u2@b", "add"));
    sx_access_table_fini(&table);
    sx_access_table_fini(&other);
}

CU_TestInfo tests_access_table[] = {
    {"each entry comes once", each_entry_comes_once},
    {"an entry is of its kind and operation", an_entry_is_of_its_kind_and_operation},
    {"what is new moves, and nothing stays behind", what_is_new_moves},
    {"an entry goes with its last use", an_entry_goes_with_its_last_use},
    {"what is elsewhere is subtracted", what_is_elsewhere_is_subtracted},
    CU_TEST_INFO_NULL,
};
