/* browser.c - whether a request may come from a browser, if it does.
 *
 * A page is of our origin if it was read from the URL that it calls. But whoever owns a name can
 * have it mean our address once the page is there (DNS rebinding), and calls as whoever sits at
 * this machine. So the name has to be known; unless the client has logged in, which a browser does
 * for one name alone, or by https, where the certificate would be another one's. */
#include "route/browser.h"

#include <string.h>
#include <strings.h>

/* Whether a base has an address, or localhost, in the place of a name. */
static bool is_at_address(const char *base)
{
    static const char localhost[] = "localhost";
    const char *host = strstr(base, "//");
    if (!host)
        return false;
    host += 2;
    if (*host == '[')
        return true;
    size_t len = strcspn(host, ":/");
    return (len == sizeof localhost - 1 && strncasecmp(host, localhost, len) == 0) ||
           (len && strspn(host, "0123456789.") == len);
}

static bool is_known(const struct gw_request *request, const struct gw_config *config)
{
    const char *base = gw_request_base(request);
    return *config->public_url || *gw_request_user(request) ||
           strncasecmp(base, "https:", 6) == 0 || is_at_address(base);
}

bool gw_browser_may_call(const struct gw_request *request, const struct gw_config *config)
{
    const char *origin = gw_request_header(request, "Origin");
    if (!origin)
        return true;
    return !gw_request_has_twice(request, "Origin") &&
           strcasecmp(origin, gw_request_base(request)) == 0 && is_known(request, config);
}
