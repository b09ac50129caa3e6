/* context.c - the state of one struct soap: its role, the settings put aside for it, its faults.
 *
 * Noun: the context. All files of the plugin work on it; it knows the link and none of gSOAP's
 * callbacks.
 *
 * Invariant: while the role is idle, struct soap is as its owner set it up: modes, prolog, socket.
 * Whatever changed for a call is put back when the call ends, however it ends.
 *
 * Happy path: park -> set_role... -> end -> restore_socket.
 * Failure modes: without memory for its text a fault is SOAP_EOM; without memory for a copy there
 * is none. Ending never fails.
 */
#include "gsoap/context.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "exchange/reroute.h"
#include "soap/repair.h"

enum {
    LINE_BYTES = 1000,
    KEPT_BYTES = 1 << 20 /* a larger buffer isn't kept for the next envelope */
};

/* Attachments and compression have no place in a stanza (XEP-0072 3.3); SOAP_ENC_PLAIN means that
 * there is no HTTP header, UDP that there is no answer. */
#define CHANGED_MODES                                                                              \
    (SOAP_IO | SOAP_IO_UDP | SOAP_ENC_PLAIN | SOAP_ENC_DIME | SOAP_ENC_MIME | SOAP_ENC_MTOM |      \
     SOAP_ENC_ZLIB)

struct sx_context *sx_context_new(struct soap_xmpp_link *link)
{
    struct sx_context *context = calloc(1, sizeof *context);
    if (context)
        context->link = sx_link_ref(link);
    return context;
}

void sx_context_free(struct sx_context *context)
{
    free(context->endpoint);
    free(context->to);
    sx_checker_free(context->checker);
    sx_buffer_fini(&context->out);
    sx_link_unref(context->link);
    free(context);
}

struct sx_context *sx_context_of(struct soap *soap)
{
    return soap_lookup_plugin(soap, SOAP_XMPP_ID);
}

void sx_context_set_role(struct sx_context *context, enum sx_role role)
{
    static const char *const names[] = {"idle",    "sending",  "waiting", "receiving",
                                        "serving", "relaying", "answered"};
    if (role != context->role)
        sx_trace(sx_link_trace(context->link), SOAP_XMPP_TRACE_DEBUG, "context %p: %s -> %s",
                 (void *)context, names[context->role], names[role]);
    if (role != SX_ROLE_IDLE)
        context->missing = SX_MISSING_NOTHING;
    context->role = role;
}

static bool is_calling(const struct sx_context *context)
{
    return context->role == SX_ROLE_SENDING || context->role == SX_ROLE_WAITING ||
           context->role == SX_ROLE_RECEIVING;
}

struct sx_checker *sx_context_checker(struct sx_context *context)
{
    if (!context->checker)
        context->checker = sx_checker_new(sx_link_max_depth(context->link));
    return context->checker;
}

/* ---- faults ---------------------------------------------------------------------------------- */

