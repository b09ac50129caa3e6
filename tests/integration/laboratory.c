#include "soapH.h"
#include "lab.nsmap"
#include "laboratory.h"

#include <CUnit/CUnit.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "link/link.h"

enum { AWAIT_US = 20000000, PATIENCE_S = 60 /* on a loaded machine, with a sanitizer */ };

struct laboratory {
    struct soap_xmpp_link *link;
    struct soap *soap;
    pthread_t thread;
    int threads, result;
};

/* ---- what the operations leave behind ---- */

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_cond_t changed;
static int runs, notes, hurries;

static void init_changed(void)
{
    sx_clock_cond_init(&changed);
}

static void count(int *counter)
{
    pthread_once(&once, init_changed);
    pthread_mutex_lock(&mu);
    ++*counter;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mu);
}

static int read_counter(const int *counter)
{
    int value;
    pthread_mutex_lock(&mu);
    value = *counter;
    pthread_mutex_unlock(&mu);
    return value;
}

static int await(const int *counter, int value)
{
    int64_t deadline = sx_clock_deadline(AWAIT_US);
    int reached, in_time = 1;
    pthread_once(&once, init_changed);
    pthread_mutex_lock(&mu);
    while (*counter < value && in_time)
        in_time = sx_clock_cond_wait(&changed, &mu, deadline);
    reached = *counter >= value;
    pthread_mutex_unlock(&mu);
    return reached;
}

int laboratory_runs(void)
{
    return read_counter(&runs);
}

int laboratory_notes(void)
{
    return read_counter(&notes);
}

int laboratory_await_runs(int value)
{
    return await(&runs, value);
}

int laboratory_await_notes(int value)
{
    return await(&notes, value);
}

void laboratory_hurry(void)
{
    count(&hurries);
}

/* ---- operations ---- */

static soap_mode omode; /* atomic */

void laboratory_set_omode(soap_mode wanted)
{
    __atomic_store_n(&omode, wanted, __ATOMIC_RELEASE);
}

static void change_mode(struct soap *soap)
{
    soap_mode wanted = __atomic_load_n(&omode, __ATOMIC_ACQUIRE);
    if (wanted)
        soap_set_omode(soap, wanted);
}

int lab__add(struct soap *soap, double a, double b, double *sum)
{
    count(&runs);
    change_mode(soap);
    soap->header = NULL; /* or gSOAP answers with an empty Header when the request had one */
    *sum = a + b;
    return SOAP_OK;
}

int lab__divide(struct soap *soap, double a, double b, double *quotient)
{
    count(&runs);
    change_mode(soap);
    if (b == 0)
        return soap_sender_fault(soap, "division by zero",
                                 "<lab:divisor xmlns:lab=\"urn:soapxmpp:lab\">b</lab:divisor>");
    *quotient = a / b;
    return SOAP_OK;
}

int lab__delay(struct soap *soap, int ms, int *waited_ms)
{
    int64_t begun = sx_clock_now_us(), deadline = begun + (int64_t)ms * 1000;
    int hurried = read_counter(&hurries), in_time = 1;
    (void)soap;
    count(&runs);
    pthread_mutex_lock(&mu);
    while (hurries == hurried && in_time)
        in_time = sx_clock_cond_wait(&changed, &mu, deadline);
    pthread_mutex_unlock(&mu);
    *waited_ms = (int)((sx_clock_now_us() - begun) / 1000);
    return SOAP_OK;
}

int lab__note(struct soap *soap, char *text)
{
    (void)text;
    count(&notes);
    change_mode(soap);
    return soap_xmpp_from(soap) ? SOAP_OK : soap_send_empty_response(soap, 202);
}

int lab__whoami(struct soap *soap, struct lab__Seen *seen)
{
    count(&runs);
    seen->from = soap_strdup(soap, soap_xmpp_from(soap));
    seen->to = soap_strdup(soap, soap_xmpp_to(soap));
    seen->id = soap_strdup(soap, soap_xmpp_id(soap));
    seen->action = soap_strdup(soap, soap->action);
    return SOAP_OK;
}

static unsigned char ticks[LABORATORY_TICKS];

int laboratory_ticks(int number)
{
    return __atomic_load_n(&ticks[number], __ATOMIC_ACQUIRE);
}

void laboratory_reset_ticks(void)
{
    int number;
    for (number = 0; number < LABORATORY_TICKS; number++)
        __atomic_store_n(&ticks[number], 0, __ATOMIC_RELEASE);
}

