/* jid.c - xmpp: URIs (RFC 5122) and JIDs (RFC 7622).
 *
 * Invariant: what a parse returns is normal: parsing it again gives the same bytes, and it can
 * stand in a stanza's `to` without ending the stream (valid UTF-8, no character that XML forbids).
 *
 * Happy path: split at the raw '/' and '@' -> load each part (decode %xx) -> check it -> fold case
 *             -> join.
 * Failure modes: every refusal is SX_EENDPOINT with a clause that names the part; the functions
 * that compare and cut take any text a peer sends, and never fail.
 *
 * Left to the servers: Unicode normalisation (PRECIS NFC, IDNA mapping). Two spellings that only
 * they can tell to be equal are different here.
 */
#include "wire/jid.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/utf8.h"

enum { LABEL_BYTES = 63 };

struct span {
    const char *bytes; /* NULL: the part is absent */
    size_t len;
};

struct spans {
    struct span node, domain, resource;
};

struct part {
    char text[SX_JID_PART_BYTES + 1]; /* "" is absent */
};

/* ---- characters ---- */

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

/* U+FFFE and U+FFFF in an attribute end the stream (XML 1.0 2.2); PRECIS forbids all of them. */
static bool is_noncharacter(uint32_t c)
{
    return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
}

static bool is_space(uint32_t c)
{
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* ---- checks: each returns what is wrong with a part, NULL if nothing ---- */

static const char *check_chars(const char *text)
{
    uint32_t c;
    size_t len;
    for (; *text; text += len) {
        len = sx_utf8_decode(text, &c);
        if (!len)
            return "is not valid UTF-8";
        if (is_control(c))
            return "has a control character";
        if (is_noncharacter(c))
            return "has a character that XML forbids";
    }
    return NULL;
}

static const char *check_node(const char *node)
{
    uint32_t c;
    if (strpbrk(node, "\"&'/:<>@")) /* RFC 7622 3.3.1 */
        return "has one of \" & ' / : < > @";
    while (*node) {
        node += sx_utf8_decode(node, &c);
        if (is_space(c))
            return "has a space";
    }
    return NULL;
}

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
        if ((c < 0x80 && !isalnum((int)c) && c != '-' && c != '_') || is_space(c))
            return "has a character that domain names forbid";
    }
    /* The limit of a label beyond ASCII is that of its encoded form, which only IDNA tells. */
    return is_ascii && len > LABEL_BYTES ? "has a label longer than 63 bytes" : NULL;
}

static const char *check_domain(const char *domain)
{
    struct in_addr address;
    if (domain[0] == '[')
        return check_ipv6(domain);
    if (domain[strspn(domain, "0123456789.")] == '\0')
        return inet_pton(AF_INET, domain, &address) == 1 ? NULL : "is no IPv4 address";
    for (;;) {
        size_t len = strcspn(domain, ".");
        const char *wrong = check_label(domain, len);
        if (wrong || domain[len] == '\0')
            return wrong;
        domain += len + 1;
    }
}

/* ---- parts: the same convention ---- */

static const char *load_part(struct span from, bool is_encoded, struct part *part)
{
    size_t i, len = 0;
    for (i = 0; i < from.len; i++) {
        char c = from.bytes[i];
        if (len == SX_JID_PART_BYTES)
            return "is longer than 1,023 bytes";
        if (is_encoded && c == '%') {
            int high = from.len - i > 2
                           ? sx_hex_digit((char)tolower((unsigned char)from.bytes[i + 1]))
                           : -1;
            int low =
                high >= 0 ? sx_hex_digit((char)tolower((unsigned char)from.bytes[i + 2])) : -1;
            if (low < 0)
                return "has a % without two hexadecimal digits";
            c = (char)(high << 4 | low);
            if (c == '\0')
                return "has a NUL (%00)";
            i += 2;
        }
        part->text[len++] = c;
    }
    part->text[len] = '\0';
    return len ? check_chars(part->text) : "is empty";
}

