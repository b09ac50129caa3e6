/* client.c - the client side of one struct soap: a stub's envelope goes out, its answer comes in.
 *
 * Noun: the call. plugin.c's callbacks carry the bytes; here they become a request of the link, and
 * what ends it becomes gSOAP's error. Many calls can be under way from one struct soap: detached.
 *
 * Invariant: plugin->call is the one call of this struct soap while its role is waiting or
 * receiving; a detached call belongs to the program and holds a reference to its link.
 *
 * Happy path: connect [sending] -> send [waiting] -> await [receiving]; plugin.c ends it.
 * Failure modes: each is one line that names endpoint, operation and, where it matters, the time. A
 * call that was sent never fails with SOAP_TCP_ERROR: gSOAP may repeat on it, and the service may
 * have run.
 */
#include "gsoap/plugin.h"

#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "config/config.h"

enum {
    REASON_BYTES = 512,
    ACCEPTED = 202 /* what HTTP says; gSOAP's plugins look for it */
};

/* The resource that a call to a bare JID has gone to last; "" if that is no question. */
static const char *resource_tried(const struct sx_plugin *plugin)
{
    const char *resource = NULL;
    if (!plugin->is_detached && plugin->call && sx_exchange_roams(plugin->call))
        resource = sx_jid_resource(sx_exchange_peer(plugin->call));
    return resource ? resource : "";
}

/* "xmpp:calc@example.org/soap: add", the beginning of every message about a call. */
const char *sx_client_label(const struct sx_plugin *plugin, char *label)
{
    const char *resource = resource_tried(plugin);
    const char *operation = plugin->call ? sx_exchange_operation(plugin->call) : "";
    const char *scheme = plugin->is_detached ? "xmpp:" : "";
    const char *endpoint = plugin->is_detached ? sx_exchange_peer(plugin->call) : plugin->endpoint;
    snprintf(label, SX_LABEL_BYTES, "%s%.*s%s%.80s%s%s%.80s", scheme, SX_ENDPOINT_SHOWN_BYTES,
             endpoint, *resource ? " (resource " : "", resource, *resource ? ")" : "",
             *operation ? ": " : "", operation);
    return label;
}

/* soap_set_endpoint() has read "xmpp:user@" as user name and password, which would go out with the
 * next HTTP call. */
void sx_client_forget_credentials(struct soap *soap, const char *endpoint)
{
    if (!strchr(endpoint, '@'))
        return;
    soap->userid = soap->passwd = NULL;
    if (soap->authrealm == soap->host)
        soap->authrealm = NULL;
}

/* Attachments that the program itself added; those of MTOM types go inline as base64 instead. */
static bool has_attachments(const struct soap *soap)
{
    return soap->dime.list || ((soap->omode & SOAP_ENC_MIME) && soap->mime.first) ||
           sx_service_refers_to_attachments(soap);
}

/* The next call mostly goes where the last one went. */
static enum sx_err aim(struct sx_plugin *plugin, const char *endpoint, char *why, size_t why_bytes)
{
    struct sx_endpoint parsed;
    enum sx_err err;
    if (plugin->to && strcmp(plugin->endpoint, endpoint) == 0)
        return SX_OK;
    free(plugin->endpoint);
    free(plugin->to);
    plugin->to = NULL;
    plugin->endpoint = strdup(endpoint);
    if (!plugin->endpoint)
        return SX_ENOMEM;
    err = sx_jid_parse_endpoint(endpoint, &parsed, why, why_bytes);
    if (err != SX_OK)
        return err;
    plugin->to = parsed.jid;
    plugin->any_resource = !parsed.has_resource;
    plugin->is_message = parsed.is_message;
    return SX_OK;
}

int sx_client_refuse_name(struct soap *soap, struct sx_plugin *plugin, const char *endpoint)
{
    plugin->name[0] = '\0';
    return sx_plugin_fail(soap, SOAP_USER_ERROR,
                          "%.*s: only calls by message have names: the endpoint lacks ?message",
                          SX_ENDPOINT_SHOWN_BYTES, endpoint);
}

