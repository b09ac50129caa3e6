/* callbacks.c - the gSOAP callbacks of one struct soap: SOAP calls over XMPP beside those over
 * HTTP.
 *
 * Noun: the plugin as gSOAP sees it. An endpoint that begins with xmpp: makes the callbacks collect
 * the envelope, send it through the link and serve the answer's bytes to gSOAP's parser; every
 * other endpoint goes the way it went before.
 *
 * Invariant: while the role is idle, each callback does what the one before ours does.
 *
 * Happy path of a call: fprepareinitsend -> fconnect [sending] -> fsend... [waiting] ->
 * fprepareinitrecv [receiving] -> frecv... -> fdisconnect [idle] -> fclose. Of a request:
 * soap_xmpp_accept [serving] -> fprepareinitrecv -> frecv... -> the operation -> fprepareinitsend
 * -> fsend... -> fdisconnect [answered] -> soap_end: fdisconnect [idle].
 *
 * Failure modes: each is one line in soap's fault. A link that isn't online is SOAP_TCP_ERROR, from
 * fconnect alone: there gSOAP's connect_retry and its lists of endpoints act on it. A call that was
 * sent never fails with it, for the service may have run. soap_end(), soap_done() or another call
 * on the same struct soap cancel a call under way.
 *
 * Thread: a struct soap belongs to one thread at a time, and so does its context.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gsoap/attachments.h"
#include "gsoap/client.h"
#include "gsoap/http.h"
#include "gsoap/input.h"
#include "gsoap/relay.h"
#include "gsoap/service.h"
#include "wire/jid.h"

/* base/fault.c doesn't see stdsoap2.h; its table holds these numbers. */
/* NOLINTNEXTLINE(misc-redundant-expression): literals behind their names */
_Static_assert(SOAP_OK == 0 && SOAP_EOF == -1, "fault.c's SOAP codes");
_Static_assert(SOAP_SYNTAX_ERROR == 5 && SOAP_USER_ERROR == 10, "fault.c's SOAP codes");
_Static_assert(SOAP_NO_DATA == 14 && SOAP_EOM == 20 && SOAP_TCP_ERROR == 28, "fault.c's codes");
_Static_assert(SOAP_PLUGIN_ERROR == 40 && SOAP_LENGTH == 45 && SOAP_LEVEL == 50, "fault.c's codes");

/* ---- callbacks ------------------------------------------------------------------------------- */

/* Runs before the endpoint is known. */
static int on_prepareinitsend(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    if (!context)
        return SOAP_OK;
    context->skipped_count = false;
    if (context->role == SX_ROLE_SERVING || context->role == SX_ROLE_RELAYING) {
        sx_service_prepare(soap, context);
    } else if (context->role != SX_ROLE_IDLE) {
        context->skipped_count = true; /* the modes are still those of a call left alone */
    } else if (context->expects_xmpp && soap->status == 0 && (soap->mode & SOAP_IO_LENGTH) &&
               !soap->fpreparesend && !(soap->mode & SX_ATTACHMENT_MODES)) {
        /* Nobody needs a length over XMPP, so a whole serialisation can be saved. status: not when
         * this is the response of an HTTP service. */
        soap->mode &= ~(soap_mode)SOAP_IO_LENGTH;
        context->skipped_count = true;
    }
    return context->previous.fprepareinitsend ? context->previous.fprepareinitsend(soap) : SOAP_OK;
}

static int on_connect(struct soap *soap, const char *endpoint, const char *host, int port)
{
    struct sx_context *context = sx_context_of(soap);
    bool is_xmpp = sx_jid_is_xmpp(endpoint);
    if (!context)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (is_xmpp)
        sx_client_forget_credentials(soap, endpoint);
    if (context->request)
        return is_xmpp ? sx_relay_connect(soap, context, endpoint)
                       : sx_context_refuse_call(soap, endpoint);
    sx_context_release(soap, context);
    context->condition[0] = '\0';
    if (is_xmpp)
        return sx_client_connect(soap, context, endpoint);
    if (context->name[0])
        return sx_client_refuse_name(soap, context, endpoint);
    return sx_http_connect(soap, context, endpoint, host, port);
}

