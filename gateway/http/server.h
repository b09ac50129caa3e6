/* server.h - HTTP from others: requests come whole, and are answered once, by any thread.
 *
 * Noun: the server; it knows nothing of SOAP or XMPP. libmicrohttpd reads and writes (http/ alone
 * includes its header); a thread of our own accepts, and moves each connection to a high
 * descriptor, since a link needs one below 1,024.
 *
 * Invariant: each request that is told is answered exactly once by gw_request_answer(), also one
 * whose client has gone; the server can't stop before. */
#ifndef GW_SERVER_H
#define GW_SERVER_H

#include "config/config.h"
#include "http/request.h"

struct gw_server;

/* Told of a request once it has come whole, or is refused (gw_request_refusal()). Runs on the
 * server's thread, which must not block: answer here, or later from any thread. */
typedef void gw_server_take_fn(void *user, struct gw_request *request);

struct gw_server_counts {
    unsigned long connections, requests_under_way;
    unsigned long abandoned;  /* the client went away before its answer */
    unsigned long refused[6]; /* 400, 401, 408, 413, 431, 503: before anybody was told */
};

/* Whether the files of listens can be used: certificates, keys, users. 0, or -1 with one sentence
 * in why. Blocks. */
int gw_server_check(struct gw_config *config, const struct gw_listen *listens, size_t count,
                    char *why, size_t why_bytes);
/* Listens on all of listens; limits and auths are config's, which is held. NULL with one sentence
 * in why: an address in use, a certificate that can't be read. */
struct gw_server *gw_server_start(struct gw_config *config, const struct gw_listen *listens,
                                  size_t count, gw_server_take_fn *take, void *user, char *why,
                                  size_t why_bytes);
/* Users, groups, limits, certificates and keys of another configuration, whose listens are those of
 * the start in any order, from now on; requests that have begun keep theirs. Of limits that of
 * connections and that of headers stay. -1 with one sentence in why: a file can't be read, and all
 * is as before. Blocks while files are read. */
int gw_server_reload(struct gw_server *server, struct gw_config *config,
                     const struct gw_listen *listens, size_t count, char *why, size_t why_bytes);
/* The port of a listener (0 in its address: any free one), for tests and logs. */
unsigned gw_server_port(const struct gw_server *server, size_t which);
/* No new connections and no new requests (503) from now on; returns at once. */
void gw_server_drain(struct gw_server *server);
/* How many requests are told and not answered. */
size_t gw_server_busy(const struct gw_server *server);
/* Waits until all requests are answered, which their owners do, and ends. Blocks. NULL is fine. */
void gw_server_stop(struct gw_server *server);
void gw_server_count(const struct gw_server *server, struct gw_server_counts *counts);
/* When the server's threads last turned: a moment of gw_clock_ms(); all of them since then. */
long long gw_server_turned_ms(const struct gw_server *server);

#endif
