/* Calls that are sent now and received later, as in gSOAP's async samples: one after the other, by
 * several struct soap at once, and by one whose answers another thread receives.
 *
 * What differs from HTTP: soap_ready() looks at a socket of the call's own, and here there is none.
 * So it always says yes, and the receive waits; soap_xmpp_wait() is who looks.
 */
#include "both.h"
#include "chain.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <unistd.h>

#include "../lib/suite.h"

extern CU_TestInfo tests_async[];

enum { WORK_US = 1000, SEVERAL = 5, WAIT_MS = 20000 };

static void send_ping(struct soap *soap, const char *endpoint, const char *text)
{
    soap_set_namespaces(soap, a_namespaces);
    CU_ASSERT_EQUAL_FATAL(soap_send_a__ping(soap, endpoint, NULL, (char *)text), SOAP_OK);
}

static void send_pong(struct soap *soap, const char *endpoint, const char *text)
{
    soap_set_namespaces(soap, b_namespaces);
    CU_ASSERT_EQUAL_FATAL(soap_send_b__pong(soap, endpoint, NULL, (char *)text), SOAP_OK);
}

static void expect_ping(struct soap *soap, const char *text)
{
    char *answer = NULL;
    soap_set_namespaces(soap, a_namespaces);
    CU_ASSERT_EQUAL(soap_recv_a__ping(soap, &answer), SOAP_OK);
    ASSERT_TEXT(answer, text);
}

static void expect_pong(struct soap *soap, const char *text)
{
    char *answer = NULL;
    soap_set_namespaces(soap, b_namespaces);
    CU_ASSERT_EQUAL(soap_recv_b__pong(soap, &answer), SOAP_OK);
    ASSERT_TEXT(answer, text);
}

/* ---- one after the other ---- */

static void work_until_ready(struct soap *soap)
{
    while (soap_ready(soap) == SOAP_EOF)
        usleep(WORK_US);
    CU_ASSERT_EQUAL(soap->error, SOAP_OK);
}

static void call_in_halves(struct both *both, const char *endpoint)
{
    struct soap *soap = both->client;
    char *answer;
    int i;
    for (i = 0; i < 2; i++) {
        send_ping(soap, endpoint, "one");
        work_until_ready(soap);
        expect_ping(soap, "one");
        send_pong(soap, endpoint, "two");
        work_until_ready(soap);
        expect_pong(soap, "two");
        send_ping(soap, endpoint, ""); /* the receive has the fault */
        work_until_ready(soap);
        CU_ASSERT_EQUAL(soap_recv_a__ping(soap, &answer), SOAP_CLI_FAULT);
        both_forget(both);
    }
}

static void run_halves(const struct site *site)
{
    struct both both;
    both_open(&both, site, SOAP_XMPP_PACKING_AUTO, SOAP_IO_DEFAULT, chain_serve);
    call_in_halves(&both, both.http);
    call_in_halves(&both, both.xmpp);
    both_close(&both);
}

static void calls_are_split(void)
{
    site_each(run_halves);
}

/* ---- several at once ---- */

static void call_at_once(struct both *both, const char *endpoint)
{
    static const char *const texts[SEVERAL] = {"1", "2", "3", "4", "5"};
    struct soap *soaps[SEVERAL];
    int i;
    for (i = 0; i < SEVERAL; i++) {
        soaps[i] = soap_copy(both->client);
        if (i % 2)
            send_ping(soaps[i], endpoint, texts[i]);
        else
            send_pong(soaps[i], endpoint, texts[i]);
    }
    for (i = SEVERAL - 1; i >= 0; i--) {
        if (i % 2)
            expect_ping(soaps[i], texts[i]);
        else
            expect_pong(soaps[i], texts[i]);
        soap_destroy(soaps[i]);
        soap_end(soaps[i]);
        soap_free(soaps[i]);
    }
}

static void run_several(const struct site *site)
{
    struct both both;
    both_open(&both, site, SOAP_XMPP_PACKING_AUTO, SOAP_IO_DEFAULT, chain_serve);
    call_at_once(&both, both.http);
    call_at_once(&both, both.xmpp);
    both_close(&both);
}

