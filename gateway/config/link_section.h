/* link_section.h - link: an account or a component, by the names of the library's members. */
#ifndef GW_LINK_SECTION_H
#define GW_LINK_SECTION_H

#include "config/draft.h"

/* Puts one into its place: 0, or -1 with one sentence in why. Values are the library's to check. */
int gw_link_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                         struct gw_link_config *link);
/* Its password becomes "". */
void gw_link_section_wipe(struct gw_link_config *link);
/* The link that a route or serve names, or the only one. */
int gw_link_section_find(const struct gw_draft *draft, const struct gw_file_section *section,
                         const struct gw_link_config **link);
/* Whether a bare JID, maybe with {names} before its '@', is the link's; false with a clause. */
bool gw_link_section_owns(const struct gw_link_config *link, const char *jid, char *why,
                          size_t why_bytes);

#endif
