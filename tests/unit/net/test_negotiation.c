/* The negotiation, without a stream: what stanzas about it tell. */
#include "../../lib/element_text.h"
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "net/negotiation.h"

#define FEATURES(inside)                                                                           \
    "<s:features xmlns:s='http://etherx.jabber.org/streams'>" inside "</s:features>"
#define ERROR(inside)      "<s:error xmlns:s='http://etherx.jabber.org/streams'>" inside "</s:error>"
#define STREAM_NS          "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"
#define MECHANISMS(inside) "<mechanisms xmlns='" SX_NS_SASL "'>" inside "</mechanisms>"
#define MECHANISM(name)    "<mechanism>" name "</mechanism>"
#define BINDINGS(inside)                                                                           \
    "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>" inside "</sasl-channel-binding>"

static enum sx_err take(struct sx_negotiation *negotiation, const char *xml, const char **why)
{
    struct sx_element *stanza = element_text_parse(xml);
    enum sx_err err = sx_negotiation_read(negotiation, stanza, why);
    sx_element_free(stanza);
    return err;
}

static void test_errors(void)
{
    struct sx_negotiation negotiation = {0};
    const char *why = NULL;
    CU_ASSERT_EQUAL(
        take(&negotiation, ERROR("<conflict " STREAM_NS "/><text " STREAM_NS ">no</text>"), &why),
        SX_OK);
    ASSERT_TEXT(negotiation.error.name, "conflict");
    ASSERT_TEXT(negotiation.error.text, "no");
    CU_ASSERT_EQUAL(take(&negotiation,
                         ERROR("<see-other-host " STREAM_NS ">[::1]:5299</see-other-host>"), &why),
                    SX_OK);
    ASSERT_TEXT(negotiation.error.name, "see-other-host");
    ASSERT_TEXT(negotiation.error.text, "");
    ASSERT_TEXT(negotiation.other_host, "[::1]:5299");
    CU_ASSERT_EQUAL(take(&negotiation, ERROR("<full xmlns='urn:x'/>"), &why), SX_OK);
    ASSERT_TEXT(negotiation.error.name, "undefined-condition");
    CU_ASSERT_EQUAL(take(&negotiation, ERROR("no room"), &why), SX_OK);
    ASSERT_TEXT(negotiation.error.name, "undefined-condition");
    CU_ASSERT_PTR_NULL(why);
    CU_ASSERT_EQUAL(take(&negotiation, ERROR(""), &why), SX_ESTREAM);
    ASSERT_CONTAINS(why, "without a condition");
}

/* What is told to people is cut between two characters. */
static void test_long_words(void)
{
    struct sx_negotiation_condition condition;
    struct sx_element *element;
    char words[201] = "", xml[500];
    size_t i;
    for (i = 0; i < 200; i += 2)
        memcpy(words + i, "\xC3\xA9", 3);
    snprintf(xml, sizeof xml, "<failure xmlns='" SX_NS_SASL "'><aborted/><text>%s</text></failure>",
             words);
    element = element_text_parse(xml);
    sx_negotiation_read_condition(element, SX_NS_SASL, &condition);
    sx_element_free(element);
    ASSERT_TEXT(condition.name, "aborted");
    words[sizeof condition.text - 2] = '\0';
    ASSERT_TEXT(condition.text, words);
}

