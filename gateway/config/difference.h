/* difference.h - what two configurations don't have in common that a running gateway can't change.
 */
#ifndef GW_DIFFERENCE_H
#define GW_DIFFERENCE_H

#include "config/config.h"

/* As gw_config_needs_restart(). */
bool gw_difference_find(const struct gw_config *before, const struct gw_config *after, char *what,
                        size_t what_bytes);

#endif
