/* What a link has done, in numbers: calls by their ends and outcomes, requests, bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "../link/responder.h"

extern CU_TestInfo tests_count[];

#define PEER RESPONDER_PEER
#define ENVELOPE(body)                                                                             \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>" body "</e:Body></e:Envelope>"
#define FAULT            ENVELOPE("<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason/></e:Fault>")
#define ERROR(condition) "<error type='cancel'><" condition " xmlns='" SX_NS_STANZAS "'/></error>"

static const int64_t PAST = 1; /* microsecond after boot */

static struct responder responder;

static struct soap_xmpp_counts count(void)
{
    struct soap_xmpp_counts counts;
    memset(&counts, 0x55, sizeof counts);
    soap_xmpp_count(responder.link, &counts);
    CU_ASSERT_EQUAL(counts.size, sizeof counts);
    return counts;
}

static void setup(void)
{
    responder_serve(&responder, PEER ":add");
}

static struct soap_xmpp_call *begin(void)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(responder.link->exchange, PEER, "add", PAST, &call),
                          SX_OK);
    return call;
}

/* A call that is answered so; type NULL: nothing comes in time. */
static void end_by(const char *type, const char *content)
{
    struct soap_xmpp_call *call = begin();
    struct sx_reply reply;
    if (type)
        responder_say(&responder, type, sx_exchange_id(call), content);
    sx_exchange_wait(call, PAST, &reply);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
}

TEST(calls_are_counted_by_end_and_outcome)
{
    struct soap_xmpp_counts counts;
    struct soap_xmpp_call *call;
    setup();
    end_by("result", ENVELOPE("<a/>"));
    end_by("result", ENVELOPE("<a/>"));
    end_by("result", FAULT);
    end_by("result", "");
    end_by("result", "<x xmlns='urn:x'/>");          /* bad */
    end_by("error", ERROR("service-unavailable"));   /* not executed */
    end_by("error", ERROR("internal-server-error")); /* unknown */
    end_by(NULL, NULL);                              /* unknown */
    sx_exchange_release(begin());                    /* cancelled, unknown */
    call = begin();
    counts = count();
    CU_ASSERT_EQUAL(counts.calls_under_way, 1);
    sx_retry_lose(responder.link->exchange, SX_ELOST, "lost", SIZE_MAX);
    sx_exchange_release(call);
    call = begin();
    sx_exchange_stop(responder.link->exchange, SX_ESTOPPED, "stopped");
    sx_exchange_release(call);
    counts = count();
    CU_ASSERT_EQUAL(counts.calls_under_way, 0);
    CU_ASSERT_EQUAL(counts.calls_answered, 2);
    CU_ASSERT_EQUAL(counts.calls_faulted, 1);
    CU_ASSERT_EQUAL(counts.calls_empty, 1);
    CU_ASSERT_EQUAL(counts.calls_bad, 1);
    CU_ASSERT_EQUAL(counts.calls_refused, 2);
    CU_ASSERT_EQUAL(counts.calls_timed_out, 1);
    CU_ASSERT_EQUAL(counts.calls_cancelled, 1);
    CU_ASSERT_EQUAL(counts.calls_lost, 1);
    CU_ASSERT_EQUAL(counts.calls_stopped, 1);
    CU_ASSERT_EQUAL(counts.calls_executed, 5);
    CU_ASSERT_EQUAL(counts.calls_not_executed, 1);
    CU_ASSERT_EQUAL(counts.calls_unknown, 5);
    responder_stop(&responder);
}

TEST(a_question_is_no_call)
{
    struct soap_xmpp_counts counts;
    setup();
    CU_ASSERT_TRUE(sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL));
    CU_ASSERT_EQUAL(soap_xmpp_ping(responder.link, PEER, 0, NULL, NULL, 0), -1);
    counts = count();
    CU_ASSERT(counts.calls_timed_out == 0 && counts.calls_unknown == 0);
    responder_stop(&responder);
}

TEST(a_reply_that_nobody_waits_for_is_counted)
{
    struct soap_xmpp_counts counts;
    struct soap_xmpp_call *call;
    char id[SX_EXCHANGE_ID_BYTES];
    setup();
    call = begin();
    snprintf(id, sizeof id, "%s", sx_exchange_id(call));
    sx_exchange_release(call);
    responder_say(&responder, "result", id, "");
    responder_say(&responder, "result", "nobodys", "");
    counts = count();
    CU_ASSERT_EQUAL(counts.replies_late, 1);
    CU_ASSERT_EQUAL(counts.replies_foreign, 1);
    responder_stop(&responder);
}

