/* oracle.c - a service with rules, and its callers.
 *
 * Invariant: a request is answered before the next one is made; answers go nowhere.
 *
 * Happy path: make a sample, choose a caller -> read the envelope as it would have arrived -> ask
 * the rules -> queue, accept, serve -> judge what ran. Failure modes: without memory it aborts.
 */
#include "oracle.h"

#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soapH.h"
#include "oracle.nsmap"
#include "wsaapi.h"

#include "soap_xmpp.h"

#include "base/clock.h"
#include "gsoap/action.h"
#include "link/link.h"
#include "link/link_state.h"
#include "request/access_service.h"

enum { MAX_DEPTH = 64, MAX_BYTES = 1 << 20, SHOWN = 5, CONTEXTS = 2 };

static struct oracle_counts counts;

const struct oracle_counts *oracle_counts(void)
{
    return &counts;
}

/* ---- the service ---- */

static const char *ran;
static int ran_count;

static int run(const char *operation)
{
    ran = operation;
    ran_count++;
    return SOAP_OK;
}

int c__add(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a + b;
    return run("add");
}

int c__sub(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a - b;
    return run("sub");
}

int c__note(struct soap *soap, char *Body, struct h__inner *add)
{
    (void)Body;
    (void)add;
    run("note");
    return soap_send_empty_response(soap, SOAP_OK);
}

int c__none(struct soap *soap, double *result)
{
    (void)soap;
    *result = 0;
    return run("none");
}

int __c__doc(struct soap *soap, char *c__doc, struct c__docResponse *result)
{
    (void)soap;
    (void)c__doc;
    result->r = 0;
    return run("doc");
}

int __c__read(struct soap *soap, struct c__readResponse *result)
{
    (void)soap;
    result->r = 0;
    return run("read");
}

int SOAP_ENV__Fault(struct soap *soap, char *faultcode, char *faultstring, char *faultactor,
                    struct SOAP_ENV__Detail *detail, struct SOAP_ENV__Code *SOAP_ENV__Code,
                    struct SOAP_ENV__Reason *SOAP_ENV__Reason, char *SOAP_ENV__Node,
                    char *SOAP_ENV__Role, struct SOAP_ENV__Detail *SOAP_ENV__Detail)
{
    (void)faultcode, (void)faultstring, (void)faultactor, (void)detail, (void)SOAP_ENV__Code;
    (void)SOAP_ENV__Reason, (void)SOAP_ENV__Node, (void)SOAP_ENV__Role, (void)SOAP_ENV__Detail;
    run("Fault");
    return soap_send_empty_response(soap, SOAP_OK);
}

/* ---- its link: answers go nowhere ---- */

__typeof__(sx_answer_send) __wrap_sx_answer_send;
__typeof__(sx_answer_refuse) __wrap_sx_answer_refuse;

enum sx_err __wrap_sx_answer_send(const struct sx_answers *answers, struct sx_request *request,
                                  struct sx_checker *checker, const char *envelope,
                                  size_t envelope_len, char *why, size_t why_bytes)
{
    (void)answers, (void)checker, (void)envelope, (void)envelope_len, (void)why, (void)why_bytes;
    (void)sx_request_answer_once(request);
    return SX_OK;
}

void __wrap_sx_answer_refuse(const struct sx_answers *answers, struct sx_request *request,
                             const char *condition, const char *text)
{
    (void)answers, (void)condition, (void)text;
    (void)sx_request_answer_once(request);
}

/* ---- the two layers ---- */

static enum oracle_layers layers;
static bool serves_alone; /* the table has one namespace of the service's own */

void oracle_switch(enum oracle_layers which)
{
    layers = which;
}

static bool has_scan(void)
{
    return layers == ORACLE_ALL || layers == ORACLE_WITHOUT_GATE;
}

static bool has_gate(void)
{
    return layers == ORACLE_ALL || layers == ORACLE_WITHOUT_SCAN;
}

__typeof__(sx_access_service_has) __real_sx_access_service_has, __wrap_sx_access_service_has;
__typeof__(sx_action_withhold) __real_sx_action_withhold, __wrap_sx_action_withhold;
__typeof__(sx_gate_next) __real_sx_gate_next, __wrap_sx_gate_next;
__typeof__(sx_gate_is_open) __real_sx_gate_is_open, __wrap_sx_gate_is_open;

bool __wrap_sx_access_service_has(const struct sx_access_service *service, const char *uri)
{
    if (serves_alone)
        return strcmp(uri, sample_uri("")) == 0;
    return !has_scan() || __real_sx_access_service_has(service, uri);
}

void __wrap_sx_action_withhold(struct soap *soap, struct sx_context *context)
{
    if (has_scan())
        __real_sx_action_withhold(soap, context);
}

