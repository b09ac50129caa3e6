/* password.h - the password of a configuration: given, read from a file, or asked for.
 *
 * Noun: the password. Invariant: what takes its place is wiped. Prepared as servers compare it,
 * with what was given beside it if that differs (settings.h).
 */
#ifndef SX_CONFIG_PASSWORD_H
#define SX_CONFIG_PASSWORD_H

#include <stdio.h>

#include "base/fault.h"
#include "config/settings.h"

enum { SX_PASSWORD_BYTES = 1023 /* without NUL */ };

/* What is said of a file that isn't its owner's alone: of this one, or of another with its name. */
#define SX_PASSWORD_EXPOSED "everybody on this machine may read or write the %s: chmod o-rw"
#define SX_PASSWORD_FILE    "password_file (SOAP_XMPP_PASSWORD_FILE)"

struct sx_reason;

/* When the link is opened: SX_OK, SX_ENOMEM, SX_ECONFIG with why. A callback isn't asked yet. */
enum sx_err sx_password_make(const struct soap_xmpp_config *in, struct sx_config *out,
                             const struct sx_reason *why);

/* For one attempt: reads the file anew, or asks the program, which may block. SX_OK; with a why all
 * the same if the file can't be opened any longer, and the last password stays, or if everybody may
 * read it now. What is no file but a pipe, a FIFO or a terminal is read once, when the link is
 * opened. SX_ENOMEM. SX_EFILE with why: there is none now. Loop thread. */
enum sx_err sx_password_renew(struct sx_config *config, char *why, size_t why_bytes);

/* After the attempt: forgets what the program was asked for. Pointers to it stay valid until the
 * next renewal. Loop thread. */
void sx_password_forget(struct sx_config *config);

/* It becomes "". */
void sx_password_wipe(struct sx_config *config);

/* Wipes and frees. */
void sx_password_fini(struct sx_config *config);

/* By everybody: a group may be meant. */
bool sx_password_is_exposed(FILE *stream);

#endif
