/* serve_section.h - serve: XMPP -> HTTP. */
#ifndef GW_SERVE_SECTION_H
#define GW_SERVE_SECTION_H

#include "config/draft.h"

/* As gw_route_section_read(). */
int gw_serve_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                          struct gw_serve_config *serve);

extern const char *const gw_serve_section_logins[]; /* by enum gw_login; NULL ends them */

#endif
