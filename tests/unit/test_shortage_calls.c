/* Short memory: allocation number N of calls, requests and discovery fails, for every N.
 *
 * Like test_shortage.c.
 */
#include <stdlib.h>
#include <string.h>

#include "request/access.h"
#include "base/clock.h"
#include "peers/features.h"
#include "exchange/exchange.h"
#include "request/queue.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "wire/disco.h"
#include "../lib/element_text.h"
#include "../lib/shortage.h"
#include "../lib/suite.h"
#include "stream_peer.h"

extern CU_TestInfo tests_shortage_calls[];

#define PEER "calc@example.org/soap"

static const int64_t PAST = 1; /* microseconds after boot */

/* ---- calls ---- */

static struct sx_exchange *new_exchange(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
    return exchange;
}

static struct soap_xmpp_call *begin(struct sx_exchange *exchange, const char *peer)
{
    struct soap_xmpp_call *call = NULL;

    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, peer, "add", PAST, &call), SX_OK);
    return call;
}

/* Ends the call: with this error, and an answer if that is SX_OK. */
static void assert_ending(struct soap_xmpp_call *call, enum sx_err err, const char *text)
{
    struct sx_reply reply;

    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, err);
    if (err == SX_OK)
        ASSERT_TEXT(reply.envelope.bytes, "<Envelope/>");
    else
        CU_ASSERT(!reply.envelope.bytes && !reply.features);
    ASSERT_TEXT(reply.text, text);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
}

static void make_answer(struct sx_reply *reply)
{
    *reply = (struct sx_reply){.envelope.bytes = strdup("<Envelope/>"), .features = calloc(1, 1)};
    reply->envelope.len = strlen("<Envelope/>");
    CU_ASSERT(reply->envelope.bytes && reply->features);
}

