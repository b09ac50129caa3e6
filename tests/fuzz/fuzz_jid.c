/* fuzz_jid.c - JIDs: what a program writes as an endpoint, what a peer sends as a JID.
 *
 * Input: one text, or two separated by a line feed. Claims: what parses is normal, within bounds
 * and can stand in a stanza; equal is reflexive and symmetric for any texts; the parts are the
 * parts.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "wire/uri.h"
#include "base/buffer.h"
#include "fuzz.h"

enum { WHY_BYTES = 128, SHORT_BYTES = 5 };

static void claim_parts(const char *jid)
{
    char bare[SX_JID_BYTES], domain[SX_JID_BYTES], cut[SHORT_BYTES];
    const char *resource = sx_jid_resource(jid), *at;
    size_t bare_len;

    sx_jid_bare(jid, bare, sizeof bare);
    sx_jid_domain(jid, domain, sizeof domain);
    sx_jid_bare(jid, cut, sizeof cut);
    bare_len = strlen(bare);
    at = strchr(bare, '@');
    CLAIM(strncmp(jid, bare, bare_len) == 0);
    CLAIM(strcmp(at ? at + 1 : bare, domain) == 0);
    CLAIM(domain[0] && strlen(domain) <= SX_JID_PART_BYTES);
    CLAIM(!at || (at > bare && at - bare <= SX_JID_PART_BYTES));
    CLAIM(resource ? resource == jid + bare_len + 1 : !jid[bare_len]);
    CLAIM(!resource || strlen(resource) <= SX_JID_PART_BYTES);
    CLAIM(strncmp(bare, cut, strlen(cut)) == 0);
    sx_jid_is_loopback(domain);
}

static unsigned count_replaced(const char *text)
{
    unsigned count = 0;
    for (; (text = strstr(text, "\xEF\xBF\xBD")); text++)
        count++;
    return count;
}

/* As it is, because what a stream can't carry would have been replaced by U+FFFD. */
static void claim_carriable(const char *jid)
{
    struct sx_buffer escaped = {0};
    sx_buffer_add_escaped(&escaped, jid);
    CLAIM(count_replaced(escaped.bytes) == count_replaced(jid));
    sx_buffer_fini(&escaped);
}

/* As a URI it is read as the same JID, and its path is one. */
static void claim_uri(const char *jid)
{
    char uri[3 * SX_JID_BYTES + 5], why[WHY_BYTES] = "", *again = NULL;
    size_t len = sx_uri_write(jid, uri, sizeof uri);

    CLAIM(len == strlen(uri) && !strpbrk(uri, " ?#\"<>"));
    CLAIM(sx_uri_write(jid, NULL, 0) == len);
    CLAIM(sx_uri_path(uri)[0] == '/');
    if (!sx_jid_resource(jid) && strchr(jid, '@'))
        return; /* it would get one */
    if (sx_jid_parse_uri(uri, &again, why, sizeof why))
        fuzz_fail(why, __FILE__, __LINE__);
    CLAIM(strcmp(jid, again) == 0);
    free(again);
}

/* A parsed JID is normal: nobody finds another form of it. */
static void claim_normal(const char *jid)
{
    char why[WHY_BYTES] = "", *again = NULL;

    CLAIM(strlen(jid) < SX_JID_BYTES);
    if (sx_jid_parse(jid, NULL, &again, why, sizeof why))
        fuzz_fail(why, __FILE__, __LINE__);
    CLAIM(strcmp(jid, again) == 0);
    CLAIM(sx_jid_equal(jid, again));
    claim_parts(jid);
    claim_carriable(jid);
    claim_uri(jid);
    free(again);
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

static void try_jid(const char *text, const char *resource)
{
    char why[WHY_BYTES] = "", *jid = NULL;
    enum sx_err err = sx_jid_parse(text, resource, &jid, why, sizeof why);

    if (err) {
        CLAIM(err == SX_EENDPOINT && !jid && why[0]);
        return;
    }
    claim_normal(jid);
    CLAIM(resource || !is_ascii(text) || sx_jid_equal(text, jid));
    free(jid);
}

static void try_uri(const char *text)
{
    char why[WHY_BYTES] = "", *jid = NULL;
    enum sx_err err = sx_jid_parse_uri(text, &jid, why, sizeof why);

    if (err) {
        CLAIM(err == SX_EENDPOINT && !jid && why[0]);
        return;
    }
    CLAIM(sx_jid_is_xmpp(text));
    claim_normal(jid);
    /* a node without a resource gets one, but for a message */
    CLAIM(!strchr(jid, '@') || strchr(jid, '/') || strchr(text, '?'));
    free(jid);
}

static void try_any(const char *text)
{
    char bare[SX_JID_BYTES], domain[SHORT_BYTES];

    CLAIM(sx_jid_equal(text, text));
    CLAIM(!sx_jid_equal(text, NULL) && !sx_jid_equal(NULL, text));
    sx_jid_bare(text, bare, sizeof bare);
    sx_jid_domain(text, domain, sizeof domain);
    sx_jid_is_loopback(text);
    try_jid(text, NULL);
    try_jid(text, "soap");
    try_uri(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *line_feed = len ? memchr(bytes, '\n', len) : NULL;
    size_t first_len = line_feed ? (size_t)(line_feed - bytes) : len;
    char *first = fuzz_text(bytes, first_len), *second;

    second = line_feed ? fuzz_text(line_feed + 1, len - first_len - 1) : fuzz_text("a@b/c", 5);
    try_any(first);
    try_any(second);
    CLAIM(sx_jid_equal(first, second) == sx_jid_equal(second, first));
    free(first);
    free(second);
    return 0;
}
