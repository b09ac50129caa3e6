/* route.c - HTTP -> XMPP: a request becomes a call, its end an HTTP answer.
 *
 * Happy path: the longest pattern that the path begins with, a user that it lets in, the method's
 * own way. Failure modes: no route (404), not this user (403), another method (405), what the
 * server has refused (its status): told as a fault where a SOAP client reads it. */
#include "route/route.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct gw_routes {
    struct gw_calls *calls;
    pthread_mutex_t mu;
    struct gw_config *config; /* under mu; held */
};

struct gw_routes *gw_routes_new(struct gw_config *config, struct gw_workers *workers,
                                gw_route_link_fn *find, void *user)
{
    struct gw_routes *routes = calloc(1, sizeof *routes);
    if (!routes)
        return NULL;
    routes->calls = gw_calls_new(workers, find, user);
    if (!routes->calls) {
        free(routes);
        return NULL;
    }
    pthread_mutex_init(&routes->mu, NULL);
    routes->config = gw_config_hold(config);
    return routes;
}

void gw_routes_free(struct gw_routes *routes)
{
    if (!routes)
        return;
    gw_calls_free(routes->calls);
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
    gw_config_release(before);
}

static struct gw_config *hold_config(struct gw_routes *routes)
{
    pthread_mutex_lock(&routes->mu);
    struct gw_config *config = gw_config_hold(routes->config);
    pthread_mutex_unlock(&routes->mu);
    return config;
}

static const struct gw_route_config *find_route(const struct gw_config *config, const char *path,
                                                struct gw_match *match)
{
    for (size_t i = 0; i < config->route_count; i++) {
        if (gw_pattern_match_path(config->routes[i].pattern, path, match))
            return &config->routes[i];
    }
    return NULL;
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

static void answer_options(struct gw_exchange *exchange, int status, const char *allow)
{
    const struct gw_answer answer = {.status = status,
                                     .outcome = GW_NOT_EXECUTED,
                                     .end = "refused",
                                     .allow = allow,
                                     .text = status == 405 ? "no such method here" : ""};
    gw_exchange_answer(exchange, &answer);
}

static void take_by_method(struct gw_routes *routes, struct gw_exchange *exchange,
                           const struct gw_match *match)
{
    const char *method = gw_request_method(exchange->request);
    bool is_message =
        exchange->route->may_message && strcmp(gw_request_query(exchange->request), "message") == 0;
    if (strcmp(method, "POST") == 0)
        gw_calls_begin(routes->calls, exchange, match, is_message);
    else if (strcmp(method, "OPTIONS") == 0)
        answer_options(exchange, 204, "OPTIONS, POST");
    else
        answer_options(exchange, 405, "OPTIONS, POST");
}

static void take_whole(struct gw_routes *routes, struct gw_exchange *exchange,
                       const struct gw_match *match)
{
    const struct gw_request *request = exchange->request;
    int status = gw_request_refusal(request);
    if (status)
        gw_exchange_fault(exchange, gw_outcome_of_status(status), GW_NOT_EXECUTED, "refused",
                          "bad-request", gw_request_why(request));
    else if (!exchange->route)
        gw_exchange_text(exchange, 404, "no route has this path");
    else if (!is_let_in(exchange->route, request))
        gw_exchange_fault(exchange, gw_outcome_of_status(403), GW_NOT_EXECUTED, "refused",
                          "forbidden", "this user may not use this route");
    else
        take_by_method(routes, exchange, match);
}

void gw_routes_take(void *user, struct gw_request *request)
{
    struct gw_routes *routes = user;
    struct gw_config *config = hold_config(routes);
    struct gw_match match = {.rest = ""};
    const struct gw_route_config *route = find_route(config, gw_request_path(request), &match);
    struct gw_exchange *exchange = gw_exchange_new(request, config, route);
    if (exchange)
        take_whole(routes, exchange, &match);
    gw_config_release(config);
}
