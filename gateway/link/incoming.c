/* incoming.c - a request that came by XMPP, from its taking to its end.
 *
 * Invariant: incoming.h.
 *
 * Happy path: take -> its owner looks at it -> answer -> answers.c sends it, and frees it. Failure:
 * one that can't be read is declined here: certainly not executed. */
#include "link/incoming.h"

#include <stdlib.h>
#include <string.h>

#include "link/envelope.h"

enum { WHY_BYTES = 400 };

struct gw_incoming {
    struct gw_link_answer answer; /* its request, and its end */
    struct gw_answers *answers;
    char *envelope;
    size_t envelope_bytes;
};

static void free_incoming(struct gw_link_answer *answer)
{
    struct gw_incoming *incoming = (struct gw_incoming *)answer; /* its first member */

    free(incoming->envelope);
    free(incoming);
}

static long read_next(void *request, char *out, size_t out_bytes, char *why, size_t why_bytes)
{
    return soap_xmpp_request_read(request, out, out_bytes, why, why_bytes);
}

struct gw_incoming *gw_incoming_take(struct gw_answers *answers, struct soap_xmpp_request *request,
                                     size_t most_bytes)
{
    static const char *const conditions[] = {[GW_ENVELOPE_BAD] = "bad-request",
                                             [GW_ENVELOPE_OVER] = "policy-violation",
                                             [GW_ENVELOPE_NO_MEMORY] = "resource-constraint"};
    struct gw_incoming *incoming = calloc(1, sizeof *incoming);
    char why[WHY_BYTES] = "";
    enum gw_envelope_result result;

    if (!incoming) {
        soap_xmpp_decline(request, "resource-constraint", "there is no memory for the request");
        return NULL;
    }
    incoming->answer.request = request;
    incoming->answer.free = free_incoming;
    incoming->answers = answers;
    result = gw_envelope_read(read_next, request, most_bytes, &incoming->envelope,
                              &incoming->envelope_bytes, why, sizeof why);
    gw_answers_hold(answers, &incoming->answer, incoming->envelope_bytes);
    if (result == GW_ENVELOPE_OK)
        return incoming;
    gw_incoming_decline(incoming, conditions[result], why);
    return NULL;
}

/* ---- what it is ---- */

const char *gw_incoming_from(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_from(incoming->answer.request);
}

const char *gw_incoming_to(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_to(incoming->answer.request);
}

const char *gw_incoming_action(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_action(incoming->answer.request);
}

const char *gw_incoming_operation(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_operation(incoming->answer.request);
}

const char *gw_incoming_namespace(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_namespace(incoming->answer.request);
}

const char *gw_incoming_traceparent(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_traceparent(incoming->answer.request);
}

int gw_incoming_version(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_version(incoming->answer.request);
}

bool gw_incoming_is_message(const struct gw_incoming *incoming)
{
    return soap_xmpp_request_is_message(incoming->answer.request) != 0;
}

bool gw_incoming_is_admitted(struct gw_incoming *incoming, const struct soap_xmpp_rules *rules)
{
    return soap_xmpp_rules_admit(rules, incoming->answer.request) != 0;
}

const char *gw_incoming_envelope(const struct gw_incoming *incoming, size_t *bytes)
{
    *bytes = incoming->envelope_bytes;
    return incoming->envelope ? incoming->envelope : "";
}

/* ---- its end ---- */

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

void gw_incoming_answer(struct gw_incoming *incoming, char *envelope, size_t envelope_bytes)
{
    incoming->answer.kind = GW_ANSWER_SEND;
    incoming->answer.envelope = envelope;
    incoming->answer.envelope_bytes = envelope ? envelope_bytes : 0;
    gw_answers_end(incoming->answers, &incoming->answer);
}

/* Without memory for its text it ends all the same, and says less. */
void gw_incoming_refuse(struct gw_incoming *incoming, const char *text)
{
    incoming->answer.kind = GW_ANSWER_REFUSE;
    incoming->answer.text = copy(text);
    gw_answers_end(incoming->answers, &incoming->answer);
}

void gw_incoming_decline(struct gw_incoming *incoming, const char *condition, const char *text)
{
    incoming->answer.kind = GW_ANSWER_DECLINE;
    incoming->answer.condition = copy(condition);
    incoming->answer.text = copy(text);
    gw_answers_end(incoming->answers, &incoming->answer);
}
