/* backlog.h - JIDs whose calls are being changed, a portion at a time.
 *
 * Why: one stanza can concern all calls of a link. If the loop thread changed all of them at once,
 * everybody else would wait for that.
 *
 * Noun: the backlog. Invariant: each JID is in it once; the first has waited longest.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_BACKLOG_H
#define SX_LINK_BACKLOG_H

#include <stdbool.h>
#include <sys/queue.h>

struct sx_backlog_entry {
    STAILQ_ENTRY(sx_backlog_entry) in_list;
    char jid[];
};

/* Init, before it is used. */
struct sx_backlog {
    STAILQ_HEAD(sx_backlog_list, sx_backlog_entry) list;
};

void sx_backlog_init(struct sx_backlog *backlog);
void sx_backlog_fini(struct sx_backlog *backlog); /* frees what is in it */

bool sx_backlog_has(const struct sx_backlog *backlog, const char *jid);

/* Puts a copy of a JID that isn't there at the end. False: no memory. */
bool sx_backlog_add(struct sx_backlog *backlog, const char *jid);

/* The first, out of the list, to be freed with free(); NULL: there is none. */
struct sx_backlog_entry *sx_backlog_take(struct sx_backlog *backlog);

/* Puts an entry that was taken at the end. */
void sx_backlog_put_back(struct sx_backlog *backlog, struct sx_backlog_entry *entry);

#endif
