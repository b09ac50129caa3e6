/* request.c - requests as bytes: taken, looked at, read.
 *
 * Invariant: api/request.h. What is given to the program has been allowed by the rules of now, and
 * its version and operation are known.
 *
 * Happy path: take -> texts, read... -> answer, refuse or decline (answer.c).
 * Failure modes: what no rule lets pass any longer, holds no envelope, or has a type that nobody
 * knows without the prefix that a server has dropped, is refused here, and the next one is taken.
 * Bytes that are damaged show while they are read.
 */
#include "api/request.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "link/link_state.h"
#include "soap/repair.h"

enum { CLAUSE_BYTES = 200 };

/* ---- taking ---------------------------------------------------------------------------------- */

/* Before anything is taken, the rules know that nobody has said which namespaces are the service's:
 * messages may wait that were let in without that. Whoever finds the mark comes behind it; until it
 * is there, each does it all. */
static void begin(struct soap_xmpp_link *link)
{
    if (atomic_load(&link->serves_bytes))
        return;
    sx_access_serve_bytes(link->access);
    sx_link_serve(link);
    sx_queue_look(link->queue);
    atomic_store(&link->serves_bytes, true);
}

static bool decline(struct soap_xmpp_link *link, struct sx_request *request, enum sx_err err,
                    const char *why)
{
    sx_trace_peer(sx_link_trace(link), sx_clock_now_us(), "request %.80s of %.200s: %s",
                  request->id, request->from, why);
    sx_answer_decline(&link->answers, request, sx_fault_condition(err), why,
                      sx_clock_deadline(sx_link_timeout_us(link)));
    return false;
}

/* Whoever may call everything was perhaps let in without a look: it was too costly for the loop
 * thread (link/glance.h). */
static bool look(struct soap_xmpp_link *link, struct sx_request *request)
{
    struct sx_envelope *envelope = &request->envelope;
    struct sx_checker *checker;
    if (envelope->version)
        return true;
    checker = sx_checker_new(sx_link_max_depth(link));
    if (!checker)
        return decline(link, request, SX_ENOMEM, sx_fault_text(SX_ENOMEM));
    sx_envelope_glance(envelope, checker, link->reader_limits.max_bytes, ULONG_MAX);
    sx_checker_free(checker);
    return envelope->err ? decline(link, request, envelope->err, envelope->why) : true;
}

/* Without a table of the receiver's: a type that is none of common use is in the operation's
 * namespace, and unknown if that is in none. */
static bool repair(struct soap_xmpp_link *link, struct sx_request *request)
{
    const struct sx_repair repair = {.trace = sx_link_trace(link), .sender = request->from};
    char why[SX_REPAIR_WHY_BYTES];
    enum sx_err err;
    if (!sx_repair_is_due(&request->envelope))
        return true;
    err = sx_repair_envelope(&repair, &request->envelope, why);
    return err ? decline(link, request, err, err == SX_ENOMEM ? sx_fault_text(err) : why) : true;
}

/* Whether the program gets it; else it is refused here. */
static bool admit(struct soap_xmpp_link *link, struct sx_request *request)
{
    const struct sx_envelope *envelope = &request->envelope;
    if (!sx_link_may_run(link, request))
        return false;
    if (!envelope->bytes || envelope->err) {
        sx_link_refuse(link, request, "bad-request",
                       envelope->err ? envelope->why : sx_fault_text(SX_ENOTSOAP));
        return false;
    }
    return look(link, request) && repair(link, request);
}

/* The memory comes first: a request that was taken isn't lost for want of it. */
static struct soap_xmpp_request *take(struct soap_xmpp_link *link, int64_t deadline, bool *is_over)
{
    struct soap_xmpp_request *taken = calloc(1, sizeof *taken);
    *is_over = false;
    if (!taken)
        return NULL;
    taken->link = link;
    while ((taken->request = sx_queue_take(link->queue, deadline, is_over)) != NULL) {
        if (admit(link, taken->request)) {
            taken->request->is_strict = true;
            return taken;
        }
        sx_request_free(taken->request);
    }
    free(taken);
    return NULL;
}

struct soap_xmpp_request *soap_xmpp_take(struct soap_xmpp_link *link, int timeout_ms,
                                         int *is_stopped)
{
    struct soap_xmpp_request *taken = NULL;
    bool is_over = true;
    if (link && !sx_link_is_forked(link)) {
        int64_t deadline = sx_clock_deadline(sx_config_timeout_ms(timeout_ms, -1));
        sx_link_ref(link); /* the program may close the link meanwhile */
        begin(link);
        taken = take(link, deadline, &is_over);
        if (!taken && atomic_load(&link->readiness)) /* a program may never wait for calls */
            sx_exchange_expire(link->exchange);
        if (!taken)
            sx_link_unref(link);
    }
    if (is_stopped)
        *is_stopped = !taken && is_over;
    return taken;
}

void sx_request_end(struct soap_xmpp_request *request)
{
    struct soap_xmpp_link *link = request->link;
    sx_reader_fini(&request->reader);
    sx_request_free(request->request);
    free(request);
    sx_link_unref(link);
}

/* ---- its texts ------------------------------------------------------------------------------- */

const char *soap_xmpp_request_from(const struct soap_xmpp_request *request)
{
    return request ? request->request->from : "";
}

const char *soap_xmpp_request_to(const struct soap_xmpp_request *request)
{
    return request ? request->request->to : "";
}

const char *soap_xmpp_request_id(const struct soap_xmpp_request *request)
{
    return request ? request->request->id : "";
}

/* Of a caller that may run some operations the rules were asked about its element; what chooses by
 * the action would run another one. */
const char *soap_xmpp_request_action(const struct soap_xmpp_request *request)
{
    bool tells = request && request->request->grant == SX_GRANT_EVERYTHING;
    return tells ? request->request->envelope.action : "";
}

const char *soap_xmpp_request_operation(const struct soap_xmpp_request *request)
{
    return request ? request->request->envelope.operation : "";
}

const char *soap_xmpp_request_namespace(const struct soap_xmpp_request *request)
{
    return request ? request->request->envelope.operation_uri : "";
}

const char *soap_xmpp_request_traceparent(const struct soap_xmpp_request *request)
{
    return request ? request->request->envelope.traceparent : "";
}

int soap_xmpp_request_version(const struct soap_xmpp_request *request)
{
    return request ? request->request->envelope.version : 0;
}

int soap_xmpp_request_is_message(const struct soap_xmpp_request *request)
{
    return request ? request->request->is_message : 0;
}

/* ---- its bytes ------------------------------------------------------------------------------- */

long soap_xmpp_request_read(struct soap_xmpp_request *request, char *out, size_t out_bytes,
                            char *why, size_t why_bytes)
{
    char clause[CLAUSE_BYTES] = "";
    size_t got = 0;
    enum sx_err err;
    if (!request || !out || !out_bytes || sx_link_is_forked(request->link)) {
        sx_session_say(why, why_bytes,
                       !request             ? "there is no request"
                       : !out || !out_bytes ? "there is no room for the bytes"
                                            : sx_fault_text(SX_EFORKED));
        return -1;
    }
    if (request->is_read)
        return 0;
    err = sx_reader_next(&request->reader, &request->request->envelope,
                         &request->link->reader_limits, out,
                         out_bytes < LONG_MAX ? out_bytes : LONG_MAX, &got, clause, sizeof clause);
    if (err) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "request %.80s of %.200s: %s", request->request->id,
                     request->request->from, clause);
        return -1;
    }
    if (!got) {
        request->is_read = true;
        sx_reader_fini(&request->reader);
    }
    return (long)got;
}
