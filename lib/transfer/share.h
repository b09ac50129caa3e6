/* share.h - which transfers make room when a few accounts hold all of it.
 *
 * Noun: the share of an account: the whole divided by the accounts that have something of it, or
 * wait for it. While there is room for all nobody asks for it. Without room, an account that keeps
 * within its share gets in all the same: those make room that have had their time (pace.h) and
 * whose account has more than its share, in the order in which they stand. If none may go yet, the
 * account is waited for, for a minute: until then nobody else gets more than its share, so that who
 * gives a place back and takes it again at once can't keep it for ever.
 *
 * Invariant: places and bytes are those of all accounts together. Either so many transfers yield as
 * make room enough, or none. By that no account comes below its share, but for what a single
 * transfer has beyond it. A share has a place at least. At most max_places accounts are waited for.
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

/* Of all its resources. share.c's, to be read by others. */
struct sx_share_account {
    char *jid; /* bare */
    unsigned places;
    size_t bytes;
    int64_t places_until_us, bytes_until_us; /* it is waited for; 0: not */
    TAILQ_ENTRY(sx_share_account) in_list;
};

struct sx_share {
    unsigned max_places;
    size_t max_bytes; /* SIZE_MAX: there is no bound */
    /* share.c's, to be read by others */
    unsigned places, accounts; /* accounts: with those that are waited for */
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

/* A place and so many bytes, for a full JID, of max_bytes that all accounts have together just now.
 */
struct sx_share_claim {
    const char *jid;
    size_t bytes, max_bytes;
};

void sx_share_init(struct sx_share *share, unsigned max_places, size_t max_bytes);
void sx_share_fini(struct sx_share *share); /* all have left */

/* The account of a full JID; NULL: it has nothing here. */
const struct sx_share_account *sx_share_find(const struct sx_share *share, const char *jid);

/* A transfer of jid's more, room or not; NULL: no memory, and it isn't counted. What is returned is
 * valid until its last transfer has left. */
struct sx_share_account *sx_share_enter(struct sx_share *share, const char *jid, size_t bytes);
void sx_share_leave(struct sx_share *share, struct sx_share_account *account, size_t bytes);

/* Whether there is room for so many bytes of jid's more, and no others are waited for whose share
 * that would be. */
bool sx_share_has_room(struct sx_share *share, const char *jid, size_t bytes, int64_t now_us);

/* Whether jid's account keeps within its share with so many transfers and bytes more. */
bool sx_share_is_within(const struct sx_share *share, const char *jid, unsigned places,
                        size_t bytes);

/* Without room: whether what is claimed gets in all the same, if those yield that are marked.
 * False: nobody is; an account within its share is waited for. The holders are all that have
 * entered; nobody leaves by this. */
bool sx_share_yield(struct sx_share *share, const struct sx_share_claim *claim,
                    struct sx_share_holder *holders, unsigned count, int64_t now_us);

#endif
