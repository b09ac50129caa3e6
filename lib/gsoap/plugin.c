/* plugin.c - the gSOAP callbacks of one struct soap: SOAP calls over XMPP beside those over HTTP.
 *
 * Noun: the plugin, what a link looks like from inside gSOAP. An endpoint that begins with xmpp:
 * makes the callbacks collect the envelope, send it through the link and serve the answer's bytes
 * to gSOAP's parser; every other endpoint goes the way it went before.
 *
 * Invariant: while the role is idle, struct soap is as its owner set it up: modes, prolog, socket.
 * Whatever changed for a call is put back when the call ends, however it ends.
 *
 * Happy path of a call: fprepareinitsend -> fconnect [sending] -> fsend... [waiting] ->
 * fprepareinitrecv [receiving] -> frecv... -> fdisconnect [idle] -> fclose. Of a request:
 * soap_xmpp_accept [serving] -> fprepareinitrecv -> frecv... -> the operation -> fprepareinitsend
 * -> fsend... -> fdisconnect [answered] -> soap_end: fdisconnect [idle]; service.c does its part.
 *
 * Failure modes: each ends in one telling line in soap's fault. Not reachable is SOAP_TCP_ERROR and
 * comes from fconnect, where alone gSOAP's connect_retry and its lists of endpoints act on it; a
 * call that was sent never fails with it, for the service may have run. soap_end(), soap_done() or
 * another call on the same struct soap cancel a call under way.
 *
 * Thread: a struct soap belongs to one thread at a time, and so does its plugin data.
 */
#include "gsoap/plugin.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "config/config.h"

/* fault.c can't see stdsoap2.h; these are the numbers it has in its table. */
/* NOLINTNEXTLINE(misc-redundant-expression): literals behind their names */
_Static_assert(SOAP_OK == 0 && SOAP_EOF == -1, "fault.c's SOAP codes");
_Static_assert(SOAP_SYNTAX_ERROR == 5 && SOAP_USER_ERROR == 10, "fault.c's SOAP codes");
_Static_assert(SOAP_NO_DATA == 14 && SOAP_EOM == 20 && SOAP_TCP_ERROR == 28, "fault.c's codes");
_Static_assert(SOAP_PLUGIN_ERROR == 40 && SOAP_LENGTH == 45 && SOAP_LEVEL == 50, "fault.c's codes");

static const char plugin_id[] = SOAP_XMPP_ID;

enum {
    LINE_BYTES = 1000,
    KEPT_BYTES = 1 << 20 /* a larger buffer isn't kept for the next envelope */
};

/* Attachments and compression have no place in a stanza (XEP-0072 3.3); SOAP_ENC_PLAIN means that
 * there is no HTTP header, UDP that there is no answer. */
#define CHANGED_MODES                                                                              \
    (SOAP_IO | SOAP_IO_UDP | SOAP_ENC_PLAIN | SOAP_ENC_DIME | SOAP_ENC_MIME | SOAP_ENC_MTOM |      \
     SOAP_ENC_ZLIB)

/* ---- state ----------------------------------------------------------------------------------- */

struct sx_plugin *sx_plugin_of(struct soap *soap)
{
    return soap_lookup_plugin(soap, plugin_id);
}

void sx_plugin_set_role(struct sx_plugin *plugin, enum sx_role role)
{
    static const char *const names[] = {"idle",    "sending",  "waiting", "receiving",
                                        "serving", "relaying", "answered"};
    if (role != plugin->role)
        sx_trace(sx_link_trace(plugin->link), SOAP_XMPP_TRACE_DEBUG, "context %p: %s -> %s",
                 (void *)plugin, names[plugin->role], names[role]);
    plugin->role = role;
}

int sx_plugin_fail(struct soap *soap, int code, const char *format, ...)
{
    char line[LINE_BYTES], *kept, *c;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' '; /* a peer's text may hold line breaks */
    kept = soap_strdup(soap, line);
    if (!kept)
        return soap->error = SOAP_EOM;
    soap->errnum = 0;
    return soap_set_receiver_error(soap, kept, NULL, code);
}

