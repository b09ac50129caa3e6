/* config.h - the link's configuration, checked and complete; all conversion of units.
 *
 * Invariant: a struct sx_config that sx_config_make filled has every default applied and every
 * value inside its bounds; nothing behind it checks again.
 *
 * Folder config/: from struct soap_xmpp_config, SOAP_XMPP_ variables and files to struct sx_config,
 * with the reason in words when a value is refused (reason.h). Nothing in here keeps a file open or
 * knows what the values are for. May include base and wire; of the outside files and the
 * environment.
 */
#ifndef SX_CONFIG_CONFIG_H
#define SX_CONFIG_CONFIG_H

#include <stdint.h>

#include "base/fault.h"
#include "config/settings.h"

/* Where a component finds its server unless told: XEP-0114 leaves it open, servers agree. */
#define SX_CONFIG_COMPONENT_PORT 5347
#define SX_CONFIG_COMPONENT_HOST "localhost"

/* Copies and checks; files are read (password) or at least opened (certificates). On SX_ECONFIG why
 * gets one sentence that names the member and its environment variable, the value (unless it is a
 * secret) and what is allowed. out is zero on failure. */
enum sx_err sx_config_make(const struct soap_xmpp_config *in, struct sx_config *out, char *why,
                           size_t why_bytes);
void sx_config_fini(struct sx_config *config);

/* Secrets become "" and stay where they are. */
void sx_config_wipe(struct sx_config *config);

/* A copy that is complete: members that an older program doesn't know keep their defaults. For
 * environment.c. SX_ECONFIG with a reason: in is NULL or of a size that no version has. */
struct sx_reason;
enum sx_err sx_config_read_in(const struct soap_xmpp_config *in, struct soap_xmpp_config *out,
                              const struct sx_reason *why);

/* gSOAP's convention to microseconds: > 0 seconds, < 0 microseconds, 0 gives the default. */
int64_t sx_config_timeout_us(int gsoap_timeout, int64_t default_us);

/* A public timeout_ms: < 0 gives the default. */
int64_t sx_config_timeout_ms(int timeout_ms, int64_t default_us);

#endif
