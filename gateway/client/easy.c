/* See easy.h.
 *
 * Why a read function: a kept connection that the backend has closed meanwhile dies without a byte
 * of an answer, and libcurl sends the request again by another one, as it does for a GET. It can't
 * where the body comes from a function that doesn't go back, and ends with CURLE_SEND_FAIL_REWIND.
 * The function that libcurl calls before each request of a connection (CURLOPT_PREREQFUNCTION)
 * refuses a second one all the same.
 *
 * Why it does go back after a 401: that is the backend's word that it has not executed the request
 * (a nonce was stale). Which response a status belongs to is known, since the first byte of a body
 * forgets the one before.
 *
 * Digest: libcurl asks with an empty body first. What comes then but a 401 is no answer to the
 * call: below 300 libcurl goes on with the body by itself; else the backend wants no login for this
 * one (ONVIF: GetSystemDateAndTime), or dislikes an empty body: it gets the body first then. By a
 * new connection, for on the old one libcurl goes on to send empty bodies, for others, too; an
 * answer to one of those is known by the same mark: the body was never asked for. */
#include "client/easy.h"

#include <stdlib.h>
#include <string.h>

#include "base/descriptor.h"

enum {
    /* Callers send copies from 2 s on, and take what is said later for unknown. A device on our own
     * network that doesn't answer by then is off; a handshake of TLS takes some of them longer. */
    MOST_CONNECT_MS = 1500,
    MOST_HANDSHAKE_MS = 10000,
    MOST_REFUSALS = 3 /* 401 for one request */
};

/* ---- what libcurl calls ---- */

static size_t read_body(char *out, size_t size, size_t count, void *user)
{
    struct gw_easy *easy = user;
    size_t left = easy->body_bytes - easy->read_bytes, room = size * count;
    if (left > room)
        left = room;
    if (left > 0 && !easy->was_sent) {
        easy->was_sent = true;
        easy->shown_status = 0;
    }
    if (left > 0) {
        memcpy(out, easy->body + easy->read_bytes, left);
        easy->read_bytes += left;
    }
    return left;
}

bool gw_easy_was_refused(const struct gw_easy *easy)
{
    return easy->was_sent && easy->shown_status == 401 && easy->is_head_whole;
}

static int rewind_body(void *user, curl_off_t offset, int origin)
{
    struct gw_easy *easy = user;
    if (offset != 0 || origin != SEEK_SET || !gw_easy_was_refused(easy) ||
        ++easy->refusals >= MOST_REFUSALS)
        return CURL_SEEKFUNC_FAIL;
    easy->was_sent = false;
    easy->read_bytes = 0;
    return CURL_SEEKFUNC_OK;
}

static int before_request(void *user, char *remote, char *local, int remote_port, int local_port)
{
    struct gw_easy *easy = user;
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    if (!easy->is_post)
        easy->was_sent = true;
    else if (easy->was_sent)
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
    struct gw_easy *easy = user;
    size_t bytes = size * count;
    if (bytes > 5 && memcmp(line, "HTTP/", 5) == 0) {
        const char *space = memchr(line, ' ', bytes);
        easy->shown_status = space ? (int)strtol(space, NULL, 10) : 0;
        easy->header_bytes = easy->answer_bytes = 0;
        easy->is_head_whole = false;
    }
    if (bytes <= 2 && strchr("\r\n", *line))
        easy->is_head_whole = true;
    easy->header_bytes += bytes;
    easy->has_too_many_headers = easy->header_bytes > easy->most_header_bytes;
    return easy->has_too_many_headers ? 0 : bytes;
}

