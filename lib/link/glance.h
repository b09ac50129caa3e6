/* glance.h - which operation a packed request is for, as far as that is needed and paid for.
 *
 * Noun: the glance, the same for requests in iqs and in messages. Thread: the loop thread.
 */
#ifndef SX_LINK_GLANCE_H
#define SX_LINK_GLANCE_H

#include "link/reception.h"

/* Takes the packed envelope (element NULL: it stands alone) of a request and looks into it, unless
 * nobody would learn anything by that. envelope->err and why say what keeps it from being admitted;
 * SX_EFULL: its caller's budget has ended before the operation was known, and the operation
 * matters. */
void sx_glance_take(const struct sx_reception *reception, const struct sx_incoming *incoming,
                    const struct sx_element *element, struct sx_stream *stream,
                    struct sx_envelope *envelope);

#endif
