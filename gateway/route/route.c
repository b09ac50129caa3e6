/* route.c - HTTP -> XMPP: a request becomes a call, its end an HTTP answer.
 *
 * Happy path: the longest pattern that the path begins with, a user that it lets in, the method's
 * own way. Failure modes: no route (404), not this user (403), another method (405), what the
 * server has refused (its status): told as a fault where a SOAP client reads it. */
#include "route/route.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/browser.h"
#include "route/contract.h"
#include "route/endpoint.h"
#include "route/single.h"
#include "route/visit.h"

struct gw_routes {
    struct gw_calls *calls;
    struct gw_contracts *contracts;
    gw_route_link_fn *find;
    void *user;
    pthread_mutex_t mu;
    struct gw_config *config; /* under mu; held */
};

struct gw_routes *gw_routes_new(struct gw_config *config, struct gw_workers *workers,
                                gw_route_link_fn *find, void *user)
{
    struct gw_routes *routes = calloc(1, sizeof *routes);
    if (!routes)
        return NULL;
    routes->find = find;
    routes->user = user;
    pthread_mutex_init(&routes->mu, NULL);
    routes->calls = gw_calls_new(workers, find, user);
    routes->contracts = gw_contracts_new(workers, find, user);
    if (!routes->calls || !routes->contracts) {
        gw_routes_free(routes);
        return NULL;
    }
    routes->config = gw_config_hold(config);
    return routes;
}

void gw_routes_free(struct gw_routes *routes)
{
    if (!routes)
        return;
    gw_calls_free(routes->calls);
    gw_contracts_free(routes->contracts);
    gw_config_release(routes->config);
    pthread_mutex_destroy(&routes->mu);
    free(routes);
}

void gw_routes_reload(struct gw_routes *routes, struct gw_config *config)
{
    pthread_mutex_lock(&routes->mu);
    struct gw_config *before = routes->config;
    routes->config = gw_config_hold(config);
    pthread_mutex_unlock(&routes->mu);
    gw_contracts_forget(routes->contracts);
    gw_config_release(before);
}

static struct gw_config *hold_config(struct gw_routes *routes)
{
    pthread_mutex_lock(&routes->mu);
    struct gw_config *config = gw_config_hold(routes->config);
    pthread_mutex_unlock(&routes->mu);
    return config;
}

static bool is_let_in(const struct gw_route_config *route, const struct gw_request *request)
{
    static const char group[] = "group:";
    const char *user = gw_request_user(request);
    for (size_t i = 0; i < route->users.count; i++) {
        const char *who = route->users.list[i];
        bool is_group = strncmp(who, group, sizeof group - 1) == 0;
        if (is_group ? gw_request_is_in_group(request, who + sizeof group - 1)
                     : *user && strcmp(who, user) == 0)
            return true;
    }
    return route->users.count == 0;
}

static const char allowed[] = "GET, HEAD, OPTIONS, POST";

static void answer_options(struct gw_exchange *exchange)
{
    const struct gw_answer answer = {
        .status = 204, .outcome = GW_NOT_EXECUTED, .end = "answer", .allow = allowed};
    gw_exchange_answer(exchange, &answer);
}

static void refuse_method(struct gw_exchange *exchange)
{
    static const char text[] = "a route takes GET, HEAD, OPTIONS and POST\n";
    struct gw_answer answer = {.status = 405,
                               .outcome = GW_NOT_EXECUTED,
                               .end = "refused",
                               .allow = allowed,
                               .text = "a method that no route takes",
                               .content_type = "text/plain; charset=utf-8",
                               .body = strdup(text)};
    answer.body_bytes = answer.body ? sizeof text - 1 : 0;
    gw_exchange_answer(exchange, &answer);
}

/* WS-MetadataExchange has a place of its own where WCF looks for it, "URL/mex": the service answers
 * it as any request. */
static struct gw_match without_mex(const struct gw_exchange *exchange, const struct gw_match *match)
{
    struct gw_match other = *match;
    if (exchange->route->wsdl != GW_WSDL_NONE && strcmp(match->rest, "/mex") == 0)
        other.rest = "";
    return other;
}

static void take_by_method(struct gw_routes *routes, struct gw_exchange *exchange,
                           const struct gw_match *match)
{
    const char *method = gw_request_method(exchange->request);
    bool is_message =
        exchange->route->may_message && strcmp(gw_request_query(exchange->request), "message") == 0;
    struct gw_match called = without_mex(exchange, match);
    if (strcmp(method, "POST") == 0)
        gw_calls_begin(routes->calls, exchange, &called, is_message);
    else if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        gw_visit_begin(routes->contracts, exchange, &called);
    else if (strcmp(method, "OPTIONS") == 0)
        answer_options(exchange);
    else
        refuse_method(exchange);
}

/* Refuses a request as its client reads it: a fault for one that posts, else a line. */
static void refuse(struct gw_exchange *exchange, int status, const char *why)
{
    if (strcmp(gw_request_method(exchange->request), "POST") == 0)
        gw_exchange_fault(exchange, gw_outcome_of_status(status), GW_NOT_EXECUTED, "refused",
                          gw_outcome_condition(status), why);
    else
        gw_exchange_text(exchange, status, why);
}

