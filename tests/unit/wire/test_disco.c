/* disco.c: our answers, and the parsing of others'. */
#include "../../lib/element_text.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/namespaces.h"
#include "wire/disco.h"
#include "wire/fact.h"

/* ---- answers ---- */

static void format_info(struct sx_buffer *out, bool serving)
{
    sx_disco_begin_info(out, serving, "00.1", true);
    sx_disco_end_info(out);
}

static void test_info_serving(void)
{
    struct sx_buffer out = {0};

    format_info(&out, true);
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

    format_info(&out, false);
    ASSERT_TEXT(out.bytes, "<query xmlns='http://jabber.org/protocol/disco#info'>"
                           "<identity category='client' type='bot' name='soapxmpp'/>"
                           "<feature var='http://jabber.org/protocol/disco#info'/>"
                           "<feature var='urn:soap-xmpp:packed:1'/>"
                           "<feature var='urn:xmpp:ping'/></query>");
    sx_buffer_fini(&out);
}

static void test_question(void)
{
    ASSERT_TEXT(SX_DISCO_INFO_QUESTION, "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    ASSERT_TEXT(SX_DISCO_ITEMS_QUESTION, "<query xmlns='http://jabber.org/protocol/disco#items'/>");
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

    format_info(&out, true);
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

/* ---- facts ---- */

/* One fact a line. The caller frees it. */
static char *parse_facts(const char *xml)
{
    struct sx_element *query = element_text_parse(xml);
    char *list = sx_disco_parse_facts(query);
    const char *at = list;
    struct sx_buffer lines = {0};
    struct sx_fact fact;
    size_t len;
    sx_element_free(query);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    while ((at = sx_facts_next(at, &fact)) != NULL)
        sx_buffer_add_format(&lines, "%s|%s|%s\n", fact.kind, fact.name, fact.value);
    free(list);
    return sx_buffer_take(&lines, &len);
}

static void assert_facts(const char *xml, const char *facts)
{
    char *parsed = parse_facts(xml);
    ASSERT_TEXT(parsed, facts);
    free(parsed);
}

#define INFO(content)  "<query xmlns='" SX_NS_DISCO_INFO "'>" content "</query>"
#define ITEMS(content) "<query xmlns='" SX_NS_DISCO_ITEMS "'>" content "</query>"
#define FORM(content)  "<x xmlns='" SX_NS_DATA "' type='result'>" content "</x>"

static void test_facts(void)
{
    assert_facts(INFO("<identity category='server' type='im' name='Prosody'/>"
                      "<identity category='pubsub' type='pep'/><feature var='urn:a'/>" FORM(
                          "<field var='a'><value>1</value><value>2</value></field>"
                          "<field var='FORM_TYPE'><value>urn:form</value></field>"
                          "<field var='b'/><field var='c'><value/></field>")),
                 "identity|server/im|Prosody\nidentity|pubsub/pep|\nfeature|urn:a|\n"
                 "urn:form|a|1\nurn:form|a|2\nurn:form|c|\n");
    assert_facts(ITEMS("<item jid='a@b/c' name='A'/><item jid='d' node='x'/>"),
                 "item|a@b/c|A\nitem|d|\n");
    assert_facts(INFO(""), "");
}

static void test_facts_of_others(void)
{
    assert_facts(
        INFO("text<identity category='server'/><identity type='im'/><feature/>"
             "<item jid='a'/><item xmlns='" SX_NS_DISCO_ITEMS "'/>" FORM(
                 "<field var='a'><value>no type</value></field>") "<x xmlns='" SX_NS_DATA
                                                                  "' type='form'><field "
                                                                  "var='FORM_TYPE'><value>urn:f"
                                                                  "</value></field><field "
                                                                  "var='a'><value>1</value></"
                                                                  "field></x>"
                                                                  "<x xmlns='" SX_NS_DATA
                                                                  "'><field/></x><feature "
                                                                  "var='urn:last'/>"),
        "feature|urn:last|\n");
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

CU_TestInfo tests_disco[] = {
    {"who serves is automation/soap with the SOAP feature", test_info_serving},
    {"who only calls is a bot without the SOAP feature", test_info_not_serving},
    {"the question is an empty query", test_question},
    {"features are parsed in the order they came", test_parse},
    {"what is no feature of the query's own is skipped", test_parse_others},
    {"our own answer parses", test_parse_own_answer},
    {"an answer without a query lists nothing", test_parse_no_query},
    {"at most 200 features of at most 255 bytes are kept", test_parse_bounds},
    {"facts are identities, features, fields of forms, items", test_facts},
    {"what is no fact is left out", test_facts_of_others},
    {"a feature is found by its whole name", test_list_has},
    CU_TEST_INFO_NULL,
};
