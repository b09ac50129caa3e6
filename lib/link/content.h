/* content.h - what a stanza that came holds: an envelope, packed or not, or an error.
 *
 * Noun: the content. Invariant: what is taken out of the stream is in the envelope, or freed.
 * Nothing is answered here.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_CONTENT_H
#define SX_LINK_CONTENT_H

#include "base/trace.h"
#include "exchange/exchange.h"
#include "net/stream.h"
#include "request/budget.h"
#include "soap/envelope.h"
#include "transfer/receiver.h"
#include "wire/element.h"

/* Immutable; all outlive it. */
struct sx_content {
    bool packs;                   /* packed envelopes are taken */
    size_t max_message_bytes;     /* of one, unpacked */
    struct sx_checker *checker;   /* for glances at them */
    struct sx_budget *budget;     /* from which glances are paid */
    struct sx_receiver *receiver; /* where the bytes are that went ahead of a stanza */
    const struct sx_trace *trace; /* of what was packed; NULL: none */
    struct sx_memory *memory;     /* for answers; NULL: none */
};

/* ---- elements ---- */

/* The first child of a stanza (NULL: it has no tree), and how many there are. */
const struct sx_element *sx_content_child(const struct sx_element *stanza, unsigned *count);

/* ---- packed envelopes ---- */

/* A <packed/> that stands alone, for which no tree was made. */
bool sx_content_is_packed_alone(const struct sx_element *stanza, const struct sx_stream *stream);

/* Of a <packed/>; element NULL: it stands alone. */
const char *sx_content_attribute(const struct sx_element *element, const struct sx_stream *stream,
                                 const char *name);

/* Whether its bytes have gone ahead of it, in a bytestream. */
bool sx_content_is_reference(const struct sx_element *packed);

/* Whether the stanza has a packed envelope. *element is NULL if that stands alone. */
bool sx_content_find_packed(const struct sx_content *content, const struct sx_element *stanza,
                            const struct sx_stream *stream, const struct sx_element **element);

/* The packed envelope that the <packed/> (NULL: it stands alone) holds or refers to; err and why
 * say what is wrong with it. At trace level stanza its beginning is unpacked and traced. */
void sx_content_take_packed(const struct sx_content *content, const char *from,
                            const struct sx_element *element, struct sx_stream *stream,
                            struct sx_envelope *envelope);

/* As take_packed, and what a glance tells, too, as far as the budget of payer allows. payer is
 * from, or NULL for strangers. envelope->err SX_EFULL: the budget ended before the operation was
 * known. */
void sx_content_glance(const struct sx_content *content, const char *from, const char *payer,
                       const struct sx_element *element, struct sx_stream *stream,
                       struct sx_envelope *envelope);

/* ---- answers ---- */

/* What an <error/> (NULL: there is none) says: condition, text, and what a responder of this
 * library says beside them. */
void sx_content_condition(const struct sx_element *error, struct sx_reply *reply);

/* Of a stanza of type error: a SOAP fault, or a transport's condition (SX_ESTANZA). Packed ones
 * that nobody awaits aren't looked into, others as far as the budget of `from` alone allows. */
void sx_content_error(const struct sx_content *content, const char *from, bool is_awaited,
                      const struct sx_element *stanza, struct sx_stream *stream,
                      struct sx_reply *reply);

/* Of one that the parser has judged: servers send the request back in their errors (RFC 6120
 * 8.3.1), so that one which is too large to be read doesn't mean that anybody has answered. */
void sx_content_verdict(bool is_error, const struct sx_stream *stream, struct sx_reply *reply);

/* Takes memory (base/memory.h) for the envelope of an answer; sx_envelope_fini gives it back, and
 * has to be called before the link is freed. No room: the envelope is freed, and reply->err is
 * SX_ETAKEN. */
void sx_content_take_room(const struct sx_content *content, const char *from,
                          struct sx_reply *reply);

/* The envelope's own error becomes the reply's. */
void sx_content_judge(struct sx_reply *reply);

#endif
