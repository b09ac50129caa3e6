/* incoming.h - what receive.c, content.c and receive_message.c share: one stanza that arrived, what
 * it holds, who is let in. For these alone; the loop thread. */
#ifndef SX_LINK_INCOMING_H
#define SX_LINK_INCOMING_H

#include "link/receive.h"

/* The attributes of an IQ or a message, borrowed from the stream. */
struct iq {
    const char *type, *id, *from, *to;
    uint64_t session;
    bool is_message;
};

static inline const char *sx_iq_text(const char *text)
{
    return text ? text : "";
}

/* ---- receive.c ---- */

/* Answers with a stanza error; text may be NULL. */
void sx_iq_refuse(const struct sx_iq_ends *ends, const struct iq *iq, const char *condition,
                  const char *text);

/* The same, and says that the request was not run, in a way that callers of this library can rely
 * on. */
void sx_iq_decline(const struct sx_iq_ends *ends, const struct iq *iq, const char *condition,
                   const char *text);

/* Queues a request whose envelope is sound, or answers it, by what the journal knows of its id and
 * by the rules. Takes the envelope's bytes if it queues them; the envelope stays the caller's to
 * fini. A second copy of a message was made by a server and is dropped: its caller sends one. */
void sx_iq_admit(const struct sx_iq_ends *ends, const struct iq *iq, struct sx_envelope *envelope);

/* Whether the journal knows of this id, or knows that it is none to run. */
bool sx_iq_is_known(const struct sx_iq_ends *ends, const struct iq *iq);

/* Whether a line about a caller that may not call is due in the trace. */
bool sx_iq_is_telling_due(const struct sx_iq_ends *ends, int64_t now_us);

/* ---- content.c ---- */

/* NULL is none. */
bool sx_content_is(struct sx_element *stanza, const char *name, const char *ns);

/* What an <error/> (NULL: there is none) says: condition, text, and what a responder of this
 * library says beside them. */
void sx_content_condition(struct sx_element *error, struct sx_reply *reply);

/* A <packed/> that stands alone, for which no tree was made. */
bool sx_content_is_packed_alone(struct sx_element *stanza, const struct sx_stream *stream);

/* Of a <packed/>; element NULL: it stands alone. */
const char *sx_content_attribute(struct sx_element *element, const struct sx_stream *stream,
                                 const char *name);

/* Whether its bytes have gone ahead of it, in a bytestream. */
bool sx_content_is_reference(struct sx_element *packed);

/* The packed envelope that the <packed/> (NULL: it stands alone) holds or refers to; err and why
 * say what is wrong with it. */
void sx_content_take_packed(const struct sx_iq_ends *ends, const char *from,
                            struct sx_element *element, struct sx_stream *stream,
                            struct sx_envelope *envelope);

/* As take_packed, and what a glance tells, too. */
void sx_content_glance(const struct sx_iq_ends *ends, const char *from, struct sx_element *element,
                       struct sx_stream *stream, struct sx_envelope *envelope);

/* Whether the stanza has a packed envelope. *element is NULL if that stands alone. */
bool sx_content_find_packed(const struct sx_iq_ends *ends, struct sx_element *stanza,
                            const struct sx_stream *stream, struct sx_element **element);

/* Of a stanza of type error: a SOAP fault, or a transport's condition (SX_ESTANZA). Packed ones
 * that nobody awaits aren't looked into. */
void sx_content_error(const struct sx_iq_ends *ends, const char *from, bool is_awaited,
                      struct sx_element *stanza, struct sx_stream *stream, struct sx_reply *reply);

/* ---- receive_message.c ---- */

/* A <message/>: an answer for a call, a request to serve, or noise, which is ignored. */
void sx_message_receive(const struct sx_iq_ends *ends, const struct iq *message,
                        struct sx_element *stanza, struct sx_stream *stream);

#endif