/* The exchange does its work. */
static void assert_usable(struct sx_exchange *exchange)
{
    struct soap_xmpp_call *call = begin(exchange, PEER);
    struct sx_exchange_counts counts;
    struct sx_reply reply;

    make_answer(&reply);
    CU_ASSERT(sx_exchange_complete(exchange, PEER, sx_exchange_id(call), &reply));
    assert_ending(call, SX_OK, "");
    sx_exchange_count(exchange, &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
}

static bool attempt_exchange(struct shortage shortage)
{
    struct sx_exchange *exchange;
    bool has_failed;

    shortage_begin(shortage);
    exchange = sx_exchange_new(10, NULL);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(exchange == NULL, has_failed);
    if (exchange)
        assert_usable(exchange);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(exchange, 2)

static bool attempt_begin(struct shortage shortage)
{
    struct sx_exchange *exchange = new_exchange();
    struct soap_xmpp_call *untouched = begin(exchange, PEER), *call = untouched;
    struct sx_exchange_counts counts;
    enum sx_err err;
    bool has_failed;

    shortage_begin(shortage);
    err = sx_exchange_begin(exchange, PEER, "add", PAST, &call);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(call == untouched, has_failed);
    sx_exchange_count(exchange, &counts);
    CU_ASSERT_EQUAL(counts.under_way, has_failed ? 1 : 2);
    if (!has_failed)
        sx_exchange_release(call);
    sx_exchange_release(untouched);
    assert_usable(exchange);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(begin, 1)

/* Whether what comes without a `from` counts as the answer of this account. */
static bool is_own(struct sx_exchange *exchange, const char *jid)
{
    struct soap_xmpp_call *call = begin(exchange, jid);
    struct sx_reply reply = {0};
    bool is_answer = sx_exchange_complete(exchange, NULL, sx_exchange_id(call), &reply);

    sx_exchange_release(call);
    return is_answer;
}

static bool attempt_own_jid(struct shortage shortage)
{
    struct sx_exchange *exchange = new_exchange();
    enum sx_err err;
    bool has_failed;

    CU_ASSERT_EQUAL(sx_exchange_set_own_jid(exchange, "old@a/x"), SX_OK);
    shortage_begin(shortage);
    err = sx_exchange_set_own_jid(exchange, "new@b/y");
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT(is_own(exchange, has_failed ? "old@a" : "new@b"));
    CU_ASSERT(is_own(exchange, has_failed ? "old@a/x" : "new@b/y"));
    CU_ASSERT(is_own(exchange, has_failed ? "a" : "b"));
    CU_ASSERT_FALSE(is_own(exchange, has_failed ? "new@b" : "old@a"));
    CU_ASSERT_EQUAL(sx_exchange_set_own_jid(exchange, "new@b/y"), SX_OK);
    CU_ASSERT(is_own(exchange, "new@b"));
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(own_jid, 3)

static bool attempt_complete(struct shortage shortage)
{
    struct sx_exchange *exchange = new_exchange();
    struct soap_xmpp_call *call = begin(exchange, PEER);
    struct sx_reply reply;
    bool has_failed, is_answer;

    make_answer(&reply);
    shortage_begin(shortage);
    is_answer = sx_exchange_complete(exchange, PEER, sx_exchange_id(call), &reply);
    has_failed = shortage_end();
    CU_ASSERT(is_answer);
    CU_ASSERT(!reply.envelope.bytes && !reply.features);
    assert_ending(call, has_failed ? SX_ENOMEM : SX_OK, "");
    assert_usable(exchange);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(complete, 1)

/* A reply that nobody waits for is dropped, not lost track of. */
static bool attempt_late(struct shortage shortage)
{
    struct sx_exchange *exchange = new_exchange();
    struct soap_xmpp_call *call = begin(exchange, PEER);
    struct sx_reply reply;
    bool has_failed, is_answer;

    make_answer(&reply);
    shortage_begin(shortage);
    is_answer = sx_exchange_complete(exchange, "mallory@a/x", sx_exchange_id(call), &reply);
    has_failed = shortage_end();
    CU_ASSERT_FALSE(is_answer);
    CU_ASSERT(!reply.envelope.bytes && !reply.features);
    make_answer(&reply);
    CU_ASSERT(sx_exchange_complete(exchange, PEER, sx_exchange_id(call), &reply));
    assert_ending(call, SX_OK, "");
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(late, 1)

/* All calls end with the error; the words to it may get lost. */
static bool attempt_fail_all(struct shortage shortage)
{
    struct sx_exchange *exchange = new_exchange();
    struct soap_xmpp_call *calls[3], *done;
    struct sx_exchange_counts counts;
    bool has_failed;
    int i;

    for (i = 0; i < 3; i++)
        calls[i] = begin(exchange, PEER);
    sx_exchange_detach(calls[2], SX_NEVER, NULL);
    shortage_begin(shortage);
    sx_exchange_fail_all(exchange, SX_ELOST, "gone");
    done = sx_exchange_next_done(exchange, PAST);
    has_failed = shortage_end();
    CU_ASSERT_PTR_EQUAL(done, calls[2]);
    sx_exchange_count(exchange, &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    for (i = 0; i < 3; i++) {
        unsigned number = (unsigned)i + 1;
        bool is_short = number == shortage.number || (shortage.lasts && number > shortage.number);
        assert_ending(calls[i], SX_ELOST, is_short ? "" : "gone");
    }
    assert_usable(exchange);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(fail_all, 3)

static bool attempt_stop(struct shortage shortage)
{
    struct sx_exchange *exchange = new_exchange();
    struct soap_xmpp_call *call = begin(exchange, PEER), *refused = NULL;
    bool has_failed;

    shortage_begin(shortage);
    sx_exchange_stop(exchange, SX_ESTOPPED, "stopped");
    has_failed = shortage_end();
    assert_ending(call, SX_ESTOPPED, has_failed ? "" : "stopped");
    CU_ASSERT_EQUAL(sx_exchange_begin(exchange, PEER, "add", PAST, &refused), SX_ESTOPPED);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(stop, 1)

/* ---- requests ---- */

static bool attempt_inbound(struct shortage shortage)
{
    struct sx_queue *inbound;
    bool has_failed;

    shortage_begin(shortage);
    inbound = sx_queue_new(1, 1000, 0);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(inbound == NULL, has_failed);
    sx_queue_free(inbound);
    return has_failed;
}
SHORTAGE_TEST(inbound, 1)

static bool attempt_request(struct shortage shortage)
{
    struct sx_request *request;
    bool has_failed;

    shortage_begin(shortage);
    request = sx_request_new("a@b/c", "me@b/x", "1");
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(request == NULL, has_failed);
    if (request)
        ASSERT_TEXT(request->id, "1");
    sx_request_free(request);
    return has_failed;
}
SHORTAGE_TEST(request, 4)

static bool attempt_queue(struct shortage shortage)
{
    struct sx_queue *inbound = sx_queue_new(10, 1000, 0);
    struct sx_request *request = sx_request_new("a@b/c", "me@b/x", "1");
    struct sx_queue_counts counts;
    enum sx_err err;
    bool has_failed, closed;

    sx_queue_open(inbound);
    shortage_begin(shortage);
    err = sx_queue_add(inbound, request);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    if (err == SX_OK)
        CU_ASSERT_PTR_EQUAL(sx_queue_take(inbound, PAST, &closed), request);
    sx_request_free(request);
    sx_queue_count(inbound, &counts);
    CU_ASSERT_TRUE(counts.callers == 0 && counts.queued == 0 && counts.running == 0);
    sx_queue_free(inbound);
    return has_failed;
}
SHORTAGE_TEST(queue, 1)

/* ---- discovery ---- */

enum { MAX_PEERS = 10 };

static bool attempt_disco(struct shortage shortage)
{
    struct sx_features *disco;
    bool has_failed;

    shortage_begin(shortage);
    disco = sx_features_new(MAX_PEERS, NULL);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(disco == NULL, has_failed);
    sx_features_free(disco);
    return has_failed;
}
SHORTAGE_TEST(disco, 1)

static bool attempt_remember(struct shortage shortage)
{
    struct sx_features *disco = sx_features_new(MAX_PEERS, NULL);
    bool has_failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(disco);
    sx_features_put(disco, PEER, "urn:a\0urn:old\0", PAST);
    shortage_begin(shortage);
    sx_features_put(disco, PEER, "urn:a\0urn:new\0", PAST);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(sx_features_has(disco, PEER, "urn:old", PAST), has_failed);
    CU_ASSERT_EQUAL(sx_features_has(disco, PEER, "urn:new", PAST), !has_failed);
    sx_features_put(disco, PEER, "urn:new\0", PAST);
    CU_ASSERT_EQUAL(sx_features_has(disco, PEER, "urn:new", PAST), 1);
    CU_ASSERT_EQUAL(sx_features_has(disco, PEER, "urn:old", PAST), 0);
    sx_features_free(disco);
    return has_failed;
}
SHORTAGE_TEST(remember, 3)

#define FEATURES                                                                                   \
    "<query xmlns='" SX_NS_DISCO_INFO "'><feature var='" SX_NS_SOAP "'/><feature var='urn:a'/>"    \
    "<feature var='" LONG "'/><feature var='" LONG "'/><feature var='urn:x'/></query>"
#define LONG                                                                                       \
    "urn:0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-" \
    "0123456789-0123456789-0123456789-0123456789"

static bool attempt_features(struct shortage shortage)
{
    struct sx_element *query = element_text_parse(FEATURES);
    char *features;
    bool has_failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(query);
    shortage_begin(shortage);
    features = sx_disco_parse_features(query);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(features == NULL, has_failed);
    if (features)
        CU_ASSERT(sx_disco_list_has(features, SX_NS_SOAP) && sx_disco_list_has(features, "urn:x"));
    free(features);
    sx_element_free(query);
    return has_failed;
}

TEST(test_features)
{
    CU_ASSERT(shortage_sweep(attempt_features) >= 2);
}

/* ---- access ---- */

static bool attempt_access(struct shortage shortage)
{
    struct sx_access *access;
    bool has_failed;

    shortage_begin(shortage);
    access = sx_access_new();
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(access == NULL, has_failed);
    sx_access_free(access);
    return has_failed;
}
SHORTAGE_TEST(access, 1)

static bool attempt_allow(struct shortage shortage)
{
    struct sx_access *access = sx_access_new();
    char why[100] = "";
    enum sx_err err;
    bool has_failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    CU_ASSERT_EQUAL(sx_access_allow(access, "old@b", "add", why, sizeof why), SX_OK);
    shortage_begin(shortage);
    err = sx_access_allow(access, "new@b", "add", why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(sx_access_allows(access, "new@b/c", "add"), !has_failed);
    CU_ASSERT_TRUE(sx_access_allows(access, "old@b/c", "add"));
    CU_ASSERT_EQUAL(sx_access_allow(access, "new@b", "add", why, sizeof why), SX_OK);
    CU_ASSERT_TRUE(sx_access_allows(access, "new@b/c", "add"));
    sx_access_free(access);
    return has_failed;
}
SHORTAGE_TEST(allow, 3)

/* All the rules of a text, or none. */
static bool attempt_rules(struct shortage shortage)
{
    static const char rules[] = "one@b:add+sub, two@b:add *@c:add three@b/x *:list";
    struct sx_access *access = sx_access_new();
    char why[100] = "";
    enum sx_err err;
    bool has_failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    shortage_begin(shortage);
    err = sx_access_parse(access, rules, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(sx_access_allows(access, "one@b/x", "add"), !has_failed);
    CU_ASSERT_EQUAL(sx_access_allows(access, "three@b/x", "sub"), !has_failed);
    CU_ASSERT_EQUAL(sx_access_allows(access, "any@d/x", "list"), !has_failed);
    CU_ASSERT_FALSE(sx_access_allows(access, "any@d/x", "add"));
    CU_ASSERT_EQUAL(sx_access_parse(access, rules, why, sizeof why), SX_OK);
    CU_ASSERT_TRUE(sx_access_allows(access, "any@c/x", "add"));
    sx_access_free(access);
    return has_failed;
}
SHORTAGE_TEST(rules, 10)

CU_TestInfo tests_shortage_calls[] = {
    {"an exchange is made whole or not at all", test_exchange},
    {"a call that can't begin isn't entered", test_begin},
    {"the own JID is the old one or the new one", test_own_jid},
    {"a reply that can't be kept ends its call", test_complete},
    {"a reply for nobody is dropped", test_late},
    {"when the connection is lost every call ends", test_fail_all},
    {"when the link stops every call ends", test_stop},
    {"a queue of requests is made or not", test_inbound},
    {"a request has all its strings or isn't made", test_request},
    {"a request that there is no memory to queue stays the caller's", test_queue},
    {"a discovery cache is made or not", test_disco},
    {"features that can't be remembered leave the old ones", test_remember},
    {"a list of features is whole or not there", test_features},
    {"rules of access are made or not", test_access},
    {"a rule is added or not, and denies in doubt", test_allow},
    {"a text of rules is added as a whole or not at all", test_rules},
    CU_TEST_INFO_NULL,
};
