/* See transfer.h.
 *
 * Why a read function: a kept connection that the backend has closed meanwhile dies without a byte
 * of an answer, and libcurl sends the request again by another one, as it does for a GET. It can't
 * where the body comes from a function that doesn't go back, and ends with CURLE_SEND_FAIL_REWIND.
 * The function that libcurl calls before each request of a connection (CURLOPT_PREREQFUNCTION) is
 * the second lock on the same door.
 *
 * Why it does go back after a 401: that is the backend's word that it has not executed the request
 * (a nonce was stale). Which response a status belongs to is known, since the first byte of a body
 * forgets the one before.
 *
 * Digest: libcurl asks with an empty body first. What comes then but a 401 is no answer to the
 * call: below 300 libcurl goes on with the body by itself; else the backend wants no login for this
 * one (ONVIF: GetSystemDateAndTime), or dislikes an empty body: it gets the body first then. By a
 * new connection, for on the old one libcurl goes on to send empty bodies, for others, too; an
 * answer to one of those is known by the same mark: the body was never asked for.
 *
 * Failures: see gw_transfer_end(). */
#include "client/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/descriptor.h"

enum {
    MOST_CONNECT_MS = 10000, /* an instance beside it, if there is one, gets the rest of the time */
    LEAST_MS = 50,           /* not worth to begin with: it would end as unknown */
    MOST_ATTEMPTS = 3,       /* handles for one request, whose body had not been asked for */
    MOST_REFUSALS = 3,       /* 401 for one request */
    SHARE_BYTES = 4096,      /* what a transfer holds beside its body, about */
    MOST_URL_BYTES = 2048
};

static bool take_memory(struct gw_transfer_memory *memory, size_t bytes)
{
    size_t before = atomic_fetch_add(&memory->bytes, bytes);
    if (before + bytes <= memory->most_bytes)
        return true;
    atomic_fetch_sub(&memory->bytes, bytes);
    return false;
}

/* ---- what libcurl calls ---- */

static size_t read_body(char *out, size_t size, size_t count, void *user)
{
    struct gw_transfer *transfer = user;
    size_t left = transfer->body_bytes - transfer->read_bytes, room = size * count;
    if (left > room)
        left = room;
    if (left > 0 && !transfer->was_sent) {
        transfer->was_sent = true;
        transfer->shown_status = 0;
    }
    if (left > 0) {
        memcpy(out, transfer->body + transfer->read_bytes, left);
        transfer->read_bytes += left;
    }
    return left;
}

/* Whether the last response refuses the request itself, body and all, for want of a login. */
static bool was_refused(const struct gw_transfer *transfer)
{
    return transfer->was_sent && transfer->shown_status == 401 && transfer->is_head_whole;
}

static int rewind_body(void *user, curl_off_t offset, int origin)
{
    struct gw_transfer *transfer = user;
    if (offset != 0 || origin != SEEK_SET || !was_refused(transfer) ||
        ++transfer->refusals >= MOST_REFUSALS)
        return CURL_SEEKFUNC_FAIL;
    transfer->was_sent = false;
    transfer->read_bytes = 0;
    return CURL_SEEKFUNC_OK;
}

static int before_request(void *user, char *remote, char *local, int remote_port, int local_port)
{
    struct gw_transfer *transfer = user;
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    if (!transfer->is_post)
        transfer->was_sent = true;
    else if (transfer->was_sent)
        return CURL_PREREQFUNC_ABORT;
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    int descriptor;
    (void)user;
    (void)purpose;
    descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return descriptor < 0 ? CURL_SOCKET_BAD : gw_descriptor_raise(descriptor);
}

/* A response begins anew: the body of an earlier one (100, 401 of a login) is none of it. */
static size_t take_header(char *line, size_t size, size_t count, void *user)
{
    struct gw_transfer *transfer = user;
    size_t bytes = size * count;
    if (bytes > 5 && memcmp(line, "HTTP/", 5) == 0) {
        const char *space = memchr(line, ' ', bytes);
        transfer->shown_status = space ? (int)strtol(space, NULL, 10) : 0;
        transfer->header_bytes = transfer->answer_bytes = 0;
        transfer->is_head_whole = false;
    }
    if (bytes <= 2 && strchr("\r\n", *line))
        transfer->is_head_whole = true;
    transfer->header_bytes += bytes;
    transfer->has_too_many_headers = transfer->header_bytes > transfer->memory->most_header_bytes;
    return transfer->has_too_many_headers ? 0 : bytes;
}

