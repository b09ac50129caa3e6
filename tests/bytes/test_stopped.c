/* test_stopped.c - who stands still holds up nobody: neither a peer whose process has been stopped,
 * nor a link that isn't online.
 *
 * What is asserted is an order of events: the calls to a peer that stands still begin first, and
 * one of them has a time that is shorter than the question what a peer understands may take.
 * Another peer's call is answered before that time is over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/child.h"
#include "../lib/suite.h"
#include "envelope.h"
#include "pair.h"

extern CU_TestInfo tests_stopped[];

enum { CALLS = 64, SHORT_MS = 4000, LONG_MS = 60000, ONLINE_MS = 20000 };

static struct child *start_peer(const struct site *site, const char *resource)
{
    struct site_account account;
    struct child *child;
    char port[16];
    site_account(site, "bob", resource, &account);
    snprintf(port, sizeof port, "%d", site->port);
    child = child_start("bytes", (const char *[]){"peer", account.jid, account.password, port,
                                                  site->ca_file, NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(child);
    CU_ASSERT_PTR_NOT_NULL_FATAL(child_await(child, "online", ONLINE_MS));
    return child;
}

static struct soap_xmpp_call *begin(struct soap_xmpp_link *link, const char *endpoint,
                                    int timeout_ms, void *user)
{
    char *envelope = envelope_write(12, "echo", "");
    struct soap_xmpp_post post;
    struct soap_xmpp_call *call;
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    post.timeout_ms = timeout_ms;
    post.user = user;
    call = reply_post(link, &post);
    free(envelope);
    return call;
}

static void await(struct soap_xmpp_link *link, const void *user, enum soap_xmpp_end_value end)
{
    struct reply reply;
    reply_await(link, &reply);
    CU_ASSERT_PTR_EQUAL(reply.user, user);
    CU_ASSERT_EQUAL(reply.end, end);
    if (reply.end != end)
        printf("\n    %s", reply.text);
    reply_free(&reply);
}

static void try_stopped_peer(const struct site *site)
{
    static int still, impatient, other;
    struct child *peer = start_peer(site, "still");
    struct soap_xmpp_call *short_lived;
    struct bytes_pair pair;
    char endpoint[256];
    int i;
    bytes_pair_open(&pair, site, bytes_tweak_full);
    snprintf(endpoint, sizeof endpoint, "%s", site_endpoint(site, "bob", "still"));
    CU_ASSERT_TRUE(child_freeze(peer));
    for (i = 0; i < CALLS; i++)
        begin(pair.caller, endpoint, LONG_MS, &still);
    short_lived = begin(pair.caller, endpoint, SHORT_MS, &impatient);
    begin(pair.caller, pair.endpoint, LONG_MS, &other);
    await(pair.caller, &other, SOAP_XMPP_END_ANSWER);
    soap_xmpp_cancel(short_lived);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(pair.caller, 0));
    child_thaw(peer);
    for (i = 0; i < CALLS; i++)
        await(pair.caller, &still, SOAP_XMPP_END_ANSWER);
    bytes_pair_close(&pair);
    CU_ASSERT_EQUAL(child_stop(peer), 0);
}

static void a_peer_that_stands_still_holds_up_nobody(void)
{
    site_each(try_stopped_peer);
}

/* Nobody listens at port 1. */
static void a_link_that_isnt_online_holds_up_nobody(void)
{
    static int first, second;
    const struct site *site = site_any();
    struct site_account account;
    struct soap_xmpp_link *link;
    struct reply reply;
    site_account(site, "alice", "desk", &account);
    account.config.port = 1;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    begin(link, site_endpoint(site, "bob", "soap"), 600, &first);
    begin(link, site_endpoint(site, "bob", "soap"), 300, &second);
    reply_await(link, &reply);
    CU_ASSERT_PTR_EQUAL(reply.user, &second);
    reply_expect(&reply, SOAP_XMPP_END_LOST, SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_TRUE(reply.text[0] != '\0');
    reply_free(&reply);
    reply_await(link, &reply);
    CU_ASSERT_PTR_EQUAL(reply.user, &first);
    reply_expect(&reply, SOAP_XMPP_END_LOST, SOAP_XMPP_NOT_EXECUTED);
    reply_free(&reply);
    soap_xmpp_close(link);
}

CU_TestInfo tests_stopped[] = {
    {"a peer that stands still holds up nobody", a_peer_that_stands_still_holds_up_nobody},
    {"a link that isn't online holds up nobody", a_link_that_isnt_online_holds_up_nobody},
    CU_TEST_INFO_NULL,
};
