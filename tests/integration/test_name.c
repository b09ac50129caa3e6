/* Names: how an endpoint becomes a JID, whom it reaches, and who answers. */
#include "soapH.h"
#include "laboratory.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "link/link.h"
#include "../lib/suite.h"

enum { LONG_US = 20000000 };

/* ---- whom a link has written to ---- */

struct sender {
    struct soap_xmpp_link *link;
    struct soap *soap;
    pthread_mutex_t mu;
    unsigned sent; /* under mu: stanzas, and the `to` of the last, as it stands on the wire */
    char to[300];
};

static void note_sent(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct sender *sender = user;
    const char *sent = strstr(line, ": sent <"), *to = sent ? strstr(sent, " to='") : NULL;
    (void)level;
    if (!sent)
        return;
    to = to ? to + strlen(" to='") : "'";
    pthread_mutex_lock(&sender->mu);
    sender->sent++;
    snprintf(sender->to, sizeof sender->to, "%.*s", (int)strcspn(to, "'"), to);
    pthread_mutex_unlock(&sender->mu);
}

static unsigned count_sent(struct sender *sender)
{
    unsigned sent;
    pthread_mutex_lock(&sender->mu);
    sent = sender->sent;
    pthread_mutex_unlock(&sender->mu);
    return sent;
}

static const char *last_to(struct sender *sender)
{
    static char to[sizeof sender->to];
    pthread_mutex_lock(&sender->mu);
    memcpy(to, sender->to, sizeof to);
    pthread_mutex_unlock(&sender->mu);
    return to;
}

/* alice/desk, with a client. */
static void sender_open(struct sender *sender, const struct site *site)
{
    struct site_account account;
    memset(sender, 0, sizeof *sender);
    pthread_mutex_init(&sender->mu, NULL);
    site_account(site, "alice", "desk", &account);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = note_sent;
    account.config.trace_user = sender;
    sender->link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sender->link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(sender->link, -1), 0);
    sender->soap = laboratory_client(sender->link, SOAP_IO_DEFAULT);
}

static void sender_close(struct sender *sender)
{
    laboratory_client_free(sender->soap);
    soap_xmpp_close(sender->link);
    pthread_mutex_destroy(&sender->mu);
}

/* A link that is online and serves. */
struct receiver {
    struct soap_xmpp_link *link;
    struct laboratory *laboratory;
};

