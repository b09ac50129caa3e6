/* stanza.h - IQs and messages as bytes: what XEP-0072 and RFC 6120 want on the wire.
 *
 * Writes only; incoming stanzas are elements (element.h). Every function appends one whole
 * stanza and escapes what it is given, except payloads. Errors show in out->failed.
 *
 * Folder wire/: XMPP as text, both ways: JIDs (jid.h), ids (request_id.h, message_id.h), stanzas to
 * write (here) and to read (element.h), what a stanza error says of a request (delivery.h),
 * disco#info (disco.h), presence (presence.h), times (timestamp.h), and every namespace
 * (namespaces.h). No I/O, no lock, no table but the proofs in message_id.c; nothing in here knows
 * what a call is. May include base.
 */
#ifndef SX_WIRE_STANZA_H
#define SX_WIRE_STANZA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "wire/namespaces.h"

/* Who says what to whom. from NULL: our server stamps it, as for every client; a component says it
 * itself (XEP-0114). to NULL: the own server. */
struct sx_head {
    const char *from, *to, *id;
    bool is_message; /* results, faults and errors are <message/>s in the place of <iq/>s */
};

/* Processing hints (XEP-0334) and the like, in each message, of type error as well: no copies for
 * the account's other clients (XEP-0280), nothing in archives (XEP-0313), and still kept by the
 * server while the receiver is offline. */
#define SX_STANZA_HINTS                                                                            \
    "<private xmlns='" SX_NS_CARBONS "'/>"                                                         \
    "<no-copy xmlns='" SX_NS_HINTS "'/>"                                                           \
    "<no-permanent-store xmlns='" SX_NS_HINTS "'/>"

/* <iq type='get|set'> with a payload. */
void sx_stanza_request(struct sx_buffer *out, const char *type, const struct sx_head *head,
                       const char *payload, size_t payload_len);

/* <message> with an envelope: a request (XEP-0072 3.2.2). */
void sx_stanza_message(struct sx_buffer *out, const struct sx_head *head, const char *payload,
                       size_t payload_len);

/* <iq type='result'>; payload_len 0 gives an empty one. As a message it has no type, and is never
 * empty. */
void sx_stanza_result(struct sx_buffer *out, const struct sx_head *head, const char *payload,
                      size_t payload_len);

/* <iq type='error'> with the fault's envelope, undefined-condition and the code's element
 * (XEP-0072 section 6). fault_code: local part of the SOAP fault code. */
void sx_stanza_fault(struct sx_buffer *out, const struct sx_head *head, const char *payload,
                     size_t payload_len, const char *fault_code);

/* <iq type='error'> of the transport: condition alone (never with a soap#fault element), its
 * RFC 6120 type and XEP-0086 code, and text for a human unless NULL. */
void sx_stanza_error(struct sx_buffer *out, const struct sx_head *head, const char *condition,
                     const char *text);

/* The same with another type than the condition commonly has: "modify", say. */
void sx_stanza_error_as(struct sx_buffer *out, const struct sx_head *head, const char *condition,
                        const char *type, const char *text);

/* As sx_stanza_error; if the id is one of this library's (it carries an incarnation, or is a
 * message's) with <refused/>: the request was not run. */
void sx_stanza_refusal(struct sx_buffer *out, const struct sx_head *head, const char *condition,
                       const char *text);

/* The same, and no other copy was or will be run, either: <refused copies='all'/>. */
void sx_stanza_refusal_of_all(struct sx_buffer *out, const struct sx_head *head,
                              const char *condition, const char *text);

/* The request belongs to another incarnation than this one: it is not run here. process: who says
 * so, of several that share the JID; 0: there is but this one. since_ms: for how long no request
 * with an id of that epoch has been let in; 0: not said. */
void sx_stanza_stale(struct sx_buffer *out, const struct sx_head *head, const char *incarnation,
                     uint64_t process, int64_t since_ms);

/* To a later copy: the first one runs here, and its answer will come. */
void sx_stanza_running(struct sx_buffer *out, const struct sx_head *head);

/* The payload of a later copy to a JID that several processes share: it is never run, so that it
 * needs no envelope. */
#define SX_STANZA_AGAIN "<again xmlns='" SX_NS_DELIVERY "'/>"

#endif
