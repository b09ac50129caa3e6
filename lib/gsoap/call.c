/* call.c - a call as an object: many can be under way from one struct soap.
 *
 * Noun: the detached call. What needs no gSOAP of it (waiting for one, cancelling one) is
 * api/call.c's.
 *
 * Invariant: a detached call belongs to the program and holds a reference to its link; an attached
 * one belongs to the context, which has a reference of its own.
 *
 * Happy path: a stub's send -> detach -> wait -> attach -> the stub's recv. The call keeps its
 * deadline and its user pointer meanwhile.
 * Failure modes: what can't be attached is cancelled, and the fault says why.
 */
#include "gsoap/client.h"

#include "base/clock.h"
#include "exchange/draft.h"

struct soap_xmpp_call *soap_xmpp_detach(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    struct soap_xmpp_call *call;
    if (!context || context->role != SX_ROLE_WAITING || sx_link_is_forked(context->link))
        return NULL;
    call = context->call;
    context->call = NULL;
    sx_link_ref(context->link);
    sx_exchange_detach(call, sx_clock_deadline(sx_client_answer_timeout_us(soap, context)),
                       soap->user);
    sx_context_release(soap, context);
    context->missing = SX_MISSING_DETACHED;
    return call;
}

/* What soap_begin() does, but for freeing what soap_begin_recv() frees before it reads the answer:
 * walking gSOAP's tables, which are mostly empty, costs as much as the rest of an attached call. */
static void begin_reading(struct soap *soap)
{
    soap->error = SOAP_OK;
    soap->buflen = soap->bufidx = 0;
    soap->encoding = 0;
    soap->mode = 0;
    soap->part = SOAP_END;
    soap->peeked = soap->ahead = 0;
    soap->level = 0;
    soap->encodingStyle = NULL;
}

int soap_xmpp_attach(struct soap *soap, struct soap_xmpp_call *call)
{
    struct sx_context *context = sx_context_of(soap);
    const char *why = NULL;
    if (!call)
        return soap->error = SOAP_USER_ERROR;
    if (!context)
        why = "the context has no soap_xmpp plugin";
    else if (sx_link_is_forked(context->link))
        why = sx_fault_text(SX_EFORKED);
    else if (context->request)
        why = "the context serves a request";
    else if (sx_exchange_of(call) != sx_link_exchange(context->link))
        why = "the call belongs to another link than the context";
    else if (sx_draft_is_of(call))
        why = "it was made by soap_xmpp_post(), and soap_xmpp_call_read() gives its answer";
    if (why) {
        (void)sx_context_fail(soap, SOAP_PLUGIN_ERROR, "xmpp:%.*s: can't attach: %s",
                              SX_ENDPOINT_SHOWN_BYTES, sx_exchange_peer(call), why);
        soap_xmpp_cancel(call);
        return soap->error;
    }
    sx_context_release(soap, context);
    sx_context_park(soap, context);
    begin_reading(soap);
    context->condition[0] = '\0';
    context->expects_xmpp = true;
    context->call = call;
    context->is_attached = true;
    sx_exchange_attach(call);
    sx_link_unref(context->link); /* the call's; the context has its own */
    sx_context_set_role(context, SX_ROLE_WAITING);
    return SOAP_OK;
}
