/* What comes to a stream that is online passes libstrophe by, unless it is about the stream itself;
 * an iq becomes a tree only if it has to be one. */
#include <string.h>

#include "../../lib/suite.h"
#include "../stream_peer.h"

#define OPEN   "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define SMALL  "<iq id='n'><E:Envelope xmlns:E='" SOAP11 "'><E:Body/></E:Envelope></iq>"

static const struct sx_stream_limits wide = {1 << 20, 64, 1000, 0, 0, 0};

/* What came past libstrophe. */
struct passed {
    struct peer peer;
    struct sx_buffer log;
    unsigned count, trees;
};

static const char *attribute_of(const struct passed *passed, const char *name)
{
    const char *value = sx_stream_packed_attribute(&passed->peer.stream, name);
    return value ? value : "-";
}

static void pass(void *user, const struct sx_element *stanza)
{
    struct passed *passed = user;
    const char *id = sx_stream_attribute(&passed->peer.stream, "id");
    CU_ASSERT_PTR_NULL(sx_stream_attribute(&passed->peer.stream, "from"));
    sx_buffer_add_format(&passed->log, "%s:", id ? id : sx_stream_name(&passed->peer.stream));
    if (stanza)
        peer_log_element(&passed->log, stanza);
    else if (passed->peer.stream.binary)
        sx_buffer_add_format(&passed->log, "<%s %s>", attribute_of(passed, "action"),
                             attribute_of(passed, "form"));
    sx_buffer_add_text(&passed->log, passed->peer.stream.envelope ? "{}\n" : "\n");
    passed->trees += stanza != NULL;
    passed->count++;
}

static void start_passing(struct passed *passed)
{
    *passed = (struct passed){.count = 0};
    peer_start(&passed->peer, &wide);
    passed->peer.stream.on_stanza = pass;
    passed->peer.stream.user = passed;
}

static void stop_passing(struct passed *passed)
{
    peer_stop(&passed->peer);
    sx_buffer_fini(&passed->log);
}

TEST(test_past_libstrophe)
{
    struct passed passed;
    start_passing(&passed);
    CU_ASSERT(peer_feed(&passed.peer, OPEN "<iq id='1'/><message id='2'/>" SMALL
                                           "<iq id='3'><error/></iq><presence id='4'/>") == 1);
    CU_ASSERT(passed.count == 5 && passed.peer.stanzas == 0);
    ASSERT_CONTAINS(passed.log.bytes, "2:(message xmlns=jabber:client id=2)\n");
    ASSERT_CONTAINS(passed.log.bytes, "4:(presence xmlns=jabber:client id=4)\n");
    stop_passing(&passed);
}

