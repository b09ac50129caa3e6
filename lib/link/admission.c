/* admission.c - whether a request that came is run. Invariant: admission.h.
 *
 * Happy path: the rules and the journal let it in -> queued. A later copy -> what the journal knows
 * of the first.
 *
 * Failure: no rule, no room in journal, queue or memory: declined, and forgotten (sx_journal_forget
 * remembers messages all the same). No memory for the words of an answer: only traced.
 *
 * Modelled in tests/model: iq.pml, liveness.pml, message.pml, shared.pml.
 */
#include "link/admission.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "link/size_limit.h"
#include "request/denial.h"
#include "wire/jid.h"

enum {
    REFUSAL_BYTES = 900, /* of the line about a forbidden request; trace.h cuts at 1,000, name and
                            count included */
};

/* ---- answers of our own ---- */

struct sx_head sx_admission_head(const struct sx_admission *admission,
                                 const struct sx_incoming *incoming)
{
    return (struct sx_head){
        .from = !sx_session_config(admission->session)->is_component ? NULL
                : incoming->to                                       ? incoming->to
                               : sx_session_own_jid(admission->session),
        .to = incoming->from,
        .id = incoming->id,
        .is_message = incoming->is_message,
    };
}

void sx_admission_post(const struct sx_admission *admission, const struct sx_incoming *incoming,
                       struct sx_buffer *stanza)
{
    size_t len;
    char *bytes = sx_buffer_take(stanza, &len);
    if (bytes)
        sx_session_post_answer(admission->session, incoming->number, bytes, len, 0);
    else
        sx_trace(sx_session_trace(admission->session), SOAP_XMPP_TRACE_ERROR,
                 "no memory to answer %s of %s", incoming->id, sx_incoming_text(incoming->from));
}

void sx_admission_refuse(const struct sx_admission *admission, const struct sx_incoming *incoming,
                         const char *condition, const char *text)
{
    const struct sx_head head = sx_admission_head(admission, incoming);
    struct sx_buffer out = {0};
    sx_trace(sx_session_trace(admission->session), SOAP_XMPP_TRACE_DEBUG,
             "%s %s from %s refused: %s%s%s", incoming->is_message ? "message" : "iq", incoming->id,
             sx_incoming_text(incoming->from), condition, text ? ": " : "", sx_incoming_text(text));
    sx_stanza_error(&out, &head, condition, text);
    sx_admission_post(admission, incoming, &out);
}

void sx_admission_decline(const struct sx_admission *admission, const struct sx_incoming *incoming,
                          const char *condition, const char *text)
{
    const struct sx_head head = sx_admission_head(admission, incoming);
    struct sx_buffer out = {0};
    sx_trace(sx_session_trace(admission->session), SOAP_XMPP_TRACE_DEBUG,
             "request %s from %s declined: %s", incoming->id, sx_incoming_text(incoming->from),
             condition);
    if (incoming->is_message && admission->refused)
        sx_refusals_note(admission->refused, incoming->from, incoming->id);
    sx_stanza_refusal(&out, &head, condition, text);
    sx_admission_post(admission, incoming, &out);
}

/* A later copy of a message could still run, so that nobody says that it won't. */
static void refuse_unremembered(const struct sx_admission *admission,
                                const struct sx_incoming *incoming)
{
    static const char why[] = "too many requests are remembered";
    if (incoming->is_message)
        sx_admission_refuse(admission, incoming, "internal-server-error", why);
    else
        sx_admission_decline(admission, incoming, "resource-constraint", why);
}

void sx_admission_decline_copies(const struct sx_admission *admission,
                                 const struct sx_incoming *incoming, const char *condition,
                                 const char *text)
{
    struct sx_response *answer = NULL;
    enum sx_journal_verdict verdict = sx_journal_enter(admission->journal, incoming->from,
                                                       incoming->id, sx_clock_now_us(), &answer);
    sx_response_unref(answer);
    if (verdict == SX_JOURNAL_FULL) {
        refuse_unremembered(admission, incoming);
        return;
    }
    sx_journal_forget(admission->journal, incoming->from, incoming->id);
    sx_admission_decline(admission, incoming, condition, text);
}

