#include "pair.h"

#include <stdio.h>

#include "../lib/suite.h"

void bytes_tweak_full(struct soap_xmpp_config *config)
{
    config->plain_delivery = 0;
}

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, bytes_tweak_fn *tweak)
{
    struct site_account account;
    site_account(site, user, resource, &account);
    if (tweak)
        tweak(&account.config);
    return reply_open(&account);
}

void bytes_pair_open(struct bytes_pair *pair, const struct site *site, bytes_tweak_fn *tweak)
{
    pair->service = open_link(site, "bob", "soap", tweak);
    pair->desk = desk_start(pair->service);
    pair->caller = open_link(site, "alice", "desk", tweak);
    snprintf(pair->endpoint, sizeof pair->endpoint, "%s", site_endpoint(site, "bob", "soap"));
}

void bytes_pair_close(struct bytes_pair *pair)
{
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(pair->caller, 0)); /* every call has ended once */
    desk_stop(pair->desk);
    soap_xmpp_close(pair->service);
    soap_xmpp_close(pair->caller);
}
