/* See report.h. */
#include "status/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/record.h"
#include "contract/json.h"
#include "soap_xmpp.h"
#include "status/health.h"

enum { WHY_BYTES = 512, NUMBER_BYTES = 64, JID_BYTES = 3072, RATE_SECONDS = 10 };

/* A number that JSON has: not what isn't finite. */
static void put_number(struct ct_json *json, const char *name, double value)
{
    char text[NUMBER_BYTES];
    if (!(value >= 0 && value < 1e15)) {
        ct_json_null(json, name);
        return;
    }
    snprintf(text, sizeof text, "%.3f", value);
    ct_json_raw(json, name, text);
}

static void put_count(struct ct_json *json, const char *name, unsigned long value)
{
    ct_json_integer(json, name, (long long)value);
}

static long long wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- links ---- */

static void put_link(struct ct_json *json, struct gw_link *link)
{
    struct soap_xmpp_link *of = gw_link_of(link);
    struct soap_xmpp_counts counts;
    char jid[JID_BYTES], reason[WHY_BYTES];
    soap_xmpp_count(of, &counts);
    soap_xmpp_jid(of, jid, sizeof jid);
    gw_link_reason(link, reason, sizeof reason);
    ct_json_begin(json, NULL, '{');
    ct_json_string(json, "name", gw_link_name(link));
    ct_json_string(json, "jid", jid);
    ct_json_string(json, "state", soap_xmpp_state_text(soap_xmpp_state(of)));
    ct_json_string(json, "reason", reason);
    put_count(json, "reconnects", counts.reconnects);
    put_count(json, "calls_under_way", counts.calls_under_way);
    put_count(json, "requests_running", counts.requests_queued + counts.requests_running);
    put_count(json, "executed", counts.calls_executed);
    put_count(json, "not_executed", counts.calls_not_executed);
    put_count(json, "unknown", counts.calls_unknown);
    put_count(json, "denied", counts.requests_denied);
    put_count(json, "bytes_in", counts.bytes_in);
    put_count(json, "bytes_out", counts.bytes_out);
    ct_json_end(json, '}');
}

/* ---- routes ---- */

static void put_route(void *user, const struct gw_record_route *route)
{
    struct ct_json *json = user;
    unsigned long recent = 0;
    char code[NUMBER_BYTES];
    size_t i;
    for (i = 0; i < RATE_SECONDS; i++)
        recent += route->minute[i];
    ct_json_begin(json, NULL, '{');
    ct_json_string(json, "side", route->is_from_http ? "http" : "xmpp");
    ct_json_string(json, "route", route->route);
    put_count(json, "under_way", route->under_way);
    put_count(json, "total", route->total);
    put_number(json, "rate", (double)recent / RATE_SECONDS);
    put_number(json, "p50_ms", gw_record_quantile_ms(route, 0.5));
    put_number(json, "p99_ms", gw_record_quantile_ms(route, 0.99));
    put_count(json, "executed", route->executed);
    put_count(json, "not_executed", route->not_executed);
    put_count(json, "unknown", route->unknown);
    put_count(json, "faults", route->faults);
    put_count(json, "failures", route->failures);
    ct_json_begin(json, "codes", '{');
    for (i = 0; i < GW_RECORD_CODES && route->codes[i].status; i++) {
        snprintf(code, sizeof code, "%d", route->codes[i].status);
        put_count(json, code, route->codes[i].total);
    }
    ct_json_end(json, '}');
    ct_json_end(json, '}');
}

static void put_failure(void *user, const struct gw_record *record, long long moment_ms)
{
    struct ct_json *json = user;
    ct_json_begin(json, NULL, '{');
    ct_json_integer(json, "time_ms", moment_ms);
    ct_json_string(json, "side", record->is_from_http ? "http" : "xmpp");
    ct_json_string(json, "route", record->route);
    ct_json_string(json, "from", record->from);
    ct_json_string(json, "to", record->to);
    ct_json_string(json, "operation", record->operation);
    ct_json_string(json, "end", record->end);
    ct_json_string(json, "outcome", record->outcome);
    ct_json_integer(json, "status", record->status);
    put_number(json, "ms", record->ms);
    ct_json_string(json, "trace", record->trace);
    ct_json_string(json, "text", record->text);
    ct_json_end(json, '}');
}

/* ---- the gateway as a whole ---- */

static void put_server(struct ct_json *json, const struct gw_server *server)
{
    struct gw_server_counts counts = {0};
    if (server)
        gw_server_count(server, &counts);
    ct_json_begin(json, "http", '{');
    put_count(json, "connections", counts.connections);
    put_count(json, "requests_under_way", counts.requests_under_way);
    put_count(json, "abandoned", counts.abandoned);
    put_count(json, "repeated", gw_record_events(GW_EVENT_REPEATED));
    ct_json_end(json, '}');
}

static void put_health(struct ct_json *json, const struct gw_status_of *of)
{
    char why[WHY_BYTES];
    ct_json_bool(json, "healthy", gw_health_turns(of, gw_clock_ms(), why, sizeof why));
    ct_json_string(json, "unhealthy_because", why);
    ct_json_bool(json, "ready",
                 gw_health_is_ready(of, of->config->is_ready_by_any, why, sizeof why));
    ct_json_string(json, "unready_because", why);
}

void gw_report_write(const struct gw_status_of *of, long long started_ms, bool has_trial,
                     struct ct_text *out)
{
    struct ct_json json = {.out = out};
    size_t i;
    ct_json_begin(&json, NULL, '{');
    ct_json_string(&json, "version", SOAP_XMPP_VERSION);
    ct_json_integer(&json, "started_ms", started_ms);
    ct_json_integer(&json, "now_ms", wall_ms());
    ct_json_bool(&json, "has_trial", has_trial);
    put_health(&json, of);
    put_server(&json, of->server);
    ct_json_begin(&json, "links", '[');
    for (i = 0; i < of->link_count; i++)
        put_link(&json, of->links[i]);
    ct_json_end(&json, ']');
    ct_json_begin(&json, "routes", '[');
    gw_record_each_route(put_route, &json);
    ct_json_end(&json, ']');
    ct_json_begin(&json, "failures", '[');
    gw_record_each_failure(put_failure, &json);
    ct_json_end(&json, ']');
    ct_json_end(&json, '}');
}
