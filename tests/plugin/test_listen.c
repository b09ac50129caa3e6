/* A program that calls and is called back: its link serves from soap_xmpp_listen() on. */
#include "ground.h"

#include <string.h>

#define DESK "xmpp:alice@example.org/desk"

static void poll_one(struct soap *soap)
{
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_OK);
    soap_destroy(soap);
    soap_end(soap);
}

/* One thread for all: who calls back does so before anybody accepts. */
static void callbacks_wait(void)
{
    struct soap *callback = ground_context(ground.near, SOAP_IO_DEFAULT);
    double sum = 0;
    CU_ASSERT_EQUAL(soap_call_calc__add(ground.service, DESK, NULL, 1, 2, &sum), 503);
    CU_ASSERT_EQUAL(soap_xmpp_listen(callback), SOAP_OK);
    ASSERT_TEXT(callback->endpoint, DESK);
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.service, callback->endpoint, NULL, 1, 2), SOAP_OK);
    poll_one(callback);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.service, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_EQUAL(soap_xmpp_accept(callback, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL(callback->errnum, 0);
    ground_free(callback);
}

/* The service's answer comes as a call, while the caller still has its own to receive. */
static void listens_in_the_middle_of_a_call(void)
{
    struct soap *soap = ground.client, *callback;
    double sum = 0;
    CU_ASSERT_EQUAL(soap_xmpp_listen(ground.service), SOAP_OK);
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_listen(soap), SOAP_OK); /* the call stays */
    ASSERT_TEXT(soap->endpoint, DESK);
    callback = soap_copy(soap);
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.service, DESK, NULL, 3, 4), SOAP_OK);
    poll_one(callback);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.service, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 7);
    poll_one(ground.service);
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    ground_free(callback);
}

/* Who listens and never accepts: its callers wait for their recv_timeout, no longer, and are told
 * that it may still run. */
static void holds_callers_for_their_time(void)
{
    struct soap *soap = ground.service;
    double sum;
    CU_ASSERT_EQUAL(soap_xmpp_listen(ground.client), SOAP_OK);
    soap->recv_timeout = -1000;
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, DESK, NULL, 1, 2, &sum), SOAP_EOF);
    ASSERT_CONTAINS(ground_fault(soap), "no answer within 0.001 s");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_UNKNOWN);
    soap->recv_timeout = 1;
    soap->transfer_timeout = -1000; /* the shorter one counts */
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, DESK, NULL, 1, 2, &sum), SOAP_EOF);
    ASSERT_CONTAINS(ground_fault(soap), "no answer within 0.001 s");
}

/* A worker of the service that sends its answer there, too, and then it serves the next. */
static void holds_workers_for_their_time(void)
{
    struct soap *soap = ground.service;
    double sum;
    CU_ASSERT_EQUAL(soap_xmpp_listen(soap), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_listen(ground.client), SOAP_OK);
    soap->recv_timeout = -1000;
    CU_ASSERT_EQUAL(soap_send_calc__relay(ground.client, CALC, NULL, (char *)"answer " DESK, 40, 2),
                    SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_EOF);
    ASSERT_CONTAINS(ground_fault(soap), "no answer within 0.001 s");
    soap_end(soap);
    CU_ASSERT_EQUAL(soap_recv_calc__relay(ground.client, &sum), 202);
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    poll_one(soap);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

static void listens_again(void)
{
    int i;
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(soap_xmpp_listen(ground.client), SOAP_OK);
    ASSERT_TEXT(ground.client->endpoint, DESK);
}

static void offline_listens_to_nobody(void)
{
    double sum;
    ground.client->connect_timeout = -1000;
    loopback_set_offline(ground.near, SX_EOFFLINE);
    CU_ASSERT_EQUAL(soap_xmpp_listen(ground.client), SOAP_TCP_ERROR);
    ASSERT_CONTAINS(ground_fault(ground.client), "soap_xmpp_listen: ");
    loopback_set_offline(ground.near, SX_OK);
    CU_ASSERT_EQUAL(soap_call_calc__add(ground.service, DESK, NULL, 1, 2, &sum), 503);
    CU_ASSERT_EQUAL(soap_xmpp_listen(ground.client), SOAP_OK);
}

static void a_stopped_link_listens_to_nobody(void)
{
    soap_xmpp_stop(ground.near, 0);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_listen(ground.client), SOAP_OK);
    ASSERT_CONTAINS(ground_fault(ground.client), "soap_xmpp_listen: ");
}

static void needs_the_plugin(void)
{
    struct soap *plain = soap_new();
    CU_ASSERT_EQUAL(soap_xmpp_listen(plain), SOAP_PLUGIN_ERROR);
    soap_free(plain);
}

static void listen_as(const char *jid, const char *endpoint, int err)
{
    struct soap_xmpp_link *link = loopback_new(jid);
    struct soap *soap = ground_context(link, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_xmpp_listen(soap), err);
    if (err)
        ASSERT_CONTAINS(ground_fault(soap), endpoint);
    else
        ASSERT_TEXT(soap->endpoint, endpoint);
    ground_free(soap);
    soap_xmpp_stop(link, 0);
    soap_xmpp_close(link);
}

static void addresses_are_endpoints(void)
{
    char jid[1100];
    listen_as("alice@example.org/my desk?", "xmpp:alice@example.org/my%20desk%3F", SOAP_OK);
    memset(jid, 'x', sizeof jid);
    memcpy(jid, "alice@example.org/", 18);
    jid[1000] = '\0';
    memset(jid + 18, '?', 400);
    listen_as(jid, "soap_xmpp_listen: the address has 1805 bytes, and soap->endpoint room for 1023",
              SOAP_LENGTH);
}

/* As what it was called by: an operation may tell others, or call it. */
static void operations_know_their_endpoint(void)
{
    char *said = NULL;
    CU_ASSERT_EQUAL(soap_xmpp_listen(ground.client), SOAP_OK);
    CU_ASSERT_EQUAL(soap_send_calc__say(ground.service, "xmpp:alice@example.org/my%20desk", NULL,
                                        (char *)"endpoint", 1),
                    SOAP_OK);
    poll_one(ground.client);
    CU_ASSERT_EQUAL(soap_recv_calc__say(ground.service, &said), SOAP_OK);
    ASSERT_TEXT(said, "xmpp:alice@example.org/my%20desk");
}

CU_TestInfo tests_listen[] = {
    {"an operation's soap->endpoint is what it was called by", operations_know_their_endpoint},
    {"callbacks wait from then on until they are accepted", callbacks_wait},
    {"a call under way stays", listens_in_the_middle_of_a_call},
    {"who never accepts holds its callers for their recv_timeout", holds_callers_for_their_time},
    {"and a worker of who sends its answer there", holds_workers_for_their_time},
    {"a second time does no harm", listens_again},
    {"offline it fails, and nobody is listened to", offline_listens_to_nobody},
    {"a stopped link listens to nobody", a_stopped_link_listens_to_nobody},
    {"without the plugin it fails", needs_the_plugin},
    {"the address is an endpoint, or it is said that there is no room for it",
     addresses_are_endpoints},
    CU_TEST_INFO_NULL,
};
