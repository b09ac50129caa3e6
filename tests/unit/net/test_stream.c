/* The stanza parser. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/stream.h"
#include "../../lib/suite.h"
#include "../stream_peer.h"

extern CU_TestInfo tests_stream[];

#define OPEN                                                                                       \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                                   \
    "xmlns:stream='http://etherx.jabber.org/streams' xmlns:z='urn:z&amp;1' id='s1' "               \
    "xml:lang='en' version='1.0'>"
#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define INHERITED                                                                                  \
    " xmlns=\"jabber:client\" xmlns:stream=\"http://etherx.jabber.org/streams\" "                  \
    "xmlns:z=\"urn:z&amp;1\""
#define REST                                                                                       \
    " xmlns:e=\"" SOAP12 "\"\n xmlns:q='urn:q'><e:Body a='1'>t&amp;<![CDATA[<x>&]]>"               \
    "<q:x e:mustUnderstand='1' z:t='q:name'/>\r\n<z:k>q:name &#233;\xC3\xA9</z:k><u xmlns=''><v/>" \
    "</u></e:Body  ></e:Envelope >"
#define IQ    "<iq type='set' id='a' xmlns:q='urn:hidden'><e:Envelope" REST "</iq>"
#define SMALL "<iq id='n'><E:Envelope xmlns:E='" SOAP11 "'><E:Body/></E:Envelope></iq>"
#define PLAIN                                                                                      \
    "<iq type='result' id='&lt;1&gt;' from='a@b/c' xmlns:p='urn:p'><query xmlns='urn:d'>"          \
    "<p:f var='x'>a<![CDATA[&<]]>&#x41;b</p:f>tail\n<g xmlns=''/></query></iq>"
#define DOCUMENT OPEN "<a/>\n" IQ " " PLAIN IQ SMALL "<presence/>"

static const struct sx_stream_limits wide = {1 << 20, 64, 1000, 8 << 20, 0, 0};

static char *log_of_steps(size_t first, size_t step)
{
    struct peer peer;
    const size_t len = strlen(DOCUMENT);
    size_t at = 0, n;
    char *log;

    peer_start(&peer, &wide);
    for (n = first; at < len; at += n, n = step) {
        if (n > len - at)
            n = len - at;
        CU_ASSERT(peer_feed_bytes(&peer, DOCUMENT + at, n) == 1);
    }
    log = sx_buffer_take(&peer.log, NULL);
    peer_stop(&peer);
    return log;
}

TEST(test_two_chunks)
{
    char *whole = log_of_steps(sizeof DOCUMENT, 1), *split;
    size_t i;

    ASSERT_CONTAINS(whole, "(a xmlns=jabber:client)\n");
    ASSERT_CONTAINS(whole, "{<e:Envelope" INHERITED REST "}");
    ASSERT_CONTAINS(whole, "[a&<Ab])[tail\n](g xmlns=)))\n");
    ASSERT_CONTAINS(whole, "(presence xmlns=jabber:client)\n");
    for (i = 1; i < strlen(DOCUMENT); i++) {
        split = log_of_steps(i, sizeof DOCUMENT);
        ASSERT_TEXT(split, whole);
        free(split);
    }
    free(whole);
}

TEST(test_small_chunks)
{
    char *whole = log_of_steps(sizeof DOCUMENT, 1), *split;
    size_t step;

    for (step = 1; step <= 8; step++) {
        split = log_of_steps(step, step);
        ASSERT_TEXT(split, whole);
        free(split);
    }
    free(whole);
}

TEST(test_start)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN) == 1);
    ASSERT_TEXT(peer.start, "stream id=s1 version=1.0");
    CU_ASSERT(peer_feed(&peer, "</stream:stream>") == 1);
    CU_ASSERT(peer.starts == 1 && peer.ends == 1 && peer.stanzas == 0);
    CU_ASSERT(peer.stream.fed_bytes == strlen(OPEN "</stream:stream>"));
    peer_stop(&peer);
}

static void assert_envelope(const char *stanza, const char *bytes)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN) == 1);
    CU_ASSERT(peer_feed(&peer, stanza) == 1);
    CU_ASSERT(peer.has_envelope && peer.verdict == SX_OK);
    ASSERT_TEXT(peer.envelope.bytes, bytes);
    CU_ASSERT(peer.envelope.bytes && peer.envelope.len == strlen(bytes));
    peer_stop(&peer);
}

TEST(test_inheritance)
{
    assert_envelope("<iq xmlns:p='urn:p' xmlns:z='urn:\"&lt;'><p:Envelope xmlns:p='" SOAP11
                    "'><p:Body z:a=''/></p:Envelope></iq>",
                    "<p:Envelope xmlns=\"jabber:client\" "
                    "xmlns:stream=\"http://etherx.jabber.org/streams\" "
                    "xmlns:z=\"urn:&quot;&lt;\" xmlns:p='" SOAP11
                    "'><p:Body z:a=''/></p:Envelope>");
    assert_envelope("<iq xmlns:s='" SOAP12 "'><s:Envelope><s:Body/></s:Envelope></iq>",
                    "<s:Envelope" INHERITED " xmlns:s=\"" SOAP12 "\"><s:Body/></s:Envelope>");
    assert_envelope("<iq><Envelope xmlns='" SOAP12 "'><Body/></Envelope></iq>",
                    "<Envelope xmlns:stream=\"http://etherx.jabber.org/streams\" "
                    "xmlns:z=\"urn:z&amp;1\" xmlns='" SOAP12 "'><Body/></Envelope>");
    assert_envelope("<x:iq xmlns:x='jabber:client' xmlns=''><e:Envelope xmlns:e='" SOAP12
                    "'><e:Body/></e:Envelope></x:iq>",
                    "<e:Envelope xmlns:stream=\"http://etherx.jabber.org/streams\" "
                    "xmlns:z=\"urn:z&amp;1\" xmlns:x=\"jabber:client\" xmlns=\"\" xmlns:e='" SOAP12
                    "'><e:Body/></e:Envelope>");
}

TEST(test_placeholder)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN SMALL) == 1);
    ASSERT_CONTAINS(peer.log.bytes, "(Envelope xmlns=" SOAP11 ")){<E:Envelope");
    CU_ASSERT(peer.envelope.version == 11 && peer.envelope.has_body && !peer.envelope.err);
    peer_stop(&peer);
}

TEST(test_no_envelope)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN "<iq><x><e:Envelope xmlns:e='" SOAP12 "'><e:Body/></e:Envelope>"
                                    "</x><Envelope xmlns='urn:other'/><Envelope/></iq>") == 1);
    CU_ASSERT(!peer.has_envelope && peer.verdict == SX_OK);
    ASSERT_CONTAINS(peer.log.bytes, "(Body xmlns=" SOAP12 ")");
    ASSERT_CONTAINS(peer.log.bytes, "(Envelope xmlns=urn:other)");
    peer_stop(&peer);
}

TEST(test_stamped_attributes)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN "<iq from='real' z:from='forged' z:id='x' xml:lang='de'/>") ==
              1);
    ASSERT_TEXT(peer.from, "real");
    ASSERT_TEXT(peer.id, "");
    ASSERT_CONTAINS(peer.log.bytes, "lang=de");
    peer_stop(&peer);
}

TEST(test_keep_alive)
{
    const struct sx_stream_limits limits = {200, 64, 100, 0, 0, 0};
    struct peer peer;
    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, OPEN) == 1);
    CU_ASSERT(peer_feed_times(&peer, " \n", 1000) == 1);
    CU_ASSERT(peer_feed(&peer, SMALL) == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.verdict == SX_OK);
    peer_stop(&peer);
}

/* The stanza costs itself, keeps its name and attributes, and the next one is as good as ever. */
static void assert_verdict(const struct sx_stream_limits *limits, const char *head,
                           const char *repeated, unsigned times, const char *tail, enum sx_err err)
{
    struct peer peer;
    peer_start(&peer, limits);
    CU_ASSERT(peer_feed(&peer, OPEN) == 1);
    CU_ASSERT(peer_feed(&peer, head) == 1);
    CU_ASSERT(peer_feed_times(&peer, repeated, times) == 1);
    CU_ASSERT(peer_feed(&peer, tail) == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.stream.err == SX_OK);
    CU_ASSERT_EQUAL(peer.verdict, err);
    CU_ASSERT(peer.verdict_why[0] != '\0');
    ASSERT_TEXT(peer.id, "a");
    CU_ASSERT(!peer.has_children);
    if (peer.has_envelope) {
        CU_ASSERT(peer.envelope.err == err && !peer.envelope.bytes);
        ASSERT_TEXT(peer.envelope.why, peer.verdict_why);
    }
    CU_ASSERT(peer.has_envelope == (strstr(head, "Envelope") != NULL));
    CU_ASSERT(peer_feed(&peer, SMALL) == 1);
    CU_ASSERT(peer.stanzas == 2 && peer.verdict == SX_OK && !peer.envelope.err);
    ASSERT_CONTAINS(peer.log.bytes, "{<E:Envelope");
    peer_stop(&peer);
}

