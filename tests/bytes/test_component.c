/* test_component.c - a component calls as anybody of its domain, and an account as itself alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"
#include "envelope.h"
#include "pair.h"

extern CU_TestInfo tests_component[];

static struct soap_xmpp_call *post_from(struct soap_xmpp_link *link, const char *endpoint,
                                        const char *from, char *why, size_t why_bytes)
{
    char *envelope = envelope_write(12, "echo", "");
    struct soap_xmpp_post post;
    struct soap_xmpp_call *call;
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    post.from = from;
    call = soap_xmpp_post(link, &post, why, why_bytes);
    free(envelope);
    return call;
}

static void try_names(const struct site *site)
{
    static const char *const names[] = {"alice@%s", "bob@%s/desk 7", "%s/gateway"};
    struct bytes_pair pair;
    struct soap_xmpp_link *component;
    struct site_account account;
    char from[300], why[300];
    size_t i;
    bytes_pair_open(&pair, site, bytes_tweak_full);
    site_component(site, &account);
    account.config.plain_delivery = 0;
    component = reply_open(&account);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        struct soap_xmpp_call *call;
        struct reply reply;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(from, sizeof from, names[i], account.jid);
#pragma GCC diagnostic pop
        call = post_from(component, pair.endpoint, from, why, sizeof why);
        CU_ASSERT_PTR_NOT_NULL_FATAL(call);
        reply_to(component, call, &reply);
        reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
        ASSERT_TEXT(desk_last(pair.desk).from, from);
        reply_free(&reply);
    }
    CU_ASSERT_PTR_NULL(
        post_from(component, pair.endpoint, "alice@elsewhere.test", why, sizeof why));
    CU_ASSERT_TRUE(why[0] != '\0');
    CU_ASSERT_PTR_NULL(post_from(pair.caller, pair.endpoint, "carol@xmpp.test", why, sizeof why));
    CU_ASSERT_TRUE(why[0] != '\0');
    soap_xmpp_close(component);
    bytes_pair_close(&pair);
}

static void a_component_calls_as_anybody_of_its_domain(void)
{
    site_each(try_names);
}

CU_TestInfo tests_component[] = {
    {"a component calls as anybody of its domain", a_component_calls_as_anybody_of_its_domain},
    CU_TEST_INFO_NULL,
};
