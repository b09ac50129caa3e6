/* roster.h - who is there: bare JID -> its live resources, as their presence says (RFC 6121 4).
 *
 * Invariant: each resource has sent an available presence since the link came online, and none of
 * another kind since. At most max_contacts bare JIDs, SX_PRESENCE_RESOURCES of each, all their
 * names together SX_PRESENCE_BYTES. A resource with a longer name than SX_PRESENCE_RESOURCE_BYTES
 * is as if it weren't there; for too many of one contact the one goes that has been there longest.
 *
 * Anybody may send us presence, and servers don't repeat theirs: so a newcomer never costs another
 * contact its place. Those that were asked for (list) have theirs for good, session after session,
 * whether anybody of them is there or not; for a new one another goes, of those that nobody has
 * asked for the one that came last, else the one not asked for for longest.
 *
 * A process of this library that serves marks its presence with an element in SX_NS_PRESENCE, so
 * that nobody needs to ask who of an account does. Priorities say where messages to a bare JID go
 * (RFC 6121 8.5.2), nothing of calls, and are ignored.
 *
 * Thread: any; one mutex per table, no call out with it held.
 */
#ifndef SX_PEERS_ROSTER_H
#define SX_PEERS_ROSTER_H

#include <stdint.h>
#include "wire/element.h"

#include "base/buffer.h"
#include "wire/request_id.h"
#include "wire/namespaces.h"

enum {
    SX_PRESENCE_RESOURCES = 64,
    SX_PRESENCE_RESOURCE_BYTES = 255, /* without NUL */
    SX_PRESENCE_BYTES = 4 << 20
};

/* The mark of who serves. */
struct sx_mark {
    bool serves;                            /* false: there is no mark */
    bool packs;                             /* takes packed envelopes */
    char incarnation[SX_INCARNATION_BYTES]; /* "": it doesn't run each id once */
};

/* ---- stanzas ---- */

enum sx_presence_kind {
    SX_PRESENCE_NONE, /* nothing for us: a probe, or of no known type */
    SX_PRESENCE_AVAILABLE,
    SX_PRESENCE_GONE, /* unavailable, or what we sent came back as an error */
    SX_PRESENCE_SUBSCRIBE,
    SX_PRESENCE_SUBSCRIBED,
    SX_PRESENCE_UNSUBSCRIBED
};

/* What a <presence/> says; the mark of an available one alone. */
enum sx_presence_kind sx_presence_read(struct sx_element *stanza, struct sx_mark *mark);

/* The mark as bytes; nothing for who doesn't serve. */
void sx_presence_format_mark(struct sx_buffer *out, const struct sx_mark *mark);

/* ---- table ---- JIDs are normal (jid.h) */

struct sx_roster;
struct sx_roster *sx_roster_new(unsigned max_contacts); /* NULL: no memory */
void sx_roster_free(struct sx_roster *presence);        /* NULL allowed */

/* A session begins now, or has ended (0): in both cases nobody is there. */
void sx_roster_begin(struct sx_roster *presence, int64_t now_us);

/* This full JID is available; what it said before no longer holds. Without memory it isn't. */
void sx_roster_put(struct sx_roster *presence, const char *jid, const struct sx_mark *mark);

/* It isn't; a bare JID stands for all of its resources. Whether it was, or one of them. */
bool sx_roster_take_out(struct sx_roster *presence, const char *jid);

/* The live resources of a bare JID that somebody asks for, in the order of their names; a copy. */
struct sx_roster_view {
    uint64_t version; /* grows whenever one of them comes, or says something; 0: there are none */
    unsigned count;
    struct sx_resource {
        char *jid; /* full */
        struct sx_mark mark;
    } * resources; /* malloc'ed, NULL if there are none or no memory */
};
void sx_roster_list(struct sx_roster *presence, const char *bare, struct sx_roster_view *company);
void sx_roster_view_fini(struct sx_roster_view *company);

/* Servers tell who is there after a link has come online, and never that all was told. Waits until
 * somebody of this bare JID has come, or said something, since the list of that version, but no
 * longer than until the session has lasted settle_us, nor beyond the deadline. Whether anybody has.
 */
bool sx_roster_await(struct sx_roster *presence, const char *bare, uint64_t version,
                     int64_t settle_us, int64_t deadline);

#endif
