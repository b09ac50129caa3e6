/* See client_site.h. */
#include "client_site.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "suite.h"

struct gw_config client_site_config = {.references = 1};
struct gw_serve_config client_site_target;
struct backend_script *client_site_script;
static struct gw_client *client;
static bool is_stopped;
static char url[128];

void client_site_open(const struct backend_act *acts, size_t count)
{
    static const struct gw_limits limits = {
        .memory_bytes = 4 * 1024 * 1024, .header_bytes = 8192, .body_bytes = 1024 * 1024};
    char why[300];
    client_site_target = (struct gw_serve_config){.user = "u",
                                                  .password_file = "",
                                                  .ca_file = "",
                                                  .cert_file = "",
                                                  .key_file = "",
                                                  .connections = 2,
                                                  .keepalive_ms = 5000};
    client_site_target.pattern = gw_pattern_new("{node}@cams.test", why, sizeof why);
    client_site_script = backend_script_start(acts, count);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/soap", backend_script_port(client_site_script));
    is_stopped = false;
    client = gw_client_start(&limits, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(client);
}

void client_site_stop_client(void)
{
    gw_client_stop(client);
    is_stopped = true;
}

void client_site_close(void)
{
    if (!is_stopped)
        client_site_stop_client();
    gw_client_free(client);
    backend_script_stop(client_site_script);
    gw_pattern_free(client_site_target.pattern);
}

static void take(void *user, struct gw_client_answer *answer)
{
    struct client_site_end *end = user;
    pthread_mutex_lock(&end->mutex);
    end->count++;
    end->end = answer->end;
    end->was_sent = answer->was_sent;
    end->status = answer->status;
    end->body_bytes = answer->body_bytes;
    snprintf(end->body, sizeof end->body, "%s", answer->body ? answer->body : "");
    snprintf(end->type, sizeof end->type, "%s", answer->content_type);
    snprintf(end->why, sizeof end->why, "%s", answer->why ? answer->why : "");
    pthread_cond_signal(&end->change);
    pthread_mutex_unlock(&end->mutex);
}

int client_site_send(struct client_site_end *end, const struct gw_client_request *with, char *why,
                     size_t why_bytes)
{
    struct gw_client_request request = *with;
    *end = (struct client_site_end){.mutex = PTHREAD_MUTEX_INITIALIZER,
                                    .change = PTHREAD_COND_INITIALIZER};
    request.method = request.method ? request.method : "POST";
    request.url = request.url ? request.url : url;
    request.target = &client_site_target;
    request.timeout_ms = request.timeout_ms ? request.timeout_ms : CLIENT_SITE_PATIENCE_S * 1000;
    request.most_bytes = request.most_bytes ? request.most_bytes : 100000;
    request.done = take;
    request.user = end;
    return gw_client_send(client, &client_site_config, &request, why, why_bytes);
}

void client_site_await(struct client_site_end *end)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2 * CLIENT_SITE_PATIENCE_S;
    pthread_mutex_lock(&end->mutex);
    while (end->count == 0 && pthread_cond_timedwait(&end->change, &end->mutex, &until) == 0)
        continue;
    CU_ASSERT_EQUAL(end->count, 1);
    pthread_mutex_unlock(&end->mutex);
}

void client_site_call_with(struct client_site_end *end, struct gw_client_request with)
{
    char why[300] = "";
    with.body = strdup(CLIENT_SITE_BODY);
    with.body_bytes = strlen(CLIENT_SITE_BODY);
    CU_ASSERT_EQUAL_FATAL(client_site_send(end, &with, why, sizeof why), 0);
    client_site_await(end);
}

void client_site_call(struct client_site_end *end)
{
    client_site_call_with(end, (struct gw_client_request){0});
}
