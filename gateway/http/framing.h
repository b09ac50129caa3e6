/* framing.h - where a request ends, and whether all agree on it (RFC 9112 6.3).
 *
 * On the listener's thread; doesn't block. */
#ifndef GW_FRAMING_H
#define GW_FRAMING_H

#include "http/request_state.h"

/* Sets is_chunked, announced_bytes and is_last. Refuses the request when a proxy before us could
 * have found another end (400), when its body is too large by its own word (413), or when it
 * expects what we don't know (417). */
void gw_framing_check(struct gw_request *request);

#endif
