/* What a program asks of others through real servers: who is there, what they are, what there is.
 */
#include "soapH.h"
#include "laboratory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/namespaces.h"
#include "../lib/suite.h"

enum { TEXT_BYTES = 400, LONG_MS = 20000 };

/* What was told, a fact a line. */
static char told[20000];

static int note_fact(void *user, const char *kind, const char *name, const char *value)
{
    size_t len = strlen(told);
    (void)user;
    snprintf(told + len, sizeof told - len, "%s|%s|%s\n", kind, name, value);
    return 0;
}

static void assert_there(struct soap_xmpp_link *link, const char *jid)
{
    char why[TEXT_BYTES] = "";
    long rtt_us = -1;
    CU_ASSERT_EQUAL(soap_xmpp_ping(link, jid, LONG_MS, &rtt_us, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    CU_ASSERT(rtt_us >= 0 && rtt_us <= LONG_MS * 1000L);
}

static void ping_everybody(const struct site *site)
{
    struct pair pair;
    char why[TEXT_BYTES] = "", bob[200];
    if (pair_open(&pair, site, 1))
        return;
    assert_there(pair.caller, NULL);
    assert_there(pair.caller, site->domain);
    assert_there(pair.caller, pair.endpoint);
    snprintf(bob, sizeof bob, "bob@%s", site->domain); /* his "/soap" */
    assert_there(pair.caller, bob);
    assert_there(pair.service, site_endpoint(site, "alice", "desk"));
    CU_ASSERT_EQUAL(soap_xmpp_ping(pair.caller, site_endpoint(site, "bob", "absent"), LONG_MS, NULL,
                                   why, sizeof why),
                    -1);
    ASSERT_CONTAINS(why, "service-unavailable");
    CU_ASSERT_EQUAL(soap_xmpp_ping(pair.caller, "nobody.invalid", LONG_MS, NULL, why, sizeof why),
                    -1);
    ASSERT_CONTAINS(why, "nobody.invalid: ");
    pair_close(&pair);
}

static void who_is_there_answers_a_ping(void)
{
    site_each(ping_everybody);
}

static void ask_for_info(const struct site *site)
{
    struct pair pair;
    char why[TEXT_BYTES] = "", alice[TEXT_BYTES], *xml;
    if (pair_open(&pair, site, 1))
        return;
    told[0] = '\0';
    CU_ASSERT_EQUAL(
        soap_xmpp_info(pair.caller, pair.endpoint, LONG_MS, note_fact, NULL, why, sizeof why), 0);
    ASSERT_CONTAINS(told, "identity|automation/soap|soapxmpp\n");
    ASSERT_CONTAINS(told, "feature|" SX_NS_SOAP "|\n");
    told[0] = '\0';
    CU_ASSERT_EQUAL(
        soap_xmpp_info(pair.caller, site->domain, LONG_MS, note_fact, NULL, why, sizeof why), 0);
    ASSERT_CONTAINS(told, "identity|server/im|");
    ASSERT_CONTAINS(told, "feature|" SX_NS_DISCO_INFO "|\n");
    xml = soap_xmpp_ask(pair.caller, NULL, "<query xmlns='" SX_NS_DISCO_INFO "'/>", LONG_MS, why,
                        sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(xml);
    ASSERT_CONTAINS(xml, "<query xmlns=\"" SX_NS_DISCO_INFO "\">");
    free(xml);
    snprintf(alice, sizeof alice, "alice@%s", site->domain);
    xml = soap_xmpp_ask(pair.caller, alice, "<query xmlns='jabber:iq:roster'/>", LONG_MS, why,
                        sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(xml);
    ASSERT_CONTAINS(xml, "jabber:iq:roster");
    free(xml);
    CU_ASSERT_PTR_NULL(
        soap_xmpp_ask(pair.caller, pair.endpoint, "<a xmlns='urn:a'/>", LONG_MS, why, sizeof why));
    ASSERT_CONTAINS(why, "service-unavailable");
    pair_close(&pair);
}

static void entities_say_what_they_are(void)
{
    site_each(ask_for_info);
}

/* ---- our own stream ---- */

/* The value of the first fact of that name, or "none", until the next call. */
static const char *fact(const char *name)
{
    static char value[TEXT_BYTES];
    char line[TEXT_BYTES];
    const char *at;
    snprintf(line, sizeof line, "fact|%s|", name);
    at = strstr(told, line);
    snprintf(value, sizeof value, "%.*s", at ? (int)strcspn(at + strlen(line), "\n") : 4,
             at ? at + strlen(line) : "none");
    return value;
}

static void know_stream(const struct site *site)
{
    struct soap_xmpp_link *link = site_open(site, "alice", "desk");
    char since[TEXT_BYTES];
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_facts(link, note_fact, NULL), 0);
    ASSERT_CONTAINS(fact("jid"), "alice@");
    ASSERT_TEXT(fact("state"), "online");
    ASSERT_TEXT(fact("reason"), "none");
    ASSERT_TEXT(fact("reconnects"), "0");
    ASSERT_CONTAINS(fact("server.address"), "127.0.0.1:");
    ASSERT_TEXT(fact("server.source"), "config");
    ASSERT_TEXT(fact("tls.version"), "TLS 1.3");
    ASSERT_CONTAINS(fact("tls.cipher"), "TLS_");
    ASSERT_CONTAINS(fact("tls.expires"), "T");
    ASSERT_CONTAINS(fact("tls.issuer"), "CN=");
    ASSERT_TEXT(fact("tls.resumed"), "no");
    ASSERT_CONTAINS(fact("sasl.mechanism"), "SCRAM-SHA-");
    ASSERT_TEXT(fact("sasl.server-proof"), "yes");
    ASSERT_CONTAINS(told, "fact|stream.feature|urn:ietf:params:xml:ns:xmpp-bind\n");
    snprintf(since, sizeof since, "%s", fact("online.since"));
    ASSERT_CONTAINS(since, "Z");
    soap_xmpp_stop(link, 0);
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_facts(link, note_fact, NULL), 0);
    ASSERT_TEXT(fact("state"), "closed");
    ASSERT_TEXT(fact("tls.version"), "none");
    ASSERT_TEXT(fact("online.since"), "none");
    soap_xmpp_close(link);
}

static void a_link_knows_its_stream(void)
{
    site_each(know_stream);
}

/* ---- counts ---- */

/* Both ends count the same. */
static void count_calls(const struct site *site)
{
    struct soap_xmpp_counts caller, service;
    struct pair pair;
    double result;
    int i;
    if (pair_open(&pair, site, 2))
        return;
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, i, 1, &result), SOAP_OK);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__divide(pair.soap, pair.endpoint, NULL, 1, 0, &result),
                        SOAP_OK);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__add(pair.soap, site_endpoint(site, "bob", "absent"), NULL, 1, 1, &result),
        SOAP_OK);
    assert_there(pair.caller, pair.endpoint); /* no call */
    soap_xmpp_count(pair.caller, &caller);
    soap_xmpp_count(pair.service, &service);
    CU_ASSERT_EQUAL(caller.calls_answered, 3);
    CU_ASSERT_EQUAL(caller.calls_faulted, 1);
    CU_ASSERT_EQUAL(caller.calls_executed, 4);
    CU_ASSERT_EQUAL(caller.calls_refused + caller.calls_timed_out, 1);
    CU_ASSERT_EQUAL(caller.calls_not_executed, 1);
    CU_ASSERT_EQUAL(caller.calls_under_way, 0);
    CU_ASSERT_EQUAL(service.requests_taken, 4);
    CU_ASSERT_EQUAL(service.requests_answered, 3);
    CU_ASSERT_EQUAL(service.requests_faulted, 1);
    CU_ASSERT_EQUAL(service.requests_denied, 0);
    CU_ASSERT_EQUAL(service.reconnects, 0);
    CU_ASSERT(caller.bytes_out > 1000 && caller.bytes_in > 1000);
    CU_ASSERT(service.bytes_out > 1000 && service.bytes_in > 1000);
    pair_close(&pair);
}

