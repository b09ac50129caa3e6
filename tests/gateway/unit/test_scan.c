/* What stands where in a document. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "soap/scan.h"

struct seen {
    const char *document;
    struct ct_text text;
    int stop_at, result;
    int events;
};

static int see(void *user, const struct gw_scan_event *event)
{
    static const char *const kinds[] = {"start", "end", "text", "cdata", "/cdata"};
    struct seen *seen = user;
    ct_text_print(&seen->text, "%s %u <%.*s>\n", kinds[event->kind], event->depth,
                  (int)(event->end - event->begin), seen->document + event->begin);
    return ++seen->events == seen->stop_at ? seen->result : 0;
}

static char *events_of(const char *document)
{
    struct seen seen = {.document = document};
    char why[256] = "";
    CU_ASSERT(gw_scan_read(document, strlen(document), "it", see, &seen, why, sizeof why) == 0);
    ASSERT_TEXT(why, "");
    return ct_text_take(&seen.text);
}

static void test_each_event_has_its_bytes(void)
{
    char *events = events_of("<?xml version='1.0'?><a>\n<p:b xmlns:p='urn:p' c=\"/\"/>x&amp;y\r\n"
                             "<![CDATA[<z>]]><!--c--><d></d ></a>");
    ASSERT_TEXT(events, "start 1 <<a>>\ntext 1 <\n>\nstart 2 <<p:b xmlns:p='urn:p' c=\"/\"/>>\n"
                        "end 2 <>\ntext 1 <x>\ntext 1 <&amp;>\ntext 1 <y>\ntext 1 <\r\n>\n"
                        "cdata 1 <<![CDATA[>\ntext 1 <<z>>\n/cdata 1 <]]>>\nstart 2 <<d>>\n"
                        "end 2 <</d >>\nend 1 <</a>>\n");
    free(events);
}

struct wanted {
    const char *document, *attribute, *value;
    bool is_found;
};

static int find(void *user, const struct gw_scan_event *event)
{
    struct wanted *wanted = user;
    size_t begin = 0, end = 0;
    if (event->kind != GW_SCAN_START || event->depth != 2)
        return 0;
    wanted->is_found = gw_scan_find_value(event, wanted->attribute, &begin, &end);
    if (!wanted->is_found)
        return 1;
    CU_ASSERT_EQUAL(end - begin, strlen(wanted->value));
    CU_ASSERT_NSTRING_EQUAL(wanted->document + begin, wanted->value, strlen(wanted->value));
    return 1;
}

static void test_values_are_found_in_their_quotes(void)
{
    static const struct wanted cases[] = {
        {"<r><a b='1'/></r>", "b", "1", true},
        {"<r><a b = \"x='y' b='no'\"/></r>", "b", "x='y' b='no'", true},
        {"<r><a\n  c='b=\"z\"'\n  b\n=\n'&lt;>'\t></a></r>", "b", "&lt;>", true},
        {"<r xmlns:p='urn:p'><p:a p:b='no' bb='no' b=''/></r>", "b", "", true},
        {"<r xmlns:p='urn:p'><p:a p:b='no' bb='b'/></r>", "b", NULL, false},
        {"<r><a/></r>", "b", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wanted wanted = cases[i];
        char why[256] = "";
        wanted.is_found = !cases[i].is_found;
        CU_ASSERT(gw_scan_read(wanted.document, strlen(wanted.document), "it", find, &wanted, why,
                               sizeof why) == 0);
        CU_ASSERT(wanted.is_found == cases[i].is_found);
    }
}

static int look(void *user, const struct gw_scan_event *event)
{
    int *found = user;
    if (event->kind != GW_SCAN_START || event->depth != 2)
        return 0;
    *found += gw_scan_is(event, "urn:a", "b");
    *found += 10 * gw_scan_is(event, "", "b");
    *found += 100 * (gw_scan_attribute(event, "urn:a", "c") != NULL);
    *found += 1000 * (gw_scan_attribute(event, "", "c") != NULL);
    return 0;
}

static void test_names_are_compared_with_their_namespace(void)
{
    static const char document[] = "<r xmlns:p='urn:a' xmlns:q='urn:ab'><p:b c=''/><b p:c=''/>"
                                   "<q:b/><p:bb/><b xmlns='urn:a'/></r>";
    char why[256];
    int found = 0;
    CU_ASSERT(gw_scan_read(document, strlen(document), "it", look, &found, why, sizeof why) == 0);
    CU_ASSERT_EQUAL(found, 2 + 10 + 100 + 1000);
}

static void expect_error(const char *document, size_t bytes, const char *sentence)
{
    struct seen seen = {.document = document};
    char why[256] = "";
    errno = 0;
    CU_ASSERT(gw_scan_read(document, bytes, "the thing", see, &seen, why, sizeof why) == -1);
    int error = errno;
    ASSERT_CONTAINS(why, sentence);
    CU_ASSERT_EQUAL(error, strstr(sentence, "memory") ? EFBIG : EINVAL);
    ct_text_fini(&seen.text);
}

static void test_what_is_no_xml_is_told(void)
{
    static const char utf16[] = "\xFF\xFE<\0a\0/\0>\0";
    struct ct_text deep = {0};
    for (int i = 0; i <= GW_SCAN_DEPTH; i++)
        ct_text_put(&deep, "<a>");
    expect_error("", 0, "the thing is no XML");
    expect_error("<a>", 3, "the thing is no XML");
    expect_error("<a><b></a>", 10, "mismatched tag at byte 8");
    expect_error("<p:a/>", 6, "unbound prefix");
    expect_error("<a>\xFF</a>", 8, "the thing is no XML");
    expect_error("<a>\0</a>", 8, "the thing is no XML");
    expect_error("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 40, "has a DOCTYPE");
    expect_error(utf16, sizeof utf16 - 1, "isn't UTF-8");
    expect_error(utf16 + 2, sizeof utf16 - 3, "isn't UTF-8");
    expect_error(deep.bytes, deep.len, "nests more than 1,024 elements");
    ct_text_fini(&deep);
}

/* expat writes a namespace anew for each attribute that has a prefix for it. */
static void expect_namespace(size_t namespace_bytes, unsigned attributes, const char *sentence)
{
    struct ct_text text = {0};
    ct_text_put(&text, "<a xmlns:p='");
    for (size_t i = 0; i < namespace_bytes; i++)
        ct_text_put(&text, "n");
    ct_text_put(&text, "'");
    for (unsigned i = 0; i < attributes; i++)
        ct_text_print(&text, " p:a%u=''", i);
    ct_text_put(&text, "/>");
    if (sentence) {
        expect_error(text.bytes, text.len, sentence);
    } else {
        char *events = events_of(text.bytes);
        ASSERT_CONTAINS(events, "start 1 <<a ");
        free(events);
    }
    ct_text_fini(&text);
}