#define HEAD     "<iq id='a'>"
#define ENVELOPE HEAD "<e:Envelope xmlns:e='" SOAP12 "'><e:Body>"
#define TAIL     "</e:Body></e:Envelope></iq>"

TEST(test_too_large)
{
    const struct sx_stream_limits limits = {1000, 64, 100, 0, 0, 0};
    assert_verdict(&limits, HEAD "<b>", "0123456789abcde\n", 100, "</b></iq>", SX_ETOOBIG);
    assert_verdict(&limits, HEAD, "<b/>  ", 500, "</iq>", SX_ETOOBIG);
    assert_verdict(&limits, ENVELOPE, "0123456789abcde\n", 500, TAIL, SX_ETOOBIG);
    assert_verdict(&limits, ENVELOPE, "<b>text</b>", 500, TAIL, SX_ETOOBIG);
}

TEST(test_exactly_full)
{
    struct sx_stream_limits limits = {strlen(IQ), 64, 100, 0, 0, 0};
    struct peer peer;
    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, OPEN IQ) == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.verdict == SX_OK);
    peer_stop(&peer);
    limits.max_stanza_bytes--;
    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, OPEN IQ) == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.verdict == SX_ETOOBIG);
    peer_stop(&peer);
}

TEST(test_too_deep)
{
    const struct sx_stream_limits limits = {100000, 10, 100, 0, 0, 0};
    struct peer peer;
    assert_verdict(&limits, HEAD "<b><b><b><b><b><b><b><b><b><b>", "", 0,
                   "</b></b></b></b></b></b></b></b></b></b></iq>", SX_EDEPTH);
    assert_verdict(&limits, ENVELOPE "<b><b><b><b><b><b><b><b><b>", "", 0,
                   "</b></b></b></b></b></b></b></b></b>" TAIL, SX_EDEPTH);
    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, OPEN ENVELOPE
                        "<b><b><b><b><b><b><b><b></b></b></b></b></b></b></b></b>" TAIL) == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.verdict == SX_OK && peer.envelope.bytes);
    peer_stop(&peer);
}

