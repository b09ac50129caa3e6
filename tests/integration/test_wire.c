/* The stanzas themselves, as XEP-0072 wants them, seen by the trace of both links.
 *
 * A tap collects what one link traces. An IQ is compared as its *shape*: its elements without
 * attributes and text, each under a short name of its namespace, "client:iq(a:b(a:c) a:d)"; no
 * spelling of XML that means the same makes a difference.
 *
 * A link traces what it sends before it is written, and what it receives before it is acted upon:
 * when a call is over, all its lines are there.
 */
#include "soapH.h"
#include "laboratory.h"

#include <expat.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/link.h"
#include "../lib/suite.h"

/* ---- taps ---- */

enum { MAX_LINES = 512, MAX_ATTRIBUTES = 8 };

struct tap {
    pthread_mutex_t mu;
    char *lines[MAX_LINES]; /* under mu until the link is closed */
    unsigned count;
};

static void tap_fini(struct tap *tap)
{
    while (tap->count)
        free(tap->lines[--tap->count]);
    pthread_mutex_destroy(&tap->mu);
}

static void tap_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct tap *tap = user;
    (void)level;
    pthread_mutex_lock(&tap->mu);
    if (tap->count < MAX_LINES)
        tap->lines[tap->count++] = strdup(line);
    pthread_mutex_unlock(&tap->mu);
}

/* The stanza "sent" or "received" last but so many; "" if there is none. */
static const char *tap_stanza(struct tap *tap, const char *verb, unsigned before_last)
{
    const char *stanza = "";
    char mark[40];
    unsigned i;
    snprintf(mark, sizeof mark, ": %s <", verb);
    pthread_mutex_lock(&tap->mu);
    for (i = tap->count; i > 0 && !*stanza; i--) {
        const char *found = strstr(tap->lines[i - 1], mark);
        if (found && before_last-- == 0)
            stanza = found + strlen(mark) - 1;
    }
    pthread_mutex_unlock(&tap->mu);
    return stanza;
}

static unsigned tap_count(struct tap *tap, const char *part)
{
    unsigned i, count = 0;
    pthread_mutex_lock(&tap->mu);
    for (i = 0; i < tap->count; i++)
        count += strstr(tap->lines[i], part) != NULL;
    pthread_mutex_unlock(&tap->mu);
    return count;
}

/* ---- shapes ---- */

struct iq {
    char shape[1000];
    /* of the iq and its error: "iq to", "error type" */
    char names[MAX_ATTRIBUTES][30], values[MAX_ATTRIBUTES][300];
    int attribute_count;
    unsigned depth;
    int has_sibling;
};

static void add_shape(struct iq *iq, const char *text)
{
    size_t len = strlen(iq->shape);
    snprintf(iq->shape + len, sizeof iq->shape - len, "%s", text);
}

static void add_attributes(struct iq *iq, const char *element, const char **attributes)
{
    for (; *attributes && iq->attribute_count < MAX_ATTRIBUTES; attributes += 2) {
        int i = iq->attribute_count++;
        snprintf(iq->names[i], sizeof iq->names[i], "%s %s", element, attributes[0]);
        snprintf(iq->values[i], sizeof iq->values[i], "%s", attributes[1]);
    }
}

/* "" if there is none. */
static const char *get(const struct iq *iq, const char *name)
{
    int i;
    for (i = 0; i < iq->attribute_count; i++)
        if (strcmp(iq->names[i], name) == 0)
            return iq->values[i];
    return "";
}

static const char *short_name(const char *uri)
{
    static const char *const names[][2] = {
        {"", ""},
        {"jabber:client", "client:"},
        {"http://schemas.xmlsoap.org/soap/envelope/", "soap11:"},
        {"http://www.w3.org/2003/05/soap-envelope", "soap12:"},
        {"urn:ietf:params:xml:ns:xmpp-stanzas", "stanzas:"},
        {"http://jabber.org/protocol/soap#fault", "fault:"},
        {"urn:soap-xmpp:action:1", "action:"},
        {"urn:soapxmpp:lab", "lab:"},
    };
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(uri, names[i][0]) == 0)
            return names[i][1];
    return "other:";
}

