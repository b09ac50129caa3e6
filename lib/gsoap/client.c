/* client.c - a stub's call: its envelope goes out, its answer comes in, its outcome is judged.
 *
 * Noun: the client side of one struct soap. callbacks.c's callbacks carry the bytes; here they
 * become a request of the link, and what ends it becomes gSOAP's error.
 *
 * Invariant: context->call is the one call of this struct soap while its role is waiting or
 * receiving.
 *
 * Happy path: connect [sending] -> send [waiting] -> await [receiving]; callbacks.c ends it.
 * Failure modes: each is one line that names endpoint, operation and, where it matters, the time. A
 * call that was sent never fails with SOAP_TCP_ERROR: gSOAP may repeat on it, and the service may
 * have run.
 */
#include "gsoap/client.h"

#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "config/config.h"
#include "gsoap/attachments.h"
#include "exchange/message_call.h"

enum {
    REASON_BYTES = 512,
    ACCEPTED = 202 /* what HTTP says; gSOAP's plugins look for it */
};

void sx_client_forget_credentials(struct soap *soap, const char *endpoint)
{
    if (!strchr(endpoint, '@'))
        return;
    soap->userid = soap->passwd = NULL;
    if (soap->authrealm == soap->host)
        soap->authrealm = NULL;
}

/* Reads the endpoint, unless it is that of the last call, as it mostly is. */
static enum sx_err aim(struct sx_context *context, const char *endpoint, char *why,
                       size_t why_bytes)
{
    struct sx_endpoint parsed;
    enum sx_err err;
    if (context->to && strcmp(context->endpoint, endpoint) == 0)
        return SX_OK;
    free(context->endpoint);
    free(context->to);
    context->to = NULL;
    context->endpoint = strdup(endpoint);
    if (!context->endpoint)
        return SX_ENOMEM;
    err = sx_jid_parse_endpoint(endpoint, &parsed, why, why_bytes);
    if (err != SX_OK)
        return err;
    context->to = parsed.jid;
    context->any_resource = !parsed.has_resource;
    context->is_message = parsed.is_message;
    return SX_OK;
}

int sx_client_refuse_name(struct soap *soap, struct sx_context *context, const char *endpoint)
{
    context->name[0] = '\0';
    return sx_context_fail(soap, SOAP_USER_ERROR,
                           "%.*s: only calls by message have names: the endpoint lacks ?message",
                           SX_ENDPOINT_SHOWN_BYTES, endpoint);
}

int sx_client_reach(struct soap *soap, struct sx_context *context, const char *endpoint)
{
    int64_t us = sx_config_timeout_us(soap->connect_timeout, sx_link_timeout_us(context->link));
    char why[REASON_BYTES] = "";
    enum sx_err err = aim(context, endpoint, why, sizeof why);
    if (!err && context->name[0] && !context->is_message)
        return sx_client_refuse_name(soap, context, endpoint);
    if (!err)
        err = sx_link_wait_online(context->link, true, sx_clock_deadline(us), why, sizeof why);
    if (err)
        return sx_context_fail(soap, sx_fault_soap_code(err), "%.*s: %s", SX_ENDPOINT_SHOWN_BYTES,
                               endpoint, *why ? why : sx_fault_text(err));
    return SOAP_OK;
}

int sx_client_connect(struct soap *soap, struct sx_context *context, const char *endpoint)
{
    bool attached = sx_attachments_are_needed(soap);
    /* Before anything can fail, so that soap_closesock() closes the call and not an HTTP
     * connection. */
    sx_context_park(soap, context);
    sx_context_set_role(context, SX_ROLE_SENDING);
    context->outcome = SOAP_XMPP_NOT_EXECUTED;
    context->expects_xmpp = true;
    context->skipped_count = false;
    soap->mode &= ~(soap_mode)SOAP_IO_LENGTH;
    sx_attachments_drop(soap);
    if (soap->status != SOAP_POST)
        return sx_context_fail(soap, SOAP_HTTP_METHOD, "%.*s: only SOAP calls go over XMPP",
                               SX_ENDPOINT_SHOWN_BYTES, endpoint);
    if (attached)
        return sx_context_fail(soap, SOAP_MIME_ERROR,
                               "%.*s: attachments can't be carried over XMPP (XEP-0072 3.3)",
                               SX_ENDPOINT_SHOWN_BYTES, endpoint);
    return sx_client_reach(soap, context, endpoint);
}

