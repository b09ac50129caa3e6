/* gSOAP's wsrm plugin: a sequence whose connection is cut in the middle arrives whole, in order,
 * each message once. The calls are sent once (plain_delivery), so that it is the plugin that mends.
 *
 * Happy path: create -> requests, acknowledged by their answers -> close -> terminate.
 */
#include "end.h"
#include "keeper.h"

#include <CUnit/CUnit.h>
#include <sched.h>
#include <string.h>

#include "plugin/wsrmapi.h"

#include "base/clock.h"
#include "../lib/child.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_reliable[];

#define WSRM "http://docs.oasis-open.org/ws-rx/wsrm/200702/"

enum { EXPIRES_MS = 600000, WAIT_MS = 20000, KEY = 1 };

/* ---- both ends ---- */

struct sequence {
    struct child *keeper;
    struct proxy *proxy;
    struct end caller;
    const char *to;
    soap_wsrm_sequence_handle handle;
};

static void open_sequence(struct sequence *sequence, const struct site *site, bool is_plain)
{
    const char *const argv[] = {"ws", "--keeper", site->label, NULL};
    *sequence = (struct sequence){0};
    sequence->keeper = child_start("ws", argv);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sequence->keeper);
    sequence->proxy = proxy_start(site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sequence->proxy);
    end_open(&sequence->caller, site, "alice", "desk",
             (struct end_options){
                 .port = proxy_port(sequence->proxy), .is_plain = is_plain, .sends_once = true});
    sequence->to = site_endpoint(site, "bob", "soap");
    CU_ASSERT_PTR_NOT_NULL_FATAL(child_await(sequence->keeper, "online", WAIT_MS));
}

static void close_sequence(struct sequence *sequence)
{
    soap_wsrm_seq_free(sequence->caller.soap, sequence->handle);
    end_forget(&sequence->caller);
    end_close(&sequence->caller);
    proxy_stop(sequence->proxy);
    CU_ASSERT_EQUAL(child_stop(sequence->keeper), 0);
}

static void create(struct sequence *sequence)
{
    CU_ASSERT_EQUAL_FATAL(soap_wsrm_create(sequence->caller.soap, sequence->to, NULL, EXPIRES_MS,
                                           NULL, &sequence->handle),
                          SOAP_OK);
}

static int prepare(struct sequence *sequence)
{
    struct soap *soap = sequence->caller.soap;
    return soap_wsrm_request(soap, sequence->handle, soap_wsa_rand_uuid(soap), KEEPER_ACTION);
}

static int record(struct sequence *sequence, int number)
{
    struct w__recordResponse out;
    if (prepare(sequence))
        return sequence->caller.soap->error;
    return soap_call_w__record(sequence->caller.soap, soap_wsrm_to(sequence->handle), KEEPER_ACTION,
                               number, &out);
}

/* Only sent: receive() waits for the answer. */
static int send_record(struct sequence *sequence, int number)
{
    if (prepare(sequence))
        return sequence->caller.soap->error;
    return soap_send_w__record(sequence->caller.soap, soap_wsrm_to(sequence->handle), KEEPER_ACTION,
                               number);
}

static int receive(struct sequence *sequence)
{
    struct w__recordResponse out;
    return soap_recv_w__record(sequence->caller.soap, &out);
}

/* Not soap_wsrm_nack(), which counts those alone that the other end has asked for (Nack). */
static int unacknowledged(const struct sequence *sequence)
{
    const struct soap_wsrm_sequence *handle = sequence->handle;
    int count = 0;
    ULONG64 i;
    for (i = 0; i < handle->num; i++)
        count += handle->messages[i] != NULL;
    return count;
}

static void end_sequence(struct sequence *sequence)
{
    struct soap *soap = sequence->caller.soap;
    CU_ASSERT_EQUAL(soap_wsrm_close(soap, sequence->handle, soap_wsa_rand_uuid(soap)), SOAP_OK);
    CU_ASSERT_EQUAL(unacknowledged(sequence), 0);
    CU_ASSERT_EQUAL(soap_wsrm_terminate(soap, sequence->handle, soap_wsa_rand_uuid(soap)), SOAP_OK);
}