TEST(test_too_many_nodes)
{
    const struct sx_stream_limits limits = {100000, 64, 20, 0, 0, 0};
    assert_verdict(&limits, HEAD, "<b/>", 19, "</iq>", SX_ETOOBIG);
    assert_verdict(&limits, HEAD, "<b c='1' d='2' e='3' f='4'/>", 4, "</iq>", SX_ETOOBIG);
    assert_verdict(&limits, HEAD, "t<b/>", 10, "</iq>", SX_ETOOBIG);
    assert_verdict(&limits, ENVELOPE "</e:Body></e:Envelope>", "<b/>", 18, "</iq>", SX_ETOOBIG);
    assert_verdict(&limits,
                   "<iq id='a' b1='' b2='' b3='' b4='' b5='' b6='' b7='' b8='' b9='' b10='' b11='' "
                   "b12='' b13='' b14='' b15='' b16='' b17='' b18='' b19='' b20=''>",
                   "", 0, "</iq>", SX_ETOOBIG);
}

/* A long namespace, declared once, in elements that don't inherit it. */
TEST(test_too_much_memory)
{
    enum { NS_BYTES = 10000, ELEMENTS = 200 };
    const struct sx_stream_limits limits = {20000, 64, 1000, 0, 0, 0};
    static const struct {
        const char *begin, *element, *end;
        enum sx_err verdict;
    } rows[] = {
        {HEAD "<b xmlns:p='", "<p:c/>", "</b></iq>", SX_ETOOBIG},
        {HEAD "<p:b xmlns:p='", "<p:c/>", "</p:b></iq>", SX_OK},
    };
    size_t i;
    unsigned k;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_buffer stanza = {0};
        struct peer peer;
        peer_start(&peer, &limits);
        sx_buffer_add_format(&stanza, OPEN "%s%0*d'>", rows[i].begin, NS_BYTES, 0);
        for (k = 0; k < ELEMENTS; k++)
            sx_buffer_add_text(&stanza, rows[i].element);
        sx_buffer_add_text(&stanza, rows[i].end);
        CU_ASSERT(peer_feed(&peer, stanza.bytes) == 1);
        CU_ASSERT_EQUAL(peer.verdict, rows[i].verdict);
        ASSERT_TEXT(peer.id, "a");
        if (rows[i].verdict)
            ASSERT_CONTAINS(peer.verdict_why, "bytes of memory");
        sx_buffer_fini(&stanza);
        peer_stop(&peer);
    }
}