/* A child's namespace doesn't make it one. */
TEST(test_about_the_stream)
{
    struct passed passed;
    start_passing(&passed);
    CU_ASSERT(peer_feed(&passed.peer,
                        OPEN "<error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                             "<stream:error/></error>") == 1);
    CU_ASSERT(passed.count == 1 && passed.peer.stanzas == 0);
    ASSERT_TEXT(passed.peer.stream.negotiation.error.name, "");
    CU_ASSERT(peer_feed(&passed.peer,
                        "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                        "</stream:error>") == 1);
    CU_ASSERT(passed.count == 2 && passed.peer.stanzas == 0);
    ASSERT_TEXT(passed.peer.stream.negotiation.error.name, "reset");
    ASSERT_CONTAINS(passed.log.bytes, "error:(error xmlns=http://etherx.jabber.org/streams(reset ");
    stop_passing(&passed);
}

TEST(test_no_tree)
{
    struct passed passed;
    start_passing(&passed);
    CU_ASSERT(peer_feed(&passed.peer, OPEN SMALL "<iq id='4'/>") == 1);
    CU_ASSERT(passed.count == 2 && passed.trees == 0);
    ASSERT_CONTAINS(passed.log.bytes, "n:{}\n4:\n");
    passed.peer.stream.wants_trees = true;
    CU_ASSERT(peer_feed(&passed.peer, SMALL) == 1);
    CU_ASSERT(passed.trees == 1);
    ASSERT_CONTAINS(passed.log.bytes, "(Envelope xmlns=" SOAP11 ")){}");
    stop_passing(&passed);
}

TEST(test_late_tree)
{
    static const char envelope[] = "<e:Envelope xmlns:e='" SOAP12 "'><e:Body/></e:Envelope>";
    struct passed passed;
    struct sx_buffer iq = {0};
    start_passing(&passed);
    sx_buffer_add_format(&iq, OPEN "<iq id='5'>%s<error>c</error></iq>", envelope);
    CU_ASSERT(peer_feed(&passed.peer, iq.bytes) == 1);
    sx_buffer_clear(&iq);
    sx_buffer_add_format(&iq, "<iq id='6'>t%s</iq>", envelope);
    CU_ASSERT(peer_feed(&passed.peer, iq.bytes) == 1);
    CU_ASSERT(passed.count == 2 && passed.trees == 2);
    ASSERT_CONTAINS(passed.log.bytes, "id=5");
    ASSERT_CONTAINS(passed.log.bytes,
                    "(Envelope xmlns=" SOAP12 ")(error xmlns=jabber:client[c])){}\n");
    ASSERT_CONTAINS(passed.log.bytes, "id=6");
    ASSERT_CONTAINS(passed.log.bytes, "[t](Envelope xmlns=" SOAP12 ")){}\n");
    sx_buffer_fini(&iq);
    stop_passing(&passed);
}

/* Alone it is no tree, and its attributes are there; beside or around something it is as ever. */
TEST(test_packed)
{
#define PACKED(attributes, inside)                                                                 \
    "<packed xmlns='urn:soap-xmpp:packed:1'" attributes ">" inside "</packed>"
    static const struct {
        const char *payload, *delivered;
        unsigned trees;
    } cases[] = {
        {PACKED(" action='a'", "AAAA"), "7:<a ->\n", 0},
        {PACKED(" xmlns:p='u' form='f' p:action='b' action='a'", ""), "7:<a f>\n", 0},
        {"<p:packed xmlns:p='urn:soap-xmpp:packed:1' form='f'/>", "7:<- f>\n", 0},
        {PACKED(" transfer='t' action='a'", ""),
         "(packed xmlns=urn:soap-xmpp:packed:1 transfer=t action=a)", 1},
        {PACKED(" form='f'", "AAAA") "<error/>",
         "(packed xmlns=urn:soap-xmpp:packed:1 form=f)(error xmlns=jabber:client))", 1},
        {"<error/>" PACKED(" form='f'", "AAAA"),
         "(error xmlns=jabber:client)(packed xmlns=urn:soap-xmpp:packed:1 form=f))", 1},
        {PACKED(" form='f'", "<x y='z'/>"),
         "(packed xmlns=urn:soap-xmpp:packed:1 form=f(x xmlns=urn:soap-xmpp:packed:1 y=z)))", 1},
        {"t" PACKED(" form='f'", ""), "[t](packed xmlns=urn:soap-xmpp:packed:1 form=f))", 1},
        {PACKED(" action='a'", "no base64") PACKED("", ""), "7:\n", 0},
        {PACKED(" q:form='f'", ""), "7:\n", 0},
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct passed passed;
        struct sx_buffer iq = {0};
        start_passing(&passed);
        sx_buffer_add_format(&iq, OPEN "<iq id='7'>%s</iq>", cases[i].payload);
        CU_ASSERT(peer_feed(&passed.peer, iq.bytes) == 1);
        ASSERT_CONTAINS(passed.log.bytes, cases[i].delivered);
        CU_ASSERT(passed.count == 1 && passed.trees == cases[i].trees);
        sx_buffer_fini(&iq);
        stop_passing(&passed);
    }
}

CU_TestInfo tests_passing[] = {
    {"every stanza passes libstrophe by once it may", test_past_libstrophe},
    {"what is about the stream itself is read, and ours", test_about_the_stream},
    {"an envelope alone makes no tree unless one is wanted", test_no_tree},
    {"a packed envelope alone makes no tree either", test_packed},
    {"what stands beside an envelope brings the tree, all in its place", test_late_tree},
    CU_TEST_INFO_NULL,
};
