/* Calls to an account: which of its resources they go to, and when they go elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/reroute.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "responder.h"

#define ACCOUNT "bob@example.org"
#define ONE     ACCOUNT "/one"
#define TWO     ACCOUNT "/two"
#define OWN     "calc@example.org/soap"
#define FIRST   "0123456789abcdef.1"
#define SECOND  "89abcdef01234567.1"
#define FRESHER "89abcdef01234567.9"
#define PACKED  "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>"
#define PLAIN   "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'/>"

static const int64_t PAST = 1; /* microsecond after boot */

static struct responder responder;
static unsigned asked;
static const char *serves; /* which of those who are asked lists SOAP */

/* Answers what is asked of a resource, before whoever asks begins to wait. */
static void answer(void *user, uint64_t session, char *stanza, size_t len)
{
    struct sx_buffer result = {0};
    char to[100] = "", id[200] = "";
    (void)user, (void)session, (void)len;
    if (sscanf(stanza, "<iq type='get' to='%99[^']' id='%199[^']'", to, id) != 2)
        return;
    asked++;
    sx_buffer_add_format(
        &result,
        "<iq type='result' from='%s' to='" OWN "' id='%s'><query "
        "xmlns='" SX_NS_DISCO_INFO "'>%s</query></iq>",
        to, id, serves && strcmp(serves, to) == 0 ? "<feature var='" SX_NS_SOAP "'/>" : "");
    responder_hear(&responder, result.bytes, result.len);
    sx_buffer_fini(&result);
}

static void setup(enum soap_xmpp_policy policy)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.presence = 1;
    config.policy = policy;
    responder_start(&responder, &config);
    CU_ASSERT_TRUE(sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL));
    asked = 0;
    serves = NULL;
}

static void teardown(void)
{
    responder_stop(&responder);
}

/* mark: its attributes, NULL: it doesn't say that it serves. */
static void come(const char *jid, const char *mark)
{
    char stanza[400];
    snprintf(stanza, sizeof stanza, "<presence from='%s' to='" OWN "'>%s%s%s</presence>", jid,
             mark ? "<soap xmlns='" SX_NS_PRESENCE "' " : "", mark ? mark : "", mark ? "/>" : "");
    responder_hear(&responder, stanza, strlen(stanza));
}

static void go(const char *jid)
{
    char stanza[400];
    snprintf(stanza, sizeof stanza, "<presence type='unavailable' from='%s' to='" OWN "'/>", jid);
    responder_hear(&responder, stanza, strlen(stanza));
}

/* malloc'ed, "" for none. */
static char *choose(void)
{
    uint64_t version;
    char *chosen;
    responder.pass = answer;
    chosen = sx_routing_choose(&responder.link->routing, ACCOUNT "/soap",
                               sx_clock_deadline(30000000), &version);
    responder.pass = NULL;
    if (!chosen)
        chosen = strdup("");
    CU_ASSERT_PTR_NOT_NULL_FATAL(chosen);
    return chosen;
}

static void expect_choice(const char *jid)
{
    char *chosen = choose();
    ASSERT_TEXT(chosen, jid ? jid : "");
    free(chosen);
}

/* A call to ONE that any resource of the account would do for, posted once. */
static struct soap_xmpp_call *begin(const char *payload)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(responder.link->exchange, ONE, "add", PAST, &call),
                          SX_OK);
    sx_reroute_allow(call);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, FIRST, payload, strlen(payload)), SX_OK);
    return call;
}

static void say(const struct soap_xmpp_call *call, const char *from, const char *error)
{
    struct sx_buffer stanza = {0};
    sx_buffer_add_format(&stanza,
                         "<iq type='error' from='%s' to='" OWN "' id='%s'><error "
                         "type='cancel'>%s</error></iq>",
                         from, sx_exchange_id(call), error);
    responder_hear(&responder, stanza.bytes, stanza.len);
    sx_buffer_fini(&stanza);
}

#define CONDITION(name) "<" name " xmlns='" SX_NS_STANZAS "'/>"
#define UNAVAILABLE     CONDITION("service-unavailable")

/* ---- a call begins ---- */

TEST(it_applies_to_accounts_where_presence_is_noticed)
{
    struct sx_routing blind;
    setup(SOAP_XMPP_POLICY_STICKY);
    blind = responder.link->routing;
    blind.roster = NULL;
    CU_ASSERT_TRUE(sx_routing_applies(&responder.link->routing, ACCOUNT "/soap", true));
    CU_ASSERT_FALSE(sx_routing_applies(&responder.link->routing, ACCOUNT "/soap", false));
    CU_ASSERT_FALSE(sx_routing_applies(&responder.link->routing, "calc.example.org", true));
    CU_ASSERT_FALSE(sx_routing_applies(&blind, ACCOUNT "/soap", true));
    teardown();
}

