/* request.h - one HTTP request that came, and its answer.
 *
 * Noun: the request. Invariant: constant from the moment it is told until it is answered, and gone
 * then; all text lives as long. */
#ifndef GW_REQUEST_H
#define GW_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct gw_request;

const char *gw_request_method(const struct gw_request *request);
/* The path percent-decoded once, "/..." ; a path with %00, "..", or control characters never gets
 * here. And as it was sent; and what stood behind '?', as it was sent, "" without. */
const char *gw_request_path(const struct gw_request *request);
const char *gw_request_raw_path(const struct gw_request *request);
const char *gw_request_query(const struct gw_request *request);
/* The first header field of that name (any case), or NULL. */
const char *gw_request_header(const struct gw_request *request, const char *name);
/* Whether there are two fields of that name. */
bool gw_request_has_twice(const struct gw_request *request, const char *name);
const char *gw_request_user(const struct gw_request *request); /* "" : nobody was asked */
bool gw_request_is_in_group(const struct gw_request *request, const char *group);
const char *gw_request_address(const struct gw_request *request); /* the client's IP address */
/* How the client reaches us, without a '/' at its end: public-url, or by Host, X-Forwarded-Host and
 * -Proto of a trusted proxy: "https://gw.example.org:8443". "" when Host isn't a name and port. */
const char *gw_request_base(const struct gw_request *request);
/* What was sent, unpacked (Content-Encoding gzip, deflate), NUL-terminated. */
const char *gw_request_body(const struct gw_request *request, size_t *bytes);

/* 0, or the status that it must be answered with, since it wasn't read to its end: 400, 401, 405,
 * 413, 415, 417, 431, 503; and why, one sentence. The body is empty then. */
int gw_request_refusal(const struct gw_request *request);
const char *gw_request_why(const struct gw_request *request);

/* Whether the client has hung up (or has closed the half that sends, which looks the same; it gets
 * its answer then). Any thread. */
bool gw_request_is_gone(const struct gw_request *request);

/* A header field of an answer; a list ends with a NULL name. A value that is empty
 * or has a control character is left out. */
struct gw_header {
    const char *name, *value;
};
/* Answers, and frees the request. body is malloc'ed and becomes the server's, NULL is empty; the
 * fields are copied. Content-Length, Date, Connection, WWW-Authenticate (401) and gzip, if the
 * client takes it, are added here. Any thread; doesn't block. */
void gw_request_answer(struct gw_request *request, int status, const struct gw_header *headers,
                       char *body, size_t body_bytes);

#endif