TEST(test_unbound)
{
    assert_verdict(&wide, HEAD "<b><no:c/></b>", "", 0, "</iq>", SX_EMALFORMED);
    assert_verdict(&wide, HEAD "<b no:c='1'>t</b>", "", 0, "</iq>", SX_EMALFORMED);
    assert_verdict(&wide, "<iq no:type='set' id='a'><b/>", "", 0, "</iq>", SX_EMALFORMED);
    assert_verdict(&wide, "<no:iq id='a'>", "", 0, "</no:iq>", SX_EMALFORMED);
    assert_verdict(&wide, HEAD "<b xmlns:p=''/>", "", 0, "</iq>", SX_EMALFORMED);
    assert_verdict(&wide, ENVELOPE "<no:b/>", "", 0, TAIL, SX_EMALFORMED);
    assert_verdict(&wide, ENVELOPE "<b no:c='1'/>", "", 0, TAIL, SX_EMALFORMED);
}

TEST(test_two_envelopes)
{
    assert_verdict(&wide, ENVELOPE "</e:Body></e:Envelope>", "", 0,
                   "<e:Envelope xmlns:e='" SOAP11 "'><e:Body/></e:Envelope></iq>", SX_EMALFORMED);
}

TEST(test_bodiless)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN "<iq id='a'><Envelope xmlns='" SOAP12 "'/></iq>") == 1);
    CU_ASSERT(peer.has_envelope && peer.envelope.err == SX_EMALFORMED);
    CU_ASSERT(peer_feed(&peer, SMALL) == 1 && peer.envelope.err == SX_OK);
    peer_stop(&peer);
}

static void assert_failure(const char *text, const char *why)
{
    struct peer peer;
    unsigned stanzas;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, text) == 0);
    stanzas = peer.stanzas;
    CU_ASSERT_EQUAL(peer.stream.err, SX_EPROTOCOL);
    ASSERT_CONTAINS(peer.stream.why, why);
    CU_ASSERT(peer_feed(&peer, SMALL) == 0);
    CU_ASSERT(peer.stanzas == stanzas);
    CU_ASSERT(parser_reset(peer.parser) == 1);
    CU_ASSERT(peer_feed(&peer, OPEN SMALL) == 1);
    CU_ASSERT(peer.stanzas == stanzas + 1 && peer.has_envelope);
    peer_stop(&peer);
}

