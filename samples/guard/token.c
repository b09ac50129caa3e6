/* token.c - a UsernameToken with a digest, and a Timestamp.
 *
 * gSOAP's wsse plugin compares digests, and keeps the nonce of each one that was right, in the text
 * that it came in, until the token is nine minutes old. So it takes a token again whose nonce is
 * written in another way, keeps nonces of any length, and lets a message pass without a Timestamp,
 * its end, or a digest. Here everything has one form and one length, and the plugin verifies only
 * tokens that name the user.
 *
 * The digest is SHA-1 of nonce, time and secret, one behind the other: if their lengths weren't
 * fixed, bytes could move from one to the next, and the digest would stay the same.
 */
#include "token.h"

#include <string.h>

#include "soapH.h"
#include "wsseapi.h"

/* 20 bytes in base64, as the plugin's clients write nonces and everybody writes SHA-1: 27
 * characters of which the last has two bits of zero, and one to fill up. */
static int is_canonical(const char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return text && strlen(text) == 28 && strspn(text, alphabet) == 27 &&
           strchr("AEIMQUYcgkosw048", text[26]) && text[27] == '=';
}

/* 2030-12-31T23:59:59Z */
static int is_time(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    size_t i;
    if (!text || strlen(text) != strlen(form))
        return 0;
    for (i = 0; form[i]; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return 0;
    return 1;
}

static int is_uri(const char *text, const char *uri)
{
    return text && strcmp(text, uri) == 0;
}

static int has_form(const struct _wsse__UsernameToken *token)
{
    const struct _wsse__Password *password = token->Password;
    const struct wsse__EncodedString *nonce = token->Nonce;
    return password && is_uri(password->Type, wsse_PasswordDigestURI) &&
           is_canonical(password->__item) && nonce && is_canonical(nonce->__item) &&
           (!nonce->EncodingType || is_uri(nonce->EncodingType, wsse_Base64BinaryURI)) &&
           is_time(token->wsu__Created);
}

/* No digest covers the Timestamp: it keeps out a message that is late, not one that was changed.
 * How old a token may be depends on the time inside of it, which the plugin looks at. */
static int verify_timestamp(struct soap *soap)
{
    const struct _wsu__Timestamp *timestamp = soap_wsse_Timestamp(soap);
    if (!timestamp || !is_time(timestamp->Created) || !is_time(timestamp->Expires))
        return soap_wsse_fault(soap, wsse__InvalidSecurity, "a Timestamp with an end is wanted");
    return soap_wsse_verify_Timestamp(soap);
}

const char *token_user(struct soap *soap, const char *user, const char *secret)
{
    const struct _wsse__UsernameToken *token = soap_wsse_UsernameToken(soap, NULL);
    if (verify_timestamp(soap))
        return NULL;
    if (!token || !token->Username || strcmp(token->Username, user) != 0 || !has_form(token)) {
        (void)soap_wsse_fault(soap, wsse__FailedAuthentication, NULL);
        return NULL;
    }
    return soap_wsse_verify_Password(soap, secret) ? NULL : token->Username;
}
