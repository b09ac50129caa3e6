/* exchange.c - one HTTP request of a route and its answer.
 *
 * Happy path: new, answer. Failure modes: no memory for an exchange is 503, for a fault's envelope
 * an answer without one: the status and Soap-Outcome say what there is to say. */
#include "route/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/record.h"
#include "soap/fault.h"
#include "soap/media_type.h"

enum { RETRY_S = 5, HEADERS = 12 };

#define ACCEPT_POST "text/xml, application/soap+xml, multipart/related"

static const char *pattern_of(const struct gw_route_config *route)
{
    return route ? gw_pattern_text(route->pattern) : "";
}

static int version_of(const struct gw_request *request)
{
    struct gw_media_type type;
    char why[256];
    gw_media_type_read(&type, gw_request_header(request, "Content-Type"), why, sizeof why);
    return type.media == GW_MEDIA_SOAP_12 || strstr(type.start_info, "soap+xml") ||
                   strstr(type.type, "soap+xml")
               ? 12
               : 11;
}

struct gw_exchange *gw_exchange_new(struct gw_request *request, struct gw_config *config,
                                    const struct gw_route_config *route)
{
    struct gw_exchange *exchange = calloc(1, sizeof *exchange);
    gw_record_begin(true, pattern_of(route));
    if (!exchange) {
        static const struct gw_header headers[] = {{"Soap-Outcome", "not-executed"}, {NULL, NULL}};
        gw_record_end(&(struct gw_record){.is_from_http = true,
                                          .route = pattern_of(route),
                                          .from = "",
                                          .to = "",
                                          .operation = "",
                                          .end = "refused",
                                          .outcome = "not-executed",
                                          .status = 503,
                                          .trace = "",
                                          .text = "no memory"});
        gw_request_answer(request, 503, headers, NULL, 0);
        return NULL;
    }
    exchange->request = request;
    exchange->config = gw_config_hold(config);
    exchange->route = route;
    exchange->begin_us = gw_clock_us();
    exchange->version = version_of(request);
    if (!gw_trace_read(&exchange->trace, gw_request_header(request, "traceparent")))
        gw_trace_make(&exchange->trace);
    return exchange;
}

static void put(struct gw_header headers[HEADERS], size_t *count, const char *name,
                const char *value)
{
    if (value)
        headers[(*count)++] = (struct gw_header){name, value};
}

static void record(const struct gw_exchange *exchange, const struct gw_answer *answer, bool is_gone)
{
    const struct gw_record record = {
        .is_from_http = true,
        .route = pattern_of(exchange->route),
        .from = gw_request_user(exchange->request),
        .to = exchange->endpoint,
        .operation = exchange->operation,
        .end = is_gone ? "abandoned" : answer->end,
        .outcome = gw_link_outcome_text(answer->outcome),
        .status = answer->status,
        .bytes_in = exchange->bytes_in,
        .bytes_out = answer->body_bytes,
        .ms = (double)(gw_clock_us() - exchange->begin_us) / 1000,
        .trace = exchange->trace.id,
        .text = answer->text ? answer->text : "",
    };
    if (is_gone)
        gw_record_event(GW_EVENT_ABANDONED, 1);
    if (answer->is_repeated)
        gw_record_event(GW_EVENT_REPEATED, 1);
    gw_record_end(&record);
}

void gw_exchange_answer(struct gw_exchange *exchange, const struct gw_answer *answer)
{
    struct gw_header headers[HEADERS + 1] = {{NULL, NULL}};
    char retry[16];
    size_t count = 0;
    snprintf(retry, sizeof retry, "%u", answer->retry_s);
    put(headers, &count, "Content-Type", answer->content_type);
    put(headers, &count, "Soap-Outcome", gw_link_outcome_text(answer->outcome));
    put(headers, &count, "traceparent", exchange->trace.parent);
    put(headers, &count, "Allow", answer->allow);
    put(headers, &count, "Content-Security-Policy", answer->security);
    put(headers, &count, "Retry-After", answer->retry_s ? retry : NULL);
    put(headers, &count, "Idempotent-Replayed", answer->is_repeated ? "true" : NULL);
    put(headers, &count, "Accept-Post", answer->has_accept_post ? ACCEPT_POST : NULL);
    put(headers, &count, "X-Content-Type-Options", "nosniff");
    record(exchange, answer, gw_request_is_gone(exchange->request));
    gw_request_answer(exchange->request, answer->status, headers, answer->body, answer->body_bytes);
    gw_config_release(exchange->config);
    free(exchange);
}

struct gw_answer gw_exchange_make_fault(const struct gw_exchange *exchange,
                                        struct gw_outcome_row row, enum gw_outcome outcome,
                                        const char *end, const char *condition, const char *text,
                                        char content_type[GW_EXCHANGE_TYPE_BYTES])
{
    const struct gw_fault fault = {
        .version = exchange->version,
        .is_sender = row.is_sender,
        .reason = text,
        .condition = condition,
        .outcome = gw_link_outcome_text(outcome),
        .endpoint = exchange->endpoint,
        .trace = exchange->trace.id,
    };
    struct gw_answer answer = {
        .status = row.status,
        .outcome = outcome,
        .end = end,
        .text = text,
        .retry_s = row.may_retry ? RETRY_S : 0,
        .has_accept_post = row.status == 415,
    };
    gw_media_type_write(exchange->version, "", content_type, GW_EXCHANGE_TYPE_BYTES);
    answer.body = gw_fault_write(&fault, &answer.body_bytes);
    if (answer.body)
        answer.content_type = content_type;
    return answer;
}

void gw_exchange_fault(struct gw_exchange *exchange, struct gw_outcome_row row,
                       enum gw_outcome outcome, const char *end, const char *condition,
                       const char *text)
{
    char content_type[GW_EXCHANGE_TYPE_BYTES];
    const struct gw_answer answer =
        gw_exchange_make_fault(exchange, row, outcome, end, condition, text, content_type);
    gw_exchange_answer(exchange, &answer);
}

void gw_exchange_text(struct gw_exchange *exchange, int status, const char *text)
{
    struct gw_answer answer = {
        .status = status,
        .outcome = GW_NOT_EXECUTED,
        .end = "refused",
        .text = text,
        .content_type = "text/plain; charset=utf-8",
    };
    if (asprintf(&answer.body, "%s\n", text) < 0)
        answer.body = NULL;
    answer.body_bytes = answer.body ? strlen(answer.body) : 0;
    gw_exchange_answer(exchange, &answer);
}