enum sx_err __wrap_sx_gate_next(struct sx_gate *gate, struct soap *soap, char *out, size_t room,
                                size_t *got, char *why, size_t why_bytes)
{
    if (!has_gate())
        return sx_reader_next(gate->reading, &gate->request->envelope, gate->limits, out, room, got,
                              why, why_bytes);
    return __real_sx_gate_next(gate, soap, out, room, got, why, why_bytes);
}

bool __wrap_sx_gate_is_open(const struct sx_gate *gate)
{
    return !has_gate() || __real_sx_gate_is_open(gate);
}

static void ignore_trace(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user, (void)level, (void)line;
}

static struct soap_xmpp_link *make_link(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char rules[2000] = "any@example.org", why[400] = "";
    size_t i;
    for (i = 0; i < SAMPLE_OPERATIONS; i++)
        snprintf(rules + strlen(rules), sizeof rules - strlen(rules),
                 " %s@example.org/x:%s %s@example.org/named:{%s}%s", sample_operations[i],
                 sample_operations[i], sample_operations[i], sample_uri(sample_operations[i]),
                 sample_operations[i]);
    soap_xmpp_config_init(&config);
    config.jid = "oracle@example.org";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.tls = SOAP_XMPP_TLS_OFF;
    config.max_depth = MAX_DEPTH;
    config.allow = rules;
    config.trace = SOAP_XMPP_TRACE_ERROR;
    config.trace_callback = ignore_trace;
    link = sx_link_new(&config, why, sizeof why);
    if (!link) {
        fprintf(stderr, "%s\n", why);
        exit(2);
    }
    return link;
}

/* ---- one request ---- */

struct oracle {
    struct soap_xmpp_link *link;
    struct soap *contexts[CONTEXTS]; /* the second with the wsa plugin, which sets the action */
    struct sx_checker *checker;
    XML_Parser parser;
    struct sx_scan scan;
    struct sx_markup markup;
    struct chance *chance;
    struct sample sample;
    const char *allowed; /* what the caller may run */
    char caller[64];
    enum sx_grant grant;
    char uri[SX_SCAN_URI_BYTES]; /* of the operation as it was scanned */
};

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    sx_scan_start(user, name, attributes);
}

static void XMLCALL on_end(void *user, const char *name)
{
    (void)name;
    sx_scan_end(user);
}

static void XMLCALL on_text(void *user, const char *text, int len)
{
    sx_scan_text(user, text, len);
}

static void parse(struct oracle *oracle)
{
    XML_Parser parser = oracle->parser;
    XML_ParserReset(parser, "UTF-8");
    XML_SetUserData(parser, &oracle->scan);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    if (XML_Parse(parser, oracle->sample.bytes, (int)oracle->sample.len, 1) != XML_STATUS_OK &&
        !oracle->scan.err)
        oracle->scan.err = SX_EMALFORMED;
}

/* As the parser of a connection, or as a packed envelope. */
static void read_envelope(struct oracle *oracle, struct sx_envelope *envelope)
{
    const struct sample *sample = &oracle->sample;
    char *bytes = malloc(sample->len + 1);
    if (!bytes)
        abort();
    memcpy(bytes, sample->bytes, sample->len + 1);
    if (chance_below(oracle->chance, 2)) {
        *envelope =
            (struct sx_envelope){.form = SX_FORM_STORED, .bytes = bytes, .len = sample->len};
        if (sample->action)
            snprintf(envelope->action, sizeof envelope->action, "%s", sample->action);
        sx_envelope_glance(envelope, oracle->checker, MAX_BYTES, ULONG_MAX);
        return;
    }
    sx_scan_reset(&oracle->scan, 0);
    if (!sx_scan_markup(&oracle->scan, &oracle->markup, bytes, sample->len)) {
        sx_scan_reset(&oracle->scan, 0);
        parse(oracle);
    }
    sx_envelope_set(envelope, bytes, sample->len, &oracle->scan);
}

static void serve(struct oracle *oracle, struct sx_envelope *envelope)
{
    struct soap *soap = oracle->contexts[chance_below(oracle->chance, CONTEXTS)];
    struct sx_request *request = sx_request_new(oracle->caller, "oracle@example.org", "1");
    if (!request)
        abort();
    request->envelope = *envelope;
    request->grant = oracle->grant;
    snprintf(oracle->uri, sizeof oracle->uri, "%s", envelope->operation_uri);
    *envelope = (struct sx_envelope){0};
    if (sx_queue_add(sx_link_queue(oracle->link), request) || soap_xmpp_accept(soap, -1))
        abort();
    (void)soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
}

static void fail(const struct oracle *oracle, const char *what)
{
    if (counts.failed++ < SHOWN)
        printf("%s: %s calls, scanned as %s, %s ran\n%s\n(action %s)\n\n", what, oracle->caller,
               oracle->sample.operation ? oracle->sample.operation : "?", ran ? ran : "nothing",
               oracle->sample.bytes, oracle->sample.action ? oracle->sample.action : "none");
}

