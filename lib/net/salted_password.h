/* salted_password.h - the password as SCRAM works with it: salted and hashed thousands of times.
 *
 * Noun: the salted password (RFC 5802 3, Hi(); PBKDF2 with a block of the hash's own length). It
 * takes long on purpose, so it is made in slices, between which the caller looks at its deadlines.
 *
 * Happy path: begin -> slice, slice, ... -> DONE -> bytes -> fini, which wipes.
 * Failure: no memory: begin false, slice SHORT.
 * Thread: one at a time. A slice is 18 million instructions at most (SHA-512; of SHA-1 half), a few
 * milliseconds.
 */
#ifndef SX_NET_SALTED_PASSWORD_H
#define SX_NET_SALTED_PASSWORD_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

enum { SX_SALTED_PASSWORD_BYTES = EVP_MAX_MD_SIZE, SX_SALTED_PASSWORD_SLICE = 2000 /* rounds */ };

/* All zero: nothing was begun. */
struct sx_salted_password {
    EVP_MAC_CTX *mac;                             /* keyed with the password */
    unsigned char last[SX_SALTED_PASSWORD_BYTES]; /* U(i) */
    unsigned char bytes[SX_SALTED_PASSWORD_BYTES];
    size_t len;
    unsigned long left; /* rounds */
};

/* hash: "SHA1", "SHA256", "SHA512". iterations: 1 or more. password and salt aren't kept. */
bool sx_salted_password_begin(struct sx_salted_password *salted, const char *hash,
                              const char *password, const unsigned char *salt, size_t salt_len,
                              unsigned long iterations);

enum sx_salted_password_state {
    SX_SALTED_PASSWORD_DONE, /* bytes, len long, are the salted password */
    SX_SALTED_PASSWORD_MORE,
    SX_SALTED_PASSWORD_SHORT /* memory is */
};
enum sx_salted_password_state sx_salted_password_slice(struct sx_salted_password *salted);

void sx_salted_password_fini(struct sx_salted_password *salted);

#endif