/* ---- who may not call ---- */

bool sx_admission_wants_glance(const struct sx_admission *admission, const char *from,
                               const char **payer)
{
    *payer = sx_access_may_know(admission->access, from) ? from : NULL;
    return *payer || sx_trace_is_due(&admission->refusals, sx_clock_now_us());
}

bool sx_admission_does_without(const struct sx_admission *admission,
                               const struct sx_incoming *incoming)
{
    return !sx_access_may_know(admission->access, incoming->from) ||
           sx_access_grant(admission->access, incoming->from, NULL, NULL) == SX_GRANT_EVERYTHING ||
           sx_admission_is_known(admission, incoming);
}

void sx_admission_tell_forbidden(struct sx_admission *admission, const char *from,
                                 const char *operation)
{
    char text[REFUSAL_BYTES], more[SX_TRACE_MORE_BYTES];
    if (!sx_trace_begin(&admission->refusals, sx_clock_now_us(), "refusals", more))
        return;
    sx_denial_describe(from, operation, text, sizeof text);
    sx_trace(sx_session_trace(admission->session), SOAP_XMPP_TRACE_INFO, "%s%s", text, more);
}

/* The trace names the namespace where a rule would have to. */
static void forbid(struct sx_admission *admission, const struct sx_incoming *incoming,
                   const char *from, const struct sx_envelope *envelope)
{
    char named[SX_SCAN_URI_BYTES + SX_SCAN_NAME_BYTES + 2];
    const char *operation = envelope->operation;
    if (*operation && !sx_access_serves(admission->access, envelope->operation_uri, operation)) {
        snprintf(named, sizeof named, "{%s}%s", envelope->operation_uri, operation);
        operation = named;
    }
    SX_TALLY_ADD(admission->tally, denied);
    sx_admission_tell_forbidden(admission, from, operation);
    sx_admission_decline(admission, incoming, sx_fault_condition(SX_EFORBIDDEN),
                         sx_fault_text(SX_EFORBIDDEN));
}

/* ---- copies ---- */

static void answer_stale(const struct sx_admission *admission, const struct sx_incoming *incoming)
{
    const struct sx_head head = sx_admission_head(admission, incoming);
    struct sx_journal *journal = admission->journal;
    struct sx_buffer out = {0};
    char incarnation[SX_INCARNATION_BYTES];
    int64_t now_us = sx_clock_now_us();
    sx_journal_incarnation(journal, now_us, incarnation);
    sx_stanza_stale(
        &out, &head, incarnation, sx_journal_is_shared(journal) ? sx_journal_process(journal) : 0,
        sx_journal_stale_us(journal, sx_incoming_text(incoming->from), incoming->id, now_us) /
            1000);
    sx_admission_post(admission, incoming, &out);
}

/* Made anew for this copy, which may come from another resource than the first, and under another
 * id. Dropped if there is no room for it: it was given before. */
static void repeat(const struct sx_admission *admission, const struct sx_incoming *incoming,
                   const struct sx_response *answer)
{
    const struct sx_head head = sx_admission_head(admission, incoming);
    struct sx_buffer out = {0};
    if (!sx_size_limit_fits_again(admission->session, answer, &head)) {
        sx_admission_refuse(admission, incoming, "internal-server-error",
                            "the request was run, and its answer is too large to be given again");
        return;
    }
    sx_response_write(answer, &head, &out);
    (void)sx_session_post_again(admission->session, incoming->number, &out);
    sx_buffer_fini(&out);
}

