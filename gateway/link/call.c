/* call.c - a call of the gateway's under way at a link.
 *
 * Invariant: call.h; the library's call holds ours as its user.
 *
 * Happy path: begin -> the library has it -> end: the envelope is read, and done() is called.
 * Failure: an answer that can't be read, or is too large, ends as GW_END_BAD; that it was executed
 * stays true. */
#include "link/call.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/envelope.h"

enum { WHY_BYTES = 400 };

struct call {
    gw_link_done_fn *done;
    void *user;
};

_Static_assert(
    (int)GW_END_ANSWER == SOAP_XMPP_END_ANSWER && (int)GW_END_FAULT == SOAP_XMPP_END_FAULT &&
        (int)GW_END_EMPTY == SOAP_XMPP_END_EMPTY && (int)GW_END_REFUSED == SOAP_XMPP_END_REFUSED &&
        (int)GW_END_TIMEOUT == SOAP_XMPP_END_TIMEOUT && (int)GW_END_LOST == SOAP_XMPP_END_LOST &&
        (int)GW_END_STOPPED == SOAP_XMPP_END_STOPPED && (int)GW_END_BAD == SOAP_XMPP_END_BAD,
    "the library's ends are ours");
_Static_assert((int)GW_EXECUTED == SOAP_XMPP_EXECUTED &&
                   (int)GW_NOT_EXECUTED == SOAP_XMPP_NOT_EXECUTED &&
                   (int)GW_UNKNOWN == SOAP_XMPP_UNKNOWN,
               "and its outcomes");

/* ---- its beginning ---- */

/* What the caller may do about it, of what the library says. */
static const char *judge(const char *condition)
{
    static const char *const kinds[] = {"policy-violation", "resource-constraint", "bad-request"};
    size_t i;

    if (strcmp(condition, "jid-malformed") == 0)
        return "bad-request";
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(condition, kinds[i]) == 0)
            return kinds[i];
    return "service-unavailable"; /* the link is stopped, or its server refuses it */
}

int gw_call_begin(struct soap_xmpp_link *link, const struct gw_outgoing *outgoing,
                  const char **condition, char *why, size_t why_bytes)
{
    struct call *call = malloc(sizeof *call);
    const char *told = "";
    struct soap_xmpp_post post;

    if (!call) {
        *condition = "resource-constraint";
        snprintf(why, why_bytes, "there is no memory for the call");
        return -1;
    }
    *call = (struct call){outgoing->done, outgoing->user};
    soap_xmpp_post_init(&post);
    post.endpoint = outgoing->endpoint;
    post.envelope = outgoing->envelope;
    post.envelope_bytes = outgoing->envelope_bytes;
    post.action = outgoing->action;
    post.from = outgoing->from;
    post.traceparent = outgoing->traceparent;
    post.timeout_ms = outgoing->timeout_ms < INT_MAX ? (int)outgoing->timeout_ms : INT_MAX;
    post.is_one_way = outgoing->is_one_way;
    post.user = call;
    post.condition = &told;
    if (soap_xmpp_post(link, &post, why, why_bytes)) /* may have ended already: it isn't ours */
        return 0;
    *condition = judge(told);
    free(call);
    return -1;
}

/* ---- its end ---- */

static long read_next(void *call, char *out, size_t out_bytes, char *why, size_t why_bytes)
{
    return soap_xmpp_call_read(call, out, out_bytes, why, why_bytes);
}

static void read_envelope(struct soap_xmpp_call *call, size_t most_bytes, struct gw_call_end *end,
                          char why[WHY_BYTES])
{
    if (end->end != GW_END_ANSWER && end->end != GW_END_FAULT)
        return;
    if (gw_envelope_read(read_next, call, most_bytes, &end->envelope, &end->envelope_bytes, why,
                         WHY_BYTES) == GW_ENVELOPE_OK)
        return;
    end->end = GW_END_BAD;
    end->version = 0;
    end->text = why;
}

bool gw_call_end(struct soap_xmpp_call *ended, size_t most_bytes)
{
    struct call *call = soap_xmpp_call_user(ended);
    char why[WHY_BYTES] = "";
    struct gw_call_end end;

    if (!call) { /* an answer to a process before this one: a link with a name_key */
        soap_xmpp_cancel(ended);
        return false;
    }
    end = (struct gw_call_end){
        .end = (enum gw_end)soap_xmpp_call_end(ended),
        .outcome = (enum gw_outcome)soap_xmpp_call_outcome(ended),
        .condition = soap_xmpp_call_condition(ended),
        .text = soap_xmpp_call_text(ended),
        .peer = soap_xmpp_call_peer(ended),
        .version = soap_xmpp_call_version(ended),
        .is_packed = soap_xmpp_call_is_packed(ended) != 0,
    };
    read_envelope(ended, most_bytes, &end, why);
    call->done(call->user, &end);
    free(end.envelope);
    free(call);
    soap_xmpp_cancel(ended);
    return true;
}
