/* roster.h - who is there: bare JID -> its live resources, as their presence says (RFC 6121 4).
 *
 * Invariant: each resource has sent an available presence since the link came online, and none of
 * another kind since. At most max_contacts bare JIDs, SX_ROSTER_RESOURCES of each, all their
 * names together SX_ROSTER_BYTES. A resource with a longer name than SX_ROSTER_RESOURCE_BYTES
 * is as if it weren't there; when one contact has too many, the resource that has been there
 * longest goes.
 *
 * Who keeps a place when the table is full: anybody may send us presence, and a server doesn't send
 * the same presence twice, so a contact that we lose stays lost. Therefore
 *   - a contact that a call has asked for (list) keeps its place, session after session, whether or
 *     not any of its resources is there;
 *   - a contact that only sent presence never takes the place of another;
 *   - when a call asks for one more, the contact goes that came last of those that no call has
 *     asked for, or else the one that no call has asked for for the longest time.
 *
 * The mark in a presence (presence.h) tells which resources serve. Priorities are ignored: they say
 * where messages to a bare JID go (RFC 6121 8.5.2), and nothing about calls.
 *
 * Folder peers/: what is known of others, in three tables: what their resources can do
 * (features.h), which resources are there (here), and which of them the next call goes to
 * (policy.h). Nothing in here asks anybody anything or sends: who does puts the answers in. May
 * include base, wire and soap.
 *
 * Thread: any; one mutex per table, no call out with it held.
 */
#ifndef SX_PEERS_ROSTER_H
#define SX_PEERS_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/presence.h"

enum {
    SX_ROSTER_RESOURCES = 64,
    SX_ROSTER_RESOURCE_BYTES = 255, /* without NUL */
    SX_ROSTER_BYTES = 4 << 20
};

/* All JIDs are normal (jid.h). */

struct sx_roster;
struct sx_roster *sx_roster_new(unsigned max_contacts); /* NULL: no memory */
void sx_roster_free(struct sx_roster *roster);          /* NULL allowed */

/* A session begins now, or has ended (0): in both cases nobody is there. */
void sx_roster_begin(struct sx_roster *roster, int64_t now_us);

/* This full JID is available; what it said before no longer holds. Without memory it isn't. */
void sx_roster_put(struct sx_roster *roster, const char *jid, const struct sx_presence_mark *mark);

/* It isn't; a bare JID stands for all of its resources. Whether it was, or one of them. */
bool sx_roster_take_out(struct sx_roster *roster, const char *jid);

/* The live resources of a bare JID that somebody asks for, in the order of their names; a copy. */
struct sx_roster_view {
    uint64_t version; /* grows whenever one of them comes, or says something; 0: there are none */
    unsigned count;
    struct sx_resource {
        char *jid; /* full */
        struct sx_presence_mark mark;
    } * resources; /* malloc'ed, NULL if there are none or no memory */
};
void sx_roster_list(struct sx_roster *roster, const char *bare, struct sx_roster_view *view);
void sx_roster_view_fini(struct sx_roster_view *view);

/* Servers tell who is there after a link has come online, and never that all was told. Waits until
 * somebody of this bare JID has come, or said something, since the list of that version, but no
 * longer than until the session has lasted settle_us, nor beyond the deadline. Whether anybody has.
 */
bool sx_roster_await(struct sx_roster *roster, const char *bare, uint64_t version,
                     int64_t settle_us, int64_t deadline);

#endif