TEST(test_restricted)
{
    assert_failure("<!DOCTYPE a [<!ENTITY x 'y'>]>" OPEN, "DOCTYPE");
    assert_failure(OPEN "<iq><!-- c --></iq><iq/>", "comment");
    assert_failure(OPEN ENVELOPE "<!-- c -->" TAIL, "comment");
    assert_failure(OPEN "<?target data?><iq/>", "processing instruction");
    assert_failure(OPEN ENVELOPE "<?target data?>" TAIL, "processing instruction");
    assert_failure("<?xml version='1.0' encoding='ISO-8859-1'?><a>", "ISO-8859-1");
    assert_failure("<?xml version='1.0' encoding='UTF-16'?><a>", "UTF-16");
    assert_failure(OPEN "<iq><b>&unknown;</b></iq>", "undefined entity");
    assert_failure(OPEN "<iq></b></iq>", "mismatched tag");
    assert_failure(OPEN ENVELOPE "</Body>" TAIL, "mismatched tag");
    assert_failure(OPEN "<iq id='\xC3('/>", "not well-formed");
    assert_failure(OPEN "<iq>&#1;</iq>", "invalid character");
    assert_failure("<no:stream>", "namespace-well-formed");
}

/* RFC 6120 4.4: nothing that comes behind it counts, in one chunk or in another. */
TEST(test_after_the_end)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN SMALL "</stream:stream>" SMALL "<!-- junk --></b>") == 1);
    CU_ASSERT(peer_feed(&peer, SMALL "<?junk?>") == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.ends == 1);
    CU_ASSERT_EQUAL(peer.stream.err, SX_OK);
    CU_ASSERT(parser_reset(peer.parser) == 1);
    CU_ASSERT(peer_feed(&peer, OPEN SMALL) == 1);
    CU_ASSERT(peer.stanzas == 2 && peer.has_envelope);
    peer_stop(&peer);
}

TEST(test_encoding_declared)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, "<?xml version='1.0' encoding='utf-8'?><stream id='1' "
                               "xmlns='http://etherx.jabber.org/streams'>" SMALL) == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.has_envelope);
    peer_stop(&peer);
}

static void assert_long_token(const char *head, const char *repeated)
{
    const struct sx_stream_limits limits = {1000, 64, 100, 0, 0, 0};
    struct peer peer;
    unsigned i;
    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, head) == 1);
    for (i = 0; i < 100 && peer_feed(&peer, repeated); i++)
        ;
    CU_ASSERT(i < 70 && i > 50);
    CU_ASSERT(peer.stream.err == SX_EPROTOCOL);
    ASSERT_CONTAINS(peer.stream.why, "1000 bytes");
    peer_stop(&peer);
}

TEST(test_long_token)
{
    assert_long_token(OPEN "<iq id='", "0123456789abcdef");
    assert_long_token(OPEN HEAD "<b", "0123456789abcdef");
    assert_long_token(OPEN ENVELOPE "<b c='", "0123456789abcdef");
    assert_long_token("<stream id='", "0123456789abcdef");
}

#define SASL          "urn:ietf:params:xml:ns:xmpp-sasl"
#define STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"

TEST(test_stream_error)
{
    struct peer peer;
    peer_start(&peer, &wide);
    CU_ASSERT(peer_feed(&peer, OPEN "<stream:error><text xmlns='" STREAM_ERRORS "'>bye</text>"
                                    "<conflict xmlns='" STREAM_ERRORS "'/><x xmlns='urn:x'/>"
                                    "</stream:error>") == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.stream.err == SX_OK);
    ASSERT_TEXT(peer.stream.negotiation.error.name, "conflict");
    ASSERT_TEXT(peer.stream.negotiation.error.text, "bye");
    CU_ASSERT(peer_feed(&peer, "<stream:error/>") == 0);
    CU_ASSERT(peer.stanzas == 1 && peer.stream.err == SX_ESTREAM);
    peer_stop(&peer);
}

