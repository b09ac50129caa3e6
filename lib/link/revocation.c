/* revocation.c - rules that were taken back, and what came before they were. Invariant:
 * revocation.h.
 *
 * Happy path: the rules are those that let the request in -> it runs. Failure: they have changed,
 * and no longer do -> declined, with the condition that it would have got if it had come now.
 */
#include "link/revocation.h"

#include <limits.h>

#include "base/clock.h"

/* ---- requests ---- */

static bool decline(const struct sx_revocation *revocation, struct sx_request *request,
                    const char *condition, const char *text)
{
    const struct sx_session *session = revocation->session;

    sx_trace(sx_session_trace(session), SOAP_XMPP_TRACE_DEBUG,
             "request %.80s of %.200s: the rules have changed: %s", request->id, request->from,
             condition);
    sx_answer_decline(revocation->answers, request, condition, text,
                      sx_clock_deadline(sx_session_timeout_us(session)));
    return false;
}

/* Whoever may call everything is let in without a look, if a look was too costly for the loop
 * thread (glance.h). A worker may take its time. */
static void find_operation(const struct sx_revocation *revocation, struct sx_envelope *envelope)
{
    const struct sx_config *config = sx_session_config(revocation->session);
    struct sx_checker *checker;

    if (*envelope->operation || envelope->form == SX_FORM_PLAIN)
        return;
    checker = sx_checker_new(config->max_depth);
    if (checker)
        sx_envelope_glance(envelope, checker, config->max_message_bytes, ULONG_MAX);
    sx_checker_free(checker);
}

bool sx_revocation_spares(const struct sx_revocation *revocation, struct sx_request *request)
{
    struct sx_envelope *envelope = &request->envelope;
    unsigned long version = sx_access_version(revocation->access);

    if (request->rules_version == version)
        return true;
    find_operation(revocation, envelope);
    if (envelope->err != SX_OK)
        return decline(revocation, request, sx_fault_condition(envelope->err), envelope->why);
    request->rules_version = version;
    request->grant = sx_access_grant(revocation->access, request->from, envelope->operation_uri,
                                     envelope->operation);
    if (request->grant == SX_GRANT_NONE)
        return decline(revocation, request, sx_fault_condition(SX_EFORBIDDEN),
                       sx_fault_text(SX_EFORBIDDEN));
    if (envelope->ambiguity && request->grant != SX_GRANT_EVERYTHING)
        return decline(revocation, request, "bad-request", envelope->ambiguity);
    return true;
}

/* ---- big messages ---- */

struct sweep {
    const struct sx_revocation *revocation;
    bool is_done; /* nobody has to be asked again when a call of ours has ended */
};

static bool keeps(void *user, const char *from)
{
    struct sweep *sweep = user;
    bool is_named = sx_access_may_know(sweep->revocation->access, from);
    bool is_awaited = !is_named && sx_exchange_awaits(sweep->revocation->exchange, from);

    if (is_awaited)
        sweep->is_done = false;
    return is_named || is_awaited;
}

void sx_revocation_step(struct sx_revocation *revocation)
{
    struct sweep sweep = {revocation, true};
    unsigned long version = sx_access_version(revocation->access);
    unsigned count;

    if (version == revocation->seen)
        return;
    count = sx_receiver_revoke(revocation->receiver, keeps, &sweep);
    if (sweep.is_done)
        revocation->seen = version;
    if (count)
        sx_trace(sx_session_trace(revocation->session), SOAP_XMPP_TRACE_INFO,
                 "no rule names their senders any longer: %u of the messages that were arriving in "
                 "pieces have ended",
                 count);
}
