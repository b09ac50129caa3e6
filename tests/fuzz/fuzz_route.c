/* fuzz_route.c - whom a path calls, in whose name, and addresses the other way round.
 *
 * Input: texts with a NUL behind each: a path, a query, a user, an address.
 * Claims: nothing of them changes the domain that is called or called from, or becomes a part of it
 * that it isn't; what is mapped to one side is mapped back.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "route/address.h"
#include "route/endpoint.h"

enum { ROUTES = 5, TEXTS = 4, OUT_BYTES = 4096 };

static const struct {
    const char *pattern, *to, *domain; /* domain: what stands between '@' and '/' or '?' */
    enum gw_path path;
} rows[ROUTES] = {
    {"/cam/{name}", "xmpp:{name}@cams.example.org", "cams.example.org", GW_PATH_RESOURCE},
    {"/later", "xmpp:meter@example.org?message", "example.org", GW_PATH_RESOURCE},
    {"/mine", "xmpp:{user}@users.example.org", "users.example.org", GW_PATH_RESOURCE},
    {"/home", "xmpp:home@example.org/soap", "example.org", GW_PATH_HEADER},
    {"/calc", "xmpp:calc@example.org/soap", "example.org", GW_PATH_NONE},
};

static struct gw_route_config routes[ROUTES];
static struct gw_config config = {.routes = routes, .route_count = ROUTES};

static void make_routes(void)
{
    char why[128];
    for (size_t i = 0; i < ROUTES && !routes[ROUTES - 1].pattern; i++) {
        routes[i] =
            (struct gw_route_config){.pattern = gw_pattern_new(rows[i].pattern, why, sizeof why),
                                     .to = (char *)rows[i].to,
                                     .path = rows[i].path,
                                     .from = "{user}@gw.example.org"};
        CLAIM(routes[i].pattern);
    }
}

static void claim_endpoint(const char *endpoint, const char *domain)
{
    const char *at = strchr(endpoint, '@');
    size_t len = strlen(domain);
    CLAIM(strncmp(endpoint, "xmpp:", 5) == 0 && at && at > endpoint + 5);
    CLAIM(strncmp(at + 1, domain, len) == 0 && strchr("/?", at[1 + len]));
    CLAIM(!memchr(endpoint, '/', (size_t)(at - endpoint)));
    CLAIM(strcspn(endpoint, "\"<>#\\ \t\r\n\x7F") == strlen(endpoint));
    const char *query = strchr(endpoint, '?');
    CLAIM(!query || strcmp(query, "?message") == 0);
}

static void claim_from(const char *from)
{
    const char *at = strchr(from, '@');
    CLAIM(at && at > from && strcmp(at, "@gw.example.org") == 0);
    CLAIM(strcspn(from, "\"&'/:<> ") == strlen(from));
}

static void call(const char *path, const char *query, const char *user)
{
    char endpoint[GW_ENDPOINT_BYTES], from[GW_ENDPOINT_FROM_BYTES], why[256] = "";
    char header[GW_ENDPOINT_PATH_BYTES + 1];
    struct gw_match match = {.rest = ""};
    const struct gw_route_config *route = gw_endpoint_route(&config, path, &match);
    if (!route)
        return;
    struct gw_endpoint_of of = {route, &match, user, query, strcmp(query, "message") == 0};
    if (gw_endpoint_write(&of, endpoint, why, sizeof why) == 0)
        claim_endpoint(endpoint, rows[route - routes].domain);
    else
        CLAIM(*why && !*endpoint);
    if (gw_endpoint_from(&of, from, why, sizeof why) == 0)
        claim_from(from);
    else
        CLAIM(*why && !*from);
    CLAIM(gw_endpoint_path(&of, header, why, sizeof why) == 0 || !*header);
}

static void map(const char *address, const char *user)
{
    struct gw_address_map addresses = {
        .config = &config, .base = "https://gw.example.org", .host = "10.0.0.1:8080", .user = user};
    char out[OUT_BYTES], back[OUT_BYTES], again[OUT_BYTES];
    if (gw_address_to_http(&addresses, address, out, sizeof out) == 1) {
        CLAIM(strncmp(out, "https://gw.example.org/", 23) == 0);
        CLAIM(strcspn(out, "\"<> \t\r\n") == strlen(out) || strchr(out, '?'));
        CLAIM(gw_address_to_xmpp(&addresses, out, back, sizeof back) == 1);
    }
    if (gw_address_to_xmpp(&addresses, address, out, sizeof out) != 1 || strstr(out, "@users."))
        return;
    CLAIM(strncmp(out, "xmpp:", 5) == 0);
    if (gw_address_to_http(&addresses, out, back, sizeof back) == 1) {
        /* "/soap" and no path at all are the same, and a JID knows no capitals: once is enough. */
        CLAIM(gw_address_to_xmpp(&addresses, back, again, sizeof again) == 1);
        CLAIM(gw_address_to_http(&addresses, again, out, sizeof out) == 1);
        CLAIM(strcmp(out, back) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *texts[TEXTS];
    make_routes();
    for (size_t i = 0; i < TEXTS; i++) {
        const uint8_t *nul = len ? memchr(bytes, 0, len) : NULL;
        size_t text_len = nul ? (size_t)(nul - bytes) : len;
        texts[i] = fuzz_text(bytes, text_len);
        bytes += text_len + (nul != NULL);
        len -= text_len + (nul != NULL);
    }
    call(texts[0], texts[1], texts[2]);
    map(texts[3], texts[2]);
    for (size_t i = 0; i < TEXTS; i++)
        free(texts[i]);
    return 0;
}
