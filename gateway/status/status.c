/* See status.h. */
#include "status/status.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/operation.h"
#include "base/record.h"
#include "status/health.h"
#include "status/metrics.h"
#include "status/page.h"
#include "status/reply.h"
#include "status/report.h"
#include "status/trial.h"

enum { WHY_BYTES = 512 };

struct gw_status {
    struct gw_status_of of; /* immutable, but for config, which is under mu */
    long long started_ms;   /* immutable */
    pthread_mutex_t mu;
    bool is_draining; /* under mu */
};

/* What is told before the first request. */
static void declare(const struct gw_config *config)
{
    size_t i;
    gw_operation_switch(config->has_operation_metrics);
    for (i = 0; i < config->route_count; i++)
        gw_record_declare(true, gw_pattern_text(config->routes[i].pattern));
    for (i = 0; i < config->serve_count; i++)
        gw_record_declare(false, gw_pattern_text(config->serves[i].pattern));
}

struct gw_status *gw_status_new(const struct gw_status_of *of)
{
    struct gw_status *status = calloc(1, sizeof *status);
    struct timespec now;
    if (!status)
        return NULL;
    clock_gettime(CLOCK_REALTIME, &now);
    status->of = *of;
    status->of.config = gw_config_hold(of->config);
    status->started_ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    pthread_mutex_init(&status->mu, NULL);
    declare(of->config);
    return status;
}

void gw_status_reload(struct gw_status *status, struct gw_config *config)
{
    struct gw_config *before;
    pthread_mutex_lock(&status->mu);
    before = status->of.config;
    status->of.config = gw_config_hold(config);
    pthread_mutex_unlock(&status->mu);
    declare(config);
    gw_config_release(before);
}

void gw_status_drain(struct gw_status *status)
{
    pthread_mutex_lock(&status->mu);
    status->is_draining = true;
    pthread_mutex_unlock(&status->mu);
}

static bool is_draining(struct gw_status *status)
{
    pthread_mutex_lock(&status->mu);
    bool is = status->is_draining;
    pthread_mutex_unlock(&status->mu);
    return is;
}

void gw_status_free(struct gw_status *status)
{
    if (!status)
        return;
    gw_config_release(status->of.config);
    pthread_mutex_destroy(&status->mu);
    free(status);
}

/* What is running now, with a reference to its configuration for the caller to give back. */
static struct gw_status_of look(struct gw_status *status)
{
    struct gw_status_of of;
    pthread_mutex_lock(&status->mu);
    of = status->of;
    of.config = gw_config_hold(status->of.config);
    pthread_mutex_unlock(&status->mu);
    return of;
}

bool gw_status_is_healthy(struct gw_status *status, char *why, size_t why_bytes)
{
    return gw_health_turns(&status->of, gw_clock_ms(), why, why_bytes);
}

bool gw_status_is_ready(struct gw_status *status, char *why, size_t why_bytes)
{
    if (is_draining(status))
        return snprintf(why, why_bytes, "the gateway is stopping"), false;
    struct gw_status_of of = look(status);
    bool is_ready = gw_health_is_ready(&of, of.config->is_ready_by_any, why, why_bytes);
    gw_config_release(of.config);
    return is_ready;
}

/* ---- who may ask ---- */

/* Whether Host names this machine's loopback: a page of somebody else's, whose name was made to
 * mean 127.0.0.1, has that name there. */
static bool is_own_host(const struct gw_request *request)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = gw_request_header(request, "Host");
    size_t i;
    for (i = 0; host && i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (strncasecmp(host, names[i], len) == 0 && (host[len] == '\0' || host[len] == ':'))
            return true;
    }
    return false;
}

/* A form of another site can't send JSON without asking first, which nobody here answers. */
static bool is_own_post(const struct gw_request *request)
{
    const char *type = gw_request_header(request, "Content-Type");
    const char *origin = gw_request_header(request, "Origin");
    const char *host = gw_request_header(request, "Host");
    const char *authority = origin ? strstr(origin, "://") : NULL;
    if (!type || strncasecmp(type, "application/json", strlen("application/json")) != 0)
        return false;
    return !origin || (authority && host && strcasecmp(authority + 3, host) == 0);
}

/* ---- what is asked ---- */

static void answer_metrics(const struct gw_status_of *of, struct gw_request *request)
{
    struct ct_text text = {0};
    gw_metrics_write(of, &text);
    gw_reply_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", &text);
}

static void answer_health(const struct gw_status_of *of, struct gw_request *request)
{
    char why[WHY_BYTES];
    bool turns = gw_health_turns(of, gw_clock_ms(), why, sizeof why);
    gw_reply_line(request, turns ? 200 : 503, turns ? "ok" : why);
}

static void answer_ready(struct gw_status *status, struct gw_request *request)
{
    char why[WHY_BYTES];
    bool is_ready = gw_status_is_ready(status, why, sizeof why);
    gw_reply_line(request, is_ready ? 200 : 503, is_ready ? "ready" : why);
}

static void answer_get(struct gw_status *status, const struct gw_status_of *of, const char *path,
                       struct gw_request *request)
{
    struct ct_text text = {0};
    const struct gw_page_file *page = gw_page_find(path);
    if (page) {
        gw_reply_file(request, page->type, page->text);
    } else if (strcmp(path, "/metrics") == 0) {
        answer_metrics(of, request);
    } else if (strcmp(path, "/healthz") == 0) {
        answer_health(of, request);
    } else if (strcmp(path, "/readyz") == 0) {
        answer_ready(status, request);
    } else if (strcmp(path, "/status.json") == 0) {
        gw_report_write(of, status->started_ms, of->config->has_trial, &text);
        gw_reply_text(request, 200, "application/json", &text);
    } else {
        gw_reply_line(request, 404, "here are /, /metrics, /healthz, /readyz and /status.json");
    }
}

static void answer_try(struct gw_status *status, const struct gw_status_of *of, const char *path,
                       struct gw_request *request)
{
    bool is_post = strcmp(gw_request_method(request), "POST") == 0;
    if (!of->config->has_trial)
        gw_reply_line(request, 404, "calls from here are switched off: admin { try = true }");
    else if (!is_post && strcmp(path, "/try/operations") == 0)
        gw_trial_list(&status->of, request);
    else if (is_post && strcmp(path, "/try/call") == 0 && is_own_post(request))
        gw_trial_call(&status->of, request);
    else
        gw_reply_line(request, is_post ? 403 : 404,
                      "GET /try/operations?route=PATH, or POST application/json to /try/call");
}

void gw_status_take(void *user, struct gw_request *request)
{
    struct gw_status *status = user;
    struct gw_status_of of = look(status);
    const char *method = gw_request_method(request), *path = gw_request_path(request);
    if (gw_request_refusal(request))
        gw_reply_line(request, gw_request_refusal(request), gw_request_why(request));
    else if (!is_own_host(request))
        gw_reply_line(request, 421, "this is for localhost, 127.0.0.1 and [::1] alone");
    else if (strncmp(path, "/try/", 5) == 0)
        answer_try(status, &of, path, request);
    else if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        answer_get(status, &of, path, request);
    else
        gw_reply_line(request, 405, "GET, please");
    gw_config_release(of.config);
}