int lab__tick(struct soap *soap, int number, int *same)
{
    if (number < 0 || number >= LABORATORY_TICKS)
        return soap_sender_fault(soap, "number out of range", NULL);
    count(&runs);
    __atomic_add_fetch(&ticks[number], 1, __ATOMIC_ACQ_REL);
    *same = number;
    return SOAP_OK;
}

int lab__echo(struct soap *soap, struct lab__Records *in, struct lab__Records *out)
{
    (void)soap;
    count(&runs);
    *out = *in;
    return SOAP_OK;
}

int lab__say(struct soap *soap, char *text, char **said)
{
    count(&runs);
    change_mode(soap);
    *said = text;
    return SOAP_OK;
}

/* ---- what was understood ---- */

enum { SHOWN_BYTES = 80, FEW_ITEMS = 8 };

/* One line: the name and the value in ASCII; of a long value its beginning, length and hash. */
static void tell(struct sx_buffer *out, const char *name, const char *value)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    size_t i;
    if (!value)
        return;
    sx_buffer_add_format(out, "%s=[", name);
    for (i = 0; value[i]; i++) {
        unsigned char c = (unsigned char)value[i];
        hash = (hash ^ c) * 16777619u;
        if (i < SHOWN_BYTES)
            sx_buffer_add_format(out, c < ' ' || c > '~' ? "\\x%02X" : "%c", c);
    }
    if (i > SHOWN_BYTES)
        sx_buffer_add_format(out, "...] %zu bytes, hash %08x\n", i, (unsigned)hash);
    else
        sx_buffer_add_text(out, "]\n");
}

static void tell_value(struct sx_buffer *out, int type, const void *value)
{
    if (type == SOAP_TYPE_int)
        sx_buffer_add_format(out, "value=int %d\n", *(const int *)value);
    else if (type == SOAP_TYPE_double)
        sx_buffer_add_format(out, "value=double %g\n", *(const double *)value);
    else if (type == SOAP_TYPE_string)
        tell(out, "value=string", value);
    else if (type == SOAP_TYPE__QName)
        tell(out, "value=QName", value);
    else if (type == SOAP_TYPE_lab__Circle)
        sx_buffer_add_format(out, "value=circle %g\n", ((const struct lab__Circle *)value)->radius);
    else if (value)
        sx_buffer_add_format(out, "value of type %d\n", type);
}

static char *take_text(struct soap *soap, struct sx_buffer *out)
{
    char *text = soap_strdup(soap, out->bytes ? out->bytes : "");
    sx_buffer_fini(out);
    return text;
}

/* Few items one by one, many as one value: the report is not to outgrow what it is about. */
static void tell_items(struct sx_buffer *out, int count, char **item)
{
    struct sx_buffer joined = {0};
    int i;
    sx_buffer_add_format(out, "items=%d\n", count);
    for (i = 0; i < count; i++) {
        const char *text = item[i] ? item[i] : "nil";
        if (count <= FEW_ITEMS)
            tell(out, "item", text);
        else
            sx_buffer_add_format(&joined, "%s\n", text);
    }
    tell(out, "joined", joined.bytes);
    sx_buffer_fini(&joined);
}

char *laboratory_describe(struct soap *soap, const struct lab__Subject *subject)
{
    struct sx_buffer out = {0};
    if (soap->header) {
        tell(&out, "token", soap->header->lab__token);
        tell(&out, "hint", soap->header->lab__hint);
    }
    if (!subject)
        return take_text(soap, &out);
    tell(&out, "@Id", subject->Id);
    tell(&out, "@wsu:Id", subject->wsu__Id);
    tell(&out, "@unit", subject->unit);
    tell(&out, "@lab:unit", subject->lab__unit);
    tell(&out, "lab:name", subject->lab__name);
    tell(&out, "name", subject->name);
    tell(&out, "text", subject->text);
    tell(&out, "kind", subject->lab__kind);
    if (subject->count)
        sx_buffer_add_format(&out, "count=%d\n", *subject->count);
    tell_items(&out, subject->__sizeitem, subject->item);
    tell_value(&out, subject->__type, subject->value);
    return take_text(soap, &out);
}

static void tell_detail(struct sx_buffer *out, const struct SOAP_ENV__Detail *detail)
{
    if (!detail)
        return;
    if (detail->lab__Overdrawn) {
        sx_buffer_add_format(out, "balance=%g\n", detail->lab__Overdrawn->balance);
        tell(out, "currency", detail->lab__Overdrawn->currency);
    }
    tell(out, "kind", detail->lab__kind);
    sx_buffer_add_format(out, "more=%s\n", detail->__any && *detail->__any ? "yes" : "no");
}

