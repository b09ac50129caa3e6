/* Calls that fail: each error's code, condition and its one telling line. */
#include "ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int add(const char *endpoint)
{
    double sum;
    return soap_call_calc__add(ground.client, endpoint, NULL, 1, 2, &sum);
}

/* What a user sees of it. */
static void assert_printed(const char *line)
{
    char *printed = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&printed, &len);
    soap_print_fault(ground.client, file);
    fclose(file);
    ASSERT_CONTAINS(printed, line);
    ASSERT_CONTAINS(printed, "no detail");
    ASSERT_LACKS(printed, "HTTP");
    free(printed);
}

static void offline(void)
{
    loopback_set_offline(ground.near, SX_EOFFLINE);
    CU_ASSERT_EQUAL(add(CALC), SOAP_TCP_ERROR);
    assert_printed("\"" CALC ": the link is not online\"");
    CU_ASSERT_EQUAL(ground.client->omode, SOAP_IO_DEFAULT);
    loopback_set_offline(ground.near, SX_EAUTH);
    CU_ASSERT_EQUAL(add(CALC), SOAP_TCP_ERROR);
    ASSERT_TEXT(ground_fault(ground.client), CALC ": the server refused the credentials");
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "");
}

static void stopped(void)
{
    soap_xmpp_stop(ground.near, 0);
    CU_ASSERT_EQUAL(add(CALC), SOAP_TCP_ERROR);
    ASSERT_TEXT(ground_fault(ground.client), CALC ": the link was stopped");
}

static void retries(void)
{
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    loopback_set_offline_times(ground.near, SX_EOFFLINE, 1);
    ground.client->connect_retry = 1;
    CU_ASSERT_EQUAL(add(CALC), SOAP_OK);
}

static void fails_over(void)
{
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    loopback_set_offline_times(ground.near, SX_EOFFLINE, 1);
    CU_ASSERT_EQUAL(add("xmpp:first@example.org/soap xmpp:second@example.org/soap"), SOAP_OK);
    ASSERT_TEXT(loopback_last_to(ground.near), "second@example.org/soap");
}

static void bad_endpoints(void)
{
    static const char *const bad[] = {"xmpp:",
                                      "xmpp:@example.org",
                                      "xmpp://alice@example.org/calc@example.org",
                                      "xmpp:calc@example.org?subscribe",
                                      "xmpp:calc@/soap",
                                      "xmpp:calc@example.org/%zz"};
    size_t i;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char start[100];
        CU_ASSERT_EQUAL(add(bad[i]), SOAP_USER_ERROR);
        snprintf(start, sizeof start, "%s: ", bad[i]);
        ASSERT_CONTAINS(ground_fault(ground.client), start);
        CU_ASSERT_PTR_NULL(ground.client->userid);
        CU_ASSERT_PTR_NULL(ground.client->passwd);
    }
}

static void stanza_errors(void)
{
    static const struct {
        const char *condition, *text, *line;
        int code;
    } cases[] = {
        {"service-unavailable", "nobody\nhome",
         CALC ": add: nobody is online as calc@example.org/soap, or it serves no SOAP: "
              "service-unavailable (503): nobody home",
         503},
        {"forbidden", "",
         CALC ": add: calc@example.org/soap doesn't let us call this: "
              "forbidden (403)",
         403},
        {"remote-server-not-found", "",
         CALC ": add: our server can't find the server of calc@example.org/soap: "
              "remote-server-not-found (404)",
         404},
        {"undefined-condition", "odd",
         CALC ": add: undefined-condition (500): odd (outcome unknown)", 500},
        {"wholly-new", "", CALC ": add: wholly-new (500)", 500},
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[200];
        loopback_answer_error(ground.near, cases[i].condition, cases[i].text);
        CU_ASSERT_EQUAL(add(CALC), cases[i].code);
        snprintf(line, sizeof line, "\"%s\"", cases[i].line);
        assert_printed(line);
        ASSERT_TEXT(soap_xmpp_condition(ground.client), cases[i].condition);
    }
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    CU_ASSERT_EQUAL(add(CALC), SOAP_OK);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "");
}

/* More elements in each other than max_depth says. */
static void deep_answer(void)
{
    enum { DEPTH = 500 };
    char sum[DEPTH * 7 + 1] = "", answer[sizeof sum + 400];
    size_t i;
    for (i = 0; i < DEPTH; i++)
        memcpy(sum + 3 * i, "<a>", 4);
    for (i = 0; i < DEPTH; i++)
        memcpy(sum + 3 * (size_t)DEPTH + 4 * i, "</a>", 5);
    snprintf(answer, sizeof answer, ADD_RESPONSE("%s"), sum);
    loopback_answer_bytes(ground.near, answer);
    CU_ASSERT_EQUAL(add(CALC), SOAP_LEVEL);
    ASSERT_CONTAINS(ground_fault(ground.client), CALC ": add: the answer is bad: ");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
}

