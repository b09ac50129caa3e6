/* What a peer, a server or a caller can make us use: over a limit it is told so, and the link lives
 * on. */
#include "soapH.h"
#include "laboratory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "link/link.h"
#include "../lib/hostile.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "scale.h"

static struct soap_xmpp_link *open_account(struct site_account *account)
{
    char why[400] = "";
    struct soap_xmpp_link *link = soap_xmpp_open(&account->config, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

/* Counts how often the link went offline. */
static void count_losses(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    (void)reason;
    if (state == SOAP_XMPP_BACKING_OFF || state == SOAP_XMPP_FAILED)
        __atomic_add_fetch((int *)user, 1, __ATOMIC_RELAXED);
}

/* ---- one greedy caller ---- */

enum { MOST_GREEDY_CALLS = 200, WORKERS = 4 };
#define SLOW_MS      (int)scale_of(300, 3000)
#define GREEDY_CALLS (int)scale_of(MOST_GREEDY_CALLS, 40)

static void start_greedy(struct soap *soap, const char *endpoint,
                         struct soap_xmpp_call *calls[MOST_GREEDY_CALLS])
{
    int i;
    for (i = 0; i < GREEDY_CALLS; i++) {
        CU_ASSERT_EQUAL_FATAL(soap_send_lab__delay(soap, endpoint, NULL, SLOW_MS), SOAP_OK);
        calls[i] = soap_xmpp_detach(soap);
        CU_ASSERT_PTR_NOT_NULL_FATAL(calls[i]);
    }
    /* Stanzas keep their order: when this answer is here, all of them have arrived. */
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(sx_link_of(calls[0]), endpoint, SOAP_XMPP_FEATURE, -1, NULL, 0), 1);
}

static void outwait_a_greedy_caller(const struct site *site)
{
    struct soap_xmpp_call *calls[MOST_GREEDY_CALLS];
    struct soap_xmpp_link *other_link;
    struct soap *other;
    struct pair pair;
    int runs = laboratory_runs(), i, ran;
    double sum = 0;
    if (pair_open(&pair, site, WORKERS))
        return;
    other_link = site_open(site, "bob", "other");
    other = laboratory_client(other_link, SOAP_IO_DEFAULT);
    start_greedy(pair.soap, pair.endpoint, calls);
    for (i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(soap_call_lab__add(other, pair.endpoint, NULL, i, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 6);
    ran = laboratory_runs() - runs;
    CU_ASSERT_TRUE(ran < GREEDY_CALLS / 2); /* in their turn: after them all */
    if (ran >= GREEDY_CALLS / 2)
        printf("\n    %d operations had begun", ran);
    for (i = 0; i < GREEDY_CALLS; i++)
        soap_xmpp_cancel(calls[i]);
    laboratory_client_free(other);
    laboratory_client_free(pair.soap);
    CU_ASSERT_EQUAL(laboratory_stop(pair.laboratory, 0), SOAP_OK);
    soap_xmpp_close(other_link);
    soap_xmpp_close(pair.service);
    soap_xmpp_close(pair.caller);
}

static void a_greedy_caller_keeps_nobody_else_waiting(void)
{
    site_each(outwait_a_greedy_caller);
}

static char *make_text(size_t len, char c)
{
    char *text = calloc(1, len + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return memset(text, c, len);
}

/* ---- bytes of requests ---- */

static void queue_too_many_bytes(const struct site *site)
{
    struct site_account account;
    struct pair pair;
    struct soap *running, *waiting;
    char *text = make_text(6000, 'x'), *said;
    int runs = laboratory_runs(), losses = 0, waited_ms;
    if (pair_open(&pair, site, 1))
        return;
    site_account(site, "bob", "soap", &account);
    account.config.max_request_bytes = 10000;
    account.config.state_callback = count_losses;
    account.config.state_user = &losses;
    pair_reopen_service(&pair, &account, 1);
    running = laboratory_client(pair.caller, SOAP_IO_DEFAULT);
    waiting = laboratory_client(pair.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_send_lab__delay(running, pair.endpoint, NULL, 15000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    CU_ASSERT_EQUAL(soap_send_lab__say(waiting, pair.endpoint, NULL, text), SOAP_OK);
    CU_ASSERT_EQUAL(soap_call_lab__say(pair.soap, pair.endpoint, NULL, text, &said), 500);
    ASSERT_TEXT(soap_xmpp_condition(pair.soap), "resource-constraint");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(pair.soap), SOAP_XMPP_NOT_EXECUTED);
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_recv_lab__delay(running, &waited_ms), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_lab__say(waiting, &said), SOAP_OK);
    CU_ASSERT_EQUAL(soap_call_lab__say(pair.soap, pair.endpoint, NULL, text, &said), SOAP_OK);
    CU_ASSERT_EQUAL(__atomic_load_n(&losses, __ATOMIC_RELAXED), 0);
    laboratory_client_free(running);
    laboratory_client_free(waiting);
    free(text);
    pair_close(&pair);
}

static void envelopes_that_wait_have_a_limit_in_bytes(void)
{
    site_each(queue_too_many_bytes);
}

/* ---- outgoing ---- */

/* 4,000 apostrophes are 24,000 bytes behind a server. */
static void send_too_much(const struct site *site)
{
    struct site_account account;
    struct pair pair;
    struct soap *soap;
    struct soap_xmpp_link *link;
    char *text = make_text(4000, '\''), *said, want[200];
    int runs, losses = 0;
    if (pair_open(&pair, site, 1))
        return;
    site_account(site, "alice", "small", &account);
    account.config.max_outgoing_bytes = 20000;
    account.config.state_callback = count_losses;
    account.config.state_user = &losses;
    link = open_account(&account);
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL(soap_call_lab__say(soap, pair.endpoint, NULL, text, &said), SOAP_LENGTH);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    snprintf(want, sizeof want, "after re-serialising; the limit is 20000 (max_outgoing_bytes)");
    ASSERT_CONTAINS(laboratory_fault(soap), want);
    ASSERT_CONTAINS(laboratory_fault(soap), "the envelope is 4");
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    text[3000] = '\0';
    CU_ASSERT_EQUAL(soap_call_lab__say(soap, pair.endpoint, NULL, text, &said), SOAP_OK);
    ASSERT_TEXT(said, text);
    CU_ASSERT_EQUAL(__atomic_load_n(&losses, __ATOMIC_RELAXED), 0);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    free(text);
    pair_close(&pair);
}

static void an_envelope_that_servers_do_not_take_is_not_sent(void)
{
    site_each(send_too_much);
}

static void answer_too_much(const struct site *site)
{
    struct site_account account;
    struct pair pair;
    char *text = make_text(12000, 'x'), *said;
    int runs, losses = 0;
    if (pair_open(&pair, site, 1))
        return;
    site_account(site, "bob", "soap", &account);
    account.config.max_outgoing_bytes = 10000;
    account.config.state_callback = count_losses;
    account.config.state_user = &losses;
    pair_reopen_service(&pair, &account, 1);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL(soap_call_lab__say(pair.soap, pair.endpoint, NULL, text, &said), 500);
    ASSERT_TEXT(soap_xmpp_condition(pair.soap), "internal-server-error");
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "the answer is 12");
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "the limit is 10000 (max_outgoing_bytes)");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(pair.soap), SOAP_XMPP_UNKNOWN); /* it has run */
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    text[1000] = '\0';
    CU_ASSERT_EQUAL(soap_call_lab__say(pair.soap, pair.endpoint, NULL, text, &said), SOAP_OK);
    CU_ASSERT_EQUAL(__atomic_load_n(&losses, __ATOMIC_RELAXED), 0);
    free(text);
    pair_close(&pair);
}

static void an_answer_that_servers_do_not_take_becomes_an_error(void)
{
    site_each(answer_too_much);
}

/* ---- what servers make of an envelope ---- */

/* The length of the newest envelope that the link received. */
struct scale {
    pthread_mutex_t mu;
    size_t bytes; /* under mu */
};

static void weigh(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    static const char mark[] = ": received envelope ";
    /* The parser puts it there, for the reader. */
    static const char own[] = " xmlns:stream=\"http://etherx.jabber.org/streams\"";
    struct scale *scale = user;
    const char *envelope = strstr(line, mark);
    (void)level;
    if (!envelope)
        return;
    envelope += sizeof mark - 1;
    pthread_mutex_lock(&scale->mu);
    scale->bytes = strlen(envelope) - (strstr(envelope, own) ? sizeof own - 1 : 0);
    pthread_mutex_unlock(&scale->mu);
}

#define ENVELOPE(body)                                                                             \
    "<E:Envelope xmlns:E='" SX_NS_SOAP11 "' xmlns:i='http://www.w3.org/2001/XMLSchema-instance' "  \
    "xmlns:d='http://www.w3.org/2001/XMLSchema' xmlns:n='urn:soapxmpp:lab'><E:Body>" body          \
    "</E:Body></E:Envelope>"

/* body may have %s, for inner 200 times. */
static char *make_envelope(const char *body, const char *inner)
{
    struct sx_buffer repeated = {0}, bytes = {0};
    int i;
    for (i = 0; i < 200; i++)
        sx_buffer_add_text(&repeated, inner);
    sx_buffer_add_text(&bytes, "");
    sx_buffer_add_format(&bytes, ENVELOPE("%s%s</n:op>"), body, repeated.bytes);
    sx_buffer_fini(&repeated);
    return sx_buffer_take(&bytes, NULL);
}

/* Sends it to a link that serves nothing; returns the estimate. */
static size_t send_envelope(struct soap_xmpp_link *link, const char *to, const char *envelope)
{
    struct sx_checker *checker = sx_checker_new(256);
    int64_t deadline = sx_clock_deadline(INT64_C(20000000));
    struct sx_outgoing out = {.to = to,
                              .envelope = envelope,
                              .envelope_len = strlen(envelope),
                              .checker = checker,
                              .online_deadline = deadline,
                              .room_deadline = deadline};
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    const struct sx_scan *scan;
    char why[400] = "";
    size_t bad_byte, estimate;
    CU_ASSERT_EQUAL_FATAL(
        sx_checker_check(checker, envelope, out.envelope_len, &scan, &bad_byte, why, sizeof why),
        SX_OK);
    estimate = scan->rewritten_bytes;
    CU_ASSERT_EQUAL_FATAL(sx_link_request(link, &out, &call, why, sizeof why), SX_OK);
    sx_exchange_wait(call, deadline, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
    ASSERT_TEXT(reply.condition, "service-unavailable");
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_checker_free(checker);
    return estimate;
}

static void weigh_envelopes(const struct site *site)
{
    static const struct {
        const char *what, *body, *inner;
    } rows[] = {
        {"qualified elements", "<n:op>", "<n:a><n:b>1</n:b></n:a>"},
        {"a default namespace", "<n:op xmlns='urn:x'>", "<a><b>1</b></a>"},
        {"unqualified elements", "<n:op>", "<a><b>1</b><c/></a>"},
        {"prefixed attributes", "<n:op>", "<a i:type='d:int' i:nil='true' n:x='1'>1</a>"},
        {"plain attributes", "<n:op>", "<a b='1' c=\"it's\" d='>'/>"},
        {"apostrophes in text", "<n:op>", "<a>'it''s' > \"that\" &amp; &lt;</a>"},
        {"CDATA", "<n:op>", "<a><![CDATA[<b c='d'>'&' > \"</b>]]></a>"},
        {"white space", "<n:op>", "<a b='&#9;&#10;&#13;x'>\n\t &#13; </a>"},
        {"declarations everywhere", "<n:op>", "<p:a xmlns:p='urn:p' xmlns:q='urn:q' q:b=''/>"},
        {"other scripts", "<n:op>", "<a>&#228;\xE2\x82\xAC&#x1F600;</a>"},
        {"xml:lang", "<n:op>", "<a xml:lang='de'>x</a>"},
    };
    struct scale scale = {PTHREAD_MUTEX_INITIALIZER, 0};
    struct site_account account;
    struct soap_xmpp_link *sender = site_open(site, "alice", "desk"), *receiver;
    const char *to = site_endpoint(site, "bob", "scale") + strlen("xmpp:");
    size_t i;
    site_account(site, "bob", "scale", &account);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = weigh;
    account.config.trace_user = &scale;
    account.config.max_trace_bytes = 1 << 20;
    receiver = open_account(&account);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *envelope = make_envelope(rows[i].body, rows[i].inner);
        size_t estimate = send_envelope(sender, to, envelope), arrived;
        pthread_mutex_lock(&scale.mu);
        arrived = scale.bytes;
        scale.bytes = 0;
        pthread_mutex_unlock(&scale.mu);
        CU_ASSERT_TRUE(arrived > 1000 && arrived <= estimate);
        if (arrived <= 1000 || arrived > estimate || getenv("LIMITS_SHOW"))
            printf("\n    %s, %s: %zu bytes sent, %zu arrived, estimate %zu", site->label,
                   rows[i].what, strlen(envelope), arrived, estimate);
        free(envelope);
    }
    soap_xmpp_close(sender);
    soap_xmpp_close(receiver);
}

static void no_server_makes_more_of_an_envelope_than_was_estimated(void)
{
    site_each(weigh_envelopes);
}

/* ---- scripted servers ---- */

#define HOST "limits.example"
#define FEATURES(limits)                                                                           \
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>" limits "</"                \
    "stream:features>"

static struct soap_xmpp_link *open_to(const struct hostile *hostile, int *losses)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    soap_xmpp_config_init(&config);
    config.jid = "alice@" HOST "/desk";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = hostile_port(hostile);
    config.tls = SOAP_XMPP_TLS_OFF;
    config.timeout_ms = TCP_LONG_MS;
    config.plain_delivery = 1;
    config.allow = "*";
    config.max_attributes = 1000;
    config.max_namespaces = 1000;
    config.state_callback = count_losses;
    config.state_user = losses;
    link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void a_server_that_announces_its_limit_is_believed(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_authenticate_plain},
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = HOSTILE_STREAM FEATURES(
                           "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>15000</max-bytes>"
                           "</limits>")},
        {HOSTILE_EXPECT, .text = "<bind"},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = "<iq type='result' id='$ID'><bind xmlns='urn:ietf:params:xml:ns:"
                               "xmpp-bind'><jid>$JID</jid></bind></iq>"},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = "<iq type='error' id='$ID' from='$TO' to='$JID'><error "
                               "type='cancel'><gone "
                               "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"},
        {HOSTILE_END},
    };
    struct hostile *hostile = hostile_start(script, NULL);
    int losses = 0;
    struct soap_xmpp_link *link = open_to(hostile, &losses);
    struct soap *soap = laboratory_client(link, SOAP_IO_DEFAULT);
    char *text = make_text(15000, 'x'), *said;
    CU_ASSERT_EQUAL(soap_call_lab__say(soap, "xmpp:bob@" HOST "/soap", NULL, text, &said),
                    SOAP_LENGTH);
    ASSERT_CONTAINS(laboratory_fault(soap), "the limit is 15000 (the server's)");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    text[10000] = '\0';
    CU_ASSERT_EQUAL(soap_call_lab__say(soap, "xmpp:bob@" HOST "/soap", NULL, text, &said), 302);
    ASSERT_TEXT(soap_xmpp_condition(soap), "gone");
    CU_ASSERT_EQUAL(__atomic_load_n(&losses, __ATOMIC_RELAXED), 0);
    free(text);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

