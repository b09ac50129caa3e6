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
#include "gsoap/plugin.h"

#include "base/fault.h"

enum { TEXT_BYTES = 400, SHOWN_BYTES = 320 };

int sx_relay_connect(struct soap *soap, struct sx_plugin *plugin, const char *endpoint)
{
    int err = sx_client_reach(soap, plugin, endpoint);
    if (err)
        return err;
    plugin->was_answered = plugin->was_answered || plugin->role == SX_ROLE_ANSWERED;
    plugin->condition[0] = '\0';
    sx_buffer_clear(&plugin->out);
    sx_plugin_set_role(plugin, SX_ROLE_RELAYING);
    return SOAP_OK;
}

bool sx_relay_is_call(const struct soap *soap)
{
    return soap->status >= SOAP_POST;
}

void sx_relay_abandon(struct soap *soap, struct sx_plugin *plugin)
{
    soap->status = SOAP_OK;
    sx_buffer_clear(&plugin->out);
    if (plugin->role == SX_ROLE_RELAYING)
        sx_plugin_set_role(plugin, plugin->was_answered ? SX_ROLE_ANSWERED : SX_ROLE_SERVING);
}

int sx_relay_refuse(struct soap *soap, struct sx_plugin *plugin)
{
    sx_relay_abandon(soap, plugin);
    soap->status = SOAP_POST; /* the stub's fdisconnect is to come */
    return sx_service_refuse_call(soap, plugin->endpoint);
}

/* The relayed answer is lost; why is in soap's fault. */
static void trace_loss(struct soap *soap, const struct sx_plugin *plugin, char *text)
{
    char fault[SHOWN_BYTES];
    soap_sprint_fault(soap, fault, sizeof fault);
    snprintf(text, TEXT_BYTES, "the answer didn't reach the endpoint it was to go to: %s", fault);
    sx_trace(sx_link_trace(plugin->link), SOAP_XMPP_TRACE_ERROR, "request %.80s of %.200s: %s",
             plugin->request->id, plugin->request->from, text);
}

static int send_call(struct soap *soap, struct sx_plugin *plugin)
{
    if (plugin->has_attachments)
        return sx_plugin_fail(soap, SOAP_MIME_ERROR,
                              "%.200s: the answer refers to attachments (XEP-0072 3.3)",
                              plugin->endpoint);
    return sx_client_send(soap, plugin, "", 0);
}

static int await_call(struct soap *soap, struct sx_plugin *plugin)
{
    char label[SX_LABEL_BYTES];
    int err = sx_client_receive(soap, plugin, false);
    if (!err && plugin->answer.is_fault)
        err = sx_plugin_fail(soap, SOAP_SVR_FAULT, "%s: it was answered with a fault",
                             sx_client_label(plugin, label));
    return err;
}

int sx_relay_deliver(struct soap *soap, struct sx_plugin *plugin)
{
    char text[TEXT_BYTES];
    int status = soap->error, err = SOAP_OK;
    if (plugin->out.len) {
        soap->error = SOAP_OK;
        err = send_call(soap, plugin);
    }
    if (err) {
        trace_loss(soap, plugin, text);
        sx_link_refuse(plugin->link, plugin->request, "internal-server-error", text);
    } else {
        (void)sx_link_answer(plugin->link, plugin->request, NULL, NULL, 0, text, sizeof text);
    }
    if (plugin->call) {
        err = await_call(soap, plugin);
        if (err)
            trace_loss(soap, plugin, text);
        sx_client_forget(plugin);
    }
    sx_buffer_clear(&plugin->out);
    sx_plugin_set_role(plugin, SX_ROLE_ANSWERED);
    if (!err)
        soap->error = status;
    return err;
}
