/* What somebody without a rule, or with bad intentions, can do with bytestreams: nothing that costs
 * others anything.
 */
#include "soapH.h"
#include "parley.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"
#include "scene.h"

#define IBB    "http://jabber.org/protocol/ibb"
#define PACKED "urn:soap-xmpp:packed:1"
#define HASH   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { MANY = 100, SOME_BYTES = 1 << 20, CHEAP_BYTES = 1 << 20 };

static void allow_add(struct soap_xmpp_config *config)
{
    config->allow = "*:add";
}

static void allow_nobody(struct soap_xmpp_config *config)
{
    config->allow = "alice@example.net";
}

static void say_forbidden(const struct site *site)
{
    struct parley parley;
    char *text = laboratory_random_text(SOME_BYTES), *said = NULL;
    double sum = 0;
    int runs = laboratory_runs();
    parley_open(&parley, site, 1, NULL, allow_add);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said),
                        SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_TEXT(soap_xmpp_condition(parley.soap), "forbidden");
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", "<data "), 0);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "may not call", "say"), 1);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    parley_close(&parley);
    free(text);
}

static void who_may_not_call_may_send_no_bytes(void)
{
    site_each(say_forbidden);
}

/* Says what, and expects an error with this in it. */
static void expect_error(struct stranger *evil, const struct parley *parley, const char *what,
                         const char *error)
{
    const char *heard;
    CU_ASSERT_TRUE(stranger_say_format(evil, "<iq type='set' id='e' to='%s'>%s</iq>",
                                       parley->service_jid, what));
    heard = stranger_hear(evil, "</iq>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    ASSERT_CONTAINS(heard, "error");
    ASSERT_CONTAINS(heard, error);
}

static void announce(struct stranger *evil, const struct parley *parley, unsigned number,
                     size_t size)
{
    CU_ASSERT_TRUE(stranger_say_format(
        evil,
        "<iq type='set' id='o%u' to='%s'><open xmlns='" IBB "' sid='s%u' block-size='8192' "
        "stanza='iq'><packed xmlns='" PACKED "' transfer='t%u' size='%zu' sha256='" HASH
        "' operation='add'/></open></iq>",
        number, parley->service_jid, number, number, size));
}

/* What of so many announcements isn't refused. */
static unsigned announce_much(struct stranger *evil, const struct parley *parley, size_t size,
                              const char *condition)
{
    size_t before = mallinfo2().uordblks, after;
    unsigned i, refused = 0;
    for (i = 0; i < MANY; i++) {
        const char *heard;
        announce(evil, parley, i, size);
        heard = stranger_hear(evil, "</iq>");
        CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
        refused += strstr(heard, condition) != NULL;
    }
    after = mallinfo2().uordblks;
    CU_ASSERT_TRUE(after < before + CHEAP_BYTES);
    return MANY - refused;
}

static void announce_without_a_rule(const struct site *site)
{
    struct parley parley;
    struct stranger *evil;
    parley_open(&parley, site, 1, NULL, allow_nobody);
    evil = scene_open_stranger(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(evil);
    CU_ASSERT_EQUAL(announce_much(evil, &parley, 100, "<forbidden"), 0);
    stranger_close(evil);
    parley_close(&parley);
}

static void without_a_rule_nothing_is_announced(void)
{
    site_each(announce_without_a_rule);
}

static void announce_with_a_rule(const struct site *site)
{
    struct parley parley;
    struct stranger *evil;
    double sum = 0;
    parley_open(&parley, site, 1, NULL, allow_add);
    evil = scene_open_stranger(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(evil);
    CU_ASSERT_EQUAL(announce_much(evil, &parley, (size_t)1 << 30, "<not-acceptable"), 0);
    CU_ASSERT_EQUAL(announce_much(evil, &parley, 60 << 20, "<resource-constraint"), 1);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    stranger_close(evil);
    parley_close(&parley);
}

static void announcements_cost_no_memory(void)
{
    site_each(announce_with_a_rule);
}

static void say_nonsense(const struct site *site)
{
    static const struct {
        const char *what, *error;
    } rows[] = {
        {"<data xmlns='" IBB "' sid='none' seq='0'>AAAA</data>", "<item-not-found"},
        {"<data xmlns='" IBB "' seq='0'>AAAA</data>", "<item-not-found"},
        {"<close xmlns='" IBB "' sid='none'/>", "<item-not-found"},
        {"<close xmlns='" IBB "'/>", "<item-not-found"},
        {"<open xmlns='" IBB "' sid='s' block-size='4096' stanza='iq'/>", "<not-acceptable"},
        {"<open xmlns='" IBB "' sid='s' block-size='4096'><packed xmlns='" PACKED "'/></open>",
         "<not-acceptable"},
        {"<packed xmlns='" PACKED "' transfer='t' size='10' sha256='" HASH "'/>",
         "<item-not-found"},
        {"<packed xmlns='" PACKED "' transfer='t' size='-1' sha256='" HASH "'/>",
         "<item-not-found"},
        {"<packed xmlns='" PACKED "' transfer=''/>", "<item-not-found"},
    };
    struct parley parley;
    struct stranger *evil;
    double sum = 0;
    size_t i;
    int runs = laboratory_runs();
    parley_open(&parley, site, 1, NULL, NULL);
    evil = scene_open_stranger(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(evil);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_error(evil, &parley, rows[i].what, rows[i].error);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    stranger_close(evil);
    parley_close(&parley);
}

static void nonsense_is_refused(void)
{
    site_each(say_nonsense);
}

/* The bytes of one call don't serve another's. */
static void announce_to_nobody(const struct site *site)
{
    struct parley parley;
    struct stranger *evil;
    parley_open(&parley, site, 1, NULL, NULL);
    evil = scene_open_stranger(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(evil);
    snprintf(parley.service_jid, sizeof parley.service_jid, "alice@%s/desk", site->domain);
    announce(evil, &parley, 1, 100);
    ASSERT_CONTAINS(stranger_hear(evil, "</iq>"), "<service-unavailable");
    expect_error(evil, &parley,
                 "<open xmlns='" IBB "' sid='s' block-size='4096'><packed xmlns='" PACKED
                 "' transfer='t' size='10' sha256='" HASH "'/></open>",
                 "<forbidden");
    stranger_close(evil);
    parley_close(&parley);
}

static void who_serves_nothing_takes_no_bytes(void)
{
    site_each(announce_to_nobody);
}

CU_TestInfo tests_big_strangers[] = {
    {"who may not call an operation may send no bytes for it", who_may_not_call_may_send_no_bytes},
    {"without a rule nothing can be announced", without_a_rule_nothing_is_announced},
    {"announcements cost no memory, however large", announcements_cost_no_memory},
    {"blocks, closes, opens and references out of nowhere are refused", nonsense_is_refused},
    {"who serves nothing takes no bytes but those of answers", who_serves_nothing_takes_no_bytes},
    CU_TEST_INFO_NULL,
};