TEST(who_says_that_it_serves_is_chosen_and_nobody_asked)
{
    setup(SOAP_XMPP_POLICY_ROUND_ROBIN);
    expect_choice(NULL);
    serves = ONE;
    come(ONE, NULL);
    come(TWO, "incarnation='" SECOND "'");
    expect_choice(TWO);
    expect_choice(TWO);
    CU_ASSERT_EQUAL(asked, 0);
    go(TWO);
    expect_choice(ONE); /* nobody says so any longer: it is asked */
    CU_ASSERT_EQUAL(asked, 1);
    teardown();
}

TEST(who_does_not_say_is_asked_once)
{
    setup(SOAP_XMPP_POLICY_ROUND_ROBIN);
    serves = TWO;
    come(ONE, NULL);
    come(TWO, NULL);
    expect_choice(TWO);
    CU_ASSERT_EQUAL(asked, 2);
    expect_choice(TWO);
    CU_ASSERT_EQUAL(asked, 2);
    teardown();
}

TEST(they_take_turns)
{
    char *first;
    setup(SOAP_XMPP_POLICY_ROUND_ROBIN);
    come(ONE, "incarnation='" FIRST "'");
    come(TWO, "incarnation='" SECOND "'");
    first = choose();
    expect_choice(strcmp(first, ONE) == 0 ? TWO : ONE);
    expect_choice(first);
    free(first);
    teardown();
}

TEST(who_has_least_to_do_is_chosen)
{
    struct soap_xmpp_call *call;
    setup(SOAP_XMPP_POLICY_LEAST_OUTSTANDING);
    come(ONE, "incarnation='" FIRST "'");
    come(TWO, "incarnation='" SECOND "'");
    call = begin(PLAIN);
    expect_choice(TWO);
    expect_choice(TWO);
    sx_exchange_release(call);
    teardown();
}

TEST(who_was_chosen_in_vain_is_not_chosen_again)
{
    setup(SOAP_XMPP_POLICY_STICKY);
    come(ONE, "incarnation='" FIRST "'");
    expect_choice(ONE);
    CU_ASSERT_TRUE(sx_routing_choose_again(&responder.link->routing, ACCOUNT, ONE, 1,
                                           sx_clock_deadline(30000000)));
    expect_choice(NULL);
    CU_ASSERT_FALSE(sx_routing_choose_again(&responder.link->routing, ACCOUNT, NULL, 0, PAST));
    come(ONE, "incarnation='" FIRST "'");
    expect_choice(ONE);
    teardown();
}

/* ---- a call moves ---- */

TEST(a_call_that_comes_back_moves_to_who_serves)
{
    struct soap_xmpp_call *call;
    setup(SOAP_XMPP_POLICY_STICKY);
    come(ONE, "incarnation='" FIRST "'");
    come(TWO, "incarnation='" SECOND "'");
    call = begin(PLAIN);
    say(call, ONE, UNAVAILABLE);
    ASSERT_TEXT(sx_exchange_peer(call), TWO);
    ASSERT_CONTAINS(sx_exchange_id(call), "~" SECOND);
    expect_choice(TWO); /* ONE hasn't said anything since */
    sx_exchange_release(call);
    teardown();
}

TEST(it_goes_out_under_the_freshest_incarnation)
{
    static const char features[] = SX_NS_DELIVERY "#" FRESHER "\0";
    struct soap_xmpp_call *call;
    setup(SOAP_XMPP_POLICY_STICKY);
    come(TWO, "incarnation='" SECOND "'");
    sx_features_put(responder.link->features, TWO, features, sx_clock_now_us());
    call = begin(PLAIN);
    say(call, ONE, UNAVAILABLE);
    ASSERT_CONTAINS(sx_exchange_id(call), "~" FRESHER);
    sx_exchange_release(call);
    teardown();
}

TEST(other_words_move_nothing)
{
    static const struct {
        const char *from, *error;
    } words[] = {
        {TWO, UNAVAILABLE},
        {ACCOUNT, UNAVAILABLE},
        {ONE, CONDITION("item-not-found")},
        {ONE, CONDITION("recipient-unavailable")},
        {ONE, UNAVAILABLE "<stale xmlns='" SX_NS_DELIVERY "' incarnation='" SECOND "'/>"},
    };
    size_t i;
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct soap_xmpp_call *call;
        setup(SOAP_XMPP_POLICY_STICKY);
        come(TWO, "incarnation='" SECOND "'");
        call = begin(PLAIN);
        say(call, words[i].from, words[i].error);
        ASSERT_TEXT(sx_exchange_peer(call), ONE);
        sx_exchange_release(call);
        teardown();
    }
}