static void attributes_beyond_the_limit_cost_their_stanza(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_SEND, .text = "<iq type='set' id='many-1' from='eve@" HOST "/x' to='$JID'>"
                               "<E:Envelope xmlns:E='" SX_NS_SOAP11 "'><E:Body>"},
        {HOSTILE_SEND_REPEATED, .text = "<a b='1'/>", .count = 2000},
        {HOSTILE_SEND, .text = "</E:Body></E:Envelope></iq>"},
        {HOSTILE_EXPECT, .text = "id='many-1'"},
        {HOSTILE_EXPECT, .text = "<policy-violation"},
        {HOSTILE_EXPECT, .text = "more than 1000 attributes"},
        {HOSTILE_SEND, .text = "<iq type='set' id='many-2' from='eve@" HOST "/x' to='$JID'>"
                               "<E:Envelope xmlns:E='" SX_NS_SOAP11 "'><E:Body>"},
        {HOSTILE_SEND_REPEATED, .text = "<a xmlns='u'/>", .count = 2000},
        {HOSTILE_SEND, .text = "</E:Body></E:Envelope></iq>"},
        {HOSTILE_EXPECT, .text = "id='many-2'"},
        {HOSTILE_EXPECT, .text = "<policy-violation"},
        {HOSTILE_EXPECT, .text = "more than 1000 namespace declarations"},
        {HOSTILE_SEND, .text = "<iq type='get' id='ping-1' from='eve@" HOST "/x' to='$JID'>"
                               "<ping xmlns='urn:xmpp:ping'/></iq>"},
        {HOSTILE_EXPECT, .text = "id='ping-1'"},
        {HOSTILE_END},
    };
    struct hostile *hostile = hostile_start(script, NULL);
    int losses = 0;
    struct soap_xmpp_link *link = open_to(hostile, &losses);
    char failure[256];
    CU_ASSERT_TRUE(hostile_await_played(hostile, 1, TCP_LONG_MS));
    hostile_failure(hostile, failure, sizeof failure);
    ASSERT_TEXT(failure, "");
    CU_ASSERT_EQUAL(__atomic_load_n(&losses, __ATOMIC_RELAXED), 0);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

CU_TestInfo tests_limits[] = {
    {"a greedy caller keeps nobody else waiting", a_greedy_caller_keeps_nobody_else_waiting},
    {"envelopes that wait have a limit in bytes", envelopes_that_wait_have_a_limit_in_bytes},
    {"an envelope that servers don't take is not sent",
     an_envelope_that_servers_do_not_take_is_not_sent},
    {"an answer that servers don't take becomes an error",
     an_answer_that_servers_do_not_take_becomes_an_error},
    {"no server makes more of an envelope than was estimated",
     no_server_makes_more_of_an_envelope_than_was_estimated},
    {"a server that announces its limit is believed",
     a_server_that_announces_its_limit_is_believed},
    {"attributes beyond the limit cost their stanza, not the link",
     attributes_beyond_the_limit_cost_their_stanza},
    CU_TEST_INFO_NULL,
};
