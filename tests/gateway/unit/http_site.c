/* See http_site.h. */
#include "http_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/suite.h"
#include "../../lib/tcp.h"
#include "contract/text.h"

void http_site_echo(struct gw_request *request)
{
    static const struct gw_header plain[] = {{"Content-Type", "text/plain"}, {NULL, NULL}};
    struct ct_text text = {0};
    size_t bytes;
    int status = gw_request_refusal(request);
    const char *body = gw_request_body(request, &bytes);
    if (status)
        ct_text_print(&text, "%d %s", status, gw_request_why(request));
    else
        ct_text_print(&text, "%s %s ?%s ", gw_request_method(request), gw_request_path(request),
                      gw_request_query(request));
    ct_text_add(&text, body, bytes);
    size_t length = text.len;
    gw_request_answer(request, status ? status : 200, plain, ct_text_take(&text), length);
}

static void take(void *user, struct gw_request *request)
{
    struct http_site *site = user;
    pthread_mutex_lock(&site->mutex);
    bool is_kept = site->is_keeping && site->count < SITE_REQUESTS;
    if (is_kept)
        site->requests[site->count++] = request;
    site->told++;
    pthread_cond_broadcast(&site->change);
    pthread_mutex_unlock(&site->mutex);
    if (!is_kept)
        http_site_echo(request);
}

void http_site_init(struct http_site *site)
{
    static char address[] = "127.0.0.1:0", none[] = "";
    memset(site, 0, sizeof *site);
    site->config.references = 1000000; /* it isn't freed */
    site->config.public_url = none;
    site->config.limits = (struct gw_limits){.body_bytes = 1 << 20,
                                             .header_bytes = 16384,
                                             .memory_bytes = 64 << 20,
                                             .in_flight = 1000,
                                             .connections = 2000,
                                             .idle_ms = 20000};
    site->listen = (struct gw_listen){
        .address = address, .cert_file = none, .key_file = none, .client_ca_file = none};
    pthread_mutex_init(&site->mutex, NULL);
    pthread_cond_init(&site->change, NULL);
}

void http_site_start(struct http_site *site)
{
    char why[256] = "";
    site->server = gw_server_start(&site->config, &site->listen, 1, take, site, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(site->server);
    site->port = (int)gw_server_port(site->server, 0);
}

void http_site_stop(struct http_site *site)
{
    gw_server_stop(site->server);
    pthread_mutex_destroy(&site->mutex);
    pthread_cond_destroy(&site->change);
}

void http_site_keep(struct http_site *site, bool is_keeping)
{
    pthread_mutex_lock(&site->mutex);
    site->is_keeping = is_keeping;
    pthread_mutex_unlock(&site->mutex);
}

void http_site_await(struct http_site *site, size_t count)
{
    struct timespec until;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TCP_LONG_MS / 1000;
    pthread_mutex_lock(&site->mutex);
    while (site->count < count && !error)
        error = pthread_cond_timedwait(&site->change, &site->mutex, &until);
    size_t there = site->count;
    pthread_mutex_unlock(&site->mutex);
    CU_ASSERT_FATAL(there >= count);
}

struct gw_request *http_site_next(struct http_site *site)
{
    http_site_await(site, 1);
    pthread_mutex_lock(&site->mutex);
    struct gw_request *request = site->requests[0];
    memmove(site->requests, site->requests + 1, --site->count * sizeof(void *));
    pthread_mutex_unlock(&site->mutex);
    return request;
}

int http_site_connect(struct http_site *site)
{
    int fd = tcp_connect(site->port);
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

const char *http_site_ask(struct http_site *site, const char *request, const char *until)
{
    int fd = http_site_connect(site);
    tcp_say(fd, request);
    const char *heard = tcp_hear_until(fd, until);
    close(fd);
    return heard;
}

void *http_site_echo_one(void *site)
{
    struct gw_request *request = http_site_next(site);
    char *text = NULL;
    int length = asprintf(&text, "%d user %s of %s", gw_request_refusal(request),
                          gw_request_user(request), gw_request_address(request));
    gw_request_answer(request, 200, NULL, text, length < 0 ? 0 : (size_t)length);
    return NULL;
}
