/* See transfer.h. Happy path: new, begin, end. Failures: see gw_transfer_end(). */
#include "client/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
    LEAST_MS = 50,      /* not worth to begin with: it would end as unknown */
    MOST_ATTEMPTS = 3,  /* handles for one request, whose body had not been asked for */
    SHARE_BYTES = 4096, /* what a transfer holds beside its body, about */
    MOST_URL_BYTES = 2048
};

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
    bool ok = add_header(&transfer->easy.headers, "Expect:"); /* who waits for it waits a second */
    for (; ok && headers && headers->name; headers++) {
        char *line = NULL;
        if (strpbrk(headers->value, "\r\n"))
            continue;
        ok = asprintf(&line, *headers->value ? "%s: %s" : "%s;", headers->name, headers->value) >=
                 0 &&
             add_header(&transfer->easy.headers, line);
        free(line);
    }
    return ok;
}

/* All but the body. false: no memory. */
static bool fill(struct gw_transfer *transfer, const struct gw_client_request *request)
{
    struct gw_easy *easy = &transfer->easy;
    unsigned half_ms = request->timeout_ms / 2;
    transfer->deadline_ms = gw_clock_ms() + request->timeout_ms;
    transfer->latest_ms = transfer->deadline_ms - (half_ms < LEAST_MS ? half_ms : LEAST_MS);
    transfer->done = request->done;
    transfer->user = request->user;
    easy->user = transfer;
    easy->target = request->target;
    easy->body_bytes = request->body_bytes;
    easy->most_bytes = request->most_bytes;
    easy->is_post = strcmp(request->method, "POST") == 0;
    easy->url = strdup(request->url);
    easy->password = request->password ? strdup(request->password) : NULL;
    return easy->url && (easy->password || !request->password) &&
           add_headers(transfer, request->headers);
}

struct gw_transfer *gw_transfer_new(struct gw_transfer_limits *limits, struct gw_config *config,
                                    const struct gw_client_request *request, char *why,
                                    size_t why_bytes)
{
    struct gw_transfer *transfer;
    char *authority = authority_of(request->url, why, why_bytes);
    if (!authority)
        return NULL;
    if (!gw_memory_take(&limits->memory, SHARE_BYTES + request->body_bytes)) {
        snprintf(why, why_bytes,
                 "the gateway holds as many requests as limits.memory has room for");
        free(authority);
        return NULL;
    }
    transfer = calloc(1, sizeof *transfer);
    if (!transfer) {
        gw_memory_give(&limits->memory, SHARE_BYTES + request->body_bytes);
        free(authority);
        snprintf(why, why_bytes, "there is no memory left");
        return NULL;
    }
    transfer->easy.memory = &limits->memory;
    transfer->easy.most_header_bytes = limits->most_header_bytes;
    transfer->authority_text = authority;
    transfer->config = gw_config_hold(config);
    if (fill(transfer, request)) {
        transfer->easy.body = request->body;
        return transfer;
    }
    gw_transfer_free(transfer);
    snprintf(why, why_bytes, "there is no memory left");
    return NULL;
}

void gw_transfer_free(struct gw_transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy.curl);
    curl_slist_free_all(transfer->easy.headers);
    if (transfer->easy.password)
        explicit_bzero(transfer->easy.password, strlen(transfer->easy.password));
    free(transfer->easy.password);
    free(transfer->easy.url);
    free(transfer->authority_text);
    free(transfer->easy.body);
    free(transfer->easy.answer);
    gw_memory_give(transfer->easy.memory,
                   SHARE_BYTES + transfer->easy.body_bytes + transfer->easy.answer_room);
    gw_config_release(transfer->config);
    free(transfer);
}

/* ---- its course ---- */

bool gw_transfer_begin(struct gw_transfer *transfer, long long now_ms)
{
    return gw_easy_begin(&transfer->easy, transfer->deadline_ms - now_ms);
}

bool gw_transfer_again(struct gw_transfer *transfer, CURLcode result)
{
    if (result != CURLE_OK || transfer->easy.shown_status == 401 ||
        !gw_easy_lacked_body(&transfer->easy) || transfer->easy.attempts >= MOST_ATTEMPTS)
        return false;
    transfer->easy.is_body_first = true;
    return true;
}

