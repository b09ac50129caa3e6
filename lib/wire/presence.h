/* presence.h - <presence/> stanzas (RFC 6121 4): what one says, and the mark of who serves.
 *
 * A process of this library that serves marks its presence with an element in SX_NS_PRESENCE, so
 * that nobody needs to ask which of an account's resources does.
 *
 * Pure functions, any thread.
 */
#ifndef SX_WIRE_PRESENCE_H
#define SX_WIRE_PRESENCE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "wire/element.h"
#include "wire/request_id.h"

/* The mark of who serves. */
struct sx_presence_mark {
    bool serves;                            /* false: there is no mark */
    bool packs;                             /* takes packed envelopes */
    char incarnation[SX_INCARNATION_BYTES]; /* "": it doesn't run each id once */
};

enum sx_presence_kind {
    SX_PRESENCE_NONE, /* nothing for us: a probe, or of no known type */
    SX_PRESENCE_AVAILABLE,
    SX_PRESENCE_GONE, /* unavailable, or what we sent came back as an error */
    SX_PRESENCE_SUBSCRIBE,
    SX_PRESENCE_SUBSCRIBED,
    SX_PRESENCE_UNSUBSCRIBED
};

/* What a <presence/> says; the mark of an available one alone. */
enum sx_presence_kind sx_presence_read(const struct sx_element *stanza,
                                       struct sx_presence_mark *mark);

/* Appends the mark; nothing for who doesn't serve. Errors show in
 * out->failed. */
void sx_presence_format_mark(struct sx_buffer *out, const struct sx_presence_mark *mark);

#endif