/* Freed by soap_end(); NULL: no memory. */
static char *keep_line(struct soap *soap, char *line)
{
    char *c;
    for (c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' '; /* a peer's text may hold line breaks */
    soap->errnum = 0;
    return soap_strdup(soap, line);
}

int sx_context_fail(struct soap *soap, int code, const char *format, ...)
{
    char line[LINE_BYTES], *kept;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    kept = keep_line(soap, line);
    if (!kept)
        return soap->error = SOAP_EOM;
    return soap_set_receiver_error(soap, kept, NULL, code);
}

/* gSOAP writes a fault in the version that it has read last: in that of the request before, or,
 * with the code "detected", in none. */
int sx_context_fail_request(struct soap *soap, const struct sx_context *context, enum sx_err err,
                            const char *why)
{
    char line[LINE_BYTES], *kept;
    snprintf(line, sizeof line, "the request's envelope is bad: %s", why);
    kept = keep_line(soap, line);
    if (!kept)
        return soap->error = SOAP_EOM;
    soap_set_version(soap, context->request->envelope.version == 12 ? 2 : 1);
    return soap_set_sender_error(soap, kept, NULL, sx_fault_soap_code(err));
}

/* soapcpp2 generates soap_fault_string() and the like anew for each program, in C++ under another
 * linker name: only the runtime's functions are the same everywhere. Of these soap_sprint_fault()
 * isn't in a build WITH_LEAN. */
void sx_context_print_fault(struct soap *soap, char *text, size_t text_bytes)
{
    FILE *file = fmemopen(text, text_bytes, "w");
    text[0] = '\0';
    if (!file)
        return;
    soap_print_fault(soap, file);
    (void)fclose(file);
    text[text_bytes - 1] = '\0'; /* fmemopen writes it where there is room */
}

int sx_context_refuse_call(struct soap *soap, const char *endpoint)
{
    return sx_context_fail(soap, SOAP_USER_ERROR,
                           "%.200s: a service operation can't call on the struct soap that serves "
                           "it: call on a soap_copy() of it",
                           endpoint);
}

int sx_context_fail_forked(struct soap *soap, const char *what)
{
    return sx_context_fail(soap, sx_fault_soap_code(SX_EFORKED), "%s: %s", what,
                           sx_fault_text(SX_EFORKED));
}

/* The resource that a call to a bare JID has gone to last; "" for other calls. */
static const char *resource_tried(const struct sx_context *context)
{
    const char *resource = NULL;
    if (!context->is_attached && context->call && sx_reroute_is_allowed(context->call))
        resource = sx_jid_resource(sx_exchange_peer(context->call));
    return resource ? resource : "";
}

const char *sx_context_label(const struct sx_context *context, char *label)
{
    const char *resource = resource_tried(context);
    const char *operation = context->call ? sx_exchange_operation(context->call) : "";
    const char *scheme = context->is_attached ? "xmpp:" : "";
    const char *endpoint =
        context->is_attached ? sx_exchange_peer(context->call) : context->endpoint;
    snprintf(label, SX_LABEL_BYTES, "%s%.*s%s%.80s%s%s%.80s", scheme, SX_ENDPOINT_SHOWN_BYTES,
             endpoint, *resource ? " (resource " : "", resource, *resource ? ")" : "",
             *operation ? ": " : "", operation);
    return label;
}

/* ---- envelopes ------------------------------------------------------------------------------- */

static bool read_row(void *user, size_t number, const char **prefix, const char **uri)
{
    const struct soap *soap = user;
    const struct Namespace *row = soap->namespaces;
    for (; row && row->id; row++)
        if (!number--) {
            *prefix = row->id;
            *uri = row->ns;
            return true;
        }
    return false;
}

int sx_context_repair(struct soap *soap, const struct sx_context *context,
                      struct sx_envelope *envelope)
{
    char why[SX_REPAIR_WHY_BYTES], label[SX_LABEL_BYTES];
    struct sx_repair repair = {.row = read_row, .user = soap};
    enum sx_err err;
    if (!sx_repair_is_due(envelope))
        return SOAP_OK;
    repair.trace = sx_link_trace(context->link);
    repair.sender = context->request ? context->request->from : sx_context_label(context, label);
    err = sx_repair_envelope(&repair, envelope, why);
    if (!err)
        return SOAP_OK;
    if (err == SX_ENOMEM)
        return soap->error = SOAP_EOM;
    sx_trace(repair.trace, SOAP_XMPP_TRACE_INFO, "%.200s: %s", repair.sender, why);
    if (context->request)
        return sx_context_fail_request(soap, context, err, why);
    return sx_context_fail(soap, sx_fault_soap_code(err), "%s: the answer's envelope is bad: %s",
                           label, why);
}

bool sx_context_is_guarded(const struct sx_context *context)
{
    return context->request && context->request->grant != SX_GRANT_EVERYTHING;
}

/* ---- settings put aside ---------------------------------------------------------------------- */

void sx_context_park_modes(struct soap *soap, struct sx_context *context)
{
    struct sx_parked *parked = &context->parked;
    if (parked->modes_valid)
        return;
    parked->omode = soap->omode & CHANGED_MODES;
    parked->imode = soap->imode & CHANGED_MODES;
    parked->prolog = soap->prolog;
    parked->modes_valid = true;
}

static void set_output(struct soap *soap)
{
    soap->omode = (soap->omode & ~(soap_mode)CHANGED_MODES) | SOAP_IO_BUFFER | SOAP_ENC_PLAIN;
    soap->prolog = ""; /* an XML declaration inside a stanza ends the stream (RFC 6120 11.4) */
}

static void set_input(struct soap *soap)
{
    soap->imode = (soap->imode & ~(soap_mode)CHANGED_MODES) | SOAP_ENC_PLAIN;
}

void sx_context_renew_output(struct soap *soap)
{
    set_output(soap);
    soap->mode = (soap->mode & ~(soap_mode)CHANGED_MODES) | SOAP_IO_BUFFER | SOAP_ENC_PLAIN;
}

void sx_context_renew_input(struct soap *soap)
{
    set_input(soap);
    soap->mode = (soap->mode & ~(soap_mode)CHANGED_MODES) | SOAP_ENC_PLAIN;
}

void sx_context_park(struct soap *soap, struct sx_context *context)
{
    struct sx_parked *parked = &context->parked;
    sx_context_park_modes(soap, context);
    set_output(soap);
    set_input(soap);
    if (!parked->fresponse)
        parked->fresponse = soap->fresponse;
    if (soap_valid_socket(soap->socket)) {
        parked->socket = soap->socket;
        parked->keep_alive = soap->keep_alive;
        parked->socket_valid = true;
    }
    soap->socket = SOAP_INVALID_SOCKET;
    soap->keep_alive = 0;
}

void sx_context_restore_modes(struct soap *soap, struct sx_context *context)
{
    struct sx_parked *parked = &context->parked;
    if (!parked->modes_valid)
        return;
    if (!(soap->omode & SOAP_ENC_PLAIN))
        parked->omode &= ~(soap_mode)SOAP_ENC_PLAIN; /* soap_wsrm_resend() sets it for the call */
    soap->omode = (soap->omode & ~(soap_mode)CHANGED_MODES) | parked->omode;
    soap->imode = (soap->imode & ~(soap_mode)CHANGED_MODES) | parked->imode;
    soap->prolog = parked->prolog;
    parked->modes_valid = false;
}

/* gSOAP's wsa plugin sets a fresponse of its own, which only an HTTP response would take away. */
static void restore_fresponse(struct soap *soap, struct sx_parked *parked)
{
    if (parked->fresponse)
        soap->fresponse = parked->fresponse;
    parked->fresponse = NULL;
}

static void restore_header(struct soap *soap, struct sx_parked *parked)
{
    if (parked->fheader_valid)
        soap->fheader = parked->fheader;
    parked->fheader_valid = false;
}

void sx_context_park_header(struct soap *soap, struct sx_context *context,
                            int (*header)(struct soap *))
{
    if (context->parked.fheader_valid)
        return;
    context->parked.fheader = soap->fheader;
    context->parked.fheader_valid = true;
    soap->fheader = header;
}

void sx_context_park_descriptors(struct soap *soap, struct sx_context *context)
{
    struct sx_parked *parked = &context->parked;
    if (parked->descriptors_valid)
        return;
    parked->sendfd = soap->sendfd;
    parked->recvfd = soap->recvfd;
    parked->descriptors_valid = true;
    soap->sendfd = soap->recvfd = SX_NO_DESCRIPTOR;
}

static void restore_descriptors(struct soap *soap, struct sx_parked *parked)
{
    if (!parked->descriptors_valid)
        return;
    soap->sendfd = parked->sendfd;
    soap->recvfd = parked->recvfd;
    parked->descriptors_valid = false;
}

void sx_context_restore_socket(struct soap *soap, struct sx_context *context)
{
    context->ends_call = false;
    if (!context->parked.socket_valid)
        return;
    soap->socket = context->parked.socket;
    soap->keep_alive = context->parked.keep_alive;
    context->parked.socket_valid = false;
    context->restored_at_close = true;
}

struct sx_context *sx_context_copy(struct soap *soap, const struct sx_context *original)
{
    struct sx_context *context = sx_context_new(original->link);
    if (!context)
        return NULL;
    context->previous = original->previous;
    context->parked = original->parked;
    sx_context_restore_modes(soap, context);
    restore_fresponse(soap, &context->parked);
    restore_header(soap, &context->parked);
    restore_descriptors(soap, &context->parked);
    context->parked.socket_valid = false;
    if (original->role == SX_ROLE_IDLE)
        context->missing = original->missing;
    else
        context->missing =
            is_calling(original) ? SX_MISSING_CALL_OF_ORIGINAL : SX_MISSING_REQUEST_OF_ORIGINAL;
    context->expects_xmpp = original->expects_xmpp;
    context->told_namespaces = original->told_namespaces;
    if (!original->parked.socket_valid) {
        memcpy(context->http_host, original->http_host, sizeof context->http_host);
        context->http_port = original->http_port;
    }
    return context;
}

/* ---- what ends ------------------------------------------------------------------------------- */

void sx_context_forget_call(struct sx_context *context)
{
    if (sx_link_is_forked(context->link)) /* they are the other process's to end */
        context->answer = (struct sx_envelope){0};
    else
        sx_exchange_release(context->call);
    context->call = NULL;
    context->is_attached = false;
    sx_envelope_fini(&context->answer);
    sx_reader_fini(&context->reading);
}

/* Refuses the request if it wasn't answered, and frees it. */
static void drop_request(struct sx_context *context)
{
    if (!context->request)
        return;
    if (context->role == SX_ROLE_SERVING || context->role == SX_ROLE_RELAYING)
        sx_link_refuse(context->link, context->request, "internal-server-error",
                       "the request was not served");
    if (!sx_link_is_forked(context->link))
        sx_request_free(context->request);
    context->request = NULL;
    context->name[0] = '\0'; /* of a relay that failed */
    context->action = NULL;
    context->is_begun = context->was_taken = false;
    context->was_answered = context->has_attachments = false;
}

/* Not the socket: gSOAP may close what stands in soap->socket right after fdisconnect, so that
 * comes back in fclose. */
void sx_context_end(struct soap *soap, struct sx_context *context)
{
    drop_request(context);
    sx_context_forget_call(context);
    if (context->out.capacity > KEPT_BYTES)
        sx_buffer_fini(&context->out);
    sx_buffer_clear(&context->out);
    sx_context_restore_modes(soap, context);
    restore_fresponse(soap, &context->parked);
    restore_header(soap, &context->parked);
    restore_descriptors(soap, &context->parked);
    if (is_calling(context))
        context->missing = SX_MISSING_OVER;
    sx_context_set_role(context, SX_ROLE_IDLE);
    context->ends_call = true;
}

void sx_context_release(struct soap *soap, struct sx_context *context)
{
    sx_context_end(soap, context);
    sx_context_restore_socket(soap, context);
}