static int on_send(struct soap *soap, const char *bytes, size_t len)
{
    struct sx_context *context = sx_context_of(soap);
    if (!context)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (context->role == SX_ROLE_IDLE)
        return context->previous.fsend(soap, bytes, len);
    /* gSOAP sets this part after the closing tag, so only its last flush shows it. */
    if (context->role == SX_ROLE_SENDING && soap->part == SOAP_END_ENVELOPE)
        return sx_client_send(soap, context, bytes, len);
    if (context->role == SX_ROLE_RELAYING && sx_relay_is_call(soap))
        return sx_relay_refuse(soap, context);
    if (context->role == SX_ROLE_SERVING || context->role == SX_ROLE_RELAYING)
        sx_service_collect(soap, context, bytes, len);
    else if (context->role == SX_ROLE_SENDING)
        sx_buffer_add(&context->out, bytes, len);
    return context->out.failed ? (soap->error = SOAP_EOM) : SOAP_OK;
}

static int on_prepareinitrecv(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    int err = SOAP_OK;
    if (!context)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (context->role != SX_ROLE_IDLE)
        sx_context_renew_input(soap);
    else
        err = sx_input_begin(soap, context);
    if (!err && context->role == SX_ROLE_SENDING)
        err = sx_client_send(soap, context, "", 0); /* no envelope's end was seen: says so */
    if (!err && context->role == SX_ROLE_WAITING)
        err = sx_client_await(soap, context);
    else if (!err && context->role == SX_ROLE_SERVING)
        err = sx_service_begin(soap, context);
    if (err)
        return err;
    return context->previous.fprepareinitrecv ? context->previous.fprepareinitrecv(soap) : SOAP_OK;
}

/* The request has been read, or the answer. */
static int on_preparefinalrecv(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    if (context && context->role == SX_ROLE_SERVING && sx_service_check(soap, context))
        return soap->error;
    if (context && context->role == SX_ROLE_IDLE && sx_input_end(soap, context))
        return soap->error;
    return context && context->previous.fpreparefinalrecv
               ? context->previous.fpreparefinalrecv(soap)
               : SOAP_OK;
}

/* A request's bytes say so to their sender, by a fault; an answer's to the program. */
static void fail_reading(struct soap *soap, struct sx_context *context, enum sx_err err,
                         const char *why)
{
    const struct sx_request *request = context->request;
    char label[SX_LABEL_BYTES];
    if (!request) {
        (void)sx_context_fail(soap, sx_fault_soap_code(err), "%s: the answer's envelope is bad: %s",
                              sx_context_label(context, label), why);
        return;
    }
    if (sx_context_is_guarded(context) && context->gate.place == SX_GATE_SHUT)
        sx_trace_peer(sx_link_trace(context->link), sx_clock_now_us(),
                      "request %.80s of %.200s isn't run: %s", request->id, request->from, why);
    (void)sx_context_fail_request(soap, context, err, why);
}

/* Whether the next piece is read. The first always is: who has an answer in time gets it, and most
 * envelopes are one piece, which a gate cuts into several. */
static enum sx_err may_read(const struct sx_context *context)
{
    if (sx_link_is_forked(context->link))
        return SX_EFORKED;
    if (!context->reading.done_bytes ||
        (sx_context_is_guarded(context) && context->reading.done_bytes < SOAP_BUFLEN))
        return SX_OK;
    if (context->request)
        return sx_link_is_stopping(context->link) ? SX_ESTOPPED : SX_OK;
    if (sx_link_is_closed(context->link))
        return SX_ESTOPPED;
    return sx_clock_now_us() >= context->read_deadline ? SX_ETIMEOUT : SX_OK;
}

/* What gSOAP makes of the bytes takes as much room, or more. */
static enum sx_err take_room(struct sx_context *context, size_t len)
{
    struct sx_memory *memory = sx_link_memory(context->link);
    struct sx_request *request = context->request;
    bool has_room;
    if (request)
        has_room = sx_memory_take(memory, SX_MEMORY_READING, request->from, len,
                                  &request->envelope.charge);
    else
        has_room = sx_memory_take(memory, SX_MEMORY_REPLY, sx_exchange_peer(context->call), len,
                                  &context->answer.charge);
    return has_room ? SX_OK : SX_ETAKEN;
}

