/* Reading an envelope of several pieces ends when nobody waits for it any more. */
#include "ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "gsoap/context.h"
#include "soap/pack.h"

enum { BIG = 3 * SOAP_BUFLEN, REQUESTS = 40 };

/* What stands between gSOAP and the plugin: something happens before the second piece. */
static struct {
    size_t (*frecv)(struct soap *, char *, size_t);
    void (*happens)(void);
    int pieces;
} between;

static size_t on_recv(struct soap *soap, char *buf, size_t buf_bytes)
{
    if (++between.pieces == 2)
        between.happens();
    return between.frecv(soap, buf, buf_bytes);
}

static void stand_between(struct soap *soap, void (*happens)(void))
{
    between.frecv = soap->frecv;
    between.happens = happens;
    between.pieces = 0;
    soap->frecv = on_recv;
}

static void stand_back(struct soap *soap)
{
    soap->frecv = between.frecv;
}

/* say() answers what it is asked, so many times. */
static char *big_text(void)
{
    char *text = malloc(BIG + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', BIG);
    text[BIG] = '\0';
    return text;
}

static void time_passes(void)
{
    usleep(1200000);
}

static void nothing(void)
{
}

static void stop_near(void)
{
    soap_xmpp_stop(ground.near, 0);
}

static void stop_far(void)
{
    soap_xmpp_stop(ground.far, 0);
}

/* What is left of a link's memory for one kind of thing, taken by somebody else. */
static struct sx_charge rest;

static void take_rest(struct soap_xmpp_link *link, enum sx_memory_kind kind)
{
    struct sx_memory_counts counts;
    sx_memory_count(sx_link_memory(link), &counts);
    CU_ASSERT_TRUE(sx_memory_take(sx_link_memory(link), kind, "mallory@example.org",
                                  counts.free_bytes[kind], &rest));
}

static void take_near(void)
{
    take_rest(ground.near, SX_MEMORY_REPLY);
}

static void take_far(void)
{
    take_rest(ground.far, SX_MEMORY_READING);
}

static int say(char *text, char **said)
{
    return soap_call_calc__say(ground.client, CALC, NULL, text, 1, said);
}

static void an_answer_has_its_deadline(void)
{
    char *text = big_text(), *said = NULL;
    ground.client->recv_timeout = 1;
    stand_between(ground.client, nothing);
    CU_ASSERT_EQUAL(say(text, &said), SOAP_OK);
    CU_ASSERT_TRUE(between.pieces > 2);
    stand_back(ground.client);
    stand_between(ground.client, time_passes);
    CU_ASSERT_EQUAL(say(text, &said), SOAP_EOF);
    CU_ASSERT_EQUAL(between.pieces, 2);
    stand_back(ground.client);
    ASSERT_CONTAINS(ground_fault(ground.client),
                    CALC ": say: the time is over, before the answer was read to its end");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(say(text, &said), SOAP_OK);
    free(text);
}

static void an_answer_ends_with_its_link(void)
{
    char *text = big_text(), *said = NULL;
    stand_between(ground.client, stop_near);
    CU_ASSERT_EQUAL(say(text, &said), SOAP_EOF);
    stand_back(ground.client);
    ASSERT_CONTAINS(ground_fault(ground.client),
                    CALC ": say: the link was stopped, before the answer was read to its end");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
    free(text);
}

static void an_answer_needs_room(void)
{
    char *text = big_text(), *said = NULL;
    stand_between(ground.client, take_near);
    CU_ASSERT_EQUAL(say(text, &said), SOAP_EOM);
    stand_back(ground.client);
    CU_ASSERT_EQUAL(between.pieces, 2);
    ASSERT_CONTAINS(ground_fault(ground.client),
                    CALC ": say: as much memory is taken as may be (max_memory_bytes), before the "
                         "answer was read to its end");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
    sx_memory_give(&rest);
    CU_ASSERT_EQUAL(say(text, &said), SOAP_OK);
    free(text);
}

/* The room of what came and of what was read of it is free again. */
static void assert_at_rest(struct soap_xmpp_link *link)
{
    struct sx_memory_counts counts;
    sx_memory_count(sx_link_memory(link), &counts);
    CU_ASSERT_EQUAL(counts.held_bytes, 0);
    CU_ASSERT_EQUAL(counts.owners, 0);
}

static void what_was_read_is_free_again(void)
{
    char *text = big_text(), *said = NULL;
    struct sx_memory_counts counts;
    CU_ASSERT_EQUAL(say(text, &said), SOAP_OK);
    soap_end(ground.client);
    sx_memory_count(sx_link_memory(ground.far), &counts);
    CU_ASSERT_TRUE(counts.most_bytes >= BIG);
    sx_memory_count(sx_link_memory(ground.near), &counts);
    CU_ASSERT_TRUE(counts.most_bytes >= BIG);
    assert_at_rest(ground.near);
    soap_xmpp_stop(ground.far, 1000); /* its worker may not have ended it yet */
    assert_at_rest(ground.far);
    free(text);
}

CU_TestInfo tests_reading[] = {
    {"an answer is read until its deadline", an_answer_has_its_deadline},
    {"an answer is read until its link is closed", an_answer_ends_with_its_link},
    {"an answer that finds no more room is not read on", an_answer_needs_room},
    {"the room of what was read is free again", what_was_read_is_free_again},
    CU_TEST_INFO_NULL,
};

/* ---- requests -------------------------------------------------------------------------------- */

static void *stop(void *unused)
{
    (void)unused;
    stop_far();
    return NULL;
}

static pthread_t stopper;

/* It waits for the request that is read. */
static void stop_begins(void)
{
    CU_ASSERT_EQUAL_FATAL(pthread_create(&stopper, NULL, stop, NULL), 0);
    while (!sx_link_is_stopping(ground.far))
        usleep(1000);
}

/* A big request comes and is served; once something has happened it is read no further. */
static void serve_while(void (*happens)(void))
{
    char *text = big_text();
    struct soap *soap = ground.service;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL_FATAL(soap_send_calc__say(ground.client, CALC, NULL, text, 1), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    stand_between(soap, happens);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_OK); /* it was answered */
    stand_back(soap);
    soap_destroy(soap);
    soap_end(soap);
    CU_ASSERT_EQUAL(between.pieces, 2);
    free(text);
}

static void a_request_ends_with_a_stop(void)
{
    char *said = NULL;
    int64_t begun_us = sx_clock_now_us();
    serve_while(stop_begins);
    pthread_join(stopper, NULL);
    CU_ASSERT_EQUAL(soap_recv_calc__say(ground.client, &said), 503);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "service-unavailable");
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 10000000);
}

