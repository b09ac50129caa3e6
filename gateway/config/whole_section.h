/* whole_section.h - what stands in no section, and limits. */
#ifndef GW_WHOLE_SECTION_H
#define GW_WHOLE_SECTION_H

#include "config/draft.h"

/* The defaults of all of it. */
void gw_whole_section_init(struct gw_config *config);
/* 0, or -1 with one sentence in why. */
int gw_whole_section_read(const struct gw_draft *draft, const struct gw_file_section *section);
int gw_whole_section_read_limits(const struct gw_draft *draft,
                                 const struct gw_file_section *section);

#endif
