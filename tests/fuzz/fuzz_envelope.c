/* fuzz_envelope.c - envelopes on their way out, into a stanza and out of it again.
 *
 * Input: an envelope; behind its last NUL byte, if it has one, the soapAction to give it.
 * Claims: what the checker lets pass is changed by the format only where it says so; stays
 * carriable; and arrives through the stanza parser with the same findings. Any well-formed
 * envelope can be repaired (claims.c).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "feed.h"
#include "fuzz.h"

enum { STANZA_BYTES = 1 << 20, NODES = 40 };

static const char iq_head[] = FEED_HEAD "<iq type='set' id='1' from='a@example.org/b'>";
static const char iq_tail[] = "</iq>";

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What arrives of an action, if it is simple enough to tell: plain ASCII. */
static bool expect_action(const char *action, char out[SX_SCAN_ACTION_BYTES])
{
    size_t len = strlen(action), i;
    if (len >= SX_SCAN_ACTION_BYTES)
        return false;
    for (i = 0; i < len; i++)
        if (!isprint((unsigned char)action[i]))
            return false;
    while (len && is_space(action[len - 1]))
        len--;
    while (len && is_space(*action)) {
        action++;
        len--;
    }
    memcpy(out, action, len);
    out[len] = '\0';
    return true;
}

static void claim_kept(const struct sx_scan *before, const struct sx_scan *after)
{
    CLAIM(after->version == before->version && after->has_body);
    CLAIM(after->is_fault == before->is_fault);
    CLAIM(strcmp(after->operation, before->operation) == 0);
    CLAIM(strcmp(after->fault_code, before->fault_code) == 0);
    CLAIM(strcmp(after->unbound, before->unbound) == 0);
    CLAIM(after->root_declares_default);
}

/* Without an action only xmlns="" is added, at the end of the root's name. */
static void claim_plain(const char *bytes, size_t len, const struct sx_scan *scan)
{
    static const char declaration[] = " xmlns=\"\"";
    size_t declaration_len = scan->root_declares_default ? 0 : sizeof declaration - 1, name_len;
    struct sx_buffer out = {0};

    sx_envelope_format(&out, bytes, len, scan, NULL, NULL);
    while (len && is_space(*bytes)) {
        bytes++;
        len--;
    }
    while (len && is_space(bytes[len - 1]))
        len--;
    name_len = strcspn(bytes, " \t\r\n/>");
    CLAIM(!out.failed && out.len == len + declaration_len);
    CLAIM(memcmp(out.bytes, bytes, name_len) == 0);
    CLAIM(memcmp(out.bytes + name_len, declaration, declaration_len) == 0);
    CLAIM(memcmp(out.bytes + name_len + declaration_len, bytes + name_len, len - name_len) == 0);
    sx_buffer_fini(&out);
}

static void claim_arrived(struct feed *feed, const struct sx_element *stanza)
{
    const struct sx_scan *sent = feed->user;
    const struct sx_envelope *envelope = feed->stream.envelope;

    (void)stanza;
    if (feed->stream.verdict)
        fuzz_fail(feed->stream.verdict_why, __FILE__, __LINE__);
    CLAIM(envelope && envelope->err == SX_OK && envelope->version == sent->version);
    CLAIM(envelope->is_fault == sent->is_fault);
    CLAIM(strcmp(envelope->operation, sent->operation) == 0);
    CLAIM(strcmp(envelope->action, sent->action) == 0);
    CLAIM(strcmp(envelope->unbound, sent->unbound) == 0);
}

static void send(const struct sx_buffer *out, const struct sx_scan *scan)
{
    struct sx_scan sent = *scan; /* claims.c uses the same checker */
    struct feed feed = {.on_stanza = claim_arrived, .user = &sent};

    feed.stream.limits =
        (struct sx_stream_limits){.max_stanza_bytes = STANZA_BYTES,
                                  .max_depth = CLAIMS_DEPTH + 2, /* the stream and the iq */
                                  .max_nodes = NODES};
    feed_start(&feed);
    feed_bytes(&feed, iq_head, sizeof iq_head - 1);
    feed_bytes(&feed, out->bytes, out->len);
    feed_bytes(&feed, iq_tail, sizeof iq_tail - 1);
    if (feed.stream.err)
        fuzz_fail(feed.stream.why, __FILE__, __LINE__);
    CLAIM(feed.stanzas == 1);
    feed_stop(&feed);
}

static void claim_carriable(const char *bytes, size_t len, const struct sx_scan *found,
                            const char *action)
{
    struct sx_scan before = *found;
    struct sx_buffer out = {0}, again = {0};
    const struct sx_scan *after;
    char expected[SX_SCAN_ACTION_BYTES];

    claim_plain(bytes, len, &before);
    sx_envelope_format(&out, bytes, len, &before, action, NULL);
    CLAIM(!out.failed);
    after = claims_check(out.bytes, out.len);
    claim_kept(&before, after);
    if (before.action[0])
        CLAIM(strcmp(after->action, before.action) == 0);
    else if (expect_action(action, expected))
        CLAIM(strcmp(after->action, expected) == 0);
    sx_envelope_format(&again, out.bytes, out.len, after, NULL, NULL);
    CLAIM(again.len == out.len && memcmp(again.bytes, out.bytes, out.len) == 0);
    send(&out, after);
    sx_buffer_fini(&out);
    sx_buffer_fini(&again);
}

static void claim_repairable(const char *bytes, size_t len, const struct sx_scan *scan)
{
    struct sx_envelope envelope = {0};
    while (len && is_space(*bytes)) { /* inside a stanza it isn't part of the envelope */
        bytes++;
        len--;
    }
    sx_envelope_set(&envelope, fuzz_text(bytes, len), len, scan);
    CLAIM(envelope.err == SX_OK);
    claims_about_envelope(&envelope);
    sx_envelope_fini(&envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct sx_checker *checker;
    const struct sx_scan *scan = NULL;
    const uint8_t *nul = len ? memrchr(bytes, '\0', len) : NULL;
    size_t bad_byte = 0, envelope_len = nul ? (size_t)(nul - bytes) : len;
    char why[160] = "", *envelope = fuzz_bytes(bytes, envelope_len), *action;
    enum sx_err err;

    if (!checker)
        checker = sx_checker_new(CLAIMS_DEPTH);
    CLAIM(checker);
    action = nul ? fuzz_text(nul + 1, len - envelope_len - 1) : fuzz_text("urn:a&b", 7);
    err = sx_checker_check(checker, envelope, envelope_len, &scan, &bad_byte, why, sizeof why);
    if (err) {
        CLAIM(err == SX_EUNCARRIABLE || err == SX_EDEPTH);
        CLAIM(!scan && bad_byte <= envelope_len && why[0]);
    } else {
        claim_carriable(envelope, envelope_len, scan, action);
        claim_repairable(envelope, envelope_len, scan);
    }
    free(envelope);
    free(action);
    return 0;
}
