/* See authority.h. Happy path: add, next, leave. Failure: no memory for a new authority: the
 * transfer isn't added. */
#include "client/authority.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static unsigned bucket_of(const char *text)
{
    unsigned hash = 5381;
    while (*text)
        hash = hash * 33 + (unsigned char)*text++;
    return hash % GW_AUTHORITY_BUCKETS;
}

static struct gw_authority *new_authority(struct gw_authorities *authorities,
                                          const struct gw_transfer *transfer, const char *pattern)
{
    struct gw_authority *authority = calloc(1, sizeof *authority);
    if (!authority)
        return NULL;
    authority->text = strdup(transfer->authority_text);
    authority->pattern = strdup(pattern);
    if (!authority->text || !authority->pattern) {
        free(authority->text);
        free(authority->pattern);
        free(authority);
        return NULL;
    }
    authority->bucket = bucket_of(authority->text);
    TAILQ_INIT(&authority->waiting);
    LIST_INSERT_HEAD(&authorities->buckets[authority->bucket], authority, entry);
    return authority;
}

bool gw_authorities_add(struct gw_authorities *authorities, struct gw_transfer *transfer)
{
    const char *pattern = gw_pattern_text(transfer->easy.target->pattern);
    struct gw_authority *authority;
    LIST_FOREACH(authority, &authorities->buckets[bucket_of(transfer->authority_text)], entry)
    if (strcmp(authority->text, transfer->authority_text) == 0 &&
        strcmp(authority->pattern, pattern) == 0)
        break;
    if (!authority)
        authority = new_authority(authorities, transfer, pattern);
    if (!authority)
        return false;
    authority->connections =
        transfer->easy.target->connections ? transfer->easy.target->connections : 1;
    transfer->authority = authority;
    TAILQ_INSERT_TAIL(&authority->waiting, transfer, entry);
    return true;
}

struct gw_transfer *gw_authority_next(struct gw_authority *authority, long long now_ms)
{
    struct gw_transfer *transfer = TAILQ_FIRST(&authority->waiting);
    while (transfer && transfer->latest_ms <= now_ms) /* gw_authorities_expire() takes it out */
        transfer = TAILQ_NEXT(transfer, entry);
    if (!transfer || authority->under_way >= authority->connections)
        return NULL;
    TAILQ_REMOVE(&authority->waiting, transfer, entry);
    authority->under_way++;
    return transfer;
}

static struct gw_authority *free_if_empty(struct gw_authority *authority)
{
    if (authority->under_way > 0 || !TAILQ_EMPTY(&authority->waiting))
        return authority;
    LIST_REMOVE(authority, entry);
    free(authority->text);
    free(authority->pattern);
    free(authority);
    return NULL;
}

struct gw_authority *gw_authority_leave(struct gw_transfer *transfer)
{
    struct gw_authority *authority = transfer->authority;
    transfer->authority = NULL;
    authority->under_way--;
    return free_if_empty(authority);
}

/* Deadlines of a line needn't be in order: those of other configurations have other timeouts. */
static struct gw_transfer *overdue(struct gw_authority *authority, long long now_ms, bool all,
                                   long long *next_ms)
{
    struct gw_transfer *transfer;
    TAILQ_FOREACH(transfer, &authority->waiting, entry) {
        if (all || transfer->latest_ms <= now_ms)
            return transfer;
        if (transfer->latest_ms < *next_ms)
            *next_ms = transfer->latest_ms;
    }
    return NULL;
}

struct gw_transfer *gw_authorities_expire(struct gw_authorities *authorities, long long now_ms,
                                          bool all, long long *next_ms)
{
    for (unsigned i = 0; i < GW_AUTHORITY_BUCKETS; i++) {
        struct gw_authority *authority;
        LIST_FOREACH(authority, &authorities->buckets[i], entry)
        {
            struct gw_transfer *transfer = overdue(authority, now_ms, all, next_ms);
            if (!transfer)
                continue;
            TAILQ_REMOVE(&authority->waiting, transfer, entry);
            transfer->authority = NULL;
            free_if_empty(authority);
            return transfer;
        }
    }
    return NULL;
}
