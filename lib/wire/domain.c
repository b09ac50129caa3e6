/* domain.c - domains of JIDs and host names: their normal form, and what DNS calls them.
 *
 * Invariant: a normal domain stays so when it is prepared again, and has an A-label for each label
 * beyond ASCII.
 *
 * Happy path: ASCII -> lower case. Beyond it: A-labels by libidn2, which checks -> U-labels.
 * Failure modes: libidn2 leaves ASCII that it maps other characters to unchecked ("a b.ü", full
 * width slashes), and takes A-labels that decode to what no U-label is (a space); so both of its
 * results are checked here as well, and whether they give each other.
 */
#include "wire/domain.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { LABEL_BYTES = 63, IDNA = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL };

static const char label_is_long[] = "has a label longer than 63 bytes";

/* ---- checks: each returns what is wrong, NULL if nothing ---- */

static const char *check_ipv6(const char *domain)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t len = strlen(domain);
    if (len < 3 || domain[len - 1] != ']' || len - 2 >= sizeof text)
        return "is no IPv6 address in brackets";
    memcpy(text, domain + 1, len - 2);
    text[len - 2] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1 ? NULL : "is no IPv6 address in brackets";
}

static const char *check_label(const char *label, size_t len)
{
    bool is_ascii = true;
    size_t i, step;
    uint32_t c;
    if (len == 0)
        return "has an empty label";
    if (label[0] == '-' || label[len - 1] == '-')
        return "has a label that begins or ends with a hyphen";
    for (i = 0; i < len; i += step) {
        step = sx_utf8_decode(label + i, &c);
        is_ascii = is_ascii && c < 0x80;
        /* '_' is not for host names, but container networks give such names out */
        if ((c < 0x80 && !isalnum((int)c) && c != '-' && c != '_') || sx_utf8_is_space(c))
            return "has a character that domain names forbid";
    }
    return is_ascii && len > LABEL_BYTES ? label_is_long : NULL;
}

static bool is_ipv4_like(const char *domain)
{
    return domain[strspn(domain, "0123456789.")] == '\0';
}

const char *sx_domain_check(const char *domain)
{
    struct in_addr address;
    if (domain[0] == '[')
        return check_ipv6(domain);
    if (is_ipv4_like(domain))
        return inet_pton(AF_INET, domain, &address) == 1 ? NULL : "is no IPv4 address";
    for (;;) {
        size_t len = strcspn(domain, ".");
        const char *wrong = check_label(domain, len);
        if (wrong || domain[len] == '\0')
            return wrong;
        domain += len + 1;
    }
}

/* ---- forms ---- */

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text | 0x20);
}

static void strip_dot(char *domain)
{
    size_t len = strlen(domain);
    if (len && domain[len - 1] == '.')
        domain[len - 1] = '\0';
}

static enum sx_err explain(int failure, const char **why)
{
    switch (failure) {
    case IDN2_MALLOC:
        return SX_ENOMEM;
    case IDN2_TOO_BIG_LABEL:
    case IDN2_PUNYCODE_BIG_OUTPUT:
        *why = label_is_long;
        break;
    case IDN2_TOO_BIG_DOMAIN:
        *why = "is longer than 255 bytes in DNS";
        break;
    case IDN2_HYPHEN_STARTEND:
        *why = "has a label that begins or ends with a hyphen";
        break;
    default:
        *why = "has a label that IDNA forbids";
    }
    return SX_EENDPOINT;
}

/* *ascii is malloc'ed, the caller's; of a domain beyond ASCII. */
static enum sx_err look_up(const char *domain, char **ascii, const char **why)
{
    uint8_t *made = NULL;
    char *copy;
    int failure = idn2_lookup_u8((const uint8_t *)domain, &made, IDNA);
    if (failure != IDN2_OK)
        return explain(failure, why);
    copy = strdup((const char *)made);
    idn2_free(made);
    if (!copy)
        return SX_ENOMEM;
    strip_dot(copy); /* once more: other full stops are mapped to it */
    lower(copy);
    *why = *copy ? sx_domain_check(copy) : "is empty";
    if (!*why) {
        *ascii = copy;
        return SX_OK;
    }
    free(copy);
    return SX_EENDPOINT;
}

static enum sx_err to_unicode(const char *ascii, char **out, const char **why)
{
    char *made = NULL, *copy;
    int failure = idn2_to_unicode_8z8z(ascii, &made, IDNA);
    if (failure != IDN2_OK)
        return explain(failure, why);
    copy = strdup(made);
    idn2_free(made);
    if (!copy)
        return SX_ENOMEM;
    *out = copy;
    return SX_OK;
}

/* Both forms, malloc'ed, the caller's; of a domain beyond ASCII. *ascii may be set on failure. */
static enum sx_err convert(const char *domain, char **ascii, char **normal, const char **why)
{
    char *made = NULL, *again = NULL;
    enum sx_err err = look_up(domain, ascii, why);
    if (err == SX_OK)
        err = to_unicode(*ascii, &made, why);
    if (err == SX_OK) {
        *why = sx_domain_check(made);
        err = *why ? SX_EENDPOINT : look_up(made, &again, why);
    }
    if (err == SX_OK && strcmp(*ascii, again) != 0) {
        *why = "has a label that IDNA forbids";
        err = SX_EENDPOINT;
    }
    if (err == SX_OK)
        *normal = made;
    else
        free(made);
    free(again);
    return err;
}

static enum sx_err prep_ascii(char *domain, char **out, const char **why)
{
    strip_dot(domain);
    lower(domain);
    *why = *domain ? sx_domain_check(domain) : "is empty";
    if (*why)
        return SX_EENDPOINT;
    *out = domain;
    return SX_OK;
}

enum sx_err sx_domain_prep(const char *domain, char **out, const char **why)
{
    char *ascii = NULL, *copy;
    enum sx_err err;
    if (sx_utf8_is_ascii(domain)) {
        copy = strdup(domain);
        err = copy ? prep_ascii(copy, out, why) : SX_ENOMEM;
        if (err)
            free(copy);
        return err;
    }
    err = convert(domain, &ascii, out, why);
    free(ascii);
    return err;
}

/* Of ASCII; false: it isn't one that DNS can be asked for. */
static bool is_name(const char *domain, size_t len)
{
    size_t label_len = 0, i;
    for (i = 0; i < len; i++) {
        label_len = domain[i] == '.' ? 0 : label_len + 1;
        if (label_len > LABEL_BYTES || (domain[i] == '.' && (i == 0 || domain[i - 1] == '.')))
            return false;
    }
    return label_len > 0 && len < SX_DOMAIN_ASCII_BYTES;
}

static enum sx_err copy_ascii(const char *domain, char out[SX_DOMAIN_ASCII_BYTES])
{
    size_t len = strlen(domain);
    if (len && domain[len - 1] == '.')
        len--;
    if (!is_name(domain, len))
        return SX_EENDPOINT;
    memcpy(out, domain, len);
    out[len] = '\0';
    lower(out);
    return SX_OK;
}

enum sx_err sx_domain_to_ascii(const char *domain, char out[SX_DOMAIN_ASCII_BYTES])
{
    const char *why;
    char *ascii = NULL, *normal = NULL;
    enum sx_err err;
    if (sx_utf8_is_ascii(domain))
        return copy_ascii(domain, out);
    err = convert(domain, &ascii, &normal, &why);
    if (err == SX_OK)
        err = copy_ascii(ascii, out);
    free(ascii);
    free(normal);
    return err;
}
