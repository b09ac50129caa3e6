/* addresses.h - the addresses of an envelope: the backend's own in a request, xmpp: ones in an
 * answer.
 *
 * Noun: the addresses. Invariant: as soap/replacement.h has it. */
#ifndef GW_ADDRESSES_H
#define GW_ADDRESSES_H

#include "serve/backend.h"

/* *envelope is malloc'ed, and may become another one. most_bytes: of that. Any thread; takes as
 * long as its bytes want. */
void gw_addresses_request(const struct gw_backend *backend, char **envelope, size_t *bytes,
                          size_t most_bytes);
void gw_addresses_answer(const struct gw_backend *backend, char **envelope, size_t *bytes,
                         size_t most_bytes);

#endif