/* Who doesn't run each id once, or doesn't pack, or doesn't serve. */
TEST(a_call_stays_rather_than_go_where_it_can_not)
{
    static const struct {
        const char *mark, *payload, *peer;
    } rows[] = {
        {NULL, PLAIN, ONE},
        {"packed='true'", PLAIN, ONE},
        {"incarnation='" SECOND "'", PACKED, ONE},
        {"incarnation='" SECOND "' packed='true'", PACKED, TWO},
        {"incarnation='" SECOND "'", PLAIN, TWO},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct soap_xmpp_call *call;
        setup(SOAP_XMPP_POLICY_STICKY);
        come(TWO, rows[i].mark);
        call = begin(rows[i].payload);
        say(call, ONE, UNAVAILABLE);
        ASSERT_TEXT(sx_exchange_peer(call), rows[i].peer);
        CU_ASSERT_TRUE(
            sx_exchange_expects(responder.link->exchange, rows[i].peer, sx_exchange_id(call)));
        sx_exchange_release(call);
        teardown();
    }
}

/* ---- somebody comes or goes ---- */

TEST(a_call_that_waits_goes_to_who_comes)
{
    struct soap_xmpp_call *call;
    setup(SOAP_XMPP_POLICY_STICKY);
    call = begin(PLAIN);
    say(call, ONE, UNAVAILABLE);
    ASSERT_TEXT(sx_exchange_peer(call), ONE);
    come(TWO, NULL);
    ASSERT_TEXT(sx_exchange_peer(call), ONE);
    come(TWO, "incarnation='" SECOND "'");
    ASSERT_TEXT(sx_exchange_peer(call), TWO);
    sx_exchange_release(call);
    teardown();
}

TEST(a_call_that_may_be_running_stays_when_its_resource_goes)
{
    struct soap_xmpp_call *call;
    setup(SOAP_XMPP_POLICY_STICKY);
    come(ONE, "incarnation='" FIRST "'");
    come(TWO, "incarnation='" SECOND "'");
    call = begin(PLAIN);
    go(ONE);
    ASSERT_TEXT(sx_exchange_peer(call), ONE);
    sx_exchange_release(call);
    teardown();
}

TEST(who_goes_is_asked_anew_when_it_comes_back)
{
    setup(SOAP_XMPP_POLICY_STICKY);
    serves = ONE;
    come(ONE, NULL);
    expect_choice(ONE);
    go(ONE);
    expect_choice(NULL);
    serves = NULL; /* another program */
    come(ONE, NULL);
    expect_choice(NULL);
    CU_ASSERT_EQUAL(asked, 2);
    teardown();
}

TEST(our_own_presence_makes_us_no_peer)
{
    uint64_t version;
    char *chosen;
    setup(SOAP_XMPP_POLICY_STICKY);
    come(OWN, "incarnation='" FIRST "'");
    chosen = sx_routing_choose(&responder.link->routing, OWN, PAST, &version);
    CU_ASSERT_PTR_NULL(chosen);
    free(chosen);
    teardown();
}

CU_TestInfo tests_routing[] = {
    {"it applies to accounts where presence is noticed",
     it_applies_to_accounts_where_presence_is_noticed},
    {"who says that it serves is chosen, and nobody asked",
     who_says_that_it_serves_is_chosen_and_nobody_asked},
    {"who doesn't say is asked once", who_does_not_say_is_asked_once},
    {"they take turns", they_take_turns},
    {"who has least to do is chosen", who_has_least_to_do_is_chosen},
    {"who was chosen in vain isn't chosen again", who_was_chosen_in_vain_is_not_chosen_again},
    {"a call that comes back moves to who serves", a_call_that_comes_back_moves_to_who_serves},
    {"it goes out under the freshest incarnation", it_goes_out_under_the_freshest_incarnation},
    {"other words move nothing", other_words_move_nothing},
    {"a call stays rather than go where it can't", a_call_stays_rather_than_go_where_it_can_not},
    {"a call that waits goes to who comes", a_call_that_waits_goes_to_who_comes},
    {"a call that may be running stays when its resource goes",
     a_call_that_may_be_running_stays_when_its_resource_goes},
    {"who goes is asked anew when it comes back", who_goes_is_asked_anew_when_it_comes_back},
    {"our own presence makes us no peer", our_own_presence_makes_us_no_peer},
    CU_TEST_INFO_NULL,
};
