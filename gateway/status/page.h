/* page.h - the files of the status page, compiled in: gateway/status/page/. Any thread. */
#ifndef GW_PAGE_H
#define GW_PAGE_H

struct gw_page_file {
    const char *path, *type;
    const char *text; /* NUL-terminated */
};

/* The file at a path, "/" being the page itself; NULL: there is none. */
const struct gw_page_file *gw_page_find(const char *path);

/* What mk/gateway.mk makes of the files. */
extern const char gw_page_html[], gw_page_js[], gw_page_css[];

#endif
