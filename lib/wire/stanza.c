/* stanza.c - IQs and messages as bytes.
 *
 * Invariant: one call appends one whole stanza in the stream's default namespace; payloads are
 * checked envelopes or our own constants, all else is escaped here.
 *
 * Happy path: open <iq ...> or <message ...>, payload, close. Failure: no memory, out->failed,
 * nothing to undo: the owner of the buffer drops it.
 */
#include "wire/stanza.h"

#include "wire/request_id.h"
#include "wire/namespaces.h"

#include <inttypes.h>
#include <string.h>

enum { FRAME_BYTES = 512 }; /* what commonly stands around a payload */

static const char *name_of(const struct sx_head *head)
{
    return head->is_message ? "message" : "iq";
}

/* "<iq ..." without its '>': an empty one ends in "/>". type NULL: none, a normal message. */
static void open_stanza(struct sx_buffer *out, const char *type, const struct sx_head *head,
                        size_t payload_len)
{
    sx_buffer_reserve(out, payload_len + FRAME_BYTES);
    sx_buffer_add_text(out, "<");
    sx_buffer_add_text(out, name_of(head));
    if (type)
        sx_buffer_add_attribute(out, "type", type);
    if (head->from)
        sx_buffer_add_attribute(out, "from", head->from);
    if (head->to)
        sx_buffer_add_attribute(out, "to", head->to);
    sx_buffer_add_attribute(out, "id", head->id);
}

/* An archive would keep those of messages as well. */
static void close_error(struct sx_buffer *out, const struct sx_head *head)
{
    sx_buffer_add_text(out, head->is_message ? SX_STANZA_HINTS "</message>" : "</iq>");
}

static void add_iq(struct sx_buffer *out, const char *type, const struct sx_head *head,
                   const char *payload, size_t payload_len)
{
    open_stanza(out, type, head, payload_len);
    if (!payload_len) {
        sx_buffer_add_text(out, "/>");
        return;
    }
    sx_buffer_add_text(out, ">");
    sx_buffer_add(out, payload, payload_len);
    sx_buffer_add_text(out, "</iq>");
}

void sx_stanza_request(struct sx_buffer *out, const char *type, const struct sx_head *head,
                       const char *payload, size_t payload_len)
{
    add_iq(out, type, head, payload, payload_len);
}

void sx_stanza_message(struct sx_buffer *out, const struct sx_head *head, const char *payload,
                       size_t payload_len)
{
    open_stanza(out, NULL, head, payload_len + sizeof SX_STANZA_HINTS);
    sx_buffer_add_text(out, ">");
    sx_buffer_add(out, payload, payload_len);
    sx_buffer_add_text(out, SX_STANZA_HINTS "</message>");
}

void sx_stanza_result(struct sx_buffer *out, const struct sx_head *head, const char *payload,
                      size_t payload_len)
{
    if (head->is_message)
        sx_stanza_message(out, head, payload, payload_len);
    else
        add_iq(out, "result", head, payload, payload_len);
}

void sx_stanza_fault(struct sx_buffer *out, const struct sx_head *head, const char *payload,
                     size_t payload_len, const char *fault_code)
{
    const struct sx_fault_code *code = sx_fault_code(fault_code);

    open_stanza(out, "error", head, payload_len);
    sx_buffer_add_text(out, ">");
    sx_buffer_add(out, payload, payload_len);
    sx_buffer_add_format(out,
                         "<error type='%s' code='%d'>"
                         "<undefined-condition xmlns='" SX_NS_STANZAS "'/>"
                         "<%s xmlns='" SX_NS_SOAP_FAULT "'/></error>",
                         code->type, code->number, code->element);
    close_error(out, head);
}

/* own: a child of ours for <error/>, or NULL */
static void add_error(struct sx_buffer *out, const struct sx_head *head, const char *condition,
                      const char *type, const char *text, const char *own)
{
    open_stanza(out, "error", head, 0);
    sx_buffer_add_format(out, "><error type='%s' code='%d'><%s xmlns='" SX_NS_STANZAS "'/>", type,
                         sx_fault_number(condition), condition);
    if (text) {
        sx_buffer_add_text(out, "<text xmlns='" SX_NS_STANZAS "'>");
        sx_buffer_add_escaped(out, text);
        sx_buffer_add_text(out, "</text>");
    }
    if (own)
        sx_buffer_add_text(out, own);
    sx_buffer_add_text(out, "</error>");
    close_error(out, head);
}

void sx_stanza_error(struct sx_buffer *out, const struct sx_head *head, const char *condition,
                     const char *text)
{
    add_error(out, head, condition, sx_fault_condition_type(condition), text, NULL);
}

void sx_stanza_error_as(struct sx_buffer *out, const struct sx_head *head, const char *condition,
                        const char *type, const char *text)
{
    add_error(out, head, condition, type, text, NULL);
}

void sx_stanza_refusal(struct sx_buffer *out, const struct sx_head *head, const char *condition,
                       const char *text)
{
    bool is_ours = sx_request_id_is_tagged(head->id) || sx_request_id_is_message(head->id);
    add_error(out, head, condition, sx_fault_condition_type(condition), text,
              is_ours ? "<refused xmlns='" SX_NS_DELIVERY "'/>" : NULL);
}

void sx_stanza_refusal_of_all(struct sx_buffer *out, const struct sx_head *head,
                              const char *condition, const char *text)
{
    add_error(out, head, condition, sx_fault_condition_type(condition), text,
              "<refused xmlns='" SX_NS_DELIVERY "' copies='all'/>");
}

void sx_stanza_stale(struct sx_buffer *out, const struct sx_head *head, const char *incarnation,
                     uint64_t process, int64_t since_ms)
{
    struct sx_buffer own = {0};
    sx_buffer_add_text(&own, "<stale xmlns='" SX_NS_DELIVERY "' incarnation='");
    sx_buffer_add_escaped(&own, incarnation);
    if (process)
        sx_buffer_add_format(&own, "' process='%016" PRIx64, process);
    if (since_ms > 0)
        sx_buffer_add_format(&own, "' since='%" PRId64, since_ms);
    sx_buffer_add_text(&own, "'/>");
    if (own.failed)
        out->failed = true;
    else
        add_error(out, head, "unexpected-request", sx_fault_condition_type("unexpected-request"),
                  "this is no request for the process that serves now", own.bytes);
    sx_buffer_fini(&own);
}

void sx_stanza_running(struct sx_buffer *out, const struct sx_head *head)
{
    add_error(out, head, "unexpected-request", "wait", NULL,
              "<running xmlns='" SX_NS_DELIVERY "'/>");
}