static const char *fold_part(struct part *part)
{
    struct part folded;
    const char *text = part->text;
    size_t len = 0;
    while (*text) {
        char bytes[SX_UTF8_CHAR_BYTES];
        uint32_t c;
        size_t width;
        text += sx_utf8_decode(text, &c);
        width = sx_utf8_encode(sx_utf8_fold(c), bytes);
        /* lower case can be longer: U+023A has 2 bytes, its lower case 3 */
        if (width > SX_JID_PART_BYTES - len)
            return "is longer than 1,023 bytes";
        memcpy(folded.text + len, bytes, width);
        len += width;
    }
    memcpy(part->text, folded.text, len);
    part->text[len] = '\0';
    return NULL;
}

static const char *load_node(struct span from, bool is_encoded, struct part *node)
{
    const char *wrong = load_part(from, is_encoded, node);
    if (!wrong)
        wrong = check_node(node->text);
    return wrong ? wrong : fold_part(node);
}

static const char *load_domain(struct span from, bool is_encoded, struct part *domain)
{
    size_t len;
    const char *wrong = load_part(from, is_encoded, domain);
    if (wrong)
        return wrong;
    /* RFC 7622 3.2: a final dot is stripped before anything else */
    len = strlen(domain->text);
    if (domain->text[len - 1] == '.')
        domain->text[--len] = '\0';
    if (len == 0)
        return "is empty";
    /* folded first: U+212A becomes an ASCII k, and the label one whose length is bounded */
    wrong = fold_part(domain);
    return wrong ? wrong : check_domain(domain->text);
}

/* ---- parsing ---- */

/* RFC 7622 3.1: the resource begins at the first '/', the node ends at the first '@' before it. */
static void split(const char *text, struct spans *spans)
{
    size_t bare_len = strcspn(text, "/");
    const char *at = memchr(text, '@', bare_len);
    memset(spans, 0, sizeof *spans);
    if (at) {
        spans->node = (struct span){text, (size_t)(at - text)};
        spans->domain = (struct span){at + 1, bare_len - spans->node.len - 1};
    } else {
        spans->domain = (struct span){text, bare_len};
    }
    if (text[bare_len] == '/')
        spans->resource = (struct span){text + bare_len + 1, strlen(text + bare_len + 1)};
}

static enum sx_err refuse(char *why, size_t why_bytes, const char *subject, const char *wrong)
{
    if (why_bytes)
        snprintf(why, why_bytes, "%s %s", subject, wrong);
    return SX_EENDPOINT;
}

static enum sx_err join(const struct part *node, const struct part *domain, const char *resource,
                        char **jid)
{
    char *joined;
    if (asprintf(&joined, "%s%s%s%s%s", node->text, node->text[0] ? "@" : "", domain->text,
                 resource[0] ? "/" : "", resource) < 0)
        return SX_ENOMEM;
    *jid = joined;
    return SX_OK;
}

static enum sx_err parse(const char *text, bool is_encoded, const char *default_resource,
                         char **jid, char *why, size_t why_bytes)
{
    struct part node = {""}, domain = {""}, resource = {""};
    struct spans spans;
    const char *wrong;
    split(text, &spans);
    wrong = spans.node.bytes ? load_node(spans.node, is_encoded, &node) : NULL;
    if (wrong)
        return refuse(why, why_bytes, "the node", wrong);
    wrong = load_domain(spans.domain, is_encoded, &domain);
    if (wrong)
        return refuse(why, why_bytes, "the domain", wrong);
    wrong = spans.resource.bytes ? load_part(spans.resource, is_encoded, &resource) : NULL;
    if (wrong)
        return refuse(why, why_bytes, "the resource", wrong);
    if (!spans.resource.bytes && spans.node.bytes && default_resource)
        return join(&node, &domain, default_resource, jid);
    return join(&node, &domain, resource.text, jid);
}

enum sx_err sx_jid_parse(const char *text, const char *resource, char **jid, char *why,
                         size_t why_bytes)
{
    return parse(text, false, resource, jid, why, why_bytes);
}

