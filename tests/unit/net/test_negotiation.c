/* The negotiation, without a stream: what stanzas tell, and what libstrophe isn't given. */
#include "../../lib/element_text.h"
#include "../../lib/suite.h"

#include <string.h>

#include "net/negotiation.h"

#define FEATURES(inside)                                                                           \
    "<s:features xmlns:s='http://etherx.jabber.org/streams'>" inside "</s:features>"
#define BIND       "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
#define SASL(name) "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"

static const char *why;

static enum sx_err inspect(struct sx_login *login, const char *xml)
{
    struct sx_element *stanza = element_text_parse(xml);
    enum sx_err err;
    why = "";
    err = sx_negotiation_inspect(login, stanza, &why);
    sx_element_free(stanza);
    return err;
}

static void test_login(void)
{
    struct sx_login login = {0};
    CU_ASSERT_EQUAL(inspect(&login, FEATURES(SASL("mechanisms") "><mechanism>PLAIN</mechanism>"
                                                                "<mechanism>EXTERNAL</mechanism>"
                                                                "</mechanisms>")),
                    SX_OK);
    CU_ASSERT(login.offers_sasl && login.offers_external && !login.authenticated);
    CU_ASSERT_EQUAL(inspect(&login, SASL("success") "/>"), SX_OK);
    CU_ASSERT(login.authenticated && !login.bound);
    CU_ASSERT_EQUAL(inspect(&login, FEATURES(BIND "</bind><limits xmlns='urn:xmpp:stream-limits:0'>"
                                                  "<max-bytes>20000</max-bytes></limits>")),
                    SX_OK);
    CU_ASSERT_EQUAL(login.server_max_bytes, 20000);
    CU_ASSERT_EQUAL(inspect(&login, "<iq type='result' id='_xmpp_bind1'>" BIND
                                    "<jid>me@example.org/x</jid></bind></iq>"),
                    SX_OK);
    CU_ASSERT_TRUE(login.bound);
    CU_ASSERT(!login.sasl_condition[0] && !login.bind_condition[0] && !login.stream_condition[0]);
}

static void test_refusals(void)
{
    struct sx_login login = {0};
    CU_ASSERT_EQUAL(inspect(&login, SASL("failure") "><not-authorized/><text>no</text></failure>"),
                    SX_OK);
    ASSERT_TEXT(login.sasl_condition, "not-authorized");
    ASSERT_TEXT(login.sasl_text, "no");
    CU_ASSERT_EQUAL(inspect(&login, "<iq type='error' id='_xmpp_bind1'><error type='wait'>"
                                    "<resource-constraint "
                                    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"),
                    SX_OK);
    ASSERT_TEXT(login.bind_condition, "resource-constraint");
    CU_ASSERT_EQUAL(inspect(&login, "<s:error xmlns:s='http://etherx.jabber.org/streams'><conflict "
                                    "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></s:error>"),
                    SX_OK);
    ASSERT_TEXT(login.stream_condition, "conflict");
}

/* Each with what came before it, NULL for nothing. */
static void test_what_ends_it(void)
{
    static const struct {
        const char *before, *xml;
        enum sx_err err;
        const char *why;
    } rows[] = {
        {NULL, "<s:error xmlns:s='http://etherx.jabber.org/streams'/>", SX_ESTREAM, "condition"},
        {SASL("success") "/>", FEATURES(""), SX_EPROTOCOL, "no resource binding"},
        {NULL, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", SX_ETLS, "no TLS"},
        {NULL, "<iq type='result' id='_xmpp_bind1'/>", SX_EPROTOCOL, "no JID"},
        {NULL, "<iq type='result' id='_xmpp_bind1'>" BIND "<jid>@</jid></bind></iq>", SX_EPROTOCOL,
         "no JID"},
        /* "r=x,s=eA==,i=1000001" */
        {NULL, SASL("challenge") ">cj14LHM9ZUE9PSxpPTEwMDAwMDE=</challenge>", SX_EPROTOCOL,
         "iterations"},
        /* "i=1000001,r=x,s=eA==", and "r=x,s=eA==,i=1,i=1000001": libstrophe takes the last one */
        {NULL, SASL("challenge") ">aT0xMDAwMDAxLHI9eCxzPWVBPT0=</challenge>", SX_EPROTOCOL,
         "iterations"},
        {NULL, SASL("challenge") ">cj14LHM9ZUE9PSxpPTEsaT0xMDAwMDAx</challenge>", SX_EPROTOCOL,
         "iterations"},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_login login = {0};
        if (rows[i].before)
            CU_ASSERT_EQUAL(inspect(&login, rows[i].before), SX_OK);
        CU_ASSERT_EQUAL(inspect(&login, rows[i].xml), rows[i].err);
        ASSERT_CONTAINS(why, rows[i].why);
    }
}

/* "r=AAA...A,s=eA==,i=1000001" */
static void test_a_long_challenge(void)
{
    struct sx_login login = {0};
    char xml[8000];
    int len = snprintf(xml, sizeof xml, "%s", SASL("challenge") ">cj1B");
    while (len < 7000)
        len += snprintf(xml + len, sizeof xml - (size_t)len, "QUFB");
    snprintf(xml + len, sizeof xml - (size_t)len, "LHM9ZUE9PSxpPTEwMDAwMDE=</challenge>");
    CU_ASSERT_EQUAL(inspect(&login, xml), SX_EPROTOCOL);
    ASSERT_CONTAINS(why, "bytes");
}

/* What is told to humans is cut between two characters. */
static void test_long_words(void)
{
    struct sx_login login = {0};
    char words[201] = "", xml[500];
    size_t i;
    for (i = 0; i < 200; i += 2)
        memcpy(words + i, "\xC3\xA9", 3);
    snprintf(xml, sizeof xml, "%s><not-authorized/><text>%s</text></failure>", SASL("failure"),
             words);
    CU_ASSERT_EQUAL(inspect(&login, xml), SX_OK);
    words[sizeof login.sasl_text - 2] = '\0';
    ASSERT_TEXT(login.sasl_text, words);
}

static void test_challenges_end(void)
{
    struct sx_login login = {0};
    unsigned i;
    for (i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(inspect(&login, SASL("challenge") ">AAAA</challenge>"), SX_OK);
    CU_ASSERT_EQUAL(inspect(&login, SASL("challenge") ">AAAA</challenge>"), SX_EPROTOCOL);
    ASSERT_CONTAINS(why, "no end");
}

static void test_tls(void)
{
    struct sx_element *proceed =
        element_text_parse("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    struct sx_login login = {0};
    CU_ASSERT_TRUE(sx_negotiation_begins_tls(&login, proceed));
    login.authenticated = true;
    CU_ASSERT_FALSE(sx_negotiation_begins_tls(&login, proceed));
    sx_element_free(proceed);
}

CU_TestInfo tests_negotiation[] = {
    {"a login is followed from the mechanisms to the JID", test_login},
    {"refusals are kept with their words", test_refusals},
    {"what libstrophe can't bear ends the login", test_what_ends_it},
    {"so does a challenge that is too long to be one", test_a_long_challenge},
    {"words that are too long are cut between two characters", test_long_words},
    {"challenges without end do, too", test_challenges_end},
    {"the go-ahead for TLS counts before the login alone", test_tls},
    CU_TEST_INFO_NULL,
};