static void one_way_errors(void)
{
    loopback_answer_error(ground.near, "forbidden", "");
    CU_ASSERT_EQUAL(soap_send_calc__note(ground.client, CALC, NULL, (char *)""), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(ground.client), 403);
    CU_ASSERT_EQUAL(ground.client->omode, SOAP_IO_DEFAULT);
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    CU_ASSERT_EQUAL(soap_send_calc__note(ground.client, CALC, NULL, (char *)""), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(ground.client), SOAP_OK);
}

static void timeouts(void)
{
    int64_t begun, took;
    loopback_answer_nothing(ground.near);
    ground.client->recv_timeout = -30000;
    begun = sx_clock_now_us();
    CU_ASSERT_EQUAL(add(CALC), SOAP_EOF);
    took = sx_clock_now_us() - begun;
    CU_ASSERT(took >= 30000 && took < 5000000);
    assert_printed("\"" CALC ": add: no answer within 0.030 s (outcome unknown)\"");
    ground.client->recv_timeout = 60;
    ground.client->transfer_timeout = -20000;
    CU_ASSERT_EQUAL(add(CALC), SOAP_EOF);
    ASSERT_TEXT(ground_fault(ground.client),
                CALC ": add: no answer within 0.020 s (outcome unknown)");
    ground.client->transfer_timeout = 0;
    ground.client->recv_timeout = 0;
    loopback_set_timeout_us(ground.near, 40000);
    CU_ASSERT_EQUAL(add(CALC), SOAP_EOF);
    ASSERT_TEXT(ground_fault(ground.client),
                CALC ": add: no answer within 0.040 s (outcome unknown)");
}

static void assert_near(int64_t us, int64_t wanted_us)
{
    CU_ASSERT(us <= wanted_us && us > wanted_us - 5000000);
}

static void other_timeouts(void)
{
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    ground.client->connect_timeout = 100;
    ground.client->send_timeout = -300000000;
    CU_ASSERT_EQUAL(add(CALC), SOAP_OK);
    assert_near(loopback_last_online_us(ground.near), 100000000);
    assert_near(loopback_last_room_us(ground.near), 300000000);
    ground.client->connect_timeout = ground.client->send_timeout = 0;
    loopback_set_timeout_us(ground.near, 77000000);
    CU_ASSERT_EQUAL(add(CALC), SOAP_OK);
    assert_near(loopback_last_online_us(ground.near), 77000000);
    assert_near(loopback_last_room_us(ground.near), 77000000);
}

static void lost(void)
{
    double sum;
    loopback_answer_nothing(ground.near);
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    loopback_break(ground.near);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_EOF);
    assert_printed("\"" CALC ": add: the connection was lost (outcome unknown)\"");
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    soap_xmpp_stop(ground.near, 0);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_EOF);
    ASSERT_TEXT(ground_fault(ground.client), CALC ": add: the link was stopped (outcome unknown)");
}

static void bad_answers(void)
{
    loopback_answer_bytes(ground.near, NULL);
    CU_ASSERT_EQUAL(add(CALC), 202);
    assert_printed("\"" CALC ": add: accepted, without an answer\"");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
    loopback_answer_bytes(ground.near,
                          "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/"
                          "soap/envelope/'><SOAP-ENV:Header/></SOAP-ENV:Envelope>");
    CU_ASSERT_NOT_EQUAL(add(CALC), SOAP_OK);
    ASSERT_CONTAINS(ground_fault(ground.client), CALC ": add: the answer is bad: ");
    loopback_answer_bytes(ground.near,
                          "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/"
                          "soap/envelope/'><SOAP-ENV:Body><x:y/></SOAP-ENV:Body>"
                          "</SOAP-ENV:Envelope>");
    CU_ASSERT_NOT_EQUAL(add(CALC), SOAP_OK);
    ASSERT_CONTAINS(ground_fault(ground.client), CALC ": add: the answer is bad: ");
    loopback_answer_bytes(ground.near,
                          "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/"
                          "soap/envelope/'><SOAP-ENV:Body><foo/></SOAP-ENV:Body>"
                          "</SOAP-ENV:Envelope>");
    CU_ASSERT_NOT_EQUAL(add(CALC), SOAP_OK); /* gSOAP's own words */
    loopback_answer_bytes(ground.near, ADD_RESPONSE("no number"));
    CU_ASSERT_EQUAL(add(CALC), SOAP_TYPE);
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    CU_ASSERT_EQUAL(add(CALC), SOAP_OK);
}

static void uncarriable(void)
{
    char *said;
    struct soap *soap = ground_context(ground.near, SOAP_C_UTFSTRING);
    CU_ASSERT_NOT_EQUAL(soap_call_calc__say(ground.client, CALC, NULL, (char *)"a\001b", 1, &said),
                        SOAP_OK);
    ASSERT_CONTAINS(ground_fault(ground.client), CALC ": the envelope can't be carried: byte ");
    CU_ASSERT_NOT_EQUAL(soap_call_calc__say(soap, CALC, NULL, (char *)"a\xff", 1, &said), SOAP_OK);
    ASSERT_CONTAINS(ground_fault(soap), CALC ": the envelope can't be carried: byte ");
    ASSERT_TEXT(loopback_last_envelope(ground.near), "");
    ground_free(soap);
    CU_ASSERT_EQUAL(ground.client->omode, SOAP_IO_DEFAULT);
}