static struct sx_request *take(const char *operation)
{
    static unsigned number;
    struct sx_request *request;
    char id[20];
    snprintf(id, sizeof id, "r%u", number++);
    responder_ask(&responder, PEER, id, operation);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    return request;
}

TEST(requests_are_counted_by_what_becomes_of_them)
{
    struct soap_xmpp_counts counts;
    struct sx_request *request;
    char why[200];
    setup();
    responder_ask(&responder, PEER, "no", "sub");                /* no rule allows it */
    responder_ask(&responder, "bob@example.org/x", "no", "add"); /* nor him */
    responder_ask(&responder, PEER, "waits", "add");
    counts = count();
    CU_ASSERT_EQUAL(counts.requests_denied, 2);
    CU_ASSERT_EQUAL(counts.requests_queued, 1);
    sx_request_free(responder_take(&responder));
    request = take("add");
    counts = count();
    CU_ASSERT_EQUAL(counts.requests_running, 1);
    CU_ASSERT_EQUAL(sx_link_answer(responder.link, request, responder.link->checker,
                                   ENVELOPE("<a/>"), strlen(ENVELOPE("<a/>")), why, sizeof why),
                    SX_OK);
    sx_request_free(request);
    request = take("add");
    CU_ASSERT_EQUAL(sx_link_answer(responder.link, request, responder.link->checker, FAULT,
                                   strlen(FAULT), why, sizeof why),
                    SX_OK);
    sx_link_refuse(responder.link, request, "internal-server-error", NULL); /* it is answered */
    sx_request_free(request);
    request = take("add");
    sx_link_refuse(responder.link, request, "internal-server-error", NULL);
    sx_request_free(request);
    request = take("add");
    sx_link_decline(responder.link, request, SX_ESTOPPED);
    sx_request_free(request);
    counts = count();
    CU_ASSERT_EQUAL(counts.requests_queued, 0);
    CU_ASSERT_EQUAL(counts.requests_running, 0);
    CU_ASSERT_EQUAL(counts.requests_taken, 5);
    CU_ASSERT_EQUAL(counts.requests_answered, 1);
    CU_ASSERT_EQUAL(counts.requests_faulted, 1);
    CU_ASSERT_EQUAL(counts.requests_refused, 1);
    CU_ASSERT_EQUAL(counts.requests_declined, 1);
    responder_stop(&responder);
}

/* Programs of an older and of a newer header. */
TEST(a_program_gets_the_members_that_it_knows)
{
    struct {
        struct soap_xmpp_counts counts;
        unsigned long more[4];
    } newer;
    struct soap_xmpp_counts older;
    size_t known = offsetof(struct soap_xmpp_counts, calls_answered);
    setup();
    end_by("result", ENVELOPE("<a/>"));
    memset(&newer, 0x55, sizeof newer);
    soap_xmpp_count_bytes(responder.link, &newer.counts, sizeof newer);
    CU_ASSERT_EQUAL(newer.counts.size, sizeof newer);
    CU_ASSERT_EQUAL(newer.counts.calls_answered, 1);
    CU_ASSERT(newer.more[0] == 0 && newer.more[3] == 0);
    memset(&older, 0x55, sizeof older);
    soap_xmpp_count_bytes(responder.link, &older, known);
    CU_ASSERT_EQUAL(older.size, known);
    CU_ASSERT_EQUAL(older.calls_under_way, 0);
    CU_ASSERT_NOT_EQUAL(older.calls_answered, 1);
    soap_xmpp_count_bytes(responder.link, NULL, sizeof newer);
    memset(&older, 0x55, sizeof older);
    soap_xmpp_count(NULL, &older);
    CU_ASSERT(older.size == sizeof older && older.calls_answered == 0 && older.memory_bytes == 0);
    responder_stop(&responder);
}

CU_TestInfo tests_count[] = {
    {"calls are counted by end and outcome", calls_are_counted_by_end_and_outcome},
    {"a question is no call", a_question_is_no_call},
    {"a reply that nobody waits for is counted", a_reply_that_nobody_waits_for_is_counted},
    {"requests are counted by what becomes of them", requests_are_counted_by_what_becomes_of_them},
    {"a program gets the members that it knows", a_program_gets_the_members_that_it_knows},
    CU_TEST_INFO_NULL,
};
