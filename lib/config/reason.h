/* reason.h - where a refusal is explained: for the files of config/. */
#ifndef SX_CONFIG_REASON_H
#define SX_CONFIG_REASON_H

#include <stddef.h>

#include "base/fault.h"

struct sx_reason {
    char *text; /* NULL allowed with bytes 0 */
    size_t bytes;
};

/* Writes the reason, on one line; what doesn't fit is cut. SX_ECONFIG. */
__attribute__((format(printf, 2, 3))) enum sx_err sx_reason_refuse(const struct sx_reason *why,
                                                                   const char *format, ...);

#endif
