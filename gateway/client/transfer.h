/* transfer.h - one request to a backend, from its beginning to its end.
 *
 * Noun: the transfer. Invariant: done is called once, by end or give_up. The client's thread alone,
 * but for gw_transfer_new(). */
#ifndef GW_TRANSFER_H
#define GW_TRANSFER_H

#include <sys/queue.h>

#include "client/easy.h"

struct gw_authority;
TAILQ_HEAD(gw_transfers, gw_transfer);

struct gw_transfer {
    TAILQ_ENTRY(gw_transfer) entry;   /* in one list: new, waiting at its authority, under way */
    struct gw_authority *authority;   /* whose connection it has, or waits for; NULL: not yet */
    struct gw_config *config;         /* held */
    char *authority_text;             /* "https://cam1.lan:443" */
    long long deadline_ms, latest_ms; /* of its end; of its beginning, so that it may have one */
    gw_client_done_fn *done;
    void *user;
    struct gw_easy easy;
};

/* What a client's transfers share. */
struct gw_transfer_limits {
    struct gw_memory memory;
    size_t most_header_bytes; /* of one answer */
};

/* NULL with one sentence in why; the body stays the caller's until gw_transfer_own_body(). */
struct gw_transfer *gw_transfer_new(struct gw_transfer_limits *limits, struct gw_config *config,
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
