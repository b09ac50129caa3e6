/* page.h - what a person sees of a route: HTML, with a line to copy.
 *
 * Noun: the page. Invariant: no text of others becomes markup, and nothing is fetched or run for it
 * (GW_PAGE_SECURITY). Pure; any thread. */
#ifndef GW_PAGE_H
#define GW_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"

#define GW_PAGE_SECURITY                                                                           \
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct gw_page {
    const char *url; /* of the route, as the client reaches it; "" if that isn't known */
    const char *endpoint;
    const struct ct_contract *contract; /* NULL: there is none */
    const char *why;                    /* why not */
    bool has_wsdl;                      /* ?wsdl has something to give */
};

/* malloc'ed; NULL without memory. */
char *gw_page_write(const struct gw_page *page, size_t *bytes);

#endif
