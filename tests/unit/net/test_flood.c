/* Unit tests of lib/net/stanza_builder.c, lib/net/parser.c and lib/xml/tag.c: a peer that sends
 * more than anybody needs. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../stream_peer.h"
#include "xml/names.h"

#define OPEN                                                                                       \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "                     \
    "xmlns:stream='http://etherx.jabber.org/streams'>"
#define IQ   "<iq type='set' id='1' from='a@b/c'>"
#define HEAD "<E:Envelope xmlns:E='" SX_NS_SOAP11 "'><E:Body>"
#define TAIL "</E:Body></E:Envelope></iq>"

enum { CHUNK_BYTES = 4096, /* what libstrophe reads at once */ SMALL_LIMIT = 20 };

static const struct sx_stream_limits small = {1 << 20, 64, 1000, 0, SMALL_LIMIT, SMALL_LIMIT};
static const struct sx_stream_limits huge = {64 << 20, 64, 2000, 8 << 20, 100000, 100000};

static int feed_in_chunks(struct peer *peer, const char *bytes, size_t len)
{
    int ok = 1;
    for (; ok && len > CHUNK_BYTES; bytes += CHUNK_BYTES, len -= CHUNK_BYTES)
        ok = peer_feed_bytes(peer, bytes, CHUNK_BYTES);
    return ok && peer_feed_bytes(peer, bytes, len);
}

static void add_elements(struct sx_buffer *out, unsigned count, const char *attribute)
{
    while (count--)
        sx_buffer_add_format(out, "<b %s/>", attribute);
}

/* A stanza of an envelope with so many elements, each with this one attribute, is it taken? */
static void expect_verdict(struct peer *peer, unsigned elements, const char *attribute,
                           enum sx_err verdict, const char *why)
{
    struct sx_buffer bytes = {0};
    unsigned stanzas = peer->stanzas;
    sx_buffer_add_text(&bytes, IQ HEAD);
    add_elements(&bytes, elements, attribute);
    sx_buffer_add_text(&bytes, TAIL);
    CU_ASSERT(feed_in_chunks(peer, bytes.bytes, bytes.len));
    CU_ASSERT_EQUAL(peer->stanzas, stanzas + 1);
    CU_ASSERT_EQUAL(peer->verdict, verdict);
    ASSERT_TEXT(peer->verdict_why, why);
    CU_ASSERT_EQUAL(peer->envelope.err, verdict);
    CU_ASSERT_EQUAL(peer->envelope.bytes != NULL, verdict == SX_OK);
    ASSERT_TEXT(peer->id, "1");
    ASSERT_TEXT(peer->from, "a@b/c");
    sx_buffer_fini(&bytes);
}

/* The iq has three attributes, the Envelope one declaration. */
TEST(test_counts)
{
    struct peer peer;
    peer_start(&peer, &small);
    peer_feed(&peer, OPEN);
    expect_verdict(&peer, SMALL_LIMIT - 3, "a='1'", SX_OK, "");
    expect_verdict(&peer, SMALL_LIMIT - 2, "a='1'", SX_ETOOBIG,
                   "the stanza has more than 20 attributes");
    expect_verdict(&peer, SMALL_LIMIT - 3, "E:a='1'", SX_OK, "");
    expect_verdict(&peer, SMALL_LIMIT - 1, "xmlns:a='u'", SX_OK, "");
    expect_verdict(&peer, SMALL_LIMIT, "xmlns:a='u'", SX_ETOOBIG,
                   "the stanza has more than 20 namespace declarations");
    expect_verdict(&peer, SMALL_LIMIT, "xmlns='u'", SX_ETOOBIG,
                   "the stanza has more than 20 namespace declarations");
    expect_verdict(&peer, 1, "a='1'", SX_OK, "");
    CU_ASSERT_EQUAL(peer.stream.err, SX_OK);
    peer_stop(&peer);
}