static void park_modes(struct soap *soap, struct sx_parked *parked)
{
    if (parked->modes_valid)
        return;
    parked->omode = soap->omode & CHANGED_MODES;
    parked->imode = soap->imode & CHANGED_MODES;
    parked->prolog = soap->prolog;
    parked->modes_valid = true;
}

void sx_plugin_park(struct soap *soap, struct sx_plugin *plugin)
{
    struct sx_parked *parked = &plugin->parked;
    park_modes(soap, parked);
    soap->omode = (soap->omode & ~(soap_mode)CHANGED_MODES) | SOAP_IO_BUFFER | SOAP_ENC_PLAIN;
    soap->imode = (soap->imode & ~(soap_mode)CHANGED_MODES) | SOAP_ENC_PLAIN;
    if (!parked->fresponse)
        parked->fresponse = soap->fresponse;
    soap->prolog = ""; /* an XML declaration inside a stanza ends the stream (RFC 6120 11.4) */
    if (soap_valid_socket(soap->socket)) {
        parked->socket = soap->socket;
        parked->keep_alive = soap->keep_alive;
        parked->socket_valid = true;
    }
    soap->socket = SOAP_INVALID_SOCKET;
    soap->keep_alive = 0;
}

static void restore_modes(struct soap *soap, struct sx_parked *parked)
{
    if (!parked->modes_valid)
        return;
    if (!(soap->omode & SOAP_ENC_PLAIN))
        parked->omode &= ~(soap_mode)SOAP_ENC_PLAIN; /* soap_wsrm_resend() sets it for the call */
    soap->omode = (soap->omode & ~(soap_mode)CHANGED_MODES) | parked->omode;
    soap->imode = (soap->imode & ~(soap_mode)CHANGED_MODES) | parked->imode;
    soap->prolog = parked->prolog;
    parked->modes_valid = false;
}

/* The wsa plugin leaves its own behind: only HTTP would have taken it away again. */
static void restore_fresponse(struct soap *soap, struct sx_parked *parked)
{
    if (parked->fresponse)
        soap->fresponse = parked->fresponse;
    parked->fresponse = NULL;
}

static void restore_socket(struct soap *soap, struct sx_plugin *plugin)
{
    if (!plugin->parked.socket_valid)
        return;
    soap->socket = plugin->parked.socket;
    soap->keep_alive = plugin->parked.keep_alive;
    plugin->parked.socket_valid = false;
    plugin->restored_at_close = true;
}

/* Everything but the socket: gSOAP may close what stands in soap->socket right after fdisconnect,
 * so that comes back in fclose. */
static void end_call(struct soap *soap, struct sx_plugin *plugin)
{
    sx_service_drop(plugin);
    sx_client_forget(plugin);
    if (plugin->out.capacity > KEPT_BYTES)
        sx_buffer_fini(&plugin->out);
    sx_buffer_clear(&plugin->out);
    restore_modes(soap, &plugin->parked);
    restore_fresponse(soap, &plugin->parked);
    sx_plugin_set_role(plugin, SX_ROLE_IDLE);
}

void sx_plugin_release(struct soap *soap, struct sx_plugin *plugin)
{
    end_call(soap, plugin);
    plugin->ends_call = false;
    restore_socket(soap, plugin);
}

struct sx_checker *sx_plugin_checker(struct sx_plugin *plugin)
{
    if (!plugin->checker)
        plugin->checker = sx_checker_new(sx_link_max_depth(plugin->link));
    return plugin->checker;
}

/* ---- other endpoints ---- */

/* What gSOAP's soap_try_connect_command() does when there is no fconnect. Whether the socket leads
 * to host can't be seen from soap->host, which an xmpp: endpoint has overwritten. */
