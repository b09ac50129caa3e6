/* api.c - what the owner of a link asks it and tells it, beside opening and closing.
 *
 * Invariant: answers are those of one moment, copied out under the lock.
 */
#include "link/link_parts.h"

#include <stdio.h>

#include "base/clock.h"

/* ---- what the owner asks ---- */

int soap_xmpp_wait_online(struct soap_xmpp_link *link, int timeout_ms)
{
    char why[400];
    uint64_t session;
    int64_t timeout_us;
    enum sx_err err;
    if (!link)
        return -1;
    timeout_us = sx_config_timeout_ms(timeout_ms, sx_session_config(link->session)->timeout_us);
    sx_link_ref(link); /* the program may close the link meanwhile */
    err = sx_session_await_online(link->session, sx_clock_deadline(timeout_us), &session, why,
                                  sizeof why);
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}

void soap_xmpp_reason(struct soap_xmpp_link *link, char *text, size_t text_bytes)
{
    if (link)
        sx_session_reason(link->session, text, text_bytes);
    else
        sx_session_say(text, text_bytes, SX_LINK_NONE);
}

enum soap_xmpp_state_value soap_xmpp_state(struct soap_xmpp_link *link)
{
    return link ? sx_session_state(link->session) : SOAP_XMPP_CLOSED;
}

void soap_xmpp_jid(struct soap_xmpp_link *link, char *jid, size_t jid_bytes)
{
    if (link)
        sx_session_jid(link->session, jid, jid_bytes);
    else
        sx_session_say(jid, jid_bytes, "");
}

/* ---- who may call ---- */

int soap_xmpp_allow(struct soap_xmpp_link *link, const char *who, const char *operation, char *why,
                    size_t why_bytes)
{
    char clause[200] = "";
    enum sx_err err;
    if (!link) {
        sx_session_say(why, why_bytes, SX_LINK_NONE);
        return -1;
    }
    err = sx_access_allow(link->access, who, operation, clause, sizeof clause);
    if (err == SX_OK) {
        sx_session_say(why, why_bytes, "");
        return 0;
    }
    if (why && why_bytes)
        snprintf(why, why_bytes, "%.128s can't be allowed %s%.128s: %s", who && *who ? who : "\"\"",
                 operation ? "" : "every operation", operation ? operation : "",
                 *clause ? clause : sx_fault_text(err));
    return -1;
}