static bool grow(struct gw_transfer *transfer, size_t needed)
{
    size_t room = transfer->answer_room ? transfer->answer_room * 2 : 4096, more;
    char *grown;
    while (room < needed)
        room *= 2;
    if (room > transfer->most_bytes + 1)
        room = transfer->most_bytes + 1;
    more = room - transfer->answer_room;
    if (!take_memory(transfer->memory, more))
        return false;
    grown = realloc(transfer->answer, room);
    if (!grown) {
        atomic_fetch_sub(&transfer->memory->bytes, more);
        return false;
    }
    transfer->answer = grown;
    transfer->answer_room = room;
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct gw_transfer *transfer = user;
    size_t more = size * count, needed = transfer->answer_bytes + more + 1;
    if (more > transfer->most_bytes - transfer->answer_bytes) {
        transfer->is_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (needed > transfer->answer_room && !grow(transfer, needed)) {
        transfer->has_no_memory = true;
        return CURL_WRITEFUNC_ERROR;
    }
    memcpy(transfer->answer + transfer->answer_bytes, bytes, more);
    transfer->answer_bytes += more;
    transfer->answer[transfer->answer_bytes] = '\0';
    return more;
}

/* ---- making one ---- */

/* Scheme, host and port, by which transfers share connections: as libcurl reads them. */
static char *authority_of(const char *url, char *why, size_t why_bytes)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL, *text = NULL;
    bool is_url = parts && strlen(url) < MOST_URL_BYTES &&
                  curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    if (!is_url)
        snprintf(why, why_bytes, "the backend's URL is none");
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        snprintf(why, why_bytes, "the backend's URL is neither http nor https");
    else if (asprintf(&text, "%s://%s:%s", scheme, host, port) < 0) {
        text = NULL;
        snprintf(why, why_bytes, "there is no memory left");
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return text;
}

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *grown = curl_slist_append(*list, line);
    if (grown)
        *list = grown;
    return grown != NULL;
}

/* libcurl sends a header without a value only if a semicolon stands in its place. */
static bool add_headers(struct gw_transfer *transfer, const struct gw_header *headers)
{
    bool ok = add_header(&transfer->headers, "Expect:"); /* who waits for it waits a second */
    for (; ok && headers && headers->name; headers++) {
        char *line = NULL;
        if (strpbrk(headers->value, "\r\n"))
            continue;
        ok = asprintf(&line, *headers->value ? "%s: %s" : "%s;", headers->name, headers->value) >=
                 0 &&
             add_header(&transfer->headers, line);
        free(line);
    }
    return ok;
}

struct gw_transfer *gw_transfer_new(struct gw_transfer_memory *memory, struct gw_config *config,
                                    const struct gw_client_request *request, char *why,
                                    size_t why_bytes)
{
    struct gw_transfer *transfer;
    char *authority = authority_of(request->url, why, why_bytes);
    if (!authority)
        return NULL;
    if (!take_memory(memory, SHARE_BYTES + request->body_bytes)) {
        snprintf(why, why_bytes,
                 "the gateway holds as many requests as limits.memory has room for");
        free(authority);
        return NULL;
    }
    transfer = calloc(1, sizeof *transfer);
    if (!transfer) {
        atomic_fetch_sub(&memory->bytes, SHARE_BYTES + request->body_bytes);
        free(authority);
        snprintf(why, why_bytes, "there is no memory left");
        return NULL;
    }
    transfer->memory = memory;
    transfer->authority_text = authority;
    transfer->config = gw_config_hold(config);
    transfer->target = request->target;
    transfer->body_bytes = request->body_bytes;
    transfer->most_bytes = request->most_bytes;
    transfer->deadline_ms = gw_clock_ms() + request->timeout_ms;
    transfer->latest_ms = transfer->deadline_ms -
                          (request->timeout_ms / 2 < LEAST_MS ? request->timeout_ms / 2 : LEAST_MS);
    transfer->done = request->done;
    transfer->user = request->user;
    transfer->is_post = strcmp(request->method, "POST") == 0;
    transfer->url = strdup(request->url);
    transfer->password = request->password ? strdup(request->password) : NULL;
    if (!transfer->url || (request->password && !transfer->password) ||
        !add_headers(transfer, request->headers)) {
        gw_transfer_free(transfer);
        snprintf(why, why_bytes, "there is no memory left");
        return NULL;
    }
    transfer->body = request->body;
    return transfer;
}

