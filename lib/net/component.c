/* component.c - a component's proof that it knows its secret, and what its server's refusals mean.
 *
 * Failure: no memory for the hash. The server's refusal is a stream error.
 */
#include "net/component.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/hex.h"

bool sx_component_prove(const char *id, const char *secret, char out[SX_COMPONENT_HANDSHAKE_BYTES])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool made = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, id, strlen(id)) == 1 &&
                EVP_DigestUpdate(ctx, secret, strlen(secret)) == 1 &&
                EVP_DigestFinal_ex(ctx, digest, &len) == 1;
    EVP_MD_CTX_free(ctx);
    if (made)
        sx_hex_format(digest, len, out);
    OPENSSL_cleanse(digest, sizeof digest);
    return made;
}

static const struct refusal {
    const char *condition;
    enum sx_err err;
    const char *clause;
} refusals[] = {
    {"not-authorized", SX_EAUTH, "the server knows another secret for it, or none"},
    {"conflict", SX_ESTREAM, "another process holds it"},
    {"host-unknown", SX_EMISDIRECTED, "there is no such component at that port"},
    {"invalid-namespace", SX_EMISDIRECTED, "this is no port for components"},
};

static const struct refusal *find_refusal(const char *condition)
{
    static const struct refusal other = {"", SX_ESTREAM, ""};
    size_t i;
    for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (strcmp(refusals[i].condition, condition) == 0)
            return &refusals[i];
    return &other;
}

enum sx_err sx_component_judge_login(const char *condition)
{
    return find_refusal(condition)->err;
}

const char *sx_component_explain_login(const char *condition)
{
    return find_refusal(condition)->clause;
}
