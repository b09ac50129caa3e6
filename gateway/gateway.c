/* gateway.c - all of a running gateway.
 *
 * Invariant: gateway.h. A field is NULL until its part runs, and stopping NULL does nothing: so one
 * order of stopping serves a start that failed as well.
 *
 * Happy path of a stop: no new requests -> links, all at once, since each gets the same time -> who
 * looks at all of it -> whatever backends still owe -> the server, whose requests are all answered
 * now -> workers -> what others have used.
 * Failure of a reload: what was taken already is given back, in the reverse order. */
#include "gateway.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/workers.h"
#include "client/client.h"
#include "http/server.h"
#include "link/link.h"
#include "route/route.h"
#include "serve/serve.h"
#include "status/status.h"

enum { WORKERS = 4 };

struct gw_gateway {
    struct gw_config *config;
    struct gw_workers *workers;
    struct gw_client *client;
    struct gw_serves *serves;
    struct gw_link **links; /* config's, in their order */
    size_t link_count;      /* that are open */
    struct gw_routes *routes;
    struct gw_status *status;
    struct gw_server *server, *admin;
};

static int fail(char *why, size_t why_bytes, const char *text)
{
    snprintf(why, why_bytes, "%s", text);
    return -1;
}

/* ---- start ---- */

static struct gw_link *find_link(void *user, const char *name)
{
    struct gw_gateway *gateway = user;
    for (size_t i = 0; i < gateway->link_count; i++)
        if (strcmp(gw_link_name(gateway->links[i]), name) == 0)
            return gateway->links[i];
    return NULL;
}

static bool serves_by(const struct gw_config *config, const struct gw_link_config *link)
{
    for (size_t i = 0; i < config->serve_count; i++)
        if (strcmp(config->serves[i].link->name, link->name) == 0)
            return true;
    return false;
}

int gw_gateway_check(struct gw_config *config, char *why, size_t why_bytes)
{
    for (size_t i = 0; i < config->link_count; i++)
        if (gw_link_check(&config->links[i], why, why_bytes))
            return -1;
    if (gw_server_check(config, config->listens, config->listen_count, why, why_bytes) ||
        (config->admin && gw_server_check(config, config->admin, 1, why, why_bytes)))
        return -1;
    return gw_serves_check(config, why, why_bytes);
}

static int open_link(struct gw_gateway *gateway, const struct gw_link_config *link, char *why,
                     size_t why_bytes)
{
    bool is_served = serves_by(gateway->config, link);
    char *rules = is_served ? gw_serves_rules(gateway->config, link) : NULL;
    if (is_served && !rules)
        return fail(why, why_bytes, "no memory for rules");
    struct gw_link *opened =
        gw_link_open(link, rules, gateway->config->limits.body_bytes,
                     is_served ? gw_serves_take : NULL, gateway->serves, why, why_bytes);
    free(rules);
    if (!opened)
        return -1;
    gateway->links[gateway->link_count++] = opened;
    return 0;
}

static int open_links(struct gw_gateway *gateway, char *why, size_t why_bytes)
{
    const struct gw_config *config = gateway->config;
    gateway->links = calloc(config->link_count + 1, sizeof(void *));
    if (!gateway->links)
        return fail(why, why_bytes, "no memory for links");
    for (size_t i = 0; i < config->link_count; i++)
        if (open_link(gateway, &config->links[i], why, why_bytes))
            return -1;
    return 0;
}

/* With the port that it has got, if any was asked for. */
static void tell_listener(const struct gw_server *server, size_t which, const char *what,
                          const struct gw_listen *listen)
{
    const char *colon = strrchr(listen->address, ':');
    if (listen->address[0] == '/' || !colon)
        gw_log(GW_LOG_NOTICE, "%s on %s", what, listen->address);
    else
        gw_log(GW_LOG_NOTICE, "%s on %.*s:%u", what, (int)(colon - listen->address),
               listen->address, gw_server_port(server, which));
}

static int start_server(struct gw_gateway *gateway, char *why, size_t why_bytes)
{
    struct gw_config *config = gateway->config;
    if (config->listen_count == 0)
        return 0;
    gateway->server = gw_server_start(config, config->listens, config->listen_count, gw_routes_take,
                                      gateway->routes, why, why_bytes);
    if (!gateway->server)
        return -1;
    for (size_t i = 0; i < config->listen_count; i++)
        tell_listener(gateway->server, i, "listening", &config->listens[i]);
    return 0;
}

