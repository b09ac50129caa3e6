/* share.h - which transfers make room when a few accounts hold all of it.
 *
 * Noun: the share of an account: the whole divided by the accounts that have something of it. While
 * there is room nobody asks for it. Without room, an account that keeps within its share gets in
 * all the same: those make room that have had their time (pace.h) and whose account has more than
 * its share, in the order in which they stand.
 *
 * Invariant: places and bytes are those of all accounts together; each of these has a place at
 * least. Either so many transfers yield as make room enough, or none. By that no account comes
 * below its share, but for what a single transfer has beyond it.
 *
 * Happy path: enter for each transfer, leave when it has gone.
 *
 * No clock, no lock: one thread at a time. Nothing blocks.
 */
#ifndef SX_TRANSFER_SHARE_H
#define SX_TRANSFER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* Of all its resources. share.c's, to be read by others. */
struct sx_share_account {
    char *jid; /* bare */
    unsigned places;
    size_t bytes;
    LIST_ENTRY(sx_share_account) in_list;
};

struct sx_share {
    unsigned max_places;
    size_t max_bytes; /* SIZE_MAX: there is no bound */
    /* share.c's, to be read by others */
    unsigned places, accounts;
    size_t bytes;
    LIST_HEAD(, sx_share_account) list;
};

/* A transfer that is there. */
struct sx_share_holder {
    const struct sx_share_account *account;
    size_t bytes;
    bool has_had_its_time;
    bool yields; /* set by sx_share_yield */
};

void sx_share_init(struct sx_share *share, unsigned max_places, size_t max_bytes);

/* Whether all have left. */
bool sx_share_is_empty(const struct sx_share *share);

/* The account of a full JID; NULL: it has nothing here. */
struct sx_share_account *sx_share_find(const struct sx_share *share, const char *jid);

/* A transfer of jid's more, room or not; NULL: no memory, and it isn't counted. What is returned is
 * valid until its last transfer has left. */
struct sx_share_account *sx_share_enter(struct sx_share *share, const char *jid, size_t bytes);
void sx_share_leave(struct sx_share *share, struct sx_share_account *account, size_t bytes);

bool sx_share_has_room(const struct sx_share *share, size_t bytes);

/* Without room: whether so many bytes of jid's get in all the same, if those yield that are marked.
 * False: nobody is. The holders are all that have entered; nobody leaves by this. */
bool sx_share_yield(const struct sx_share *share, struct sx_share_holder *holders, unsigned count,
                    const char *jid, size_t bytes);

#endif