static void tell(struct gw_transfer *transfer, struct gw_client_answer *answer)
{
    answer->was_sent = transfer->easy.was_sent;
    if (!answer->content_type)
        answer->content_type = "";
    transfer->done(transfer->user, answer);
    free(answer->body);
}

/* What the sentence says of a transfer that libcurl has ended without an answer. */
static const char *reason(const struct gw_transfer *transfer, CURLcode result)
{
    if (transfer->easy.has_no_memory)
        return "there is no memory left for the answer";
    if (transfer->easy.has_too_many_headers)
        return "the answer has more headers than limits.header has room for";
    if (result == CURLE_OPERATION_TIMEDOUT)
        return transfer->easy.was_sent ? "no answer came in time" : "it wasn't reached in time";
    if (result == CURLE_OK && !transfer->easy.was_sent)
        return "it answered before it was asked";
    if (result == CURLE_OK || result == CURLE_SEND_FAIL_REWIND ||
        result == CURLE_ABORTED_BY_CALLBACK)
        return "the connection ended before an answer came";
    return *transfer->easy.why ? transfer->easy.why : curl_easy_strerror(result);
}

/* Both, if the backend has said how much it is going to send. */
static void say_sizes(struct gw_transfer *transfer)
{
    curl_off_t bytes = -1;
    curl_easy_getinfo(transfer->easy.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &bytes);
    if (bytes > (curl_off_t)transfer->easy.most_bytes)
        snprintf(transfer->easy.why, sizeof transfer->easy.why,
                 "it has %lld bytes, and %zu bytes are the most", (long long)bytes,
                 transfer->easy.most_bytes);
    else
        snprintf(transfer->easy.why, sizeof transfer->easy.why, "it has more than %zu bytes",
                 transfer->easy.most_bytes);
}

/* Whether a response is the call's own, or refuses it. libcurl takes half a head for a whole one
 * when the connection ends there. */
static bool is_answered(const struct gw_transfer *transfer, CURLcode result)
{
    if (gw_easy_was_refused(&transfer->easy))
        return result == CURLE_OK || result == CURLE_SEND_FAIL_REWIND;
    return result == CURLE_OK && transfer->easy.is_head_whole &&
           transfer->easy.shown_status >= 200 &&
           (transfer->easy.shown_status == 401 || !gw_easy_lacked_body(&transfer->easy));
}

/* answered: a whole response came, whatever it says. Over a limit: too large. All else: unreached
 * if no byte of the body was handed over, for then the backend can't have had the call; lost
 * otherwise. */
void gw_transfer_end(struct gw_transfer *transfer, CURLcode result)
{
    struct gw_client_answer answer = {.status = transfer->easy.shown_status};
    char *type = NULL;
    if (is_answered(transfer, result)) {
        answer.end = GW_CLIENT_ANSWERED;
        curl_easy_getinfo(transfer->easy.curl, CURLINFO_CONTENT_TYPE, &type);
        answer.content_type = type;
        answer.body_bytes = transfer->easy.answer_bytes;
        answer.body = transfer->easy.answer ? transfer->easy.answer : strdup("");
        gw_memory_give(transfer->easy.memory, transfer->easy.answer_room);
        transfer->easy.answer = NULL;
        transfer->easy.answer_room = 0;
        if (!answer.body) {
            answer.end = GW_CLIENT_LOST;
            answer.why = "there is no memory left for the answer";
        }
    } else if (transfer->easy.is_too_large || result == CURLE_FILESIZE_EXCEEDED) {
        say_sizes(transfer);
        answer.end = GW_CLIENT_TOO_LARGE;
        answer.why = transfer->easy.why;
    } else {
        answer.end = transfer->easy.was_sent ? GW_CLIENT_LOST : GW_CLIENT_UNREACHED;
        answer.why = reason(transfer, result);
    }
    tell(transfer, &answer);
}

void gw_transfer_give_up(struct gw_transfer *transfer, enum gw_client_end end, const char *why)
{
    struct gw_client_answer answer = {.end = end, .why = why};
    tell(transfer, &answer);
}
