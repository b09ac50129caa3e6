/* A service that takes its requests as bytes, called with stubs: whoever calls learns what with
 * skeletons it would learn. The test's own thread takes and answers. */
#include "soapH.h"
#include "laboratory.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "../lib/suite.h"
#include "scale.h"

extern CU_TestInfo tests_taken[];

#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define HEAD   "<e:Envelope xmlns:e='" SOAP11 "'><e:Body>"
#define TAIL   "</e:Body></e:Envelope>"
#define LAB    " xmlns:l='urn:soapxmpp:lab'>"
#define FAULT                                                                                      \
    HEAD "<e:Fault><faultcode>e:Client</faultcode><faultstring>no</faultstring></e:Fault>" TAIL

enum { WAIT_MS = 60000, CALL_S = 60, MOST_CALLS = 64, TEXT_BYTES = 300, DRAIN_MS = 60000 };
#define CALLS (int)scale_of(MOST_CALLS, 8)

struct desk {
    struct soap_xmpp_link *service, *caller;
    struct soap *soap;
    char endpoint[TEXT_BYTES];
};

typedef void desk_tweak_fn(struct soap_xmpp_config *config);

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, desk_tweak_fn *tweak)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    char why[400] = "";
    site_account(site, user, resource, &account);
    account.config.allow = "*";
    account.config.plain_delivery = 0;
    account.config.max_outgoing_bytes = scale_outgoing_bytes();
    if (tweak)
        tweak(&account.config);
    link = soap_xmpp_open(&account.config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void desk_open(struct desk *desk, const struct site *site, desk_tweak_fn *tweak)
{
    desk->service = open_link(site, "bob", "soap", tweak);
    CU_ASSERT_PTR_NULL(soap_xmpp_take(desk->service, 0, NULL)); /* from now on it serves */
    desk->caller = open_link(site, "alice", "desk", tweak);
    desk->soap = laboratory_client(desk->caller, SOAP_IO_DEFAULT);
    desk->soap->connect_timeout = desk->soap->send_timeout = desk->soap->recv_timeout = CALL_S;
    snprintf(desk->endpoint, sizeof desk->endpoint, "%s", site_endpoint(site, "bob", "soap"));
}

static void desk_close(struct desk *desk)
{
    laboratory_client_free(desk->soap);
    soap_xmpp_close(desk->caller);
    soap_xmpp_close(desk->service);
}

/* ---- the service ---- */

static struct soap_xmpp_request *take(struct desk *desk)
{
    int is_stopped = 7;
    struct soap_xmpp_request *request = soap_xmpp_take(desk->service, WAIT_MS, &is_stopped);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    CU_ASSERT_EQUAL(is_stopped, 0);
    return request;
}

/* malloc'ed. */
static char *read_all(struct soap_xmpp_request *request)
{
    struct sx_buffer all = {0};
    char piece[4096], why[TEXT_BYTES] = "", *bytes;
    size_t len;
    long got;
    while ((got = soap_xmpp_request_read(request, piece, sizeof piece, why, sizeof why)) > 0)
        sx_buffer_add(&all, piece, (size_t)got);
    ASSERT_TEXT(why, "");
    bytes = sx_buffer_take(&all, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    return bytes;
}

static void answer(struct soap_xmpp_request *request, const char *envelope)
{
    char why[TEXT_BYTES] = "";
    CU_ASSERT_EQUAL_FATAL(
        soap_xmpp_answer(request, envelope, envelope ? strlen(envelope) : 0, why, sizeof why), 0);
}

/* The number in an element that a server may have written anew. */
static double find_number(const char *bytes, char name)
{
    const char tag[] = {'<', name, '>', '\0'}, declaring[] = {'<', name, ' ', '\0'};
    const char *element = strstr(bytes, tag);
    if (!element)
        element = strstr(bytes, declaring);
    CU_ASSERT_PTR_NOT_NULL_FATAL(element);
    return strtod(strchr(element, '>') + 1, NULL);
}

/* lab__add, as a skeleton would run it. */
static void add(struct soap_xmpp_request *request)
{
    char *bytes = read_all(request), envelope[TEXT_BYTES];
    ASSERT_TEXT(soap_xmpp_request_operation(request), "add");
    ASSERT_TEXT(soap_xmpp_request_namespace(request), "urn:soapxmpp:lab");
    CU_ASSERT_EQUAL(soap_xmpp_request_version(request), 11);
    snprintf(envelope, sizeof envelope,
             HEAD "<l:addResponse" LAB "<sum>%g</sum></l:addResponse>" TAIL,
             find_number(bytes, 'a') + find_number(bytes, 'b'));
    free(bytes);
    answer(request, envelope);
}

/* ---- the caller ---- */

static struct soap_xmpp_call *begin(struct desk *desk, double a, double b)
{
    struct soap_xmpp_call *call;
    CU_ASSERT_EQUAL_FATAL(soap_send_lab__add(desk->soap, desk->endpoint, NULL, a, b), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call = soap_xmpp_detach(desk->soap));
    return call;
}

static int end(struct desk *desk, struct soap_xmpp_call *call, double *sum)
{
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_attach(desk->soap, call), SOAP_OK);
    return soap_recv_lab__add(desk->soap, sum);
}

static void expect_sum(struct desk *desk, struct soap_xmpp_call *call, double expected)
{
    double sum = 0;
    CU_ASSERT_EQUAL(end(desk, call, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, expected);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(desk->soap), SOAP_XMPP_EXECUTED);
}

static void expect_refusal(struct desk *desk, struct soap_xmpp_call *call, const char *condition,
                           enum soap_xmpp_outcome_value outcome)
{
    double sum;
    CU_ASSERT_NOT_EQUAL(end(desk, call, &sum), SOAP_OK);
    ASSERT_TEXT(soap_xmpp_condition(desk->soap), condition);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(desk->soap), outcome);
}