enum sx_err sx_jid_parse_endpoint(const char *uri, struct sx_endpoint *endpoint, char *why,
                                  size_t why_bytes)
{
    struct sx_endpoint parsed = {0};
    const char *path, *query;
    char *bare;
    enum sx_err err;
    if (!sx_jid_is_xmpp(uri))
        return refuse(why, why_bytes, "the endpoint", "does not begin with xmpp:");
    path = uri + strlen("xmpp:");
    if (strncmp(path, "//", 2) == 0)
        return refuse(why, why_bytes, "the endpoint",
                      "names an account to call from (xmpp://), but it is the link's");
    if (strchr(path, '#'))
        return refuse(why, why_bytes, "the endpoint", "has a fragment (#), which no service has");
    query = strchr(path, '?');
    if (query && strcmp(query, "?message") != 0)
        return refuse(why, why_bytes, "the endpoint", "has another query (?) than ?message");
    /* gSOAP takes a space for the end of one of several endpoints */
    if (strchr(path, ' '))
        return refuse(why, why_bytes, "the endpoint", "has a space, which is written %20");
    parsed.is_message = query != NULL;
    bare = query ? strndup(path, (size_t)(query - path)) : NULL;
    if (query && !bare)
        return SX_ENOMEM;
    err = parse(bare ? bare : path, true, parsed.is_message ? NULL : "soap", &parsed.jid, why,
                why_bytes);
    free(bare);
    if (err != SX_OK)
        return err;
    parsed.has_resource = strchr(path, '/') != NULL;
    *endpoint = parsed;
    return SX_OK;
}

enum sx_err sx_jid_parse_uri(const char *uri, char **jid, char *why, size_t why_bytes)
{
    struct sx_endpoint endpoint;
    enum sx_err err = sx_jid_parse_endpoint(uri, &endpoint, why, why_bytes);
    if (err != SX_OK)
        return err;
    *jid = endpoint.jid;
    return SX_OK;
}

bool sx_jid_is_xmpp(const char *endpoint)
{
    return endpoint && strncasecmp(endpoint, "xmpp:", strlen("xmpp:")) == 0;
}

/* ---- parsed addresses, and what peers send as such ---- */

/* Without the resource and a final dot. */
static size_t bare_len(const char *jid)
{
    size_t len = strcspn(jid, "/");
    return len > 0 && jid[len - 1] == '.' ? len - 1 : len;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

int sx_jid_compare(const char *jid, const char *other)
{
    const char *jid_end, *other_end, *resource, *other_resource;
    int order;
    if (strcmp(jid, other) == 0)
        return 0;
    resource = sx_jid_resource(jid);
    other_resource = sx_jid_resource(other);
    order = strcmp(resource ? resource : "", other_resource ? other_resource : "");
    if (order)
        return order;
    jid_end = jid + bare_len(jid);
    other_end = other + bare_len(other);
    for (; jid < jid_end && other < other_end; jid++, other++)
        if (lower(*jid) != lower(*other))
            return lower(*jid) < lower(*other) ? -1 : 1;
    if (jid == jid_end)
        return other == other_end ? 0 : -1;
    return 1;
}

bool sx_jid_equal(const char *jid, const char *other)
{
    return jid && other && sx_jid_compare(jid, other) == 0;
}

static void copy_cut(const char *text, size_t len, char *out, size_t out_bytes)
{
    if (out_bytes == 0)
        return;
    if (len >= out_bytes)
        len = sx_utf8_cut(text, out_bytes - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

void sx_jid_bare(const char *jid, char *out, size_t out_bytes)
{
    copy_cut(jid, strcspn(jid, "/"), out, out_bytes);
}

const char *sx_jid_resource(const char *jid)
{
    const char *slash = strchr(jid, '/');
    return slash && slash[1] ? slash + 1 : NULL;
}

void sx_jid_domain(const char *jid, char *out, size_t out_bytes)
{
    struct spans spans;
    split(jid, &spans);
    copy_cut(spans.domain.bytes, spans.domain.len, out, out_bytes);
}

bool sx_jid_is_loopback(const char *host)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    size_t len = strlen(host);
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
