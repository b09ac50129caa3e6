/* token.c - a WS-Security UsernameToken with a digest of the password (OASIS UsernameToken 1.0).
 *
 * Invariant: the password itself never leaves; Digest = Base64(SHA-1(nonce + created + password)).
 */
#include "token.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { NONCE_BYTES = 16, DIGEST_BYTES = 20, BASE64_BYTES = 32, CREATED_BYTES = 32 };

#define WSS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"

static int digest(const unsigned char nonce[NONCE_BYTES], const char *created, const char *password,
                  char out[BASE64_BYTES])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) &&
               EVP_DigestUpdate(context, nonce, NONCE_BYTES) &&
               EVP_DigestUpdate(context, created, strlen(created)) &&
               EVP_DigestUpdate(context, password, strlen(password)) &&
               EVP_DigestFinal_ex(context, hash, NULL);
    EVP_MD_CTX_free(context);
    if (done)
        EVP_EncodeBlock((unsigned char *)out, hash, DIGEST_BYTES);
    return done ? 0 : -1;
}

int token_write(const char *user, const char *password, struct ct_text *out)
{
    unsigned char nonce[NONCE_BYTES];
    char digested[BASE64_BYTES], encoded[BASE64_BYTES], created[CREATED_BYTES];
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce ||
        digest(nonce, created, password, digested))
        return -1;
    EVP_EncodeBlock((unsigned char *)encoded, nonce, NONCE_BYTES);
    ct_text_put(out,
                "<wsse:Security xmlns:wsse=\"" WSS "wssecurity-secext-1.0.xsd\" xmlns:wsu=\"" WSS
                "wssecurity-utility-1.0.xsd\"><wsse:UsernameToken><wsse:Username>");
    ct_text_put_xml(out, user);
    ct_text_print(out,
                  "</wsse:Username><wsse:Password Type=\"" WSS
                  "username-token-profile-1.0#PasswordDigest\">%s</wsse:Password><wsse:Nonce "
                  "EncodingType=\"" WSS
                  "soap-message-security-1.0#Base64Binary\">%s</wsse:Nonce><wsu:Created>%s"
                  "</wsu:Created></wsse:UsernameToken></wsse:Security>",
                  digested, encoded, created);
    return 0;
}
