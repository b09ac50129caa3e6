/* attempt.c - whether an attempt goes on after a connection has ended, and where.
 *
 * Invariant: a redirect is taken once. Nobody is followed from a session: the next attempt does it.
 *
 * Happy path: a connection that is online is noted when it is over, and nothing is left to do.
 * Failure: of an own address, as the connection judges it; of a target, whatever goes wrong before
 * its certificate was good leaves the next address its turn.
 */
#include "net/attempt.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/jid.h"

void sx_attempt_begin(struct sx_attempt *attempt, int64_t deadline)
{
    attempt->deadline = deadline;
    attempt->redirect.count = 0;
    attempt->failure.err = SX_OK;
    attempt->session = 0;
    attempt->may_go_on = true;
}

/* Whoever comes at a target and isn't the server is of no more use than nobody. */
static bool is_target_useless(const struct sx_attempt *attempt, int64_t now_us)
{
    return attempt->failure.err != SX_ESTOPPED && attempt->failure.err != SX_ENOMEM &&
           now_us < attempt->deadline;
}

void sx_attempt_note(struct sx_attempt *attempt, const struct sx_connection *connection,
                     uint64_t session, int64_t now_us)
{
    attempt->failure = connection->failure;
    attempt->session = session;
    attempt->may_go_on = connection->target && !sx_connection_had_tls(connection)
                             ? is_target_useless(attempt, now_us)
                             : sx_connection_was_useless(connection);
    memcpy(attempt->target_text, connection->redirect, sizeof attempt->target_text);
    attempt->is_direct = connection->addresses->at[connection->address].is_direct_tls;
}

bool sx_attempt_has_redirect(const struct sx_attempt *attempt)
{
    return attempt->target_text[0] && attempt->session == 0;
}

static void explain(struct sx_attempt *attempt, const char *separator, const char *why)
{
    char text[sizeof attempt->failure.text];
    snprintf(text, sizeof text, "%.150s%s%.160s", attempt->sender_failure.text, separator, why);
    sx_utf8_drop_broken(text);
    attempt->failure.err = SX_ESTREAM;
    memcpy(attempt->failure.text, text, sizeof text);
    attempt->may_go_on = true;
}

const struct sx_redirect_target *sx_attempt_follow(struct sx_attempt *attempt)
{
    struct sx_redirect *redirect = &attempt->redirect;
    const char *why;
    enum sx_err err = sx_redirect_add(redirect, attempt->target_text, attempt->is_direct, &why);
    attempt->target_text[0] = '\0';
    attempt->sender_failure = attempt->failure;
    attempt->may_go_on = true;
    if (err == SX_OK)
        return &redirect->at[redirect->count - 1];
    explain(attempt, ", ", why);
    return NULL;
}

void sx_attempt_give_up_target(struct sx_attempt *attempt)
{
    if (attempt->failure.err != SX_ENOMEM)
        explain(attempt, ": ", attempt->failure.text);
}

void sx_attempt_explain_look_up(struct sx_attempt *attempt, const struct sx_config *config,
                                const struct sx_redirect_target *target)
{
    struct sx_failure *failure = &attempt->failure;
    const char *host = target ? target->host : config->host;
    char domain[SX_JID_BYTES];
    sx_jid_domain(config->jid, domain, sizeof domain);
    if (failure->err == SX_ESTOPPED)
        snprintf(failure->text, sizeof failure->text, "the link was stopped");
    else if (failure->err == SX_ECONNECT)
        snprintf(failure->text, sizeof failure->text,
                 "looking up the name %.200s took longer than %.3f s", host ? host : domain,
                 (double)config->connect_timeout_us / 1e6);
    else
        snprintf(failure->text, sizeof failure->text, "another look-up took the place of this one");
}
