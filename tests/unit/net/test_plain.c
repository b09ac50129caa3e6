/* Plain stanzas are read without expat; nothing that is delivered may tell. The same bytes, one by
 * one, are expat's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "../stream_peer.h"

#define OPEN                                                                                       \
    "<stream:stream xmlns='jabber:client' xmlns:p='u' xmlns:stream='http://etherx.jabber.org/"     \
    "streams'>"
#define SOAP11         "http://schemas.xmlsoap.org/soap/envelope/"
#define IQ(inside)     "<iq type='set' id='1' from='a@b/c'>" inside "</iq>"
#define ENV(body)      "<E:Envelope xmlns:E='" SOAP11 "' xmlns=''><E:Body>" body "</E:Body></E:Envelope>"
#define PACKED(inside) "<packed xmlns='urn:soap-xmpp:packed:1' action='a'>" inside "</packed>"

static const struct sx_stream_limits wide = {1 << 20, 64, 1000, 0, 0, 0};

struct seen {
    struct peer peer;
    struct sx_buffer log;
    unsigned count;
};

static void see(void *user, const struct sx_element *stanza)
{
    struct seen *seen = user;
    struct sx_stream *stream = &seen->peer.stream;
    struct sx_envelope envelope = {0};
    char *bytes = NULL;
    size_t len = 0;
    sx_buffer_add_format(&seen->log, "%d %s ", stream->verdict, stream->verdict_why);
    peer_log_element(&seen->log, stanza);
    if (sx_stream_envelope(stream, &envelope))
        sx_buffer_add_format(&seen->log, "{%d %s %s %s %s}", envelope.err, envelope.why,
                             envelope.operation, envelope.unbound,
                             envelope.bytes ? envelope.bytes : "");
    if (sx_stream_binary(stream, &bytes, &len)) {
        sx_buffer_add_format(&seen->log, "<%zu ", len);
        sx_buffer_add(&seen->log, bytes, len);
    }
    sx_buffer_add_text(&seen->log, "\n");
    seen->count++;
    sx_envelope_fini(&envelope);
    free(bytes);
}

static void start(struct seen *seen, const struct sx_stream_limits *limits)
{
    memset(seen, 0, sizeof *seen);
    peer_start(&seen->peer, limits);
    seen->peer.stream.on_stanza = see;
    seen->peer.stream.user = seen;
    seen->peer.stream.wants_trees = true;
    CU_ASSERT(peer_feed(&seen->peer, OPEN) == 1);
}

static void stop(struct seen *seen)
{
    peer_stop(&seen->peer);
    sx_buffer_fini(&seen->log);
}

/* How many stanzas were read without expat, fed at once. */
static unsigned long compare(const char *text, const struct sx_stream_limits *limits)
{
    struct seen whole, bytewise;
    unsigned long plain;
    const char *byte;
    start(&whole, limits);
    start(&bytewise, limits);
    peer_feed(&whole.peer, text);
    for (byte = text; *byte; byte++)
        peer_feed_bytes(&bytewise.peer, byte, 1);
    sx_buffer_add_format(&whole.log, "%d %s", whole.peer.stream.err, whole.peer.stream.why);
    sx_buffer_add_format(&bytewise.log, "%d %s", bytewise.peer.stream.err,
                         bytewise.peer.stream.why);
    ASSERT_TEXT(whole.log.bytes, bytewise.log.bytes);
    CU_ASSERT(bytewise.peer.stream.plain_iqs == 0);
    plain = whole.peer.stream.plain_iqs;
    stop(&whole);
    stop(&bytewise);
    return plain;
}

