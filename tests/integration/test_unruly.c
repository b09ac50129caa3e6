/* Servers that do what no real server does on demand: what the link makes of it. */
#include "soapH.h"
#include "laboratory.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "../lib/hostile_link.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"

static struct hostile *start_script(const struct hostile_step *script)
{
    struct hostile *hostile = hostile_start(script, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    return hostile;
}

static void a_link_that_stops_waits_for_the_servers_goodbye(void)
{
    enum { THINKS_MS = 400 };
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_EXPECT, .text = "</stream:stream>"},
        {HOSTILE_SILENCE_MS, .count = THINKS_MS},
        {HOSTILE_SEND, .text = "</stream:stream>"},
        {.kind = HOSTILE_CLOSE},
        {HOSTILE_END},
    };
    struct hostile *hostile = start_script(script);
    struct soap_xmpp_link *link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    char failure[200];
    int64_t begun_us;
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    begun_us = sx_clock_now_us();
    soap_xmpp_close(link);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us >= THINKS_MS * 1000);
    CU_ASSERT_TRUE(hostile_await_played(hostile, 1, TCP_LONG_MS));
    hostile_failure(hostile, failure, sizeof failure);
    ASSERT_TEXT(failure, "");
    hostile_stop(hostile);
}

/* Comes online at the script's server, and closes without waiting for it for long. */
static void assert_closes_in_time(const struct hostile_step *script)
{
    struct hostile *hostile = start_script(script);
    struct soap_xmpp_link *link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    int64_t begun_us;
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    begun_us = sx_clock_now_us();
    soap_xmpp_close(link);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 10000000);
    hostile_stop(hostile);
}

static void a_server_that_never_says_goodbye_is_left_in_time(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_EXPECT, .text = "</stream:stream>"},
        {HOSTILE_SILENCE_MS, .count = 0},
        {HOSTILE_END},
    };
    assert_closes_in_time(script);
}

static void a_server_that_talks_without_end_does_not_hold_up_a_stop(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_SEND_REPEATED, .text = "<message><body>and another thing</body></message>",
         .count = 400000},
        {HOSTILE_END},
    };
    assert_closes_in_time(script);
}

static void a_passing_trouble_with_the_login_is_not_the_end(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("PLAIN")},
        {HOSTILE_EXPECT, .text = "</auth>"},
        {HOSTILE_SEND, .text = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                               "<temporary-auth-failure/></failure></stream:stream>"},
        {.kind = HOSTILE_CLOSE},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_END},
    };
    struct hostile *hostile = start_script(script);
    struct soap_xmpp_link *link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

/* gSOAP's connect_retry and its lists of endpoints act on no other code. */
static void a_link_that_is_not_online_is_a_tcp_error_whatever_the_reason(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = HOSTILE_STREAM},
        {.kind = HOSTILE_CLOSE},
        {HOSTILE_END},
    };
    struct hostile *hostile = start_script(script);
    struct soap_xmpp_link *link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    struct soap *soap = laboratory_client(link, SOAP_IO_DEFAULT);
    double sum;
    soap->connect_timeout = 1;
    CU_ASSERT_TRUE(hostile_await_played(hostile, 1, TCP_LONG_MS));
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, "xmpp:bob@" HOSTILE_DOMAIN, NULL, 1, 2, &sum),
                    SOAP_TCP_ERROR);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

static void a_login_that_would_hash_for_hours_is_refused(void)
{
    static const struct scram_script hours = {.first = "r=$NONCEx,s=c2FsdA==,i=4000000000"};
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("SCRAM-SHA-1")},
        {.kind = HOSTILE_SCRAM, .scram = &hours},
        {HOSTILE_END},
    };
    struct hostile *hostile = start_script(script);
    struct soap_xmpp_link *link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    char why[300];
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, 2000), -1);
    soap_xmpp_reason(link, why, sizeof why);
    ASSERT_CONTAINS(why, "iterations");
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

