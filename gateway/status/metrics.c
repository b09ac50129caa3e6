/* See metrics.h. */
#include "status/metrics.h"

#include <stdlib.h>

#include "base/operation.h"
#include "base/record.h"
#include "soap_xmpp.h"

enum { GROWTH_BYTES = 4096 };

static void begin(struct ct_text *out, const char *name, const char *type, const char *help)
{
    ct_text_print(out, "# HELP soapxmpp_gateway_%s %s\n# TYPE soapxmpp_gateway_%s %s\n", name, help,
                  name, type);
}

/* A label's value: '\', '"' and line ends are written with '\'. */
static void put_label(struct ct_text *out, const char *name, const char *value)
{
    ct_text_print(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n')
            ct_text_put(out, "\\n");
        else
            ct_text_print(out, *value == '\\' || *value == '"' ? "\\%c" : "%c", *value);
    }
    ct_text_put(out, "\"");
}

/* {side="http",route="/calc" */
static void put_side(struct ct_text *out, const char *name, bool is_from_http, const char *route)
{
    ct_text_print(out, "soapxmpp_gateway_%s{side=\"%s\",", name, is_from_http ? "http" : "xmpp");
    put_label(out, "route", route);
}

static void put_route(struct ct_text *out, const char *name, const struct gw_record_route *route)
{
    put_side(out, name, route->is_from_http, route->route);
}

/* ---- what is counted of each route ---- */

static void put_requests(void *out, const struct gw_record_route *route)
{
    size_t i;
    for (i = 0; i < GW_RECORD_CODES && route->codes[i].status; i++) {
        put_route(out, "requests_total", route);
        ct_text_print(out, ",code=\"%d\"} %lu\n", route->codes[i].status, route->codes[i].total);
    }
}

static void put_outcome(struct ct_text *out, const struct gw_record_route *route,
                        const char *outcome, unsigned long count)
{
    put_route(out, "outcomes_total", route);
    ct_text_print(out, ",outcome=\"%s\"} %lu\n", outcome, count);
}

static void put_outcomes(void *out, const struct gw_record_route *route)
{
    put_outcome(out, route, "executed", route->executed);
    put_outcome(out, route, "not-executed", route->not_executed);
    put_outcome(out, route, "unknown", route->unknown);
}

static void put_under_way(void *out, const struct gw_record_route *route)
{
    put_route(out, "requests_in_flight", route);
    ct_text_print(out, "} %lu\n", route->under_way);
}

static void put_seconds(void *out, const struct gw_record_route *route)
{
    unsigned long below = 0;
    unsigned i;
    for (i = 0; i < GW_RECORD_BUCKETS; i++) {
        below += route->buckets[i];
        put_route(out, "request_seconds_bucket", route);
        if (i + 1 < GW_RECORD_BUCKETS)
            ct_text_print(out, ",le=\"%g\"} %lu\n", gw_record_bucket_ms(i) / 1000, below);
        else
            ct_text_print(out, ",le=\"+Inf\"} %lu\n", below);
    }
    put_route(out, "request_seconds_sum", route);
    ct_text_print(out, "} %.6f\n", route->sum_ms / 1000);
    put_route(out, "request_seconds_count", route);
    ct_text_print(out, "} %lu\n", below);
}

static void put_routes(struct ct_text *out)
{
    begin(out, "requests_total", "counter", "Requests that have ended, by HTTP status.");
    gw_record_each_route(put_requests, out);
    begin(out, "outcomes_total", "counter", "The same by whether the service ran them.");
    gw_record_each_route(put_outcomes, out);
    begin(out, "requests_in_flight", "gauge", "Requests under way.");
    gw_record_each_route(put_under_way, out);
    begin(out, "request_seconds", "histogram", "How long requests took.");
    gw_record_each_route(put_seconds, out);
}

/* ---- operations ---- */

static void put_operation_outcome(struct ct_text *out, const struct gw_operation *operation,
                                  const char *outcome, unsigned long count)
{
    put_side(out, "operations_total", operation->is_from_http, operation->route);
    ct_text_put(out, ",");
    put_label(out, "operation", operation->name);
    ct_text_print(out, ",outcome=\"%s\"} %lu\n", outcome, count);
}

