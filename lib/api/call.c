/* call.c - detached and posted calls: which one is done, whose it is, and its release.
 *
 * Invariant: a detached call, and a posted one, holds a reference to its link until it is attached
 * or cancelled.
 */
#include "api/ending.h"
#include "base/clock.h"
#include "exchange/message_call.h"
#include "link/link.h"
#include "link/link_state.h"

struct soap_xmpp_call *soap_xmpp_wait(struct soap_xmpp_link *link, int timeout_ms)
{
    struct soap_xmpp_call *call;
    int64_t us;
    if (!link || sx_link_is_forked(link))
        return NULL;
    us = sx_config_timeout_ms(timeout_ms, sx_session_timeout_us(link->session));
    sx_link_ref(link);
    call = sx_exchange_next_done(link->exchange, sx_clock_deadline(us));
    if (call && sx_message_call_claim(call))
        sx_link_ref(link); /* the call's, as if it had been detached */
    if (call)
        sx_ending_add(call);
    sx_link_unref(link);
    return call;
}

void *soap_xmpp_call_user(const struct soap_xmpp_call *call)
{
    return call ? sx_exchange_user(call) : NULL;
}

const char *soap_xmpp_call_name(const struct soap_xmpp_call *call)
{
    return call ? sx_message_call_name(call) : "";
}

const char *soap_xmpp_call_peer(const struct soap_xmpp_call *call)
{
    return call ? sx_exchange_peer(call) : "";
}

void soap_xmpp_cancel(struct soap_xmpp_call *call)
{
    struct soap_xmpp_link *link;
    if (!call)
        return;
    link = sx_link_of(call);
    if (!sx_link_is_forked(link))
        sx_exchange_release(call);
    sx_link_unref(link);
}
