/* share.c - who makes room. Invariant and paths: share.h. */
#include "transfer/share.h"

#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"

/* ---- accounts ---- */

void sx_share_init(struct sx_share *share, unsigned max_places, size_t max_bytes)
{
    *share = (struct sx_share){.max_places = max_places, .max_bytes = max_bytes};
    LIST_INIT(&share->list);
}

bool sx_share_is_empty(const struct sx_share *share)
{
    return LIST_EMPTY(&share->list);
}

static struct sx_share_account *find_bare(const struct sx_share *share, const char *bare)
{
    struct sx_share_account *account;
    LIST_FOREACH(account, &share->list, in_list)
    if (sx_jid_equal(account->jid, bare))
        break;
    return account;
}

struct sx_share_account *sx_share_find(const struct sx_share *share, const char *jid)
{
    char bare[SX_JID_BYTES];
    sx_jid_bare(jid, bare, sizeof bare);
    return find_bare(share, bare);
}

static struct sx_share_account *add_account(struct sx_share *share, const char *bare)
{
    struct sx_share_account *account = calloc(1, sizeof *account);
    if (!account || !(account->jid = strdup(bare))) {
        free(account);
        return NULL;
    }
    LIST_INSERT_HEAD(&share->list, account, in_list);
    share->accounts++;
    return account;
}

struct sx_share_account *sx_share_enter(struct sx_share *share, const char *jid, size_t bytes)
{
    char bare[SX_JID_BYTES];
    struct sx_share_account *account;
    sx_jid_bare(jid, bare, sizeof bare);
    account = find_bare(share, bare);
    if (!account)
        account = add_account(share, bare);
    if (!account)
        return NULL;
    account->places++;
    account->bytes += bytes;
    share->places++;
    share->bytes += bytes;
    return account;
}

void sx_share_leave(struct sx_share *share, struct sx_share_account *account, size_t bytes)
{
    account->bytes -= bytes;
    share->places--;
    share->bytes -= bytes;
    if (--account->places > 0)
        return;
    LIST_REMOVE(account, in_list);
    share->accounts--;
    free(account->jid);
    free(account);
}

/* ---- room ---- */

static bool has_bytes(const struct sx_share *share, size_t bytes)
{
    return share->bytes <= share->max_bytes && bytes <= share->max_bytes - share->bytes;
}

bool sx_share_has_room(const struct sx_share *share, size_t bytes)
{
    return share->places < share->max_places && has_bytes(share, bytes);
}

/* Whether this one may yield, and would help: its account has more than its share of what is short,
 * places before bytes. rest: as if those that are marked had left. */
static bool may_yield(const struct sx_share *rest, const struct sx_share_holder *holders,
                      unsigned count, unsigned i, unsigned share_places, size_t share_bytes)
{
    unsigned places = 0, k;
    size_t bytes = 0;
    if (holders[i].yields || !holders[i].has_had_its_time)
        return false;
    for (k = 0; k < count; k++)
        if (holders[k].account == holders[i].account && !holders[k].yields) {
            places++;
            bytes += holders[k].bytes;
        }
    return rest->places < rest->max_places ? bytes > share_bytes : places > share_places;
}

static bool mark(const struct sx_share *share, struct sx_share_holder *holders, unsigned count,
                 unsigned share_places, size_t share_bytes, size_t bytes)
{
    struct sx_share rest = *share;
    unsigned i = 0;
    while (!sx_share_has_room(&rest, bytes)) {
        for (i = 0; i < count; i++)
            if (may_yield(&rest, holders, count, i, share_places, share_bytes))
                break;
        if (i == count)
            return false;
        holders[i].yields = true;
        rest.places--;
        rest.bytes -= holders[i].bytes;
    }
    return true;
}

bool sx_share_yield(const struct sx_share *share, struct sx_share_holder *holders, unsigned count,
                    const char *jid, size_t bytes)
{
    const struct sx_share_account *own = sx_share_find(share, jid);
    unsigned accounts = share->accounts + (own ? 0 : 1), i;
    unsigned share_places = share->max_places / accounts;
    size_t share_bytes = share->max_bytes / accounts;
    for (i = 0; i < count; i++)
        holders[i].yields = false;
    if ((own ? own->places : 0) >= share_places || bytes > share_bytes ||
        (own ? own->bytes : 0) > share_bytes - bytes)
        return false;
    if (mark(share, holders, count, share_places, share_bytes, bytes))
        return true;
    for (i = 0; i < count; i++)
        holders[i].yields = false;
    return false;
}
