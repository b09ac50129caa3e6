/* The presence that a link sends: once in each session, if it was asked for, and else none; and who
 * may see it.
 *
 * Seen by the trace, which tells of a stanza before it is written.
 */
#include "soapH.h"
#include "laboratory.h"
#include "scale.h"
#include "witness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/proxy.h"
#include "../lib/stranger.h"
#include "../lib/suite.h"

#define PATIENCE_US (int64_t) scale_of(20000000, 60000000)

/* What a link has sent and received. */
struct count {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    unsigned online;
    unsigned unsaid;                 /* presences without room */
    unsigned sent, received, behind; /* presences; those sent behind another stanza of a session */
    bool is_first;
    char last[300];
};

static void count_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct count *count = user;
    const char *sent = strstr(line, ": sent <");
    (void)level;
    pthread_mutex_lock(&count->mu);
    if (strstr(line, "-> connecting"))
        count->is_first = true;
    if (sent && strstr(sent, "<presence") == sent + 7) {
        count->sent++;
        count->behind += !count->is_first;
        snprintf(count->last, sizeof count->last, "%s", sent + 7);
    }
    if (sent)
        count->is_first = false;
    count->online += strstr(line, "-> online") != NULL;
    count->unsaid += strstr(line, "no presence sent") != NULL;
    count->received += strstr(line, ": received <presence") != NULL;
    pthread_cond_broadcast(&count->changed);
    pthread_mutex_unlock(&count->mu);
}

static bool await_count(struct count *count, const unsigned *value, unsigned wanted)
{
    int64_t deadline = sx_clock_deadline(PATIENCE_US);
    bool in_time = true, reached;
    pthread_mutex_lock(&count->mu);
    while (*value < wanted && in_time)
        in_time = sx_clock_cond_wait(&count->changed, &count->mu, deadline);
    reached = *value >= wanted;
    pthread_mutex_unlock(&count->mu);
    return reached;
}

/* Two sessions of bob, who asked for presence and messages or didn't. */
static void count_two_sessions(const struct site *site, int presence, int messages,
                               struct count *count)
{
    struct proxy *proxy = proxy_start(site->port, NULL);
    struct site_account account;
    struct soap_xmpp_link *link;
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    *count = (struct count){.is_first = true};
    pthread_mutex_init(&count->mu, NULL);
    sx_clock_cond_init(&count->changed);
    site_account(site, "bob", "soap", &account);
    account.config.port = proxy_port(proxy);
    account.config.presence = presence;
    account.config.messages = messages;
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = count_line;
    account.config.trace_user = count;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    if (presence || messages) /* which tells its sender, too (RFC 6121 4.2.2) */
        CU_ASSERT_TRUE(await_count(count, &count->received, 1));
    CU_ASSERT_TRUE(proxy_cut_now(proxy) > 0);
    CU_ASSERT_TRUE(await_count(count, &count->online, 2));
    CU_ASSERT_EQUAL(soap_xmpp_discover(link, site->domain, "urn:x", -1, NULL, 0), 0);
    soap_xmpp_close(link);
    proxy_stop(proxy);
    pthread_cond_destroy(&count->changed);
    pthread_mutex_destroy(&count->mu);
}

static void count_presence(const struct site *site)
{
    struct count count;
    count_two_sessions(site, 1, 0, &count);
    CU_ASSERT_EQUAL(count.sent, 2);
    CU_ASSERT_EQUAL(count.behind, 0);
    ASSERT_CONTAINS(count.last, "<priority>-1</priority>");
}

static void count_presence_for_messages(const struct site *site)
{
    struct count count;
    count_two_sessions(site, 0, 1, &count);
    CU_ASSERT_EQUAL(count.sent, 2);
    CU_ASSERT_EQUAL(count.behind, 0);
    ASSERT_LACKS(count.last, "priority");
}

static void count_none(const struct site *site)
{
    struct count count;
    count_two_sessions(site, 0, 0, &count);
    CU_ASSERT_EQUAL(count.sent, 0);
    CU_ASSERT_EQUAL(count.received, 0);
}

static void it_is_sent_first(void)
{
    site_each(count_presence);
}

static void messages_want_it(void)
{
    site_each(count_presence_for_messages);
}

static void none_is_sent(void)
{
    site_each(count_none);
}

/* ---- serving ---- */

static void *serve(void *soap)
{
    CU_ASSERT_EQUAL(soap_xmpp_serve(soap, soap_serve, 1), SOAP_OK);
    return NULL;
}

