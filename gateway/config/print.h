/* print.h - a configuration as its file would say it whole. */
#ifndef GW_PRINT_H
#define GW_PRINT_H

#include "config/config.h"

/* As gw_config_print(). */
char *gw_print_write(const struct gw_config *config);

#endif
