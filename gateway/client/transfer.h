/* transfer.h - one request to a backend, as libcurl carries it.
 *
 * Noun: the transfer. Invariant: the body is handed to libcurl once, from its beginning to its end;
 * a second beginning ends the transfer. So was_sent, which is set with the first byte, is never
 * wrong in the direction that matters: without it nothing can have been executed.
 * The client's thread alone, but for gw_transfer_new(). */
#ifndef GW_TRANSFER_H
#define GW_TRANSFER_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "client/client.h"

/* What all transfers hold together, and the most of it. */
struct gw_transfer_memory {
    atomic_size_t bytes;
    size_t most_bytes;
    size_t most_header_bytes; /* of one answer */
};

struct gw_authority;
TAILQ_HEAD(gw_transfers, gw_transfer);

struct gw_transfer {
    TAILQ_ENTRY(gw_transfer) entry; /* in one list: new, waiting at its authority, under way */
    struct gw_authority *authority; /* whose connection it has, or waits for; NULL: not yet */
    struct gw_transfer_memory *memory;
    struct gw_config *config; /* held */
    const struct gw_serve_config *target;
    char *url, *password;
    char *authority_text; /* "https://cam1.lan:443" */
    struct curl_slist *headers;
    char *body;
    size_t body_bytes, read_bytes;
    size_t most_bytes;
    long long deadline_ms, latest_ms; /* of its end; of its beginning, so that it may have one */
    gw_client_done_fn *done;
    void *user;
    CURL *easy; /* NULL: not begun */
    bool is_post, was_sent;
    bool is_body_first; /* it isn't asked without a body first */
    char *answer;
    size_t answer_bytes, answer_room, header_bytes;
    bool is_too_large, has_no_memory, has_too_many_headers;
    unsigned attempts, refusals;
    int shown_status;   /* of the last response that has begun to come; 0: of this body none */
    bool is_head_whole; /* of that response */
    char why[CURL_ERROR_SIZE];
};

/* NULL with one sentence in why; the body stays the caller's until gw_transfer_own_body(). */
struct gw_transfer *gw_transfer_new(struct gw_transfer_memory *memory, struct gw_config *config,
                                    const struct gw_client_request *request, char *why,
                                    size_t why_bytes);
void gw_transfer_free(struct gw_transfer *transfer); /* NULL is fine */

/* Makes its easy handle, for the time that is left of it. false: no memory. */
bool gw_transfer_begin(struct gw_transfer *transfer, long long now_ms);
/* Whether what has come isn't the call's answer, since its body was never asked for, and the
 * request goes out by a new handle: gw_transfer_begin() is due. */
bool gw_transfer_again(struct gw_transfer *transfer, CURLcode result);
/* Tells done how libcurl has ended it; CURLE_OK: by an answer. */
void gw_transfer_end(struct gw_transfer *transfer, CURLcode result);
/* Tells done that it ends without libcurl: it stopped, or waited in vain. */
void gw_transfer_give_up(struct gw_transfer *transfer, enum gw_client_end end, const char *why);

#endif