static void a_request_needs_room(void)
{
    char *said = NULL;
    struct sx_memory_counts counts;
    serve_while(take_far);
    CU_ASSERT_EQUAL(soap_recv_calc__say(ground.client, &said), 500);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "resource-constraint");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_NOT_EXECUTED);
    sx_memory_count(sx_link_memory(ground.far), &counts);
    CU_ASSERT_EQUAL(counts.held_bytes, sx_memory_charged_bytes(&rest));
    sx_memory_give(&rest);
}

/* 20,000 names in 20 KB, and 400,000 elements, for each of which gSOAP would walk them all. */
static char *many_names(void)
{
    struct sx_buffer bytes = {0};
    unsigned i;
    sx_buffer_add_text(&bytes, "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/"
                               "envelope/'><SOAP-ENV:Header><h");
    for (i = 0; i < 20000; i++)
        sx_buffer_add_format(&bytes, " a%u=''", i);
    sx_buffer_add_text(&bytes, ">");
    for (i = 0; i < 400000; i++)
        sx_buffer_add_text(&bytes, "<b/>");
    sx_buffer_add_text(&bytes, "</h></SOAP-ENV:Header><SOAP-ENV:Body><c:add "
                               "xmlns:c='urn:soapxmpp:test:calc'><a>1</a><b>2</b></c:add>"
                               "</SOAP-ENV:Body></SOAP-ENV:Envelope>");
    return sx_buffer_take(&bytes, &(size_t){0});
}

