/* users.h - who may come in at a listener, as its file says.
 *
 * Noun: the users. Invariant: constant once they are read; a reload reads others. Any thread. */
#ifndef GW_USERS_H
#define GW_USERS_H

#include <stddef.h>

#include "config/config.h"

enum { GW_USERS_NAME_BYTES = 256 }; /* of a name, its NUL included */

struct gw_users;

/* Reads auth's file: lines "NAME:SECRET", empty ones, and comments that begin with '#'. A SECRET is
 * a hash of crypt(3), or of a certificate its SHA-256 in hexadecimal digits, with colons or
 * without. NULL with "FILE:LINE: ..." in why. One reference; config, whose auth
 * is, is held as long as they are. Blocks while the file is read. */
struct gw_users *gw_users_read(struct gw_config *config, const struct gw_auth *auth, char *why,
                               size_t why_bytes);
struct gw_users *gw_users_hold(struct gw_users *users);
void gw_users_release(struct gw_users *users); /* NULL is fine */

enum gw_auth_type gw_users_type(const struct gw_users *users);
const struct gw_auth *gw_users_auth(const struct gw_users *users);
/* The hash of a user's password, or NULL; then *other is one of the same kind, for the same work.
 */
const char *gw_users_find_hash(const struct gw_users *users, const char *name, const char **other);
/* Who has the certificate: by its SHA-256 (64 digits of lower case), or if there is no file by its
 * common name. NULL: nobody. */
const char *gw_users_find_certificate(const struct gw_users *users, const char *sha256,
                                      const char *common_name);

#endif