static void assert_recorded(struct sequence *sequence, const char *numbers)
{
    const char *line;
    child_tell(sequence->keeper, "list %d", KEY);
    line = child_await(sequence->keeper, "list 1", WAIT_MS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    ASSERT_TEXT(line + strlen("list 1 : "), numbers);
}

/* ---- the cuts ---- */

/* The request is run, and its answer has nobody to go to. */
static void lose_answer(struct sequence *sequence, int number)
{
    char begun[32], held[32];
    snprintf(begun, sizeof begun, "begun %d", number);
    snprintf(held, sizeof held, "held %d", number);
    child_tell(sequence->keeper, "hold %d", number);
    CU_ASSERT_PTR_NOT_NULL(child_await(sequence->keeper, held, WAIT_MS));
    CU_ASSERT_EQUAL(send_record(sequence, number), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL(child_await(sequence->keeper, begun, WAIT_MS));
    CU_ASSERT_TRUE(proxy_cut_now(sequence->proxy) > 0);
    CU_ASSERT_EQUAL(receive(sequence), SOAP_EOF);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(sequence->caller.soap), SOAP_XMPP_UNKNOWN);
    child_tell(sequence->keeper, "go");
}

/* The request gets as far as the proxy. */
static void lose_request(struct sequence *sequence, int number)
{
    proxy_black_hole(sequence->proxy);
    CU_ASSERT_EQUAL(send_record(sequence, number), SOAP_OK);
    CU_ASSERT_TRUE(proxy_cut_now(sequence->proxy) > 0);
    CU_ASSERT_EQUAL(receive(sequence), SOAP_EOF);
    proxy_resume(sequence->proxy);
}

static void run_cut(const struct site *site, bool is_plain)
{
    struct sequence sequence;
    struct soap *soap;
    int i;
    open_sequence(&sequence, site, is_plain);
    soap = sequence.caller.soap;
    create(&sequence);
    for (i = 1; i <= 4; i++)
        CU_ASSERT_EQUAL(record(&sequence, i), SOAP_OK);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 0);

    lose_answer(&sequence, 5);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 1);
    CU_ASSERT_EQUAL(soap_wsrm_resend(soap, sequence.handle, 0, 0), SOAP_OK); /* known there */
    CU_ASSERT_EQUAL(record(&sequence, 6), SOAP_OK);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 0);

    lose_request(&sequence, 7);
    CU_ASSERT_EQUAL(record(&sequence, 8), 202); /* out of order: not run, not acknowledged */
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 2);
    CU_ASSERT_EQUAL(soap_wsrm_resend(soap, sequence.handle, 0, 0), SOAP_OK);
    CU_ASSERT_EQUAL(record(&sequence, 9), SOAP_OK);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 0);
    end_sequence(&sequence);
    assert_recorded(&sequence, "1 2 3 4 5 6 7 8 9");
    close_sequence(&sequence);
}

static void cut_packed(const struct site *site)
{
    run_cut(site, false);
}

static void cut_plain(const struct site *site)
{
    run_cut(site, true);
}

static void a_sequence_outlives_its_connection(void)
{
    site_each(cut_packed);
    site_each(cut_plain);
}

/* The last message: only the close tells what became of it. */
static void run_last(const struct site *site)
{
    struct sequence sequence;
    struct soap *soap;
    open_sequence(&sequence, site, false);
    soap = sequence.caller.soap;
    create(&sequence);
    CU_ASSERT_EQUAL(record(&sequence, 1), SOAP_OK);
    lose_request(&sequence, 2);
    CU_ASSERT_EQUAL(soap_wsrm_resend(soap, sequence.handle, 0, 0), SOAP_OK);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 1);
    end_sequence(&sequence);
    CU_ASSERT_NOT_EQUAL(prepare(&sequence), SOAP_OK);
    assert_recorded(&sequence, "1 2");
    close_sequence(&sequence);
}

static void the_close_acknowledges_what_was_sent_again(void)
{
    site_each(run_last);
}

/* ---- answers and acknowledgements as messages of their own ---- */

static int responses; /* atomic */

int w__recordResponse(struct soap *soap, int count)
{
    (void)count;
    if (soap_wsrm_check(soap))
        return soap->error;
    __atomic_add_fetch(&responses, 1, __ATOMIC_ACQ_REL);
    return soap_send_empty_response(soap, 202);
}

static bool await_responses(int count)
{
    int64_t deadline = sx_clock_deadline((int64_t)WAIT_MS * 1000);
    while (__atomic_load_n(&responses, __ATOMIC_ACQUIRE) < count) {
        if (sx_clock_now_us() > deadline)
            return false;
        sched_yield();
    }
    return true;
}

static void run_duplex(const struct site *site)
{
    struct sequence sequence;
    struct soap *soap;
    int i;
    open_sequence(&sequence, site, false);
    soap = sequence.caller.soap;
    end_serve(&sequence.caller);
    responses = 0;
    CU_ASSERT_EQUAL_FATAL(soap_wsrm_create_offer(soap, sequence.to, sequence.caller.endpoint, NULL,
                                                 EXPIRES_MS, NoDiscard, NULL, &sequence.handle),
                          SOAP_OK);
    CU_ASSERT_TRUE_FATAL(end_await_served(&sequence.caller, 1)); /* CreateSequenceResponse */
    CU_ASSERT_TRUE_FATAL(soap_wsrm_seq_created(soap, sequence.handle));
    for (i = 1; i <= 3; i++) {
        CU_ASSERT_EQUAL(prepare(&sequence), SOAP_OK);
        CU_ASSERT_EQUAL(soap_wsa_add_ReplyTo(soap, sequence.caller.endpoint), SOAP_OK);
        CU_ASSERT_EQUAL(soap_send_w__record(soap, sequence.to, KEEPER_ACTION, i), SOAP_OK);
        CU_ASSERT_EQUAL(receive(&sequence), 202);
        CU_ASSERT_TRUE(await_responses(i)); /* the acknowledgement came with it */
    }
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 0);
    assert_recorded(&sequence, "1 2 3");
    close_sequence(&sequence);
}

