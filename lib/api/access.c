/* access.c - who may call, as the program says it. Invariant: a change holds whole, or not at all.
 *
 * Failure: one sentence in why; the rules are as they were.
 */
#include <stdio.h>

#include "api/argument.h"
#include "link/link.h"
#include "link/link_state.h"

int soap_xmpp_allow(struct soap_xmpp_link *link, const char *who, const char *operation, char *why,
                    size_t why_bytes)
{
    char clause[200] = "";
    enum sx_err err;
    if (!sx_argument_is_link(link, why, why_bytes))
        return -1;
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

/* Until end_change() another thread may close the link: a change is traced, and a trace callback
 * may take its time. */
static bool begin_change(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    if (!sx_argument_is_link(link, why, why_bytes))
        return false;
    sx_link_ref(link);
    return true;
}

static int end_change(struct soap_xmpp_link *link, enum sx_err err)
{
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}

int soap_xmpp_disallow(struct soap_xmpp_link *link, const char *who, const char *operation,
                       char *why, size_t why_bytes)
{
    if (!begin_change(link, why, why_bytes))
        return -1;
    return end_change(link, sx_rules_disallow(&link->rules, who, operation, why, why_bytes));
}

int soap_xmpp_set_rules(struct soap_xmpp_link *link, const char *rules, char *why, size_t why_bytes)
{
    if (!begin_change(link, why, why_bytes))
        return -1;
    if (!rules) { /* a variable that isn't set, say: it must not lock everybody out */
        sx_session_say(why, why_bytes, "no rules were given; \"\" lets nobody call");
        return end_change(link, SX_ECONFIG);
    }
    return end_change(link, sx_rules_replace(&link->rules, rules, why, why_bytes));
}

int soap_xmpp_reload(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    if (!begin_change(link, why, why_bytes))
        return -1;
    return end_change(link, sx_rules_reload(&link->rules, why, why_bytes));
}