static struct sx_envelope pack(const char *text)
{
    struct sx_envelope envelope = {.version = 11};
    struct sx_buffer out = {0};
    CU_ASSERT_EQUAL_FATAL(sx_pack(text, strlen(text), &out, &envelope.form), SX_OK);
    envelope.bytes = sx_buffer_take(&out, &envelope.len);
    return envelope;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* As the link would hand it over: packed, which the loopback isn't. */
static void many_names_cost_little(void)
{
    struct soap *soap = ground.service;
    struct sx_context *context;
    char *text = many_names();
    double seconds;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL_FATAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    context = soap_lookup_plugin(soap, SOAP_XMPP_ID);
    sx_envelope_fini(&context->request->envelope);
    context->request->envelope = pack(text);
    CU_ASSERT_TRUE(context->request->envelope.len < 64 << 10);
    seconds = cpu_seconds();
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_LENGTH);
    seconds = cpu_seconds() - seconds;
    CU_ASSERT_TRUE(seconds < 2);
    soap_destroy(soap);
    soap_end(soap);
    free(text);
}

/* ---- types that stay unknown ---- */

/* Of two namespaces none is sure to be meant. */
static struct Namespace two_rows[] = {
    {"SOAP-ENV", "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/*/soap-envelope",
     NULL},
    {"SOAP-ENC", "http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/*/soap-encoding",
     NULL},
    {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},
    {"calc", "urn:soapxmpp:test:calc", NULL, NULL},
    {"other", "urn:other", NULL, NULL},
    {NULL, NULL, NULL, NULL}};

#define TYPED(uri, element)                                                                        \
    "<e:Envelope xmlns:e='" uri "' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><e:Body>" \
    "<t:" element " xmlns:t='urn:third'><a xsi:type='p:Thing'>1</a></t:" element                   \
    "></e:Body></e:Envelope>"
#define URI11 "http://schemas.xmlsoap.org/soap/envelope/"
#define URI12 "http://www.w3.org/2003/05/soap-envelope"

static void an_unknown_type_is_refused(void)
{
    static const char *const requests[] = {TYPED(URI11, "add"), TYPED(URI12, "add")};
    static const char *const uris[] = {"SOAP-ENV=\"" URI11 "\"", "SOAP-ENV=\"" URI12 "\""};
    static const char *const codes[] = {
        "<faultcode>SOAP-ENV:Client</faultcode>",
        "<SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value></SOAP-ENV:Code>"};
    struct soap *soap = ground.service;
    struct sx_reply reply = {0};
    size_t i;
    soap_set_namespaces(soap, two_rows);
    ground_serve();
    for (i = 0; i < REQUESTS; i++) {
        loopback_request_bytes(ground.near, "calc@example.org/soap", requests[i % 2], &reply);
        CU_ASSERT_EQUAL(reply.err, SX_OK);
        CU_ASSERT_TRUE(reply.envelope.is_fault);
        CU_ASSERT_PTR_NOT_NULL_FATAL(reply.envelope.bytes);
        ASSERT_CONTAINS(
            reply.envelope.bytes,
            "the request's envelope is bad: the prefix of the type \"p:Thing\" is bound "
            "nowhere");
        ASSERT_CONTAINS(reply.envelope.bytes, uris[i % 2]);
        ASSERT_CONTAINS(reply.envelope.bytes, codes[i % 2]);
        sx_reply_fini(&reply);
    }
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

static void an_answer_with_an_unknown_type_is_refused(void)
{
    double sum = 0;
    soap_set_namespaces(ground.client, two_rows);
    loopback_answer_bytes(ground.near, TYPED(URI11, "addResponse"));
    CU_ASSERT_EQUAL(soap_call_calc__add(ground.client, CALC, NULL, 1, 2, &sum), SOAP_SYNTAX_ERROR);
    ASSERT_CONTAINS(ground_fault(ground.client), CALC
                    ": add: the answer's envelope is bad: the prefix of the type \"p:Thing\" is "
                    "bound nowhere");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
}

CU_TestInfo tests_reading_requests[] = {
    {"a request whose type stays unknown gets a fault with a sentence", an_unknown_type_is_refused},
    {"an answer whose type stays unknown fails with a sentence",
     an_answer_with_an_unknown_type_is_refused},
    {"a request is read until its link stops, and then declined", a_request_ends_with_a_stop},
    {"a request that finds no more room is declined", a_request_needs_room},
    {"a packed request with many attribute names costs little", many_names_cost_little},
    CU_TEST_INFO_NULL,
};