char *laboratory_describe_fault(struct soap *soap)
{
    struct sx_buffer out = {0};
    const struct SOAP_ENV__Fault *fault = soap->fault;
    sx_buffer_add_format(&out, "error=%d SOAP 1.%d\n", soap->error, soap->version);
    if (!fault)
        return take_text(soap, &out);
    tell(&out, "faultcode", fault->faultcode);
    if (fault->SOAP_ENV__Code) {
        tell(&out, "Code", fault->SOAP_ENV__Code->SOAP_ENV__Value);
        if (fault->SOAP_ENV__Code->SOAP_ENV__Subcode)
            tell(&out, "Subcode", fault->SOAP_ENV__Code->SOAP_ENV__Subcode->SOAP_ENV__Value);
    }
    tell(&out, "string", soap_fault_string(soap));
    tell(&out, "actor", fault->faultactor);
    tell(&out, "node", fault->SOAP_ENV__Node);
    tell(&out, "role", fault->SOAP_ENV__Role);
    tell_detail(&out, fault->detail);
    tell_detail(&out, fault->SOAP_ENV__Detail);
    return take_text(soap, &out);
}

static const char *recitation; /* under mu */

void laboratory_recite(const char *envelope)
{
    pthread_mutex_lock(&mu);
    recitation = envelope;
    pthread_mutex_unlock(&mu);
}

static int recite(struct soap *soap, const char *envelope)
{
    soap->count = strlen(envelope); /* HTTP's Content-Length */
    if (!soap_response(soap, strstr(envelope, "Fault>") ? SOAP_FAULT : SOAP_OK) &&
        !soap_send_raw(soap, envelope, strlen(envelope)))
        (void)soap_end_send(soap);
    (void)soap_closesock(soap);
    return soap->error = SOAP_STOP;
}

int lab__inspect(struct soap *soap, struct lab__Subject *subject,
                 struct lab__Inspection *inspection)
{
    const char *envelope;
    count(&runs);
    pthread_mutex_lock(&mu);
    envelope = recitation;
    pthread_mutex_unlock(&mu);
    if (envelope)
        return recite(soap, envelope);
    inspection->report = laboratory_describe(soap, subject);
    inspection->subject = subject;
    return SOAP_OK;
}

static int overdraw(struct soap *soap)
{
    int err = soap_sender_fault_subcode(soap, "lab:Overdrawn", "the account is overdrawn", NULL);
    struct SOAP_ENV__Detail *detail = soap_malloc(soap, sizeof *detail);
    soap_default_SOAP_ENV__Detail(soap, detail);
    detail->lab__kind = "lab:Overdrawn";
    detail->lab__Overdrawn = soap_malloc(soap, sizeof *detail->lab__Overdrawn);
    detail->lab__Overdrawn->balance = -12.5;
    detail->lab__Overdrawn->currency = "\xE2\x82\xAC & <cents>";
    if (soap->version == 2)
        soap->fault->SOAP_ENV__Detail = detail;
    else
        soap->fault->detail = detail;
    return err;
}

int lab__fail(struct soap *soap, int way, char **never)
{
    static const char markup[] = "<lab:why xmlns:lab=\"urn:soapxmpp:lab\">because</lab:why>";
    *never = NULL;
    switch (way) {
    case LABORATORY_SENDER:
        return soap_sender_fault(soap, "yours & <yours>", NULL);
    case LABORATORY_RECEIVER:
        return soap_receiver_fault(soap, "mine", markup);
    case LABORATORY_SUBCODE:
        return soap_receiver_fault_subcode(soap, "lab:Broken", "mine", markup);
    case LABORATORY_OVERDRAWN:
        return overdraw(soap);
    default:
        return soap_sender_fault(soap, "there is no such way to fail", NULL);
    }
}

/* ---- the service ---- */

static void *serve(void *arg)
{
    struct laboratory *laboratory = arg;
    laboratory->result = soap_xmpp_serve(laboratory->soap, soap_serve, laboratory->threads);
    return NULL;
}

struct laboratory *laboratory_start(struct soap_xmpp_link *link, int threads)
{
    return laboratory_start_mode(link, threads, SOAP_IO_DEFAULT);
}

