/* scram.h - the client's side of SCRAM (RFC 5802, RFC 7677), one exchange.
 *
 * Noun: the exchange. A machine without I/O, which reads and writes messages without base64.
 *
 * Invariant: a proof is made only for a challenge that has our nonce in it, a salt, and a number of
 * iterations within the bounds. The exchange has proved something about the server only once its
 * signature was right.
 *
 * Happy path: begin (client-first) -> read_first (server-first) -> [salted password] -> prove
 * (client-final) -> read_last (server-final) -> fini, which wipes.
 * Failure: SX_EPROTOCOL and SX_EAUTH with why, one clause; SX_ENOMEM.
 * Thread: one at a time. Nothing takes long: the hashing is salted_password.h's.
 */
#ifndef SX_NET_SCRAM_H
#define SX_NET_SCRAM_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/fault.h"

enum {
    SX_SCRAM_NONCE_BYTES = 33, /* with NUL */
    SX_SCRAM_SALT_BYTES = 256,
    SX_SCRAM_LEAST_ITERATIONS = 4096, /* RFC 5802 5.1, RFC 7677 4 */
    SX_SCRAM_MOST_ITERATIONS = 1000000
};

struct sx_scram {
    const char *hash;                 /* "SHA1", "SHA256", "SHA512" */
    char nonce[SX_SCRAM_NONCE_BYTES]; /* ours; "": begin makes one */
    struct sx_buffer binding;         /* the gs2 header and the binding's data: what c= says */
    struct sx_buffer messages;        /* AuthMessage, as far as it has come */
    struct sx_buffer nonces;          /* ours and the server's: what r= says */
    unsigned char salt[SX_SCRAM_SALT_BYTES];
    size_t salt_len;
    unsigned long iterations;
    unsigned char signature[EVP_MAX_MD_SIZE]; /* the server's has to be this */
    size_t signature_len;
    char why[128];
};

/* Adds client-first-message to out. header: "n,,", "y,," or "p=TYPE,,", the latter with the
 * binding's data. user: prepared, without escapes. */
enum sx_err sx_scram_begin(struct sx_scram *scram, const char *hash, const char *user,
                           const char *header, const void *data, size_t data_len,
                           struct sx_buffer *out);

/* Takes server-first-message: salt, salt_len and iterations are set. */
enum sx_err sx_scram_read_first(struct sx_scram *scram, const char *message);

/* Adds client-final-message to out. salted: the salted password, as long as the hash is. */
enum sx_err sx_scram_prove(struct sx_scram *scram, const unsigned char *salted,
                           struct sx_buffer *out);

/* Takes server-final-message: SX_OK if its signature is right. */
enum sx_err sx_scram_read_last(struct sx_scram *scram, const char *message);

void sx_scram_fini(struct sx_scram *scram);

#endif
