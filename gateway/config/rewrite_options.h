/* rewrite_options.h - rewrite, element, rewrite-signed and mtom, which routes and serves share. */
#ifndef GW_REWRITE_OPTIONS_H
#define GW_REWRITE_OPTIONS_H

#include "config/draft.h"

/* 0, or -1 with one sentence in why. */
int gw_rewrite_options_read(const struct gw_draft *draft, const struct gw_file_section *section,
                            struct gw_rewrite_config *rewrite);
/* "{namespace}local", each. */
int gw_rewrite_options_read_names(const struct gw_draft *draft, const struct gw_file_option *option,
                                  struct gw_strings *names);

/* The categories by their bits, NULL ends them. */
extern const char *const gw_rewrite_options_categories[];

#endif
