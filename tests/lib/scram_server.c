/* scram_server.c - SCRAM with OpenSSL's primitives, from the password alone.
 *
 * Invariant: nothing of the library's is used, neither its SASL nor its hashing: what both do wrong
 * in the same way would never be found.
 *
 * Happy path: begin: client-first -> nonce -> server-first. end: client-final -> channel binding,
 * nonce, proof -> server-final. Failure modes: told in why; the owner says not-authorized or hangs
 * up.
 */
#include "scram_server.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 2 * SCRAM_SERVER_TEXT_BYTES };

#define PLUS "-PLUS"

struct block {
    unsigned char bytes[BLOCK_BYTES];
    size_t len;
};

static bool fail(struct scram_server *server, const char *why)
{
    server->why = why;
    return false;
}

static const EVP_MD *find_hash(const char *mechanism)
{
    static const struct {
        const char *prefix, *hash;
    } hashes[] = {
        {"SCRAM-SHA-1", "SHA1"}, {"SCRAM-SHA-256", "SHA256"}, {"SCRAM-SHA-512", "SHA512"}};
    size_t i;
    for (i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        size_t len = strlen(hashes[i].prefix);
        const char *rest = mechanism + len;
        if (strncmp(mechanism, hashes[i].prefix, len) == 0 && (!*rest || strcmp(rest, PLUS) == 0))
            return EVP_get_digestbyname(hashes[i].hash);
    }
    return NULL;
}

static bool wants_binding(const struct scram_server *server)
{
    size_t len = strlen(server->mechanism);
    return len > strlen(PLUS) && strcmp(server->mechanism + len - strlen(PLUS), PLUS) == 0;
}

/* Copies the value of an attribute ("r="), which ends with a comma; false if there is none. */
static bool find_value(const char *message, const char *name, char *out, size_t out_bytes)
{
    while (strncmp(message, name, strlen(name)) != 0) {
        message = strchr(message, ',');
        if (!message)
            return false;
        message++;
    }
    message += strlen(name);
    return snprintf(out, out_bytes, "%.*s", (int)strcspn(message, ","), message) < (int)out_bytes;
}

static bool decode(const char *base64, struct block *out)
{
    size_t len = strlen(base64), padding = 0;
    int n;
    if (len / 4 * 3 > sizeof out->bytes)
        return false;
    n = EVP_DecodeBlock(out->bytes, (const unsigned char *)base64, (int)len);
    while (padding < len && base64[len - 1 - padding] == '=')
        padding++;
    if (n < 0 || padding > 2)
        return false;
    out->len = (size_t)n - padding;
    return true;
}

/* Replaces name in text. */
static void fill_in(const char *text, const char *name, const char *value, struct sx_buffer *out)
{
    const char *found;
    for (; (found = strstr(text, name)); text = found + strlen(name)) {
        sx_buffer_add(out, text, (size_t)(found - text));
        sx_buffer_add_text(out, value);
    }
    sx_buffer_add_text(out, text);
}

/* ---- the first half ---- */

/* n,, or y,, or p=TYPE,, each with a=... allowed between the commas (RFC 5802 7). */
static const char *read_gs2(struct scram_server *server, const char *message)
{
    const char *comma = strchr(message, ','), *bare = comma ? strchr(comma + 1, ',') : NULL;
    bool binds = strncmp(message, "p=", 2) == 0;
    if (!bare || (!binds && comma != message + 1) || !strchr("nyp", *message) ||
        binds != wants_binding(server))
        return NULL;
    bare++;
    if (snprintf(server->gs2, sizeof server->gs2, "%.*s", (int)(bare - message), message) >=
        (int)sizeof server->gs2)
        return NULL;
    return bare;
}

bool scram_server_begin(struct scram_server *server, const char *mechanism,
                        const char *client_first, struct sx_buffer *out)
{
    const char *first = server->script->first, *bare;
    struct sx_buffer made = {0};
    char nonce[256];
    snprintf(server->mechanism, sizeof server->mechanism, "%s", mechanism);
    if (!find_hash(mechanism))
        return fail(server, "no such mechanism");
    bare = read_gs2(server, client_first);
    if (!bare)
        return fail(server, "the client's GS2 header is none for the mechanism");
    if (strncmp(bare, "n=", 2) != 0 || !find_value(bare, "r=", nonce, sizeof nonce) || !*nonce)
        return fail(server, "the client's first message has no user or no nonce");
    fill_in(first ? first : "r=$NONCEserver,s=c2FsdHNhbHQ=,i=4096", "$NONCE", nonce, &made);
    if (made.failed)
        abort();
    snprintf(server->bare, sizeof server->bare, "%s", bare);
    snprintf(server->first, sizeof server->first, "%s", made.bytes);
    sx_buffer_add(out, made.bytes, made.len);
    sx_buffer_fini(&made);
    return true;
}