/* A request that isn't read to its end has not run. */
static void stop_reading(struct soap *soap, struct sx_context *context, enum sx_err err)
{
    char label[SX_LABEL_BYTES];
    if (context->request) {
        (void)sx_context_fail(soap, SOAP_STOP, "%s", sx_fault_text(err));
        sx_link_decline(context->link, context->request, err);
        sx_context_set_role(context, SX_ROLE_ANSWERED);
        return;
    }
    (void)sx_context_fail(soap, sx_fault_soap_code(err == SX_ESTOPPED ? SX_ELOST : err),
                          "%s: %s, before the answer was read to its end",
                          sx_context_label(context, label),
                          err == SX_ETIMEOUT ? "the time is over" : sx_fault_text(err));
}

static size_t on_recv(struct soap *soap, char *buf, size_t buf_bytes)
{
    struct sx_context *context = sx_context_of(soap);
    const struct sx_envelope *envelope;
    char label[SX_LABEL_BYTES], why[160];
    enum sx_err err;
    size_t len;
    if (!context)
        return 0;
    if (context->role == SX_ROLE_IDLE)
        return sx_input_next(soap, context, buf, buf_bytes);
    if (context->role != SX_ROLE_RECEIVING && context->role != SX_ROLE_SERVING)
        return 0;
    envelope = context->request ? &context->request->envelope : &context->answer;
    if (!envelope->bytes) {
        (void)sx_context_fail(soap, sx_fault_soap_code(SX_ENOTSOAP),
                              "%s: the answer holds no SOAP envelope",
                              sx_context_label(context, label));
        return 0;
    }
    err = may_read(context);
    if (err) {
        stop_reading(soap, context, err);
        return 0;
    }
    if (sx_context_is_guarded(context))
        err = sx_gate_next(&context->gate, soap, buf, buf_bytes, &len, why, sizeof why);
    else
        err = sx_reader_next(&context->reading, envelope, sx_link_reader_limits(context->link), buf,
                             buf_bytes, &len, why, sizeof why);
    if (err) {
        fail_reading(soap, context, err, why);
        return len;
    }
    err = take_room(context, len);
    if (!err)
        return len;
    stop_reading(soap, context, err);
    return 0;
}

static int on_disconnect(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    if (!context)
        return SOAP_OK;
    if (context->role == SX_ROLE_IDLE) {
        sx_context_restore_modes(soap, context);
        return context->previous.fdisconnect ? context->previous.fdisconnect(soap) : SOAP_OK;
    }
    soap->keep_alive = 0; /* so that fclose follows, and that soap_serve() doesn't loop */
    /* SOAP_STOP: it isn't a stub that ends its call here. */
    if (context->request && sx_relay_is_call(soap) && soap->error != SOAP_STOP) {
        sx_relay_abandon(soap, context);
    } else if (context->role == SX_ROLE_SERVING) {
        sx_service_answer(soap, context);
    } else if (context->role == SX_ROLE_RELAYING) {
        return sx_relay_deliver(soap, context);
    } else {
        if (context->role == SX_ROLE_SENDING)
            context->name[0] = '\0'; /* a call that failed has had it */
        sx_context_end(soap, context);
    }
    return SOAP_OK;
}

static int on_close(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    if (!context)
        return SOAP_OK;
    if (context->ends_call) {
        sx_context_restore_socket(soap, context);
        return SOAP_OK;
    }
    if (context->role != SX_ROLE_IDLE)
        return SOAP_OK;
    context->http_port = 0;
    context->restored_at_close = false;
    return context->previous.fclose ? context->previous.fclose(soap) : SOAP_OK;
}

/* soap_send_fault() drops the fault unless this says that the peer is there. */
static int on_poll(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    if (context && context->role != SX_ROLE_IDLE)
        return SOAP_OK;
    if (context && sx_input_end(soap, context))
        return SOAP_EOF;
    return context && context->previous.fpoll ? context->previous.fpoll(soap) : SOAP_OK;
}

/* ---- registration ---------------------------------------------------------------------------- */

#define FOR_EACH_CALLBACK(DO)                                                                      \
    DO(fconnect, on_connect)                                                                       \
    DO(fdisconnect, on_disconnect)                                                                 \
    DO(fclose, on_close)                                                                           \
    DO(fsend, on_send)                                                                             \
    DO(frecv, on_recv)                                                                             \
    DO(fpoll, on_poll)                                                                             \
    DO(fprepareinitsend, on_prepareinitsend)                                                       \
    DO(fprepareinitrecv, on_prepareinitrecv)                                                       \
    DO(fpreparefinalrecv, on_preparefinalrecv)

