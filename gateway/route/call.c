/* call.c - the calls of a gateway: what clients have posted, on its way to a service and back.
 *
 * Happy path: the server's thread begins it: the body becomes an envelope, the link sends it. The
 * link's thread ends it: the answer is looked at and given to the server. Bodies over 64 KiB are
 * read, and answers looked at, by the workers in between. A call with a name that has been called
 * already isn't sent: it is answered when, and as, the first one is.
 * Failure modes: each has its row in outcome.c, and a fault that says whether the service ran. When
 * the workers have no room, a request is refused (503), and an answer is looked at where it is. */
#include "route/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "route/body.h"
#include "route/endpoint.h"
#include "route/envelope.h"
#include "route/name.h"
#include "route/once.h"
#include "route/share.h"
#include "route/translation.h"
#include "soap/media_type.h"

enum { INLINE_BYTES = 64 * 1024, TEXT_BYTES = 512, CONDITION_BYTES = 64 };

struct gw_calls {
    struct gw_workers *workers;
    gw_route_link_fn *find;
    void *user;
    struct gw_once *once;
    struct gw_share share;
};

struct call {
    struct gw_calls *calls;
    struct gw_exchange *exchange;
    struct gw_match match;
    unsigned slot; /* of share */
    bool is_message;
    struct gw_body body;
    char from[GW_ENDPOINT_FROM_BYTES];
    struct gw_once_entry *entry; /* its name's; NULL: it has none */
    /* How it has ended. */
    struct gw_call_end end; /* its texts are the two below */
    char condition[CONDITION_BYTES], text[TEXT_BYTES];
};

struct gw_calls *gw_calls_new(struct gw_workers *workers, gw_route_link_fn *find, void *user)
{
    struct gw_calls *calls = calloc(1, sizeof *calls);
    if (!calls)
        return NULL;
    calls->workers = workers;
    calls->find = find;
    calls->user = user;
    gw_share_init(&calls->share);
    calls->once = gw_once_new();
    if (calls->once)
        return calls;
    free(calls);
    return NULL;
}

void gw_calls_free(struct gw_calls *calls)
{
    if (calls)
        gw_once_free(calls->once);
    free(calls);
}

static void free_call(struct call *call)
{
    gw_body_free(&call->body);
    free(call->end.envelope);
    free(call);
}

/* What named calls may hold: a part of all that is held for requests. */
static size_t most_kept(const struct call *call)
{
    return call->exchange->config->limits.memory_bytes / 4;
}

/* Keeps the answer of a named call, and tells it to those that have asked again. */
static void keep(const struct call *call, const struct gw_answer *answer)
{
    const struct gw_once_answer kept = {.status = answer->status,
                                        .outcome = answer->outcome,
                                        .end = answer->end,
                                        .content_type =
                                            answer->content_type ? answer->content_type : "",
                                        .text = answer->text ? answer->text : "",
                                        .body = answer->body,
                                        .body_bytes = answer->body_bytes};
    gw_once_end(call->calls->once, call->entry, &kept, most_kept(call), gw_clock_ms());
}

/* Makes a package of an answer to a client that has sent one; what is kept of it is none. */
static void pack(const struct call *call, struct gw_answer *answer, struct gw_envelope *package)
{
    if (!call->body.is_package || !answer->body || strstr(answer->content_type, "multipart"))
        return;
    *package = (struct gw_envelope){
        .version = strstr(answer->content_type, "soap+xml") ? 12 : 11,
        .bytes = answer->body,
        .len = answer->body_bytes,
    };
    snprintf(package->content_type, sizeof package->content_type, "%s", answer->content_type);
    gw_envelope_pack(package, &call->exchange->route->mtom);
    answer->body = package->bytes;
    answer->body_bytes = package->len;
    answer->content_type = package->content_type;
}

