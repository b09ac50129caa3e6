/* incoming.h - one stanza that came. For content.c, admission.c,
 * bytestream.c and receive*.c alone; the loop thread.
 */
#ifndef SX_LINK_INCOMING_H
#define SX_LINK_INCOMING_H

#include <stdbool.h>
#include <stdint.h>

#include "net/stream.h"
#include "wire/element.h"

/* The attributes of an iq or a message, borrowed from the stream. */
struct sx_incoming {
    const char *type, *id, *from, *to;
    uint64_t number; /* of the session in which it came */
    bool is_message;
};

/* For a trace. */
static inline const char *sx_incoming_text(const char *text)
{
    return text ? text : "";
}

#endif