int sx_client_reach(struct soap *soap, struct sx_plugin *plugin, const char *endpoint)
{
    int64_t us = sx_config_timeout_us(soap->connect_timeout, sx_link_timeout_us(plugin->link));
    char why[REASON_BYTES] = "";
    enum sx_err err = aim(plugin, endpoint, why, sizeof why);
    if (!err && plugin->name[0] && !plugin->is_message)
        return sx_client_refuse_name(soap, plugin, endpoint);
    if (!err)
        err = sx_link_wait_online(plugin->link, sx_clock_deadline(us), why, sizeof why);
    if (err)
        return sx_plugin_fail(soap, sx_fault_soap_code(err), "%.*s: %s", SX_ENDPOINT_SHOWN_BYTES,
                              endpoint, *why ? why : sx_fault_text(err));
    return SOAP_OK;
}

int sx_client_connect(struct soap *soap, struct sx_plugin *plugin, const char *endpoint)
{
    bool attached = has_attachments(soap);
    /* Before anything can fail, so that soap_closesock() closes the call and not an HTTP
     * connection. */
    sx_plugin_park(soap, plugin);
    sx_plugin_set_role(plugin, SX_ROLE_SENDING);
    plugin->outcome = SOAP_XMPP_NOT_EXECUTED;
    plugin->expects_xmpp = true;
    plugin->skipped_count = false;
    soap->mode &= ~(soap_mode)(SOAP_IO_LENGTH | SX_ATTACHMENT_MODES);
    soap->mime.first = soap->mime.last = soap->mime.list = NULL;
    soap->dime.first = soap->dime.last = soap->dime.list = NULL;
    if (soap->status != SOAP_POST)
        return sx_plugin_fail(soap, SOAP_HTTP_METHOD, "%.*s: only SOAP calls go over XMPP",
                              SX_ENDPOINT_SHOWN_BYTES, endpoint);
    if (attached)
        return sx_plugin_fail(soap, SOAP_MIME_ERROR,
                              "%.*s: attachments can't be carried over XMPP (XEP-0072 3.3)",
                              SX_ENDPOINT_SHOWN_BYTES, endpoint);
    return sx_client_reach(soap, plugin, endpoint);
}

/* Sends the collected envelope with the bytes that end it; straight from gSOAP's buffer if that
 * holds all of it. */
int sx_client_send(struct soap *soap, struct sx_plugin *plugin, const char *tail, size_t len)
{
    char why[REASON_BYTES] = "";
    int64_t default_us = sx_link_timeout_us(plugin->link);
    struct sx_outgoing out = {.to = plugin->to,
                              .any_resource = plugin->any_resource,
                              .envelope = tail,
                              .envelope_len = len};
    enum sx_err err;
    if (plugin->out.len) {
        sx_buffer_add(&plugin->out, tail, len);
        out.envelope = plugin->out.bytes;
        out.envelope_len = plugin->out.len;
    }
    if (plugin->out.failed)
        return soap->error = SOAP_EOM;
    out.checker = sx_plugin_checker(plugin);
    if (!out.checker)
        return soap->error = SOAP_EOM;
    out.action = soap->action;
    out.online_deadline =
        sx_clock_deadline(sx_config_timeout_us(soap->connect_timeout, default_us));
    out.room_deadline = sx_clock_deadline(sx_config_timeout_us(soap->send_timeout, default_us));
    out.is_message = plugin->is_message;
    out.name = plugin->name[0] ? plugin->name : NULL;
    err = sx_link_request(plugin->link, &out, &plugin->call, why, sizeof why);
    plugin->name[0] = '\0';
    if (err)
        return sx_plugin_fail(soap, sx_fault_soap_code(err), "%s", *why ? why : sx_fault_text(err));
    sx_buffer_clear(&plugin->out);
    plugin->outcome = SOAP_XMPP_UNKNOWN;
    sx_plugin_set_role(plugin, SX_ROLE_WAITING);
    return SOAP_OK;
}

static int64_t answer_timeout_us(struct soap *soap, struct sx_plugin *plugin)
{
    int64_t us = sx_config_timeout_us(soap->recv_timeout, sx_link_timeout_us(plugin->link));
    int64_t transfer_us = sx_config_timeout_us(soap->transfer_timeout, us);
    return transfer_us < us ? transfer_us : us;
}

