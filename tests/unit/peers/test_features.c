/* Service discovery: our answers, the parsing of others', the cache. */
#include "../../lib/element_text.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peers/features.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

static const int64_t SECOND_US = 1000000;

/* ---- answers ---- */

static void test_info_serving(void)
{
    struct sx_buffer out = {0};

    sx_disco_format_info(&out, true, "00.1", true);
    CU_ASSERT_FALSE(out.failed);
    ASSERT_TEXT(out.bytes, "<query xmlns='http://jabber.org/protocol/disco#info'>"
                           "<identity category='automation' type='soap' name='soapxmpp'/>"
                           "<feature var='http://jabber.org/protocol/disco#info'/>"
                           "<feature var='http://jabber.org/protocol/soap'/>"
                           "<feature var='urn:soap-xmpp:delivery:1'/>"
                           "<feature var='urn:soap-xmpp:delivery:1#00.1'/>"
                           "<feature var='urn:soap-xmpp:packed:1'/>"
                           "<feature var='urn:xmpp:ping'/></query>");
    sx_buffer_fini(&out);
}

static void test_info_not_serving(void)
{
    struct sx_buffer out = {0};

    sx_disco_format_info(&out, false, "00.1", true);
    ASSERT_TEXT(out.bytes, "<query xmlns='http://jabber.org/protocol/disco#info'>"
                           "<identity category='client' type='bot' name='soapxmpp'/>"
                           "<feature var='http://jabber.org/protocol/disco#info'/>"
                           "<feature var='urn:soap-xmpp:packed:1'/>"
                           "<feature var='urn:xmpp:ping'/></query>");
    sx_buffer_fini(&out);
}

static void test_question(void)
{
    struct sx_buffer out = {0};

    sx_disco_format_question(&out);
    ASSERT_TEXT(out.bytes, "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    sx_buffer_fini(&out);
}

/* ---- parsing ---- */

/* The list with a comma after each feature. The caller frees it. */
static char *parse(const char *xml)
{
    struct sx_element *query = element_text_parse(xml);
    char *features = sx_disco_parse_features(query), *at;

    sx_element_free(query);
    CU_ASSERT_PTR_NOT_NULL_FATAL(features);
    for (at = features; *at; at++) {
        at += strlen(at);
        *at = ',';
    }
    return features;
}

static void assert_parsed(const char *xml, const char *features)
{
    char *parsed = parse(xml);
    ASSERT_TEXT(parsed, features);
    free(parsed);
}

static void test_parse(void)
{
    assert_parsed("<query xmlns='http://jabber.org/protocol/disco#info'>"
                  "<identity category='automation' type='soap'/>"
                  "<feature var='urn:b'/>\n <feature var='urn:a'/>"
                  "</query>",
                  "urn:b,urn:a,");
    assert_parsed("<query xmlns='http://jabber.org/protocol/disco#info'/>", "");
}

static void test_parse_others(void)
{
    assert_parsed("<query xmlns='http://jabber.org/protocol/disco#info'>text"
                  "<feature/><feature var=''/><item var='urn:item'/>"
                  "<feature xmlns='urn:other' var='urn:elsewhere'/>"
                  "<x xmlns='jabber:x:data'><feature var='urn:nested'/></x>"
                  "<feature var='urn:last'/></query>",
                  "urn:last,");
}

static void test_parse_own_answer(void)
{
    struct sx_buffer out = {0};

    sx_disco_format_info(&out, true, "00.1", true);
    assert_parsed(out.bytes, SX_NS_DISCO_INFO "," SX_NS_SOAP "," SX_NS_DELIVERY "," SX_NS_DELIVERY
                                              "#00.1," SX_NS_PACKED "," SX_NS_PING ",");
    sx_buffer_fini(&out);
}

static void test_parse_no_query(void)
{
    char *features = sx_disco_parse_features(NULL);

    ASSERT_TEXT(features, "");
    free(features);
}

static void test_parse_bounds(void)
{
    struct sx_buffer xml = {0};
    char *features;
    int i;

    sx_buffer_add_text(&xml, "<query xmlns='" SX_NS_DISCO_INFO "'>");
    sx_buffer_add_format(&xml, "<feature var='%0255d'/><feature var='%0256d'/>", 7, 8);
    for (i = 2; i < 300; i++)
        sx_buffer_add_format(&xml, "<feature var='f%d'/>", i);
    sx_buffer_add_text(&xml, "</query>");
    features = parse(xml.bytes);
    ASSERT_CONTAINS(features, "0007,f2,");
    ASSERT_LACKS(features, "0008,");
    ASSERT_CONTAINS(features, ",f200,");
    ASSERT_LACKS(features, ",f201,");
    free(features);
    sx_buffer_fini(&xml);
}

static void test_list_has(void)
{
    CU_ASSERT_TRUE(sx_disco_list_has("urn:a\0urn:b\0", "urn:a"));
    CU_ASSERT_TRUE(sx_disco_list_has("urn:a\0urn:b\0", "urn:b"));
    CU_ASSERT_FALSE(sx_disco_list_has("urn:a\0urn:b\0", "urn:"));
    CU_ASSERT_FALSE(sx_disco_list_has("urn:a\0urn:b\0", "urn:aa"));
    CU_ASSERT_FALSE(sx_disco_list_has("urn:a\0urn:b\0", ""));
    CU_ASSERT_FALSE(sx_disco_list_has("", "urn:a"));
    CU_ASSERT_FALSE(sx_disco_list_has(NULL, "urn:a"));
}

/* ---- cache ---- */

enum { MAX_PEERS = 100 };

static void test_cache(void)
{
    struct sx_features *disco = sx_features_new(MAX_PEERS);

    CU_ASSERT_PTR_NOT_NULL_FATAL(disco);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", 0), -1);
    sx_features_put(disco, "a@x/1", "urn:a\0urn:b\0", 0);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", 0), 1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:b", 0), 1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:c", 0), 0);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/2", "urn:a", 0), -1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "A@X/1", "urn:a", 0), 1);
    sx_features_free(disco);
    sx_features_free(NULL);
}

