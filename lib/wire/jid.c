/* jid.c - xmpp: URIs (RFC 5122) and JIDs (RFC 7622).
 *
 * Invariant: what a parse returns is normal: parsing it again gives the same bytes, and it can
 * stand in a stanza's `to` without ending the stream (valid UTF-8, no character that XML forbids).
 *
 * Happy path: split at the raw '/' and '@' -> load each part (decode %xx) -> check it -> prepare it
 *             (what is given), or fold its ASCII (what is stamped) -> join.
 * Failure modes: every refusal is SX_EENDPOINT with a clause that names the part; the functions
 * that compare and cut take any text a peer sends, and never fail.
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
#include "wire/domain.h"
#include "wire/prep.h"

struct span {
    const char *bytes; /* NULL: the part is absent */
    size_t len;
};

struct spans {
    struct span node, domain, resource;
};

/* How a JID comes. */
enum origin { GIVEN, GIVEN_ENCODED, STAMPED };

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

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
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
        if (sx_utf8_is_space(c))
            return "has a space";
    }
    return NULL;
}

/* ---- parts: the same convention ---- */

static const char *load_part(struct span from, enum origin origin, struct part *part)
{
    size_t i, len = 0;
    for (i = 0; i < from.len; i++) {
        char c = from.bytes[i];
        if (len == SX_JID_PART_BYTES)
            return "is longer than 1,023 bytes";
        if (origin == GIVEN_ENCODED && c == '%') {
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

/* ---- preparing: SX_EENDPOINT with what is wrong, or SX_ENOMEM ---- */

/* Takes what was prepared in the place of the part; frees it. */
static enum sx_err take(char *prepared, struct part *part, const char **wrong)
{
    size_t len = strlen(prepared);
    *wrong = len == 0 ? "is empty" : len > SX_JID_PART_BYTES ? "is longer than 1,023 bytes" : NULL;
    if (!*wrong)
        memcpy(part->text, prepared, len + 1);
    free(prepared);
    return *wrong ? SX_EENDPOINT : SX_OK;
}

/* What is all ASCII the checks have seen whole, and need no more than small letters. */
static bool is_done(const struct part *part, enum origin origin)
{
    return origin == STAMPED || sx_utf8_is_ascii(part->text);
}

static void lower_ascii(struct part *part)
{
    char *c;
    for (c = part->text; *c; c++)
        *c = (char)lower(*c);
}

static enum sx_err load_node(struct span from, enum origin origin, struct part *node,
                             const char **wrong)
{
    char *prepared = NULL;
    enum sx_err err;
    *wrong = load_part(from, origin, node);
    if (!*wrong)
        *wrong = check_node(node->text);
    if (*wrong)
        return SX_EENDPOINT;
    lower_ascii(node);
    if (is_done(node, origin))
        return SX_OK;
    *wrong = "has characters that nodeprep (RFC 3920) prohibits";
    err = sx_prep_node(node->text, &prepared);
    return err ? err : take(prepared, node, wrong);
}

static enum sx_err load_domain(struct span from, enum origin origin, struct part *domain,
                               const char **wrong)
{
    size_t len;
    char *prepared = NULL;
    enum sx_err err;
    *wrong = load_part(from, origin, domain);
    if (*wrong)
        return SX_EENDPOINT;
    if (!is_done(domain, origin)) {
        err = sx_domain_prep(domain->text, &prepared, wrong);
        return err ? err : take(prepared, domain, wrong);
    }
    /* RFC 7622 3.2: a final dot is stripped before anything else */
    len = strlen(domain->text);
    if (domain->text[len - 1] == '.')
        domain->text[len - 1] = '\0';
    lower_ascii(domain);
    *wrong = domain->text[0] ? sx_domain_check(domain->text) : "is empty";
    return *wrong ? SX_EENDPOINT : SX_OK;
}

static enum sx_err load_resource(struct span from, enum origin origin, struct part *resource,
                                 const char **wrong)
{
    char *prepared = NULL;
    enum sx_err err;
    *wrong = load_part(from, origin, resource);
    if (*wrong)
        return SX_EENDPOINT;
    if (is_done(resource, origin))
        return SX_OK;
    *wrong = "has characters that resourceprep (RFC 3920) prohibits";
    err = sx_prep_resource(resource->text, &prepared);
    return err ? err : take(prepared, resource, wrong);
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

/* node, domain, resource; "" is absent */
static enum sx_err load(const struct spans *spans, enum origin origin, struct part parts[3],
                        char *why, size_t why_bytes)
{
    const char *wrong = NULL, *subject = "the node";
    enum sx_err err = SX_OK;
    if (spans->node.bytes)
        err = load_node(spans->node, origin, &parts[0], &wrong);
    if (!err) {
        subject = "the domain";
        err = load_domain(spans->domain, origin, &parts[1], &wrong);
    }
    if (!err && spans->resource.bytes) {
        subject = "the resource";
        err = load_resource(spans->resource, origin, &parts[2], &wrong);
    }
    return err == SX_EENDPOINT ? refuse(why, why_bytes, subject, wrong) : err;
}

static enum sx_err parse(const char *text, enum origin origin, const char *default_resource,
                         char **jid, char *why, size_t why_bytes)
{
    struct part parts[3] = {{""}, {""}, {""}};
    struct spans spans;
    enum sx_err err;
    split(text, &spans);
    err = load(&spans, origin, parts, why, why_bytes);
    if (err)
        return err;
    if (!spans.resource.bytes && spans.node.bytes && default_resource)
        return join(&parts[0], &parts[1], default_resource, jid);
    return join(&parts[0], &parts[1], parts[2].text, jid);
}

enum sx_err sx_jid_parse(const char *text, const char *resource, char **jid, char *why,
                         size_t why_bytes)
{
    return parse(text, GIVEN, resource, jid, why, why_bytes);
}

enum sx_err sx_jid_read(const char *stamped, char **jid)
{
    return parse(stamped, STAMPED, NULL, jid, NULL, 0);
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
    err = parse(bare ? bare : path, GIVEN_ENCODED, parsed.is_message ? NULL : "soap", &parsed.jid,
                why, why_bytes);
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
