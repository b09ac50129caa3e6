/* share.h - which transfers make room when a few accounts hold all of it.
 *
 * Noun: the share of an account: the whole divided by the accounts that have something of it, or
 * wait for it. While there is room for all, shares don't matter. Without room, an account that
 * keeps within its share gets in all the same: transfers yield that have had their time (pace.h)
 * and whose account has more than its share, in the order in which they are given. If too few may
 * go yet, room is kept for the account for SX_SHARE_WAIT_US: until then no other one gets more than
 * its share. So nobody keeps a place for ever by giving it back and taking it again at once.
 *
 * Invariant: places and bytes are those of all accounts together. Either enough transfers yield to
 * make room, or none. No account is brought below its share by that, except that transfers yield
 * whole. A share is one place at least. An account that has nothing is waited for
 * only while there are fewer than 2 * max_places accounts.
 *
 * Happy path: has_room, or yield -> enter -> leave when it has gone.
 *
 * No clock (now_us is the caller's), no lock: one thread at a time. Nothing blocks.
 */
#ifndef SX_TRANSFER_SHARE_H
#define SX_TRANSFER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum { SX_SHARE_WAIT_US = 60000000 /* twice the longest pause of a sender */ };

/* An account, with all its resources. Only share.c writes it. */
struct sx_share_account {
    char *jid; /* bare */
    unsigned places;
    size_t bytes;
    int64_t places_until_us, bytes_until_us; /* it is waited for until then; 0: it isn't */
    TAILQ_ENTRY(sx_share_account) in_list;
};

struct sx_share {
    unsigned max_places;
    size_t max_bytes; /* SIZE_MAX: there is no bound */
    /* only share.c writes these */
    unsigned places, accounts; /* accounts: those that are waited for, too */
    size_t bytes;
    TAILQ_HEAD(, sx_share_account) list;
};

/* A transfer that is there. */
struct sx_share_holder {
    const struct sx_share_account *account;
    size_t bytes;
    bool has_had_its_time;
    bool yields; /* set by sx_share_yield */
};

/* What a full JID asks for: a place, and so many bytes. max_bytes: the whole of all accounts just
 * now. */
struct sx_share_claim {
    const char *jid;
    size_t bytes, max_bytes;
};

void sx_share_init(struct sx_share *share, unsigned max_places, size_t max_bytes);
void sx_share_fini(struct sx_share *share); /* all have left */

/* The account of a full JID; NULL: it has nothing here. */
const struct sx_share_account *sx_share_find(const struct sx_share *share, const char *jid);

/* Counts one more transfer of jid, room or not. NULL: no memory, it isn't counted. The account is
 * the share's, and valid until its last transfer has left. */
struct sx_share_account *sx_share_enter(struct sx_share *share, const char *jid, size_t bytes);
void sx_share_leave(struct sx_share *share, struct sx_share_account *account, size_t bytes);

/* Whether there is room for one more transfer of jid with so many bytes. While others are waited
 * for, only up to its share. */
bool sx_share_has_room(struct sx_share *share, const char *jid, size_t bytes, int64_t now_us);

/* Whether jid's account keeps within its share with so many more transfers and bytes. */
bool sx_share_is_within(const struct sx_share *share, const char *jid, unsigned places,
                        size_t bytes);

/* When there is no room: whether the claim gets in once the holders have left that are marked
 * (yields). False: none is marked, and an account within its share is waited for from now on.
 * holders: all that have entered. The caller has them leave. */
bool sx_share_yield(struct sx_share *share, const struct sx_share_claim *claim,
                    struct sx_share_holder *holders, unsigned count, int64_t now_us);

#endif
