/* A service as a component (XEP-0114): its domain and every JID below it, through real servers.
 */
#include "soapH.h"
#include "laboratory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "parley.h"
#include "scale.h"

#define BIG_BYTES scale_bytes(1 << 20)

enum { TEXT_BYTES = 300, MANY_PINGS = 3, SHORT_MS = 100, LONG_MS = 20000 };

#define PACKED "<packed xmlns='urn:soap-xmpp:packed:1'"

/* ---- alice, and the component that she calls ---- */

struct hall {
    const struct site *site;
    struct proxy *near, *far; /* NULL: nothing in between */
    struct witness near_sight, far_sight;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
    char domain[SITE_NAME_BYTES + 16]; /* the component's */
};

struct hall_settings {
    bool delivers, has_proxies;
    const char *allow; /* NULL: everybody */
};

static struct soap_xmpp_link *open_link(const struct hall_settings *settings,
                                        struct site_account *account, struct witness *witness,
                                        const struct proxy *proxy)
{
    struct soap_xmpp_link *link;
    char why[TEXT_BYTES] = "";
    account->config.plain_delivery = !settings->delivers;
    if (settings->delivers)
        account->config.max_outgoing_bytes = scale_outgoing_bytes();
    if (proxy)
        account->config.port = proxy_port(proxy);
    witness_watch(witness, &account->config);
    account->config.trace = SOAP_XMPP_TRACE_STANZA;
    link = soap_xmpp_open(&account->config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    if (soap_xmpp_wait_online(link, LONG_MS) != 0) {
        soap_xmpp_reason(link, why, sizeof why);
        ASSERT_TEXT(why, "online");
    }
    return link;
}

static void open_service(struct hall *hall, const struct hall_settings *settings)
{
    struct site_account component;
    site_component(hall->site, &component);
    if (settings->allow)
        component.config.allow = settings->allow;
    snprintf(hall->domain, sizeof hall->domain, "%.79s", component.jid);
    hall->service = open_link(settings, &component, &hall->far_sight, hall->far);
    hall->laboratory = laboratory_start(hall->service, 4);
}

static void close_service(struct hall *hall)
{
    CU_ASSERT_EQUAL(laboratory_stop(hall->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(hall->service);
}

static void hall_open(struct hall *hall, const struct site *site,
                      const struct hall_settings *settings)
{
    struct site_account alice;
    *hall = (struct hall){.site = site};
    witness_init(&hall->near_sight);
    witness_init(&hall->far_sight);
    if (settings->has_proxies) {
        hall->near = proxy_start(site->port, NULL);
        hall->far = proxy_start(site->component_port, NULL);
        CU_ASSERT_FATAL(hall->near && hall->far);
    }
    open_service(hall, settings);
    site_account(site, "alice", "desk", &alice);
    hall->caller = open_link(settings, &alice, &hall->near_sight, hall->near);
    hall->soap = laboratory_client(hall->caller, SOAP_IO_DEFAULT);
}

static void hall_close(struct hall *hall)
{
    laboratory_client_free(hall->soap);
    soap_xmpp_close(hall->caller);
    close_service(hall);
    proxy_stop(hall->near);
    proxy_stop(hall->far);
    witness_fini(&hall->near_sight);
    witness_fini(&hall->far_sight);
}

/* pattern with the component's domain in the place of its first %, in a static buffer of its own
 * for each of the last eight calls. */
static const char *below(const struct hall *hall, const char *pattern)
{
    static char texts[8][TEXT_BYTES];
    static unsigned next;
    char *text = texts[next++ % 8];
    size_t len = strcspn(pattern, "%");
    snprintf(text, TEXT_BYTES, "%.*s%.80s%.100s", (int)(len < 100 ? len : 100), pattern,
             hall->domain, pattern[len] ? pattern + len + 1 : "");
    return text;
}

static void expect_sum(struct soap *soap, const char *endpoint)
{
    double sum = 0;
    int err = soap_call_lab__add(soap, endpoint, NULL, 1, 2, &sum);
    if (err)
        printf("\n    %s", laboratory_fault(soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

/* ---- who is called ---- */

static const struct {
    const char *endpoint, *to;
} doors[] = {
    {"xmpp:%", "%"},
    {"xmpp:%/hall", "%/hall"},
    {"xmpp:lamp@%", "lamp@%/soap"},
    {"xmpp:lamp-2@%/shelf", "lamp-2@%/shelf"},
    {"xmpp:Lamp@%/Shelf%20of%C3%A9", "lamp@%/Shelf of\xC3\xA9"},
};

static void knock_everywhere(const struct site *site, bool delivers)
{
    const struct hall_settings settings = {.delivers = delivers};
    struct hall hall;
    char alice[TEXT_BYTES];
    size_t i;
    hall_open(&hall, site, &settings);
    soap_xmpp_jid(hall.caller, alice, sizeof alice);
    for (i = 0; i < sizeof doors / sizeof *doors; i++) {
        struct lab__Seen seen = {0};
        int err = soap_call_lab__whoami(hall.soap, below(&hall, doors[i].endpoint), NULL, &seen);
        if (err)
            printf("\n    %s", laboratory_fault(hall.soap));
        CU_ASSERT_EQUAL_FATAL(err, SOAP_OK);
        ASSERT_TEXT(seen.to, below(&hall, doors[i].to));
        ASSERT_TEXT(seen.from, alice);
    }
    CU_ASSERT_EQUAL(parley_count(&hall.near_sight, "sent", PACKED), delivers ? i : 0);
    CU_ASSERT_EQUAL(parley_count(&hall.far_sight, "sent <iq type='result'", PACKED),
                    delivers ? i : 0);
    hall_close(&hall);
}

static void knock_plain(const struct site *site)
{
    knock_everywhere(site, false);
}

static void knock_packed(const struct site *site)
{
    knock_everywhere(site, true);
}

static void each_jid_of_the_domain_is_served_and_told_which_was_meant(void)
{
    site_each(knock_plain);
}

static void so_it_is_with_packed_envelopes(void)
{
    site_each(knock_packed);
}

static void ask_what_it_can(const struct site *site)
{
    struct hall hall;
    char why[TEXT_BYTES];
    hall_open(&hall, site, &(struct hall_settings){0});
    CU_ASSERT_TRUE(
        witness_await_trace(&hall.far_sight, "logged in as a component", "by the secret"));
    CU_ASSERT_EQUAL(soap_xmpp_discover(hall.caller, below(&hall, "xmpp:%"), SOAP_XMPP_FEATURE, -1,
                                       why, sizeof why),
                    1);
    CU_ASSERT_EQUAL(soap_xmpp_discover(hall.caller, below(&hall, "xmpp:lamp@%/shelf"),
                                       SOAP_XMPP_FEATURE, -1, why, sizeof why),
                    1);
    CU_ASSERT_EQUAL(soap_xmpp_discover(hall.caller, below(&hall, "xmpp:lamp@%/shelf"), "urn:none",
                                       -1, why, sizeof why),
                    0);
    hall_close(&hall);
}

static void each_jid_says_what_it_can(void)
{
    site_each(ask_what_it_can);
}

static void fail_and_fall_silent(const struct site *site)
{
    struct hall hall;
    double quotient;
    int notes = laboratory_notes();
    hall_open(&hall, site, &(struct hall_settings){0});
    CU_ASSERT_EQUAL(
        soap_call_lab__divide(hall.soap, below(&hall, "xmpp:lamp@%"), NULL, 1, 0, &quotient),
        SOAP_CLI_FAULT);
    ASSERT_CONTAINS(laboratory_fault(hall.soap), "division by zero");
    CU_ASSERT_EQUAL(soap_send_lab__note(hall.soap, below(&hall, "xmpp:lamp@%"), NULL, "psst"),
                    SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(hall.soap), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_notes(), notes + 1);
    hall_close(&hall);
}

static void faults_and_one_way_calls_are_what_they_are_elsewhere(void)
{
    site_each(fail_and_fall_silent);
}

/* ---- who calls ---- */

static void call_an_account(const struct site *site, bool delivers)
{
    const struct hall_settings settings = {.delivers = delivers};
    struct hall hall;
    struct laboratory *laboratory;
    struct soap *soap;
    struct lab__Seen seen = {0};
    hall_open(&hall, site, &settings);
    laboratory = laboratory_start(hall.caller, 2);
    soap = laboratory_client(hall.service, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL_FATAL(
        soap_call_lab__whoami(soap, site_endpoint(site, "alice", "desk"), NULL, &seen), SOAP_OK);
    ASSERT_TEXT(seen.from, hall.domain);
    expect_sum(soap, site_endpoint(site, "alice", "desk"));
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    hall_close(&hall);
}

static void call_an_account_plain(const struct site *site)
{
    call_an_account(site, false);
}

static void call_an_account_packed(const struct site *site)
{
    call_an_account(site, true);
}

static void a_component_calls_an_account_under_its_domain(void)
{
    site_each(call_an_account_plain);
    site_each(call_an_account_packed);
}

static void call_oneself(const struct site *site)
{
    struct hall hall;
    struct soap *soap;
    struct lab__Seen seen = {0};
    hall_open(&hall, site, &(struct hall_settings){.delivers = true});
    soap = laboratory_client(hall.service, SOAP_IO_DEFAULT);
    expect_sum(soap, below(&hall, "xmpp:%"));
    CU_ASSERT_EQUAL_FATAL(
        soap_call_lab__whoami(soap, below(&hall, "xmpp:lamp@%/shelf"), NULL, &seen), SOAP_OK);
    ASSERT_TEXT(seen.from, hall.domain);
    ASSERT_TEXT(seen.to, below(&hall, "lamp@%/shelf"));
    laboratory_client_free(soap);
    hall_close(&hall);
}

static void a_component_calls_itself_and_what_is_below_it(void)
{
    site_each(call_oneself);
}

/* ---- who may ---- */

static void try_rules(const struct site *site)
{
    struct hall hall;
    char allow[TEXT_BYTES];
    double sum;
    char *said;
    snprintf(allow, sizeof allow, "alice@%s:add", site->domain);
    hall_open(&hall, site, &(struct hall_settings){.delivers = true, .allow = allow});
    expect_sum(hall.soap, below(&hall, "xmpp:lamp@%"));
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__say(hall.soap, below(&hall, "xmpp:lamp@%"), NULL, "hello", &said), SOAP_OK);
    ASSERT_TEXT(soap_xmpp_condition(hall.soap), "forbidden");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(hall.soap), SOAP_XMPP_NOT_EXECUTED);
    /* It has no right to itself, either. */
    laboratory_client_free(hall.soap);
    hall.soap = laboratory_client(hall.service, SOAP_IO_DEFAULT);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__add(hall.soap, below(&hall, "xmpp:%"), NULL, 1, 2, &sum),
                        SOAP_OK);
    ASSERT_TEXT(soap_xmpp_condition(hall.soap), "forbidden");
    CU_ASSERT_EQUAL(soap_xmpp_allow(hall.service, hall.domain, "add", NULL, 0), 0);
    expect_sum(hall.soap, below(&hall, "xmpp:%"));
    hall_close(&hall);
}

static void the_rules_hold_for_every_jid_of_a_component(void)
{
    site_each(try_rules);
}

/* ---- big messages ---- */

static void say_much(const struct site *site)
{
    struct hall hall;
    struct laboratory *laboratory;
    struct soap *soap;
    char *text = laboratory_random_text(BIG_BYTES), *said = NULL;
    hall_open(&hall, site, &(struct hall_settings){.delivers = true});
    CU_ASSERT_EQUAL_FATAL(
        soap_call_lab__say(hall.soap, below(&hall, "xmpp:lamp@%/shelf"), NULL, text, &said),
        SOAP_OK);
    CU_ASSERT(said && strcmp(said, text) == 0);
    CU_ASSERT(parley_count(&hall.near_sight, "sent", "<data xmlns=") > scale_of(10, 1));
    CU_ASSERT(parley_count(&hall.far_sight, "sent", "<data xmlns=") > scale_of(10, 1));
    CU_ASSERT(parley_count(&hall.far_sight, "<data xmlns=", below(&hall, "from='lamp@%/shelf'")) >
              scale_of(10, 1));
    laboratory = laboratory_start(hall.caller, 2);
    soap = laboratory_client(hall.service, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL_FATAL(
        soap_call_lab__say(soap, site_endpoint(site, "alice", "desk"), NULL, text, &said), SOAP_OK);
    CU_ASSERT(said && strcmp(said, text) == 0);
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    free(text);
    hall_close(&hall);
}

static void big_messages_go_both_ways(void)
{
    site_each(say_much);
}

/* ---- limits ---- */

/* The longest line of its trace that begins so. */
static size_t longest_line(struct witness *witness, const char *beginning)
{
    char *trace = witness_trace(witness), *line, *rest = trace;
    size_t longest = 0;
    while ((line = strsep(&rest, "\n"))) {
        const char *found = strstr(line, beginning);
        if (found && strlen(found) > longest)
            longest = strlen(found);
    }
    free(trace);
    return longest;
}

/* Each JID of a component is in its answers, and a long one takes its room. */
static void fill_a_stanza(const struct site *site)
{
    static const char result[] = "<iq type='result' from='";
    const size_t limit = 10000;
    struct site_account component;
    struct hall hall;
    char endpoint[1200], *text, *said;
    size_t len;
    bool is_refused = false;
    hall_open(&hall, site, &(struct hall_settings){0});
    close_service(&hall);
    site_component(site, &component);
    component.config.max_outgoing_bytes = limit;
    hall.service = open_link(&(struct hall_settings){0}, &component, &hall.far_sight, NULL);
    hall.laboratory = laboratory_start(hall.service, 4);
    snprintf(endpoint, sizeof endpoint, "xmpp:%s/%0900d", hall.domain, 0);
    text = laboratory_random_text(limit);
    for (len = limit - 100; len > limit - 2000; len -= scale_of(20, 300)) {
        text[len] = '\0';
        if (soap_call_lab__say(hall.soap, endpoint, NULL, text, &said) == SOAP_OK)
            break;
        is_refused = true;
        ASSERT_CONTAINS(laboratory_fault(hall.soap), "the limit is 10000");
    }
    CU_ASSERT_TRUE(is_refused && len > limit - 2000);
    CU_ASSERT_TRUE(longest_line(&hall.far_sight, result) <= limit);
    free(text);
    hall_close(&hall);
}

static void an_answer_from_a_long_jid_keeps_within_the_limit(void)
{
    site_each(fill_a_stanza);
}

/* ---- broken connections ---- */

static void expect_delay(struct hall *hall, int runs)
{
    int waited_ms, err = soap_recv_lab__delay(hall->soap, &waited_ms);
    if (err)
        printf("\n    %s", laboratory_fault(hall->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
}

static void lose_either_end(const struct site *site)
{
    struct hall hall;
    int runs, end;
    hall_open(&hall, site, &(struct hall_settings){.delivers = true, .has_proxies = true});
    hall.soap->recv_timeout = 60;
    for (end = 0; end < 2; end++) {
        runs = laboratory_runs();
        CU_ASSERT_EQUAL(
            soap_send_lab__delay(hall.soap, below(&hall, "xmpp:lamp@%/shelf"), NULL, 60000),
            SOAP_OK);
        CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
        CU_ASSERT_TRUE(end ? proxy_cut_now(hall.near) > 0 : proxy_reset_now(hall.far) > 0);
        laboratory_hurry();
        expect_delay(&hall, runs + 1);
    }
    hall_close(&hall);
}

static void an_answer_survives_the_loss_of_either_connection(void)
{
    site_each(lose_either_end);
}

static void restart_the_server(const struct site *site)
{
    struct hall hall;
    hall_open(&hall, site, &(struct hall_settings){.delivers = true});
    expect_sum(hall.soap, below(&hall, "xmpp:lamp@%"));
    witness_clear(&hall.far_sight);
    site_kill(site);
    CU_ASSERT_TRUE(witness_await(&hall.far_sight, SOAP_XMPP_BACKING_OFF));
    site_restart(site);
    CU_ASSERT_TRUE(witness_await(&hall.far_sight, SOAP_XMPP_ONLINE));
    hall.soap->connect_timeout = hall.soap->recv_timeout = 60;
    expect_sum(hall.soap, below(&hall, "xmpp:lamp@%"));
    hall_close(&hall);
}

static void a_component_comes_back_with_its_server(void)
{
    site_each_fragile(restart_the_server);
}

/* ---- logging in ---- */

static void present_a_wrong_secret(const struct site *site)
{
    struct site_account component;
    struct soap_xmpp_link *link;
    char why[400], expected[400];
    site_component(site, &component);
    component.config.password = "guessed";
    component.config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, LONG_MS), -1);
    CU_ASSERT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_FAILED);
    soap_xmpp_reason(link, why, sizeof why);
    snprintf(expected, sizeof expected,
             "127.0.0.1 port %d refused the component %s: not-authorized, the server knows another "
             "secret for it, or none",
             site->component_port, component.jid);
    ASSERT_CONTAINS(why, expected);
    soap_xmpp_close(link);
}

static void a_wrong_secret_is_told_and_not_tried_again(void)
{
    site_each(present_a_wrong_secret);
}

/* Prosody says host-unknown, ejabberd invalid-namespace. */
static void knock_at_the_wrong_port(const struct site *site)
{
    struct site_account component;
    struct soap_xmpp_link *link;
    struct witness witness;
    site_component(site, &component);
    witness_init(&witness);
    witness_watch(&witness, &component.config);
    component.config.port = site->port;
    link = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_TRUE(witness_await_trace(&witness, "-> backing off",
                                       strcmp(site->label, "prosody") == 0
                                           ? "there is no such component at that port"
                                           : "this is no port for components"));
    soap_xmpp_close(link);
    witness_fini(&witness);
}

static void a_port_for_clients_is_told(void)
{
    site_each(knock_at_the_wrong_port);
}

/* ejabberd lets a second process in, and deals out to both. */
static void a_domain_that_another_process_holds_is_waited_for(void)
{
    const struct site *site = site_find("prosody");
    struct site_account component;
    struct soap_xmpp_link *first, *second;
    struct witness witness;
    char why[400];
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    site_component(site, &component);
    component.config.trace = SOAP_XMPP_TRACE_NONE;
    first = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_FATAL(first && soap_xmpp_wait_online(first, LONG_MS) == 0);
    witness_init(&witness);
    witness_watch(&witness, &component.config);
    second = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    CU_ASSERT_TRUE(witness_await(&witness, SOAP_XMPP_BACKING_OFF));
    soap_xmpp_reason(second, why, sizeof why);
    ASSERT_CONTAINS(why, "refused the component svc.");
    ASSERT_CONTAINS(why, "conflict, another process holds it");
    CU_ASSERT_EQUAL(soap_xmpp_state(first), SOAP_XMPP_ONLINE);
    soap_xmpp_close(first);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(second, LONG_MS), 0);
    soap_xmpp_close(second);
    witness_fini(&witness);
}

/* ---- signs of life ---- */

static struct soap_xmpp_link *open_idle(const struct site *site, struct witness *witness,
                                        int shared_jid)
{
    struct site_account component;
    struct soap_xmpp_link *link;
    site_component(site, &component);
    witness_init(witness);
    witness_watch(witness, &component.config);
    component.config.trace = SOAP_XMPP_TRACE_STANZA;
    component.config.keepalive_ms = SHORT_MS;
    component.config.shared_jid = shared_jid;
    link = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, LONG_MS), 0);
    return link;
}

static void expect_pongs(struct soap_xmpp_link *link, struct witness *witness)
{
    char id[32];
    int i;
    for (i = 1; i <= MANY_PINGS; i++) {
        snprintf(id, sizeof id, "\"ping-%d\"", i);
        CU_ASSERT_TRUE(witness_await_trace(witness, "received", id));
    }
    CU_ASSERT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_ONLINE);
    CU_ASSERT_EQUAL(parley_count(witness, "online ->", ""), 0);
}