TEST(test_announced_limits)
{
    static const struct {
        const char *limits;
        unsigned max_bytes, idle_s;
    } rows[] = {
        {"<max-bytes>10000</max-bytes><idle-seconds>1800</idle-seconds>", 10000, 1800},
        {"<max-bytes>4294967295</max-bytes>", 4294967295u, 0},
        {"<max-bytes>4294967296</max-bytes><idle-seconds>-1</idle-seconds>", 0, 0},
        {"<max-bytes>99999999999999999999</max-bytes><idle-seconds/>", 0, 0},
        {"<max-bytes>1e3</max-bytes><idle-seconds> 5</idle-seconds>", 0, 0},
        {"", 0, 0},
    };
    struct peer peer;
    size_t i;
    peer_start(&peer, &wide);
    peer_feed(&peer, OPEN);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_feed(&peer, "<stream:features><limits xmlns='urn:xmpp:stream-limits:0'>");
        peer_feed(&peer, rows[i].limits);
        CU_ASSERT(peer_feed(&peer, "</limits></stream:features>"));
        CU_ASSERT_EQUAL(peer.stream.negotiation.server_max_bytes, rows[i].max_bytes);
        CU_ASSERT_EQUAL(peer.stream.negotiation.server_idle_s, rows[i].idle_s);
    }
    peer_feed(&peer, "<stream:features><limits xmlns='urn:xmpp:stream-limits:0'>"
                     "<max-bytes>10000</max-bytes></limits></stream:features>");
    CU_ASSERT_EQUAL(peer.stream.negotiation.server_max_bytes, 10000);
    peer_feed(&peer, "<stream:features><limits xmlns='urn:other'><max-bytes>5</max-bytes></limits>"
                     "</stream:features>");
    CU_ASSERT_EQUAL(peer.stream.negotiation.server_max_bytes, 0);
    peer_stop(&peer);
}

/* Who logs in gets the header with its id, and each stanza, whatever its namespace. */
struct logged {
    struct sx_buffer text;
};

static void note_header(void *user, const char *id)
{
    struct logged *logged = user;
    sx_buffer_add_format(&logged->text, "[%s]", id ? id : "none");
}

static void note_stanza(void *user, const struct sx_element *stanza, bool has_more)
{
    struct logged *logged = user;
    sx_buffer_add_format(&logged->text, "%s%s", sx_element_name(stanza), has_more ? "+" : ";");
}

TEST(test_logged)
{
    struct logged logged = {0};
    struct peer peer;
    peer_start(&peer, &wide);
    peer.stream.user = &logged;
    peer.stream.on_header = note_header;
    peer.stream.on_login = note_stanza;
    CU_ASSERT(peer_feed(&peer, OPEN "<stream:features/><success xmlns='" SASL "'/>") == 1);
    CU_ASSERT(parser_reset(peer.parser) == 1);
    CU_ASSERT(peer_feed(&peer, "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
                               "xmlns='jabber:client' from='x' id='a&lt;7'>") == 1);
    CU_ASSERT(peer_feed(&peer, "<proceed/>") == 1);
    CU_ASSERT(peer_feed(&peer, "<features><stream:x/></features>") == 1);
    ASSERT_TEXT(logged.text.bytes, "[s1]features+success;[a<7]proceed;features;");
    CU_ASSERT(peer.stanzas == 0);
    sx_buffer_fini(&logged.text);
    peer_stop(&peer);
}

