/* See exchange.h.
 *
 * The course of one: the service is found by the JID that was called, and asked whether the caller
 * may; the envelope is made ready, its addresses turned into those that the backend knows; it goes
 * to the client. What comes back is cleaned, looked at, its addresses turned back, and answered.
 *
 * Failures: before the POST each is a decline, for nothing was executed; after it outcome.h's table
 * decides, and an answer that can't be given is a refusal. */
#include "serve/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/record.h"
#include "serve/addresses.h"
#include "serve/answer.h"
#include "serve/package.h"
#include "serve/post.h"
#include "soap_xmpp.h"

enum {
    QUICK_BYTES = 64 * 1024, /* an envelope that is read in less than a millisecond */
    WHY_BYTES = 600
};

struct gw_exchange {
    struct gw_exchange_place place;
    struct gw_services *services; /* held */
    struct gw_incoming *incoming;
    struct gw_backend backend;
    bool has_backend;
    long long begun_us;
    size_t bytes_in;
    /* what came, until a worker has read it */
    struct gw_client_answer came;
    char *content_type;
    char why[WHY_BYTES];
};

/* ---- its end ---- */

static const char *pattern_of(const struct gw_exchange *exchange)
{
    return exchange->has_backend ? gw_pattern_text(exchange->backend.service->serve->pattern) : "";
}

/* The trace id of "00-<32 digits>-...". */
static void read_trace(const struct gw_exchange *exchange, char trace[33])
{
    const char *parent = gw_incoming_traceparent(exchange->incoming);
    memset(trace, 0, 33);
    if (strlen(parent) >= 35)
        memcpy(trace, parent + 3, 32);
}

static void record(const struct gw_exchange *exchange, const char *end, enum gw_outcome outcome,
                   size_t bytes_out, const char *text)
{
    char trace[33];
    struct gw_record ended = {
        .route = pattern_of(exchange),
        .from = gw_incoming_from(exchange->incoming),
        .to = exchange->has_backend ? exchange->backend.url : gw_incoming_to(exchange->incoming),
        .operation = gw_incoming_operation(exchange->incoming),
        .end = end,
        .outcome = gw_link_outcome_text(outcome),
        .status = exchange->came.status,
        .bytes_in = exchange->bytes_in,
        .bytes_out = bytes_out,
        .ms = (double)(gw_clock_us() - exchange->begun_us) / 1000,
        .trace = trace,
        .text = text,
    };
    read_trace(exchange, trace);
    gw_record_end(&ended);
}

static void free_exchange(struct gw_exchange *exchange)
{
    gw_services_release(exchange->services);
    free(exchange->came.body);
    free(exchange->content_type);
    free(exchange);
}

static void decline(struct gw_exchange *exchange, const char *condition, const char *text)
{
    record(exchange, condition, GW_NOT_EXECUTED, 0, text);
    gw_incoming_decline(exchange->incoming, condition, text);
    free_exchange(exchange);
}

static void refuse(struct gw_exchange *exchange, const char *end, enum gw_outcome outcome,
                   const char *text)
{
    record(exchange, end, outcome, 0, text);
    gw_incoming_refuse(exchange->incoming, text);
    free_exchange(exchange);
}

static void answer(struct gw_exchange *exchange, char *envelope, size_t bytes, bool is_fault)
{
    const char *end = is_fault ? "fault" : envelope ? "answer" : "empty";
    record(exchange, end, GW_EXECUTED, bytes, "");
    gw_incoming_answer(exchange->incoming, envelope, bytes);
    free_exchange(exchange);
}

/* ---- the answer ---- */

static void conclude(void *user)
{
    struct gw_exchange *exchange = user;
    struct gw_answer read;
    gw_answer_read(&read, &exchange->came, gw_incoming_version(exchange->incoming),
                   &exchange->backend, exchange->services->config->limits.body_bytes);
    switch (read.reply) {
    case GW_REPLY_ANSWER:
    case GW_REPLY_EMPTY:
        answer(exchange, read.envelope, read.envelope_bytes, read.is_fault);
        break;
    case GW_REPLY_DECLINE:
        decline(exchange, read.condition, read.why);
        break;
    default:
        refuse(exchange, read.was_executed ? "bad" : "lost",
               read.was_executed ? GW_EXECUTED : GW_UNKNOWN, read.why);
    }
}