/* A call that was sent has failed. */
static int report_failure(struct soap *soap, struct sx_plugin *plugin, const struct sx_reply *reply,
                          int64_t timeout_us)
{
    const char *outcome = plugin->outcome == SOAP_XMPP_UNKNOWN ? " (outcome unknown)" : "";
    char label[SX_LABEL_BYTES];
    int code = sx_fault_soap_code(reply->err);
    sx_client_label(plugin, label);
    /* What a new process says of its predecessor's request is no answer. */
    if (reply->err == SX_ESTANZA && !reply->stale_for[0]) {
        int number = sx_fault_number(reply->condition);
        snprintf(plugin->condition, sizeof plugin->condition, "%s", reply->condition);
        return sx_plugin_fail(soap, number, "%s: %s (%d)%s%s%s", label, reply->condition, number,
                              *reply->text ? ": " : "", reply->text, outcome);
    }
    if (code == SOAP_TCP_ERROR || reply->stale_for[0])
        code = SOAP_EOF; /* gSOAP may repeat on SOAP_TCP_ERROR, and the service may have run */
    if (reply->err == SX_ETIMEOUT)
        return sx_plugin_fail(soap, code, "%s: no answer within %.3f s%s", label,
                              (double)timeout_us / 1e6, *outcome ? outcome : " (not executed)");
    return sx_plugin_fail(soap, code, "%s: %s%s", label,
                          *reply->text ? reply->text : sx_fault_text(reply->err), outcome);
}

static enum soap_xmpp_outcome_value judge_outcome(const struct soap_xmpp_call *call,
                                                  const struct sx_reply *reply)
{
    if (!sx_exchange_may_have_run(call, reply))
        return SOAP_XMPP_NOT_EXECUTED;
    switch (reply->err) {
    case SX_OK:
    case SX_ENOTSOAP:
    case SX_EMALFORMED:
    case SX_ETOOBIG:
    case SX_EDEPTH:
    case SX_EABSENT:
        return SOAP_XMPP_EXECUTED; /* somebody has answered something */
    default:
        return SOAP_XMPP_UNKNOWN;
    }
}

int sx_client_receive(struct soap *soap, struct sx_plugin *plugin, bool wants_envelope)
{
    struct sx_reply reply = {.err = SX_OK};
    struct sx_envelope *answer = &plugin->answer;
    char label[SX_LABEL_BYTES];
    int64_t us = plugin->is_detached ? -1 : answer_timeout_us(soap, plugin);
    bool is_sent_off = !wants_envelope && sx_exchange_is_mailed(plugin->call);
    if (is_sent_off)
        sx_exchange_wait_received(plugin->call, sx_clock_deadline(us), &reply);
    else
        sx_exchange_wait(plugin->call, sx_clock_deadline(us), &reply);
    if (plugin->is_detached)
        us = sx_clock_now_us() - sx_exchange_begun_us(plugin->call);
    plugin->outcome = judge_outcome(plugin->call, &reply);
    if (is_sent_off && reply.err == SX_OK && !reply.envelope.bytes)
        plugin->outcome = SOAP_XMPP_UNKNOWN;
    sx_plugin_set_role(plugin, SX_ROLE_RECEIVING);
    soap->buflen = soap->bufidx = 0;
    soap->ahead = 0;
    sx_reader_fini(&plugin->reading);
    *answer = reply.envelope;
    memset(&reply.envelope, 0, sizeof reply.envelope);
    if (reply.err)
        (void)report_failure(soap, plugin, &reply, us);
    else if (answer->err)
        (void)sx_plugin_fail(soap, sx_fault_soap_code(answer->err), "%s: the answer is bad: %s",
                             sx_client_label(plugin, label), answer->why);
    else if (answer->bytes && sx_service_repair(soap, answer))
        soap->error = SOAP_EOM;
    sx_reply_fini(&reply);
    return soap->error;
}

void sx_client_forget(struct sx_plugin *plugin)
{
    sx_exchange_release(plugin->call);
    plugin->call = NULL;
    plugin->is_detached = false;
    sx_envelope_fini(&plugin->answer);
    sx_reader_fini(&plugin->reading);
}

int sx_client_await(struct soap *soap, struct sx_plugin *plugin)
{
    bool wants_envelope = soap->part == SOAP_BEGIN_RECV; /* else: soap_recv_empty_response() */
    char label[SX_LABEL_BYTES];
    int err = sx_client_receive(soap, plugin, wants_envelope);
    if (wants_envelope && !err && !plugin->answer.bytes)
        return sx_plugin_fail(soap, ACCEPTED, "%s: accepted, without an answer",
                              sx_client_label(plugin, label));
    if (wants_envelope)
        return err;
    if (err)
        return soap_closesock(soap); /* its caller doesn't */
    if (!plugin->answer.bytes || !plugin->answer.is_fault)
        return SOAP_OK;
    /* Nobody else will look at these bytes, and a fault must not pass for success. */
    if (soap_begin_recv(soap) || soap_envelope_begin_in(soap) || soap_recv_header(soap) ||
        soap_body_begin_in(soap))
        return soap_closesock(soap);
    return soap_recv_fault(soap, 1);
}

