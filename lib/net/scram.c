/* scram.c - SCRAM's four messages, the proof and the signature.
 *
 * Invariant: messages holds client-first-message-bare, then ",server-first-message", then
 * ",client-final-message-without-proof", as they went over the wire.
 *
 * Failure: what a server says and must not is told by what it is; nothing of the password is ever
 * in why.
 */
#include "net/scram.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/random.h"

enum { RANDOM_BYTES = 24 /* 32 letters */, DIGITS = 10, SHOWN_DIGITS = 20, ERROR_LETTERS = 40 };

_Static_assert(RANDOM_BYTES / 3 * 4 + 1 == SX_SCRAM_NONCE_BYTES, "a nonce is whole groups");

static enum sx_err refuse(struct sx_scram *scram, const char *why)
{
    snprintf(scram->why, sizeof scram->why, "%s", why);
    return SX_EPROTOCOL;
}

/* ---- client-first-message ---- */

static bool make_nonce(struct sx_scram *scram)
{
    struct sx_buffer letters = {0};
    char bytes[RANDOM_BYTES];
    if (scram->nonce[0])
        return true;
    if (!sx_random_fill(bytes, sizeof bytes))
        return false;
    sx_base64_add(&letters, bytes, sizeof bytes);
    if (!letters.failed)
        memcpy(scram->nonce, letters.bytes, sizeof scram->nonce);
    sx_buffer_fini(&letters);
    return scram->nonce[0] != '\0';
}

/* saslname: RFC 5802 5.1 */
static void add_name(struct sx_buffer *out, const char *name)
{
    for (; *name; name++) {
        if (*name == '=')
            sx_buffer_add_text(out, "=3D");
        else if (*name == ',')
            sx_buffer_add_text(out, "=2C");
        else
            sx_buffer_add(out, name, 1);
    }
}

enum sx_err sx_scram_begin(struct sx_scram *scram, const char *hash, const char *user,
                           const char *header, const void *data, size_t data_len,
                           struct sx_buffer *out)
{
    scram->hash = hash;
    if (!make_nonce(scram))
        return SX_ENOMEM;
    sx_buffer_add_text(&scram->binding, header);
    sx_buffer_add(&scram->binding, data, data_len);
    sx_buffer_add_text(&scram->messages, "n=");
    add_name(&scram->messages, user);
    sx_buffer_add_format(&scram->messages, ",r=%s", scram->nonce);
    if (scram->binding.failed || scram->messages.failed)
        return SX_ENOMEM;
    sx_buffer_add_text(out, header);
    sx_buffer_add(out, scram->messages.bytes, scram->messages.len);
    return out->failed ? SX_ENOMEM : SX_OK;
}

/* ---- server-first-message ---- */

/* The value of the attribute that text begins with, and its end; NULL: it is another one. */
static const char *find_value(const char *text, char attribute, size_t *len)
{
    if (text[0] != attribute || text[1] != '=')
        return NULL;
    *len = strcspn(text + 2, ",");
    return text + 2;
}

static bool is_same(const char *value, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(value, word, len) == 0;
}

/* server-error-value (RFC 5802 7) is a word; anything else isn't repeated. */
static enum sx_err tell_error(struct sx_scram *scram, const char *value, size_t len)
{
    size_t word = strspn(value, "abcdefghijklmnopqrstuvwxyz-");
    bool is_word = len && word == len && len <= ERROR_LETTERS;
    bool is_ours = is_same(value, len, "invalid-proof") || is_same(value, len, "unknown-user");
    snprintf(scram->why, sizeof scram->why, "the server ended SCRAM with an error: %.*s",
             is_word ? (int)len : 7, is_word ? value : "unknown");
    return is_ours ? SX_EAUTH : SX_EPROTOCOL;
}

/* printable, without a comma: RFC 5802 7 */
static bool is_nonce(const char *value, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++)
        if (value[i] <= ' ' || value[i] > '~')
            return false;
    return true;
}