/* Answers and ends the call, which is counted no more before its client can send the next one. */
static void finish(struct call *call, const struct gw_answer *answer)
{
    struct gw_envelope package;
    struct gw_answer sent = *answer;
    if (call->entry)
        keep(call, answer);
    pack(call, &sent, &package);
    gw_share_leave(&call->calls->share, call->slot);
    gw_exchange_answer(call->exchange, &sent);
    free_call(call);
}

/* The same with a fault of the gateway's own. */
static void refuse(struct call *call, struct gw_outcome_row row, enum gw_outcome outcome,
                   const char *end, const char *condition, const char *text)
{
    char content_type[GW_EXCHANGE_TYPE_BYTES];
    struct gw_answer answer =
        gw_exchange_make_fault(call->exchange, row, outcome, end, condition, text, content_type);
    finish(call, &answer);
}

/* Ends a call that wasn't sent. */
static void refuse_unsent(struct call *call, int status, const char *text)
{
    refuse(call, gw_outcome_of_status(status), GW_NOT_EXECUTED, "refused",
           gw_outcome_condition(status), text);
}

/* ---- the answer ---- */

/* The status of a fault; 0: another one is told in its place. */
static int status_of_fault(struct call *call)
{
    struct gw_glance glance = {0};
    char why[TEXT_BYTES];
    if (gw_glance_read(&glance, call->end.envelope, call->end.envelope_bytes, why, sizeof why))
        glance.fault = GW_FAULT_OTHER;
    if (glance.fault == GW_FAULT_MUST_UNDERSTAND && call->body.has_attachments &&
        !call->body.had_must_understand)
        return 0;
    return gw_outcome_of_fault(call->end.version, glance.fault,
                               call->exchange->route->fault_status);
}

static void answer_envelope(struct call *call)
{
    struct gw_exchange *exchange = call->exchange;
    char why[TEXT_BYTES];
    struct gw_answer answer = {.status = 200,
                               .outcome = call->end.outcome,
                               .end = gw_link_end_text(call->end.end),
                               .text = call->text};
    if (call->end.end == GW_END_FAULT)
        answer.status = status_of_fault(call);
    if (!answer.status) { /* SOAP 1.2 part 1, 2.6: such a fault comes before anything is done */
        refuse(call, gw_outcome_of_status(415), GW_NOT_EXECUTED, "refused", "not-acceptable",
               "the service takes no attachments");
        return;
    }
    gw_translation_answer(exchange, &call->end.envelope, &call->end.envelope_bytes);
    struct gw_envelope envelope = {
        .version = call->end.version, .bytes = call->end.envelope, .len = call->end.envelope_bytes};
    gw_media_type_write(envelope.version, "", envelope.content_type, sizeof envelope.content_type);
    int result =
        gw_envelope_unload(&envelope, exchange->config->limits.body_bytes, why, sizeof why);
    call->end.envelope = envelope.bytes;
    if (result) {
        refuse(call, gw_outcome_of_end(GW_END_BAD, call->end.outcome, ""), call->end.outcome,
               gw_link_end_text(GW_END_BAD), "", why);
        return;
    }
    answer.body = envelope.bytes;
    answer.body_bytes = envelope.len;
    answer.content_type = envelope.content_type;
    call->end.envelope = NULL;
    finish(call, &answer);
}

/* By message: done once our server has it. A service may answer before our server has said so; its
 * client is told the same in either case, and the answer is dropped. */
static bool is_one_way(const struct call *call)
{
    return strstr(call->exchange->endpoint, "?message") != NULL;
}

static void answer_empty(struct call *call)
{
    struct gw_answer answer = {.status = gw_outcome_of_end(GW_END_EMPTY, 0, "").status,
                               .outcome = call->end.outcome,
                               .end = gw_link_end_text(GW_END_EMPTY)};
    finish(call, &answer);
}