static void test_namespaces_are_bounded(void)
{
    expect_namespace(GW_SCAN_NAMESPACE_BYTES, 1000, NULL);
    expect_namespace(GW_SCAN_NAMESPACE_BYTES + 1, 0, "has a namespace of more than 512 bytes");
    expect_namespace(1000000, 100000, "has a namespace of more than 512 bytes");
    expect_namespace(GW_SCAN_NAMESPACE_BYTES, 100000, "would take too much memory to read");
}

static void test_a_long_attribute_is_no_abuse(void)
{
    struct ct_text text = {0};
    struct wanted wanted = {.attribute = "none"};
    char why[256] = "", piece[4096];
    memset(piece, 'v', sizeof piece);
    ct_text_put(&text, "<r><a b='");
    while (text.len < 16U * 1024 * 1024)
        ct_text_add(&text, piece, sizeof piece);
    ct_text_put(&text, "'/></r>");
    CU_ASSERT(gw_scan_read(text.bytes, text.len, "it", find, &wanted, why, sizeof why) == 0);
    ASSERT_TEXT(why, "");
    ct_text_fini(&text);
}

static void test_the_caller_ends_it(void)
{
    static const char document[] = "<a><b/><c></a>";
    for (int result = -1; result <= 1; result += 2) {
        struct seen seen = {.document = document, .stop_at = 2, .result = result};
        char why[256] = "the caller's";
        CU_ASSERT(gw_scan_read(document, strlen(document), "it", see, &seen, why, sizeof why) ==
                  (result < 0 ? -1 : 0));
        ASSERT_TEXT(why, "the caller's");
        CU_ASSERT_EQUAL(seen.events, 2);
        ct_text_fini(&seen.text);
    }
}

static bool attempt_reading(unsigned number, bool lasts)
{
    static const char document[] = "<a xmlns='urn:a' b='c'>x<b/></a>";
    char why[256] = "";
    int found = 0;
    shortage_begin(number, lasts);
    int result = gw_scan_read(document, strlen(document), "it", look, &found, why, sizeof why);
    int error = errno;
    bool has_failed = shortage_end();
    CU_ASSERT(!has_failed || error == ENOMEM);
    CU_ASSERT(result == (has_failed ? -1 : 0));
    if (has_failed)
        ASSERT_TEXT(why, "there is no memory to read it");
    return has_failed;
}

static void test_a_shortage_of_memory_is_told(void)
{
    CU_ASSERT(shortage_sweep(attempt_reading) > 3);
}

CU_TestInfo gateway_tests_scan[] = {
    {"each event has its bytes", test_each_event_has_its_bytes},
    {"values are found in their quotes", test_values_are_found_in_their_quotes},
    {"names are compared with their namespace", test_names_are_compared_with_their_namespace},
    {"what is no XML is told", test_what_is_no_xml_is_told},
    {"namespaces are bounded, and so is their repetition", test_namespaces_are_bounded},
    {"a long attribute is no abuse", test_a_long_attribute_is_no_abuse},
    {"the caller ends it", test_the_caller_ends_it},
    {"a shortage of memory is told", test_a_shortage_of_memory_is_told},
    CU_TEST_INFO_NULL,
};