static enum sx_err read_nonces(struct sx_scram *scram, const char *value, size_t len)
{
    size_t own = strlen(scram->nonce);
    if (len < own || memcmp(value, scram->nonce, own) != 0)
        return refuse(scram, "the server's SCRAM nonce doesn't begin with ours");
    if (len == own)
        return refuse(scram, "the server's SCRAM nonce is ours alone");
    if (!is_nonce(value, len))
        return refuse(scram, "the server's SCRAM nonce isn't printable");
    sx_buffer_add(&scram->nonces, value, len);
    return scram->nonces.failed ? SX_ENOMEM : SX_OK;
}

static enum sx_err read_salt(struct sx_scram *scram, const char *value, size_t len)
{
    char letters[SX_SCRAM_SALT_BYTES];
    if (len == 0)
        return refuse(scram, "the server's SCRAM salt is empty");
    if (len > sizeof letters)
        return refuse(scram, "the server's SCRAM salt is longer than 256 letters");
    memcpy(letters, value, len);
    if (!sx_base64_decode(letters, len, &scram->salt_len) || scram->salt_len == 0)
        return refuse(scram, "the server's SCRAM salt is no base64");
    memcpy(scram->salt, letters, scram->salt_len);
    return SX_OK;
}

static enum sx_err read_iterations(struct sx_scram *scram, const char *value, size_t len)
{
    size_t digits = strspn(value, "0123456789");
    if (len == 0 || digits != len || value[0] == '0') {
        snprintf(scram->why, sizeof scram->why,
                 "the server's number of SCRAM iterations is none; allowed: %d to %d",
                 SX_SCRAM_LEAST_ITERATIONS, SX_SCRAM_MOST_ITERATIONS);
        return SX_EPROTOCOL;
    }
    scram->iterations = len > DIGITS ? ULONG_MAX : strtoul(value, NULL, 10);
    if (scram->iterations >= SX_SCRAM_LEAST_ITERATIONS &&
        scram->iterations <= SX_SCRAM_MOST_ITERATIONS)
        return SX_OK;
    snprintf(scram->why, sizeof scram->why,
             "the server wants %.*s%s iterations of SCRAM; allowed: %d to %d",
             (int)(len > SHOWN_DIGITS ? SHOWN_DIGITS : len), value, len > SHOWN_DIGITS ? "..." : "",
             SX_SCRAM_LEAST_ITERATIONS, SX_SCRAM_MOST_ITERATIONS);
    return SX_EPROTOCOL;
}

/* RFC 5802 5.1: whatever needs an extension that we don't know ends the exchange, in each place. */
static bool needs_extension(const char *message)
{
    return strncmp(message, "m=", 2) == 0 || strstr(message, ",m=");
}

enum sx_err sx_scram_read_first(struct sx_scram *scram, const char *message)
{
    static enum sx_err (*const readers[])(struct sx_scram *, const char *,
                                          size_t) = {read_nonces, read_salt, read_iterations};
    static const char attributes[] = "rsi";
    const char *text = message;
    size_t i, len;
    if (find_value(message, 'e', &len))
        return tell_error(scram, message + 2, len);
    if (needs_extension(message))
        return refuse(scram, "the server wants an extension of SCRAM (m=) that we don't know");
    for (i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        const char *value = find_value(text, attributes[i], &len);
        enum sx_err err =
            value ? readers[i](scram, value, len)
                  : refuse(scram, "the server's SCRAM challenge can't be read: it has no nonce, "
                                  "salt and iterations in this order");
        if (err)
            return err;
        text = value + len;
        text += *text == ',';
    }
    sx_buffer_add_format(&scram->messages, ",%s", message);
    return scram->messages.failed ? SX_ENOMEM : SX_OK;
}

/* ---- client-final-message ---- */