static void other_methods(void)
{
    CU_ASSERT_EQUAL(soap_GET(ground.client, CALC, NULL), SOAP_HTTP_METHOD);
    ASSERT_TEXT(ground_fault(ground.client), CALC ": only SOAP calls go over XMPP");
    soap_closesock(ground.client);
    CU_ASSERT_EQUAL(ground.client->omode, SOAP_IO_DEFAULT);
}

static void own_attachments(void)
{
    struct soap *soap = ground.client;
    soap_set_mime(soap, NULL, NULL);
    CU_ASSERT_EQUAL(soap_set_mime_attachment(soap, (char *)"data", 4, SOAP_MIME_BINARY,
                                             "text/plain", NULL, NULL, NULL),
                    SOAP_OK);
    CU_ASSERT_EQUAL(add(CALC), SOAP_MIME_ERROR);
    ASSERT_TEXT(ground_fault(soap), CALC ": attachments can't be carried over XMPP (XEP-0072 3.3)");
    soap_clr_mime(soap);
    soap_set_dime(soap);
    CU_ASSERT_EQUAL(soap_set_dime_attachment(soap, (char *)"data", 4, "text/plain", NULL, 0, NULL),
                    SOAP_OK);
    CU_ASSERT_EQUAL(add(CALC), SOAP_MIME_ERROR);
    soap_clr_dime(soap);
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    CU_ASSERT_EQUAL(add(CALC), SOAP_OK);
}

static struct calc__Image an_image(void)
{
    static unsigned char bytes[10];
    struct calc__Image image = {0};
    image.data.__ptr = bytes;
    image.data.__size = sizeof bytes;
    image.data.type = (char *)"image/png";
    return image;
}

static void references(void)
{
    struct soap *soap = ground_context(ground.near, SOAP_XML_GRAPH);
    struct calc__Image image = an_image(), back;
    double sum;
    CU_ASSERT_EQUAL(soap_call_calc__image(soap, CALC, NULL, &image, &back), SOAP_MIME_ERROR);
    loopback_answer_bytes(ground.near, ADD_RESPONSE("3"));
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, CALC, NULL, 1, 2, &sum), SOAP_OK);
    ground_free(soap);
    /* The other way round: the request is inline, the answer would not be. */
    loopback_answer_normally(ground.near);
    soap_set_omode(ground.service, SOAP_XML_GRAPH);
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL(soap_send_calc__image(ground.client, CALC, NULL, &image), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, 10), SOAP_OK);
    CU_ASSERT_EQUAL(soap_serve(ground.service), SOAP_OK);
    soap_end(ground.service);
    CU_ASSERT_EQUAL(soap_recv_calc__image(ground.client, &back), 500);
    ASSERT_CONTAINS(ground_fault(ground.client), "it has attachments (XEP-0072 3.3)");
}

static void no_envelope(void)
{
    static struct Namespace rest[] = {{"calc", "urn:soapxmpp:test:calc", NULL, NULL},
                                      {NULL, NULL, NULL, NULL}};
    const struct Namespace *before = ground.client->namespaces;
    double sum;
    soap_set_namespaces(ground.client, rest);
    CU_ASSERT_NOT_EQUAL(soap_call_calc__add(ground.client, CALC, NULL, 1, 2, &sum), SOAP_OK);
    ASSERT_CONTAINS(ground_fault(ground.client), CALC ": the envelope can't be carried: ");
    soap_set_namespaces(ground.client, before);
}

CU_TestInfo tests_failures[] = {
    {"a link that isn't online is a TCP error that says why", offline},
    {"a stopped link refuses calls", stopped},
    {"connect_retry tries again until the link is online", retries},
    {"a list of endpoints moves on to the next", fails_over},
    {"a bad endpoint is named with its mistake and leaves no credentials", bad_endpoints},
    {"a stanza error gives its condition, number and text in one line", stanza_errors},
    {"an answer that is nested too deep is SOAP_LEVEL", deep_answer},
    {"a one-way call reports a stanza error and ignores an answer's body", one_way_errors},
    {"receive timeouts in microseconds are exact to the millisecond in the message", timeouts},
    {"connect and send timeouts reach the link, 0 is the link's own", other_timeouts},
    {"a call that was sent and lost is never a TCP error", lost},
    {"bad answers are told apart", bad_answers},
    {"what would kill the stream is refused with the offending byte", uncarriable},
    {"other methods than POST are refused", other_methods},
    {"attachments that the program added are refused, not dropped", own_attachments},
    {"references to attachments are refused in both directions", references},
    {"a message without an envelope is refused", no_envelope},
    CU_TEST_INFO_NULL,
};
