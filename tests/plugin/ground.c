/* ground.c - the calculator's operations, and a client and a service to run them between. */
#include "ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "calc.nsmap"

struct ground ground;

struct Namespace ground_soap12[] = {
    {"SOAP-ENV", "http://www.w3.org/2003/05/soap-envelope",
     "http://schemas.xmlsoap.org/soap/envelope/", NULL},
    {"SOAP-ENC", "http://www.w3.org/2003/05/soap-encoding",
     "http://schemas.xmlsoap.org/soap/encoding/", NULL},
    {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},
    {"xsd", "http://www.w3.org/2001/XMLSchema", NULL, NULL},
    {"calc", "urn:soapxmpp:test:calc", NULL, NULL},
    {NULL, NULL, NULL, NULL}};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_open = true; /* under mu, like notes */
static int notes;
static void (*change)(struct soap *); /* NULL: operations leave their struct soap as it is */

/* ---- operations ------------------------------------------------------------------------------ */

static void make_change(struct soap *soap)
{
    void (*wanted)(struct soap *);
    pthread_mutex_lock(&mu);
    wanted = change;
    pthread_mutex_unlock(&mu);
    if (wanted)
        wanted(soap);
}

int calc__add(struct soap *soap, double a, double b, double *sum)
{
    make_change(soap);
    *sum = a + b;
    return SOAP_OK;
}

int calc__div(struct soap *soap, double a, double b, double *quotient)
{
    make_change(soap);
    if (b == 0)
        return soap_sender_fault(soap, "division by zero", "<b xmlns='urn:why'>0</b>");
    *quotient = a / b;
    return SOAP_OK;
}

int calc__bulk(struct soap *soap, struct calc__Records *in, struct calc__Records *out)
{
    make_change(soap);
    *out = *in;
    return SOAP_OK;
}

int calc__note(struct soap *soap, char *text)
{
    pthread_mutex_lock(&mu);
    notes++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mu);
    make_change(soap);
    if (text && strcmp(text, "fault") == 0)
        return soap_receiver_fault(soap, "the note is lost", NULL);
    if (text && strcmp(text, "number") == 0)
        return 404;
    if (text && strcmp(text, "nested") == 0) {
        double sum;
        (void)soap_send_empty_response(soap, 202);
        return soap_call_calc__add(soap, CALC, NULL, 1, 2, &sum);
    }
    if (!soap_xmpp_from(soap) || (text && strcmp(text, "early") == 0))
        return soap_send_empty_response(soap, 202);
    return SOAP_OK;
}

int calc__blob(struct soap *soap, struct calc__Blob *in, struct calc__Blob *out)
{
    make_change(soap);
    *out = *in;
    out->data.id = NULL;
    out->data.type = (char *)"application/octet-stream";
    return SOAP_OK;
}

int calc__image(struct soap *soap, struct calc__Image *in, struct calc__Image *out)
{
    make_change(soap);
    *out = *in;
    out->data.id = NULL;
    out->data.type = (char *)"image/png";
    return SOAP_OK;
}

int calc__slow(struct soap *soap, double a, double b, double *sum)
{
    (void)soap;
    pthread_mutex_lock(&mu);
    while (!gate_open)
        pthread_cond_wait(&changed, &mu);
    pthread_mutex_unlock(&mu);
    *sum = a + b;
    return SOAP_OK;
}

int calc__who(struct soap *soap, char *greeting, char **names)
{
    char text[400];
    const char *from = soap_xmpp_from(soap);
    snprintf(text, sizeof text, "%s %s %s %s%s%s", greeting, from ? from : "-",
             from ? soap_xmpp_to(soap) : "-", from && *soap_xmpp_id(soap) ? "id" : "-",
             from && *soap_xmpp_traceparent(soap) ? " " : "",
             from ? soap_xmpp_traceparent(soap) : "");
    *names = soap_strdup(soap, text);
    return SOAP_OK;
}

static int respond_no_more(struct soap *soap, int status, ULONG64 count)
{
    (void)soap, (void)status, (void)count;
    abort();
}

/* As gSOAP's wsa plugin does it: soap_wsa_reply(), and its faults behind an empty response. */
static int answer_elsewhere(struct soap *soap, const char *endpoint, double value, double *sum)
{
    bool is_fault = *endpoint == 'f';
    endpoint = strchr(endpoint, ' ') + 1;
    if (is_fault)
        (void)soap_send_empty_response(soap, SOAP_OK);
    if (soap_connect(soap, endpoint, "urn:elsewhere"))
        return is_fault ? (soap->error = SOAP_STOP) : soap->error;
    soap->fresponse = respond_no_more;
    make_change(soap);
    *sum = value;
    return is_fault ? soap_sender_fault(soap, "it is elsewhere", NULL) : SOAP_OK;
}