static void be_idle(const struct site *site)
{
    struct witness witness;
    struct soap_xmpp_link *link = open_idle(site, &witness, 0);
    expect_pongs(link, &witness);
    soap_xmpp_close(link);
    witness_fini(&witness);
}

static void an_idle_component_hears_from_its_server(void)
{
    site_each(be_idle);
}

/* What is addressed to the domain is dealt out to both. */
static void each_of_two_that_share_a_domain_hears_from_their_server(void)
{
    const struct site *site = site_find("ejabberd");
    struct soap_xmpp_link *links[2];
    struct witness witnesses[2];
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    for (i = 0; i < 2; i++)
        links[i] = open_idle(site, &witnesses[i], 1);
    for (i = 0; i < 2; i++) {
        expect_pongs(links[i], &witnesses[i]);
        CU_ASSERT_EQUAL(parley_count(&witnesses[i], "received", "\"ping-1\""), 1);
    }
    for (i = 0; i < 2; i++) {
        soap_xmpp_close(links[i]);
        witness_fini(&witnesses[i]);
    }
}

static void fall_silent(const struct site *site)
{
    struct site_account component;
    struct soap_xmpp_link *link;
    struct witness witness;
    struct proxy *proxy = proxy_start(site->component_port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    site_component(site, &component);
    witness_init(&witness);
    witness_watch(&witness, &component.config);
    component.config.port = proxy_port(proxy);
    component.config.keepalive_ms = component.config.ping_timeout_ms = SHORT_MS;
    link = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, LONG_MS), 0);
    proxy_black_hole(proxy);
    CU_ASSERT_TRUE(witness_await_trace(&witness, "backing off", "no sign of life"));
    proxy_resume(proxy);
    soap_xmpp_close(link);
    proxy_stop(proxy);
    witness_fini(&witness);
}