static void XMLCALL on_open(void *user, const char *name, const char **attributes)
{
    struct iq *iq = user;
    const char *space = strrchr(name, ' '), *local = space ? space + 1 : name;
    char uri[200];
    if (iq->depth++ == 0)
        return; /* the stream that gives the default namespace */
    if (iq->depth > 2)
        add_shape(iq, iq->has_sibling ? " " : "(");
    iq->has_sibling = 0;
    snprintf(uri, sizeof uri, "%.*s", space ? (int)(space - name) : 0, name);
    add_shape(iq, short_name(uri));
    add_shape(iq, local);
    if (iq->depth == 2 || strcmp(name, "jabber:client error") == 0)
        add_attributes(iq, local, attributes);
}

static void XMLCALL on_shut(void *user, const char *name)
{
    struct iq *iq = user;
    (void)name;
    if (iq->has_sibling)
        add_shape(iq, ")");
    iq->has_sibling = 1;
    iq->depth--;
}

/* The shape of a stanza that isn't well-formed ends in expat's words. */
static struct iq read_iq(const char *stanza)
{
    static const char head[] = "<stream xmlns='jabber:client'>";
    struct iq iq = {.shape = ""};
    XML_Parser parser = XML_ParserCreateNS("UTF-8", ' ');
    XML_SetUserData(parser, &iq);
    XML_SetElementHandler(parser, on_open, on_shut);
    XML_Parse(parser, head, (int)strlen(head), 0);
    if (XML_Parse(parser, stanza, (int)strlen(stanza), 0) != XML_STATUS_OK)
        add_shape(&iq, XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);
    return iq;
}

static struct iq tap_iq(struct tap *tap, const char *verb)
{
    return read_iq(tap_stanza(tap, verb, 0));
}

/* ---- two links, both tapped ---- */

/* What is unlike other tests; zero is the ordinary. */
struct plan {
    int (*serve)(struct soap *); /* NULL: the service's link serves nothing */
    soap_mode mode;              /* of the service's struct soap */
    int soap_action;
    unsigned max_requests;
    const char *password; /* a wrong one: the login is to fail */
};

struct wire {
    struct tap near, far; /* the caller's, the service's */
    struct soap_xmpp_link *caller, *service;
    struct soap *soap, *host;
    pthread_t server;
    int (*serve)(struct soap *);
    int served; /* the server's, until it is joined */
    const char *endpoint;
    char caller_jid[200], service_jid[200];
};

static struct soap_xmpp_link *open_tapped(const struct site *site, const char *user,
                                          const char *resource, const struct plan *plan,
                                          struct tap *tap)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    memset(tap, 0, sizeof *tap);
    pthread_mutex_init(&tap->mu, NULL);
    site_account(site, user, resource, &account);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = tap_line;
    account.config.trace_user = tap;
    account.config.soap_action = plan->soap_action;
    account.config.max_requests = plan->max_requests;
    if (plan->password)
        account.config.password = plan->password;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), plan->password ? -1 : 0);
    return link;
}

static void *run_server(void *arg)
{
    struct wire *wire = arg;
    wire->served = soap_xmpp_serve(wire->host, wire->serve, 1);
    return NULL;
}

static void wire_open(struct wire *wire, const struct site *site, struct plan plan)
{
    *wire = (struct wire){.serve = plan.serve};
    wire->service = open_tapped(site, "bob", "soap", &plan, &wire->far);
    wire->caller = open_tapped(site, "alice", "desk", &plan, &wire->near);
    snprintf(wire->service_jid, sizeof wire->service_jid, "bob@%s/soap", site->domain);
    snprintf(wire->caller_jid, sizeof wire->caller_jid, "alice@%s/desk", site->domain);
    wire->endpoint = site_endpoint(site, "bob", "soap");
    wire->soap = laboratory_client(wire->caller, SOAP_IO_DEFAULT);
    if (!plan.serve)
        return;
    wire->host = soap_new1(plan.mode);
    CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(wire->host, soap_xmpp, wire->service), SOAP_OK);
    /* A call may come before the thread has got as far as soap_xmpp_serve(). */
    sx_queue_open(sx_link_queue(wire->service));
    CU_ASSERT_EQUAL_FATAL(pthread_create(&wire->server, NULL, run_server, wire), 0);
}

