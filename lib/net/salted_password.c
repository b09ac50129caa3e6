/* salted_password.c - PBKDF2 over OpenSSL's HMAC, a slice at a time.
 *
 * Invariant: bytes is the sum (XOR) of the rounds so far, last is the newest of them.
 *
 * Failure: OpenSSL fails for lack of memory alone, with hashes that it has.
 */
#include "net/salted_password.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

static EVP_MAC_CTX *new_mac(const char *hash, const char *password)
{
    char name[16]; /* a parameter points to what isn't const */
    OSSL_PARAM params[2];
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac); /* the context keeps it */
    snprintf(name, sizeof name, "%s", hash);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (ctx && EVP_MAC_init(ctx, (const unsigned char *)password, strlen(password), params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

/* RFC 5802 2.2: U1 is made of the salt and the number of the block, of which there is one. */
static bool make_first(struct sx_salted_password *salted, const unsigned char *salt,
                       size_t salt_len)
{
    static const unsigned char one[] = {0, 0, 0, 1};
    if (EVP_MAC_update(salted->mac, salt, salt_len) != 1 ||
        EVP_MAC_update(salted->mac, one, sizeof one) != 1 ||
        EVP_MAC_final(salted->mac, salted->last, &salted->len, sizeof salted->last) != 1)
        return false;
    memcpy(salted->bytes, salted->last, salted->len);
    return true;
}

bool sx_salted_password_begin(struct sx_salted_password *salted, const char *hash,
                              const char *password, const unsigned char *salt, size_t salt_len,
                              unsigned long iterations)
{
    sx_salted_password_fini(salted);
    salted->mac = new_mac(hash, password);
    salted->left = iterations - 1;
    return salted->mac && make_first(salted, salt, salt_len);
}

static bool make_next(struct sx_salted_password *salted)
{
    size_t i, len;
    if (EVP_MAC_init(salted->mac, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(salted->mac, salted->last, salted->len) != 1 ||
        EVP_MAC_final(salted->mac, salted->last, &len, sizeof salted->last) != 1)
        return false;
    for (i = 0; i < salted->len; i++)
        salted->bytes[i] ^= salted->last[i];
    return true;
}

enum sx_salted_password_state sx_salted_password_slice(struct sx_salted_password *salted)
{
    unsigned rounds;
    for (rounds = 0; salted->left && rounds < SX_SALTED_PASSWORD_SLICE; rounds++) {
        if (!make_next(salted))
            return SX_SALTED_PASSWORD_SHORT;
        salted->left--;
    }
    return salted->left ? SX_SALTED_PASSWORD_MORE : SX_SALTED_PASSWORD_DONE;
}

void sx_salted_password_fini(struct sx_salted_password *salted)
{
    EVP_MAC_CTX_free(salted->mac);
    OPENSSL_cleanse(salted, sizeof *salted);
}
