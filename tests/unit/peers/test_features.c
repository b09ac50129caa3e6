/* features.c: what is remembered, for how long, and what makes room. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <string.h>

#include "peers/features.h"
#include "wire/namespaces.h"

static const int64_t SECOND_US = 1000000;

enum { MAX_PEERS = 100 };

static void test_cache(void)
{
    struct sx_features *features = sx_features_new(MAX_PEERS, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(features);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", 0), -1);
    sx_features_put(features, "a@x/1", "urn:a\0urn:b\0", 0);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", 0), 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:b", 0), 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:c", 0), 0);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/2", "urn:a", 0), -1);
    CU_ASSERT_EQUAL(sx_features_has(features, "A@X/1", "urn:a", 0), 1);
    sx_features_free(features);
    sx_features_free(NULL);
}

/* U+2C61 and U+2C60, which servers keep apart. */
static void test_cache_by_stamp(void)
{
    struct sx_features *features = sx_features_new(MAX_PEERS, NULL);

    sx_features_put(features, "\xE2\xB1\xA1@x/1", "urn:a\0", 0);
    CU_ASSERT_EQUAL(sx_features_has(features, "\xE2\xB1\xA1@X/1", "urn:a", 0), 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "\xE2\xB1\xA0@x/1", "urn:a", 0), -1);
    sx_features_put(features, "\xE2\xB1\xA0@x/1", "", 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "\xE2\xB1\xA1@x/1", "urn:a", 1), 1);
    sx_features_free(features);
}

static void test_cache_replaces(void)
{
    struct sx_features *features = sx_features_new(MAX_PEERS, NULL);

    sx_features_put(features, "a@x/1", "urn:a\0", 0);
    sx_features_put(features, "A@x/1", "", 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", 1), 0);
    sx_features_put(features, "a@x/1", NULL, 2);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", 2), 0);
    sx_features_put(features, "b@x/1", NULL, 2);
    CU_ASSERT_EQUAL(sx_features_has(features, "b@x/1", "urn:a", 2), -1);
    /* one of ours that doesn't serve yet */
    sx_features_put(features, "b@x/1", SX_NS_PACKED "\0", 2);
    CU_ASSERT_EQUAL(sx_features_has(features, "b@x/1", SX_NS_PACKED, 2), -1);
    sx_features_put(features, "b@x/1", SX_NS_SOAP "\0" SX_NS_PACKED "\0", 2);
    sx_features_put(features, "b@x/1", SX_NS_PACKED "\0", 3);
    CU_ASSERT_EQUAL(sx_features_has(features, "b@x/1", SX_NS_SOAP, 3), 1);
    sx_features_forget(features, "A@x/1");
    sx_features_forget(features, "nobody@x");
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", 2), -1);
    sx_features_free(features);
}

static void test_cache_ages(void)
{
    struct sx_features *features = sx_features_new(MAX_PEERS, NULL);
    int64_t end_us = 7 + SX_FEATURES_TTL_S * SECOND_US;

    sx_features_put(features, "a@x/1", "urn:a\0", 7);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", end_us - 1), 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", end_us), -1);
    sx_features_put(features, "a@x/1", "urn:a\0", end_us);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", end_us), 1);
    sx_features_free(features);
}

static void test_cache_is_bounded(void)
{
    struct sx_features *features = sx_features_new(MAX_PEERS, NULL);
    char jid[32];
    int i;

    for (i = 0; i < MAX_PEERS; i++) {
        snprintf(jid, sizeof jid, "a%d@x/1", i);
        sx_features_put(features, jid, "urn:a\0", i);
    }
    sx_features_put(features, "a0@x/1", "urn:a\0", 1000); /* a1 is the oldest now */
    sx_features_put(features, "new@x/1", "urn:a\0", 1000);
    CU_ASSERT_EQUAL(sx_features_has(features, "a0@x/1", "urn:a", 1000), 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "a1@x/1", "urn:a", 1000), -1);
    CU_ASSERT_EQUAL(sx_features_has(features, "a2@x/1", "urn:a", 1000), 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "new@x/1", "urn:a", 1000), 1);
    sx_features_free(features);
}

/* What a peer calls its incarnation becomes part of our ids. */
static void test_incarnation(void)
{
    static const struct {
        const char *list;
        int known;
    } lists[] = {
        {SX_NS_DELIVERY "#0123456789abcdef.1\0", 1},
        {"urn:a\0" SX_NS_DELIVERY "\0", 0},
        {SX_NS_DELIVERY "#\0", 0},
        {SX_NS_DELIVERY "#~.~\0", 0},
        {SX_NS_DELIVERY "#again\0", 0},
        {SX_NS_DELIVERY "#'/>\0", 0},
        {SX_NS_DELIVERY "#0123456789abcdef0.1\0", 0},
    };
    struct sx_features *features = sx_features_new(MAX_PEERS, NULL);
    char incarnation[64] = "none";
    size_t i;

    CU_ASSERT_EQUAL(sx_features_incarnation(features, "a@x/1", 0, incarnation, 64), -1);
    for (i = sizeof lists / sizeof lists[0]; i-- > 0;) {
        sx_features_put(features, "a@x/1", lists[i].list, 0);
        ASSERT_TEXT(incarnation, "none");
        CU_ASSERT_EQUAL(sx_features_incarnation(features, "a@x/1", 0, incarnation, 64),
                        lists[i].known);
    }
    ASSERT_TEXT(incarnation, "0123456789abcdef.1");
    sx_features_put(features, "a@x/1", SX_NS_DELIVERY "#any\0", 0);
    CU_ASSERT_EQUAL(sx_features_incarnation(features, "a@x/1", 0, incarnation, 64), 1);
    ASSERT_TEXT(incarnation, "any");
    sx_features_free(features);
}