static void wire_close(struct wire *wire)
{
    laboratory_client_free(wire->soap);
    soap_xmpp_close(wire->caller);
    soap_xmpp_stop(wire->service, 5000);
    if (wire->serve) {
        pthread_join(wire->server, NULL);
        CU_ASSERT_EQUAL(wire->served, SOAP_OK);
        laboratory_client_free(wire->host);
    }
    soap_xmpp_close(wire->service);
    tap_fini(&wire->near);
    tap_fini(&wire->far);
}

static void assert_adds(struct wire *wire)
{
    double sum = 0;
    CU_ASSERT_EQUAL(
        soap_call_lab__add(wire->soap, wire->endpoint, "urn:soapxmpp:lab#add", 1, 2, &sum),
        SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

/* A call of add with these very bytes as its envelope. Returns soap->error. */
static int call_with(struct wire *wire, const char *envelope)
{
    double sum;
    if (soap_connect(wire->soap, wire->endpoint, NULL) || soap_send(wire->soap, envelope) ||
        soap_end_send(wire->soap))
        return soap_closesock(wire->soap);
    return soap_recv_lab__add(wire->soap, &sum);
}

static const struct Namespace soap12[] = {
    {"SOAP-ENV", "http://www.w3.org/2003/05/soap-envelope", NULL, NULL},
    {"SOAP-ENC", "http://www.w3.org/2003/05/soap-encoding", NULL, NULL},
    {"lab", "urn:soapxmpp:lab", NULL, NULL},
    {NULL, NULL, NULL, NULL}};

/* ---- requests and answers ---- */

static void look_at_a_call(const struct site *site)
{
    struct wire wire;
    struct iq request, answer, arrived;
    wire_open(&wire, site, (struct plan){.serve = soap_serve});
    assert_adds(&wire);
    request = tap_iq(&wire.near, "sent");
    ASSERT_TEXT(request.shape, "client:iq(soap11:Envelope(soap11:Body(lab:add(a b))))");
    ASSERT_TEXT(get(&request, "iq type"), "set");
    ASSERT_TEXT(get(&request, "iq to"), wire.service_jid);
    CU_ASSERT_EQUAL(request.attribute_count, 3); /* `from` is the server's to stamp */
    ASSERT_CONTAINS(tap_stanza(&wire.near, "sent", 0), "<SOAP-ENV:Envelope xmlns=\"\" ");
    answer = tap_iq(&wire.far, "sent");
    ASSERT_TEXT(answer.shape, "client:iq(soap11:Envelope(soap11:Body(lab:addResponse(sum))))");
    ASSERT_TEXT(get(&answer, "iq type"), "result");
    ASSERT_TEXT(get(&answer, "iq to"), wire.caller_jid);
    ASSERT_TEXT(get(&answer, "iq id"), get(&request, "iq id"));
    CU_ASSERT_EQUAL(answer.attribute_count, 3);
    arrived = tap_iq(&wire.near, "received");
    ASSERT_TEXT(get(&arrived, "iq type"), "result");
    ASSERT_TEXT(get(&arrived, "iq from"), wire.service_jid);
    ASSERT_TEXT(get(&arrived, "iq id"), get(&request, "iq id"));
    soap_set_namespaces(wire.soap, soap12);
    assert_adds(&wire);
    ASSERT_TEXT(tap_iq(&wire.near, "sent").shape,
                "client:iq(soap12:Envelope(soap12:Body(lab:add(a b))))");
    ASSERT_TEXT(tap_iq(&wire.far, "sent").shape,
                "client:iq(soap12:Envelope(soap12:Body(lab:addResponse(sum))))");
    wire_close(&wire);
}

static void iqs_carry_envelopes(void)
{
    site_each(look_at_a_call);
}

static void look_at_a_note(const struct site *site)
{
    struct wire wire;
    struct iq request, answer;
    wire_open(&wire, site, (struct plan){.serve = soap_serve});
    CU_ASSERT_EQUAL(soap_send_lab__note(wire.soap, wire.endpoint, NULL, "hello"), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(wire.soap), SOAP_OK);
    request = tap_iq(&wire.near, "sent");
    ASSERT_TEXT(get(&request, "iq type"), "set");
    answer = tap_iq(&wire.far, "sent");
    ASSERT_TEXT(answer.shape, "client:iq");
    ASSERT_TEXT(get(&answer, "iq type"), "result");
    ASSERT_TEXT(get(&answer, "iq id"), get(&request, "iq id"));
    wire_close(&wire);
}

static void one_way_is_answered_empty(void)
{
    site_each(look_at_a_note);
}

/* ---- SOAP faults ---- */

static atomic_int refusal;

/* Refuses every request for the reason that the test has set. */
static int refuse(struct soap *soap)
{
    if (soap_begin_serve(soap))
        return soap->error;
    /* The envelope's version is that of the answer. */
    if (soap_envelope_begin_in(soap))
        return soap_send_fault(soap);
    soap->error = atomic_load(&refusal);
    if (soap->error == SOAP_SVR_FAULT)
        soap_receiver_fault(soap, "the service is to blame", NULL);
    else if (soap->error == SOAP_CLI_FAULT)
        soap_sender_fault(soap, "the caller is to blame", NULL);
    return soap_send_fault(soap);
}

static void assert_fault(struct wire *wire, const char *version, const char *element,
                         const char *type, const char *code)
{
    struct iq request = tap_iq(&wire->near, "sent"), answer = tap_iq(&wire->far, "sent"),
              arrived = tap_iq(&wire->near, "received");
    char begin[100], end[100];
    snprintf(begin, sizeof begin, "client:iq(%s:Envelope(%s:Body(%s:Fault(", version, version,
             version);
    snprintf(end, sizeof end, " client:error(stanzas:undefined-condition fault:%s))", element);
    ASSERT_CONTAINS(answer.shape, begin);
    ASSERT_CONTAINS(answer.shape, end);
    ASSERT_TEXT(get(&answer, "iq type"), "error");
    ASSERT_TEXT(get(&answer, "error type"), type);
    ASSERT_TEXT(get(&answer, "error code"), code);
    ASSERT_TEXT(get(&answer, "iq id"), get(&request, "iq id"));
    CU_ASSERT_EQUAL(answer.attribute_count, 5);
    /* A server may add to an error (ejabberd: xml:lang), but must not take away. */
    ASSERT_CONTAINS(arrived.shape, end);
    ASSERT_TEXT(get(&arrived, "iq type"), "error");
    ASSERT_TEXT(get(&arrived, "error type"), type);
}

static const struct {
    int code;
    const char *element, *type, *number;
} refusals[] = {
    {SOAP_CLI_FAULT, "Sender", "modify", "400"},
    {SOAP_SVR_FAULT, "Receiver", "wait", "500"},
    {SOAP_MUSTUNDERSTAND, "MustUnderstand", "modify", "500"},
    {SOAP_VERSIONMISMATCH, "VersionMismatch", "modify", "500"},
    {SOAP_DATAENCODINGUNKNOWN, "DataEncodingUnknown", "modify", "500"},
};

static void refuse_in(struct wire *wire, const char *version)
{
    size_t i;
    for (i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        double sum;
        atomic_store(&refusal, refusals[i].code);
        CU_ASSERT_NOT_EQUAL(soap_call_lab__add(wire->soap, wire->endpoint, NULL, 1, 2, &sum),
                            SOAP_OK);
        ASSERT_TEXT(soap_xmpp_condition(wire->soap), "");
        assert_fault(wire, version, refusals[i].element, refusals[i].type, refusals[i].number);
    }
}

static void look_at_faults(const struct site *site)
{
    struct wire wire;
    wire_open(&wire, site, (struct plan){.serve = refuse});
    refuse_in(&wire, "soap11");
    ASSERT_CONTAINS(tap_stanza(&wire.far, "sent", 4), ">SOAP-ENV:Client<");
    ASSERT_CONTAINS(tap_stanza(&wire.far, "sent", 3), ">SOAP-ENV:Server<");
    soap_set_namespaces(wire.soap, soap12);
    refuse_in(&wire, "soap12");
    ASSERT_CONTAINS(tap_stanza(&wire.far, "sent", 4), ">SOAP-ENV:Sender<");
    ASSERT_CONTAINS(tap_stanza(&wire.far, "sent", 3), ">SOAP-ENV:Receiver<");
    wire_close(&wire);
}

static void faults_are_iq_errors(void)
{
    site_each(look_at_faults);
}

#define WITH_UNKNOWN_HEADER(NS, TRUE_VALUE)                                                        \
    "<s:Envelope xmlns:s='" NS "'><s:Header><x:lock xmlns:x='urn:x' s:mustUnderstand='" TRUE_VALUE \
    "'>1</x:lock></s:Header><s:Body><lab:add xmlns:lab='urn:soapxmpp:lab'><a>1</a><b>2</b>"        \
    "</lab:add></s:Body></s:Envelope>"

static void send_unknown_header(const struct site *site)
{
    int runs = laboratory_runs();
    struct wire wire;
    wire_open(&wire, site, (struct plan){.serve = soap_serve});
    CU_ASSERT_EQUAL(
        call_with(&wire, WITH_UNKNOWN_HEADER("http://schemas.xmlsoap.org/soap/envelope/", "1")),
        SOAP_MUSTUNDERSTAND);
    assert_fault(&wire, "soap11", "MustUnderstand", "modify", "500");
    CU_ASSERT_EQUAL(
        call_with(&wire, WITH_UNKNOWN_HEADER("http://www.w3.org/2003/05/soap-envelope", "true")),
        SOAP_MUSTUNDERSTAND);
    assert_fault(&wire, "soap12", "MustUnderstand", "modify", "500");
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    wire_close(&wire);
}

static void unknown_headers_are_refused(void)
{
    site_each(send_unknown_header);
}

/* ---- errors of the transport ---- */

/* Beside the condition there may be a text and an element of our own (RFC 6120 8.3.2). */
static void assert_refused(struct tap *tap, const char *condition, const char *type,
                           const char *code)
{
    struct iq answer = tap_iq(tap, "sent");
    char begin[100];
    snprintf(begin, sizeof begin, "client:iq(client:error(stanzas:%s", condition);
    ASSERT_TEXT(get(&answer, "iq type"), "error");
    ASSERT_TEXT(get(&answer, "error type"), type);
    ASSERT_TEXT(get(&answer, "error code"), code);
    CU_ASSERT_EQUAL(strncmp(answer.shape, begin, strlen(begin)), 0);
    ASSERT_LACKS(answer.shape, "Envelope");
    ASSERT_LACKS(answer.shape, "fault:");
}

static int forget(struct soap *soap)
{
    (void)soap;
    return SOAP_OK;
}

static void be_refused(const struct site *site)
{
    struct wire wire;
    struct soap *second;
    double sum;
    wire_open(&wire, site, (struct plan){.max_requests = 1});
    CU_ASSERT_EQUAL(soap_call_lab__add(wire.soap, wire.endpoint, NULL, 1, 2, &sum), 503);
    assert_refused(&wire.far, "service-unavailable", "cancel", "503");
    /* A queue of one request that nobody takes. */
    sx_queue_open(sx_link_queue(wire.service));
    second = laboratory_client(wire.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_send_lab__add(second, wire.endpoint, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_EQUAL(soap_call_lab__add(wire.soap, wire.endpoint, NULL, 1, 2, &sum), 500);
    ASSERT_TEXT(soap_xmpp_condition(wire.soap), "resource-constraint");
    assert_refused(&wire.far, "resource-constraint", "wait", "500");
    soap_xmpp_stop(wire.service, 0);
    CU_ASSERT_EQUAL(soap_recv_lab__add(second, &sum), 503);
    assert_refused(&wire.far, "service-unavailable", "cancel", "503");
    laboratory_client_free(second);
    wire_close(&wire);
    wire_open(&wire, site, (struct plan){.serve = forget});
    CU_ASSERT_EQUAL(soap_call_lab__add(wire.soap, wire.endpoint, NULL, 1, 2, &sum), 500);
    assert_refused(&wire.far, "internal-server-error", "cancel", "500");
    wire_close(&wire);
}

static void transport_errors_are_no_faults(void)
{
    site_each(be_refused);
}

/* ---- what is around the payload ---- */

static void look_at_ids(const struct site *site)
{
    enum { PREFIX_BYTES = 32 };
    struct wire wire;
    struct iq first, second, third, question;
    wire_open(&wire, site, (struct plan){.serve = soap_serve});
    assert_adds(&wire);
    assert_adds(&wire);
    first = read_iq(tap_stanza(&wire.near, "sent", 1));
    second = tap_iq(&wire.near, "sent");
    CU_ASSERT_EQUAL(strspn(get(&first, "iq id"), "0123456789abcdef"), PREFIX_BYTES);
    CU_ASSERT_NOT_EQUAL(strcmp(get(&first, "iq id"), get(&second, "iq id")), 0);
    wire_close(&wire);
    /* The same account and resource, yet another link. */
    wire_open(&wire, site, (struct plan){.serve = soap_serve});
    assert_adds(&wire);
    third = tap_iq(&wire.near, "sent");
    CU_ASSERT_NOT_EQUAL(strncmp(get(&first, "iq id"), get(&third, "iq id"), PREFIX_BYTES), 0);
    CU_ASSERT_EQUAL(soap_xmpp_discover(wire.service, wire.caller_jid, "urn:x", -1, NULL, 0), 0);
    question = tap_iq(&wire.far, "sent");
    CU_ASSERT_NOT_EQUAL(strncmp(get(&question, "iq id"), get(&third, "iq id"), PREFIX_BYTES), 0);
    wire_close(&wire);
}

static void ids_are_unguessable(void)
{
    site_each(look_at_ids);
}

static void assert_only_iqs(struct tap *tap)
{
    unsigned sent = tap_count(tap, ": sent <"), received = tap_count(tap, ": received <");
    CU_ASSERT_EQUAL(tap_count(tap, ": sent <iq "), sent);
    CU_ASSERT_EQUAL(tap_count(tap, ": received <iq "), received);
    CU_ASSERT_EQUAL(received - tap_count(tap, "urn:ietf:params:xml:ns:xmpp-bind"), sent);
    CU_ASSERT_EQUAL(tap_count(tap, "<?"), 0);
}

static void look_for_more(const struct site *site)
{
    struct wire wire;
    unsigned sent, asked;
    wire_open(&wire, site, (struct plan){.serve = soap_serve});
    assert_adds(&wire);
    assert_adds(&wire);
    /* libstrophe's own stanzas aren't traced. But had a link sent presence, its server would have
     * sent that back (RFC 6121 4.2.2), and before the answers. */
    assert_only_iqs(&wire.near);
    assert_only_iqs(&wire.far);
    /* Two calls, and at most one question beforehand what the service can do. */
    sent = tap_count(&wire.near, ": sent <");
    asked = tap_count(&wire.near, "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    CU_ASSERT_TRUE(asked <= 1 && sent == asked + 2);
    wire_close(&wire);
}

static void nothing_else_is_sent(void)
{
    site_each(look_for_more);
}

static void carry_action(const struct site *site)
{
    struct wire wire;
    wire_open(&wire, site, (struct plan){.serve = soap_serve, .soap_action = 1});
    assert_adds(&wire);
    ASSERT_TEXT(tap_iq(&wire.near, "sent").shape,
                "client:iq(soap11:Envelope(soap11:Header(action:soapAction) "
                "soap11:Body(lab:add(a b))))");
    ASSERT_CONTAINS(tap_stanza(&wire.near, "sent", 0), ">urn:soapxmpp:lab#add</");
    ASSERT_LACKS(tap_stanza(&wire.near, "sent", 0), "mustUnderstand");
    ASSERT_LACKS(tap_stanza(&wire.far, "sent", 0), "soapAction");
    wire_close(&wire);
}

static void the_action_is_a_header_block(void)
{
    site_each(carry_action);
}

/* ---- secrets ---- */

static void assert_no_secret(struct tap *tap, const char *user, const char *password)
{
    /* SASL's elements, and what PLAIN makes of the password (RFC 4616) */
    static const char *const parts[] = {"xmpp-sasl", "<auth", "<challenge", "<response",
                                        "<success"};
    char plain[100], encoded[200];
    int len = snprintf(plain, sizeof plain, "%c%s%c%s", 0, user, 0, password);
    size_t i;
    EVP_EncodeBlock((unsigned char *)encoded, (unsigned char *)plain, len);
    CU_ASSERT_EQUAL(tap_count(tap, encoded), 0);
    CU_ASSERT_EQUAL(tap_count(tap, password), 0);
    for (i = 0; i < sizeof parts / sizeof *parts; i++)
        CU_ASSERT_EQUAL(tap_count(tap, parts[i]), 0);
    CU_ASSERT_NOT_EQUAL(tap_count(tap, user), 0); /* it was a tap after all */
}

static void log_in_both_ways(const struct site *site)
{
    static const struct plan plans[] = {{.password = NULL}, {.password = "secret of nobody"}};
    struct site_account account;
    size_t i;
    site_account(site, "alice", "desk", &account);
    for (i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct tap tap;
        soap_xmpp_close(open_tapped(site, "alice", "desk", &plans[i], &tap));
        assert_no_secret(&tap, "alice", i == 0 ? account.password : plans[i].password);
        tap_fini(&tap);
    }
}

static void no_secret_is_traced(void)
{
    site_each(log_in_both_ways);
}

/* ---- gSOAP's modes ---- */

static void echo_records(struct wire *wire)
{
    struct lab__Record records[] = {{"<&>'\" \xC3\xA9 \xF0\x9F\x98\x80", 1, 0.5},
                                    {NULL, -2, 1e300}};
    struct lab__Records in = {2, records}, out = {0, NULL};
    CU_ASSERT_EQUAL(soap_call_lab__echo(wire->soap, wire->endpoint, NULL, &in, &out), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(out.__sizerecord, 2);
    ASSERT_TEXT(out.record[0].name, records[0].name);
    CU_ASSERT_PTR_NULL(out.record[1].name);
    CU_ASSERT_EQUAL(out.record[1].quantity, -2);
    CU_ASSERT_EQUAL(out.record[1].price, 1e300);
}

static void call_in_mode(struct wire *wire, soap_mode mode)
{
    laboratory_client_free(wire->soap);
    wire->soap = laboratory_client(wire->caller, mode);
    assert_adds(wire);
    ASSERT_CONTAINS(tap_iq(&wire->near, "sent").shape,
                    "client:iq(soap11:Envelope(soap11:Body(lab:add(");
    ASSERT_CONTAINS(tap_iq(&wire->far, "sent").shape,
                    "client:iq(soap11:Envelope(soap11:Body(lab:addResponse(");
    echo_records(wire);
}

static void call_in_every_mode(const struct site *site)
{
    static const soap_mode modes[] = {
        SOAP_XML_INDENT,   SOAP_XML_CANONICAL, SOAP_XML_DEFAULTNS, SOAP_IO_CHUNK, SOAP_IO_STORE,
        SOAP_IO_KEEPALIVE, SOAP_ENC_ZLIB,      SOAP_ENC_DIME,      SOAP_ENC_MIME, SOAP_ENC_MTOM};
    static const soap_mode of_service[] = {SOAP_XML_INDENT | SOAP_IO_CHUNK | SOAP_ENC_MTOM,
                                           SOAP_XML_CANONICAL | SOAP_IO_STORE | SOAP_ENC_ZLIB,
                                           SOAP_XML_DEFAULTNS | SOAP_IO_KEEPALIVE | SOAP_ENC_DIME};
    size_t i, k;
    for (i = 0; i < sizeof of_service / sizeof *of_service; i++) {
        struct wire wire;
        wire_open(&wire, site, (struct plan){.serve = soap_serve, .mode = of_service[i]});
        for (k = 0; k < sizeof modes / sizeof *modes; k++)
            call_in_mode(&wire, modes[k]);
        CU_ASSERT_EQUAL(tap_count(&wire.near, "<?") + tap_count(&wire.far, "<?"), 0);
        wire_close(&wire);
    }
}

static void every_mode_goes_through(void)
{
    site_each(call_in_every_mode);
}

CU_TestInfo tests_wire[] = {
    {"a request is an iq set and its answer an iq result with the envelope alone",
     iqs_carry_envelopes},
    {"a one-way request is answered by an empty iq result", one_way_is_answered_empty},
    {"a SOAP fault is an iq error with its envelope and its code as an element",
     faults_are_iq_errors},
    {"a header block that must be understood and is not keeps the operation from running",
     unknown_headers_are_refused},
    {"an error of the transport has neither an envelope nor a fault element",
     transport_errors_are_no_faults},
    {"ids begin with 128 random bits of their link", ids_are_unguessable},
    {"nothing but the iqs goes over the wire", nothing_else_is_sent},
    {"the soapAction is a header block that need not be understood", the_action_is_a_header_block},
    {"no trace line holds a password or what was made of it", no_secret_is_traced},
    {"calls in every mode of gSOAP go through a server and back", every_mode_goes_through},
    CU_TEST_INFO_NULL,
};