/* ---- many calls from one struct soap ---- */

const char *soap_xmpp_condition(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    return plugin ? plugin->condition : "";
}

enum soap_xmpp_outcome_value soap_xmpp_outcome(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    return plugin ? plugin->outcome : SOAP_XMPP_EXECUTED;
}

int soap_xmpp_name(struct soap *soap, const char *name)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    size_t len = name ? strlen(name) : 0;
    if (!plugin)
        return soap->error = SOAP_PLUGIN_ERROR;
    plugin->name[0] = '\0';
    if (!sx_link_may_name(plugin->link))
        return sx_plugin_fail(soap, SOAP_USER_ERROR,
                              "calls can't have names without a name_key in the configuration");
    if (len < 1 || len > SX_MESSAGE_ID_BYTES)
        return sx_plugin_fail(soap, SOAP_USER_ERROR,
                              "the name of a call has 1 to %d bytes, and this one %zu",
                              SX_MESSAGE_ID_BYTES, len);
    memcpy(plugin->name, name, len + 1);
    return soap->error = SOAP_OK;
}

struct soap_xmpp_call *soap_xmpp_detach(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    struct soap_xmpp_call *call;
    if (!plugin || plugin->role != SX_ROLE_WAITING)
        return NULL;
    call = plugin->call;
    plugin->call = NULL;
    sx_link_ref(plugin->link);
    sx_exchange_detach(call, sx_clock_deadline(answer_timeout_us(soap, plugin)), soap->user);
    sx_plugin_release(soap, plugin);
    return call;
}

/* What soap_begin() does, but for freeing what soap_begin_recv() frees before it reads the answer:
 * walking gSOAP's tables, which are mostly empty, costs as much as the rest of an attached call. */
static void begin(struct soap *soap)
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
    struct sx_plugin *plugin = sx_plugin_of(soap);
    const char *why = NULL;
    if (!call)
        return soap->error = SOAP_USER_ERROR;
    if (!plugin)
        why = "the context has no soap_xmpp plugin";
    else if (plugin->request)
        why = "the context serves a request";
    else if (sx_exchange_of(call) != sx_link_exchange(plugin->link))
        why = "the call belongs to another link than the context";
    if (why) {
        (void)sx_plugin_fail(soap, SOAP_PLUGIN_ERROR, "xmpp:%.*s: can't attach: %s",
                             SX_ENDPOINT_SHOWN_BYTES, sx_exchange_peer(call), why);
        soap_xmpp_cancel(call);
        return soap->error;
    }
    sx_plugin_release(soap, plugin);
    sx_plugin_park(soap, plugin);
    begin(soap);
    plugin->condition[0] = '\0';
    plugin->expects_xmpp = true;
    plugin->call = call;
    plugin->is_detached = true;
    sx_exchange_attach(call);
    sx_link_unref(plugin->link); /* the call's; the plugin has its own */
    sx_plugin_set_role(plugin, SX_ROLE_WAITING);
    return SOAP_OK;
}

struct soap_xmpp_call *soap_xmpp_wait(struct soap_xmpp_link *link, int timeout_ms)
{
    int64_t us = sx_config_timeout_ms(timeout_ms, sx_link_timeout_us(link));
    struct soap_xmpp_call *call;
    sx_link_ref(link); /* the program may close the link meanwhile */
    call = sx_exchange_next_done(sx_link_exchange(link), sx_clock_deadline(us));
    if (call && sx_exchange_claim(call))
        sx_link_ref(link); /* the call's, as if it had been detached */
    sx_link_unref(link);
    return call;
}

void *soap_xmpp_call_user(const struct soap_xmpp_call *call)
{
    return sx_exchange_user(call);
}

const char *soap_xmpp_call_name(const struct soap_xmpp_call *call)
{
    return sx_exchange_name(call);
}

const char *soap_xmpp_call_peer(const struct soap_xmpp_call *call)
{
    return sx_exchange_peer(call);
}

void soap_xmpp_cancel(struct soap_xmpp_call *call)
{
    struct soap_xmpp_link *link;
    if (!call)
        return;
    link = sx_link_of(call);
    sx_exchange_release(call);
    sx_link_unref(link);
}