void gw_transfer_free(struct gw_transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    if (transfer->password)
        explicit_bzero(transfer->password, strlen(transfer->password));
    free(transfer->password);
    free(transfer->url);
    free(transfer->authority_text);
    free(transfer->body);
    free(transfer->answer);
    atomic_fetch_sub(&transfer->memory->bytes,
                     SHARE_BYTES + transfer->body_bytes + transfer->answer_room);
    gw_config_release(transfer->config);
    free(transfer);
}

/* ---- its handle ---- */

static bool set_login(struct gw_transfer *transfer)
{
    const struct gw_serve_config *target = transfer->target;
    CURL *easy = transfer->easy;
    unsigned long methods = target->login == GW_LOGIN_BASIC ? CURLAUTH_BASIC : CURLAUTH_DIGEST;
    if (target->login == GW_LOGIN_NONE || !transfer->password)
        return true;
    if (transfer->is_body_first && target->login == GW_LOGIN_DIGEST)
        methods |= CURLAUTH_AWS_SIGV4; /* no server offers it: libcurl waits for what is offered */
    return !curl_easy_setopt(easy, CURLOPT_HTTPAUTH, methods) &&
           !curl_easy_setopt(easy, CURLOPT_USERNAME, target->user) &&
           !curl_easy_setopt(easy, CURLOPT_PASSWORD, transfer->password);
}

/* Its certificate is checked always; ca_file stands in the place of the system's list. */
static bool set_certificates(struct gw_transfer *transfer)
{
    const struct gw_serve_config *target = transfer->target;
    CURL *easy = transfer->easy;
    bool ok = !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
              !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
              !curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ok && *target->ca_file)
        ok = !curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca_file) &&
             !curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (ok && *target->cert_file)
        ok = !curl_easy_setopt(easy, CURLOPT_SSLCERT, target->cert_file) &&
             !curl_easy_setopt(easy, CURLOPT_SSLKEY,
                               *target->key_file ? target->key_file : target->cert_file);
    return ok;
}

static bool set_connection(struct gw_transfer *transfer, long long left_ms)
{
    CURL *easy = transfer->easy;
    unsigned keepalive_ms = transfer->target->keepalive_ms;
    long connect_ms = left_ms / 2 < MOST_CONNECT_MS ? (long)(left_ms / 2) + 1 : MOST_CONNECT_MS;
    bool ok = !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms) &&
              !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) &&
              !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
              /* Without it the end of a transfer waits for its name to be found, or not. */
              !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) &&
              !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
              !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    /* Whole seconds: of less than one none is kept. */
    if (ok && keepalive_ms >= 1000)
        ok = !curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)(keepalive_ms / 1000));
    else if (ok)
        ok = !curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    if (ok && (transfer->is_body_first || keepalive_ms < 1000))
        ok = !curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    return ok;
}

static bool set_request(struct gw_transfer *transfer)
{
    CURL *easy = transfer->easy;
    bool ok = !curl_easy_setopt(easy, CURLOPT_URL, transfer->url) &&
              !curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) &&
              !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
              !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
              !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
              !curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate") &&
              !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) &&
              !curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request) &&
              !curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    if (ok && transfer->is_post)
        ok = !curl_easy_setopt(easy, CURLOPT_POST, 1L) &&
             !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)transfer->body_bytes) &&
             !curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body) &&
             !curl_easy_setopt(easy, CURLOPT_READDATA, transfer) &&
             !curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body) &&
             !curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
    return ok;
}

static bool set_answer(struct gw_transfer *transfer)
{
    CURL *easy = transfer->easy;
    return !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) &&
           !curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) &&
           !curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->most_bytes) &&
           !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->why) &&
           !curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

bool gw_transfer_begin(struct gw_transfer *transfer, long long now_ms)
{
    long long left_ms = transfer->deadline_ms - now_ms;
    curl_easy_cleanup(transfer->easy);
    transfer->easy = curl_easy_init();
    transfer->attempts++;
    transfer->answer_bytes = transfer->header_bytes = 0;
    transfer->shown_status = 0;
    transfer->is_head_whole = false;
    transfer->why[0] = '\0';
    return transfer->easy && set_request(transfer) &&
           set_connection(transfer, left_ms > 0 ? left_ms : 1) && set_certificates(transfer) &&
           set_login(transfer) && set_answer(transfer);
}

/* ---- its end ---- */