TEST(test_counts_outside_envelopes)
{
    struct peer peer;
    struct sx_buffer bytes = {0};
    peer_start(&peer, &small);
    peer_feed(&peer, OPEN);
    sx_buffer_add_text(&bytes, IQ "<query xmlns='u'>");
    add_elements(&bytes, SMALL_LIMIT - 2, "a='1'");
    sx_buffer_add_text(&bytes, "</query></iq>");
    CU_ASSERT(peer_feed(&peer, bytes.bytes));
    CU_ASSERT_EQUAL(peer.verdict, SX_ETOOBIG);
    CU_ASSERT_FALSE(peer.has_children);
    sx_buffer_clear(&bytes);
    sx_buffer_add_text(&bytes, "<iq id='2'");
    for (unsigned i = 0; i < SMALL_LIMIT; i++)
        sx_buffer_add_format(&bytes, " a%u='1'", i);
    sx_buffer_add_text(&bytes, "/>");
    CU_ASSERT(peer_feed(&peer, bytes.bytes));
    CU_ASSERT_EQUAL(peer.verdict, SX_ETOOBIG);
    ASSERT_TEXT(peer.id, "2");
    CU_ASSERT_EQUAL(peer.stream.err, SX_OK);
    sx_buffer_fini(&bytes);
    peer_stop(&peer);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What an element with so many attributes costs; over the limit it costs its stanza alone. */
static double time_attributes(unsigned count)
{
    struct sx_buffer bytes = {0};
    struct peer peer;
    double seconds;
    unsigned i;
    sx_buffer_add_text(&bytes, IQ HEAD "<b");
    for (i = 0; i < count; i++)
        sx_buffer_add_format(&bytes, " a%u='>'", i);
    sx_buffer_add_text(&bytes, "/>" TAIL);
    peer_start(&peer, &huge);
    peer_feed(&peer, OPEN);
    seconds = cpu_seconds();
    CU_ASSERT(feed_in_chunks(&peer, bytes.bytes, bytes.len));
    seconds = cpu_seconds() - seconds;
    CU_ASSERT_EQUAL(peer.verdict, count > SX_NAMES_COUNT ? SX_ETOOBIG : SX_OK);
    CU_ASSERT(peer_feed(&peer, IQ "</iq>"));
    CU_ASSERT_EQUAL(peer.stanzas, 2);
    CU_ASSERT_EQUAL(peer.verdict, SX_OK);
    peer_stop(&peer);
    sx_buffer_fini(&bytes);
    return seconds;
}

/* An envelope with so many names, in an element for each, and elements behind them; with a value
 * that expat has to read, or one that is plain. */
static enum sx_err judge_names(unsigned names, unsigned elements, const char *value)
{
    struct sx_buffer bytes = {0};
    struct peer peer;
    enum sx_err verdict;
    unsigned i;
    sx_buffer_add_text(&bytes, IQ HEAD);
    for (i = 0; i < names; i++)
        sx_buffer_add_format(&bytes, "<b a%u='%s'/>", i, value);
    for (i = 0; i < elements; i++)
        sx_buffer_add_text(&bytes, "<c/>");
    sx_buffer_add_text(&bytes, TAIL);
    peer_start(&peer, &huge);
    peer_feed(&peer, OPEN);
    CU_ASSERT(feed_in_chunks(&peer, bytes.bytes, bytes.len));
    verdict = peer.verdict;
    CU_ASSERT(peer_feed(&peer, IQ "</iq>"));
    CU_ASSERT_EQUAL(peer.verdict, SX_OK);
    peer_stop(&peer);
    sx_buffer_fini(&bytes);
    return verdict;
}

TEST(test_names)
{
    static const char *const values[] = {"1", ">"};
    size_t i;
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        CU_ASSERT_EQUAL(judge_names(SX_NAMES_COUNT, 0, values[i]), SX_OK);
        CU_ASSERT_EQUAL(judge_names(SX_NAMES_COUNT + 1, 0, values[i]), SX_ETOOBIG);
        CU_ASSERT_EQUAL(judge_names(SX_NAMES_FREE, 100000, values[i]), SX_OK);
        CU_ASSERT_EQUAL(judge_names(SX_NAMES_COUNT, 9000, values[i]), SX_OK);
        CU_ASSERT_EQUAL(judge_names(SX_NAMES_COUNT, 12000, values[i]), SX_ETOOBIG);
    }
}

/* 16 times the attributes: 16 times the time, not 256 times. Others' work on the machine, which
 * takes caches and memory away, may spoil a measurement, but not each of three. */
TEST(test_million_attributes)
{
    double some = 0, many = 1;
    int tries;
    time_attributes(1000); /* memory is mapped, caches are warm */
    for (tries = 0; tries < 3 && many >= 80 * some; tries++) {
        some = time_attributes(62500);
        many = time_attributes(1000000);
    }
    CU_ASSERT(many < 80 * some);
    if (many >= 80 * some)
        printf("\n    62,500 attributes: %.3f s, 1,000,000: %.3f s", some, many);
}

