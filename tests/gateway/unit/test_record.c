/* What is counted and kept of calls and requests. */
#include "../../lib/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/record.h"

static struct gw_record_route found;
static const char *wanted;
static bool wanted_from_http;
static unsigned seen;

static void look(void *user, const struct gw_record_route *route)
{
    (void)user;
    if (strcmp(route->route, wanted) == 0 && route->is_from_http == wanted_from_http) {
        found = *route;
        seen++;
    }
}

static const struct gw_record_route *find(bool is_from_http, const char *route)
{
    wanted = route;
    wanted_from_http = is_from_http;
    seen = 0;
    memset(&found, 0, sizeof found);
    gw_record_each_route(look, NULL);
    return &found;
}

static struct gw_record record_of(const char *route, const char *end, const char *outcome,
                                  int status, const char *text)
{
    return (struct gw_record){.is_from_http = true,
                              .route = route,
                              .from = "alice",
                              .to = "xmpp:calc@x",
                              .operation = "add",
                              .end = end,
                              .outcome = outcome,
                              .status = status,
                              .ms = 4,
                              .trace = "",
                              .text = text};
}

static void end(const char *route, const char *how, const char *outcome, int status,
                const char *text)
{
    struct gw_record record = record_of(route, how, outcome, status, text);
    gw_record_begin(true, route);
    gw_record_end(&record);
}

static void each_end_is_counted(void)
{
    gw_log_set(false, GW_LOG_ERROR);
    gw_record_begin(true, "/count");
    end("/count", "answer", "executed", 200, "");
    end("/count", "answer", "executed", 200, "");
    end("/count", "fault", "executed", 500, "no");
    end("/count", "refused", "not-executed", 503, "nobody is there");
    end("/count", "timeout", "unknown", 504, "no answer");
    const struct gw_record_route *route = find(true, "/count");
    CU_ASSERT_EQUAL(seen, 1);
    CU_ASSERT_EQUAL(route->under_way, 1);
    CU_ASSERT_EQUAL(route->total, 5);
    CU_ASSERT_EQUAL(route->executed, 3);
    CU_ASSERT_EQUAL(route->not_executed, 1);
    CU_ASSERT_EQUAL(route->unknown, 1);
    CU_ASSERT_EQUAL(route->faults, 1);
    CU_ASSERT_EQUAL(route->failures, 2);
    CU_ASSERT_EQUAL(route->codes[0].status, 200);
    CU_ASSERT_EQUAL(route->codes[0].total, 2);
    CU_ASSERT_EQUAL(route->codes[1].status, 500);
    CU_ASSERT_EQUAL(route->codes[4].status, 0);
    CU_ASSERT_EQUAL(route->minute[0] + route->minute[1] + route->minute[2], 5);
    CU_ASSERT_EQUAL(find(false, "/count")->total, 0);
    gw_log_set(false, GW_LOG_INFO);
}

static void quantiles_lie_in_their_bucket(void)
{
    struct gw_record_route route = {0};
    CU_ASSERT_EQUAL(gw_record_quantile_ms(&route, 0.5), 0);
    for (unsigned i = 0; i + 1 < GW_RECORD_BUCKETS; i++)
        CU_ASSERT(gw_record_bucket_ms(i) < gw_record_bucket_ms(i + 1));
    CU_ASSERT(isinf(gw_record_bucket_ms(GW_RECORD_BUCKETS - 1)));
    route.buckets[5] = 90; /* 2 to 3 ms */
    route.buckets[9] = 10;
    CU_ASSERT(gw_record_quantile_ms(&route, 0.5) > 2 && gw_record_quantile_ms(&route, 0.5) < 3);
    CU_ASSERT(gw_record_quantile_ms(&route, 0.99) > 10);
    CU_ASSERT(gw_record_quantile_ms(&route, 0.99) <= 15);
    route.buckets[GW_RECORD_BUCKETS - 1] = 1000;
    CU_ASSERT_EQUAL(gw_record_quantile_ms(&route, 0.99),
                    gw_record_bucket_ms(GW_RECORD_BUCKETS - 2));
}

static unsigned told;
static char texts[60][600];

static void note(void *user, const struct gw_record *record, long long moment_ms)
{
    (void)user;
    CU_ASSERT(moment_ms > 1500000000000LL);
    if (told < 60)
        snprintf(texts[told], sizeof texts[0], "%s %s", record->route, record->text);
    told++;
}

static void the_last_failures_are_kept(void)
{
    char text[20], large[2000];
    gw_log_set(false, GW_LOG_ERROR);
    end("/fail", "lost", "unknown", 502, "older");
    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "no %d", i);
        end("/fail", "lost", "unknown", 502, text);
    }
    end("/fail", "answer", "executed", 200, "");
    end("/fail", "fault", "executed", 500, "a fault");
    told = 0;
    gw_record_each_failure(note, NULL);
    CU_ASSERT_EQUAL(told, 50);
    ASSERT_TEXT(texts[0], "/fail no 49");
    ASSERT_TEXT(texts[49], "/fail no 0");
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    end("/fail", "lost", "unknown", 502, large);
    told = 0;
    gw_record_each_failure(note, NULL);
    CU_ASSERT_EQUAL(told, 50);
    CU_ASSERT_EQUAL(strlen(texts[0]), strlen("/fail ") + 511);
    gw_log_set(false, GW_LOG_INFO);
}

static void events_are_counted(void)
{
    unsigned long before = gw_record_events(GW_EVENT_REWRITTEN_WSA);
    gw_record_event(GW_EVENT_REWRITTEN_WSA, 3);
    CU_ASSERT_EQUAL(gw_record_events(GW_EVENT_REWRITTEN_WSA), before + 3);
    for (int i = 0; i < GW_EVENTS; i++)
        CU_ASSERT_PTR_NOT_NULL(gw_record_event_name((enum gw_record_event)i));
}

static void routes_beyond_the_most_are_counted_together(void)
{
    char name[20];
    gw_log_set(false, GW_LOG_ERROR);
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "/many/%d", i);
        end(name, "answer", "executed", 200, "");
    }
    const struct gw_record_route *route = find(true, "other");
    CU_ASSERT_EQUAL(seen, 1);
    CU_ASSERT(route->total >= 600 - 510);
    unsigned long before = route->total;
    end("/many/599", "answer", "executed", 200, "");
    CU_ASSERT_EQUAL(find(true, "other")->total, before + 1);
    end("/many/0", "answer", "executed", 200, "");
    CU_ASSERT_EQUAL(find(true, "/many/0")->total, 2);
    gw_log_set(false, GW_LOG_INFO);
}

CU_TestInfo gateway_tests_record[] = {
    {"each end is counted", each_end_is_counted},
    {"quantiles lie in their bucket", quantiles_lie_in_their_bucket},
    {"the last failures are kept", the_last_failures_are_kept},
    {"events are counted", events_are_counted},
    {"routes beyond the most are counted together", routes_beyond_the_most_are_counted_together},
    CU_TEST_INFO_NULL,
};
