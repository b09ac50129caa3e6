/* copy.h - one copy of a call that is to go out: what its stanza is made of.
 *
 * Noun: the copy. Any thread; no lock.
 */
#ifndef SX_EXCHANGE_COPY_H
#define SX_EXCHANGE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sx_copy {
    char *from;                /* malloc'ed; NULL: the link's own JID */
    char *peer, *id, *payload; /* malloc'ed; the payload ends with a NUL after payload_len bytes */
    size_t payload_len;
    uint64_t number; /* of its call; 0 unless sx_retry_take_packed gave it */
};

/* Copies all of it, from NULL but for calls that were made in somebody's name; false, and *copy is
 * zero: no memory. */
bool sx_copy_init(struct sx_copy *copy, const char *from, const char *peer, const char *id,
                  const char *payload, size_t payload_len);
void sx_copy_fini(struct sx_copy *copy); /* and zeroes it */

#endif
