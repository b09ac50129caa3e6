/* identity.c - a certificate's subjectAltName, read name by name.
 *
 * Invariant: a name is compared with all of its bytes, so that one with a NUL inside is no name.
 * Letters are folded in ASCII alone, whatever the locale.
 *
 * Happy path: the extension is decoded -> each name of a known kind is compared. Failure: an
 * extension that can't be decoded, or stands there twice, names nobody.
 */
#include "net/identity.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESS_BYTES = 16, LISTED_NAME_BYTES = 80 };

/* A name of the certificate; or whom we look for. */
struct text {
    const char *bytes;
    size_t len;
};

/* Whom we look for. */
struct sought {
    struct text domain, ascii;
    unsigned char address[ADDRESS_BYTES];
    int address_len; /* 0: a name */
};

static struct text text_of(const char *text)
{
    return (struct text){text, strlen(text)};
}

static struct text text_in(const ASN1_STRING *string)
{
    return (struct text){(const char *)ASN1_STRING_get0_data(string),
                         (size_t)ASN1_STRING_length(string)};
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_equal(struct text a, struct text b)
{
    size_t i;
    if (a.len != b.len)
        return false;
    for (i = 0; i < a.len; i++)
        if (small(a.bytes[i]) != small(b.bytes[i]))
            return false;
    return true;
}

static struct text behind(struct text text, size_t len)
{
    return (struct text){text.bytes + len, text.len - len};
}

static bool begins_with(struct text text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && is_equal((struct text){text.bytes, len}, text_of(prefix));
}

/* What follows the first label of a host below a domain of two labels at least, with its dot. */
static struct text parent_of(struct text name)
{
    const char *dot = memchr(name.bytes, '.', name.len);
    struct text parent = {NULL, 0};
    if (!dot || dot == name.bytes)
        return parent;
    parent = behind(name, (size_t)(dot - name.bytes));
    return memchr(parent.bytes + 1, '.', parent.len - 1) ? parent : (struct text){NULL, 0};
}

static bool is_host(struct text name, const struct sought *sought)
{
    struct text parent;
    if (sought->address_len || !sought->ascii.len)
        return false;
    if (!begins_with(name, "*."))
        return is_equal(name, sought->ascii);
    parent = parent_of(sought->ascii);
    return parent.len && is_equal(behind(name, 1), parent);
}

/* RFC 4985, RFC 6120 13.7.1.2.1: of the services those that we ask for. */
static bool is_service(struct text name, const struct sought *sought)
{
    static const char *const services[] = {"_xmpp-client.", "_xmpps-client."};
    size_t i;
    if (sought->address_len || !sought->ascii.len)
        return false;
    for (i = 0; i < sizeof services / sizeof services[0]; i++)
        if (begins_with(name, services[i]))
            return is_equal(behind(name, strlen(services[i])), sought->ascii);
    return false;
}

static bool is_address(struct text name, const struct sought *sought)
{
    return sought->address_len && name.len == (size_t)sought->address_len &&
           memcmp(name.bytes, sought->address, name.len) == 0;
}

/* The text of an otherName of this kind and type; len 0: it is none. */
static struct text other_name(const GENERAL_NAME *name, int kind, int type)
{
    const ASN1_TYPE *value = name->d.otherName->value;
    if (OBJ_obj2nid(name->d.otherName->type_id) != kind || !value || value->type != type)
        return (struct text){NULL, 0};
    return text_in(value->value.asn1_string);
}

static bool is_sought(const GENERAL_NAME *name, const struct sought *sought)
{
    struct text other;
    switch (name->type) {
    case GEN_DNS:
        return is_host(text_in(name->d.dNSName), sought);
    case GEN_IPADD:
        return is_address(text_in(name->d.iPAddress), sought);
    case GEN_OTHERNAME:
        other = other_name(name, NID_SRVName, V_ASN1_IA5STRING);
        if (other.len)
            return is_service(other, sought);
        other = other_name(name, NID_XmppAddr, V_ASN1_UTF8STRING);
        return other.len && (is_equal(other, sought->domain) || is_equal(other, sought->ascii));
    default:
        return false;
    }
}

static void parse_address(const char *ascii, struct sought *sought)
{
    char literal[INET6_ADDRSTRLEN];
    struct text text = text_of(ascii);
    if (text.len > 2 && text.bytes[0] == '[' && text.bytes[text.len - 1] == ']')
        text = (struct text){text.bytes + 1, text.len - 2};
    if (text.len >= sizeof literal)
        return;
    memcpy(literal, text.bytes, text.len);
    literal[text.len] = '\0';
    if (inet_pton(AF_INET, literal, sought->address) == 1)
        sought->address_len = 4;
    else if (inet_pton(AF_INET6, literal, sought->address) == 1)
        sought->address_len = 16;
}

bool sx_identity_matches(const X509 *certificate, const char *domain, const char *ascii)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    struct sought sought = {.domain = text_of(domain), .ascii = text_of(ascii)};
    bool matches = false;
    int i;
    parse_address(ascii, &sought);
    for (i = 0; names && i < sk_GENERAL_NAME_num(names) && !matches; i++)
        matches = is_sought(sk_GENERAL_NAME_value(names, i), &sought);
    GENERAL_NAMES_free(names);
    return matches;
}

/* ---- for people ---- */

/* A certificate that nobody vouches for may say anything; so ASCII alone. */
static void copy_harmless(struct text name, char out[LISTED_NAME_BYTES])
{
    size_t i, len = name.len < LISTED_NAME_BYTES ? name.len : LISTED_NAME_BYTES - 1;
    for (i = 0; i < len; i++)
        out[i] = name.bytes[i] > ' ' && name.bytes[i] < 0x7f ? name.bytes[i] : '?';
    out[len] = '\0';
}

static void describe_address(struct text name, char out[LISTED_NAME_BYTES])
{
    int family = name.len == 4 ? AF_INET : AF_INET6;
    if ((name.len != 4 && name.len != ADDRESS_BYTES) ||
        !inet_ntop(family, name.bytes, out, LISTED_NAME_BYTES))
        snprintf(out, LISTED_NAME_BYTES, "?");
}

static bool describe(const GENERAL_NAME *name, char out[LISTED_NAME_BYTES])
{
    struct text other;
    switch (name->type) {
    case GEN_DNS:
        copy_harmless(text_in(name->d.dNSName), out);
        return true;
    case GEN_IPADD:
        describe_address(text_in(name->d.iPAddress), out);
        return true;
    case GEN_OTHERNAME:
        other = other_name(name, NID_SRVName, V_ASN1_IA5STRING);
        if (!other.len)
            other = other_name(name, NID_XmppAddr, V_ASN1_UTF8STRING);
        copy_harmless(other, out);
        return other.len > 0;
    default:
        return false;
    }
}

void sx_identity_list(const X509 *certificate, char *out, size_t out_bytes)
{
    static const char more[] = ", ...";
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char name[LISTED_NAME_BYTES];
    size_t len = 0;
    int i;
    out[0] = '\0';
    for (i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        if (!describe(sk_GENERAL_NAME_value(names, i), name))
            continue;
        if (len + strlen(", ") + strlen(name) + sizeof more > out_bytes) {
            snprintf(out + len, out_bytes - len, "%s", len ? more : "...");
            break;
        }
        len += (size_t)snprintf(out + len, out_bytes - len, "%s%s", len ? ", " : "", name);
    }
    GENERAL_NAMES_free(names);
}