/* Each would have expat look at it again with every chunk. */
TEST(test_endless_markup)
{
    static const char *const begins[] = {"<!--", "<?p ", "&a", "<![CDATA"};
    struct peer peer;
    size_t i;
    for (i = 0; i < sizeof begins / sizeof *begins; i++) {
        char bytes[2001];
        memset(bytes, 'x', sizeof bytes - 1);
        bytes[sizeof bytes - 1] = '\0';
        peer_start(&peer, &huge);
        peer_feed(&peer, OPEN IQ);
        peer_feed(&peer, begins[i]);
        peer_feed(&peer, bytes);
        CU_ASSERT_EQUAL(peer.stream.err, SX_EPROTOCOL);
        CU_ASSERT_FALSE(peer_feed(&peer, "x"));
        peer_stop(&peer);
    }
}

/* Memory is bounded while a tag is kept back, also one whose end never comes. */
TEST(test_endless_tag)
{
    static const char *const begins[] = {"<a b='", "<a ", "</iq ", "<a b=\"'"};
    struct sx_stream_limits limits = huge;
    char bytes[CHUNK_BYTES + 1];
    struct peer peer;
    unsigned chunks;
    size_t i;
    limits.max_stanza_bytes = 100000;
    for (i = 0; i < sizeof begins / sizeof *begins; i++) {
        memset(bytes, ' ', CHUNK_BYTES);
        bytes[CHUNK_BYTES] = '\0';
        peer_start(&peer, &limits);
        peer_feed(&peer, OPEN IQ);
        peer_feed(&peer, begins[i]);
        for (chunks = 0; chunks < 100 && peer_feed(&peer, bytes); chunks++)
            ;
        CU_ASSERT_EQUAL(chunks, 100000 / CHUNK_BYTES);
        CU_ASSERT_EQUAL(peer.stream.err, SX_EPROTOCOL);
        ASSERT_TEXT(peer.stream.why, "the server sent a tag of more than 100000 bytes");
        peer_stop(&peer);
    }
}

/* RFC 6120 11.6: UTF-8. expat would take UTF-16 as well, whatever it was told. */
TEST(test_nul_bytes)
{
    static const char utf16[] = "\xFF\xFE<\0s\0 \0x\0m\0l\0n\0s\0=\0'\0u\0'\0>\0<\0i\0q\0/\0>\0";
    size_t skipped, chunk_bytes;
    for (skipped = 0; skipped <= 2; skipped += 2) { /* with and without byte order mark */
        for (chunk_bytes = 1; chunk_bytes <= sizeof utf16; chunk_bytes += sizeof utf16 - 1) {
            struct peer peer;
            size_t i, len = sizeof utf16 - 1;
            peer_start(&peer, &huge);
            for (i = skipped; i < len; i += chunk_bytes)
                peer_feed_bytes(&peer, utf16 + i, len - i < chunk_bytes ? len - i : chunk_bytes);
            CU_ASSERT_EQUAL(peer.starts, 0);
            CU_ASSERT_EQUAL(peer.stanzas, 0);
            CU_ASSERT_EQUAL(peer.stream.err, SX_EPROTOCOL);
            peer_stop(&peer);
        }
    }
}

/* What stands before it counts. */
TEST(test_late_nul_byte)
{
    static const char bytes[] = OPEN "<iq id='1'/>\0<iq id='2'/>";
    struct peer peer;
    peer_start(&peer, &huge);
    CU_ASSERT_FALSE(peer_feed_bytes(&peer, bytes, sizeof bytes - 1));
    CU_ASSERT_EQUAL(peer.stanzas, 1);
    ASSERT_TEXT(peer.stream.why, "the server sent a NUL byte");
    CU_ASSERT_FALSE(peer_feed(&peer, "<iq id='3'/>"));
    CU_ASSERT_EQUAL(peer.stanzas, 1);
    peer_stop(&peer);
}

CU_TestInfo tests_flood[] = {
    {"too many attributes or declarations cost the stanza, the limit itself doesn't", test_counts},
    {"attributes count outside of envelopes, too", test_counts_outside_envelopes},
    {"attribute names cost the envelope, and elements for many of them", test_names},
    {"a million attributes cost in proportion, and their stanza alone", test_million_attributes},
    {"markup without an end ends the stream soon", test_endless_markup},
    {"a tag without an end ends the stream at the limit", test_endless_tag},
    {"UTF-16 ends the stream before it begins", test_nul_bytes},
    {"a NUL byte ends the stream, not what came before it", test_late_nul_byte},
    CU_TEST_INFO_NULL,
};
