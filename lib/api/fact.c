/* fact.c - what is known of our own stream, told to the program.
 *
 * Invariant: nobody is asked, and nothing waits: what the login has brought is told as it was then,
 * the rest as it is now.
 *
 * Failure: without memory what the login has brought is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "link/link.h"
#include "link/link_state.h"
#include "wire/fact.h"

static void add(struct sx_facts *facts, const char *name, const char *value)
{
    sx_facts_add(facts, "fact", name, value);
}

static void add_number(struct sx_facts *facts, const char *name, unsigned long number)
{
    char value[24];
    snprintf(value, sizeof value, "%lu", number);
    add(facts, name, value);
}

static void add_speed(struct soap_xmpp_link *link, struct sx_facts *facts)
{
    static const char *const words[] = {
        [SX_SPEED_UNKNOWN] = NULL, [SX_SPEED_FAST] = "fast", [SX_SPEED_SLOW] = "slow"};
    unsigned bytes_per_s = 0;
    enum sx_speed_verdict verdict = sx_loop_speed(sx_session_loop(link->session), &bytes_per_s);
    if (words[verdict])
        add(facts, "server.speed", words[verdict]);
    if (bytes_per_s)
        add_number(facts, "server.bytes-per-second", bytes_per_s);
}

/* What the link knows now. */
static char *gather(struct soap_xmpp_link *link)
{
    struct sx_facts facts = {0};
    char text[SX_JID_BYTES > 400 ? SX_JID_BYTES : 400];
    enum soap_xmpp_state_value state = sx_session_state(link->session);
    sx_session_jid(link->session, text, sizeof text);
    add(&facts, "jid", text);
    add(&facts, "state", soap_xmpp_state_text(state));
    if (state != SOAP_XMPP_ONLINE) {
        sx_session_reason(link->session, text, sizeof text);
        add(&facts, "reason", text);
    }
    add_number(&facts, "reconnects", sx_session_reconnects(link->session));
    add_speed(link, &facts);
    return sx_facts_take(&facts);
}

static int tell(const char *list, soap_xmpp_fact_fn *each, void *user)
{
    struct sx_fact fact;
    int result = 0;
    while (list && result == 0 && (list = sx_facts_next(list, &fact)) != NULL)
        result = each(user, fact.kind, fact.name, fact.value);
    return result;
}

int soap_xmpp_facts(struct soap_xmpp_link *link, soap_xmpp_fact_fn *each, void *user)
{
    char *now, *login;
    int result;
    if (!link || !each || sx_link_is_forked(link))
        return 0;
    sx_link_ref(link); /* the program may close the link meanwhile */
    now = gather(link);
    login = sx_loop_facts(sx_session_loop(link->session));
    sx_link_unref(link);
    result = tell(now, each, user);
    if (result == 0)
        result = tell(login, each, user);
    free(now);
    free(login);
    return result;
}
