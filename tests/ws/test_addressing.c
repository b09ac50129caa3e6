/* gSOAP's wsa plugin: answers and faults that go to a third endpoint, which serves them. */
#include "end.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "plugin/wsaapi.h"

#include "../integration/scale.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_addressing[];

#define ACTION "urn:soapxmpp:ws#convert"

#define ANSWERS scale_calls(50)
#define POLLED  scale_calls(10)
enum { WAIT_S = 20, ID_BYTES = 100 };

/* ---- what reached the third endpoint ---- */

static struct {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    int answers, faults;
    double fahrenheit;
    char relates_to[ID_BYTES], from[256], fault[256];
} third = {.mu = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void note(struct soap *soap, int *count)
{
    const char *id = soap_wsa_RelatesTo(soap);
    snprintf(third.relates_to, sizeof third.relates_to, "%s", id ? id : "");
    snprintf(third.from, sizeof third.from, "%s", soap_xmpp_from(soap));
    ++*count;
    pthread_cond_broadcast(&third.changed);
}

static bool await(const int *count, int wanted)
{
    struct timespec deadline;
    bool came;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_S;
    pthread_mutex_lock(&third.mu);
    while (*count < wanted && pthread_cond_timedwait(&third.changed, &third.mu, &deadline) == 0)
        ;
    came = *count == wanted;
    pthread_mutex_unlock(&third.mu);
    return came;
}

int w__convertResponse(struct soap *soap, double fahrenheit)
{
    if (soap_wsa_check(soap))
        return soap->error;
    pthread_mutex_lock(&third.mu);
    third.fahrenheit = fahrenheit;
    note(soap, &third.answers);
    pthread_mutex_unlock(&third.mu);
    return soap_send_empty_response(soap, SOAP_OK);
}

int SOAP_ENV__Fault(struct soap *soap, char *faultcode, char *faultstring, char *faultactor,
                    struct SOAP_ENV__Detail *detail, struct SOAP_ENV__Code *code,
                    struct SOAP_ENV__Reason *reason, char *node, char *role,
                    struct SOAP_ENV__Detail *detail12)
{
    (void)faultactor, (void)detail, (void)code, (void)reason, (void)node, (void)role;
    (void)detail12;
    pthread_mutex_lock(&third.mu);
    snprintf(third.fault, sizeof third.fault, "%s: %s", faultcode ? faultcode : "",
             faultstring ? faultstring : "");
    note(soap, &third.faults);
    pthread_mutex_unlock(&third.mu);
    return soap_send_empty_response(soap, SOAP_OK);
}

/* ---- the service ---- */

int w__convert(struct soap *soap, double celsius, struct w__convertResponse *out)
{
    if (soap_wsa_check(soap))
        return soap->error;
    if (celsius < -273.15)
        return soap_wsa_sender_fault(soap, "colder than cold", NULL);
    out->fahrenheit = celsius * 9 / 5 + 32;
    return soap_wsa_reply(soap, soap_wsa_rand_uuid(soap), "urn:soapxmpp:ws#convertResponse");
}

/* ---- three ends ---- */

struct three {
    struct end caller, service, desk;
};

static void open_three(struct three *three, const struct site *site, bool is_plain)
{
    struct end_options options = {.is_plain = is_plain};
    third.answers = third.faults = 0;
    end_open(&three->caller, site, "alice", "desk", options);
    end_open(&three->service, site, "bob", "soap", options);
    end_open(&three->desk, site, "alice", "archive", options);
    end_serve(&three->service);
    end_serve(&three->desk);
}

static void close_three(struct three *three)
{
    end_close(&three->caller);
    end_close(&three->service);
    end_close(&three->desk);
}

/* The id of the request; NULL for no ReplyTo or FaultTo. */
static int convert(struct three *three, double celsius, const char *reply_to, const char *fault_to,
                   char id[ID_BYTES], double *fahrenheit)
{
    struct soap *soap = three->caller.soap;
    struct w__convertResponse out = {0};
    int err;
    soap->header = NULL;
    snprintf(id, ID_BYTES, "%s", soap_wsa_rand_uuid(soap));
    CU_ASSERT_EQUAL_FATAL(soap_wsa_request(soap, id, three->service.endpoint, ACTION), SOAP_OK);
    if (reply_to)
        CU_ASSERT_EQUAL(soap_wsa_add_ReplyTo(soap, reply_to), SOAP_OK);
    if (fault_to)
        CU_ASSERT_EQUAL(soap_wsa_add_FaultTo(soap, fault_to), SOAP_OK);
    err = soap_call_w__convert(soap, three->service.endpoint, NULL, celsius, &out);
    *fahrenheit = out.fahrenheit;
    return err;
}

static void assert_noted(const struct three *three, const char *id)
{
    ASSERT_TEXT(third.relates_to, id);
    ASSERT_TEXT(third.from, three->service.endpoint + strlen("xmpp:"));
}

static void run_answers(const struct site *site, bool is_plain)
{
    struct three three;
    double fahrenheit;
    char id[ID_BYTES];
    int i;
    open_three(&three, site, is_plain);
    for (i = 1; i <= ANSWERS; i++) {
        CU_ASSERT_EQUAL(convert(&three, i, three.desk.endpoint, NULL, id, &fahrenheit), 202);
        if (three.caller.soap->error != 202)
            printf("\n    %s", end_fault(three.caller.soap));
        CU_ASSERT_TRUE_FATAL(await(&third.answers, i));
        CU_ASSERT_DOUBLE_EQUAL(third.fahrenheit, i * 1.8 + 32, 1e-9);
        assert_noted(&three, id);
        end_forget(&three.caller);
    }
    close_three(&three);
    CU_ASSERT_EQUAL(third.answers, ANSWERS);
}

static void answers_packed(const struct site *site)
{
    run_answers(site, false);
}

static void answers_plain(const struct site *site)
{
    run_answers(site, true);
}

static void an_answer_goes_to_the_endpoint_of_reply_to(void)
{
    site_each(answers_packed);
    site_each(answers_plain);
}

static void run_faults(const struct site *site, bool is_plain)
{
    struct three three;
    double fahrenheit;
    char id[ID_BYTES];
    open_three(&three, site, is_plain);
    CU_ASSERT_EQUAL(convert(&three, -300, NULL, three.desk.endpoint, id, &fahrenheit), 202);
    CU_ASSERT_TRUE(await(&third.faults, 1));
    ASSERT_CONTAINS(third.fault, "colder than cold");
    assert_noted(&three, id);
    /* Without FaultTo a fault goes where the answer would have gone. */
    CU_ASSERT_EQUAL(convert(&three, -300, three.desk.endpoint, NULL, id, &fahrenheit), 202);
    CU_ASSERT_TRUE(await(&third.faults, 2));
    assert_noted(&three, id);
    /* What is no fault comes back to the caller. */
    CU_ASSERT_EQUAL(convert(&three, 100, NULL, three.desk.endpoint, id, &fahrenheit), SOAP_OK);
    CU_ASSERT_DOUBLE_EQUAL(fahrenheit, 212, 1e-9);
    end_forget(&three.caller);
    close_three(&three);
    CU_ASSERT_EQUAL(third.answers, 0);
}

static void faults_packed(const struct site *site)
{
    run_faults(site, false);
}

static void faults_plain(const struct site *site)
{
    run_faults(site, true);
}

static void a_fault_goes_to_the_endpoint_of_fault_to(void)
{
    site_each(faults_packed);
    site_each(faults_plain);
}

static void run_anonymous(const struct site *site)
{
    static const char anonymous[] = "http://www.w3.org/2005/08/addressing/anonymous";
    const char *const reply_to[] = {NULL, anonymous};
    struct three three;
    double fahrenheit = 0;
    char id[ID_BYTES];
    size_t i;
    open_three(&three, site, false);
    for (i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(convert(&three, 100, reply_to[i], NULL, id, &fahrenheit), SOAP_OK);
        CU_ASSERT_DOUBLE_EQUAL(fahrenheit, 212, 1e-9);
        ASSERT_TEXT(soap_wsa_RelatesTo(three.caller.soap), id);
        CU_ASSERT_EQUAL(convert(&three, -300, reply_to[i], NULL, id, &fahrenheit), SOAP_CLI_FAULT);
        ASSERT_TEXT(end_fault(three.caller.soap), "colder than cold");
        ASSERT_TEXT(soap_wsa_RelatesTo(three.caller.soap), id);
    }
    CU_ASSERT_EQUAL(convert(&three, 100, soap_wsa_noneURI, NULL, id, &fahrenheit), 202);
    end_forget(&three.caller);
    close_three(&three);
    CU_ASSERT_EQUAL(third.answers + third.faults, 0);
}

static void an_anonymous_answer_comes_back_to_the_caller(void)
{
    site_each(run_anonymous);
}

static void run_headerless(const struct site *site)
{
    struct three three;
    struct w__convertResponse out;
    struct soap *soap;
    open_three(&three, site, false);
    soap = three.caller.soap;
    CU_ASSERT_EQUAL(soap_call_w__convert(soap, three.service.endpoint, ACTION, 1, &out),
                    SOAP_FAULT);
    /* Not soap_wsa_check_fault(), which reads SOAP 1.2's subcodes alone. */
    ASSERT_TEXT(*soap_faultcode(soap), "wsa5:MessageAddressingHeaderRequired");
    end_forget(&three.caller);
    close_three(&three);
}

static void a_request_without_its_headers_is_refused(void)
{
    site_each(run_headerless);
}

/* The caller itself, from two threads at once: one calls, one serves. */
static void run_own(const struct site *site)
{
    struct three three;
    double fahrenheit;
    char id[ID_BYTES];
    open_three(&three, site, false);
    end_serve(&three.caller);
    CU_ASSERT_EQUAL(convert(&three, 0, three.caller.endpoint, NULL, id, &fahrenheit), 202);
    CU_ASSERT_TRUE(await(&third.answers, 1));
    assert_noted(&three, id);
    end_forget(&three.caller);
    close_three(&three);
}

static void an_answer_may_come_as_a_message_to_the_caller(void)
{
    site_each(run_own);
}

/* gSOAP has told the caller 202 when this turns out. (An endpoint that isn't xmpp: is found out
 * before, but then soap_wsa_reply() leaks the request's attributes.) */
static void run_nobody(const struct site *site)
{
    struct three three;
    double fahrenheit;
    char id[ID_BYTES];
    open_three(&three, site, false);
    CU_ASSERT_EQUAL(
        convert(&three, 0, site_endpoint(site, "alice", "nobody"), NULL, id, &fahrenheit), 202);
    CU_ASSERT_EQUAL(convert(&three, 100, NULL, NULL, id, &fahrenheit), SOAP_OK);
    CU_ASSERT_DOUBLE_EQUAL(fahrenheit, 212, 1e-9);
    end_forget(&three.caller);
    close_three(&three);
    CU_ASSERT_EQUAL(third.answers + third.faults, 0);
}

static void an_endpoint_that_nobody_serves_stops_nobody(void)
{
    site_each(run_nobody);
}

/* The same with one thread: it calls, and looks for its answer then. */
static void run_polled(const struct site *site, bool is_plain)
{
    struct three three;
    double fahrenheit;
    char id[ID_BYTES];
    int i;
    open_three(&three, site, is_plain);
    end_listen(&three.caller);
    for (i = 1; i <= POLLED; i++) {
        const char *own = three.caller.endpoint;
        CU_ASSERT_EQUAL(convert(&three, i, own, NULL, id, &fahrenheit), 202);
        CU_ASSERT_TRUE_FATAL(end_poll(&three.caller, NULL));
        CU_ASSERT_DOUBLE_EQUAL(third.fahrenheit, i * 1.8 + 32, 1e-9);
        assert_noted(&three, id);
        CU_ASSERT_EQUAL(convert(&three, -300, NULL, own, id, &fahrenheit), 202);
        CU_ASSERT_TRUE_FATAL(end_poll(&three.caller, NULL));
        ASSERT_CONTAINS(third.fault, "colder than cold");
        assert_noted(&three, id);
        end_forget(&three.caller);
    }
    CU_ASSERT_EQUAL(third.answers, POLLED);
    CU_ASSERT_EQUAL(third.faults, POLLED);
    close_three(&three);
}

static void polled_packed(const struct site *site)
{
    run_polled(site, false);
}

static void polled_plain(const struct site *site)
{
    run_polled(site, true);
}

static void a_caller_may_look_for_its_answers(void)
{
    site_each(polled_packed);
    site_each(polled_plain);
}

CU_TestInfo tests_addressing[] = {
    {"an answer goes to the endpoint of ReplyTo", an_answer_goes_to_the_endpoint_of_reply_to},
    {"a fault goes to the endpoint of FaultTo", a_fault_goes_to_the_endpoint_of_fault_to},
    {"an anonymous answer comes back to the caller", an_anonymous_answer_comes_back_to_the_caller},
    {"a request without its headers is refused", a_request_without_its_headers_is_refused},
    {"an answer may come as a message to the caller itself",
     an_answer_may_come_as_a_message_to_the_caller},
    {"a caller may listen, and look for its answers between its calls",
     a_caller_may_look_for_its_answers},
    {"an endpoint that nobody serves stops nobody", an_endpoint_that_nobody_serves_stops_nobody},
    CU_TEST_INFO_NULL,
};