/* ---- how a request ends ---- */

/* Until the call has been sent once more. */
static void await_copy(const struct desk *desk)
{
    struct soap_xmpp_counts counts;
    int waited_ms = 0;
    do {
        usleep(20000);
        soap_xmpp_count(desk->caller, &counts);
    } while (counts.copies_sent == 0 && (waited_ms += 20) < WAIT_MS);
    CU_ASSERT_TRUE(counts.copies_sent > 0);
}

static void decline_late(const struct site *site)
{
    struct soap_xmpp_request *request;
    struct soap_xmpp_call *call;
    struct desk desk;
    desk_open(&desk, site, NULL);
    call = begin(&desk, 1, 2);
    request = take(&desk);
    await_copy(&desk);
    soap_xmpp_decline(request, "item-not-found", "no such camera");
    expect_refusal(&desk, call, "item-not-found", SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_PTR_NULL(soap_xmpp_take(desk.service, 0, NULL));
    desk_close(&desk);
}

static void a_request_that_is_declined_late_was_not_executed(void)
{
    site_each(decline_late);
}

static void end_in_each_way(const struct site *site)
{
    struct soap_xmpp_call *call;
    struct desk desk;
    double sum;
    desk_open(&desk, site, NULL);
    call = begin(&desk, 1, 2);
    add(take(&desk));
    expect_sum(&desk, call, 3);
    call = begin(&desk, 1, 2);
    answer(take(&desk), FAULT);
    CU_ASSERT_EQUAL(end(&desk, call, &sum), SOAP_FAULT);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(desk.soap), SOAP_XMPP_EXECUTED);
    call = begin(&desk, 1, 2);
    soap_xmpp_refuse(take(&desk), "the disk is full");
    expect_refusal(&desk, call, "internal-server-error", SOAP_XMPP_UNKNOWN);
    ASSERT_CONTAINS(laboratory_fault(desk.soap), "the disk is full");
    call = begin(&desk, 1, 2);
    soap_xmpp_decline(take(&desk), "item-not-found", "no such camera");
    expect_refusal(&desk, call, "item-not-found", SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(desk.soap), "no such camera");
    call = begin(&desk, 1, 2);
    answer(take(&desk), NULL);
    CU_ASSERT_EQUAL(end(&desk, call, &sum), 202);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(desk.soap), SOAP_XMPP_EXECUTED);
    desk_close(&desk);
}

static void its_caller_learns_how_a_request_has_ended(void)
{
    site_each(end_in_each_way);
}

