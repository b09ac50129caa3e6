/* backlog.c - a list of JIDs. Invariant: backlog.h.
 *
 * Happy path: add -> take -> a portion of its calls -> put_back -> ... -> take -> free. Failure: no
 * memory: it isn't there, and whoever wanted to add it does the next portion at once.
 */
#include "link/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"

void sx_backlog_init(struct sx_backlog *backlog)
{
    STAILQ_INIT(&backlog->list);
}

void sx_backlog_fini(struct sx_backlog *backlog)
{
    struct sx_backlog_entry *entry;
    while ((entry = sx_backlog_take(backlog)))
        free(entry);
}

/* A list is enough: each entry has more calls than a portion, so there are few. */
bool sx_backlog_has(const struct sx_backlog *backlog, const char *jid)
{
    const struct sx_backlog_entry *entry;
    STAILQ_FOREACH(entry, &backlog->list, in_list)
    if (sx_jid_equal(entry->jid, jid))
        return true;
    return false;
}

bool sx_backlog_add(struct sx_backlog *backlog, const char *jid)
{
    size_t bytes = strlen(jid) + 1;
    struct sx_backlog_entry *entry = malloc(sizeof *entry + bytes);
    if (!entry)
        return false;
    memcpy(entry->jid, jid, bytes);
    sx_backlog_put_back(backlog, entry);
    return true;
}

struct sx_backlog_entry *sx_backlog_take(struct sx_backlog *backlog)
{
    struct sx_backlog_entry *entry = STAILQ_FIRST(&backlog->list);
    if (entry)
        STAILQ_REMOVE_HEAD(&backlog->list, in_list);
    return entry;
}

void sx_backlog_put_back(struct sx_backlog *backlog, struct sx_backlog_entry *entry)
{
    STAILQ_INSERT_TAIL(&backlog->list, entry, in_list);
}
