/* limits.h - how large, how many, how long: bounds and defaults of a configuration's numbers. */
#ifndef SX_CONFIG_LIMITS_H
#define SX_CONFIG_LIMITS_H

#include "config/reason.h"
#include "config/settings.h"

/* Sets every time, size and count of out. SX_ECONFIG with a reason: one is out of its bounds. */
enum sx_err sx_limits_make(const struct soap_xmpp_config *in, struct sx_config *out,
                           const struct sx_reason *why);

#endif