struct laboratory *laboratory_start_mode(struct soap_xmpp_link *link, int threads, soap_mode mode)
{
    struct laboratory *laboratory = calloc(1, sizeof *laboratory);
    struct soap *soap = soap_new1(mode);
    laboratory->link = link;
    laboratory->soap = soap;
    /* A call may come before the thread has got as far as soap_xmpp_serve(). */
    sx_queue_open(sx_link_queue(link));
    laboratory->threads = threads;
    if (soap_register_plugin_arg(soap, soap_xmpp, link) != SOAP_OK ||
        pthread_create(&laboratory->thread, NULL, serve, laboratory) != 0) {
        CU_FAIL("the laboratory doesn't start");
        soap_free(soap);
        free(laboratory);
        return NULL;
    }
    return laboratory;
}

int laboratory_stop(struct laboratory *laboratory, int drain_ms)
{
    int result;
    soap_xmpp_stop(laboratory->link, drain_ms);
    pthread_join(laboratory->thread, NULL);
    result = laboratory->result;
    soap_destroy(laboratory->soap);
    soap_end(laboratory->soap);
    soap_free(laboratory->soap);
    free(laboratory);
    return result;
}

/* ---- the same service over HTTP ---- */

struct http_laboratory {
    struct soap *soap;
    SOAP_SOCKET listener;
    pthread_t thread;
};

static void *serve_http(void *arg)
{
    struct soap *soap = arg;
    while (soap_valid_socket(soap_accept(soap))) {
        (void)soap_serve(soap);
        soap_destroy(soap);
        soap_end(soap);
    }
    return NULL;
}

struct http_laboratory *laboratory_start_http(soap_mode mode, int *port)
{
    struct http_laboratory *http = calloc(1, sizeof *http);
    struct sockaddr_in address;
    socklen_t address_bytes = sizeof address;
    http->soap = soap_new1(mode);
    http->soap->send_timeout = http->soap->recv_timeout = 20;
    http->listener = soap_bind(http->soap, "127.0.0.1", 0, 100);
    if (!soap_valid_socket(http->listener) ||
        getsockname(http->listener, (struct sockaddr *)&address, &address_bytes) != 0 ||
        pthread_create(&http->thread, NULL, serve_http, http->soap) != 0) {
        CU_FAIL("the laboratory's HTTP service doesn't start");
        soap_free(http->soap);
        free(http);
        return NULL;
    }
    *port = ntohs(address.sin_port);
    return http;
}

void laboratory_stop_http(struct http_laboratory *http)
{
    shutdown(http->listener, SHUT_RDWR); /* ends soap_accept() */
    pthread_join(http->thread, NULL);
    laboratory_client_free(http->soap);
    free(http);
}

/* ---- clients ---- */

struct soap *laboratory_client(struct soap_xmpp_link *link, soap_mode mode)
{
    struct soap *soap = soap_new1(mode);
    CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, soap_xmpp, link), SOAP_OK);
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = PATIENCE_S;
    return soap;
}

void laboratory_client_free(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

int pair_open(struct pair *pair, const struct site *site, int threads)
{
    pair->service = site_open(site, "bob", "soap");
    pair->caller = site_open(site, "alice", "desk");
    if (!pair->service || !pair->caller ||
        !(pair->laboratory = laboratory_start(pair->service, threads))) {
        soap_xmpp_close(pair->service);
        soap_xmpp_close(pair->caller);
        return -1;
    }
    pair->soap = laboratory_client(pair->caller, SOAP_IO_DEFAULT);
    pair->endpoint = site_endpoint(site, "bob", "soap");
    return 0;
}

void pair_reopen_service(struct pair *pair, const struct site_account *account, int threads)
{
    CU_ASSERT_EQUAL(laboratory_stop(pair->laboratory, 0), SOAP_OK);
    soap_xmpp_close(pair->service);
    pair->service = soap_xmpp_open(&account->config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair->service);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(pair->service, -1), 0);
    pair->laboratory = laboratory_start(pair->service, threads);
}

void pair_close(struct pair *pair)
{
    laboratory_client_free(pair->soap);
    CU_ASSERT_EQUAL(laboratory_stop(pair->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(pair->service);
    soap_xmpp_close(pair->caller);
}

const char *laboratory_fault(struct soap *soap)
{
    static char text[2048];
    soap_sprint_fault(soap, text, sizeof text);
    return text;
}

char *laboratory_random_text(size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    char *text = malloc(len + 1);
    uint64_t state = 88172645463325252ULL;
    size_t i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text[i] = letters[state >> 58];
    }
    text[len] = '\0';
    return text;
}
