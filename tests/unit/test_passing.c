/* Each iq of a stream that is online passes libstrophe by, as a tree only if it has to be one. */
#include <string.h>

#include "../lib/suite.h"
#include "stream_peer.h"

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

static void pass(void *user, xmpp_stanza_t *stanza)
{
    struct passed *passed = user;
    const char *id = sx_stream_attribute(&passed->peer.stream, "id");
    ASSERT_TEXT(sx_stream_name(&passed->peer.stream), "iq");
    CU_ASSERT_PTR_NULL(sx_stream_attribute(&passed->peer.stream, "from"));
    sx_buffer_add_format(&passed->log, "%s:", id ? id : "none");
    if (stanza)
        peer_log_stanza(&passed->log, stanza);
    sx_buffer_add_text(&passed->log, passed->peer.stream.envelope ? "{}\n" : "\n");
    passed->trees += stanza != NULL;
    passed->count++;
}

static void start_passing(struct passed *passed)
{
    *passed = (struct passed){.count = 0};
    peer_start(&passed->peer, &wide);
    passed->peer.stream.on_iq = pass;
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
                                           "<iq id='3'><error/></iq>") == 1);
    CU_ASSERT(passed.count == 3 && passed.peer.stanzas == 1);
    ASSERT_TEXT(passed.peer.id, "2");
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

CU_TestInfo tests_passing[] = {
    {"an iq passes libstrophe by once it may, nothing else does", test_past_libstrophe},
    {"an envelope alone makes no tree unless one is wanted", test_no_tree},
    {"what stands beside an envelope brings the tree, all in its place", test_late_tree},
    CU_TEST_INFO_NULL,
};