TEST(test_recycling)
{
    const struct sx_stream_limits limits = {1 << 20, 64, 100, 4096, 0, 0};
    char stanzas[2048];
    struct peer peer;
    unsigned i;

    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, OPEN) == 1);
    for (i = 0; i < 2000; i++) {
        snprintf(stanzas, sizeof stanzas, "<iq id='%u' u%u='1'/>" IQ " <iq", i, i);
        CU_ASSERT(peer_feed(&peer, stanzas) == 1);
        ASSERT_TEXT(peer.envelope.bytes, "<e:Envelope" INHERITED REST);
        snprintf(stanzas, sizeof stanzas, " id='%u'/>", i);
        CU_ASSERT(peer_feed(&peer, stanzas) == 1);
        sx_buffer_clear(&peer.log);
    }
    ASSERT_TEXT(peer.id, "1999");
    CU_ASSERT(peer.stanzas == 6000 && peer.starts == 1);
    CU_ASSERT(peer.stream.recycled > 100 && peer.stream.recycled < 1000);
    CU_ASSERT(peer_feed(&peer, "</stream:stream>") == 1 && peer.ends == 1);
    peer_stop(&peer);
}

TEST(test_recycling_in_one_chunk)
{
    const struct sx_stream_limits limits = {1 << 20, 64, 100, 1, 0, 0};
    struct peer peer;
    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, DOCUMENT "</stream:stream>") == 1);
    CU_ASSERT(peer.stanzas == 6 && peer.stream.recycled == 6);
    CU_ASSERT(peer.starts == 1 && peer.ends == 1);
    peer_stop(&peer);
}

/* expat remembers every name for as long as it lives. */
TEST(test_endless_names)
{
    const struct sx_stream_limits limits = {1000, 64, 100, 1 << 20, 0, 0};
    struct peer peer;
    char chunk[64];
    unsigned i;

    peer_start(&peer, &limits);
    CU_ASSERT(peer_feed(&peer, OPEN HEAD) == 1);
    for (i = 0; i < 2000000; i++) {
        snprintf(chunk, sizeof chunk, "<b%u c%u=''/>", i, i);
        if (!peer_feed(&peer, chunk))
            break;
    }
    CU_ASSERT(i > 10000 && i < 200000);
    CU_ASSERT(peer.stream.err == SX_ENOMEM && peer.stanzas == 0);
    peer_stop(&peer);
}

TEST(test_from_string)
{
    xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(
        peer_ctx, "<iq id='1'><Envelope xmlns='" SOAP12 "'><b>x</b></Envelope></iq>");
    struct sx_buffer log = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(stanza);
    peer_log_stanza(&log, stanza);
    ASSERT_TEXT(log.bytes, "(iq id=1(Envelope xmlns=" SOAP12 "(b xmlns=" SOAP12 "[x])))");
    sx_buffer_fini(&log);
    xmpp_stanza_release(stanza);
    CU_ASSERT_PTR_NULL(xmpp_stanza_new_from_string(peer_ctx, "<iq><no:b/></iq>"));
    CU_ASSERT_PTR_NULL(xmpp_stanza_new_from_string(peer_ctx, "<iq><b></iq>"));
}

TEST(test_reset_in_callback)
{
    struct peer peer;
    peer_start(&peer, &wide);
    peer.reset_in_callback = true;
    CU_ASSERT(peer_feed(&peer, OPEN SMALL SMALL) == 1);
    CU_ASSERT(peer.stanzas == 1 && peer.stream.err == SX_OK);
    peer.reset_in_callback = false;
    CU_ASSERT(peer_feed(&peer, OPEN SMALL) == 1);
    CU_ASSERT(peer.stanzas == 2 && peer.starts == 2);
    peer_stop(&peer);
}

TEST(test_free_anywhere)
{
    struct peer peer;
    size_t i;
    for (i = 0; i < strlen(DOCUMENT); i += 3) {
        peer_start(&peer, &wide);
        CU_ASSERT(peer_feed_bytes(&peer, DOCUMENT, i) == 1);
        peer_stop(&peer);
    }
}

/* libstrophe's allocation number N fails, for every N. */
TEST(test_no_memory)
{
    const struct sx_stream_limits limits = {1 << 20, 64, 12, 0, 0, 0};
    struct peer peer;
    long n;
    int ok = 0;

    for (n = 0; n < 1000 && !ok; n++) {
        peer_start(&peer, &limits);
        peer_allocations_left = n;
        ok =
            peer_feed(&peer, DOCUMENT HEAD "<b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></iq>");
        peer_allocations_left = -1;
        CU_ASSERT(ok || peer.stream.err == SX_ENOMEM);
        peer_stop(&peer);
    }
    CU_ASSERT(ok && n > 50);
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 16;
}