static int start_status(struct gw_gateway *gateway, char *why, size_t why_bytes)
{
    struct gw_config *config = gateway->config;
    gateway->status = gw_status_new(&(struct gw_status_of){.config = config,
                                                           .links = gateway->links,
                                                           .link_count = gateway->link_count,
                                                           .server = gateway->server,
                                                           .client = gateway->client,
                                                           .routes = gateway->routes,
                                                           .workers = gateway->workers});
    if (!gateway->status)
        return fail(why, why_bytes, "no memory for the status");
    if (!config->admin)
        return 0;
    gateway->admin =
        gw_server_start(config, config->admin, 1, gw_status_take, gateway->status, why, why_bytes);
    if (!gateway->admin)
        return -1;
    tell_listener(gateway->admin, 0, "status", config->admin);
    return 0;
}

static int start(struct gw_gateway *gateway, enum gw_gateway_failure *failure, char *why,
                 size_t why_bytes)
{
    struct gw_config *config = gateway->config;
    *failure = GW_FAILURE_SYSTEM;
    if (!(gateway->workers = gw_workers_start(WORKERS, why, why_bytes)) ||
        !(gateway->client = gw_client_start(&config->limits, why, why_bytes)))
        return -1;
    *failure = GW_FAILURE_CONFIG;
    gateway->serves = gw_serves_new(config, gateway->client, gateway->workers, why, why_bytes);
    if (!gateway->serves || open_links(gateway, why, why_bytes))
        return -1;
    *failure = GW_FAILURE_SYSTEM;
    gateway->routes = gw_routes_new(config, gateway->workers, find_link, gateway);
    if (!gateway->routes)
        return fail(why, why_bytes, "no memory for routes");
    if (start_server(gateway, why, why_bytes))
        return -1;
    return start_status(gateway, why, why_bytes);
}

struct gw_gateway *gw_gateway_start(struct gw_config *config, enum gw_gateway_failure *failure,
                                    char *why, size_t why_bytes)
{
    struct gw_gateway *gateway = calloc(1, sizeof *gateway);
    *failure = GW_FAILURE_SYSTEM;
    if (!gateway) {
        fail(why, why_bytes, "no memory");
        return NULL;
    }
    gateway->config = gw_config_hold(config);
    if (start(gateway, failure, why, why_bytes)) {
        gw_gateway_stop(gateway);
        return NULL;
    }
    return gateway;
}

/* ---- reload ---- */

/* The same links, maybe in another order (gw_config_needs_restart()). */
static int set_rules(struct gw_gateway *gateway, const struct gw_config *config, char *why,
                     size_t why_bytes)
{
    for (size_t i = 0; i < config->link_count; i++) {
        const struct gw_link_config *link = &config->links[i];
        struct gw_link *open = find_link(gateway, link->name);
        if (!open || (!serves_by(config, link) && !serves_by(gateway->config, link)))
            continue;
        char *rules = gw_serves_rules(config, link);
        int result = rules ? gw_link_set_rules(open, rules, why, why_bytes)
                           : fail(why, why_bytes, "no memory for rules");
        free(rules);
        if (result)
            return -1;
    }
    return 0;
}

/* A link that served nothing was opened without a function that takes requests. */
static bool is_served_anew(const struct gw_gateway *gateway, const struct gw_config *config,
                           char *why, size_t why_bytes)
{
    for (size_t i = 0; i < config->link_count; i++) {
        const struct gw_link_config *link = &config->links[i];
        if (!serves_by(config, link) || serves_by(gateway->config, link))
            continue;
        snprintf(why, why_bytes, "link \"%s\" serves now, which needs a restart", link->name);
        return true;
    }
    return false;
}

static int reload_server(struct gw_gateway *gateway, struct gw_config *config, char *why,
                         size_t why_bytes)
{
    if (!gateway->server)
        return 0;
    return gw_server_reload(gateway->server, config, config->listens, config->listen_count, why,
                            why_bytes);
}

static int reload_admin(struct gw_gateway *gateway, struct gw_config *config, char *why,
                        size_t why_bytes)
{
    if (!gateway->admin)
        return 0;
    return gw_server_reload(gateway->admin, config, config->admin, 1, why, why_bytes);
}