static void both_ends_count_the_same(void)
{
    site_each(count_calls);
}

/* ---- a component ---- */

/* A component asks and is asked; its server lists it. */
static void ask_around_component(const struct site *site)
{
    struct site_account account;
    struct soap_xmpp_link *component, *caller = site_open(site, "alice", "desk");
    char why[TEXT_BYTES] = "", item[TEXT_BYTES];
    site_component(site, &account);
    CU_ASSERT_PTR_NOT_NULL_FATAL(component = soap_xmpp_open(&account.config, why, sizeof why));
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(component, LONG_MS), 0);
    assert_there(caller, account.jid);
    assert_there(component, site_endpoint(site, "alice", "desk"));
    assert_there(component, NULL);
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_facts(component, note_fact, NULL), 0);
    ASSERT_TEXT(fact("tls.version"), "none");
    ASSERT_TEXT(fact("sasl.mechanism"), "none");
    ASSERT_CONTAINS(fact("server.address"), "127.0.0.1:");
    told[0] = '\0';
    CU_ASSERT_EQUAL(
        soap_xmpp_items(caller, site->domain, LONG_MS, note_fact, NULL, why, sizeof why), 0);
    snprintf(item, sizeof item, "item|%s|", account.jid);
    ASSERT_CONTAINS(told, item);
    soap_xmpp_close(component);
    soap_xmpp_close(caller);
}

static void a_component_asks_and_is_listed(void)
{
    site_each(ask_around_component);
}

static void a_stopped_link_asks_nobody(void)
{
    const struct site *site = site_any();
    struct pair pair;
    char why[TEXT_BYTES] = "";
    if (pair_open(&pair, site, 1))
        return;
    soap_xmpp_stop(pair.caller, 0);
    CU_ASSERT_EQUAL(soap_xmpp_ping(pair.caller, NULL, LONG_MS, NULL, why, sizeof why), -1);
    ASSERT_TEXT(why, "our server: the link was stopped");
    pair_close(&pair);
}

CU_TestInfo tests_question[] = {
    {"who is there answers a ping", who_is_there_answers_a_ping},
    {"entities say what they are", entities_say_what_they_are},
    {"a link knows its stream", a_link_knows_its_stream},
    {"both ends count the same", both_ends_count_the_same},
    {"a component asks, and is listed", a_component_asks_and_is_listed},
    {"a stopped link asks nobody", a_stopped_link_asks_nobody},
    CU_TEST_INFO_NULL,
};
