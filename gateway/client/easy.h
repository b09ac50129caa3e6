/* easy.h - one request as libcurl carries it: its easy handle's options, and what libcurl calls.
 *
 * Noun: the easy handle. Invariant: the body is handed to libcurl once, from its beginning to its
 * end, and again only after the backend has said 401 to it; was_sent is set with its first byte. So
 * without was_sent nothing can have been executed. The client's thread alone. */
#ifndef GW_EASY_H
#define GW_EASY_H

#include <curl/curl.h>

#include "client/client.h"
#include "client/memory.h"

struct gw_easy {
    CURL *curl; /* NULL: not begun */
    void *user; /* CURLINFO_PRIVATE */
    struct gw_memory *memory;
    const struct gw_serve_config *target;
    char *url, *password;
    struct curl_slist *headers;
    char *body;
    size_t body_bytes, read_bytes;
    size_t most_bytes, most_header_bytes; /* of the answer */
    bool is_post, was_sent;
    bool is_body_first; /* no empty request asks for a login before it */
    char *answer;
    size_t answer_bytes, answer_room, header_bytes;
    bool is_too_large, has_no_memory, has_too_many_headers;
    unsigned attempts, refusals;
    int shown_status;   /* of the last response that has begun to come; 0: of this body none */
    bool is_head_whole; /* of that response */
    char why[CURL_ERROR_SIZE];
};

/* Makes the handle anew, for a request that has left_ms. false: no memory. */
bool gw_easy_begin(struct gw_easy *easy, long long left_ms);
/* Whether the last response refuses the request itself, body and all, for want of a login. */
bool gw_easy_was_refused(const struct gw_easy *easy);
/* Whether what came may answer a request without a body: the one that asks for a login, or one by a
 * connection that was left in that state. By a new one the head was the call's, and its answer came
 * before the body had begun. */
bool gw_easy_lacked_body(const struct gw_easy *easy);

#endif
