/* See page.h. */
#include "status/page.h"

#include <string.h>

const struct gw_page_file *gw_page_find(const char *path)
{
    static const struct gw_page_file pages[] = {
        {"/", "text/html; charset=utf-8", gw_page_html},
        {"/page.js", "text/javascript; charset=utf-8", gw_page_js},
        {"/page.css", "text/css; charset=utf-8", gw_page_css},
    };
    size_t i;
    for (i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(path, pages[i].path) == 0)
            return &pages[i];
    return NULL;
}