static void receiver_open(struct receiver *receiver, const struct site *site, const char *resource)
{
    receiver->link = site_open(site, "bob", resource);
    CU_ASSERT_PTR_NOT_NULL_FATAL(receiver->link);
    receiver->laboratory = laboratory_start(receiver->link, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(receiver->laboratory);
}

static void receiver_close(struct receiver *receiver)
{
    CU_ASSERT_EQUAL(laboratory_stop(receiver->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(receiver->link);
}

/* The call must reach whoever is named jid, and its answer must be taken. */
static void assert_reaches(struct soap *soap, const char *endpoint, const char *jid)
{
    struct lab__Seen seen = {0};
    int err = soap_call_lab__whoami(soap, endpoint, NULL, &seen);
    if (err)
        soap_print_fault(soap, stdout);
    CU_ASSERT_EQUAL(err, SOAP_OK);
    ASSERT_TEXT(seen.to, jid);
    soap_end(soap);
}

/* ---- endpoints that reach a service ---- */

static void upper(char *text)
{
    for (; *text; text++)
        *text = (char)toupper((unsigned char)*text);
}

static void spell_differently(const struct site *site)
{
    static const char *const spellings[] = {"xmpp:bob@%s", "xmpp:bob@%s/soap", "XMPP:bob@%s/soap",
                                            "Xmpp:b%%6Fb@%s", "xmpp:bob@%s./soap"};
    struct receiver bob;
    struct sender alice;
    char jid[200], endpoint[200], domain[SITE_NAME_BYTES];
    size_t i;
    receiver_open(&bob, site, "soap");
    sender_open(&alice, site);
    snprintf(jid, sizeof jid, "bob@%s/soap", site->domain);
    for (i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        snprintf(endpoint, sizeof endpoint, spellings[i], site->domain);
        assert_reaches(alice.soap, endpoint, jid);
        ASSERT_TEXT(last_to(&alice), jid);
    }
    snprintf(domain, sizeof domain, "%s", site->domain);
    upper(domain);
    snprintf(endpoint, sizeof endpoint, "xmpp:BOB@%s/soap", domain);
    assert_reaches(alice.soap, endpoint, jid);
    ASSERT_TEXT(last_to(&alice), jid);
    CU_ASSERT_EQUAL(count_sent(&alice), i + 1);
    sender_close(&alice);
    receiver_close(&bob);
}

static void a_name_in_another_spelling_is_the_same_name(void)
{
    site_each(spell_differently);
}

static void tell_resources_apart(const struct site *site)
{
    struct receiver soap, shouting;
    struct sender alice;
    char jid[200];
    receiver_open(&soap, site, "soap");
    receiver_open(&shouting, site, "SOAP");
    sender_open(&alice, site);
    snprintf(jid, sizeof jid, "bob@%s/soap", site->domain);
    assert_reaches(alice.soap, site_endpoint(site, "bob", "soap"), jid);
    snprintf(jid, sizeof jid, "bob@%s/SOAP", site->domain);
    assert_reaches(alice.soap, site_endpoint(site, "bob", "SOAP"), jid);
    sender_close(&alice);
    receiver_close(&soap);
    receiver_close(&shouting);
}

static void resources_that_differ_in_case_are_two_services(void)
{
    site_each(tell_resources_apart);
}

static void call_encoded(const struct site *site)
{
    static const struct {
        const char *resource, *encoded, *on_the_wire;
    } names[] = {
        {"a desk/\xC3\xBC", "a%20desk%2F%C3%BC", "a desk/\xC3\xBC"},
        {"100% of <\"it's\"&@#?>", "100%25%20of%20%3C%22it's%22%26@%23%3F%3E",
         "100% of &lt;&quot;it&apos;s&quot;&amp;@#?&gt;"},
        {"\xE6\x97\xA5\xE6\x9C\xAC", "\xE6\x97\xA5%e6%9c%AC", "\xE6\x97\xA5\xE6\x9C\xAC"},
    };
    struct sender alice;
    size_t i;
    sender_open(&alice, site);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        struct receiver bob;
        char jid[200], bound[200];
        receiver_open(&bob, site, names[i].resource);
        snprintf(jid, sizeof jid, "bob@%s/%s", site->domain, names[i].resource);
        soap_xmpp_jid(bob.link, bound, sizeof bound);
        ASSERT_TEXT(bound, jid);
        assert_reaches(alice.soap, site_endpoint(site, "bob", names[i].encoded), jid);
        snprintf(jid, sizeof jid, "bob@%s/%s", site->domain, names[i].on_the_wire);
        ASSERT_TEXT(last_to(&alice), jid);
        receiver_close(&bob);
    }
    sender_close(&alice);
}

static void a_resource_may_hold_any_character_percent_encoded(void)
{
    site_each(call_encoded);
}

static void bind_default(const struct site *site)
{
    struct receiver bob;
    struct sender alice;
    char jid[200], bound[200];
    receiver_open(&bob, site, NULL);
    sender_open(&alice, site);
    snprintf(jid, sizeof jid, "bob@%s/soap", site->domain);
    soap_xmpp_jid(bob.link, bound, sizeof bound);
    ASSERT_TEXT(bound, jid);
    assert_reaches(alice.soap, site_endpoint(site, "bob", NULL), jid);
    soap_xmpp_jid(alice.link, bound, sizeof bound);
    snprintf(jid, sizeof jid, "alice@%s/desk", site->domain);
    ASSERT_TEXT(bound, jid);
    /* What doesn't fit is cut, and ends all the same. */
    soap_xmpp_jid(alice.link, bound, 6);
    ASSERT_TEXT(bound, "alice");
    sender_close(&alice);
    receiver_close(&bob);
}

static void a_link_without_a_resource_binds_soap_and_tells_its_name(void)
{
    site_each(bind_default);
}

static void call_oneself(const struct site *site)
{
    struct receiver bob;
    struct soap *soap;
    struct lab__Seen seen = {0};
    char jid[200];
    receiver_open(&bob, site, "soap");
    soap = laboratory_client(bob.link, SOAP_IO_DEFAULT);
    snprintf(jid, sizeof jid, "bob@%s/soap", site->domain);
    CU_ASSERT_EQUAL(soap_call_lab__whoami(soap, site_endpoint(site, "bob", "soap"), NULL, &seen),
                    SOAP_OK);
    ASSERT_TEXT(seen.from, jid);
    ASSERT_TEXT(seen.to, jid);
    laboratory_client_free(soap);
    receiver_close(&bob);
}

static void a_link_may_call_itself(void)
{
    site_each(call_oneself);
}

/* ---- names behind which nobody serves ---- */

/* An envelope straight to a JID: endpoints can't name an account without a resource. */
static void call_jid(struct sender *sender, const char *jid, struct sx_reply *reply)
{
    static const char envelope[] =
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>";
    struct sx_checker *checker = sx_checker_new(100);
    struct sx_outgoing out = {.to = jid,
                              .envelope = envelope,
                              .envelope_len = sizeof envelope - 1,
                              .checker = checker,
                              .online_deadline = sx_clock_deadline(LONG_US),
                              .room_deadline = sx_clock_deadline(LONG_US)};
    struct soap_xmpp_call *call = NULL;
    char why[300] = "";
    CU_ASSERT_EQUAL_FATAL(sx_link_request(sender->link, &out, &call, why, sizeof why), SX_OK);
    sx_exchange_wait(call, sx_clock_deadline(LONG_US), reply);
    sx_exchange_release(call);
    sx_checker_free(checker);
}

static void assert_refused(struct sender *sender, const char *jid)
{
    struct sx_reply reply;
    call_jid(sender, jid, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
    CU_ASSERT_NOT_EQUAL(reply.condition[0], '\0');
    sx_reply_fini(&reply);
    ASSERT_TEXT(last_to(sender), jid);
}

static void call_accounts(const struct site *site)
{
    struct sender alice;
    char jid[200];
    double sum;
    sender_open(&alice, site);
    snprintf(jid, sizeof jid, "alice@%s", site->domain);
    assert_refused(&alice, jid);
    snprintf(jid, sizeof jid, "bob@%s", site->domain);
    assert_refused(&alice, jid);
    snprintf(jid, sizeof jid, "nobody@%s/soap", site->domain);
    assert_refused(&alice, jid);
    /* Its own name: the link is there, but it serves nothing. */
    CU_ASSERT_EQUAL(
        soap_call_lab__add(alice.soap, site_endpoint(site, "alice", "desk"), NULL, 1, 2, &sum),
        503);
    ASSERT_TEXT(soap_xmpp_condition(alice.soap), "service-unavailable");
    sender_close(&alice);
}

static void an_account_without_a_service_is_answered_by_its_server(void)
{
    site_each(call_accounts);
}

static void call_servers(const struct site *site)
{
    struct sender alice;
    char endpoint[200];
    double sum;
    sender_open(&alice, site);
    snprintf(endpoint, sizeof endpoint, "xmpp:%s", site->domain);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__add(alice.soap, endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_NOT_EQUAL(alice.soap->error, SOAP_EOF);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_condition(alice.soap)[0], '\0');
    ASSERT_TEXT(last_to(&alice), site->domain);
    snprintf(endpoint, sizeof endpoint, "xmpp:%s/soap", site->domain);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__add(alice.soap, endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_NOT_EQUAL(alice.soap->error, SOAP_EOF);
    ASSERT_TEXT(last_to(&alice), strchr(endpoint, ':') + 1);
    sender_close(&alice);
}

static void a_domain_stays_a_domain_and_its_server_answers(void)
{
    site_each(call_servers);
}

/* ---- names that are refused ---- */

static void call_unserved(const struct site *site)
{
    static const struct {
        const char *endpoint, *reason;
    } refused[] = {
        {"xmpp:bob@%s/soap?join", "has another query (?) than ?message"},
        {"xmpp:bob@%s?message;body=x", "has another query (?) than ?message"},
        {"xmpp:bob@%s/soap#top", "has a fragment (#)"},
        {"xmpp://alice@%s/bob@%s/soap", "it is the link's"},
        {"XMPP://bob@%s", "it is the link's"},
        {"xmpp:@%s/soap", "the node is empty"},
        {"xmpp:bob@/%s", "the domain is empty"},
        {"xmpp:bob@%s/", "the resource is empty"},
        {"xmpp:bob@%s/%%0A", "control character"},
        {"xmpp:bob@%s/%%C3%%28", "not valid UTF-8"},
        {"xmpp:bob@%s/%%EF%%BF%%BE", "XML forbids"},
    };
    struct sender alice;
    size_t i;
    sender_open(&alice, site);
    for (i = 0; i < sizeof refused / sizeof *refused; i++) {
        char endpoint[300];
        double sum;
        snprintf(endpoint, sizeof endpoint, refused[i].endpoint, site->domain, site->domain);
        CU_ASSERT_EQUAL(soap_call_lab__add(alice.soap, endpoint, NULL, 1, 2, &sum),
                        SOAP_USER_ERROR);
        ASSERT_CONTAINS(laboratory_fault(alice.soap), endpoint);
        ASSERT_CONTAINS(laboratory_fault(alice.soap), refused[i].reason);
    }
    soap_xmpp_stop(alice.link, 0); /* what was posted would be out by now */
    CU_ASSERT_EQUAL(count_sent(&alice), 0);
    sender_close(&alice);
}

static void a_name_that_cannot_be_served_is_refused_with_the_reason_and_nothing_is_sent(void)
{
    site_each(call_unserved);
}

/* ---- the own name, from the environment ---- */

static const char *const variables[] = {"SOAP_XMPP_JID",  "SOAP_XMPP_PASSWORD", "SOAP_XMPP_HOST",
                                        "SOAP_XMPP_PORT", "SOAP_XMPP_CAFILE",   "SOAP_XMPP_TLS",
                                        "SOAP_XMPP_TRACE"};

static void set_variables(const struct site *site, const struct site_account *account)
{
    char port[20];
    snprintf(port, sizeof port, "%d", site->direct_tls_port);
    setenv("SOAP_XMPP_JID", account->jid, 1);
    setenv("SOAP_XMPP_PASSWORD", account->password, 1);
    setenv("SOAP_XMPP_HOST", "127.0.0.1", 1);
    setenv("SOAP_XMPP_PORT", port, 1);
    setenv("SOAP_XMPP_CAFILE", site->ca_file, 1);
    setenv("SOAP_XMPP_TLS", "direct", 1);
    setenv("SOAP_XMPP_TRACE", "error", 1);
}

static void open_from_environment(const struct site *site)
{
    struct receiver bob;
    struct site_account account;
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct soap *soap;
    char why[300] = "", jid[200];
    size_t i;
    receiver_open(&bob, site, "soap");
    site_account(site, "alice", NULL, &account);
    set_variables(site, &account);
    soap_xmpp_config_init(&config);
    CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&config, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    link = soap_xmpp_open(&config, why, sizeof why);
    for (i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    snprintf(jid, sizeof jid, "bob@%s/soap", site->domain);
    assert_reaches(soap, site_endpoint(site, "bob", "soap"), jid);
    soap_xmpp_jid(link, why, sizeof why);
    snprintf(jid, sizeof jid, "alice@%s/soap", site->domain);
    ASSERT_TEXT(why, jid);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    receiver_close(&bob);
}

static void the_environment_is_enough_to_open_a_link(void)
{
    site_each(open_from_environment);
}

/* ---- many names at once ---- */

enum { LINKS = 4, ROUNDS = 3, SLOW_MS = 60000 };

static void log_in_together(const struct site *site)
{
    int round, i;
    for (round = 0; round < ROUNDS; round++) {
        struct soap_xmpp_link *links[LINKS];
        for (i = 0; i < LINKS; i++) {
            struct site_account account;
            char resource[20];
            snprintf(resource, sizeof resource, "r%d", i);
            site_account(site, i % 2 ? "alice" : "bob", resource, &account);
            account.config.connect_timeout_ms = SLOW_MS;
            links[i] = soap_xmpp_open(&account.config, NULL, 0);
            CU_ASSERT_PTR_NOT_NULL_FATAL(links[i]);
        }
        for (i = 0; i < LINKS; i++)
            CU_ASSERT_EQUAL(soap_xmpp_wait_online(links[i], SLOW_MS), 0);
        for (i = 0; i < LINKS; i++)
            soap_xmpp_close(links[i]);
    }
}

static void links_of_one_program_may_log_in_at_the_same_time(void)
{
    site_each(log_in_together);
}

CU_TestInfo tests_name[] = {
    {"a name in another spelling is the same name", a_name_in_another_spelling_is_the_same_name},
    {"resources that differ in case are two services",
     resources_that_differ_in_case_are_two_services},
    {"a resource may hold any character, percent-encoded",
     a_resource_may_hold_any_character_percent_encoded},
    {"a link without a resource binds /soap and tells its name",
     a_link_without_a_resource_binds_soap_and_tells_its_name},
    {"a link may call itself", a_link_may_call_itself},
    {"an account without a service is answered by its server",
     an_account_without_a_service_is_answered_by_its_server},
    {"a domain stays a domain, and its server answers",
     a_domain_stays_a_domain_and_its_server_answers},
    {"a name that cannot be served is refused with the reason, and nothing is sent",
     a_name_that_cannot_be_served_is_refused_with_the_reason_and_nothing_is_sent},
    {"links of one program may log in at the same time",
     links_of_one_program_may_log_in_at_the_same_time},
    {"the environment is enough to open a link", the_environment_is_enough_to_open_a_link},
    CU_TEST_INFO_NULL,
};