static void test_offers(void)
{
    static const struct {
        const char *xml;
        bool has_bindings;
        unsigned mechanisms, bindings;
        const char *names;
    } rows[] = {
        {FEATURES(""), false, 0, 0, ""},
        {FEATURES("<mechanisms>" MECHANISM("PLAIN") "</mechanisms>"), false, 0, 0, ""},
        {FEATURES(MECHANISMS("")), false, 0, 0, ""},
        {FEATURES(MECHANISMS(MECHANISM("SCRAM-SHA-1") MECHANISM("X-OAUTH2") MECHANISM("PLAIN")
                                 MECHANISM("scram-sha-256"))),
         false, 1U << SX_MECHANISM_SCRAM_SHA_1 | 1U << SX_MECHANISM_PLAIN, 0,
         "SCRAM-SHA-1, X-OAUTH2, PLAIN"},
        /* what is no name isn't told */
        {FEATURES(MECHANISMS(MECHANISM("A-NAME-THAT-IS-TOO-LONG") MECHANISM("B&#10;C") MECHANISM("")
                                 MECHANISM("EXTERNAL"))),
         false, 1U << SX_MECHANISM_EXTERNAL, 0, "EXTERNAL"},
        {FEATURES(MECHANISMS(MECHANISM("SCRAM-SHA-1-PLUS"))
                      BINDINGS("<channel-binding type='tls-exporter'/><channel-binding/>"
                               "<channel-binding type='tls-other'/><binding type='tls-unique'/>")),
         true, 1U << SX_MECHANISM_SCRAM_SHA_1_PLUS, 1U << SX_BINDING_EXPORTER, "SCRAM-SHA-1-PLUS"},
        {FEATURES(MECHANISMS("") BINDINGS("")), true, 0, 0, ""},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_element *features = element_text_parse(rows[i].xml);
        struct sx_sasl_offer offer;
        sx_negotiation_read_offer(features, &offer);
        CU_ASSERT_EQUAL(offer.has_bindings, rows[i].has_bindings);
        CU_ASSERT_EQUAL(offer.mechanisms, rows[i].mechanisms);
        CU_ASSERT_EQUAL(offer.bindings, rows[i].bindings);
        ASSERT_TEXT(offer.names, rows[i].names);
        sx_element_free(features);
    }
}

static void test_many_names(void)
{
    struct sx_buffer xml = {0};
    struct sx_element *features;
    struct sx_sasl_offer offer;
    int i;
    sx_buffer_add_text(&xml, "<features><mechanisms xmlns='" SX_NS_SASL "'>");
    for (i = 0; i < 500; i++)
        sx_buffer_add_format(&xml, "<mechanism>NAME-%d</mechanism>", i);
    sx_buffer_add_text(&xml, MECHANISM("PLAIN") "</mechanisms></features>");
    features = element_text_parse(xml.bytes);
    sx_negotiation_read_offer(features, &offer);
    CU_ASSERT_EQUAL(offer.mechanisms, 1U << SX_MECHANISM_PLAIN);
    CU_ASSERT(strlen(offer.names) < sizeof offer.names && strlen(offer.names) > 100);
    ASSERT_CONTAINS(offer.names, "NAME-0, NAME-1, ");
    sx_element_free(features);
    sx_buffer_fini(&xml);
}

/* For people, and programs that look for a feature: the first 100. */
static void test_features(void)
{
    struct sx_buffer xml = {0};
    struct sx_facts facts = {0};
    struct sx_fact fact;
    struct sx_element *features =
        element_text_parse(FEATURES("<bind xmlns='" SX_NS_BIND "'/><sm xmlns='urn:xmpp:sm:3'/>"));
    const char *at;
    char *list;
    unsigned i;
    sx_negotiation_note_features(features, &facts);
    sx_element_free(features);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list = sx_facts_take(&facts));
    CU_ASSERT_PTR_NOT_NULL_FATAL(at = sx_facts_next(list, &fact));
    ASSERT_TEXT(fact.kind, "fact");
    ASSERT_TEXT(fact.name, "stream.feature");
    ASSERT_TEXT(fact.value, SX_NS_BIND);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at = sx_facts_next(at, &fact));
    ASSERT_TEXT(fact.value, "urn:xmpp:sm:3");
    CU_ASSERT_PTR_NULL(sx_facts_next(at, &fact));
    free(list);
    sx_buffer_add_text(&xml, "<s:features xmlns:s='http://etherx.jabber.org/streams'>");
    for (i = 0; i < 150; i++)
        sx_buffer_add_text(&xml, "<a xmlns='urn:a'/>");
    sx_buffer_add_text(&xml, "</s:features>");
    features = element_text_parse(xml.bytes);
    sx_negotiation_note_features(features, &facts);
    CU_ASSERT_EQUAL(facts.count, 100);
    sx_element_free(features);
    sx_buffer_fini(&xml);
    sx_buffer_fini(&facts.bytes);
}

CU_TestInfo tests_negotiation[] = {
    {"a stream error is kept with its words", test_errors},
    {"words that are too long are cut between two characters", test_long_words},
    {"an offer is what we know of it, and what people are told", test_offers},
    {"of many names as many are told as there is room for", test_many_names},
    {"the features of a stream are noted", test_features},
    CU_TEST_INFO_NULL,
};