/* Takes what can fail; and says how far it came. */
static int take_config(struct gw_gateway *gateway, struct gw_config *config, int *steps, char *why,
                       size_t why_bytes)
{
    *steps = 0;
    if (gw_serves_reload(gateway->serves, config, why, why_bytes))
        return -1;
    *steps = 1;
    if (reload_server(gateway, config, why, why_bytes))
        return -1;
    *steps = 2;
    if (reload_admin(gateway, config, why, why_bytes))
        return -1;
    *steps = 3;
    return set_rules(gateway, config, why, why_bytes);
}

/* What was taken is given back. Where that fails, since a file has gone meanwhile, the log says so,
 * and what was taken stays. */
static void give_back(struct gw_gateway *gateway, int steps)
{
    char why[300] = "";
    bool is_whole = (steps < 3 || !set_rules(gateway, gateway->config, why, sizeof why));
    is_whole = (steps < 2 || !reload_admin(gateway, gateway->config, why, sizeof why)) && is_whole;
    is_whole = (steps < 2 || !reload_server(gateway, gateway->config, why, sizeof why)) && is_whole;
    is_whole =
        (steps < 1 || !gw_serves_reload(gateway->serves, gateway->config, why, sizeof why)) &&
        is_whole;
    if (!is_whole)
        gw_log(GW_LOG_ERROR, "the configuration before can't be had again whole: %s", why);
}

int gw_gateway_reload(struct gw_gateway *gateway, struct gw_config *config, char *why,
                      size_t why_bytes)
{
    char what[300];
    int steps;
    if (gw_config_needs_restart(gateway->config, config, what, sizeof what)) {
        snprintf(why, why_bytes, "%s, which needs a restart", what);
        return -1;
    }
    if (is_served_anew(gateway, config, why, why_bytes))
        return -1;
    if (take_config(gateway, config, &steps, why, why_bytes)) {
        give_back(gateway, steps);
        return -1;
    }
    gw_routes_reload(gateway->routes, config);
    gw_status_reload(gateway->status, config);
    gw_config_release(gateway->config);
    gateway->config = gw_config_hold(config);
    return 0;
}

/* ---- what it is asked ---- */

void gw_gateway_kick(struct gw_gateway *gateway)
{
    for (size_t i = 0; i < gateway->link_count; i++)
        gw_link_kick(gateway->links[i]);
}

bool gw_gateway_is_healthy(struct gw_gateway *gateway, char *why, size_t why_bytes)
{
    return gw_status_is_healthy(gateway->status, why, why_bytes);
}

bool gw_gateway_is_ready(struct gw_gateway *gateway, char *why, size_t why_bytes)
{
    return gw_status_is_ready(gateway->status, why, why_bytes);
}

/* ---- stop ---- */

struct stop {
    struct gw_link *link;
    unsigned drain_ms;
    pthread_t thread;
    bool has_thread;
};

static void *stop_link(void *user)
{
    struct stop *stop = user;
    gw_link_stop(stop->link, stop->drain_ms);
    return NULL;
}

/* All at once; one for which no thread can be had, after the others. */
static void stop_links(struct gw_gateway *gateway)
{
    struct stop *stops = calloc(gateway->link_count + 1, sizeof *stops);
    for (size_t i = 0; stops && i < gateway->link_count; i++) {
        stops[i].link = gateway->links[i];
        stops[i].drain_ms = gateway->config->drain_ms;
        stops[i].has_thread = pthread_create(&stops[i].thread, NULL, stop_link, &stops[i]) == 0;
    }
    for (size_t i = 0; stops && i < gateway->link_count; i++)
        if (stops[i].has_thread)
            pthread_join(stops[i].thread, NULL);
    for (size_t i = 0; i < gateway->link_count; i++)
        gw_link_stop(gateway->links[i], 0); /* nothing, if it is stopped */
    free(stops);
}

void gw_gateway_stop(struct gw_gateway *gateway)
{
    if (gateway->status)
        gw_status_drain(gateway->status);
    if (gateway->server)
        gw_server_drain(gateway->server);
    stop_links(gateway);
    gw_server_stop(gateway->admin); /* it looks at client and server */
    gw_client_stop(gateway->client);
    gw_server_stop(gateway->server);
    gw_workers_stop(gateway->workers); /* they may have a request for the client */
    gw_client_free(gateway->client);
    for (size_t i = 0; i < gateway->link_count; i++)
        gw_link_close(gateway->links[i]);
    gw_status_free(gateway->status);
    gw_routes_free(gateway->routes);
    gw_serves_free(gateway->serves);
    gw_config_release(gateway->config);
    free(gateway->links);
    free(gateway);
}
