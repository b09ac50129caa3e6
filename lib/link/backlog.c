/* backlog.c - a list of JIDs. Invariant: backlog.h.
 *
 * Happy path: begin: a portion, and there may be more -> added -> step: taken, a portion, put back
 * -> ... -> step: taken, the last portion, freed. Failure: no memory: it isn't there, and the next
 * portion is done at once.
 */
#include "link/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/jid.h"

struct sx_backlog_entry {
    STAILQ_ENTRY(sx_backlog_entry) in_list;
    char jid[];
};

void sx_backlog_init(struct sx_backlog *backlog)
{
    STAILQ_INIT(&backlog->list);
}

/* NULL: there is none. */
static struct sx_backlog_entry *take(struct sx_backlog *backlog)
{
    struct sx_backlog_entry *entry = STAILQ_FIRST(&backlog->list);
    if (entry)
        STAILQ_REMOVE_HEAD(&backlog->list, in_list);
    return entry;
}

void sx_backlog_fini(struct sx_backlog *backlog)
{
    struct sx_backlog_entry *entry;
    while ((entry = take(backlog)))
        free(entry);
}

/* A list is enough: each entry has more calls than a portion, so there are few. */
static bool has(const struct sx_backlog *backlog, const char *jid)
{
    const struct sx_backlog_entry *entry;
    STAILQ_FOREACH(entry, &backlog->list, in_list)
    if (sx_jid_equal(entry->jid, jid))
        return true;
    return false;
}

static bool add(struct sx_backlog *backlog, const char *jid)
{
    size_t bytes = strlen(jid) + 1;
    struct sx_backlog_entry *entry = malloc(sizeof *entry + bytes);
    if (!entry)
        return false;
    memcpy(entry->jid, jid, bytes);
    STAILQ_INSERT_TAIL(&backlog->list, entry, in_list);
    return true;
}

void sx_backlog_begin(struct sx_backlog *backlog, const char *jid, sx_backlog_portion *portion,
                      const void *user)
{
    if (has(backlog, jid))
        return;
    while (portion(user, jid))
        if (add(backlog, jid))
            return;
}

int64_t sx_backlog_step(struct sx_backlog *backlog, sx_backlog_portion *portion, const void *user)
{
    struct sx_backlog_entry *entry = take(backlog);
    if (!entry)
        return SX_NEVER;
    if (portion(user, entry->jid))
        STAILQ_INSERT_TAIL(&backlog->list, entry, in_list);
    else
        free(entry);
    return 0;
}
