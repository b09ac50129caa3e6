/* See delivery.h.
 *
 * The course of one: the service is found by the JID that was called, and asked whether the caller
 * may; the envelope is made ready, its addresses turned into those that the backend knows; it goes
 * to the client. What comes back is cleaned, looked at, its addresses turned back, and answered.
 *
 * Failures: before the POST each is a decline, for nothing was executed; after it verdict.h's table
 * decides, and an answer that can't be given is a refusal. */
#include "serve/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/record.h"
#include "base/trace.h"
#include "serve/response.h"
#include "serve/metadata.h"
#include "serve/package.h"
#include "serve/post.h"
#include "soap_xmpp.h"

enum {
    QUICK_BYTES = 64 * 1024, /* an envelope that is read in less than a millisecond */
    WHY_BYTES = 600
};

struct gw_delivery {
    struct gw_delivery_place place;
    struct gw_services *services; /* held */
    struct gw_incoming *incoming;
    struct gw_backend backend;
    struct gw_trace trace;
    long long begun_us;
    size_t bytes_in;
    /* what came, until a worker has read it */
    struct gw_client_answer came;
    char *content_type;
    char why[WHY_BYTES];
};

/* ---- its end ---- */

static const char *pattern_of(const struct gw_delivery *delivery)
{
    const struct gw_service *service = delivery->backend.service;
    return service ? gw_pattern_text(service->serve->pattern) : "";
}

static void record(const struct gw_delivery *delivery, const char *end, enum gw_outcome outcome,
                   size_t bytes_out, const char *text)
{
    struct gw_record ended = {
        .route = pattern_of(delivery),
        .from = gw_incoming_from(delivery->incoming),
        .to = *delivery->backend.url ? delivery->backend.url : gw_incoming_to(delivery->incoming),
        .operation = gw_incoming_operation(delivery->incoming),
        .end = end,
        .outcome = gw_link_outcome_text(outcome),
        .status = delivery->came.status,
        .bytes_in = delivery->bytes_in,
        .bytes_out = bytes_out,
        .ms = (double)(gw_clock_us() - delivery->begun_us) / 1000,
        .trace = delivery->trace.id,
        .text = text,
    };
    gw_record_end(&ended);
}

static void free_delivery(struct gw_delivery *delivery)
{
    gw_services_release(delivery->services);
    free(delivery->came.body);
    free(delivery->content_type);
    free(delivery);
}

/* Before the POST: nothing was executed. */
static void decline(struct gw_delivery *delivery, const char *condition, const char *text)
{
    record(delivery, condition, GW_NOT_EXECUTED, 0, text);
    gw_incoming_decline(delivery->incoming, condition, text);
    free_delivery(delivery);
}

static void answer(struct gw_delivery *delivery, char *envelope, size_t bytes, bool is_fault)
{
    const char *end = is_fault ? "fault" : envelope ? "answer" : "empty";
    record(delivery, end, GW_EXECUTED, bytes, "");
    gw_incoming_answer(delivery->incoming, envelope, bytes);
    free_delivery(delivery);
}

/* ---- the answer ---- */

static void conclude(void *user)
{
    struct gw_delivery *delivery = user;
    struct gw_response read;
    gw_response_read(&read, &delivery->came, gw_incoming_version(delivery->incoming),
                     &delivery->backend, delivery->services->config->limits.body_bytes);
    switch (read.reply) {
    case GW_REPLY_ANSWER:
    case GW_REPLY_EMPTY:
        answer(delivery, read.envelope, read.envelope_bytes, read.is_fault);
        break;
    case GW_REPLY_DECLINE:
        record(delivery, read.condition, GW_NOT_EXECUTED, 0, read.brief);
        gw_incoming_decline(delivery->incoming, read.condition, read.why);
        free_delivery(delivery);
        break;
    default:
        record(delivery, read.was_executed ? "bad" : "lost",
               read.was_executed ? GW_EXECUTED : GW_UNKNOWN, 0, read.brief);
        gw_incoming_refuse(delivery->incoming, read.why);
        free_delivery(delivery);
    }
}

/* gw_client_done_fn */
static void take_answer(void *user, struct gw_client_answer *came)
{
    struct gw_delivery *delivery = user;
    delivery->came = *came;
    came->body = NULL;
    delivery->content_type = strdup(came->content_type);
    delivery->came.content_type = delivery->content_type ? delivery->content_type : "";
    if (came->why) {
        snprintf(delivery->why, sizeof delivery->why, "%s", came->why);
        delivery->came.why = delivery->why;
    }
    if (came->body_bytes <= QUICK_BYTES ||
        gw_workers_do(delivery->place.workers, conclude, delivery) != 0)
        conclude(delivery); /* late is better than lost */
}

/* ---- the request ---- */

