/* exchange.h - one HTTP request of a route and its answer.
 *
 * Noun: the exchange. Invariant: it is answered once, recorded once, and gone then; each answer
 * says in Soap-Outcome whether the service ran, and has the trace's id. */
#ifndef GW_EXCHANGE_H
#define GW_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/trace.h"
#include "config/config.h"
#include "http/request.h"
#include "link/link.h"
#include "route/outcome.h"

enum {
    GW_EXCHANGE_ENDPOINT_BYTES = 4096,
    GW_EXCHANGE_OPERATION_BYTES = 128,
    GW_EXCHANGE_TYPE_BYTES = 64
};

struct gw_exchange {
    struct gw_request *request;
    struct gw_config *config;            /* held */
    const struct gw_route_config *route; /* config's; NULL: none matched */
    struct gw_trace trace;
    long long begin_us;
    int version;                                 /* of the faults that are written for it: 11, 12 */
    size_t bytes_in;                             /* of the envelope */
    char endpoint[GW_EXCHANGE_ENDPOINT_BYTES];   /* "" as long as it isn't known */
    char operation[GW_EXCHANGE_OPERATION_BYTES]; /* likewise */
};

/* An answer; texts may be NULL where there is none. */
struct gw_answer {
    int status;
    enum gw_outcome outcome;
    const char *end; /* for the record: "answer", "fault", ... */
    const char *content_type;
    const char *allow;    /* Allow */
    const char *security; /* Content-Security-Policy */
    const char *text;     /* one sentence for the record */
    char *body;           /* malloc'ed, becomes the exchange's */
    size_t body_bytes;
    unsigned retry_s;     /* Retry-After; 0: none */
    bool is_repeated;     /* an answer that was given before */
    bool has_accept_post; /* Accept-Post: what can be posted (415) */
};

/* Holds config. NULL without memory, and the request has been answered. */
struct gw_exchange *gw_exchange_new(struct gw_request *request, struct gw_config *config,
                                    const struct gw_route_config *route);
/* Answers the request, records it, frees the exchange. Any thread; doesn't block. */
void gw_exchange_answer(struct gw_exchange *exchange, const struct gw_answer *answer);
/* A fault of the gateway's own as an answer: its envelope, if there is memory for it. condition,
 * end and text: not NULL, and kept in the answer as they are; so is content_type. */
struct gw_answer gw_exchange_make_fault(const struct gw_exchange *exchange,
                                        struct gw_outcome_row row, enum gw_outcome outcome,
                                        const char *end, const char *condition, const char *text,
                                        char content_type[GW_EXCHANGE_TYPE_BYTES]);
/* Answers with it. */
void gw_exchange_fault(struct gw_exchange *exchange, struct gw_outcome_row row,
                       enum gw_outcome outcome, const char *end, const char *condition,
                       const char *text);
/* The same with one sentence as text/plain, not executed. */
void gw_exchange_text(struct gw_exchange *exchange, int status, const char *text);

#endif
