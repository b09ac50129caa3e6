/* negotiation.h - what the server says about the stream itself: features, their limits, errors.
 *
 * Noun: the negotiation. Readers without I/O and without a state of their own; what login.c and
 * later the connection make of it is theirs.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NET_NEGOTIATION_H
#define SX_NET_NEGOTIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "net/sasl.h"
#include "wire/element.h"
#include "wire/fact.h"

#define SX_NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define SX_NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define SX_NS_TLS  "urn:ietf:params:xml:ns:xmpp-tls"

enum { SX_NEGOTIATION_HOST_BYTES = 300 };

/* A condition with its text, as RFC 6120 has them in many places; both "" if there is none. */
struct sx_negotiation_condition {
    char name[48], text[128];
};

/* What a stream has told, each time the newest. All zero before the first stanza. */
struct sx_negotiation {
    struct sx_negotiation_condition error;      /* of a <stream:error/> (RFC 6120 4.9.3) */
    char other_host[SX_NEGOTIATION_HOST_BYTES]; /* of <see-other-host/> (4.9.3.19) */
    /* What the server announced last (XEP-0478), 0: nothing */
    uint32_t server_max_bytes; /* of a stanza of ours */
    uint32_t server_idle_s;    /* silence of ours after which it may ask, or leave */
};

/* The condition in an element. uri: its namespace. */
void sx_negotiation_read_condition(const struct sx_element *element, const char *uri,
                                   struct sx_negotiation_condition *condition);

/* Records what <stream:error/> and the limits in <stream:features/> (XEP-0478) tell; of other
 * stanzas nothing. SX_ESTREAM, with *why one clause: an error without a condition. */
enum sx_err sx_negotiation_read(struct sx_negotiation *negotiation, const struct sx_element *stanza,
                                const char **why);

/* Appends a fact "stream.feature" for each feature's namespace, up to 100. */
void sx_negotiation_note_features(const struct sx_element *features, struct sx_facts *facts);

/* The SASL mechanisms (RFC 6120 6.4.1) and channel bindings (XEP-0440) of <stream:features/>. */
void sx_negotiation_read_offer(const struct sx_element *features, struct sx_sasl_offer *offer);

#endif