static void take_whole(struct gw_routes *routes, struct gw_exchange *exchange,
                       const struct gw_match *match)
{
    const struct gw_request *request = exchange->request;
    int status = gw_request_refusal(request);
    if (status)
        refuse(exchange, status, gw_request_why(request));
    else if (!exchange->route)
        gw_exchange_text(exchange, 404, "no route has this path");
    else if (!is_let_in(exchange->route, request))
        refuse(exchange, 403, "this user may not use this route");
    else if (!gw_browser_may_call(request, exchange->config))
        refuse(exchange, 403, "a page of another origin may not call");
    else
        take_by_method(routes, exchange, match);
}

void gw_routes_take(void *user, struct gw_request *request)
{
    struct gw_routes *routes = user;
    struct gw_config *config = hold_config(routes);
    struct gw_match match = {.rest = ""};
    const struct gw_route_config *route =
        gw_endpoint_route(config, gw_request_path(request), &match);
    struct gw_exchange *exchange = gw_exchange_new(request, config, route);
    if (exchange)
        take_whole(routes, exchange, &match);
    gw_config_release(config);
}

/* ---- the try-it form ---- */

/* What a path of a route calls, in the gateway's own name: there is no user. */
struct target {
    const struct gw_route_config *route;
    struct gw_match match;
    char endpoint[GW_ENDPOINT_BYTES], from[GW_ENDPOINT_FROM_BYTES];
};

/* 0, or -1 with one sentence in why. */
static int find_target(const struct gw_config *config, const char *path, struct target *target,
                       char *why, size_t why_bytes)
{
    target->route = gw_endpoint_route(config, path, &target->match);
    if (!target->route)
        return snprintf(why, why_bytes, "no route has this path"), -1;
    const struct gw_endpoint_of of = {
        .route = target->route, .match = &target->match, .user = "", .query = ""};
    target->from[0] = '\0';
    if (gw_endpoint_write(&of, target->endpoint, why, why_bytes))
        return -1;
    bool has_user = strstr(target->route->from, "{user}") != NULL;
    return !has_user && gw_endpoint_from(&of, target->from, why, why_bytes) ? -1 : 0;
}

struct describing {
    gw_route_text_fn *done;
    void *user;
};

/* gw_contract_done_fn: all as one document, or the WSDL alone where that can't be. */
static void tell_contract(void *user, struct gw_description *contract, int status, const char *why)
{
    struct describing *describing = user;
    const struct ct_metadata_section *root =
        contract ? &contract->metadata.sections[contract->root] : NULL;
    char unread[256];
    size_t len = 0;
    (void)status;
    char *single =
        contract ? gw_single_write(&contract->metadata, contract->root, &len, unread, sizeof unread)
                 : NULL;
    if (single)
        describing->done(describing->user, single, len, "");
    else
        describing->done(describing->user, root ? root->bytes : NULL, root ? root->len : 0, why);
    free(single);
    gw_description_release(contract);
    free(describing);
}

static int describe(struct gw_routes *routes, struct gw_config *config, const char *path,
                    struct describing *describing, char *why, size_t why_bytes)
{
    struct target target;
    if (find_target(config, path, &target, why, why_bytes))
        return -1;
    if (target.route->wsdl == GW_WSDL_NONE)
        return snprintf(why, why_bytes, "the route gives no WSDL (wsdl = \"service\")"), -1;
    const struct gw_contract_question question = {
        .config = config, .route = target.route, .endpoint = target.endpoint, .from = target.from};
    return gw_contracts_get(routes->contracts, &question, tell_contract, describing, why, why_bytes)
               ? -1
               : 0;
}

int gw_routes_describe(struct gw_routes *routes, const char *route_path, gw_route_text_fn *done,
                       void *user, char *why, size_t why_bytes)
{
    struct describing *describing = calloc(1, sizeof *describing);
    if (!describing)
        return snprintf(why, why_bytes, "no memory"), -1;
    *describing = (struct describing){done, user};
    struct gw_config *config = hold_config(routes);
    int result = describe(routes, config, route_path, describing, why, why_bytes);
    gw_config_release(config);
    if (result)
        free(describing);
    return result;
}

static int call(struct gw_routes *routes, const struct target *target, struct gw_outgoing *outgoing,
                char *why, size_t why_bytes)
{
    const char *condition;
    struct gw_link *link = routes->find(routes->user, target->route->link->name);
    if (!link)
        return snprintf(why, why_bytes, "the route's link isn't open"), -1;
    outgoing->endpoint = target->endpoint;
    outgoing->from = *target->from ? target->from : NULL;
    outgoing->timeout_ms = target->route->timeout_ms;
    outgoing->is_one_way = strstr(target->endpoint, "?message") != NULL;
    return gw_link_call(link, outgoing, &condition, why, why_bytes);
}

int gw_routes_call(struct gw_routes *routes, const char *route_path, const char *action,
                   const char *envelope, size_t bytes, gw_link_done_fn *done, void *user, char *why,
                   size_t why_bytes)
{
    struct target target;
    struct gw_trace trace;
    struct gw_outgoing outgoing = {.action = *action ? action : NULL,
                                   .envelope = envelope,
                                   .envelope_bytes = bytes,
                                   .done = done,
                                   .user = user};
    struct gw_config *config = hold_config(routes);
    int result = find_target(config, route_path, &target, why, why_bytes);
    if (!result) {
        gw_trace_make(&trace);
        outgoing.traceparent = trace.parent;
        result = call(routes, &target, &outgoing, why, why_bytes);
    }
    gw_config_release(config);
    return result;
}