/* What the journal knows of a request that isn't to be run now. Takes the answer. */
static void answer_known(const struct sx_admission *admission, const struct sx_incoming *incoming,
                         enum sx_journal_verdict verdict, struct sx_response *answer)
{
    const char *what = verdict == SX_JOURNAL_RUNNING    ? ", it still runs"
                       : verdict == SX_JOURNAL_ANSWERED ? ", so its answer does"
                       : verdict == SX_JOURNAL_SPENT    ? ", its answer is forgotten"
                                                        : ", it is unknown here";
    sx_trace(sx_session_trace(admission->session), SOAP_XMPP_TRACE_DEBUG, "request %s came again%s",
             incoming->id, what);
    if (verdict == SX_JOURNAL_RUNNING)
        sx_shipments_readdress(admission->shipments, sx_incoming_text(incoming->from),
                               incoming->id);
    else if (verdict == SX_JOURNAL_ANSWERED)
        repeat(admission, incoming, answer);
    else if (verdict == SX_JOURNAL_SPENT)
        sx_admission_refuse(admission, incoming, "internal-server-error",
                            "the request was run, but its answer isn't remembered any longer");
    else
        answer_stale(admission, incoming);
    sx_response_unref(answer);
}

void sx_admission_answer_again(const struct sx_admission *admission,
                               const struct sx_incoming *incoming)
{
    const struct sx_head head = sx_admission_head(admission, incoming);
    struct sx_buffer out = {0};
    struct sx_response *answer = NULL;
    enum sx_journal_verdict verdict =
        sx_journal_look(admission->journal, sx_incoming_text(incoming->from), incoming->id,
                        sx_clock_now_us(), &answer);
    answer_known(admission, incoming, verdict, answer);
    if (verdict != SX_JOURNAL_RUNNING)
        return;
    sx_stanza_running(&out, &head);
    sx_admission_post(admission, incoming, &out);
}

bool sx_admission_is_known(const struct sx_admission *admission, const struct sx_incoming *incoming)
{
    struct sx_response *answer = NULL;
    enum sx_journal_verdict verdict =
        sx_journal_look(admission->journal, sx_incoming_text(incoming->from), incoming->id,
                        sx_clock_now_us(), &answer);
    sx_response_unref(answer);
    return verdict != SX_JOURNAL_FRESH && verdict != SX_JOURNAL_FOREIGN;
}

static bool is_second_copy(enum sx_journal_verdict verdict)
{
    return verdict == SX_JOURNAL_RUNNING || verdict == SX_JOURNAL_ANSWERED ||
           verdict == SX_JOURNAL_STALE || verdict == SX_JOURNAL_SPENT;
}

/* Of a message whose first copy was said not to be run, whatever the rules say now. */
static bool was_declined(const struct sx_admission *admission, const struct sx_incoming *incoming)
{
    return incoming->is_message && admission->refused &&
           sx_refusals_has(admission->refused, incoming->from, incoming->id);
}

static void drop_copy(const struct sx_admission *admission, const struct sx_incoming *incoming)
{
    sx_trace(sx_session_trace(admission->session), SOAP_XMPP_TRACE_DEBUG,
             "message %s of %s came again: dropped", incoming->id,
             sx_incoming_text(incoming->from));
}

/* ---- requests ---- */

/* For its bytes and what is kept beside them: the queue has its caller's name once more. */
static bool take_room(const struct sx_admission *admission, struct sx_request *request)
{
    size_t bytes = sizeof *request + 2 * strlen(request->from) + strlen(request->to) +
                   strlen(request->id) + request->envelope.len;
    return sx_memory_take(sx_session_memory(admission->session), SX_MEMORY_REQUEST, request->from,
                          bytes, &request->envelope.charge);
}

/* What the rules say, of one version, and who answers. */
struct permit {
    enum sx_grant grant;
    unsigned long version;
    struct sx_queue *queue;
};

static void queue_request(const struct sx_admission *admission, const struct sx_incoming *incoming,
                          const char *from, struct sx_envelope *envelope, struct permit permit)
{
    const char *to = incoming->to ? incoming->to : sx_session_own_jid(admission->session);
    struct sx_request *request = sx_request_new(from, to, incoming->id);
    enum sx_err err = SX_ENOMEM;
    if (request) {
        request->envelope = *envelope;
        *envelope = (struct sx_envelope){0};
        request->grant = permit.grant;
        request->rules_version = permit.version;
        request->is_message = incoming->is_message;
        request->arrived_us = sx_clock_now_us();
        err = take_room(admission, request) ? sx_queue_add(permit.queue, request) : SX_ETAKEN;
    }
    if (err != SX_OK) {
        sx_journal_forget(admission->journal, from, incoming->id);
        sx_admission_decline(admission, incoming, sx_fault_condition(err), sx_fault_text(err));
        sx_request_free(request);
    }
}

