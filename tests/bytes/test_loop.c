/* test_loop.c - one thread that sleeps in poll() calls and serves: soap_xmpp_fd() wakes it whenever
 * there is something, and sleeps when there is nothing.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"
#include "envelope.h"
#include "reply.h"

extern CU_TestInfo tests_loop[];

enum { CALLS = 50, PATIENCE_MS = 20000 };

/* Empties what there is. How many requests were answered. */
static int serve_all(struct soap_xmpp_link *service)
{
    struct soap_xmpp_request *request;
    int count = 0;
    while ((request = soap_xmpp_take(service, 0, NULL))) {
        CU_ASSERT_EQUAL(soap_xmpp_answer(request, NULL, 0, NULL, 0), 0);
        count++;
    }
    return count;
}

static int end_all(struct soap_xmpp_link *caller)
{
    struct soap_xmpp_call *call;
    int count = 0;
    while ((call = soap_xmpp_wait(caller, 0))) {
        struct reply reply;
        reply_take(call, &reply);
        reply_expect(&reply, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED);
        reply_free(&reply);
        count++;
    }
    return count;
}

static void try_poll(const struct site *site)
{
    char *envelope = envelope_write(12, "nothing", "");
    struct soap_xmpp_link *caller, *service;
    struct site_account account;
    struct pollfd fds[2];
    int served = 0, ended = 0, i;
    site_account(site, "bob", "soap", &account);
    account.config.plain_delivery = 0;
    service = reply_open(&account);
    site_account(site, "alice", "desk", &account);
    account.config.plain_delivery = 0;
    caller = reply_open(&account);
    CU_ASSERT_PTR_NULL(soap_xmpp_take(service, 0, NULL));
    fds[0] = (struct pollfd){soap_xmpp_fd(service), POLLIN, 0};
    fds[1] = (struct pollfd){soap_xmpp_fd(caller), POLLIN, 0};
    CU_ASSERT_TRUE_FATAL(fds[0].fd >= 0 && fds[1].fd >= 0);
    CU_ASSERT_EQUAL(soap_xmpp_fd(caller), fds[1].fd);
    for (i = 0; i < CALLS; i++)
        reply_begin(caller, site_endpoint(site, "bob", "soap"), envelope);
    while (ended < CALLS && poll(fds, 2, PATIENCE_MS) > 0) {
        if (fds[0].revents)
            served += serve_all(service);
        if (fds[1].revents)
            ended += end_all(caller);
    }
    CU_ASSERT_EQUAL(served, CALLS);
    CU_ASSERT_EQUAL(ended, CALLS);
    CU_ASSERT_EQUAL(poll(fds, 2, 0), 0);
    soap_xmpp_interrupt(service);
    CU_ASSERT_EQUAL(poll(fds, 1, PATIENCE_MS), 1);
    free(envelope);
    soap_xmpp_close(service);
    soap_xmpp_close(caller);
}

static void one_thread_calls_and_serves_by_descriptors(void)
{
    site_each(try_poll);
}

CU_TestInfo tests_loop[] = {
    {"one thread calls and serves by descriptors", one_thread_calls_and_serves_by_descriptors},
    CU_TEST_INFO_NULL,
};
