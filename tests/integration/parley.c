#include "soapH.h"
#include "parley.h"

#include <stdlib.h>
#include <string.h>

#include "request/queue.h"
#include "link/link.h"
#include "../lib/suite.h"

void parley_await_presence(struct soap_xmpp_link *link, const struct site *site)
{
    CU_ASSERT_TRUE(soap_xmpp_discover(link, site->domain, SOAP_XMPP_FEATURE, -1, NULL, 0) >= 0);
}

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, struct witness *witness,
                                        parley_change_fn *change)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.plain_delivery = 0;
    witness_watch(witness, &account.config);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    if (change)
        change(&account.config);
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    if (account.config.messages)
        parley_await_presence(link, site);
    return link;
}

static void open_service(struct parley *parley, int threads, parley_change_fn *change)
{
    parley->service = open_link(parley->site, "bob", "soap", &parley->far, change);
    parley->laboratory = threads ? laboratory_start(parley->service, threads) : NULL;
    if (!threads)
        sx_queue_open(sx_link_queue(parley->service));
}

void parley_open(struct parley *parley, const struct site *site, int threads,
                 parley_change_fn *change_caller, parley_change_fn *change_service)
{
    *parley = (struct parley){.site = site};
    witness_init(&parley->near);
    witness_init(&parley->far);
    open_service(parley, threads, change_service);
    parley->caller = open_link(site, "alice", "desk", &parley->near, change_caller);
    parley->soap = laboratory_client(parley->caller, SOAP_IO_DEFAULT);
    parley->endpoint = site_endpoint(site, "bob", "soap");
    snprintf(parley->service_jid, sizeof parley->service_jid, "bob@%s/soap", site->domain);
}

void parley_drop_service(struct parley *parley)
{
    if (parley->laboratory)
        CU_ASSERT_EQUAL(laboratory_stop(parley->laboratory, 0), SOAP_OK);
    soap_xmpp_close(parley->service);
    parley->laboratory = NULL;
    parley->service = NULL;
}

void parley_reopen_service(struct parley *parley, int threads, parley_change_fn *change)
{
    if (parley->service)
        parley_drop_service(parley);
    open_service(parley, threads, change);
}

void parley_close(struct parley *parley)
{
    laboratory_client_free(parley->soap);
    if (parley->service)
        parley_drop_service(parley);
    soap_xmpp_close(parley->caller);
    witness_fini(&parley->near);
    witness_fini(&parley->far);
}

unsigned parley_count(struct witness *witness, const char *one, const char *other)
{
    char *trace = witness_trace(witness), *line, *rest = trace;
    unsigned count = 0;
    while ((line = strsep(&rest, "\n")))
        count += strstr(line, one) && strstr(line, other);
    free(trace);
    return count;
}
