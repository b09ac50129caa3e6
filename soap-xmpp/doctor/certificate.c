/* certificate.c - invariant: certificate.h. A name that can't be read names nobody. */
#include "doctor/certificate.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_text(const ASN1_STRING *string, const char *text)
{
    size_t len = strlen(text);
    return (size_t)ASN1_STRING_length(string) == len &&
           strncasecmp((const char *)ASN1_STRING_get0_data(string), text, len) == 0;
}

/* The text of an otherName: an SRVName or an xmppAddr; NULL. */
static const ASN1_STRING *other_name(const GENERAL_NAME *name, int kind, int type)
{
    const ASN1_TYPE *value;
    if (name->type != GEN_OTHERNAME || OBJ_obj2nid(name->d.otherName->type_id) != kind)
        return NULL;
    value = name->d.otherName->value;
    return value && value->type == type ? value->value.asn1_string : NULL;
}

static bool is_other(const GENERAL_NAME *name, const char *domain, const char *ascii)
{
    char service[512];
    const ASN1_STRING *text = other_name(name, NID_XmppAddr, V_ASN1_UTF8STRING);
    if (text)
        return is_text(text, domain) || is_text(text, ascii);
    text = other_name(name, NID_SRVName, V_ASN1_IA5STRING);
    if (!text)
        return false;
    snprintf(service, sizeof service, "_xmpp-client.%s", ascii);
    if (is_text(text, service))
        return true;
    snprintf(service, sizeof service, "_xmpps-client.%s", ascii);
    return is_text(text, service);
}

bool certificate_names(X509 *certificate, const char *domain, const char *ascii)
{
    const unsigned flags =
        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    GENERAL_NAMES *names;
    unsigned char address[sizeof(struct in6_addr)];
    bool is_named = false;
    int i;
    if (inet_pton(AF_INET, ascii, address) == 1 || inet_pton(AF_INET6, ascii, address) == 1)
        return X509_check_ip_asc(certificate, ascii, 0) == 1;
    if (X509_check_host(certificate, ascii, 0, flags, NULL) == 1)
        return true;
    names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (i = 0; names && i < sk_GENERAL_NAME_num(names) && !is_named; i++)
        is_named = is_other(sk_GENERAL_NAME_value(names, i), domain, ascii);
    GENERAL_NAMES_free(names);
    return is_named;
}

void certificate_list(X509 *certificate, char *out, size_t out_bytes)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t len = 0;
    int i;
    out[0] = '\0';
    for (i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const ASN1_STRING *text = name->type == GEN_DNS ? name->d.dNSName : NULL;
        if (!text)
            text = other_name(name, NID_XmppAddr, V_ASN1_UTF8STRING);
        if (!text)
            text = other_name(name, NID_SRVName, V_ASN1_IA5STRING);
        if (!text)
            continue;
        if (len + (size_t)ASN1_STRING_length(text) + sizeof ", ..." >= out_bytes) {
            snprintf(out + len, out_bytes - len, "%s", len ? ", ..." : "...");
            break;
        }
        len += (size_t)snprintf(out + len, out_bytes - len, "%s%.*s", len ? ", " : "",
                                ASN1_STRING_length(text), ASN1_STRING_get0_data(text));
    }
    GENERAL_NAMES_free(names);
}

double certificate_left_seconds(X509 *certificate)
{
    int days = 0, seconds = 0;
    if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)))
        return 0;
    return days * 86400.0 + seconds;
}
