/* negotiation.h - what the server says during the login: TLS, SASL, features, binding, stream
 * errors.
 *
 * Noun: the negotiation. A machine without I/O: it is shown each stanza that is about the stream
 * itself, and during the login every one, before libstrophe gets it.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NET_NEGOTIATION_H
#define SX_NET_NEGOTIATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "wire/element.h"

/* What a login has found, each time the newest. All zero before the first stanza. */
struct sx_login {
    bool authenticated;                /* <success/> came */
    bool bound;                        /* a resource was (RFC 6120 7) */
    bool offers_sasl, offers_external; /* mechanisms in the newest features that list any */
    char sasl_condition[48];           /* of the last <failure/> (RFC 6120 6.5), "": none came */
    char sasl_text[128];
    char bind_condition[48]; /* why the resource wasn't bound (RFC 6120 7.7.2) */
    char bind_text[128];
    char stream_condition[48]; /* of a <stream:error/> (RFC 6120 4.9.3) */
    char stream_text[128];
    unsigned challenges;
    unsigned long iterations; /* of SCRAM, of all challenges together */
    /* What the server announced last (XEP-0478), 0: nothing */
    uint32_t server_max_bytes; /* of a stanza of ours */
    uint32_t server_idle_s;    /* silence of ours after which it may ask, or leave */
};

/* Records what the features with their limits (XEP-0478), <success/>, <failure/> (RFC 6120 6), a
 * refused <bind/> (7.7.2) and <stream:error/> (4.9) tell. SX_OK: give the stanza to libstrophe.
 * SX_ESTREAM, SX_EPROTOCOL, SX_ETLS, SX_ENOMEM, with *why one clause: libstrophe 0.12.2 would crash
 * on it, or be kept busy, or wait in vain. */
enum sx_err sx_negotiation_inspect(struct sx_login *login, const struct sx_element *stanza,
                                   const char **why);

/* Whether libstrophe begins the TLS handshake with this stanza. */
bool sx_negotiation_begins_tls(const struct sx_login *login, const struct sx_element *stanza);

#endif
