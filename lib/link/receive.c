/* receive.c - one stanza at a time, from the tree that the parser made of it to whoever it is for.
 *
 * Happy path: presence, message, iq by its type -> the file of that kind. Failure: what has no
 * readable head is ignored, and traced; an iq of no known type is refused.
 */
#include "link/receive.h"

#include <string.h>

enum { SHOWN_ID_BYTES = 80 };

static void ignore(const struct sx_reception *reception, const struct sx_incoming *incoming,
                   const char *name, const char *why)
{
    sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
             "<%s> %.*s from %s ignored%s", name, SHOWN_ID_BYTES, sx_incoming_text(incoming->id),
             sx_incoming_text(incoming->from), why);
}

/* What is wrong with an iq to which no answer can be given; NULL: nothing. */
static const char *find_flaw(const struct sx_reception *reception,
                             const struct sx_incoming *incoming)
{
    if (!incoming->id) /* nobody could tell what an error answers (RFC 6120 8.1.3) */
        return ": it has no id";
    if (!incoming->type)
        return ": it has no type";
    if (!incoming->from && sx_session_config(reception->session)->is_component)
        return ": it doesn't say from whom";
    if (strlen(incoming->id) > SX_RECEIVE_ID_BYTES)
        return ": its id is too long";
    return NULL;
}

static void receive_iq(const struct sx_reception *reception, const struct sx_incoming *incoming,
                       const struct sx_element *stanza, struct sx_stream *stream)
{
    const char *flaw = find_flaw(reception, incoming), *type = incoming->type;
    if (flaw)
        ignore(reception, incoming, "iq", flaw);
    else if (strcmp(type, "result") == 0 || strcmp(type, "error") == 0)
        sx_receive_reply(reception, incoming, stanza, stream);
    else if (strcmp(type, "get") == 0 || strcmp(type, "set") == 0)
        sx_receive_request(reception, incoming, stanza, stream);
    else
        sx_admission_refuse(reception->admission, incoming, "bad-request",
                            "an iq is of type get, set, result or error");
}

void sx_receive_stanza(const struct sx_reception *reception, uint64_t number,
                       const struct sx_element *stanza, struct sx_stream *stream)
{
    const char *name = sx_stream_name(stream);
    struct sx_incoming incoming = {
        .type = sx_stream_attribute(stream, "type"),
        .id = sx_stream_attribute(stream, "id"),
        .from = sx_stream_attribute(stream, "from"),
        .to = sx_stream_attribute(stream, "to"),
        .number = number,
        .is_message = strcmp(name, "message") == 0,
    };
    if (incoming.is_message)
        sx_receive_message(reception, &incoming, stanza, stream);
    else if (strcmp(name, "iq") == 0)
        receive_iq(reception, &incoming, stanza, stream);
    else if (strcmp(name, "presence") == 0 && stanza && reception->routing->roster)
        sx_receive_presence(reception, number, stanza);
    else
        ignore(reception, &incoming, name, "");
}
