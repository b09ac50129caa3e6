/* link.c - opens links and waits for what they tell. */
#include "link.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"

enum { TICK_MS = 20 };

struct soap_xmpp_link *link_open(const struct soap_xmpp_config *config)
{
    char why[400] = "";
    struct soap_xmpp_link *link = soap_xmpp_open(config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    return link;
}

const char *link_reason(struct soap_xmpp_link *link)
{
    static char reason[400];
    soap_xmpp_reason(link, reason, sizeof reason);
    return reason;
}

void link_await_reason(struct soap_xmpp_link *link, const char *reason)
{
    int64_t deadline = sx_clock_deadline(TCP_LONG_MS * INT64_C(1000));
    while (!strstr(link_reason(link), reason) && sx_clock_now_us() < deadline)
        poll(NULL, 0, TICK_MS);
    ASSERT_CONTAINS(link_reason(link), reason);
}

void link_assert_online(const struct soap_xmpp_config *config)
{
    struct soap_xmpp_link *link = link_open(config);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
    ASSERT_TEXT(link_reason(link), "online");
    soap_xmpp_close(link);
}

void link_assert_final(const struct soap_xmpp_config *config, const char *reason,
                       const char *detail)
{
    struct soap_xmpp_link *link = link_open(config);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, 3 * TCP_LONG_MS), -1);
    CU_ASSERT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_FAILED);
    ASSERT_CONTAINS(link_reason(link), reason);
    ASSERT_CONTAINS(link_reason(link), detail);
    soap_xmpp_close(link);
}
