/* route_section.h - route: HTTP -> XMPP. */
#ifndef GW_ROUTE_SECTION_H
#define GW_ROUTE_SECTION_H

#include "config/draft.h"

/* Puts one into its place, in which nothing is yet; links and auths are there. 0, or -1 with one
 * sentence in why; what it has made of the route is freed by whoever frees the configuration. */
int gw_route_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                          struct gw_route_config *route);

extern const char *const gw_route_section_paths[]; /* by enum gw_path; NULL ends them */

#endif
