/* link.c - a link's state, and waiting for it. Opening, stopping and closing: link/link.c.
 *
 * Invariant: answers are those of one moment, copied out under the lock. Who waits holds a
 * reference: the program may close the link meanwhile.
 */
#include "api/argument.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"

int soap_xmpp_wait_online(struct soap_xmpp_link *link, int timeout_ms)
{
    char why[400];
    uint64_t number;
    int64_t timeout_us;
    enum sx_err err;
    if (!link || sx_link_is_forked(link))
        return -1;
    timeout_us = sx_config_timeout_ms(timeout_ms, sx_session_config(link->session)->timeout_us);
    sx_link_ref(link); /* the program may close the link meanwhile */
    err = sx_session_await_online(link->session, sx_clock_deadline(timeout_us), &number, why,
                                  sizeof why);
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}

void soap_xmpp_reason(struct soap_xmpp_link *link, char *text, size_t text_bytes)
{
    if (!sx_argument_is_link(link, text, text_bytes))
        return;
    sx_session_reason(link->session, text, text_bytes);
}

enum soap_xmpp_state_value soap_xmpp_state(struct soap_xmpp_link *link)
{
    return link && !sx_link_is_forked(link) ? sx_session_state(link->session) : SOAP_XMPP_CLOSED;
}

void soap_xmpp_jid(struct soap_xmpp_link *link, char *jid, size_t jid_bytes)
{
    if (link && !sx_link_is_forked(link))
        sx_session_jid(link->session, jid, jid_bytes);
    else
        sx_session_say(jid, jid_bytes, link ? sx_session_config(link->session)->jid : "");
}