static bool grow(struct gw_easy *easy, size_t needed)
{
    size_t room = easy->answer_room ? easy->answer_room * 2 : 4096, more;
    char *grown;
    while (room < needed)
        room *= 2;
    if (room > easy->most_bytes + 1)
        room = easy->most_bytes + 1;
    more = room - easy->answer_room;
    if (!gw_memory_take(easy->memory, more))
        return false;
    grown = realloc(easy->answer, room);
    if (!grown) {
        gw_memory_give(easy->memory, more);
        return false;
    }
    easy->answer = grown;
    easy->answer_room = room;
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct gw_easy *easy = user;
    size_t more = size * count, needed = easy->answer_bytes + more + 1;
    if (more > easy->most_bytes - easy->answer_bytes) {
        easy->is_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (needed > easy->answer_room && !grow(easy, needed)) {
        easy->has_no_memory = true;
        return CURL_WRITEFUNC_ERROR;
    }
    memcpy(easy->answer + easy->answer_bytes, bytes, more);
    easy->answer_bytes += more;
    easy->answer[easy->answer_bytes] = '\0';
    return more;
}

/* ---- its handle ---- */

static bool set_login(struct gw_easy *easy)
{
    const struct gw_serve_config *target = easy->target;
    CURL *curl = easy->curl;
    unsigned long methods = target->login == GW_LOGIN_BASIC ? CURLAUTH_BASIC : CURLAUTH_DIGEST;
    if (target->login == GW_LOGIN_NONE || !easy->password)
        return true;
    if (easy->is_body_first && target->login == GW_LOGIN_DIGEST)
        methods |= CURLAUTH_AWS_SIGV4; /* no server offers it: libcurl waits for what is offered */
    return !curl_easy_setopt(curl, CURLOPT_HTTPAUTH, methods) &&
           !curl_easy_setopt(curl, CURLOPT_USERNAME, target->user) &&
           !curl_easy_setopt(curl, CURLOPT_PASSWORD, easy->password);
}

/* Its certificate is checked always; ca_file stands in the place of the system's list. */
static bool set_certificates(struct gw_easy *easy)
{
    const struct gw_serve_config *target = easy->target;
    CURL *curl = easy->curl;
    bool ok = !curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) &&
              !curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) &&
              !curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ok && *target->ca_file)
        ok = !curl_easy_setopt(curl, CURLOPT_CAINFO, target->ca_file) &&
             !curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    if (ok && *target->cert_file)
        ok = !curl_easy_setopt(curl, CURLOPT_SSLCERT, target->cert_file) &&
             !curl_easy_setopt(curl, CURLOPT_SSLKEY,
                               *target->key_file ? target->key_file : target->cert_file);
    return ok;
}

static bool set_connection(struct gw_easy *easy, long long left_ms)
{
    CURL *curl = easy->curl;
    unsigned keepalive_ms = easy->target->keepalive_ms;
    long most_ms = strncasecmp(easy->url, "https", 5) == 0 ? MOST_HANDSHAKE_MS : MOST_CONNECT_MS;
    long connect_ms = left_ms < most_ms ? (long)left_ms : most_ms;
    bool ok = !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms) &&
              !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) &&
              !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
              /* Without it the end of a transfer waits for its name to be found, or not. */
              !curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) &&
              !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
              !curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    /* Whole seconds: of less than one none is kept. */
    if (ok && keepalive_ms >= 1000)
        ok = !curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)(keepalive_ms / 1000));
    else if (ok)
        ok = !curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    if (ok && (easy->is_body_first || keepalive_ms < 1000))
        ok = !curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    return ok;
}

static bool set_request(struct gw_easy *easy)
{
    CURL *curl = easy->curl;
    bool ok = !curl_easy_setopt(curl, CURLOPT_URL, easy->url) &&
              !curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) &&
              !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
              !curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
              !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) &&
              !curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate") &&
              !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, easy->headers) &&
              !curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_request) &&
              !curl_easy_setopt(curl, CURLOPT_PREREQDATA, easy);
    if (ok && easy->is_post)
        ok = !curl_easy_setopt(curl, CURLOPT_POST, 1L) &&
             !curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)easy->body_bytes) &&
             !curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body) &&
             !curl_easy_setopt(curl, CURLOPT_READDATA, easy) &&
             !curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_body) &&
             !curl_easy_setopt(curl, CURLOPT_SEEKDATA, easy);
    return ok;
}

static bool set_answer(struct gw_easy *easy)
{
    CURL *curl = easy->curl;
    return !curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) &&
           !curl_easy_setopt(curl, CURLOPT_HEADERDATA, easy) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEDATA, easy) &&
           !curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)easy->most_bytes) &&
           !curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, easy->why) &&
           !curl_easy_setopt(curl, CURLOPT_PRIVATE, easy->user);
}

bool gw_easy_begin(struct gw_easy *easy, long long left_ms)
{
    curl_easy_cleanup(easy->curl);
    easy->curl = curl_easy_init();
    easy->attempts++;
    easy->answer_bytes = easy->header_bytes = 0;
    easy->shown_status = 0;
    easy->is_head_whole = false;
    easy->why[0] = '\0';
    return easy->curl && set_request(easy) && set_connection(easy, left_ms > 0 ? left_ms : 1) &&
           set_certificates(easy) && set_login(easy) && set_answer(easy);
}

/* ---- what came ---- */

bool gw_easy_lacked_body(const struct gw_easy *easy)
{
    bool asks_first =
        easy->target->login == GW_LOGIN_DIGEST && easy->password && !easy->is_body_first;
    long connects = 0;
    curl_easy_getinfo(easy->curl, CURLINFO_NUM_CONNECTS, &connects);
    return easy->is_post && !easy->was_sent && (asks_first || connects == 0);
}
