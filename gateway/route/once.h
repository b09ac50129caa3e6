/* once.h - calls that have a name run once: who asks again gets the first one's answer.
 *
 * Noun: the name of a call, an Idempotency-Key or a wsa:MessageID. Invariant: from the moment at
 * which a name is taken until ten minutes after its call has ended nobody else is told to run it,
 * unless it certainly was not executed; a name that can't be kept isn't taken.
 *
 * Memory: names and answers have a limit together. A name takes 128 bytes and is never dropped
 * early; an answer is, the oldest first, when something newer needs its room. A later copy of such
 * a call learns that it was executed, and no more. All of it is lost with the process. */
#ifndef GW_ONCE_H
#define GW_ONCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "link/link.h"

struct gw_once;
struct gw_once_entry;

enum { GW_ONCE_KEPT_MS = 10 * 60 * 1000 };

/* How a named call has ended, as its client was told. */
struct gw_once_answer {
    int status;
    enum gw_outcome outcome;
    const char *end;          /* a constant, for the record */
    const char *content_type; /* "": there is no body */
    const char *text;         /* of the record */
    const char *body;
    size_t body_bytes;
    bool is_dropped; /* there was a body, and it isn't kept any longer */
};

/* Told to whoever has asked again. The answer is constant, and valid during the call. Never with a
 * lock held. */
typedef void gw_once_told_fn(void *user, const struct gw_once_answer *answer);

/* NULL: no memory, no random bytes. */
struct gw_once *gw_once_new(void);
void gw_once_free(struct gw_once *once); /* nothing is under way; NULL is fine */

enum gw_once_place {
    GW_ONCE_FIRST, /* run it, and say gw_once_end() */
    GW_ONCE_AGAIN, /* told() was or will be called, once, on this or another thread */
    GW_ONCE_OTHER, /* the name was given to another call: another body */
    GW_ONCE_FULL   /* the name can't be kept: don't run it */
};

/* Takes a name: its parts are the route, the endpoint, the user, the kind of name and itself. body:
 * of all that the service is sent. now_ms is gw_clock_ms()'s, most_bytes the limit of all. Any
 * thread; doesn't block. */
enum gw_once_place gw_once_begin(struct gw_once *once, const struct gw_digest_text *name,
                                 size_t parts, const unsigned char body[GW_DIGEST_BYTES],
                                 size_t most_bytes, long long now_ms, gw_once_told_fn *told,
                                 void *user, struct gw_once_entry **entry);
/* The first one has ended; all that have asked meanwhile are told. An answer whose outcome is
 * GW_NOT_EXECUTED is forgotten then, so that the next one with this name runs. */
void gw_once_end(struct gw_once *once, struct gw_once_entry *entry,
                 const struct gw_once_answer *answer, size_t most_bytes, long long now_ms);
size_t gw_once_bytes(struct gw_once *once); /* what is held */

#endif
