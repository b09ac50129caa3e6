/* record.h - one call or request that has ended: logged, counted, and kept if it failed.
 *
 * Noun: the record. Invariant: each exchange is recorded once, at its end; what is kept is bounded
 * (50 failures, counts and a histogram per route, 512 routes and serves together), and no label is
 * made of a peer's text. */
#ifndef GW_RECORD_H
#define GW_RECORD_H

#include <stdbool.h>
#include <stddef.h>

struct gw_record {
    bool is_from_http;          /* a route's; else a serve's */
    const char *route;          /* the pattern as it is written, "" if none matched */
    const char *from, *to;      /* user or JID; endpoint or URL */
    const char *operation;      /* local name, "" */
    const char *end;            /* "answer", "fault", "timeout", ..., "abandoned" */
    const char *outcome;        /* "executed", "not-executed", "unknown" */
    int status;                 /* of HTTP */
    size_t bytes_in, bytes_out; /* of the envelopes: request, answer */
    double ms;
    const char *trace; /* 32 hex digits, "" */
    const char *text;  /* one sentence, "" if it was answered */
};

/* One more is under way; has an end. Any thread; doesn't block. */
void gw_record_begin(bool is_from_http, const char *route);
/* One less: logs it and counts it. It has failed, and is kept, if there is a text and it didn't end
 * by a fault, which is the service's own answer. Any thread; doesn't block. */
void gw_record_end(const struct gw_record *record);

/* A route or serve that there is: it is told, with zeros, before its first request. Any thread. */
void gw_record_declare(bool is_from_http, const char *route);

/* What has been counted of one route or serve. */
enum { GW_RECORD_BUCKETS = 24, GW_RECORD_CODES = 64 };
struct gw_record_route {
    bool is_from_http;
    const char *route; /* lives for ever; "other": those of routes beyond the 512th */
    unsigned long under_way, total, executed, not_executed, unknown, faults, failures;
    unsigned long buckets[GW_RECORD_BUCKETS]; /* gw_record_bucket_ms() */
    double sum_ms;
    unsigned long minute[60]; /* how many ended in this second, the one before, ... */
    struct gw_record_code {
        int status;
        unsigned long total;
    } codes[GW_RECORD_CODES]; /* status 0 ends them */
};
double gw_record_bucket_ms(unsigned which); /* the upper bound; the last has none */
/* 0.5: the median; between two bounds as if calls were spread evenly there. 0 without calls. */
double gw_record_quantile_ms(const struct gw_record_route *route, double quantile);
/* Calls each() for each, with a copy, in the order in which they were first heard of. Any thread.
 */
void gw_record_each_route(void (*each)(void *user, const struct gw_record_route *route),
                          void *user);
/* The last failures, the newest first, each with the moment (CLOCK_REALTIME, ms). Texts are cut to
 * what is kept of them, and are each()'s while it runs. Without memory there are none. */
void gw_record_each_failure(void (*each)(void *user, const struct gw_record *record,
                                         long long moment_ms),
                            void *user);

/* Other counts, each a constant name of Prometheus without "soapxmpp_gateway_" and "_total". */
enum gw_record_event {
    GW_EVENT_REPEATED,       /* answered from memory, by its key */
    GW_EVENT_ABANDONED,      /* the client had gone */
    GW_EVENT_SIGNED,         /* not rewritten, since it is signed */
    GW_EVENT_REWRITTEN_WSDL, /* addresses that were rewritten */
    GW_EVENT_REWRITTEN_XADDR,
    GW_EVENT_REWRITTEN_WSA,
    GW_EVENTS
};
/* Any thread. */
void gw_record_event(enum gw_record_event event, unsigned long count);
unsigned long gw_record_events(enum gw_record_event event);
const char *gw_record_event_name(enum gw_record_event event); /* "repeated", "rewritten_wsdl" */

#endif