/* ---- the second half ---- */

/* c= is the GS2 header with the channel binding's data behind it (RFC 5802 7). */
static bool is_bound(const struct scram_server *server, const char *client_final)
{
    unsigned char data[SCRAM_SERVER_BINDING_BYTES] = {0};
    char base64[1024], type[64];
    struct block input;
    size_t gs2_len = strlen(server->gs2), len = 0;
    if (!find_value(client_final, "c=", base64, sizeof base64) || !decode(base64, &input))
        return false;
    if (wants_binding(server)) {
        find_value(server->gs2, "p=", type, sizeof type);
        if (!server->binding || !server->binding(server->user, type, data, &len))
            return false;
    }
    return input.len == gs2_len + len && memcmp(input.bytes, server->gs2, gs2_len) == 0 &&
           memcmp(input.bytes + gs2_len, data, len) == 0;
}

static void authenticate(const EVP_MD *hash, const struct block *key, const char *text,
                         struct block *out)
{
    unsigned len;
    if (!HMAC(hash, key->bytes, (int)key->len, (const unsigned char *)text, strlen(text),
              out->bytes, &len))
        abort();
    out->len = len;
}

static bool salt_password(const struct scram_server *server, const EVP_MD *hash, struct block *out)
{
    const char *password = server->script->password ? server->script->password : "secret";
    char salt_text[256], iterations[32];
    struct block salt;
    out->len = (size_t)EVP_MD_get_size(hash);
    return find_value(server->first, "s=", salt_text, sizeof salt_text) &&
           find_value(server->first, "i=", iterations, sizeof iterations) &&
           decode(salt_text, &salt) &&
           PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt.bytes, (int)salt.len,
                             atoi(iterations), hash, (int)out->len, out->bytes) == 1;
}

/* ClientProof is ClientKey XOR HMAC(H(ClientKey), AuthMessage). */
static bool is_proven(const EVP_MD *hash, const struct block *salted, const char *auth_message,
                      const char *proof_text)
{
    struct block client_key, stored_key, signature, proof;
    unsigned len;
    size_t i;
    authenticate(hash, salted, "Client Key", &client_key);
    if (!EVP_Digest(client_key.bytes, client_key.len, stored_key.bytes, &len, hash, NULL))
        abort();
    stored_key.len = len;
    authenticate(hash, &stored_key, auth_message, &signature);
    if (!decode(proof_text, &proof) || proof.len != client_key.len)
        return false;
    for (i = 0; i < proof.len; i++)
        proof.bytes[i] ^= signature.bytes[i];
    return CRYPTO_memcmp(proof.bytes, client_key.bytes, proof.len) == 0;
}

static void sign(const EVP_MD *hash, const struct block *salted, const char *auth_message,
                 char *out)
{
    struct block server_key, signature;
    authenticate(hash, salted, "Server Key", &server_key);
    authenticate(hash, &server_key, auth_message, &signature);
    EVP_EncodeBlock((unsigned char *)out, signature.bytes, (int)signature.len);
}

bool scram_server_end(struct scram_server *server, const char *client_final, struct sx_buffer *out)
{
    const char *last = server->script->last, *proof = strstr(client_final, ",p=");
    const EVP_MD *hash = find_hash(server->mechanism);
    char nonce[SCRAM_SERVER_TEXT_BYTES], expected[SCRAM_SERVER_TEXT_BYTES];
    char signature[2 * EVP_MAX_MD_SIZE], auth_message[BLOCK_BYTES];
    struct block salted;
    if (!proof)
        return fail(server, "the client's final message has no proof");
    if (!find_value(client_final, "r=", nonce, sizeof nonce) ||
        !find_value(server->first, "r=", expected, sizeof expected) || strcmp(nonce, expected) != 0)
        return fail(server, "the client's nonce is another");
    if (!is_bound(server, client_final))
        return fail(server, "the client's channel binding is wrong");
    snprintf(auth_message, sizeof auth_message, "%s,%s,%.*s", server->bare, server->first,
             (int)(proof - client_final), client_final);
    if (!salt_password(server, hash, &salted) ||
        !is_proven(hash, &salted, auth_message, proof + strlen(",p=")))
        return fail(server, "the client's proof is wrong");
    sign(hash, &salted, auth_message, signature);
    fill_in(last ? last : "v=$SIGNATURE", "$SIGNATURE", signature, out);
    return true;
}