static const struct row {
    const char *text;
    unsigned plain;
} rows[] = {
    {IQ(ENV("<op/>")), 1},
    {IQ(ENV("<op a=\"b'c\"><x>1 &lt; 2 &amp; 3</x>\n<y/></op>")), 1},
    {IQ(ENV("<op><x>p:q r:s</x><y>r:s</y></op>")), 1},
    {IQ(ENV("<op>\xC3\xA4\xE2\x82\xAC</op>")), 1},
    {IQ(ENV("")), 1},
    {IQ(ENV("<op/>") ENV("<op/>")), 0},
    {IQ("<e:Envelope xmlns:e='" SOAP11 "'/>"), 1},
    {IQ("<Envelope xmlns='" SOAP11 "'><Body><p:op/></Body></Envelope>"), 1},
    {IQ(ENV("<op/>") "<error type='cancel'><x xmlns='y'/><text>t</text></error>"), 1},
    {IQ("text" ENV("<op/>") "text"), 1},
    {IQ(PACKED("AAAA")), 1},
    {IQ(PACKED("AA AA")), 0},
    {IQ(PACKED("")), 1},
    {IQ(PACKED("AAAA") PACKED("AAAA")), 0},
    {IQ("<query xmlns='q'><a/><b c='d' p:e='f' xml:lang='en'/></query>"), 1},
    {IQ(ENV("<op/>")) IQ("<a/>") IQ(ENV("<op/>")), 3},
    {IQ("<a/>") " " IQ("<a/>"), 1},
    {IQ("<a/>") "<message id='2'><body/></message>" IQ("<a/>"), 1},
    {IQ("<a/>") IQ(ENV("&#65;")) IQ("<a/>"), 1},
    {IQ(ENV("<op/>")) "<iq id='3' type='set'><x>", 1},
    {IQ(ENV("<op/>")) "</stream:stream>", 1},
    {"<iq id='1' type='result'/>", 0},
    {IQ(ENV("<![CDATA[x]]>")), 0},
    {IQ(ENV("a\r\nb")), 0},
    {IQ(ENV("a]]>b")), 0},
    {IQ(ENV("<op><!-- --></op>")), 0},
    {IQ(ENV("<op><?a b?></op>")), 0},
    {IQ(ENV("<op a='' a=''/>")), 0},
    {IQ(ENV("<op a='\n'/>")), 0},
    {IQ(ENV("<op a='b'c='d'/>")), 0},
    {IQ(ENV("<op></po>")), 0},
    {IQ(ENV("<op>&none;</op>")), 0},
    {IQ(ENV("<op>\x01</op>")), 0},
    {IQ(ENV("<op>\xC3</op>")), 0},
    {IQ(ENV("<n:op/>")), 0},
    {IQ("<n:op/>"), 0},
    {IQ("<op xmlns:xml='u'/>"), 0},
    {"<iq n:id='1' id='2'>" ENV("<op/>") "</iq>", 0},
    {"<iq id='&amp;'>" ENV("<op/>") "</iq>", 0},
    {"<iq id='1' a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='' m='' n='' o='' p=''>"
     "<a/></iq>",
     0},
};

enum { ROWS = sizeof rows / sizeof *rows };

TEST(test_rows)
{
    size_t i;
    for (i = 0; i < ROWS; i++) {
        unsigned long plain = compare(rows[i].text, &wide);
        if (plain != rows[i].plain)
            printf("\n    %lu plain: %s", plain, rows[i].text);
        CU_ASSERT_EQUAL(plain, rows[i].plain);
    }
}

/* Each limit, from far below what the stanzas need. */
TEST(test_limits)
{
    size_t i;
    unsigned limit;
    for (i = 0; i < ROWS; i++)
        for (limit = 1; limit < 30; limit++) {
            struct sx_stream_limits limits = wide;
            limits.max_nodes = limits.max_attributes = limit;
            compare(rows[i].text, &limits);
            limits = wide;
            limits.max_depth = limits.max_namespaces = limit;
            compare(rows[i].text, &limits);
        }
}

/* From the longest tag on, which ends the stream when it comes in pieces and is beyond the limit.
 * The last tag alone may be beyond it in a stanza that is plain. */
TEST(test_bytes)
{
    static const char text[] = IQ(ENV("<op><x>some text</x></op>"));
    size_t len = sizeof text - 1, max;
    for (max = 72; max < len + 2; max++) {
        struct sx_stream_limits limits = wide;
        limits.max_stanza_bytes = max;
        CU_ASSERT_EQUAL(compare(text, &limits), max + 5 >= len);
    }
}

