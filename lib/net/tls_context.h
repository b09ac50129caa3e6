/* tls_context.h - one SSL_CTX for all links of the process whose files say the same.
 *
 * Noun: the context, what OpenSSL knows before a handshake: whom to trust, who we are, which
 * versions. Links share it by what is in ca_file, cert_file and key_file, not by their names and
 * times: a file that is mended within a tick of the clock is another one, a copy is the same one,
 * and what was compared is what was read. To read and hash some kilobytes costs less than
 * a hundredth of a handshake. The system's CAs, which are large and mostly not needed, are compared
 * by device, inode, size and time (trust.h).
 *
 * Invariant: a context is written until it is found by others, and never after; what libstrophe
 * would write to it is withheld (--wrap). At least TLS 1.2 (RFC 7590 3.1, RFC 8996), or more if the
 * system's configuration of OpenSSL says so. Sessions are not kept: servers resume none, and to
 * resume one would skip the check of the certificate.
 *
 * Any thread. It waits for the disk; and for another thread that reads the system's CAs.
 */
#ifndef SX_NET_TLS_CONTEXT_H
#define SX_NET_TLS_CONTEXT_H

#include <stddef.h>

#include "base/fault.h"
#include "config/config.h"

struct sx_tls_context;

/* Reads the configuration's files and puts the context of what they say now into the place of
 * *context, which may be NULL; the owner gives it back. On failure *context is as it was: SX_EFILE
 * with a clause that names member, file and reason, SX_ENOMEM with one, too. */
enum sx_err sx_tls_context_renew(struct sx_tls_context **context, const struct sx_config *config,
                                 char *why, size_t why_bytes);
void sx_tls_context_give_back(struct sx_tls_context *context); /* NULL allowed */

/* The next renew, anybody's, makes a new one, even if the files say the same; who has it keeps it.
 * For when it refused a server: in a store that was filled while memory was short a CA may be
 * damaged, of which OpenSSL tells nobody. */
void sx_tls_context_doubt(struct sx_tls_context *context);

/* Whether our certificate, if there is one, is in date now. It isn't: SX_EFILE with a clause. */
enum sx_err sx_tls_context_check_dates(const struct sx_tls_context *context,
                                       const struct sx_config *config, char *why, size_t why_bytes);

/* From lend to withdraw libstrophe's SSL_CTX_new() on the calling thread gives this one, NULL:
 * none, so that there is no TLS; on other threads OpenSSL's own. It must not be given back before.
 */
void sx_tls_context_lend(const struct sx_tls_context *context);
void sx_tls_context_withdraw(void);

/* For tests. How many there are in the process. */
size_t sx_tls_context_count(void);

#endif