static void a_component_notices_a_server_that_has_gone_silent(void)
{
    site_each(fall_silent);
}

CU_TestInfo tests_component[] = {
    {"each JID of the domain is served, and told which was meant",
     each_jid_of_the_domain_is_served_and_told_which_was_meant},
    {"so it is with packed envelopes", so_it_is_with_packed_envelopes},
    {"each JID says what it can", each_jid_says_what_it_can},
    {"faults and one-way calls are what they are elsewhere",
     faults_and_one_way_calls_are_what_they_are_elsewhere},
    {"a component calls an account, under its domain",
     a_component_calls_an_account_under_its_domain},
    {"a component calls itself, and what is below it",
     a_component_calls_itself_and_what_is_below_it},
    {"the rules hold for every JID of a component", the_rules_hold_for_every_jid_of_a_component},
    {"big messages go both ways", big_messages_go_both_ways},
    {"an answer from a long JID keeps within the limit",
     an_answer_from_a_long_jid_keeps_within_the_limit},
    {"an answer survives the loss of either connection",
     an_answer_survives_the_loss_of_either_connection},
    {"a component comes back with its server", a_component_comes_back_with_its_server},
    {"a wrong secret is told, and not tried again", a_wrong_secret_is_told_and_not_tried_again},
    {"a port for clients is told", a_port_for_clients_is_told},
    {"a domain that another process holds is waited for",
     a_domain_that_another_process_holds_is_waited_for},
    {"an idle component hears from its server", an_idle_component_hears_from_its_server},
    {"each of two that share a domain hears from their server",
     each_of_two_that_share_a_domain_hears_from_their_server},
    {"a component notices a server that has gone silent",
     a_component_notices_a_server_that_has_gone_silent},
    CU_TEST_INFO_NULL,
};