/* What stands in the way of expat's seeing a stanza there, and how many it sees. */
TEST(test_not_between)
{
    static const struct {
        const char *before, *behind;
        unsigned count, plain;
    } cases[] = {
        {" ", "", 1, 1},
        {"\r", "", 1, 0},
        {"]", "]", 1, 0},
        {"<!-- ", "-->", 0, 0},
        {"<?a ", "?>", 0, 0},
        {"<![CDATA[", "]]>", 0, 0},
        {"<![CDATA[", "", 0, 0},
        {"<![CDATA[]]>", "", 1, 1},
        {"<![CDATA[]]", ">", 0, 0},
        {"<message ", "/>", 0, 0},
        {"<message a='", "'/>", 0, 0},
        {"<message>", "</message>", 1, 0},
        {"<mess", "/>", 0, 0},
        {"&am", "p;", 0, 0},
        {"&amp;", "", 1, 1},
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen;
        start(&seen, &wide);
        peer_feed(&seen.peer, cases[i].before);
        peer_feed(&seen.peer, IQ(ENV("<op/>")));
        peer_feed(&seen.peer, cases[i].behind);
        if (seen.count != cases[i].count || seen.peer.stream.plain_iqs != cases[i].plain)
            printf("\n    %u %lu: %s", seen.count, seen.peer.stream.plain_iqs, cases[i].before);
        CU_ASSERT_EQUAL(seen.count, cases[i].count);
        CU_ASSERT_EQUAL(seen.peer.stream.plain_iqs, cases[i].plain);
        stop(&seen);
    }
}

/* Expat goes on where it stood, however many stanzas it was spared. */
TEST(test_between)
{
    static const char iq[] = IQ(ENV("<op/>"));
    static const struct sx_stream_limits narrow = {sizeof iq + 40, 64, 1000, 500, 0, 0};
    struct seen seen;
    unsigned i;
    start(&seen, &narrow);
    for (i = 0; i < 20; i++) {
        CU_ASSERT(peer_feed(&seen.peer, iq) == 1);
        CU_ASSERT(peer_feed_bytes(&seen.peer, iq, 50) == 1);
        CU_ASSERT(peer_feed(&seen.peer, iq + 50) == 1);
        CU_ASSERT(peer_feed(&seen.peer, i % 2 ? " " : "<message/>") == 1);
    }
    CU_ASSERT_EQUAL(seen.count, 50);
    CU_ASSERT_EQUAL(seen.peer.stream.plain_iqs, 20);
    CU_ASSERT_TRUE(seen.peer.stream.recycled > 3);
    CU_ASSERT_PTR_NULL(strstr(seen.log.bytes, "larger"));
    i = (unsigned)seen.peer.stream.recycled;
    CU_ASSERT(peer_feed_times(&seen.peer, iq, 20) == 1);
    CU_ASSERT(peer_feed(&seen.peer, "<message/>") == 1);
    CU_ASSERT(seen.peer.stream.recycled <= i + 1);
    CU_ASSERT(peer_feed_times(&seen.peer, iq, 20) == 1);
    CU_ASSERT(peer_feed(&seen.peer, "<message/>") == 1);
    CU_ASSERT(seen.peer.stream.recycled <= i + 1);
    CU_ASSERT(peer_feed(&seen.peer, "</stream:stream>") == 1);
    CU_ASSERT_EQUAL(seen.peer.ends, 1);
    stop(&seen);
}

CU_TestInfo tests_plain[] = {
    {"a plain iq is delivered as through expat, and all else is left to it", test_rows},
    {"limits hold the same", test_limits},
    {"the limit of bytes holds to the byte", test_bytes},
    {"what expat would not take for a stanza is none", test_not_between},
    {"expat goes on behind what it was spared", test_between},
    CU_TEST_INFO_NULL,
};
