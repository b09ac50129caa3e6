/* listen_section.h - who may come in over HTTP, and where: listen, admin, auth. */
#ifndef GW_LISTEN_SECTION_H
#define GW_LISTEN_SECTION_H

#include "config/draft.h"

/* Each puts one into its place: 0, or -1 with one sentence in why. auths are there already. */
int gw_listen_section_read_auth(const struct gw_draft *draft, const struct gw_file_section *section,
                                struct gw_auth *auth);
int gw_listen_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                           struct gw_listen *listen);
int gw_listen_section_read_admin(const struct gw_draft *draft,
                                 const struct gw_file_section *section, struct gw_listen *admin);

#endif