/* Sends the collected envelope with the bytes that end it; straight from gSOAP's buffer if that
 * holds all of it. */
int sx_client_send(struct soap *soap, struct sx_context *context, const char *tail, size_t len)
{
    char why[REASON_BYTES] = "";
    int64_t default_us = sx_link_timeout_us(context->link);
    struct sx_outgoing out = {.to = context->to,
                              .any_resource = context->any_resource,
                              .envelope = tail,
                              .envelope_len = len};
    enum sx_err err;
    if (context->out.len) {
        sx_buffer_add(&context->out, tail, len);
        out.envelope = context->out.bytes;
        out.envelope_len = context->out.len;
    }
    if (context->out.failed)
        return soap->error = SOAP_EOM;
    out.checker = sx_context_checker(context);
    if (!out.checker)
        return soap->error = SOAP_EOM;
    out.action = soap->action;
    out.online_deadline =
        sx_clock_deadline(sx_config_timeout_us(soap->connect_timeout, default_us));
    out.room_deadline = sx_clock_deadline(sx_config_timeout_us(soap->send_timeout, default_us));
    out.answer_deadline = sx_clock_deadline(sx_client_answer_timeout_us(soap, context));
    out.is_message = context->is_message;
    out.name = context->name[0] ? context->name : NULL;
    err = sx_link_request(context->link, &out, &context->call, why, sizeof why);
    context->name[0] = '\0';
    if (err)
        return sx_context_fail(soap, sx_fault_soap_code(err), "%s",
                               *why ? why : sx_fault_text(err));
    sx_buffer_clear(&context->out);
    context->outcome = SOAP_XMPP_UNKNOWN;
    sx_context_set_role(context, SX_ROLE_WAITING);
    return SOAP_OK;
}

int64_t sx_client_answer_timeout_us(struct soap *soap, struct sx_context *context)
{
    int64_t us = sx_config_timeout_us(soap->recv_timeout, sx_link_timeout_us(context->link));
    int64_t transfer_us = sx_config_timeout_us(soap->transfer_timeout, us);
    return transfer_us < us ? transfer_us : us;
}

/* What we have said ourselves explains itself. */
static int report_stanza_error(struct soap *soap, struct sx_context *context,
                               const struct sx_reply *reply, const char *outcome)
{
    char label[SX_LABEL_BYTES], sentence[SX_FAULT_SENTENCE_BYTES] = "";
    int number = sx_fault_number(reply->condition);
    snprintf(context->condition, sizeof context->condition, "%s", reply->condition);
    if (!reply->is_own)
        sx_fault_explain(reply->condition, sx_exchange_peer(context->call), reply->delivery.refused,
                         sentence);
    return sx_context_fail(soap, number, "%s: %s%s%s (%d)%s%s%s", sx_context_label(context, label),
                           sentence, *sentence ? ": " : "", reply->condition, number,
                           *reply->text ? ": " : "", reply->text, outcome);
}

/* A call that was sent has failed. */
static int report_failure(struct soap *soap, struct sx_context *context,
                          const struct sx_reply *reply, int64_t timeout_us)
{
    const char *outcome = context->outcome == SOAP_XMPP_UNKNOWN ? " (outcome unknown)" : "";
    char label[SX_LABEL_BYTES];
    int code = sx_fault_soap_code(reply->err);
    /* If stale_for, a new process has refused what its predecessor was asked: no service answered.
     */
    if (reply->err == SX_ESTANZA && !reply->delivery.stale_for[0])
        return report_stanza_error(soap, context, reply, outcome);
    sx_context_label(context, label);
    if (code == SOAP_TCP_ERROR || reply->delivery.stale_for[0])
        code = SOAP_EOF; /* gSOAP may repeat on SOAP_TCP_ERROR, and the service may have run */
    if (reply->err == SX_ETIMEOUT)
        return sx_context_fail(soap, code, "%s: no answer within %.3f s%s", label,
                               (double)timeout_us / 1e6, *outcome ? outcome : " (not executed)");
    return sx_context_fail(soap, code, "%s: %s%s", label,
                           *reply->text ? reply->text : sx_fault_text(reply->err), outcome);
}