int calc__relay(struct soap *soap, char *endpoint, double a, double b, double *sum)
{
    struct soap *copy;
    int err;
    if (strncmp(endpoint, "answer ", 7) == 0 || strncmp(endpoint, "fault ", 6) == 0)
        return answer_elsewhere(soap, endpoint, a + b, sum);
    if (strncmp(endpoint, "same ", 5) == 0)
        return soap_call_calc__add(soap, endpoint + 5, NULL, a, b, sum);
    copy = soap_copy(soap);
    if (!copy)
        return SOAP_EOM;
    copy->socket = SOAP_INVALID_SOCKET; /* over HTTP it is the connection of the original */
    err = soap_call_calc__add(copy, endpoint, NULL, a, b, sum);
    if (err)
        err = soap_receiver_fault(soap, ground_fault(copy), NULL);
    ground_free(copy);
    return err;
}

int calc__say(struct soap *soap, char *text, int count, char **said)
{
    size_t len = strlen(text);
    int i;
    if (strncmp(text, "xmpp:", 5) == 0 && soap_connect(soap, text, NULL))
        return soap->error;
    if (strcmp(text, "control") == 0 || strncmp(text, "xmpp:", 5) == 0) {
        *said = soap_strdup(soap, "a\001b");
        return SOAP_OK;
    }
    if (strcmp(text, "action") == 0) {
        *said = soap_strdup(soap, soap->action ? soap->action : "none");
        return SOAP_OK;
    }
    if (strcmp(text, "endpoint") == 0) {
        *said = soap_strdup(soap, soap->endpoint);
        return SOAP_OK;
    }
    *said = soap_malloc(soap, len * (size_t)count + 1);
    if (!*said)
        return SOAP_EOM;
    for (i = 0; i < count; i++)
        memcpy(*said + len * (size_t)i, text, len);
    (*said)[len * (size_t)count] = '\0';
    return SOAP_OK;
}

void ground_change(void (*wanted)(struct soap *))
{
    pthread_mutex_lock(&mu);
    change = wanted;
    pthread_mutex_unlock(&mu);
}

void ground_shut_gate(void)
{
    pthread_mutex_lock(&mu);
    gate_open = false;
    pthread_mutex_unlock(&mu);
}

void ground_open_gate(void)
{
    pthread_mutex_lock(&mu);
    gate_open = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mu);
}

bool ground_wait_notes(int count)
{
    struct timespec deadline;
    bool came;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    pthread_mutex_lock(&mu);
    while (notes < count && pthread_cond_timedwait(&changed, &mu, &deadline) == 0)
        continue;
    came = notes >= count;
    pthread_mutex_unlock(&mu);
    return came;
}

/* ---- contexts -------------------------------------------------------------------------------- */

struct soap *ground_context(struct soap_xmpp_link *link, soap_mode mode)
{
    struct soap *soap = soap_new1(mode);
    if (!soap || soap_register_plugin_arg(soap, soap_xmpp, link))
        abort();
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = 10;
    return soap;
}

void ground_free(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

const char *ground_fault(struct soap *soap)
{
    const char *text;
    if (!soap->error)
        return "(no error)";
    soap_set_fault(soap);
    text = soap_fault_string(soap);
    return text ? text : "(no text)";
}

void ground_assert_add(struct soap *soap, const char *endpoint, double a, double b, int line,
                       const char *file)
{
    double sum = -1;
    int err = soap_call_calc__add(soap, endpoint, NULL, a, b, &sum);
    if (err)
        suite_assert_text(ground_fault(soap), "(no error)", line, file);
    CU_assertImplementation(!err && sum == a + b, (unsigned)line, "the sum is right", file, "",
                            CU_FALSE);
}

static void *serve(void *arg)
{
    struct soap *soap = arg;
    if (soap_xmpp_serve(soap, soap_serve, 4))
        abort();
    return NULL;
}

void ground_start_alone(void)
{
    memset(&ground, 0, sizeof ground);
    pthread_mutex_lock(&mu);
    notes = 0;
    pthread_mutex_unlock(&mu);
    ground_change(NULL);
    ground_open_gate();
    ground.near = loopback_new("alice@example.org/desk");
    ground.far = loopback_new("calc@example.org/soap");
    loopback_pair(ground.near, ground.far);
    ground.client = ground_context(ground.near, SOAP_IO_DEFAULT);
    ground.service = ground_context(ground.far, SOAP_IO_DEFAULT);
}

void ground_serve(void)
{
    sx_queue_open(sx_link_queue(ground.far)); /* the thread may come late */
    if (pthread_create(&ground.thread, NULL, serve, ground.service))
        abort();
    ground.is_serving = true;
}

void ground_start(void)
{
    ground_start_alone();
    ground_serve();
}

void ground_stop(void)
{
    ground_open_gate();
    soap_xmpp_stop(ground.far, 10000);
    if (ground.is_serving)
        pthread_join(ground.thread, NULL);
    ground_free(ground.client);
    ground_free(ground.service);
    CU_ASSERT_EQUAL(loopback_references(ground.near), 1);
    CU_ASSERT_EQUAL(loopback_references(ground.far), 1);
    soap_xmpp_stop(ground.near, 0);
    soap_xmpp_close(ground.near);
    soap_xmpp_close(ground.far);
}
