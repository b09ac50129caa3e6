/* record.c - one call or request that has ended.
 *
 * Invariant: an entry, once made, lives for ever, so that its name may be held; there are ROUTES of
 * them at most, and all others are counted in the last two. What is kept of a failure is a copy of
 * fixed size.
 *
 * Happy path: begin -> end: the entry is found by its name, counted under the lock, and the line is
 * logged after it. Failure: no memory for a new entry: it is counted under "other".
 */
#include "base/record.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/operation.h"

enum { ROUTES = 512, FAILURES = 50, SECONDS = 60, OTHERS = 2 };

struct entry {
    struct gw_record_route route; /* minute[] by the second's remainder */
    long long second;             /* the newest that minute[] tells of */
};

struct failure {
    struct gw_record record; /* its texts are the arrays below */
    long long moment_ms;
    char route[128], from[256], to[256], operation[128], end[24], outcome[24], trace[40], text[512];
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
/* under mu */
static struct entry *entries[ROUTES];
static size_t entry_count;
static struct entry others[OTHERS] = {{.route = {.route = "other"}},
                                      {.route = {.is_from_http = true, .route = "other"}}};
static struct failure failures[FAILURES];
static unsigned long failure_count; /* the newest is the one before, modulo FAILURES */
/* atomic */
static atomic_ulong events[GW_EVENTS];

/* ---- histogram ---- */

static const double bounds_ms[GW_RECORD_BUCKETS - 1] = {
    0.2, 0.5, 1,   1.5, 2,   3,    5,    7,    10,    15,    20,   30,
    50,  75,  100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};

double gw_record_bucket_ms(unsigned which)
{
    return which < GW_RECORD_BUCKETS - 1 ? bounds_ms[which] : INFINITY;
}

static unsigned find_bucket(double ms)
{
    unsigned which = 0;
    while (which < GW_RECORD_BUCKETS - 1 && !(ms <= bounds_ms[which]))
        which++;
    return which;
}

double gw_record_quantile_ms(const struct gw_record_route *route, double quantile)
{
    unsigned long total = 0, before = 0;
    for (unsigned i = 0; i < GW_RECORD_BUCKETS; i++)
        total += route->buckets[i];
    double rank = quantile * (double)total;
    for (unsigned i = 0; i < GW_RECORD_BUCKETS - 1; i++) {
        unsigned long here = route->buckets[i];
        double least = i ? bounds_ms[i - 1] : 0;
        if (here && (double)(before + here) >= rank)
            return least + (bounds_ms[i] - least) * (rank - (double)before) / (double)here;
        before += here;
    }
    return total ? bounds_ms[GW_RECORD_BUCKETS - 2] : 0;
}

/* ---- entries ---- */

static struct entry *make_entry_locked(bool is_from_http, const char *route)
{
    struct entry *entry = entry_count < ROUTES - OTHERS ? calloc(1, sizeof *entry) : NULL;
    char *name = entry ? strdup(route) : NULL;
    if (!name) {
        free(entry);
        return &others[is_from_http];
    }
    entry->route.is_from_http = is_from_http;
    entry->route.route = name;
    entries[entry_count++] = entry;
    return entry;
}

static struct entry *find_entry_locked(bool is_from_http, const char *route)
{
    for (size_t i = 0; i < entry_count; i++)
        if (entries[i]->route.is_from_http == is_from_http &&
            strcmp(entries[i]->route.route, route) == 0)
            return entries[i];
    return make_entry_locked(is_from_http, route);
}

/* The seconds since the last one that was told of become 0. */
static void turn_minute_locked(struct entry *entry, long long second)
{
    long long first = second - entry->second > SECONDS ? second - SECONDS + 1 : entry->second + 1;
    for (long long i = first; i <= second; i++)
        entry->route.minute[i % SECONDS] = 0;
    if (second > entry->second)
        entry->second = second;
}

static void count_code_locked(struct gw_record_route *route, int status)
{
    if (!status) /* a serve's, of which nobody speaks HTTP */
        return;
    for (size_t i = 0; i < GW_RECORD_CODES - 1; i++) {
        struct gw_record_code *code = &route->codes[i];
        if (code->status && code->status != status)
            continue;
        code->status = status;
        code->total++;
        return;
    }
}

static bool is_fault(const struct gw_record *record)
{
    return strcmp(record->end, "fault") == 0;
}

static bool is_failure(const struct gw_record *record)
{
    return *record->text && !is_fault(record);
}

static void count_locked(struct entry *entry, const struct gw_record *record)
{
    struct gw_record_route *route = &entry->route;
    long long second = gw_clock_ms() / 1000;
    if (route->under_way)
        route->under_way--;
    route->total++;
    route->faults += is_fault(record);
    route->failures += is_failure(record);
    route->executed += strcmp(record->outcome, "executed") == 0;
    route->not_executed += strcmp(record->outcome, "not-executed") == 0;
    route->unknown += strcmp(record->outcome, "unknown") == 0;
    route->buckets[find_bucket(record->ms)]++;
    route->sum_ms += record->ms;
    turn_minute_locked(entry, second);
    route->minute[second % SECONDS]++;
    count_code_locked(route, record->status);
}

/* ---- failures ---- */

static const char *keep(char *out, size_t out_bytes, const char *text)
{
    snprintf(out, out_bytes, "%s", text);
    return out;
}

static void point(struct failure *failure)
{
    struct gw_record *record = &failure->record;
    record->route = failure->route;
    record->from = failure->from;
    record->to = failure->to;
    record->operation = failure->operation;
    record->end = failure->end;
    record->outcome = failure->outcome;
    record->trace = failure->trace;
    record->text = failure->text;
}

static void keep_failure_locked(const struct gw_record *record)
{
    struct failure *failure = &failures[failure_count++ % FAILURES];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    failure->record = *record;
    failure->moment_ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    keep(failure->route, sizeof failure->route, record->route);
    keep(failure->from, sizeof failure->from, record->from);
    keep(failure->to, sizeof failure->to, record->to);
    keep(failure->operation, sizeof failure->operation, record->operation);
    keep(failure->end, sizeof failure->end, record->end);
    keep(failure->outcome, sizeof failure->outcome, record->outcome);
    keep(failure->trace, sizeof failure->trace, record->trace);
    keep(failure->text, sizeof failure->text, record->text);
    point(failure);
}

void gw_record_each_failure(void (*each)(void *user, const struct gw_record *record,
                                         long long moment_ms),
                            void *user)
{
    struct failure *copy = malloc(sizeof failures);
    if (!copy)
        return;
    pthread_mutex_lock(&mu);
    memcpy(copy, failures, sizeof failures);
    unsigned long count = failure_count;
    pthread_mutex_unlock(&mu);
    for (unsigned long i = 0; i < count && i < FAILURES; i++) {
        struct failure *failure = &copy[(count - 1 - i) % FAILURES];
        point(failure);
        each(user, &failure->record, failure->moment_ms);
    }
    free(copy);
}

/* ---- the record ---- */

static void write_log(const struct gw_record *record)
{
    char status[16] = "", in[24], out[24], ms[32];
    if (record->status)
        snprintf(status, sizeof status, "%d", record->status);
    snprintf(in, sizeof in, "%zu", record->bytes_in);
    snprintf(out, sizeof out, "%zu", record->bytes_out);
    snprintf(ms, sizeof ms, "%.1f", record->ms);
    gw_log_fields(is_failure(record) ? GW_LOG_NOTICE : GW_LOG_INFO,
                  (struct gw_log_field[]){{record->is_from_http ? "route" : "serve",
                                           *record->route ? record->route : "-", false},
                                          {"from", record->from, false},
                                          {"to", record->to, false},
                                          {"operation", record->operation, false},
                                          {"end", record->end, false},
                                          {"outcome", record->outcome, false},
                                          {"status", status, true},
                                          {"bytes_in", in, true},
                                          {"bytes_out", out, true},
                                          {"ms", ms, true},
                                          {"trace", record->trace, false},
                                          {"text", record->text, false},
                                          {0}});
}

void gw_record_declare(bool is_from_http, const char *route)
{
    pthread_mutex_lock(&mu);
    find_entry_locked(is_from_http, route);
    pthread_mutex_unlock(&mu);
}

void gw_record_begin(bool is_from_http, const char *route)
{
    pthread_mutex_lock(&mu);
    find_entry_locked(is_from_http, route)->route.under_way++;
    pthread_mutex_unlock(&mu);
}

void gw_record_end(const struct gw_record *record)
{
    pthread_mutex_lock(&mu);
    count_locked(find_entry_locked(record->is_from_http, record->route), record);
    if (is_failure(record))
        keep_failure_locked(record);
    pthread_mutex_unlock(&mu);
    gw_operation_count(record->is_from_http, record->route, record->operation, record->outcome);
    write_log(record);
}

/* A copy whose minute begins with this second. */
static void copy_route_locked(struct entry *entry, struct gw_record_route *copy)
{
    long long second = gw_clock_ms() / 1000;
    turn_minute_locked(entry, second);
    *copy = entry->route;
    for (long long i = 0; i < SECONDS; i++)
        copy->minute[i] = entry->route.minute[(second + SECONDS - i) % SECONDS];
}

static bool copy_at(size_t which, struct gw_record_route *copy)
{
    pthread_mutex_lock(&mu);
    struct entry *entry = which < entry_count            ? entries[which]
                          : which - entry_count < OTHERS ? &others[which - entry_count]
                                                         : NULL;
    if (entry)
        copy_route_locked(entry, copy);
    pthread_mutex_unlock(&mu);
    return entry != NULL;
}

/* Entries that are made meanwhile come before the two others: one of these may be told twice, or
 * the new one be left out, but for this pass. */
void gw_record_each_route(void (*each)(void *user, const struct gw_record_route *route), void *user)
{
    struct gw_record_route copy;
    for (size_t i = 0; copy_at(i, &copy); i++)
        if (copy.total || copy.under_way || strcmp(copy.route, "other") != 0)
            each(user, &copy);
}

/* ---- events ---- */

void gw_record_event(enum gw_record_event event, unsigned long count)
{
    atomic_fetch_add(&events[event], count);
}

unsigned long gw_record_events(enum gw_record_event event)
{
    return atomic_load(&events[event]);
}

const char *gw_record_event_name(enum gw_record_event event)
{
    static const char *const names[GW_EVENTS] = {
        [GW_EVENT_REPEATED] = "repeated",
        [GW_EVENT_ABANDONED] = "abandoned",
        [GW_EVENT_SIGNED] = "signed",
        [GW_EVENT_REWRITTEN_WSDL] = "rewritten_wsdl",
        [GW_EVENT_REWRITTEN_XADDR] = "rewritten_xaddr",
        [GW_EVENT_REWRITTEN_WSA] = "rewritten_wsa",
    };
    return names[event];
}
