/* request.c - one HTTP request that came, and its answer.
 *
 * It is made by the listener's thread (arrival.c), told once, and answered by any thread. Told and
 * answered at once it costs no turn of the loop; otherwise its connection is suspended until the
 * answer is there. libmicrohttpd doesn't touch a suspended connection, so that the request lives
 * until its answer even if the client has gone.
 *
 * Failure: without memory for an answer the connection is closed without one. */
#include "http/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "http/answer.h"
#include "http/request_state.h"

const char *gw_request_method(const struct gw_request *request)
{
    return request->method;
}

const char *gw_request_path(const struct gw_request *request)
{
    return request->path;
}

const char *gw_request_raw_path(const struct gw_request *request)
{
    return request->raw_path;
}

const char *gw_request_query(const struct gw_request *request)
{
    return request->query;
}

static const struct gw_field *find_field(const struct gw_request *request, const char *name,
                                         size_t first)
{
    for (size_t i = first; i < request->field_count; i++)
        if (strcasecmp(request->fields[i].name, name) == 0)
            return &request->fields[i];
    return NULL;
}

const char *gw_request_header(const struct gw_request *request, const char *name)
{
    const struct gw_field *field = find_field(request, name, 0);
    return field ? field->value : NULL;
}

bool gw_request_has_twice(const struct gw_request *request, const char *name)
{
    const struct gw_field *field = find_field(request, name, 0);
    return field && find_field(request, name, (size_t)(field - request->fields) + 1);
}

const char *gw_request_user(const struct gw_request *request)
{
    return request->user ? request->user : "";
}

bool gw_request_is_in_group(const struct gw_request *request, const char *group)
{
    const struct gw_strings *groups =
        request->users ? &gw_users_auth(request->users)->groups : NULL;
    size_t length = strlen(group), user_length = strlen(gw_request_user(request));
    for (size_t i = 0; groups && user_length && i < groups->count; i++) {
        const char *members = groups->list[i]; /* "ops=alice,bob" */
        if (strncmp(members, group, length) != 0 || members[length] != '=')
            continue;
        for (members += length + 1; *members; members += strspn(members, ", ")) {
            size_t member_length = strcspn(members, ", ");
            if (member_length == user_length &&
                memcmp(members, gw_request_user(request), user_length) == 0)
                return true;
            members += member_length;
        }
    }
    return false;
}

const char *gw_request_address(const struct gw_request *request)
{
    return request->address;
}

const char *gw_request_base(const struct gw_request *request)
{
    return request->base ? request->base : "";
}

const char *gw_request_body(const struct gw_request *request, size_t *bytes)
{
    *bytes = request->refusal ? 0 : request->body.count;
    return *bytes ? request->body.bytes : "";
}

int gw_request_refusal(const struct gw_request *request)
{
    return request->refusal;
}

const char *gw_request_why(const struct gw_request *request)
{
    return request->why;
}

bool gw_request_is_gone(const struct gw_request *request)
{
    return gw_connection_is_gone(&request->intake->connections, request->connection);
}

/* "/path?query", or with "http://authority" before it, which a proxy's client sends. */
static void split_target(struct gw_request *request)
{
    char *text = request->target, *query = strchr(text, '?');
    request->query = query ? query + 1 : text + strlen(text);
    if (query)
        *query = '\0';
    bool is_absolute =
        strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
    request->raw_path = text;
    if (!is_absolute)
        return;
    request->authority = strstr(text, "//") + 2;
    request->authority_bytes = strcspn(request->authority, "/");
    request->raw_path = request->authority + request->authority_bytes;
    if (!*request->raw_path)
        request->raw_path = "/";
}

struct gw_request *gw_request_new(struct gw_intake *intake, struct MHD_Connection *mhd,
                                  struct gw_connection *connection, const char *target)
{
    struct gw_request *request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    request->intake = intake;
    request->mhd = mhd;
    request->connection = connection;
    request->config = gw_intake_config(intake);
    request->begun_ms = gw_clock_ms();
    gw_body_init(&request->body, intake, &request->config->limits);
    snprintf(request->address, sizeof request->address, "%s", connection->address);
    request->target_bytes = strlen(target);
    request->target = strdup(target);
    if (!request->target || !(request->path = malloc(strlen(target) + 2))) {
        gw_request_free(request);
        return NULL;
    }
    split_target(request);
    return request;
}

void gw_request_free(struct gw_request *request)
{
    if (!request)
        return;
    if (request->response)
        MHD_destroy_response(request->response);
    if (request->answer_bytes)
        gw_intake_give_back(request->intake, request->answer_bytes);
    gw_body_fini(&request->body);
    free(request->midway_answer);
    free(request->target);
    free(request->path);
    free(request->fields);
    free(request->field_text);
    free(request->user);
    free(request->base);
    gw_users_release(request->users);
    gw_config_release(request->config);
    free(request);
}

void gw_request_refuse(struct gw_request *request, int status, const char *format, ...)
{
    va_list arguments;
    if (request->refusal)
        return;
    va_start(arguments, format);
    vsnprintf(request->why, sizeof request->why, format, arguments);
    va_end(arguments);
    request->refusal = status;
    gw_body_fini(&request->body);
    gw_intake_count_refused(request->intake, status, 1);
}

void gw_request_tell(struct gw_request *request)
{
    struct gw_intake *intake = request->intake;
    pthread_mutex_lock(&intake->mutex);
    bool is_closed = intake->is_closed;
    request->phase = is_closed ? GW_PHASE_ANSWERED : GW_PHASE_TELLING;
    intake->busy += !is_closed;
    intake->unsent++;
    pthread_mutex_unlock(&intake->mutex);
    if (is_closed)
        return; /* its connection is closed without an answer */
    gw_connection_set_deadline(&intake->connections, request->connection, 0);
    intake->take(intake->user, request);

    pthread_mutex_lock(&intake->mutex);
    if (request->phase == GW_PHASE_TELLING) {
        request->phase = GW_PHASE_WAITING;
        MHD_suspend_connection(request->mhd);
        gw_connection_watch(&intake->connections, request->connection);
    }
    pthread_mutex_unlock(&intake->mutex);
}

void gw_request_answer(struct gw_request *request, int status, const struct gw_header *headers,
                       char *body, size_t body_bytes)
{
    struct gw_intake *intake = request->intake;
    bool is_gone = gw_request_is_gone(request);
    struct MHD_Response *response = NULL;
    if (request->is_midway) {
        gw_answer_write(request, status, headers, body, body_bytes);
        free(body);
    } else {
        response = gw_answer_make(request, status, headers, body, body_bytes);
    }
    size_t held = response && body ? body_bytes : 0;
    gw_body_fini(&request->body);
    if (held && !gw_intake_hold(intake, held, SIZE_MAX))
        held = 0;

    pthread_mutex_lock(&intake->mutex);
    bool is_waiting = request->phase == GW_PHASE_WAITING;
    request->response = response;
    request->status = status;
    request->answer_bytes = held;
    request->phase = GW_PHASE_ANSWERED;
    request->is_abandoned = is_gone;
    intake->counts.abandoned += is_gone;
    intake->busy--;
    if (is_waiting)
        MHD_resume_connection(request->mhd);
    pthread_cond_broadcast(&intake->change);
    pthread_mutex_unlock(&intake->mutex);
}