static void a_program_that_is_executed_does_not_inherit_the_connection(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_END},
    };
    struct hostile *hostile = start_script(script);
    struct soap_xmpp_link *link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    struct sockaddr_in peer;
    int fd, found = 0;
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    for (fd = 3; fd < 1024; fd++) {
        socklen_t len = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.sin_family != AF_INET ||
            ntohs(peer.sin_port) != hostile_port(hostile))
            continue;
        found++;
        CU_ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    CU_ASSERT_TRUE(found > 0);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

/* ---- an answer that finds no room ---- */

static void answer_too_much(const struct site *site)
{
    enum { LIMIT_BYTES = 20000 };
    static char envelope[LIMIT_BYTES + 2000];
    struct pair pair;
    struct site_account account;
    char *end = envelope;
    struct lab__Subject subject = {0};
    struct lab__Inspection inspection;
    double sum = 0;
    if (pair_open(&pair, site, 1))
        return;
    laboratory_stop(pair.laboratory, 0);
    soap_xmpp_close(pair.service);
    site_account(site, "bob", "soap", &account);
    account.config.max_stanza_bytes = account.config.max_queued_bytes = LIMIT_BYTES;
    pair.service = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(pair.service, -1), 0);
    pair.laboratory = laboratory_start(pair.service, 1);
    end += sprintf(end, "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
                        "<l:sayResponse xmlns:l='urn:soapxmpp:lab'><said>");
    memset(end, 'x', LIMIT_BYTES);
    strcpy(end + LIMIT_BYTES, "</said></l:sayResponse></e:Body></e:Envelope>");
    laboratory_recite(envelope);
    CU_ASSERT_EQUAL(soap_call_lab__inspect(pair.soap, pair.endpoint, NULL, &subject, &inspection),
                    500);
    ASSERT_TEXT(soap_xmpp_condition(pair.soap), "internal-server-error");
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "max_queued_bytes");
    laboratory_recite(NULL);
    CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    pair_close(&pair);
}

static void an_answer_that_never_finds_room_becomes_an_error_at_once(void)
{
    site_each(answer_too_much);
}

/* ---- a peer that answers with nothing ---- */

static void a_peer_that_answers_a_question_with_nothing_is_asked_once(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_EXPECT, .text = "disco#info"},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = "<iq type='result' id='$ID' from='$TO' to='$JID'/>"},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = "<iq type='error' id='$ID' from='$TO' to='$JID'><error type='auth'>"
                               "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                               "</iq>"},
        {HOSTILE_END},
    };
    struct hostile *hostile = start_script(script);
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct soap *soap;
    char *heard, *first;
    double sum;
    hostile_link_config(hostile, &config);
    config.plain_delivery = 0;
    link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, "xmpp:bob@" HOSTILE_DOMAIN "/soap", NULL, 1, 2, &sum),
                    403);
    ASSERT_TEXT(soap_xmpp_condition(soap), "forbidden");
    heard = hostile_received(hostile);
    first = strstr(heard, "disco#info");
    CU_ASSERT_PTR_NOT_NULL(first);
    CU_ASSERT_TRUE(first && !strstr(first + 1, "disco#info"));
    free(heard);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

CU_TestInfo tests_unruly[] = {
    {"a link that stops waits for the server's goodbye",
     a_link_that_stops_waits_for_the_servers_goodbye},
    {"a server that never says goodbye is left in time",
     a_server_that_never_says_goodbye_is_left_in_time},
    {"a server that talks without end does not hold up a stop",
     a_server_that_talks_without_end_does_not_hold_up_a_stop},
    {"a passing trouble with the login is not the end",
     a_passing_trouble_with_the_login_is_not_the_end},
    {"a link that is not online is a TCP error whatever the reason",
     a_link_that_is_not_online_is_a_tcp_error_whatever_the_reason},
    {"a login that would hash for hours is refused", a_login_that_would_hash_for_hours_is_refused},
    {"a program that is executed does not inherit the connection",
     a_program_that_is_executed_does_not_inherit_the_connection},
    {"an answer that never finds room becomes an error at once",
     an_answer_that_never_finds_room_becomes_an_error_at_once},
    {"a peer that answers a question with nothing is asked once",
     a_peer_that_answers_a_question_with_nothing_is_asked_once},
    CU_TEST_INFO_NULL,
};
