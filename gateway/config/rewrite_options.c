/* See rewrite_options.h. */
#include "config/rewrite_options.h"

#include <string.h>

#include "config/value.h"

const char *const gw_rewrite_options_categories[] = {"wsdl", "xaddr", "wsa", NULL};

static int read_categories(const struct gw_draft *draft, const struct gw_file_option *option,
                           unsigned *categories)
{
    size_t i, which;
    if (!option)
        return 0;
    *categories = 0;
    for (i = 0; i < option->count; i++) {
        for (which = 0; gw_rewrite_options_categories[which]; which++) {
            if (strcmp(gw_rewrite_options_categories[which], option->values[i]) == 0)
                break;
        }
        if (!gw_rewrite_options_categories[which])
            return gw_place_tell(option->place, draft->why,
                                 "rewrite has \"%.80s\": there are \"wsdl\", \"xaddr\", \"wsa\"",
                                 option->values[i]);
        *categories |= 1U << which;
    }
    return 0;
}

int gw_rewrite_options_read_names(const struct gw_draft *draft, const struct gw_file_option *option,
                                  struct gw_strings *names)
{
    size_t i;
    if (gw_value_texts(option, names, draft->why))
        return -1;
    for (i = 0; i < names->count; i++) {
        const char *name = names->list[i], *end = strrchr(name, '}');
        if (*name != '{' || !end || !end[1] || strpbrk(end + 1, " \t{:/<>\"'&"))
            return gw_place_tell(option->place, draft->why,
                                 "%s has \"%.80s\": an element is \"{namespace}name\"",
                                 option->name, name);
    }
    return 0;
}

int gw_rewrite_options_read(const struct gw_draft *draft, const struct gw_file_section *section,
                            struct gw_rewrite_config *rewrite)
{
    rewrite->categories = GW_REWRITE_WSDL | GW_REWRITE_XADDR | GW_REWRITE_WSA;
    if (read_categories(draft, gw_file_find(section, "rewrite"), &rewrite->categories) ||
        gw_rewrite_options_read_names(draft, gw_file_find(section, "element"), &rewrite->elements))
        return -1;
    return gw_value_switch(gw_file_find(section, "rewrite-signed"), &rewrite->of_signed,
                           draft->why);
}
