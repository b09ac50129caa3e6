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
#include <stdint.h>
#include <sys/queue.h>

/* Init, before it is used. */
struct sx_backlog {
    STAILQ_HEAD(sx_backlog_list, sx_backlog_entry) list;
};

/* Changes a portion of the JID's calls. Whether there may be more. */
typedef bool sx_backlog_portion(const void *user, const char *jid);

void sx_backlog_init(struct sx_backlog *backlog);
void sx_backlog_fini(struct sx_backlog *backlog); /* frees what is in it */

/* The first portion of a JID's calls, whose rest is due with the next steps. Nothing, if it is in
 * the backlog already. If there is no memory to remember it, further portions follow at once. */
void sx_backlog_begin(struct sx_backlog *backlog, const char *jid, sx_backlog_portion *portion,
                      const void *user);

/* A portion for the JID that has waited longest, which is the last then. When to ask again: 0 (at
 * once), or SX_NEVER if there is none. */
int64_t sx_backlog_step(struct sx_backlog *backlog, sx_backlog_portion *portion, const void *user);

#endif
