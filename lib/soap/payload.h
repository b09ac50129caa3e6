/* payload.h - what an envelope becomes inside its stanza: itself, or a <packed/> element.
 *
 * Noun: the payload of an outgoing call or answer.
 *
 * Plain, XEP-0072: the envelope's own XML, checked, since servers parse it. Packed:
 *
 *     <packed xmlns='urn:soap-xmpp:packed:1' form='stored' action='...'>BASE64</packed>
 *
 * where form, action and traceparent (traceparent.h) may be missing; the text is what pack.h makes
 * of the envelope's bytes, which arrive as they are. No check but the glance that finds the
 * operation. Too large for a stanza, the packed bytes go ahead in a bytestream (sender.h), and a
 * *reference* follows, with the same attributes:
 *
 *     <packed xmlns='urn:soap-xmpp:packed:1' transfer='ID' size='N' sha256='HEX' form= action=/>
 *
 * Thread: any; a checker belongs to one thread at a time.
 */
#ifndef SX_SOAP_PAYLOAD_H
#define SX_SOAP_PAYLOAD_H

#include "base/buffer.h"
#include "soap/envelope.h"

struct sx_payload {
    char *bytes; /* malloc'ed */
    size_t len;
    size_t rewritten_bytes;     /* what servers make of it, at most */
    const struct sx_scan *scan; /* the checker's, valid until it is used again */
    bool is_loose;      /* packed and too large for a stanza: no element, the packed bytes */
    enum sx_form form;  /* of those */
    const char *sha256; /* of those, in hex, if somebody knows it (sender.h); borrowed */
};

/* What goes along with a packed envelope; NULL or "" for none. */
struct sx_payload_marks {
    const char *action;      /* soapAction */
    const char *traceparent; /* valid (traceparent.h) */
};

void sx_payload_fini(struct sx_payload *payload); /* frees, zeroes */

/* Each makes the payload of an envelope, SX_OK; SX_EUNCARRIABLE, SX_EDEPTH or SX_ETOOBIG with "byte
 * 12: ..." in why, SX_ENOMEM; payload is untouched then. action: the soapAction to carry, NULL or
 * "" for none; traceparent likewise, as a header block. */
enum sx_err sx_payload_plain(struct sx_payload *payload, struct sx_checker *checker,
                             const char *envelope, size_t len, const char *action,
                             const char *traceparent, char *why, size_t why_bytes);
enum sx_err sx_payload_packed(struct sx_payload *payload, struct sx_checker *checker,
                              const char *envelope, size_t len, const char *action,
                              size_t max_element_bytes, char *why, size_t why_bytes);

/* Whether a loose payload would be an element of so many bytes, with its iq; and that element,
 * another payload. SX_ENOMEM: that is untouched. */
bool sx_payload_may_join(const struct sx_payload *loose, size_t max_element_bytes);
enum sx_err sx_payload_join(const struct sx_payload *loose, const struct sx_payload_marks *marks,
                            struct sx_payload *element);

/* Adds a traceparent to a reference. Errors show in reference->failed. */
void sx_payload_add_traceparent(struct sx_buffer *reference, const char *traceparent);

/* Appends the reference to so many packed bytes. Errors show in out->failed. */
void sx_payload_refer(struct sx_buffer *out, enum sx_form form, const char *action,
                      const char *transfer, size_t size, const char *sha256);

/* Whether these bytes are a packed payload or a reference, made by the functions above. */
bool sx_payload_is_packed(const char *bytes);

/* The plain payload in the place of a packed one (NUL-terminated), without its action; errors as
 * above. */
enum sx_err sx_payload_unpacked(struct sx_payload *payload, struct sx_checker *checker,
                                const char *packed, size_t max_bytes, char *why, size_t why_bytes);

/* Whether these bytes are a reference; the same of one, and the packed bytes that it refers to. */
bool sx_payload_is_reference(const char *bytes);
enum sx_err sx_payload_unpacked_loose(struct sx_payload *payload, struct sx_checker *checker,
                                      const char *reference, const char *packed, size_t len,
                                      size_t max_bytes, char *why, size_t why_bytes);

/* The form that a <packed/> names in its attribute (NULL: none there): SX_FORM_PLAIN if it is none
 * that we know. */
enum sx_form sx_payload_form(const char *attribute);

#endif
