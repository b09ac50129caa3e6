/* sasl.h - who we are, proved to the server by one of the mechanisms that it offers (RFC 6120 6).
 *
 * Noun: the SASL exchange of one stream. A machine without I/O and without a clock: it is shown
 * what the server says, and says what to send. Text is base64, as it stands in the elements.
 *
 * Invariant: with SCRAM nothing is DONE unless the server has proved that it knows the password.
 *
 * Happy path: begin -> SEND; challenge -> HASH, HASH ... SEND; success -> DONE.
 * Failure: END with err and why, one clause with its subject; without why the server's own
 * condition says it all. Errors are SX_EAUTH, SX_EPROTOCOL, SX_ENOMEM. PLAIN alone after a login by
 * SCRAM is SX_EPROTOCOL: it isn't our server, which may be back the next time.
 *
 * Thread: one at a time. Nothing blocks; a hash step takes a few milliseconds.
 */
#ifndef SX_NET_SASL_H
#define SX_NET_SASL_H

#include "net/salted_password.h"
#include "net/sasl_offer.h"
#include "net/scram.h"

/* What isn't tried once more. */
struct sx_sasl_refused {
    unsigned mechanisms; /* a set */
    bool is_typed;       /* the password as it was typed, by PLAIN */
};

/* What a link keeps from one login to the next; zero at first. It is of one account. origin tells
 * one password from another; it is easier to guess from than salted, and wiped like it. */
struct sx_sasl_memory {
    unsigned char salted[SX_SALTED_PASSWORD_BYTES];
    size_t salted_len;              /* 0: none */
    unsigned char origin[32];       /* of salted: hash, salt, iterations and password, hashed */
    bool has_scram;                 /* a login by SCRAM succeeded */
    bool has_binding;               /* the last of these was a -PLUS */
    size_t hash_len;                /* its hash's */
    struct sx_sasl_refused refused; /* what came in its place has had no answer yet */
    bool wants_prepared; /* PLAIN was refused with the password as typed, not as prepared */
};

enum sx_sasl_step {
    SX_SASL_SEND, /* text, as <auth mechanism=''/> or <response/> */
    SX_SASL_HASH, /* sx_sasl_hash is due */
    SX_SASL_DONE,
    SX_SASL_END
};

struct sx_sasl {
    /* set by the owner, the rest zero */
    const struct sx_sasl_account *account;
    struct sx_sasl_memory *memory;
    const struct sx_sasl_channel *channel;
    /* told */
    struct sx_sasl_choice choice; /* once begun */
    struct sx_buffer text;        /* after SEND: base64, "=" for none at all in <auth/>, or "" */
    bool has_proof;               /* the server knows the password */
    enum sx_err err;              /* after END */
    char why[320];
    char note[160]; /* after DONE, what is weaker than the last time; "": nothing */
    /* its own */
    struct sx_sasl_offer offer;
    struct sx_scram scram;
    struct sx_salted_password salted;
    struct sx_sasl_refused refused;
    unsigned stage, challenges;
};

/* For the features of a stream that isn't authenticated. */
enum sx_sasl_step sx_sasl_begin(struct sx_sasl *sasl, const struct sx_sasl_offer *offer);

/* The text of a <challenge/>, of a <success/>; "" if it has none. */
enum sx_sasl_step sx_sasl_challenge(struct sx_sasl *sasl, const char *text);
enum sx_sasl_step sx_sasl_success(struct sx_sasl *sasl, const char *text);

/* After DONE: the channel binding that the login is bound by, as SCRAM names it; NULL: none. */
const char *sx_sasl_binding_name(const struct sx_sasl *sasl);

/* One slice of hashing: HASH, SEND or END. */
enum sx_sasl_step sx_sasl_hash(struct sx_sasl *sasl);

/* A <failure/>. is_refusal: what we sent wasn't accepted (not-authorized, malformed-request,
 * invalid-mechanism and so on, anything but temporary-auth-failure). Then SEND, once for each: what
 * goes without channel binding, if it was with one that the server hadn't named and this link never
 * logged in with one; what the password serves, if it was the certificate; the prepared password by
 * PLAIN, if it was the typed one. If the stream is lost before the answer, the next one begins with
 * that. Else END without why, and the salted password is wiped. */
enum sx_sasl_step sx_sasl_failure(struct sx_sasl *sasl, bool is_refusal);

/* Wipes. */
void sx_sasl_fini(struct sx_sasl *sasl);
void sx_sasl_memory_wipe(struct sx_sasl_memory *memory);

#endif