static void test_cache_replaces(void)
{
    struct sx_features *disco = sx_features_new(MAX_PEERS);

    sx_features_put(disco, "a@x/1", "urn:a\0", 0);
    sx_features_put(disco, "A@x/1", "", 1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", 1), 0);
    sx_features_put(disco, "a@x/1", NULL, 2);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", 2), 0);
    sx_features_put(disco, "b@x/1", NULL, 2);
    CU_ASSERT_EQUAL(sx_features_has(disco, "b@x/1", "urn:a", 2), -1);
    /* one of ours that doesn't serve yet */
    sx_features_put(disco, "b@x/1", SX_NS_PACKED "\0", 2);
    CU_ASSERT_EQUAL(sx_features_has(disco, "b@x/1", SX_NS_PACKED, 2), -1);
    sx_features_put(disco, "b@x/1", SX_NS_SOAP "\0" SX_NS_PACKED "\0", 2);
    sx_features_put(disco, "b@x/1", SX_NS_PACKED "\0", 3);
    CU_ASSERT_EQUAL(sx_features_has(disco, "b@x/1", SX_NS_SOAP, 3), 1);
    sx_features_forget(disco, "A@x/1");
    sx_features_forget(disco, "nobody@x");
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", 2), -1);
    sx_features_free(disco);
}

static void test_cache_ages(void)
{
    struct sx_features *disco = sx_features_new(MAX_PEERS);
    int64_t end_us = 7 + SX_DISCO_TTL_S * SECOND_US;

    sx_features_put(disco, "a@x/1", "urn:a\0", 7);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", end_us - 1), 1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", end_us), -1);
    sx_features_put(disco, "a@x/1", "urn:a\0", end_us);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a@x/1", "urn:a", end_us), 1);
    sx_features_free(disco);
}

