/* file.h - gateway.conf and what it includes, as sections of options that all are text.
 *
 *   log = json
 *   route "/cam/{name}" { to = "xmpp:{name}@cams.example.org" users = { alice, "group:ops" } }
 *   include "gateway.d/cameras.conf"
 *
 * Noun: the file. Invariant: each section and option in it is one that config/syntax.h knows, is
 * there once where it may be there once, and has a line. All lies in the pool.
 *
 * Bounds: 1 MiB a file, 256 files, 16,384 options, 256 values of one. */
#ifndef GW_FILE_H
#define GW_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/place.h"
#include "config/syntax.h"
#include "contract/pool.h"

struct gw_file_option {
    const char *name; /* as config/syntax.h has it */
    char **values;    /* values[count] is NULL */
    size_t count;
    struct gw_place place;
    struct gw_file_option *next;
};

struct gw_file_section {
    const struct gw_syntax_section *syntax;
    const char *title; /* "" without */
    struct gw_place place;
    bool is_private; /* others may do nothing with its file */
    struct gw_file_option *options;
    struct gw_file_section *next;
};

/* All sections in the order in which they stand, files in the order in which they are included.
 * What stands in no section is in one whose name is "", for each file another. 0, or -1 with one
 * sentence in why. Blocks while files are read. */
int gw_file_read(const char *path, struct ct_pool *pool, struct gw_file_section **sections,
                 const struct gw_why *why);
/* The option of that name, or NULL. */
const struct gw_file_option *gw_file_find(const struct gw_file_section *section, const char *name);

#endif
