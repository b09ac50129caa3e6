/* service.c - one request, served with gSOAP's skeletons: from its first byte to its answer.
 *
 * Noun: the service side of one struct soap. The callbacks in callbacks.c carry the bytes.
 *
 * Invariant: an accepted request is answered exactly once: with what the operation wrote, with an
 * empty result if it wrote nothing, or with a stanza error if neither can be had.
 *
 * Happy path: soap_xmpp_accept (pool.c) -> soap_serve (begin, operation, prepare, answer) ->
 * soap_end, which drops it (context.c).
 * Failure modes: an answer that a stanza can't carry, an operation that fails without a fault, and
 * a request that its owner forgot become internal-server-error.
 */
#include "gsoap/service.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gsoap/action.h"
#include "gsoap/attachments.h"
#include "gsoap/mapping.h"
#include "wire/uri.h"

enum { WHY_BYTES = 256, TEXT_BYTES = 400 };

/* The wsa plugin's fheader makes an action of a header block. */
static int on_header(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    int (*previous)(struct soap *) = context ? context->parked.fheader : NULL;
    int err = previous ? previous(soap) : SOAP_OK;
    if (context && sx_context_is_guarded(context))
        sx_action_withhold(soap, context);
    return err;
}

/* What keeps a caller that may run some operations to these. */
static void guard(struct soap *soap, struct sx_context *context)
{
    sx_gate_begin(&context->gate, context->request, &context->reading,
                  sx_link_reader_limits(context->link));
    context->action = NULL;
    sx_action_withhold(soap, context);
    sx_context_park_header(soap, context, on_header);
}

/* In fresponse's place: there is no HTTP response to begin. */
static int on_response(struct soap *soap, int status, ULONG64 count)
{
    (void)soap, (void)status, (void)count;
    return SOAP_OK;
}

/* Who calls, and by what, is nothing of these; what an HTTP request has left behind, in soap or in
 * what soap is a copy of, isn't for this caller. */
static void forget_http(struct soap *soap)
{
    soap->ip = 0;
    memset(soap->ip6, 0, sizeof soap->ip6);
    soap->port = 0;
    soap->host[0] = '\0';
    memset(&soap->peer, 0, sizeof soap->peer);
    soap->peerlen = 0;
    soap->userid = soap->passwd = soap->authrealm = soap->bearer = NULL;
    soap->proxy_from = soap->origin = soap->http_content = NULL;
    soap->cors_origin = soap->cors_method = soap->cors_header = NULL;
}

/* soap_xmpp_accept has seen that it fits. */
static void tell_address(struct soap *soap, const struct sx_request *request)
{
    (void)sx_uri_write(request->to, soap->endpoint, sizeof soap->endpoint);
    snprintf(soap->path, sizeof soap->path, "%s", sx_uri_path(soap->endpoint));
}

/* soap_envelope_begin_in() would take the Envelope for an operation. The fault is in the version
 * that its sender reads. */
static int fail_version(struct soap *soap, const struct sx_request *request)
{
    soap_set_version(soap, request->envelope.version == 12 ? 2 : 1);
    return soap->error = SOAP_VERSIONMISMATCH;
}

int sx_service_begin(struct soap *soap, struct sx_context *context)
{
    const struct sx_request *request = context->request;
    context->is_begun = true;
    sx_reader_fini(&context->reading);
    soap->keep_alive = 0; /* soap_serve() has set it, and would ask for the next request */
    soap->buflen = soap->bufidx = 0;
    soap->ahead = 0;
    soap->fform = NULL;
    /* gSOAP leaves them undefined, and writes them for soap_send_empty_response() in DIME. */
    soap->dime.id = soap->dime.type = soap->dime.options = NULL;
    soap->fresponse = on_response; /* sx_context_park has put the owner's aside */
    soap->action = *request->envelope.action ? soap_strdup(soap, request->envelope.action) : NULL;
    if (sx_context_is_guarded(context))
        guard(soap, context);
    forget_http(soap);
    tell_address(soap, request);
    if (!sx_mapping_has_version(soap->namespaces, request->envelope.version))
        return fail_version(soap, request);
    return sx_context_repair(soap, context, &context->request->envelope);
}

int sx_service_check(struct soap *soap, struct sx_context *context)
{
    context->was_taken = true;
    if (!sx_context_is_guarded(context))
        return SOAP_OK;
    sx_action_return(soap, context);
    if (sx_gate_is_open(&context->gate))
        return SOAP_OK;
    return sx_context_fail(soap, SOAP_CLI_FAULT, "the request has no operation that may be run");
}