static void test_cache_is_bounded(void)
{
    struct sx_features *disco = sx_features_new(MAX_PEERS);
    char jid[32];
    int i;

    for (i = 0; i < MAX_PEERS; i++) {
        snprintf(jid, sizeof jid, "a%d@x/1", i);
        sx_features_put(disco, jid, "urn:a\0", i);
    }
    sx_features_put(disco, "a0@x/1", "urn:a\0", 1000); /* a1 is the oldest now */
    sx_features_put(disco, "new@x/1", "urn:a\0", 1000);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a0@x/1", "urn:a", 1000), 1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a1@x/1", "urn:a", 1000), -1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "a2@x/1", "urn:a", 1000), 1);
    CU_ASSERT_EQUAL(sx_features_has(disco, "new@x/1", "urn:a", 1000), 1);
    sx_features_free(disco);
}

/* What a peer calls its incarnation becomes part of our ids. */
static void test_incarnation(void)
{
    static const struct {
        const char *features;
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
    struct sx_features *disco = sx_features_new(MAX_PEERS);
    char incarnation[64] = "none";
    size_t i;

    CU_ASSERT_EQUAL(sx_features_incarnation(disco, "a@x/1", 0, incarnation, 64), -1);
    for (i = sizeof lists / sizeof lists[0]; i-- > 0;) {
        sx_features_put(disco, "a@x/1", lists[i].features, 0);
        ASSERT_TEXT(incarnation, "none");
        CU_ASSERT_EQUAL(sx_features_incarnation(disco, "a@x/1", 0, incarnation, 64),
                        lists[i].known);
    }
    ASSERT_TEXT(incarnation, "0123456789abcdef.1");
    sx_features_put(disco, "a@x/1", SX_NS_DELIVERY "#any\0", 0);
    CU_ASSERT_EQUAL(sx_features_incarnation(disco, "a@x/1", 0, incarnation, 64), 1);
    ASSERT_TEXT(incarnation, "any");
    sx_features_free(disco);
}

static void test_wears_out(void)
{
    const int64_t now = 1000000000, fresh_us = SX_DISCO_FRESH_S * INT64_C(1000000);
    struct sx_features *disco = sx_features_new(10);
    int calls;

    CU_ASSERT_FALSE(sx_features_is_worn(disco, "a@b/c", now));
    sx_features_put(disco, "a@b/c", "urn:x\0", now);
    CU_ASSERT_FALSE(sx_features_is_worn(disco, "a@b/c", now + fresh_us - 1));
    CU_ASSERT_TRUE(sx_features_is_worn(disco, "a@b/c", now + fresh_us));
    CU_ASSERT_FALSE(sx_features_is_worn(disco, "a@b/c", now + fresh_us));
    sx_features_put(disco, "a@b/c", "urn:x\0", now);
    for (calls = 0; calls < SX_DISCO_FRESH_CALLS; calls++)
        CU_ASSERT_FALSE(sx_features_is_worn(disco, "a@b/c", now));
    CU_ASSERT_TRUE(sx_features_is_worn(disco, "a@b/c", now));
    sx_features_free(disco);
}

CU_TestInfo tests_features[] = {
    {"who serves is automation/soap with the SOAP feature", test_info_serving},
    {"who only calls is a bot without the SOAP feature", test_info_not_serving},
    {"the question is an empty query", test_question},
    {"features are parsed in the order they came", test_parse},
    {"what is no feature of the query's own is skipped", test_parse_others},
    {"our own answer parses", test_parse_own_answer},
    {"an answer without a query lists nothing", test_parse_no_query},
    {"at most 200 features of at most 255 bytes are kept", test_parse_bounds},
    {"a feature is found by its whole name", test_list_has},
    {"the cache tells listed, not listed and unknown apart", test_cache},
    {"an entity is remembered once, by its latest answer", test_cache_replaces},
    {"entries are unknown when they are too old", test_cache_ages},
    {"the oldest entry makes room for a new one", test_cache_is_bounded},
    {"an incarnation is one by its form alone", test_incarnation},
    {"an incarnation wears out by time and by calls", test_wears_out},
    CU_TEST_INFO_NULL,
};