/* gSOAP could run another operation than the one that the rules were asked about. */
static bool may_mislead(const struct sx_envelope *envelope, enum sx_grant grant)
{
    return envelope->ambiguity && grant != SX_GRANT_EVERYTHING;
}

static bool is_for_describer(const struct sx_admission *admission,
                             const struct sx_envelope *envelope)
{
    return admission->describer && sx_describer_is_on(admission->describer) &&
           sx_metadata_is_asked(envelope->operation_uri, envelope->operation, envelope->action,
                                envelope->addressing_action);
}

static struct permit ask_rules(const struct sx_admission *admission, const char *from,
                               const struct sx_envelope *envelope)
{
    struct permit permit = {
        .version = sx_access_version(admission->access),
        .queue = admission->queue,
    };
    if (is_for_describer(admission, envelope)) {
        permit.queue = sx_describer_queue(admission->describer);
        permit.grant =
            sx_access_may_know(admission->access, from) ? SX_GRANT_EVERYTHING : SX_GRANT_NONE;
    } else {
        permit.grant =
            sx_access_grant(admission->access, from, envelope->operation_uri, envelope->operation);
    }
    return permit;
}

/* By what the journal has found. Takes answer. */
static void settle(struct sx_admission *admission, const struct sx_incoming *incoming,
                   const char *from, struct sx_envelope *envelope, struct permit permit,
                   enum sx_journal_verdict verdict, struct sx_response *answer)
{
    switch (verdict) {
    case SX_JOURNAL_FRESH:
    case SX_JOURNAL_FOREIGN:
        if (permit.grant != SX_GRANT_NONE && may_mislead(envelope, permit.grant))
            sx_admission_decline(admission, incoming, "bad-request", envelope->ambiguity);
        else if (permit.grant != SX_GRANT_NONE)
            queue_request(admission, incoming, from, envelope, permit);
        else
            forbid(admission, incoming, from, envelope);
        break;
    case SX_JOURNAL_RUNNING: /* its answer will do */
    case SX_JOURNAL_ANSWERED:
    case SX_JOURNAL_STALE:
    case SX_JOURNAL_SPENT:
        answer_known(admission, incoming, verdict, answer);
        break;
    case SX_JOURNAL_FULL:
        refuse_unremembered(admission, incoming);
        break;
    }
}

/* A first copy runs if a rule allows it; a second one doesn't. The rules are asked before the
 * journal takes the request in, but what the journal knows goes first: forbidden means that the
 * request was never run, and of a stale one nobody knows. */
void sx_admission_admit(struct sx_admission *admission, const struct sx_incoming *incoming,
                        struct sx_envelope *envelope)
{
    char own_domain[SX_JID_BYTES];
    const char *from = incoming->from;
    struct sx_response *answer = NULL;
    enum sx_journal_verdict verdict;
    struct permit permit;
    bool is_run;
    if (was_declined(admission, incoming)) {
        drop_copy(admission, incoming);
        return;
    }
    if (!from) {
        sx_jid_domain(sx_session_own_jid(admission->session), own_domain, sizeof own_domain);
        from = own_domain;
    }
    permit = ask_rules(admission, from, envelope);
    is_run = permit.grant != SX_GRANT_NONE && !may_mislead(envelope, permit.grant);
    verdict = (is_run ? sx_journal_enter : sx_journal_look)(admission->journal, from, incoming->id,
                                                            sx_clock_now_us(), &answer);
    if (incoming->is_message && is_second_copy(verdict)) {
        drop_copy(admission, incoming);
        sx_response_unref(answer);
        return;
    }
    settle(admission, incoming, from, envelope, permit, verdict, answer);
}
