/* addresses.h - the addresses of an envelope: the backend's own in a request, xmpp: ones in an
 * answer.
 *
 * An envelope that can't be rewritten stays as it is. What was rewritten, and what wasn't since it
 * is signed, is counted. */
#ifndef GW_ADDRESSES_H
#define GW_ADDRESSES_H

#include "serve/backend.h"

/* *envelope is malloc'ed, and replaced by another one. Any thread. */
void gw_addresses_request(const struct gw_backend *backend, char **envelope, size_t *bytes,
                          size_t most_bytes);
void gw_addresses_answer(const struct gw_backend *backend, char **envelope, size_t *bytes,
                         size_t most_bytes);

#endif