/* Pieces of markup in any order, bytes of the document changed at random. */
TEST(test_garbage)
{
    static const char *const pieces[] = {
        OPEN,  IQ,  SMALL,  PLAIN,       HEAD,     ENVELOPE,          TAIL,        "</iq>",
        "<b>", "",  "]]>",  "<![CDATA[", "</b>",   "<stream:error/>", "&amp;",     "\xFF",
        "<",   ">", "<a b", "='1'",      "<p:q/>", "xmlns:p='u'",     "<Envelope", " "};
    const struct sx_stream_limits limits = {2000, 8, 20, 500, 0, 0};
    struct peer peer;
    char document[sizeof DOCUMENT];
    unsigned state = 1, round, i;

    for (round = 0; round < 2000; round++) {
        peer_start(&peer, &limits);
        if (round % 2) {
            peer_feed(&peer, OPEN);
            for (i = 0; i < 20; i++)
                peer_feed(&peer, pieces[next_random(&state) % (sizeof pieces / sizeof pieces[0])]);
        } else {
            memcpy(document, DOCUMENT, sizeof document);
            for (i = 0; i < 3; i++)
                document[next_random(&state) % strlen(DOCUMENT)] = (char)next_random(&state);
            peer_feed_bytes(&peer, document, sizeof document - 1);
        }
        CU_ASSERT(peer.stanzas < 200);
        peer_stop(&peer);
    }
}

CU_TestInfo tests_stream[] = {
    {"every split into two chunks gives the same stanzas and envelopes", test_two_chunks},
    {"chunks of 1 to 8 bytes give the same stanzas and envelopes", test_small_chunks},
    {"the stream's start tells its local name and its own attributes", test_start},
    {"an envelope inherits what it doesn't declare, innermost first", test_inheritance},
    {"an envelope is an empty placeholder in the tree", test_placeholder},
    {"an Envelope elsewhere or of another namespace is an element", test_no_envelope},
    {"prefixed attributes don't pass for stamped ones", test_stamped_attributes},
    {"white space between stanzas counts toward no limit", test_keep_alive},
    {"too many bytes cost the stanza", test_too_large},
    {"a stanza may be exactly as large as the limit", test_exactly_full},
    {"too deep nesting costs the stanza", test_too_deep},
    {"too many nodes, texts or attributes cost the stanza", test_too_many_nodes},
    {"a namespace that many elements repeat costs the stanza", test_too_much_memory},
    {"a prefix bound nowhere costs the stanza", test_unbound},
    {"two envelopes cost their stanza", test_two_envelopes},
    {"an envelope without a body says so and costs nothing", test_bodiless},
    {"what RFC 6120 restricts ends the stream until a reset", test_restricted},
    {"what follows the end of a stream is not looked at", test_after_the_end},
    {"UTF-8 may be declared", test_encoding_declared},
    {"a tag longer than the limit ends the stream", test_long_token},
    {"a stream error is recorded, an empty one stopped", test_stream_error},
    {"the newest features say what the server takes", test_announced_limits},
    {"who logs in is shown the header and each stanza", test_logged},
    {"a fresh expat now and then changes nothing", test_recycling},
    {"expat may be renewed after each stanza of a chunk", test_recycling_in_one_chunk},
    {"endless new names end the stream before memory does", test_endless_names},
    {"strings become stanzas without capture", test_from_string},
    {"a reset inside a callback waits for the chunk's end", test_reset_in_callback},
    {"a parser may be freed at any byte", test_free_anywhere},
    {"no memory in libstrophe fails the stream", test_no_memory},
    {"garbage never crashes", test_garbage},
    CU_TEST_INFO_NULL,
};