#define PUT_OURS(member, ours) previous->member = soap->member, soap->member = ours;
/* Only those that are still ours: soap_copy() reverses the order of plugins, so another plugin's
 * callback may stand in front of ours when ours goes. */
#define PUT_BACK(member, ours)                                                                     \
    if (soap->member == (ours))                                                                    \
        soap->member = previous->member;

static void delete_plugin(struct soap *soap, struct soap_plugin *registered)
{
    struct sx_context *context = registered->data;
    /* soap_done() with a call under way has ended that call where it meant to close the socket. */
    bool close_socket = context->restored_at_close || context->parked.socket_valid;
    const struct sx_callbacks *previous = &context->previous;
    sx_context_release(soap, context);
    if (close_socket && soap_valid_socket(soap->socket) && previous->fclose)
        (void)previous->fclose(soap);
    sx_logging_put_back(&context->logging, soap);
    FOR_EACH_CALLBACK(PUT_BACK)
    sx_context_free(context);
    registered->data = NULL;
}

static int copy_plugin(struct soap *soap, struct soap_plugin *to, struct soap_plugin *from)
{
    to->data = sx_context_copy(soap, from->data);
    return to->data ? SOAP_OK : SOAP_EOM;
}

#define AT(member) offsetof(struct soap, member)

/* soap_xmpp() as compiled here would give these. */
static const struct soap_xmpp_layout ours = {GSOAP_VERSION, sizeof(struct soap),  SOAP_BUFLEN,
                                             AT(fsend),     AT(fprepareinitrecv), AT(buf),
                                             AT(error),     AT(namespaces)};

static void describe_layout(const struct soap_xmpp_layout *layout, char *text, size_t text_bytes)
{
    unsigned long version = layout->gsoap_version;
    snprintf(text, text_bytes, "gSOAP %lu.%lu.%lu (struct soap: %lu bytes, SOAP_BUFLEN %lu)",
             version / 100000, version / 1000 % 100, version % 1000, layout->soap_bytes,
             layout->buf_bytes);
}

/* Not by a fault: soap's members aren't where we would look for them, and gSOAP would ask the
 * program's own soapC.c for some, which may see them elsewhere than its libgsoap does. */
static int refuse_layout(struct soap_xmpp_link *link, const struct soap_xmpp_layout *layout)
{
    char theirs[120], mine[120];
    describe_layout(layout, theirs, sizeof theirs);
    describe_layout(&ours, mine, sizeof mine);
    if (link)
        sx_trace(sx_link_trace(link), SOAP_XMPP_TRACE_ERROR,
                 "the plugin can't be registered: the program was built with %s, the library with "
                 "%s%s",
                 theirs, mine,
                 strcmp(theirs, mine) == 0 ? ": struct soap's members have other places" : "");
    return SOAP_PLUGIN_ERROR;
}

int soap_xmpp_register(struct soap *soap, struct soap_plugin *registered, void *link,
                       const struct soap_xmpp_layout *layout)
{
    struct sx_context *context, *present;
    struct sx_callbacks *previous;
    assert(sx_fault_soap_code(SX_EOFFLINE) == SOAP_TCP_ERROR);
    assert(sx_fault_soap_code(SX_ETIMEOUT) == SOAP_EOF);
    if (memcmp(layout, &ours, sizeof ours) != 0)
        return refuse_layout(link, layout);
    if (!link)
        return sx_context_fail(
            soap, SOAP_USER_ERROR,
            "the plugin soap_xmpp wants a link: has soap_xmpp_open() given one?");
    present = sx_context_of(soap);
    if (present && present->link != link)
        return sx_context_fail(soap, SOAP_PLUGIN_ERROR, /* gSOAP would keep the first */
                               "the plugin soap_xmpp is registered with another link already");
    context = sx_context_new(link);
    if (!context)
        return SOAP_EOM;
    previous = &context->previous;
    FOR_EACH_CALLBACK(PUT_OURS)
    if (sx_logging_put_in_front(&context->logging, soap, &previous->fsend, &previous->frecv)) {
        FOR_EACH_CALLBACK(PUT_BACK)
        sx_context_free(context);
        return SOAP_EOM;
    }
    registered->id = SOAP_XMPP_ID;
    registered->data = context;
    registered->fcopy = copy_plugin;
    registered->fdelete = delete_plugin;
    return SOAP_OK;
}
