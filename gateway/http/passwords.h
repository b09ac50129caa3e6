/* passwords.h - whether a user's password is right, without a listener's thread waiting for a hash.
 *
 * Noun: the passwords that are looked into. Invariant: each check is told its end once. A hash is
 * made on a worker; what was right is remembered for ten minutes as a digest by a random key, and
 * an address with many that were wrong isn't heard for a minute. */
#ifndef GW_PASSWORDS_H
#define GW_PASSWORDS_H

#include <stddef.h>

#include "base/workers.h"
#include "http/users.h"

struct gw_passwords;

enum gw_passwords_end {
    GW_PASSWORDS_RIGHT,
    GW_PASSWORDS_WRONG,
    GW_PASSWORDS_TOO_MANY, /* wrong ones from this address: it wasn't looked at */
    GW_PASSWORDS_BUSY,     /* too many are looked into, or memory is short */
    GW_PASSWORDS_LATER     /* done is called, on a worker */
};

typedef void gw_passwords_done_fn(void *user, enum gw_passwords_end end);

/* NULL with one sentence in why. */
struct gw_passwords *gw_passwords_new(struct gw_workers *workers, char *why, size_t why_bytes);
void gw_passwords_free(struct gw_passwords *passwords); /* none is looked into; NULL is fine */

/* Looks into "Basic ..." as a client at address sent it (NULL: nothing), and writes who it says it
 * is. Any thread; doesn't block. */
enum gw_passwords_end gw_passwords_check(struct gw_passwords *passwords, struct gw_users *users,
                                         const char *authorization, const char *address,
                                         char name[GW_USERS_NAME_BYTES], gw_passwords_done_fn *done,
                                         void *user);

#endif