/* The last one is answered first. */
static void answer_out_of_order(const struct site *site)
{
    struct soap_xmpp_request *requests[MOST_CALLS];
    struct soap_xmpp_call *calls[MOST_CALLS];
    struct desk desk;
    int i;
    desk_open(&desk, site, NULL);
    for (i = 0; i < CALLS; i++)
        calls[i] = begin(&desk, i, 1);
    for (i = 0; i < CALLS; i++)
        requests[i] = take(&desk);
    for (i = CALLS - 1; i >= 0; i--)
        add(requests[i]);
    for (i = 0; i < CALLS; i++)
        expect_sum(&desk, calls[i], i + 1);
    desk_close(&desk);
}

static void many_are_answered_in_another_order_than_they_came(void)
{
    site_each(answer_out_of_order);
}

static void take_messages(struct soap_xmpp_config *config)
{
    config->messages = 1;
}

static void answer_messages(const struct site *site)
{
    struct soap_xmpp_request *request;
    struct soap_xmpp_call *call;
    struct desk desk;
    double sum;
    desk_open(&desk, site, take_messages);
    snprintf(desk.endpoint, sizeof desk.endpoint, "xmpp:bob@%.99s?message", site->domain);
    call = begin(&desk, 1, 2);
    request = take(&desk);
    CU_ASSERT_EQUAL(soap_xmpp_request_is_message(request), 1);
    add(request);
    expect_sum(&desk, call, 3);
    call = begin(&desk, 1, 2);
    answer(take(&desk), FAULT);
    CU_ASSERT_EQUAL(end(&desk, call, &sum), SOAP_FAULT);
    call = begin(&desk, 1, 2);
    soap_xmpp_decline(take(&desk), NULL, NULL);
    expect_refusal(&desk, call, "service-unavailable", SOAP_XMPP_NOT_EXECUTED);
    desk_close(&desk);
}

static void a_request_by_message_is_answered_by_message(void)
{
    site_each(answer_messages);
}

/* Request and answer in pieces. */
static void say_much(const struct site *site)
{
    char *text = laboratory_random_text(scale_bytes(4 << 20)), *bytes, *begun, *envelope, *said;
    struct soap_xmpp_call *call;
    struct desk desk;
    desk_open(&desk, site, NULL);
    CU_ASSERT_EQUAL_FATAL(soap_send_lab__say(desk.soap, desk.endpoint, NULL, text), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call = soap_xmpp_detach(desk.soap));
    {
        struct soap_xmpp_request *request = take(&desk);
        bytes = read_all(request);
        CU_ASSERT_PTR_NOT_NULL_FATAL(begun = strstr(bytes, "<text>"));
        begun += strlen("<text>");
        begun[strcspn(begun, "<")] = '\0';
        envelope = malloc(strlen(begun) + TEXT_BYTES);
        sprintf(envelope, HEAD "<l:sayResponse" LAB "<said>%s</said></l:sayResponse>" TAIL, begun);
        answer(request, envelope);
    }
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_attach(desk.soap, call), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(soap_recv_lab__say(desk.soap, &said), SOAP_OK);
    CU_ASSERT_EQUAL(strcmp(said, text), 0);
    free(envelope);
    free(bytes);
    free(text);
    desk_close(&desk);
}

static void a_big_one_comes_and_goes_in_pieces(void)
{
    site_each(say_much);
}

/* ---- turns ---- */

static void run_one_of_each(struct soap_xmpp_config *config)
{
    config->max_running = 1;
}

