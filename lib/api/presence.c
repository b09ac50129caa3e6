/* presence.c - asks an account to let us see who of it is there (RFC 6121 3.1).
 *
 * Failure: -1, and one sentence in why; nothing was sent.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/argument.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "wire/jid.h"

/* The bare JID behind an endpoint or JID. */
static enum sx_err read_bare(const char *endpoint, char *bare, size_t bare_bytes, char *why,
                             size_t why_bytes)
{
    char *jid = NULL;
    enum sx_err err = sx_jid_is_xmpp(endpoint) ? sx_jid_parse_uri(endpoint, &jid, why, why_bytes)
                                               : sx_jid_parse(endpoint, NULL, &jid, why, why_bytes);
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    if (err == SX_OK)
        sx_jid_bare(jid, bare, bare_bytes);
    free(jid);
    return err;
}

int soap_xmpp_subscribe(struct soap_xmpp_link *link, const char *endpoint, char *why,
                        size_t why_bytes)
{
    char clause[400] = "", bare[SX_JID_BYTES];
    int64_t deadline;
    uint64_t number;
    enum sx_err err;
    if (!sx_argument_is_link(link, why, why_bytes))
        return -1;
    if (!endpoint) {
        sx_session_say(why, why_bytes, "no endpoint was given");
        return -1;
    }
    deadline = sx_clock_deadline(sx_session_config(link->session)->timeout_us);
    sx_session_say(why, why_bytes, "");
    sx_link_ref(link); /* the program may close the link meanwhile */
    if (!link->roster) {
        err = SX_ECONFIG;
        snprintf(
            clause, sizeof clause, "%s",
            sx_session_config(link->session)->is_component
                ? "a component has no presence"
                : "the link takes no notice of presence (config.presence, SOAP_XMPP_PRESENCE)");
    } else {
        err = read_bare(endpoint, bare, sizeof bare, clause, sizeof clause);
    }
    if (err == SX_OK)
        err = sx_session_await(link->session, deadline, &number, clause, sizeof clause);
    if (err == SX_OK) {
        err = sx_announcement_ask(&link->announcement, number, bare, deadline);
        snprintf(clause, sizeof clause, "%s", sx_fault_text(err));
    }
    if (err != SX_OK && why && why_bytes)
        snprintf(why, why_bytes, "%s: %s", endpoint, clause);
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}
