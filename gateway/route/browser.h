/* browser.h - whether a request may come from a browser, if it does.
 *
 * Noun: the browser, which sends what any page says, with what its user has typed elsewhere; other
 * clients say no Origin (RFC 6454 7.3). Any thread. */
#ifndef GW_BROWSER_H
#define GW_BROWSER_H

#include <stdbool.h>

#include "config/config.h"
#include "http/request.h"

/* False: it is of a page of another origin, or by a name that may have been made to mean our
 * address. */
bool gw_browser_may_call(const struct gw_request *request, const struct gw_config *config);

#endif