/* gw_work_fn. */
static void answer_call(void *user)
{
    struct call *call = user;
    const struct gw_call_end *end = &call->end;
    if (end->end == GW_END_EMPTY || (end->envelope && is_one_way(call)))
        answer_empty(call);
    else if (end->envelope)
        answer_envelope(call);
    else
        refuse(call, gw_outcome_of_end(end->end, end->outcome, end->condition), end->outcome,
               gw_link_end_text(end->end), end->condition, end->text);
}

/* gw_link_done_fn. */
static void on_done(void *user, struct gw_call_end *end)
{
    struct call *call = user;
    call->end = *end;
    end->envelope = NULL;
    snprintf(call->condition, sizeof call->condition, "%s", end->condition);
    snprintf(call->text, sizeof call->text, "%s", end->text);
    call->end.condition = call->condition;
    call->end.text = call->text;
    call->end.peer = NULL;
    if (call->end.envelope_bytes <= INLINE_BYTES ||
        gw_workers_do(call->calls->workers, answer_call, call))
        answer_call(call);
}

/* ---- the request ---- */

/* 0; or a status with one sentence in why. */
static int prepare(struct call *call, char *why, size_t why_bytes)
{
    struct gw_exchange *exchange = call->exchange;
    size_t most_bytes = exchange->config->limits.body_bytes;
    char path[GW_ENDPOINT_PATH_BYTES + 1] = "";
    const struct gw_endpoint_of of = {
        .route = exchange->route,
        .match = &call->match,
        .user = gw_request_user(exchange->request),
        .query = gw_request_query(exchange->request),
        .is_message = call->is_message,
    };
    int status = gw_endpoint_write(&of, exchange->endpoint, why, why_bytes);
    if (!status)
        status = gw_endpoint_path(&of, path, why, why_bytes);
    if (!status)
        status = gw_endpoint_from(&of, call->from, why, why_bytes);
    if (!status)
        status = gw_body_read(&call->body, exchange->request, most_bytes, why, why_bytes);
    if (call->body.glance.version)
        exchange->version = call->body.glance.version;
    snprintf(exchange->operation, sizeof exchange->operation, "%s", call->body.glance.operation);
    exchange->bytes_in = call->body.bytes;
    return status ? status : gw_body_load(&call->body, path, most_bytes, why, why_bytes);
}

/* gw_once_told_fn: the call with this name has ended. */
static void on_told(void *user, const struct gw_once_answer *kept)
{
    struct call *call = user;
    static const struct gw_outcome_row gone = {409, false, false};
    struct gw_answer answer = {.status = kept->status,
                               .outcome = kept->outcome,
                               .end = kept->end,
                               .text = kept->text,
                               .is_repeated = true};
    if (kept->is_dropped) {
        refuse(call, gone, kept->outcome, "repeated", "conflict",
               "the call with this name has run, and its answer isn't kept any longer");
        return;
    }
    answer.body = kept->body_bytes ? malloc(kept->body_bytes) : NULL;
    if (answer.body) {
        memcpy(answer.body, kept->body, kept->body_bytes);
        answer.body_bytes = kept->body_bytes;
        answer.content_type = kept->content_type;
    } else if (kept->body_bytes) {
        answer.status = 503;
        answer.text = "no memory for the answer";
    }
    finish(call, &answer);
}

/* Takes the call's name, if it has one. 0: it is to be sent; a status with one sentence in why; -1:
 * it waits for the first one of that name, or was answered as that one, and isn't ours any more. */