static void answers_and_acknowledgements_come_to_the_callers_endpoint(void)
{
    site_each(run_duplex);
}

/* ---- polled: the same with one thread ---- */

static void send_polled(struct sequence *sequence, int number)
{
    struct soap *soap = sequence->caller.soap;
    CU_ASSERT_EQUAL(
        soap_wsrm_request_acks(soap, sequence->handle, soap_wsa_rand_uuid(soap), KEEPER_ACTION),
        SOAP_OK);
    CU_ASSERT_EQUAL(soap_wsa_add_ReplyTo(soap, sequence->caller.endpoint), SOAP_OK);
    CU_ASSERT_EQUAL(soap_send_w__record(soap, sequence->to, KEEPER_ACTION, number), SOAP_OK);
}

/* The service may send one again, which isn't counted. */
static void poll_responses(struct sequence *sequence, int count)
{
    while (responses < count)
        CU_ASSERT_TRUE_FATAL(end_poll(&sequence->caller, KEEPER_ACTION "Response"));
    CU_ASSERT_EQUAL(responses, count);
}

static void record_polled(struct sequence *sequence, int number)
{
    send_polled(sequence, number);
    CU_ASSERT_EQUAL(receive(sequence), 202);
    poll_responses(sequence, number);
}

/* The request gets as far as the proxy. */
static void lose_polled(struct sequence *sequence, int number)
{
    proxy_black_hole(sequence->proxy);
    send_polled(sequence, number);
    CU_ASSERT_TRUE(proxy_cut_now(sequence->proxy) > 0);
    CU_ASSERT_EQUAL(receive(sequence), SOAP_EOF);
    proxy_resume(sequence->proxy);
}

/* CloseSequenceResponse and TerminateSequenceResponse come as calls, too. */
static void end_polled(struct sequence *sequence)
{
    struct soap *soap = sequence->caller.soap;
    CU_ASSERT_EQUAL(soap_wsrm_close(soap, sequence->handle, soap_wsa_rand_uuid(soap)), SOAP_OK);
    CU_ASSERT_TRUE(end_poll(&sequence->caller, WSRM "CloseSequenceResponse"));
    CU_ASSERT_EQUAL(soap_wsrm_terminate(soap, sequence->handle, soap_wsa_rand_uuid(soap)), SOAP_OK);
    CU_ASSERT_TRUE(end_poll(&sequence->caller, WSRM "TerminateSequenceResponse"));
}

static void run_polled(const struct site *site)
{
    struct sequence sequence;
    struct soap *soap;
    int i;
    open_sequence(&sequence, site, false);
    soap = sequence.caller.soap;
    end_listen(&sequence.caller);
    responses = 0;
    CU_ASSERT_EQUAL_FATAL(soap_wsrm_create_offer(soap, sequence.to, sequence.caller.endpoint, NULL,
                                                 EXPIRES_MS, NoDiscard, NULL, &sequence.handle),
                          SOAP_OK);
    CU_ASSERT_FALSE(soap_wsrm_seq_created(soap, sequence.handle));
    CU_ASSERT_TRUE_FATAL(end_poll(&sequence.caller, WSRM "CreateSequenceResponse"));
    CU_ASSERT_TRUE_FATAL(soap_wsrm_seq_created(soap, sequence.handle));
    for (i = 1; i <= 3; i++)
        record_polled(&sequence, i);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 0);
    /* The last callback's answer is with the server before the connection is cut. */
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(sequence.caller.link, site->domain, SOAP_XMPP_FEATURE, -1, NULL, 0), 0);
    lose_polled(&sequence, 4);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 1);
    CU_ASSERT_EQUAL(soap_wsrm_resend(soap, sequence.handle, 0, 0), SOAP_OK);
    poll_responses(&sequence, 4);
    record_polled(&sequence, 5);
    CU_ASSERT_EQUAL(unacknowledged(&sequence), 0);
    end_polled(&sequence);
    assert_recorded(&sequence, "1 2 3 4 5");
    close_sequence(&sequence);
}

static void a_caller_polls(void)
{
    site_each(run_polled);
}

CU_TestInfo tests_reliable[] = {
    {"a sequence outlives its connection: in order, each message once",
     a_sequence_outlives_its_connection},
    {"the close acknowledges what was sent again", the_close_acknowledges_what_was_sent_again},
    {"answers and acknowledgements come to the caller's endpoint",
     answers_and_acknowledgements_come_to_the_callers_endpoint},
    {"a caller polls for them between its calls, on one thread", a_caller_polls},
    CU_TEST_INFO_NULL,
};
