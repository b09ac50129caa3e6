/* share.c - who makes room. Invariant and paths: share.h. */
#include "transfer/share.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"

/* ---- accounts ---- */

void sx_share_init(struct sx_share *share, unsigned max_places, size_t max_bytes)
{
    *share = (struct sx_share){.max_places = max_places, .max_bytes = max_bytes};
    TAILQ_INIT(&share->list);
}

static void remove_account(struct sx_share *share, struct sx_share_account *account)
{
    TAILQ_REMOVE(&share->list, account, in_list);
    share->accounts--;
    free(account->jid);
    free(account);
}

void sx_share_fini(struct sx_share *share)
{
    struct sx_share_account *account;
    assert(share->places == 0);
    while ((account = TAILQ_FIRST(&share->list)))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE takes it out of reach */
        remove_account(share, account);
}

static struct sx_share_account *find_bare(const struct sx_share *share, const char *bare)
{
    struct sx_share_account *account;
    TAILQ_FOREACH(account, &share->list, in_list)
        if (sx_jid_equal(account->jid, bare))
            break;
    return account;
}

static struct sx_share_account *find(const struct sx_share *share, const char *jid)
{
    char bare[SX_JID_BYTES];
    sx_jid_bare(jid, bare, sizeof bare);
    return find_bare(share, bare);
}

const struct sx_share_account *sx_share_find(const struct sx_share *share, const char *jid)
{
    const struct sx_share_account *account = find(share, jid);
    return account && account->places ? account : NULL;
}

static struct sx_share_account *add_account(struct sx_share *share, const char *jid)
{
    char bare[SX_JID_BYTES];
    struct sx_share_account *account;
    sx_jid_bare(jid, bare, sizeof bare);
    account = find_bare(share, bare);
    if (account)
        return account;
    account = calloc(1, sizeof *account);
    if (!account || !(account->jid = strdup(bare))) {
        free(account);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&share->list, account, in_list);
    share->accounts++;
    return account;
}

struct sx_share_account *sx_share_enter(struct sx_share *share, const char *jid, size_t bytes)
{
    struct sx_share_account *account = add_account(share, jid);
    if (!account)
        return NULL;
    account->places_until_us = account->bytes_until_us = 0;
    account->places++;
    account->bytes += bytes;
    share->places++;
    share->bytes += bytes;
    return account;
}

void sx_share_leave(struct sx_share *share, struct sx_share_account *account, size_t bytes)
{
    account->places--;
    account->bytes -= bytes;
    share->places--;
    share->bytes -= bytes;
    if (!account->places && !account->places_until_us && !account->bytes_until_us)
        remove_account(share, account);
}

/* ---- shares ---- */

/* With one account more, unless own is one of them. */
static unsigned share_places(const struct sx_share *share, const struct sx_share_account *own)
{
    unsigned places = share->max_places / (share->accounts + !own);
    return places ? places : 1;
}

static size_t share_bytes(const struct sx_share *share, const struct sx_share_account *own)
{
    return share->max_bytes / (share->accounts + !own);
}

static bool keeps_within_places(const struct sx_share *share, const struct sx_share_account *own,
                                unsigned places)
{
    return (own ? own->places : 0) + places <= share_places(share, own);
}

static bool keeps_within_bytes(const struct sx_share *share, const struct sx_share_account *own,
                               size_t bytes)
{
    size_t most = share_bytes(share, own);
    return bytes <= most && (own ? own->bytes : 0) <= most - bytes;
}

bool sx_share_is_within(const struct sx_share *share, const char *jid, unsigned places,
                        size_t bytes)
{
    const struct sx_share_account *own = find(share, jid);
    return keeps_within_places(share, own, places) && keeps_within_bytes(share, own, bytes);
}

/* ---- waiting ---- */

/* Forgets accounts that were waited for long enough. */
static void expire(struct sx_share *share, int64_t now_us)
{
    struct sx_share_account *account, *next;
    for (account = TAILQ_FIRST(&share->list); account; account = next) {
        next = TAILQ_NEXT(account, in_list);
        if (account->places_until_us <= now_us)
            account->places_until_us = 0;
        if (account->bytes_until_us <= now_us)
            account->bytes_until_us = 0;
        if (!account->places && !account->places_until_us && !account->bytes_until_us)
            remove_account(share, account);
    }
}

static void wait_for(struct sx_share *share, const char *jid, bool needs_places, int64_t now_us)
{
    struct sx_share_account *account = find(share, jid);
    if (!account && share->accounts < 2 * share->max_places)
        account = add_account(share, jid);
    if (account && needs_places)
        account->places_until_us = now_us + SX_SHARE_WAIT_US;
    else if (account)
        account->bytes_until_us = now_us + SX_SHARE_WAIT_US;
}

static bool has_places(const struct sx_share *share)
{
    return share->places < share->max_places;
}

static bool has_bytes(const struct sx_share *share, size_t bytes)
{
    return share->bytes <= share->max_bytes && bytes <= share->max_bytes - share->bytes;
}

bool sx_share_has_room(struct sx_share *share, const char *jid, size_t bytes, int64_t now_us)
{
    const struct sx_share_account *own, *account;
    bool waits_for_places = false, waits_for_bytes = false;
    expire(share, now_us);
    own = find(share, jid);
    TAILQ_FOREACH(account, &share->list, in_list) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed was taken out */
        waits_for_places |= account != own && account->places_until_us;
        waits_for_bytes |= account != own && account->bytes_until_us;
    }
    return has_places(share) && has_bytes(share, bytes) &&
           (!waits_for_places || keeps_within_places(share, own, 1)) &&
           (!waits_for_bytes || keeps_within_bytes(share, own, bytes));
}

/* ---- making room ---- */

/* Whether this one may yield, and would help: its account has more than its share of what is short,
 * places before bytes. rest: the share as it is once those that are marked have left. */
static bool may_yield(const struct sx_share *rest, const struct sx_share_holder *holders,
                      unsigned count, unsigned i, const struct sx_share_account *own)
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
    return has_places(rest) ? bytes > share_bytes(rest, own) : places > share_places(rest, own);
}

/* Marks holders, and takes them out of rest, until there is room. False: too few may yield. */
static bool mark(struct sx_share *rest, struct sx_share_holder *holders, unsigned count,
                 const struct sx_share_account *own, size_t bytes)
{
    while (!has_places(rest) || !has_bytes(rest, bytes)) {
        unsigned i = 0;
        while (i < count && !may_yield(rest, holders, count, i, own))
            i++;
        if (i == count)
            return false;
        holders[i].yields = true;
        rest->places--;
        rest->bytes -= holders[i].bytes;
    }
    return true;
}

bool sx_share_yield(struct sx_share *share, const struct sx_share_claim *claim,
                    struct sx_share_holder *holders, unsigned count, int64_t now_us)
{
    struct sx_share rest = *share; /* to be read: its list is the other's */
    unsigned i;
    rest.max_bytes = claim->max_bytes;
    for (i = 0; i < count; i++)
        holders[i].yields = false;
    if (!sx_share_is_within(&rest, claim->jid, 1, claim->bytes))
        return false;
    if (mark(&rest, holders, count, find(share, claim->jid), claim->bytes))
        return true;
    for (i = 0; i < count; i++)
        holders[i].yields = false;
    wait_for(share, claim->jid, !has_places(share), now_us);
    return false;
}