/* Told once more when serving begins, with the mark, and when it ends, without. */
static void count_serving(const struct site *site)
{
    struct count count = {.is_first = true};
    struct site_account account;
    struct soap_xmpp_link *link;
    struct soap *soap = soap_new();
    pthread_t server;
    pthread_mutex_init(&count.mu, NULL);
    sx_clock_cond_init(&count.changed);
    site_account(site, "bob", "soap", &account);
    account.config.presence = 1;
    account.config.plain_delivery = 0;
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = count_line;
    account.config.trace_user = &count;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    CU_ASSERT_TRUE(await_count(&count, &count.sent, 1));
    ASSERT_LACKS(count.last, "urn:soap-xmpp:presence:1");
    CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, soap_xmpp, link), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&server, NULL, serve, soap), 0);
    CU_ASSERT_TRUE(await_count(&count, &count.sent, 2));
    ASSERT_CONTAINS(count.last, "<soap xmlns='urn:soap-xmpp:presence:1' incarnation='");
    ASSERT_CONTAINS(count.last, "packed='true'/></presence>");
    soap_xmpp_interrupt(link);
    CU_ASSERT_TRUE(await_count(&count, &count.sent, 3));
    ASSERT_LACKS(count.last, "urn:soap-xmpp:presence:1");
    pthread_join(server, NULL);
    soap_free(soap);
    soap_xmpp_close(link);
    CU_ASSERT_EQUAL(count.sent, 3);
    pthread_cond_destroy(&count.changed);
    pthread_mutex_destroy(&count.mu);
}

static void serving_is_told(void)
{
    site_each(count_serving);
}

/* What is longer than SX_OUTLET_PROMPT_BYTES waits in the link until the server has read what left
 * before; texts of this length make such stanzas. Two have room, and the second, which is smaller
 * by as little as it takes, leaves none for presence. */
enum { TEXT_BYTES = 5000, LESS_BYTES = 20, LEAST_BYTES = 4200, MOST_CALLS = 50 };
enum { ROOM_US = 300000, LESS_US = 20000, LAST_US = 1000000 };

/* Calls that nobody reads, of len bytes; the next one is less_bytes smaller if there is no room for
 * one. How many found some. */
static unsigned fill_once(struct soap *soap, const struct site *site, size_t len, size_t less_bytes,
                          struct soap_xmpp_call **calls, unsigned most)
{
    const char *nobody = site_endpoint(site, "nobody", "x");
    char *text = laboratory_random_text(len);
    unsigned count = 0;
    while (count < most) {
        text[len] = '\0';
        if (soap_send_lab__say(soap, nobody, NULL, text) == SOAP_OK)
            calls[count++] = soap_xmpp_detach(soap);
        else if (!less_bytes || len < LEAST_BYTES + less_bytes)
            break;
        else
            len -= less_bytes;
    }
    free(text);
    return count;
}

/* Until there is no room for anything, also when the link's thread has had time to take what it
 * takes: the smallest text has waited for long then, not only for the moment that each size before
 * it had. */
static unsigned fill(struct soap *soap, const struct site *site, struct soap_xmpp_call **calls)
{
    unsigned count = 0, more;
    soap->send_timeout = -ROOM_US;
    count = fill_once(soap, site, TEXT_BYTES, 0, calls, MOST_CALLS);
    do {
        soap->send_timeout = -LESS_US;
        more = fill_once(soap, site, TEXT_BYTES, LESS_BYTES, calls + count, MOST_CALLS - count);
        soap->send_timeout = -LAST_US;
        more +=
            fill_once(soap, site, LEAST_BYTES, 0, calls + count + more, MOST_CALLS - count - more);
        count += more;
    } while (more);
    CU_ASSERT_TRUE(count < MOST_CALLS);
    return count;
}

/* Serving begins when there is no room for another stanza. */
static void count_late_serving(const struct site *site)
{
    static struct soap_xmpp_call *calls[MOST_CALLS];
    struct proxy *proxy = proxy_start(site->port, NULL);
    struct count count = {.is_first = true};
    struct site_account account;
    struct soap_xmpp_link *link;
    struct laboratory *laboratory;
    struct soap *soap;
    unsigned filled, i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    pthread_mutex_init(&count.mu, NULL);
    sx_clock_cond_init(&count.changed);
    site_account(site, "bob", "soap", &account);
    account.config.port = proxy_port(proxy);
    account.config.presence = 1;
    account.config.max_stanza_bytes = account.config.max_queued_bytes = 10500;
    account.config.ping_timeout_ms = 60000; /* it stands still for seconds */
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = count_line;
    account.config.trace_user = &count;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    CU_ASSERT_TRUE(await_count(&count, &count.received, 1));
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    proxy_black_hole(proxy);
    filled = fill(soap, site, calls);
    laboratory = laboratory_start(link, 1);
    CU_ASSERT_TRUE(await_count(&count, &count.unsaid, 1));
    for (i = 0; i < filled; i++)
        soap_xmpp_cancel(calls[i]);
    proxy_resume(proxy);
    CU_ASSERT_TRUE(await_count(&count, &count.sent, 2));
    pthread_mutex_lock(&count.mu);
    ASSERT_CONTAINS(count.last, "urn:soap-xmpp:presence:1");
    CU_ASSERT_EQUAL(count.unsaid, 1);
    pthread_mutex_unlock(&count.mu);
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    soap_xmpp_close(link);
    proxy_stop(proxy);
    pthread_cond_destroy(&count.changed);
    pthread_mutex_destroy(&count.mu);
}