static int connect_http(struct soap *soap, struct sx_plugin *plugin, const char *endpoint)
{
    if (!soap->fopen || !*soap->host)
        return SOAP_OK;
    if (soap->keep_alive && soap_valid_socket(soap->socket) && plugin->http_port == soap->port &&
        strcmp(plugin->http_host, soap->host) == 0 && soap->fpoll && soap->fpoll(soap) == SOAP_OK)
        return SOAP_OK;
    soap->error = SOAP_OK;
    if (strncmp(endpoint, "soap.udp:", 9) == 0 || strncmp(endpoint, "udp:", 4) == 0) {
        soap->omode |= SOAP_IO_UDP;
    } else {
        soap->keep_alive = 0;
        soap->omode &= ~(soap_mode)SOAP_IO_UDP;
    }
    (void)soap_closesock(soap);
    if (soap->keep_alive && soap_valid_socket(soap->socket))
        return SOAP_OK;
    plugin->http_port = 0;
    soap->socket = soap->fopen(soap, endpoint, soap->host, soap->port);
    if (!soap_valid_socket(soap->socket) || soap->error)
        return soap->error ? soap->error : (soap->error = SOAP_TCP_ERROR);
    soap->keep_alive = -((soap->omode & SOAP_IO_KEEPALIVE) != 0);
    soap_strcpy(plugin->http_host, sizeof plugin->http_host, soap->host);
    plugin->http_port = soap->port;
    return SOAP_OK;
}

static int connect_other(struct soap *soap, struct sx_plugin *plugin, const char *endpoint,
                         const char *host, int port)
{
    bool skipped_count = plugin->skipped_count;
    soap_mode io;
    int err;
    plugin->expects_xmpp = plugin->skipped_count = plugin->restored_at_close = false;
    if (plugin->previous.fconnect)
        err = plugin->previous.fconnect(soap, endpoint, host, port);
    else
        err = connect_http(soap, plugin, endpoint);
    io = soap->omode & SOAP_IO;
    if (err || !skipped_count || io == SOAP_IO_STORE || io == SOAP_IO_CHUNK)
        return err;
    /* The guess was wrong, the length of the message is unknown: let gSOAP store it to find out.
     * fdisconnect puts the mode back. */
    park_modes(soap, &plugin->parked);
    soap->omode = (soap->omode & ~(soap_mode)SOAP_IO) | SOAP_IO_STORE;
    return SOAP_OK;
}

/* ---- callbacks ------------------------------------------------------------------------------- */

/* Runs before the endpoint is known. */
static int on_prepareinitsend(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    if (!plugin)
        return SOAP_OK;
    plugin->skipped_count = false;
    if (plugin->role == SX_ROLE_SERVING || plugin->role == SX_ROLE_RELAYING) {
        sx_service_prepare(soap, plugin);
    } else if (plugin->role != SX_ROLE_IDLE) {
        plugin->skipped_count = true; /* the modes are still those of a call left alone */
    } else if (plugin->expects_xmpp && soap->status == 0 && (soap->mode & SOAP_IO_LENGTH) &&
               !soap->fpreparesend && !(soap->mode & SX_ATTACHMENT_MODES)) {
        /* Nobody needs a length over XMPP, so a whole serialisation can be saved. status: not when
         * this is the response of an HTTP service. */
        soap->mode &= ~(soap_mode)SOAP_IO_LENGTH;
        plugin->skipped_count = true;
    }
    return plugin->previous.fprepareinitsend ? plugin->previous.fprepareinitsend(soap) : SOAP_OK;
}

static int on_connect(struct soap *soap, const char *endpoint, const char *host, int port)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    bool is_xmpp = sx_jid_is_xmpp(endpoint);
    if (!plugin)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (is_xmpp)
        sx_client_forget_credentials(soap, endpoint);
    if (plugin->request)
        return is_xmpp ? sx_relay_connect(soap, plugin, endpoint)
                       : sx_service_refuse_call(soap, endpoint);
    sx_plugin_release(soap, plugin);
    plugin->condition[0] = '\0';
    if (is_xmpp)
        return sx_client_connect(soap, plugin, endpoint);
    if (plugin->name[0])
        return sx_client_refuse_name(soap, plugin, endpoint);
    return connect_other(soap, plugin, endpoint, host, port);
}

