/* relay.c - the answer that goes to another endpoint than the caller (WS-Addressing's ReplyTo).
 *
 * Noun: the relay, an answer on its way to somebody else. gSOAP's wsa plugin makes one by
 * soap_connect() inside of the operation; what the operation then writes is the body of a call of
 * ours, and the caller gets the empty result that stands for HTTP's 202.
 *
 * Invariant: the request is answered once, whatever becomes of the relayed answer. Whether a
 * connect meant a relay or was a stub's call shows when the first bytes come: soap_response() has
 * taken SOAP_POST out of soap->status, a stub hasn't. A stub's call is refused, for this struct
 * soap is busy with the answer.
 *
 * Happy path: connect [relaying] -> fsend... -> deliver: the call is sent, the caller's empty
 * result too, the other endpoint's is awaited [answered].
 * Failure modes: an endpoint that can't be one, an envelope that can't be carried or sent becomes
 * the caller's internal-server-error. Once it is sent, a failure is traced and soap's error: the
 * caller was told before, since it may be the other endpoint itself, and wait for its answer.
 */
#include "gsoap/relay.h"

#include "base/clock.h"
#include "base/fault.h"
#include "gsoap/client.h"

enum { TEXT_BYTES = 400, SHOWN_BYTES = 320 };

int sx_relay_connect(struct soap *soap, struct sx_context *context, const char *endpoint)
{
    int err = sx_client_reach(soap, context, endpoint);
    if (err)
        return err;
    context->was_answered = context->was_answered || context->role == SX_ROLE_ANSWERED;
    context->condition[0] = '\0';
    sx_buffer_clear(&context->out);
    sx_context_set_role(context, SX_ROLE_RELAYING);
    return SOAP_OK;
}

bool sx_relay_is_call(const struct soap *soap)
{
    return soap->status >= SOAP_POST;
}

void sx_relay_abandon(struct soap *soap, struct sx_context *context)
{
    soap->status = SOAP_OK;
    sx_buffer_clear(&context->out);
    if (context->role == SX_ROLE_RELAYING)
        sx_context_set_role(context, context->was_answered ? SX_ROLE_ANSWERED : SX_ROLE_SERVING);
}

int sx_relay_refuse(struct soap *soap, struct sx_context *context)
{
    sx_relay_abandon(soap, context);
    soap->status = SOAP_POST; /* the stub's fdisconnect is to come */
    return sx_context_refuse_call(soap, context->endpoint);
}

/* The relayed answer is lost; why is in soap's fault. */
static void trace_loss(struct soap *soap, const struct sx_context *context, char *text)
{
    char fault[SHOWN_BYTES];
    sx_context_print_fault(soap, fault, sizeof fault);
    snprintf(text, TEXT_BYTES, "the answer didn't reach the endpoint it was to go to: %s", fault);
    sx_trace_peer(sx_link_trace(context->link), sx_clock_now_us(), "request %.80s of %.200s: %s",
                  context->request->id, context->request->from, text);
}

static int send_call(struct soap *soap, struct sx_context *context)
{
    if (context->has_attachments)
        return sx_context_fail(soap, SOAP_MIME_ERROR,
                               "%.200s: the answer has attachments (XEP-0072 3.3)",
                               context->endpoint);
    return sx_client_send(soap, context, "", 0);
}

static int await_call(struct soap *soap, struct sx_context *context)
{
    char label[SX_LABEL_BYTES];
    int err = sx_client_receive(soap, context, false);
    if (!err && context->answer.is_fault)
        err = sx_context_fail(soap, SOAP_SVR_FAULT, "%s: it was answered with a fault",
                              sx_context_label(context, label));
    return err;
}

int sx_relay_deliver(struct soap *soap, struct sx_context *context)
{
    char text[TEXT_BYTES];
    int status = soap->error, err = SOAP_OK;
    if (context->out.len) {
        soap->error = SOAP_OK;
        err = send_call(soap, context);
    }
    if (err) {
        trace_loss(soap, context, text);
        sx_link_refuse(context->link, context->request, "internal-server-error", text);
    } else {
        (void)sx_link_answer(context->link, context->request, NULL, NULL, 0, text, sizeof text);
    }
    if (context->call) {
        err = await_call(soap, context);
        if (err)
            trace_loss(soap, context, text);
        sx_context_forget_call(context);
    }
    sx_buffer_clear(&context->out);
    sx_context_set_role(context, SX_ROLE_ANSWERED);
    if (!err)
        soap->error = status;
    return err;
}