/* gw_client_done_fn */
static void take_answer(void *user, struct gw_client_answer *came)
{
    struct gw_exchange *exchange = user;
    exchange->came = *came;
    came->body = NULL;
    exchange->content_type = strdup(came->content_type);
    exchange->came.content_type = exchange->content_type ? exchange->content_type : "";
    if (came->why) {
        snprintf(exchange->why, sizeof exchange->why, "%s", came->why);
        exchange->came.why = exchange->why;
    }
    if (came->body_bytes <= QUICK_BYTES ||
        gw_workers_do(exchange->place.workers, conclude, exchange) != 0)
        conclude(exchange); /* late is better than lost */
}

/* ---- the request ---- */

static int send_post(struct gw_exchange *exchange, struct gw_package *package, char *why,
                     size_t why_bytes)
{
    const struct gw_service *service = exchange->backend.service;
    struct gw_client_request request = {
        .method = "POST",
        .url = exchange->backend.url,
        .body = package->body,
        .body_bytes = package->bytes,
        .target = service->serve,
        .password = service->password,
        .timeout_ms = service->serve->timeout_ms,
        .most_bytes = exchange->services->config->limits.body_bytes,
        .done = take_answer,
        .user = exchange,
    };
    struct gw_post_of of = {
        .version = gw_incoming_version(exchange->incoming),
        .action = gw_incoming_action(exchange->incoming),
        .from = gw_incoming_from(exchange->incoming),
        .traceparent = gw_incoming_traceparent(exchange->incoming),
        .content_type = *package->content_type ? package->content_type : NULL,
    };
    struct gw_post post;
    int result;
    if (gw_post_write(&post, &of, why, why_bytes) != 0)
        return -1;
    request.headers = post.headers;
    result = gw_client_send(exchange->place.client, exchange->services->config, &request, why,
                            why_bytes);
    gw_post_fini(&post);
    if (result == 0)
        package->body = NULL;
    return result;
}

static void forward(void *user)
{
    struct gw_exchange *exchange = user;
    const char *condition = "service-unavailable";
    struct gw_package package;
    char why[WHY_BYTES];
    int result =
        gw_package_make(&package, &exchange->backend, exchange->incoming,
                        exchange->services->config->limits.body_bytes, &condition, why, sizeof why);
    if (result == 0)
        result = send_post(exchange, &package, why, sizeof why); /* done may have freed it */
    gw_package_fini(&package);
    if (result != 0)
        decline(exchange, condition, why);
}

/* 0, or -1 with *condition and one sentence in why. */
static int look_up(struct gw_exchange *exchange, struct gw_link *link, const char **condition,
                   char *why, size_t why_bytes)
{
    const struct gw_incoming *incoming = exchange->incoming;
    if (gw_backend_find(&exchange->backend, exchange->services, gw_link_name(link),
                        gw_incoming_to(incoming), condition, why, why_bytes) != 0)
        return -1;
    exchange->has_backend = true;
    if (soap_xmpp_rules_allow(exchange->backend.service->rules, gw_incoming_from(incoming),
                              gw_incoming_namespace(incoming), gw_incoming_operation(incoming)))
        return 0;
    *condition = "forbidden";
    snprintf(why, why_bytes, "no rule of this service lets you call that");
    return -1;
}

void gw_exchange_begin(const struct gw_exchange_place *place, struct gw_services *services,
                       struct gw_link *link, struct gw_incoming *incoming)
{
    struct gw_exchange *exchange = calloc(1, sizeof *exchange);
    const char *condition;
    char why[WHY_BYTES];
    int result;
    if (!exchange) {
        gw_incoming_decline(incoming, "resource-constraint", "there is no memory left");
        return;
    }
    exchange->place = *place;
    exchange->services = gw_services_hold(services);
    exchange->incoming = incoming;
    exchange->begun_us = gw_clock_us();
    gw_incoming_envelope(incoming, &exchange->bytes_in);
    result = look_up(exchange, link, &condition, why, sizeof why);
    gw_record_begin(false, pattern_of(exchange));
    if (result != 0) {
        decline(exchange, condition, why);
    } else if (exchange->bytes_in <= QUICK_BYTES) {
        forward(exchange);
    } else if (gw_workers_do(place->workers, forward, exchange) != 0) {
        decline(exchange, "resource-constraint", "too much work waits in the gateway");
    }
}
