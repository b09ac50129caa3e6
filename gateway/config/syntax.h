/* syntax.h - which sections there are, and which options in them.
 *
 * Noun: the syntax: one table, which the file is read by and gateway.conf(5) is compared with. */
#ifndef GW_SYNTAX_H
#define GW_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

struct gw_syntax_option {
    const char *name;
    bool is_list; /* one text, or several between braces */
};

struct gw_syntax_section {
    const char *name;  /* "": what stands in none */
    const char *title; /* what its title is, for sentences; NULL: it has none, and is there once */
    const struct gw_syntax_option *options; /* a NULL name ends them */
};

/* The one called name, or NULL. */
const struct gw_syntax_section *gw_syntax_find(const char *name);
/* NULL behind the last one. */
const struct gw_syntax_section *gw_syntax_at(size_t which);
/* The option, or NULL. In names '-' and '_' are the same. */
const struct gw_syntax_option *gw_syntax_find_option(const struct gw_syntax_section *section,
                                                     const char *name);
bool gw_syntax_equal(const char *a, const char *b);
/* ": did you mean ...?", or ": there are a, b, ..."; of sections (NULL) or of options. */
void gw_syntax_hint(const struct gw_syntax_section *section, const char *name, char *hint,
                    size_t hint_bytes);

#endif