static enum soap_xmpp_outcome_value judge_outcome(const struct soap_xmpp_call *call,
                                                  const struct sx_reply *reply)
{
    if (!sx_exchange_may_have_run(call, reply))
        return SOAP_XMPP_NOT_EXECUTED;
    return sx_fault_is_answered(reply->err) ? SOAP_XMPP_EXECUTED : SOAP_XMPP_UNKNOWN;
}

int sx_client_receive(struct soap *soap, struct sx_context *context, bool wants_envelope)
{
    struct sx_reply reply = {.err = SX_OK};
    struct sx_envelope *answer = &context->answer;
    char label[SX_LABEL_BYTES];
    int64_t timeout_us = sx_client_answer_timeout_us(soap, context);
    int64_t us = context->is_attached ? -1 : timeout_us;
    int64_t deadline = sx_clock_deadline(us);
    bool waits_for_receipt;
    if (sx_link_is_forked(context->link)) /* the call was sent before it */
        return sx_context_fail_forked(soap, sx_context_label(context, label));
    waits_for_receipt = !wants_envelope && sx_message_call_is_one(context->call);
    if (waits_for_receipt)
        sx_message_call_wait_received(context->call, deadline, &reply);
    else
        sx_exchange_wait(context->call, deadline, &reply);
    context->read_deadline = context->is_attached ? sx_clock_deadline(timeout_us) : deadline;
    if (context->is_attached)
        us = sx_clock_now_us() - sx_exchange_begun_us(context->call);
    context->outcome = judge_outcome(context->call, &reply);
    if (waits_for_receipt && reply.err == SX_OK && !reply.envelope.bytes)
        context->outcome = SOAP_XMPP_UNKNOWN;
    sx_context_set_role(context, SX_ROLE_RECEIVING);
    soap->buflen = soap->bufidx = 0;
    soap->ahead = 0;
    sx_reader_fini(&context->reading);
    *answer = reply.envelope;
    memset(&reply.envelope, 0, sizeof reply.envelope);
    if (reply.err)
        (void)report_failure(soap, context, &reply, us);
    else if (answer->err)
        (void)sx_context_fail(soap, sx_fault_soap_code(answer->err), "%s: the answer is bad: %s",
                              sx_context_label(context, label), answer->why);
    else if (answer->bytes)
        (void)sx_context_repair(soap, context, answer);
    sx_reply_fini(&reply);
    return soap->error;
}

int sx_client_await(struct soap *soap, struct sx_context *context)
{
    bool wants_envelope = soap->part == SOAP_BEGIN_RECV; /* else: soap_recv_empty_response() */
    char label[SX_LABEL_BYTES];
    int err = sx_client_receive(soap, context, wants_envelope);
    if (wants_envelope && !err && !context->answer.bytes)
        return sx_context_fail(soap, ACCEPTED, "%s: accepted, without an answer",
                               sx_context_label(context, label));
    if (wants_envelope)
        return err;
    if (err)
        return soap_closesock(soap); /* its caller doesn't */
    if (!context->answer.bytes || !context->answer.is_fault)
        return SOAP_OK;
    /* gSOAP reads no answer here, and a fault must not pass for success. */
    if (soap_begin_recv(soap) || soap_envelope_begin_in(soap) || soap_recv_header(soap) ||
        soap_body_begin_in(soap))
        return soap_closesock(soap);
    return soap_recv_fault(soap, 1);
}

/* ---- what programs ask ---- */

const char *soap_xmpp_condition(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    return context ? context->condition : "";
}

enum soap_xmpp_outcome_value soap_xmpp_outcome(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    return context ? context->outcome : SOAP_XMPP_EXECUTED;
}

int soap_xmpp_name(struct soap *soap, const char *name)
{
    struct sx_context *context = sx_context_of(soap);
    size_t len = name ? strlen(name) : 0;
    if (!context)
        return soap->error = SOAP_PLUGIN_ERROR;
    context->name[0] = '\0';
    if (!sx_link_may_name(context->link))
        return sx_context_fail(soap, SOAP_USER_ERROR,
                               "calls can't have names without a name_key in the configuration");
    if (len < 1 || len > SX_MESSAGE_ID_BYTES)
        return sx_context_fail(soap, SOAP_USER_ERROR,
                               "the name of a call has 1 to %d bytes, and this one %zu",
                               SX_MESSAGE_ID_BYTES, len);
    memcpy(context->name, name, len + 1);
    return soap->error = SOAP_OK;
}