static int on_send(struct soap *soap, const char *bytes, size_t len)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    if (!plugin)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (plugin->role == SX_ROLE_IDLE)
        return plugin->previous.fsend(soap, bytes, len);
    /* gSOAP sets this part after the closing tag, so only its last flush shows it. */
    if (plugin->role == SX_ROLE_SENDING && soap->part == SOAP_END_ENVELOPE)
        return sx_client_send(soap, plugin, bytes, len);
    if (plugin->role == SX_ROLE_RELAYING && sx_relay_is_call(soap))
        return sx_relay_refuse(soap, plugin);
    if (plugin->role == SX_ROLE_SENDING || plugin->role == SX_ROLE_SERVING ||
        plugin->role == SX_ROLE_RELAYING)
        sx_buffer_add(&plugin->out, bytes, len);
    return plugin->out.failed ? (soap->error = SOAP_EOM) : SOAP_OK;
}

static int on_prepareinitrecv(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    int err = SOAP_OK;
    if (!plugin)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (plugin->role == SX_ROLE_SENDING)
        err = sx_client_send(soap, plugin, "", 0); /* no envelope's end was seen: says so */
    if (!err && plugin->role == SX_ROLE_WAITING)
        err = sx_client_await(soap, plugin);
    else if (!err && plugin->role == SX_ROLE_SERVING)
        err = sx_service_begin(soap, plugin);
    if (err)
        return err;
    return plugin->previous.fprepareinitrecv ? plugin->previous.fprepareinitrecv(soap) : SOAP_OK;
}

/* A request's bytes say so to their sender, by a fault; an answer's to the program. */
static void fail_reading(struct soap *soap, struct sx_plugin *plugin, enum sx_err err,
                         const char *why)
{
    char label[SX_LABEL_BYTES];
    if (plugin->request)
        (void)sx_plugin_fail(soap, sx_fault_soap_code(err), "the request's envelope is bad: %s",
                             why);
    else
        (void)sx_plugin_fail(soap, sx_fault_soap_code(err), "%s: the answer's envelope is bad: %s",
                             sx_client_label(plugin, label), why);
}

static size_t on_recv(struct soap *soap, char *buf, size_t buf_bytes)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    const struct sx_envelope *envelope;
    char label[SX_LABEL_BYTES], why[160];
    enum sx_err err;
    size_t len;
    if (!plugin)
        return 0;
    if (plugin->role == SX_ROLE_IDLE)
        return plugin->previous.frecv(soap, buf, buf_bytes);
    if (plugin->role != SX_ROLE_RECEIVING && plugin->role != SX_ROLE_SERVING)
        return 0;
    envelope = plugin->request ? &plugin->request->envelope : &plugin->answer;
    if (!envelope->bytes) {
        (void)sx_plugin_fail(soap, sx_fault_soap_code(SX_ENOTSOAP),
                             "%s: the answer holds no SOAP envelope",
                             sx_client_label(plugin, label));
        return 0;
    }
    err = sx_reader_next(&plugin->reading, envelope, sx_link_reading_limits(plugin->link), buf,
                         buf_bytes, &len, why, sizeof why);
    if (err)
        fail_reading(soap, plugin, err, why);
    return len;
}

static int on_disconnect(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    if (!plugin)
        return SOAP_OK;
    if (plugin->role == SX_ROLE_IDLE) {
        restore_modes(soap, &plugin->parked);
        return plugin->previous.fdisconnect ? plugin->previous.fdisconnect(soap) : SOAP_OK;
    }
    soap->keep_alive = 0; /* so that fclose follows, and that soap_serve() doesn't loop */
    /* SOAP_STOP: it isn't a stub that ends its call here. */
    if (plugin->request && sx_relay_is_call(soap) && soap->error != SOAP_STOP) {
        sx_relay_abandon(soap, plugin);
    } else if (plugin->role == SX_ROLE_SERVING) {
        sx_service_answer(soap, plugin);
    } else if (plugin->role == SX_ROLE_RELAYING) {
        return sx_relay_deliver(soap, plugin);
    } else {
        if (plugin->role == SX_ROLE_SENDING)
            plugin->name[0] = '\0'; /* a call that failed has had it */
        end_call(soap, plugin);
        plugin->ends_call = true;
    }
    return SOAP_OK;
}

static int on_close(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    if (!plugin)
        return SOAP_OK;
    if (plugin->ends_call) {
        plugin->ends_call = false;
        restore_socket(soap, plugin);
        return SOAP_OK;
    }
    if (plugin->role != SX_ROLE_IDLE)
        return SOAP_OK;
    plugin->http_port = 0;
    plugin->restored_at_close = false;
    return plugin->previous.fclose ? plugin->previous.fclose(soap) : SOAP_OK;
}