static int take_name(struct call *call, char *why, size_t why_bytes)
{
    const struct gw_exchange *exchange = call->exchange;
    const char *pattern = gw_pattern_text(exchange->route->pattern);
    const char *user = gw_request_user(exchange->request);
    struct gw_name name;
    unsigned char digest[GW_DIGEST_BYTES];
    int status =
        gw_name_read(&name, exchange->request, exchange->route, &call->body.glance, why, why_bytes);
    if (status || !name.kind)
        return status;
    const struct gw_digest_text parts[] = {{pattern, strlen(pattern)},
                                           {exchange->endpoint, strlen(exchange->endpoint)},
                                           {user, strlen(user)},
                                           {name.kind, strlen(name.kind)},
                                           {name.text, strlen(name.text)}};
    const struct gw_digest_text body[] = {{call->body.envelope, call->body.bytes},
                                          {call->body.action, strlen(call->body.action)}};
    if (gw_digest_make(body, sizeof body / sizeof *body, digest))
        return snprintf(why, why_bytes, "no memory"), 503;
    /* One that waits needs its envelope no more, and isn't ours then. */
    char *envelope = call->body.envelope;
    call->body.envelope = NULL;
    enum gw_once_place place =
        gw_once_begin(call->calls->once, parts, sizeof parts / sizeof *parts, digest,
                      most_kept(call), gw_clock_ms(), on_told, call, &call->entry);
    if (place == GW_ONCE_AGAIN)
        free(envelope);
    else
        call->body.envelope = envelope;
    switch (place) {
    case GW_ONCE_FIRST:
        return 0;
    case GW_ONCE_AGAIN:
        return -1;
    case GW_ONCE_OTHER:
        return snprintf(why, why_bytes, "the name \"%s\" was given to another request", name.text),
               422;
    default:
        return snprintf(why, why_bytes, "memory is short, so that the call's name can't be kept"),
               503;
    }
}

/* gw_work_fn. */
static void send_call(void *user)
{
    struct call *call = user;
    const struct gw_route_config *route = call->exchange->route;
    char why[TEXT_BYTES] = "";
    const char *condition = "";
    int status = prepare(call, why, sizeof why);
    if (!status)
        status = take_name(call, why, sizeof why);
    if (status) {
        if (status > 0)
            refuse_unsent(call, status, why);
        return;
    }
    gw_translation_request(call->exchange, &call->body.envelope, &call->body.bytes);
    struct gw_link *link = call->calls->find(call->calls->user, route->link->name);
    if (!link) {
        refuse_unsent(call, 503, "the route's link isn't open");
        return;
    }
    /* The link copies it, and the call isn't ours once it has begun. */
    char *envelope = call->body.envelope;
    call->body.envelope = NULL;
    const struct gw_outgoing outgoing = {
        .endpoint = call->exchange->endpoint,
        .action = *call->body.action ? call->body.action : NULL,
        .from = *call->from ? call->from : NULL,
        .envelope = envelope,
        .envelope_bytes = call->body.bytes,
        .traceparent = call->exchange->trace.parent,
        .timeout_ms = route->timeout_ms,
        .is_one_way = is_one_way(call),
        .done = on_done,
        .user = call,
    };
    if (gw_link_call(link, &outgoing, &condition, why, sizeof why))
        refuse(call, gw_outcome_of_refusal(condition), GW_NOT_EXECUTED, "refused", condition, why);
    free(envelope);
}

void gw_calls_begin(struct gw_calls *calls, struct gw_exchange *exchange,
                    const struct gw_match *match, bool is_message)
{
    struct call *call = calloc(1, sizeof *call);
    size_t bytes;
    if (!call) {
        gw_exchange_fault(exchange, gw_outcome_of_status(503), GW_NOT_EXECUTED, "refused",
                          "resource-constraint", "no memory");
        return;
    }
    call->calls = calls;
    call->exchange = exchange;
    call->match = *match;
    call->is_message = is_message;
    unsigned most = exchange->config->limits.in_flight;
    call->slot = gw_share_slot(exchange->route, match);
    if (!gw_share_enter(&calls->share, call->slot, most)) {
        char why[64];
        snprintf(why, sizeof why, "%u calls are under way, which is the limit", most);
        refuse_unsent(call, 503, why);
        return;
    }
    gw_request_body(exchange->request, &bytes);
    if (bytes <= INLINE_BYTES)
        send_call(call);
    else if (gw_workers_do(calls->workers, send_call, call))
        refuse_unsent(call, 503, "too much is being read already");
}
