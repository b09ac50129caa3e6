/* draft.h - a configuration while it is read: what each section's reader is given. One thread. */
#ifndef GW_DRAFT_H
#define GW_DRAFT_H

#include "config/config.h"
#include "config/file.h"

struct gw_draft {
    struct gw_config *config;
    struct ct_pool *pool; /* the configuration's */
    const struct gw_why *why;
};

#endif