static void several_are_under_way(void)
{
    site_each(run_several);
}

/* ---- another thread receives ---- */

struct receiver {
    struct soap_xmpp_link *link;
    struct soap *soap;
    int right;
};

/* The next that is done. It looks rather than waits: between the two calls none is under way. */
static struct soap_xmpp_call *next_done(struct soap_xmpp_link *link)
{
    struct soap_xmpp_call *call;
    int waits;
    for (waits = 0; !(call = soap_xmpp_wait(link, 0)) && waits < WAIT_MS; waits++)
        usleep(WORK_US);
    return call;
}

/* Takes whichever is done; what it is, the sender has noted. */
static void *receive(void *arg)
{
    struct receiver *receiver = arg;
    struct soap *soap = receiver->soap;
    struct soap_xmpp_call *call;
    while (receiver->right < 2 && (call = next_done(receiver->link))) {
        const char *text = soap_xmpp_call_user(call);
        char *answer = NULL;
        int err;
        bool is_ping = strcmp(text, "ping") == 0;
        soap_set_namespaces(soap, is_ping ? a_namespaces : b_namespaces);
        if (soap_xmpp_attach(soap, call))
            break;
        err = is_ping ? soap_recv_a__ping(soap, &answer) : soap_recv_b__pong(soap, &answer);
        if (err || strcmp(answer, text) != 0)
            break;
        receiver->right++;
    }
    return NULL;
}

static void detach(struct soap *soap, const char *text)
{
    soap->user = (void *)text;
    CU_ASSERT_PTR_NOT_NULL_FATAL(soap_xmpp_detach(soap));
}

static void run_receiver(const struct site *site)
{
    struct both both;
    struct receiver receiver = {0};
    pthread_t thread;
    both_open(&both, site, SOAP_XMPP_PACKING_AUTO, SOAP_IO_DEFAULT, chain_serve);
    receiver.link = both.caller;
    receiver.soap = soap_copy(both.client);
    send_ping(both.client, both.xmpp, "ping");
    detach(both.client, "ping");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, receive, &receiver), 0);
    send_pong(both.client, both.xmpp, "pong"); /* before or after the first answer */
    detach(both.client, "pong");
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(receiver.right, 2);
    soap_destroy(receiver.soap);
    soap_end(receiver.soap);
    soap_free(receiver.soap);
    both_close(&both);
}

static void another_thread_receives(void)
{
    site_each(run_receiver);
}

/* ---- looking ---- */

static void run_looking(const struct site *site)
{
    struct both both;
    struct soap_xmpp_call *call;
    struct soap *other;
    both_open(&both, site, SOAP_XMPP_PACKING_AUTO, SOAP_IO_DEFAULT, chain_serve);
    other = soap_copy(both.client);
    chain_hold();
    send_ping(both.client, both.xmpp, "wait");
    CU_ASSERT_EQUAL(soap_ready(both.client), SOAP_OK); /* has no answer either */
    call = soap_xmpp_detach(both.client);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(both.caller, 0));
    send_pong(other, both.xmpp, "meanwhile");
    expect_pong(other, "meanwhile");
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(both.caller, 0));
    chain_release();
    CU_ASSERT_PTR_EQUAL_FATAL(soap_xmpp_wait(both.caller, WAIT_MS), call);
    CU_ASSERT_EQUAL(soap_xmpp_attach(both.client, call), SOAP_OK);
    expect_ping(both.client, "wait");
    soap_destroy(other);
    soap_end(other);
    soap_free(other);
    both_close(&both);
}

static void a_caller_looks(void)
{
    site_each(run_looking);
}

CU_TestInfo tests_async[] = {
    {"calls are sent, and received after other work, as over HTTP", calls_are_split},
    {"several are under way, and received in any order, as over HTTP", several_are_under_way},
    {"another thread receives what one struct soap has sent", another_thread_receives},
    {"a caller looks whether an answer has come, without waiting for it", a_caller_looks},
    CU_TEST_INFO_NULL,
};
