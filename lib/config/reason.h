/* reason.h - what config.c and environment.c share. */
#ifndef SX_CONFIG_REASON_H
#define SX_CONFIG_REASON_H

#include "config/config.h"

/* Where a refusal is explained. */
struct sx_reason {
    char *text; /* NULL allowed with bytes 0 */
    size_t bytes;
};

/* Writes the reason, on one line. SX_ECONFIG. */
__attribute__((format(printf, 2, 3))) enum sx_err sx_config_refuse(const struct sx_reason *why,
                                                                   const char *format, ...);

/* A copy that is complete: members that an older program doesn't know keep their defaults. */
enum sx_err sx_config_read_in(const struct soap_xmpp_config *in, struct soap_xmpp_config *out,
                              const struct sx_reason *why);

#endif