/* gSOAP makes the pass's mode of omode, which the operation may have changed, and says so in time
 * to change both: but when it stores, which it begins to do before. */
void sx_service_prepare(struct soap *soap, struct sx_context *context)
{
    bool is_storing = (soap->mode & SOAP_IO) == SOAP_IO_STORE;
    sx_buffer_clear(&context->out);
    /* A fault tells more than the attachments that the operation had meant to send. */
    context->has_attachments = !soap->fault && sx_attachments_are_needed(soap);
    sx_attachments_drop(soap);
    sx_context_renew_output(soap);
    if (is_storing)
        soap_end_block(soap, NULL);
    if (!soap->fpreparesend)
        soap->mode &= ~(soap_mode)SOAP_IO_LENGTH;
}

/* An empty response comes without fprepareinitsend, so with the operation's own modes: of no bytes,
 * but compressed. So does what an operation writes with soap_begin_send() alone; in chunks, it
 * begins with the first one's length. */
void sx_service_collect(struct soap *soap, struct sx_context *context, const char *bytes,
                        size_t len)
{
    context->was_taken = true;
    if (!context->out.len && !len) {
        soap->mode &= ~(soap_mode)SOAP_ENC_ZLIB;
    } else if (!context->out.len && (soap->mode & SOAP_IO) == SOAP_IO_CHUNK) {
        soap->mode = (soap->mode & ~(soap_mode)SOAP_IO) | SOAP_IO_BUFFER;
        return;
    }
    sx_buffer_add(&context->out, bytes, len);
}

/* SOAP_STOP and 2xx are how operations say that all is well. */
static bool is_failure(int error)
{
    return error && error != SOAP_STOP && (error < 200 || error > 299);
}

static void answer_envelope(struct sx_context *context)
{
    struct sx_checker *checker = sx_context_checker(context);
    char why[WHY_BYTES] = "", text[TEXT_BYTES];
    enum sx_err err = checker ? SX_OK : SX_ENOMEM;
    if (!err && context->has_attachments) {
        err = SX_EUNCARRIABLE;
        snprintf(why, sizeof why, "it has attachments (XEP-0072 3.3)");
    }
    if (!err)
        err = sx_link_answer(context->link, context->request, checker, context->out.bytes,
                             context->out.len, why, sizeof why);
    if (!err)
        return;
    snprintf(text, sizeof text, "the answer's envelope can't be carried: %s",
             *why ? why : sx_fault_text(err));
    sx_trace_peer(sx_link_trace(context->link), sx_clock_now_us(), "request %.80s of %.200s: %s",
                  context->request->id, context->request->from, text);
    sx_link_refuse(context->link, context->request, "internal-server-error", text);
}

/* soap_send_empty_response() with attachments on: their boundaries, around nothing. */
static bool is_empty_response(const struct soap *soap, const struct sx_context *context)
{
    return soap->error == SOAP_STOP && (soap->mode & SX_ATTACHMENT_MODES) &&
           !memmem(context->out.bytes, context->out.len, "xmlns", 5);
}

void sx_service_answer(struct soap *soap, struct sx_context *context)
{
    char text[TEXT_BYTES], fault[TEXT_BYTES / 2];
    if (!context->is_begun)
        return; /* soap_end() before soap_serve(): the next accept refuses it */
    sx_context_set_role(context, SX_ROLE_ANSWERED);
    if (context->out.failed) {
        /* Not resource-constraint, which says that nothing ran. */
        sx_link_refuse(context->link, context->request, "internal-server-error",
                       sx_fault_text(SX_ENOMEM));
    } else if (context->out.len && !is_empty_response(soap, context)) {
        answer_envelope(context);
    } else if (is_failure(soap->error)) {
        sx_context_print_fault(soap, fault, sizeof fault);
        snprintf(text, sizeof text, "the operation failed: %s (%d)", fault, soap->error);
        sx_link_refuse(context->link, context->request, "internal-server-error", text);
    } else if (!context->was_taken) {
        /* An operation that says nothing has read its request; who was to read this let it be. */
        sx_link_refuse(context->link, context->request, "internal-server-error",
                       "the request was not served");
    } else {
        (void)sx_link_answer(context->link, context->request, NULL, NULL, 0, text, sizeof text);
    }
}

/* ---- what operations ask ---- */

const char *soap_xmpp_from(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    return context && context->request ? context->request->from : NULL;
}

const char *soap_xmpp_to(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    return context && context->request ? context->request->to : NULL;
}

const char *soap_xmpp_id(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    return context && context->request ? context->request->id : NULL;
}

const char *soap_xmpp_traceparent(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    return context && context->request ? context->request->envelope.traceparent : NULL;
}