static bool hash_mac(const EVP_MD *hash, const unsigned char *key, size_t key_len, const void *text,
                     size_t len, unsigned char out[EVP_MAX_MD_SIZE])
{
    return HMAC(hash, key, (int)key_len, text, len, out, NULL) != NULL;
}

/* RFC 5802 3: the proof takes the place of client_key. */
static bool make_proof(struct sx_scram *scram, const EVP_MD *hash, const unsigned char *salted,
                       unsigned char proof[EVP_MAX_MD_SIZE])
{
    unsigned char stored[EVP_MAX_MD_SIZE], signature[EVP_MAX_MD_SIZE], server[EVP_MAX_MD_SIZE];
    size_t i, len = (size_t)EVP_MD_get_size(hash);
    bool made =
        hash_mac(hash, salted, len, "Client Key", 10, proof) &&
        EVP_Digest(proof, len, stored, NULL, hash, NULL) == 1 &&
        hash_mac(hash, stored, len, scram->messages.bytes, scram->messages.len, signature) &&
        hash_mac(hash, salted, len, "Server Key", 10, server) &&
        hash_mac(hash, server, len, scram->messages.bytes, scram->messages.len, scram->signature);
    for (i = 0; made && i < len; i++)
        proof[i] ^= signature[i];
    scram->signature_len = made ? len : 0;
    OPENSSL_cleanse(stored, sizeof stored);
    OPENSSL_cleanse(signature, sizeof signature); /* with the proof it is the client's key */
    OPENSSL_cleanse(server, sizeof server);
    return made;
}

enum sx_err sx_scram_prove(struct sx_scram *scram, const unsigned char *salted,
                           struct sx_buffer *out)
{
    const EVP_MD *hash = EVP_get_digestbyname(scram->hash);
    unsigned char proof[EVP_MAX_MD_SIZE];
    bool made;
    size_t begun = out->len;
    sx_buffer_add_text(out, "c=");
    sx_base64_add(out, scram->binding.bytes, scram->binding.len);
    sx_buffer_add_text(out, ",r=");
    sx_buffer_add(out, scram->nonces.bytes, scram->nonces.len);
    if (out->failed)
        return SX_ENOMEM;
    sx_buffer_add_text(&scram->messages, ",");
    sx_buffer_add(&scram->messages, out->bytes + begun, out->len - begun);
    made = hash && !scram->messages.failed && make_proof(scram, hash, salted, proof);
    if (made) {
        sx_buffer_add_text(out, ",p=");
        sx_base64_add(out, (const char *)proof, scram->signature_len);
    }
    OPENSSL_cleanse(proof, sizeof proof);
    return made && !out->failed ? SX_OK : SX_ENOMEM;
}

/* ---- server-final-message ---- */

enum sx_err sx_scram_read_last(struct sx_scram *scram, const char *message)
{
    char letters[2 * EVP_MAX_MD_SIZE];
    size_t len, count;
    const char *value = find_value(message, 'e', &len);
    if (value)
        return tell_error(scram, value, len);
    if (needs_extension(message))
        return refuse(scram, "the server wants an extension of SCRAM (m=) that we don't know");
    value = find_value(message, 'v', &len);
    if (!value || !scram->signature_len)
        return refuse(scram, "the server's SCRAM signature is missing: it hasn't proved that it "
                             "knows the password");
    if (len <= sizeof letters) {
        memcpy(letters, value, len);
        if (sx_base64_decode(letters, len, &count) && count == scram->signature_len &&
            CRYPTO_memcmp(letters, scram->signature, count) == 0)
            return SX_OK;
    }
    return refuse(scram, "the server's SCRAM signature is wrong: it doesn't know the password");
}

void sx_scram_fini(struct sx_scram *scram)
{
    sx_buffer_fini(&scram->binding);
    sx_buffer_fini(&scram->messages);
    sx_buffer_fini(&scram->nonces);
    OPENSSL_cleanse(scram, sizeof *scram);
}