static void put_operation(void *out, const struct gw_operation *operation)
{
    put_operation_outcome(out, operation, "executed", operation->executed);
    put_operation_outcome(out, operation, "not-executed", operation->not_executed);
    put_operation_outcome(out, operation, "unknown", operation->unknown);
}

static void put_operations(struct ct_text *out)
{
    begin(out, "operations_total", "counter", "Calls by operation, 200 of them by name.");
    gw_operation_each(put_operation, out);
}

/* ---- the gateway as a whole ---- */

static void put_server(const struct gw_server *server, struct ct_text *out)
{
    static const int codes[] = {400, 401, 408, 413, 431, 503};
    struct gw_server_counts counts = {0};
    size_t i;
    if (server)
        gw_server_count(server, &counts);
    begin(out, "http_connections", "gauge", "Connections from HTTP clients.");
    ct_text_print(out, "soapxmpp_gateway_http_connections %lu\n", counts.connections);
    begin(out, "http_requests", "gauge", "HTTP requests that wait for their answer.");
    ct_text_print(out, "soapxmpp_gateway_http_requests %lu\n", counts.requests_under_way);
    begin(out, "abandoned_total", "counter", "Clients that went away before their answer.");
    ct_text_print(out, "soapxmpp_gateway_abandoned_total %lu\n", counts.abandoned);
    begin(out, "http_refused_total", "counter", "Requests that weren't read to their end.");
    for (i = 0; i < sizeof codes / sizeof *codes; i++)
        ct_text_print(out, "soapxmpp_gateway_http_refused_total{code=\"%d\"} %lu\n", codes[i],
                      counts.refused[i]);
}

static void put_events(struct ct_text *out)
{
    begin(out, "repeated_total", "counter", "Requests answered from memory, by their key.");
    ct_text_print(out, "soapxmpp_gateway_repeated_total %lu\n",
                  gw_record_events(GW_EVENT_REPEATED));
    begin(out, "rewrites_total", "counter", "Addresses that were rewritten.");
    ct_text_print(out,
                  "soapxmpp_gateway_rewrites_total{category=\"wsdl\"} %lu\n"
                  "soapxmpp_gateway_rewrites_total{category=\"xaddr\"} %lu\n"
                  "soapxmpp_gateway_rewrites_total{category=\"wsa\"} %lu\n",
                  gw_record_events(GW_EVENT_REWRITTEN_WSDL),
                  gw_record_events(GW_EVENT_REWRITTEN_XADDR),
                  gw_record_events(GW_EVENT_REWRITTEN_WSA));
    begin(out, "signed_total", "counter", "Envelopes left as they are, since they are signed.");
    ct_text_print(out, "soapxmpp_gateway_signed_total %lu\n", gw_record_events(GW_EVENT_SIGNED));
}

/* ---- the links, by the library ---- */

static void put_counts(const struct gw_status_of *of, struct soap_xmpp_link **links,
                       const char **names, struct ct_text *out)
{
    size_t i, bytes;
    char *text;
    for (i = 0; i < of->link_count; i++) {
        links[i] = gw_link_of(of->links[i]);
        names[i] = gw_link_name(of->links[i]);
    }
    /* a number may have grown by a digit since */
    bytes = soap_xmpp_metrics(links, names, of->link_count, NULL, 0) + GROWTH_BYTES;
    text = malloc(bytes);
    if (!text)
        return;
    (void)soap_xmpp_metrics(links, names, of->link_count, text, bytes);
    ct_text_put(out, text);
    free(text);
}

/* Without memory they are left out. */
static void put_links(const struct gw_status_of *of, struct ct_text *out)
{
    struct soap_xmpp_link **links = calloc(of->link_count + 1, sizeof(void *));
    const char **names = calloc(of->link_count + 1, sizeof(void *));
    if (links && names)
        put_counts(of, links, names, out);
    free(names);
    free(links);
}

void gw_metrics_write(const struct gw_status_of *of, struct ct_text *out)
{
    put_routes(out);
    if (of->config->has_operation_metrics)
        put_operations(out);
    put_server(of->server, out);
    put_events(out);
    put_links(of, out);
}
