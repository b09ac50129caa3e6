/* sasl_offer.h - what a server offers to log in by, and what of it is taken.
 *
 * Noun: the offer of one stream. No I/O.
 *
 * Invariant: what is chosen is offered, allowed, served by a credential, and sends no password
 * where others may read it (may_send_password). -PLUS is chosen with its binding's data alone.
 *
 * Channel bindings: -PLUS is taken if the server names a type that we have (XEP-0440). If it names
 * none at all, tls-unique is what servers mean, where TLS has it; nothing else is guessed, since
 * each wrong guess is a failed login in the server's log.
 *
 * Happy path: choose -> mechanism, header, binding. Failure: nothing will do: false, and explain
 * says why.
 * Thread: one at a time. Nothing blocks.
 */
#ifndef SX_NET_SASL_OFFER_H
#define SX_NET_SASL_OFFER_H

#include "config/mechanism.h"
#include "net/binding.h"

enum { SX_SASL_NAMES_BYTES = 128, SX_SASL_HEADER_BYTES = 40 };

/* Who logs in; lives as long as the exchange. */
struct sx_sasl_account {
    const char *user;     /* the JID's node, prepared */
    const char *password; /* prepared; "": there is none */
    const char *typed;    /* as the program gave it; NULL: the same */
    bool has_certificate;
    unsigned mechanisms; /* those that may be used: a set of mechanism.h */
};

/* The stream that it happens on. */
struct sx_sasl_channel {
    bool may_send_password; /* TLS, or nobody but this machine listens */
    bool has_tls;
    /* Writes the data of a binding; false: it has none. Not called without TLS. */
    bool (*read_binding)(enum sx_binding binding, unsigned char out[SX_BINDING_BYTES], size_t *len);
};

/* What the server offers. */
struct sx_sasl_offer {
    unsigned mechanisms;             /* those of them that we know, a set */
    bool has_bindings;               /* it names channel bindings */
    unsigned bindings;               /* those of them that we know, by 1 << enum sx_binding */
    char names[SX_SASL_NAMES_BYTES]; /* of all mechanisms, for people; cut */
};

/* What is taken of it. */
struct sx_sasl_choice {
    enum sx_mechanism mechanism;
    bool is_bound;                        /* it is a -PLUS: */
    enum sx_binding binding;              /* by this, */
    unsigned char data[SX_BINDING_BYTES]; /* whose data these are */
    size_t data_len;
    char header[SX_SASL_HEADER_BYTES]; /* GS2's, of SCRAM (RFC 5802 6): "n,,", "p=tls-exporter,," */
};

/* The best of the offer. refused: those that the server has refused on this stream. False: nothing
 * will do; *choice means nothing then. */
bool sx_sasl_offer_choose(const struct sx_sasl_offer *offer, const struct sx_sasl_account *account,
                          const struct sx_sasl_channel *channel, unsigned refused,
                          struct sx_sasl_choice *choice);

/* What is wrong with an offer that has nothing for us: one clause, with what is offered and what we
 * have. */
void sx_sasl_offer_explain(const struct sx_sasl_offer *offer, const struct sx_sasl_account *account,
                           char *why, size_t why_bytes);

#endif