/* soap_send_fault() drops the fault unless this says that the peer is there. */
static int on_poll(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    if (plugin && plugin->role != SX_ROLE_IDLE)
        return SOAP_OK;
    return plugin && plugin->previous.fpoll ? plugin->previous.fpoll(soap) : SOAP_OK;
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
    DO(fprepareinitrecv, on_prepareinitrecv)

#define PUT_OURS(member, ours) previous->member = soap->member, soap->member = ours;
/* Only those that are still ours: soap_copy() reverses the order of plugins, so another plugin's
 * callback may stand in front of ours when ours goes. */
#define PUT_BACK(member, ours)                                                                     \
    if (soap->member == (ours))                                                                    \
        soap->member = previous->member;

static void delete_plugin(struct soap *soap, struct soap_plugin *registered)
{
    struct sx_plugin *plugin = registered->data;
    /* soap_done() with a call under way has ended that call where it meant to close the socket. */
    bool close_socket = plugin->restored_at_close || plugin->parked.socket_valid;
    const struct sx_callbacks *previous = &plugin->previous;
    sx_plugin_release(soap, plugin);
    if (close_socket && soap_valid_socket(soap->socket) && previous->fclose)
        (void)previous->fclose(soap);
    FOR_EACH_CALLBACK(PUT_BACK)
    free(plugin->endpoint);
    free(plugin->to);
    sx_checker_free(plugin->checker);
    sx_buffer_fini(&plugin->out);
    sx_link_unref(plugin->link);
    free(plugin);
    registered->data = NULL;
}

/* soap is the copy, whose members are those of the original: a call under way there isn't here. */
static int copy_plugin(struct soap *soap, struct soap_plugin *to, struct soap_plugin *from)
{
    struct sx_plugin *original = from->data, *plugin = calloc(1, sizeof *plugin);
    if (!plugin)
        return SOAP_EOM;
    plugin->link = sx_link_ref(original->link);
    plugin->previous = original->previous;
    plugin->parked = original->parked;
    restore_modes(soap, &plugin->parked);
    restore_fresponse(soap, &plugin->parked);
    plugin->parked.socket_valid = false;
    plugin->expects_xmpp = original->expects_xmpp;
    if (!original->parked.socket_valid) {
        memcpy(plugin->http_host, original->http_host, sizeof plugin->http_host);
        plugin->http_port = original->http_port;
    }
    to->data = plugin;
    return SOAP_OK;
}

#define AT(member) offsetof(struct soap, member)

int soap_xmpp_register(struct soap *soap, struct soap_plugin *registered, void *link,
                       const struct soap_xmpp_layout *layout)
{
    /* soap_xmpp() as compiled here would give these. */
    static const struct soap_xmpp_layout ours = {GSOAP_VERSION, sizeof(struct soap),  SOAP_BUFLEN,
                                                 AT(fsend),     AT(fprepareinitrecv), AT(buf),
                                                 AT(error),     AT(namespaces)};
    struct sx_plugin *plugin, *present;
    struct sx_callbacks *previous;
    assert(sx_fault_soap_code(SX_EOFFLINE) == SOAP_TCP_ERROR);
    assert(sx_fault_soap_code(SX_ETIMEOUT) == SOAP_EOF);
    if (memcmp(layout, &ours, sizeof ours) != 0)
        return SOAP_PLUGIN_ERROR; /* soap's members aren't where we would look for them */
    if (!link)
        return SOAP_USER_ERROR;
    present = sx_plugin_of(soap);
    if (present && present->link != link)
        return SOAP_PLUGIN_ERROR; /* gSOAP would keep the first and tell nobody */
    plugin = calloc(1, sizeof *plugin);
    if (!plugin)
        return SOAP_EOM;
    plugin->link = sx_link_ref(link);
    previous = &plugin->previous;
    FOR_EACH_CALLBACK(PUT_OURS)
    registered->id = plugin_id;
    registered->data = plugin;
    registered->fcopy = copy_plugin;
    registered->fdelete = delete_plugin;
    return SOAP_OK;
}