static void test_wears_out(void)
{
    const int64_t now = 1000000000, fresh_us = SX_FEATURES_FRESH_S * INT64_C(1000000);
    struct sx_features *features = sx_features_new(10, NULL);
    int calls;

    CU_ASSERT_FALSE(sx_features_is_old(features, "a@b/c", now));
    sx_features_put(features, "a@b/c", "urn:x\0", now);
    CU_ASSERT_FALSE(sx_features_is_old(features, "a@b/c", now + fresh_us - 1));
    CU_ASSERT_TRUE(sx_features_is_old(features, "a@b/c", now + fresh_us));
    CU_ASSERT_FALSE(sx_features_is_old(features, "a@b/c", now + fresh_us));
    sx_features_put(features, "a@b/c", "urn:x\0", now);
    for (calls = 0; calls < SX_FEATURES_FRESH_CALLS; calls++)
        CU_ASSERT_FALSE(sx_features_is_old(features, "a@b/c", now));
    CU_ASSERT_TRUE(sx_features_is_old(features, "a@b/c", now));
    sx_features_free(features);
}

/* What is kept of each is what was taken for it; a longer list takes more. */
static void test_renewed_is_charged(void)
{
    static const char incarnation[] = "0123456789abcdef.1", other[] = "0123456789abcdef.12345";
    struct sx_trace trace;
    struct sx_memory *memory;
    struct sx_features *features;
    struct sx_memory_counts before, after;
    char name[64];

    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(memory = sx_memory_new(1 << 20, &trace));
    CU_ASSERT_PTR_NOT_NULL_FATAL(features = sx_features_new(MAX_PEERS, memory));
    sx_features_put(features, "a@x/1", "urn:a\0", 0);
    sx_memory_count(memory, &before);
    sx_features_renew(features, "a@x/1", incarnation, 1);
    sx_memory_count(memory, &after);
    CU_ASSERT_EQUAL(after.held_bytes,
                    before.held_bytes + sizeof SX_NS_DELIVERY "#" - 1 + sizeof incarnation);
    before = after;
    sx_features_renew(features, "a@x/1", other, 2);
    sx_memory_count(memory, &after);
    CU_ASSERT_EQUAL(after.held_bytes, before.held_bytes + strlen(other) - strlen(incarnation));
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", 2), 1);
    CU_ASSERT_EQUAL(sx_features_incarnation(features, "a@x/1", 2, name, sizeof name), 1);
    ASSERT_TEXT(name, other);
    sx_features_renew(features, "b@x/1", other, 2);
    CU_ASSERT_EQUAL(sx_features_has(features, "b@x/1", "urn:a", 2), -1);
    sx_features_free(features);
    sx_memory_free(memory);
}

/* It is known to be stale, so what was remembered is no use. */
static void test_renewed_without_room(void)
{
    struct sx_trace trace;
    struct sx_memory *memory;
    struct sx_features *features;
    struct sx_memory_counts counts;
    struct sx_charge rest = {0};

    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(memory = sx_memory_new(1 << 20, &trace));
    CU_ASSERT_PTR_NOT_NULL_FATAL(features = sx_features_new(MAX_PEERS, memory));
    sx_features_put(features, "a@x/1", "urn:a\0", 0);
    sx_memory_count(memory, &counts);
    CU_ASSERT_TRUE(
        sx_memory_take(memory, SX_MEMORY_REPLY, "b@x", counts.free_bytes[SX_MEMORY_REPLY], &rest));
    sx_features_renew(features, "a@x/1", "0123456789abcdef.1", 1);
    CU_ASSERT_EQUAL(sx_features_has(features, "a@x/1", "urn:a", 1), -1);
    sx_memory_give(&rest);
    sx_memory_count(memory, &counts);
    CU_ASSERT_EQUAL(counts.held_bytes, 0);
    sx_features_free(features);
    sx_memory_free(memory);
}

CU_TestInfo tests_features[] = {
    {"the cache tells listed, not listed and unknown apart", test_cache},
    {"accounts that servers keep apart are remembered apart", test_cache_by_stamp},
    {"an entity is remembered once, by its latest answer", test_cache_replaces},
    {"entries are unknown when they are too old", test_cache_ages},
    {"the oldest entry makes room for a new one", test_cache_is_bounded},
    {"an incarnation is one by its form alone", test_incarnation},
    {"an incarnation wears out by time and by calls", test_wears_out},
    {"what is renewed is charged anew", test_renewed_is_charged},
    {"what finds no room when it is renewed is forgotten", test_renewed_without_room},
    CU_TEST_INFO_NULL,
};