static int send_post(struct gw_delivery *delivery, struct gw_package *package,
                     const char **condition, char *why, size_t why_bytes)
{
    const struct gw_service *service = delivery->backend.service;
    struct gw_client_request request = {
        .method = "POST",
        .url = delivery->backend.url,
        .body = package->body,
        .body_bytes = package->bytes,
        .target = service->serve,
        .password = service->password,
        .timeout_ms = service->serve->timeout_ms,
        .most_bytes = delivery->services->config->limits.body_bytes,
        .done = take_answer,
        .user = delivery,
    };
    struct gw_post_of of = {
        .version = gw_incoming_version(delivery->incoming),
        .action = gw_incoming_action(delivery->incoming),
        .from = gw_incoming_from(delivery->incoming),
        .traceparent = delivery->trace.parent,
        .content_type = *package->content_type ? package->content_type : NULL,
    };
    struct gw_post post;
    int result;
    *condition = "bad-request";
    if (gw_post_write(&post, &of, why, why_bytes) != 0)
        return -1;
    *condition = "resource-constraint";
    request.headers = post.headers;
    result = gw_client_send(delivery->place.client, delivery->services->config, &request, why,
                            why_bytes);
    gw_post_fini(&post);
    if (result == 0)
        package->body = NULL;
    return result;
}

static void forward(void *user)
{
    struct gw_delivery *delivery = user;
    const char *condition;
    struct gw_package package;
    char why[WHY_BYTES];
    int result =
        gw_package_make(&package, &delivery->backend, delivery->incoming,
                        delivery->services->config->limits.body_bytes, &condition, why, sizeof why);
    if (result == 0)
        result =
            send_post(delivery, &package, &condition, why, sizeof why); /* done may have freed it */
    gw_package_fini(&package);
    if (result != 0)
        decline(delivery, condition, why);
}

/* ---- the contract ---- */

static struct gw_metadata_of metadata_of(const struct gw_delivery *delivery)
{
    struct gw_metadata_of of = {.version = gw_incoming_version(delivery->incoming),
                                .operation = gw_incoming_operation(delivery->incoming),
                                .namespace_ = gw_incoming_namespace(delivery->incoming),
                                .action = gw_incoming_action(delivery->incoming)};
    of.envelope = gw_incoming_envelope(delivery->incoming, &of.bytes);
    return of;
}

/* gw_description_done_fn */
static void take_description(void *user, struct gw_documents *documents, const char *condition,
                             const char *why)
{
    struct gw_delivery *delivery = user;
    const struct gw_metadata_of of = metadata_of(delivery);
    struct gw_metadata_question question;
    char *envelope, unread[WHY_BYTES];
    size_t bytes;
    if (!documents) {
        decline(delivery, condition, why);
        return;
    }
    if (gw_metadata_read(&question, &of, unread, sizeof unread) != 0) {
        gw_descriptions_release(delivery->place.descriptions, documents);
        decline(delivery, "bad-request", unread);
        return;
    }
    envelope = gw_metadata_write(&question, documents, &bytes);
    gw_descriptions_release(delivery->place.descriptions, documents);
    if (envelope)
        answer(delivery, envelope, bytes, false);
    else
        decline(delivery, "resource-constraint", "there is no memory left");
}

/* Whether the gateway itself answers. A service that has a WSDL of its own and none here gets the
 * question as any other. */
static bool is_metadata(const struct gw_delivery *delivery)
{
    enum gw_wsdl wsdl = delivery->backend.service->serve->wsdl;
    const struct gw_metadata_of of = metadata_of(delivery);
    return (wsdl == GW_WSDL_URL || wsdl == GW_WSDL_FILE) && of.bytes <= QUICK_BYTES &&
           gw_metadata_is_asked(&of);
}

/* ---- its beginning ---- */

/* 0, or -1 with *condition and one sentence in why. */
static int look_up(struct gw_delivery *delivery, struct gw_link *link, const char **condition,
                   char *why, size_t why_bytes)
{
    struct gw_incoming *incoming = delivery->incoming;
    if (gw_backend_find(&delivery->backend, delivery->services, gw_link_name(link),
                        gw_incoming_to(incoming), condition, why, why_bytes) != 0)
        return -1;
    if (gw_incoming_is_admitted(incoming, delivery->backend.service->rules))
        return 0;
    *condition = "forbidden";
    snprintf(why, why_bytes, "no rule of this service lets you call that");
    return -1;
}

void gw_delivery_begin(const struct gw_delivery_place *place, struct gw_services *services,
                       struct gw_link *link, struct gw_incoming *incoming)
{
    struct gw_delivery *delivery = calloc(1, sizeof *delivery);
    const char *condition;
    char why[WHY_BYTES];
    int result;
    if (!delivery) {
        gw_incoming_decline(incoming, "resource-constraint", "there is no memory left");
        return;
    }
    delivery->place = *place;
    delivery->services = gw_services_hold(services);
    delivery->incoming = incoming;
    delivery->begun_us = gw_clock_us();
    if (!gw_trace_read(&delivery->trace, gw_incoming_traceparent(incoming)))
        gw_trace_make(&delivery->trace);
    gw_incoming_envelope(incoming, &delivery->bytes_in);
    result = look_up(delivery, link, &condition, why, sizeof why);
    gw_record_begin(false, pattern_of(delivery));
    if (result != 0) {
        decline(delivery, condition, why);
    } else if (is_metadata(delivery)) {
        gw_descriptions_get(place->descriptions, delivery->services, &delivery->backend,
                            take_description, delivery);
    } else if (delivery->bytes_in <= QUICK_BYTES) {
        forward(delivery);
    } else if (gw_workers_do(place->workers, forward, delivery) != 0) {
        decline(delivery, "resource-constraint", "too much work waits in the gateway");
    }
}
