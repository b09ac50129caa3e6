/* size_limit.h - what may leave: the size of a stanza, as servers may rewrite it.
 *
 * Invariant: what is said to fit is taken by every server whose limit is that of the configuration,
 * or of our own server.
 *
 * Thread: any.
 */
#ifndef SX_LINK_SIZE_LIMIT_H
#define SX_LINK_SIZE_LIMIT_H

#include "link/session.h"
#include "request/response.h"
#include "soap/payload.h"
#include "wire/stanza.h"

/* The largest stanza that may leave, as the servers may rewrite it; whether our server set the
 * limit (NULL allowed). */
size_t sx_size_limit_outgoing(const struct sx_session *session, bool *is_servers);

/* The largest element that goes in one stanza although it could go in pieces: less than that limit
 * where the server is slow, or isn't known yet to be fast (net/speed.h). */
size_t sx_size_limit_whole(const struct sx_session *session);

/* Whether a plain payload fits into a stanza that no server refuses, and into the queue; a message
 * with whatever id. False: why says size and limit. */
bool sx_size_limit_allows(const struct sx_session *session, const struct sx_payload *payload,
                          const struct sx_head *head, char *why, size_t why_bytes);

/* Whether what ("the envelope") goes out in one stanza, with so many bytes more; false: why says
 * why not. A payload that is loose is too large even packed, and whoever asks can't send it in
 * pieces. */
bool sx_size_limit_fits(const struct sx_session *session, const char *what,
                        const struct sx_payload *payload, const struct sx_head *head,
                        size_t more_bytes, char *why, size_t why_bytes);

/* Whether an iq with this element ("the question") goes out in one stanza; false: why says size and
 * limit. */
bool sx_size_limit_fits_element(const struct sx_session *session, const char *what,
                                const char *element, const struct sx_head *head, char *why,
                                size_t why_bytes);

/* Whether a response that was given before still fits one stanza, with this head: since then the
 * limit may have changed, and the name that it goes to may be longer. */
bool sx_size_limit_fits_again(const struct sx_session *session, const struct sx_response *response,
                              const struct sx_head *head);

/* SX_ETOOBIG, with size and limit (max_message_bytes) in why. */
enum sx_err sx_size_limit_refuse(const struct sx_session *session, const char *what, size_t bytes,
                                 char *why, size_t why_bytes);

#endif