static bool is_foreign(const char *uri)
{
    return strcmp(uri, "urn:c") != 0 && strcmp(uri, "urn:h") != 0 && !strstr(uri, "soap-envelope");
}

/* The skeleton without input ran by an element of a rule's local name in another namespace of the
 * table. Whether that one has an operation of the name is in the skeleton's code alone. */
static bool is_for_gate(const struct oracle *oracle)
{
    return layers == ORACLE_WITHOUT_GATE && !serves_alone && ran_count == 1 &&
           oracle->grant == SX_GRANT_LOCAL && strcmp(ran, "read") == 0 &&
           strcmp(oracle->uri, sample_uri(oracle->allowed)) != 0;
}

/* By its local name alone nobody runs a skeleton without input where there are several namespaces.
 */
static bool has_to_run(const struct oracle *oracle)
{
    return oracle->sample.is_calm && layers == ORACLE_ALL &&
           (oracle->grant != SX_GRANT_LOCAL || strcmp(oracle->allowed, "read") != 0) &&
           (oracle->grant != SX_GRANT_EVERYTHING || !oracle->sample.action);
}

static void judge(const struct oracle *oracle)
{
    const struct sample *sample = &oracle->sample;
    counts.ran += ran_count > 0;
    if (!ran && has_to_run(oracle))
        fail(oracle, "a calm request ran nothing");
    if (!ran || oracle->grant == SX_GRANT_EVERYTHING)
        return;
    if (is_for_gate(oracle))
        counts.left++;
    else if (ran_count > 1)
        fail(oracle, "more than one ran");
    else if (strcmp(ran, oracle->allowed) != 0)
        fail(oracle, "another one ran");
    else if (sample->operation && is_foreign(sample->uri))
        fail(oracle, "an element of another namespace ran it");
}

/* Mostly one that may call what is in the Body. */
static void choose_caller(struct oracle *oracle)
{
    static const char *const resources[] = {"x", "named"};
    struct chance *chance = oracle->chance;
    const struct sample *sample = &oracle->sample;
    const char *account;
    oracle->allowed = sample->operation && (sample->is_calm || chance_below(chance, 4))
                          ? sample->operation
                          : sample_operations[chance_below(chance, SAMPLE_OPERATIONS)];
    account = chance_below(chance, 16) ? oracle->allowed : "any";
    snprintf(oracle->caller, sizeof oracle->caller, "%s@example.org/%s", account,
             resources[chance_below(chance, 2)]);
}

/* What admission.c declines. */
static bool is_ambiguous(const struct oracle *oracle, const struct sx_envelope *envelope)
{
    return envelope->ambiguity && oracle->grant != SX_GRANT_EVERYTHING && has_scan();
}

static void ask(struct oracle *oracle)
{
    struct sx_envelope envelope = {0};
    sample_make(&oracle->sample, oracle->chance);
    counts.made++;
    serves_alone = layers == ORACLE_WITHOUT_GATE && chance_below(oracle->chance, 2);
    choose_caller(oracle);
    read_envelope(oracle, &envelope);
    oracle->grant = sx_access_grant(oracle->link->access, oracle->caller, envelope.operation_uri,
                                    envelope.operation);
    ran = NULL;
    ran_count = 0;
    if (envelope.err || is_ambiguous(oracle, &envelope)) {
        counts.refused++;
    } else if (oracle->grant == SX_GRANT_NONE) {
        counts.denied++;
    } else {
        counts.admitted++;
        serve(oracle, &envelope);
        judge(oracle);
    }
    sx_envelope_fini(&envelope);
}

static struct soap *make_context(struct soap_xmpp_link *link, bool has_wsa)
{
    struct soap *soap = soap_new1(SOAP_C_UTFSTRING);
    if (!soap || soap_register_plugin_arg(soap, soap_xmpp, link) ||
        (has_wsa && soap_register_plugin(soap, soap_wsa)))
        abort();
    return soap;
}

static struct oracle the;

void oracle_begin(void)
{
    the.link = make_link();
    the.contexts[0] = make_context(the.link, false);
    the.contexts[1] = make_context(the.link, true);
    the.checker = sx_checker_new(MAX_DEPTH);
    the.parser = XML_ParserCreate("UTF-8");
    sx_scan_init(&the.scan, MAX_DEPTH);
    if (!the.checker || !the.parser || !sx_markup_init(&the.markup, MAX_DEPTH))
        abort();
    sx_link_serve(the.link);
}

void oracle_end(void)
{
    size_t i;
    for (i = 0; i < CONTEXTS; i++)
        soap_free(the.contexts[i]);
    sx_checker_free(the.checker);
    XML_ParserFree(the.parser);
    sx_scan_fini(&the.scan);
    sx_markup_fini(&the.markup);
    sx_link_unref(the.link);
}

void oracle_ask(struct chance *chance)
{
    the.chance = chance;
    ask(&the);
}