static bool is_readable(struct desk *desk)
{
    struct pollfd fd = {soap_xmpp_fd(desk->service), POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
}

static void take_in_turn(const struct site *site)
{
    struct soap_xmpp_call *mine[2], *theirs;
    struct soap_xmpp_request *request;
    struct desk desk, other;
    desk_open(&desk, site, run_one_of_each);
    other = desk;
    other.caller = open_link(site, "bob", "desk", NULL);
    other.soap = laboratory_client(other.caller, SOAP_IO_DEFAULT);
    mine[0] = begin(&desk, 1, 1);
    request = take(&desk);
    mine[1] = begin(&desk, 2, 2);
    /* Stanzas keep their order: when this answer is here, the call has arrived. */
    CU_ASSERT_EQUAL(soap_xmpp_discover(desk.caller, desk.endpoint, SOAP_XMPP_FEATURE, -1, NULL, 0),
                    1);
    CU_ASSERT_FALSE(is_readable(&desk));
    CU_ASSERT_PTR_NULL(soap_xmpp_take(desk.service, 0, NULL));
    theirs = begin(&other, 3, 3);
    add(take(&desk));
    expect_sum(&other, theirs, 6);
    CU_ASSERT_FALSE(is_readable(&desk));
    add(request);
    CU_ASSERT_TRUE(is_readable(&desk));
    add(take(&desk));
    expect_sum(&desk, mine[0], 2);
    expect_sum(&desk, mine[1], 4);
    laboratory_client_free(other.soap);
    soap_xmpp_close(other.caller);
    desk_close(&desk);
}

static void a_caller_over_its_share_waits(void)
{
    site_each(take_in_turn);
}

/* ---- the end ---- */

struct stopping {
    struct soap_xmpp_link *link;
    int drain_ms;
};

static void *stop(void *arg)
{
    struct stopping *stopping = arg;
    soap_xmpp_stop(stopping->link, stopping->drain_ms);
    return NULL;
}

static void stop_with_one_taken(const struct site *site)
{
    struct soap_xmpp_request *taken[2];
    struct soap_xmpp_call *calls[3];
    struct stopping stopping;
    struct desk desk;
    pthread_t thread;
    int i, is_stopped = 0;
    desk_open(&desk, site, NULL);
    for (i = 0; i < 2; i++) {
        calls[i] = begin(&desk, i, 1);
        taken[i] = take(&desk);
    }
    stopping = (struct stopping){desk.service, DRAIN_MS};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, stop, &stopping), 0);
    CU_ASSERT_PTR_NULL(soap_xmpp_take(desk.service, WAIT_MS, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 1);
    calls[2] = begin(&desk, 5, 5); /* too late */
    expect_refusal(&desk, calls[2], "service-unavailable", SOAP_XMPP_NOT_EXECUTED);
    add(taken[1]);
    expect_sum(&desk, calls[1], 2);
    add(taken[0]); /* the stop has waited for it */
    expect_sum(&desk, calls[0], 1);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(soap_xmpp_state(desk.service), SOAP_XMPP_CLOSED);
    CU_ASSERT_TRUE(is_readable(&desk));
    desk_close(&desk);
}

static void a_stop_waits_for_what_was_taken(void)
{
    site_each(stop_with_one_taken);
}

static void *add_elsewhere(void *arg)
{
    add(arg);
    return NULL;
}

/* The answer is another thread's, in another session than the request's. */
static void answer_after_a_restart(const struct site *site)
{
    struct soap_xmpp_request *request;
    struct soap_xmpp_call *call;
    struct desk desk;
    pthread_t thread;
    desk_open(&desk, site, NULL);
    call = begin(&desk, 1, 2);
    request = take(&desk);
    site_kill(site);
    site_restart(site);
    soap_xmpp_kick(desk.service);
    soap_xmpp_kick(desk.caller);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(desk.service, WAIT_MS), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, add_elsewhere, request), 0);
    pthread_join(thread, NULL);
    expect_sum(&desk, call, 3);
    CU_ASSERT_PTR_NULL(soap_xmpp_take(desk.service, 0, NULL)); /* its copies weren't run */
    desk_close(&desk);
}

static void an_answer_may_come_after_a_reconnect(void)
{
    site_each_fragile(answer_after_a_restart);
}

CU_TestInfo tests_taken[] = {
    {"its caller learns how a request has ended", its_caller_learns_how_a_request_has_ended},
    {"one that is declined late was not executed",
     a_request_that_is_declined_late_was_not_executed},
    {"many are answered in another order than they came",
     many_are_answered_in_another_order_than_they_came},
    {"a request by message is answered by message", a_request_by_message_is_answered_by_message},
    {"a big one comes and goes in pieces", a_big_one_comes_and_goes_in_pieces},
    {"a caller over its share waits", a_caller_over_its_share_waits},
    {"a stop waits for what was taken", a_stop_waits_for_what_was_taken},
    {"an answer may come after a reconnect", an_answer_may_come_after_a_reconnect},
    CU_TEST_INFO_NULL,
};