static void serving_is_told_late(void)
{
    site_each(count_late_serving);
}

/* ---- who may see it ---- */

/* A service that lets nobody call. */
static void ignore_strangers(const struct site *site)
{
    struct witness witness;
    struct site_account account, asker;
    struct soap_xmpp_link *service, *caller;
    witness_init(&witness);
    site_account(site, "alice", "shy", &account);
    account.config.presence = 1;
    account.config.allow = NULL;
    witness_watch(&witness, &account.config);
    service = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(service);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(service, -1), 0);
    site_account(site, "bob", "curious", &asker);
    asker.config.presence = 1;
    caller = soap_xmpp_open(&asker.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(caller);
    CU_ASSERT_EQUAL(soap_xmpp_subscribe(caller, account.jid, NULL, 0), 0);
    CU_ASSERT_TRUE(witness_await_trace(&witness, "asks for our presence", "ignored"));
    soap_xmpp_close(caller);
    soap_xmpp_close(service);
    witness_fini(&witness);
}

enum { SHOUTS = 40 };

static int count_questions(struct witness *witness)
{
    char *trace = witness_trace(witness);
    const char *found = trace;
    int count = 0;
    for (; found && (found = strstr(found, "asks for our presence")) != NULL; found++)
        count++;
    free(trace);
    return count;
}

/* Anybody can ask as often as he likes, and a trace may be a file. */
static void tell_seldom(const struct site *site)
{
    struct witness witness;
    struct site_account account, loud;
    struct soap_xmpp_link *service;
    struct stranger *crier;
    int64_t begun_us = sx_clock_now_us();
    int i, seconds;
    witness_init(&witness);
    site_account(site, "alice", "shy", &account);
    site_account(site, "bob", "crier", &loud);
    account.config.presence = 1;
    account.config.allow = NULL;
    witness_watch(&witness, &account.config);
    service = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(service);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(service, -1), 0);
    crier = stranger_open(site->port, loud.jid, loud.password);
    CU_ASSERT_PTR_NOT_NULL_FATAL(crier);
    for (i = 0; i < SHOUTS; i++)
        CU_ASSERT_TRUE(stranger_say_format(crier,
                                           "<presence type='unsubscribe' to='alice@%s'/>"
                                           "<presence type='subscribe' to='alice@%s'/>",
                                           site->domain, site->domain));
    CU_ASSERT_TRUE(stranger_say_format(crier,
                                       "<iq type='get' id='end' to='%s'><query "
                                       "xmlns='http://jabber.org/protocol/disco#info'/></iq>",
                                       account.jid));
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(crier, "soapxmpp")); /* of whom the answer speaks */
    seconds = (int)((sx_clock_now_us() - begun_us) / 1000000);
    CU_ASSERT_TRUE(count_questions(&witness) > 0);
    CU_ASSERT_TRUE(count_questions(&witness) <= seconds + 2);
    stranger_close(crier);
    soap_xmpp_close(service);
    witness_fini(&witness);
}

static void strangers_are_ignored(void)
{
    site_each(ignore_strangers);
}

static void criers_are_told_of_seldom(void)
{
    site_each(tell_seldom);
}

CU_TestInfo tests_presence[] = {
    {"it is the first stanza of each session, once, and no message comes for it", it_is_sent_first},
    {"messages imply it, and come for it", messages_want_it},
    {"none is sent unless asked for", none_is_sent},
    {"it tells when serving begins and ends", serving_is_told},
    {"without room for it it is told as soon as there is some", serving_is_told_late},
    {"who may call nothing doesn't get to see who is there", strangers_are_ignored},
    {"who asks for that again and again fills no trace", criers_are_told_of_seldom},
    CU_TEST_INFO_NULL,
};