/* Whether what came may answer a request without a body: the one that asks for a login, or one by a
 * connection that was left in that state. By a new one the head was the call's, and its answer came
 * before the body had begun. */
static bool lacked_body(const struct gw_transfer *transfer)
{
    bool asks_first = transfer->target->login == GW_LOGIN_DIGEST && transfer->password &&
                      !transfer->is_body_first;
    long connects = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    return transfer->is_post && !transfer->was_sent && (asks_first || connects == 0);
}

bool gw_transfer_again(struct gw_transfer *transfer, CURLcode result)
{
    if (result != CURLE_OK || transfer->shown_status == 401 || !lacked_body(transfer) ||
        transfer->attempts >= MOST_ATTEMPTS)
        return false;
    transfer->is_body_first = true;
    return true;
}

static void tell(struct gw_transfer *transfer, struct gw_client_answer *answer)
{
    answer->was_sent = transfer->was_sent;
    if (!answer->content_type)
        answer->content_type = "";
    transfer->done(transfer->user, answer);
    free(answer->body);
}

/* What the sentence says of a transfer that libcurl has ended without an answer. */
static const char *reason(const struct gw_transfer *transfer, CURLcode result)
{
    if (transfer->has_no_memory)
        return "there is no memory left for the answer";
    if (transfer->has_too_many_headers)
        return "the answer has more headers than limits.header has room for";
    if (result == CURLE_OPERATION_TIMEDOUT)
        return transfer->was_sent ? "no answer came in time" : "it wasn't reached in time";
    if (result == CURLE_OK && !transfer->was_sent)
        return "it answered before it was asked";
    if (result == CURLE_OK || result == CURLE_SEND_FAIL_REWIND ||
        result == CURLE_ABORTED_BY_CALLBACK)
        return "the connection ended before an answer came";
    return *transfer->why ? transfer->why : curl_easy_strerror(result);
}

/* Both, if the backend has said how much it is going to send. */
static void say_sizes(struct gw_transfer *transfer)
{
    curl_off_t bytes = -1;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &bytes);
    if (bytes > (curl_off_t)transfer->most_bytes)
        snprintf(transfer->why, sizeof transfer->why,
                 "it has %lld bytes, and %zu bytes are the most", (long long)bytes,
                 transfer->most_bytes);
    else
        snprintf(transfer->why, sizeof transfer->why, "it has more than %zu bytes",
                 transfer->most_bytes);
}

/* Whether a response is the call's own, or refuses it. libcurl takes half a head for a whole one
 * when the connection ends there. */
static bool is_answered(const struct gw_transfer *transfer, CURLcode result)
{
    if (was_refused(transfer))
        return result == CURLE_OK || result == CURLE_SEND_FAIL_REWIND;
    return result == CURLE_OK && transfer->is_head_whole && transfer->shown_status >= 200 &&
           (transfer->shown_status == 401 || !lacked_body(transfer));
}

/* answered: a whole response came, whatever it says. Over a limit: too large. All else: unreached
 * if no byte of the body was handed over, for then the backend can't have had the call; lost
 * otherwise. */
void gw_transfer_end(struct gw_transfer *transfer, CURLcode result)
{
    struct gw_client_answer answer = {.status = transfer->shown_status};
    char *type = NULL;
    if (is_answered(transfer, result)) {
        answer.end = GW_CLIENT_ANSWERED;
        curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
        answer.content_type = type;
        answer.body_bytes = transfer->answer_bytes;
        answer.body = transfer->answer ? transfer->answer : strdup("");
        atomic_fetch_sub(&transfer->memory->bytes, transfer->answer_room);
        transfer->answer = NULL;
        transfer->answer_room = 0;
        if (!answer.body) {
            answer.end = GW_CLIENT_LOST;
            answer.why = "there is no memory left for the answer";
        }
    } else if (transfer->is_too_large || result == CURLE_FILESIZE_EXCEEDED) {
        say_sizes(transfer);
        answer.end = GW_CLIENT_TOO_LARGE;
        answer.why = transfer->why;
    } else {
        answer.end = transfer->was_sent ? GW_CLIENT_LOST : GW_CLIENT_UNREACHED;
        answer.why = reason(transfer, result);
    }
    tell(transfer, &answer);
}

void gw_transfer_give_up(struct gw_transfer *transfer, enum gw_client_end end, const char *why)
{
    struct gw_client_answer answer = {.end = end, .why = why};
    tell(transfer, &answer);
}
