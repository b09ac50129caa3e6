/* address.c - what an address in an envelope becomes on the other side of a route.
 *
 * Happy path, to HTTP: the JID is matched with what each route calls, what stands behind it becomes
 * the path behind the route's pattern. To XMPP: the authority is ours, the path has a route, whose
 * endpoint is written as a call's is.
 * Failure modes: none; what can't be mapped stays as it is. */
#include "route/address.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "route/endpoint.h"

enum { TEXT_BYTES = 4096 };

static const char scheme[] = "xmpp:";

/* Whether a URL may have it (RFC 3986 2). */
static bool is_of_url(char c)
{
    return c > 0x20 && c < 0x7F && !strchr("\"<>\\^`{|}", c);
}

/* Whether a path, up to its query, has a segment "..". */
static bool goes_up(const char *path)
{
    const char *query = path + strcspn(path, "?");
    for (const char *at = path; (at = strstr(at, "/..")) && at < query; at++) {
        if (at + 3 == query || at[3] == '/')
            return true;
    }
    return false;
}

/* Decodes %XX up to the first of stop; false: no room, a broken escape, a control character, "..".
 */
static bool decode(const char *text, const char *stop, char *out, size_t out_bytes)
{
    size_t len = 0;
    for (; *text && !strchr(stop, *text); text++) {
        int c = (unsigned char)*text;
        if (c == '%') {
            c = gw_hex_byte(text + 1);
            if (c < 0)
                return false;
            text += 2;
        }
        if (c < 0x20 || c == 0x7F || len + 1 >= out_bytes)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return !goes_up(out);
}

/* ---- xmpp: to http: ---- */

/* Splits "node@domain/resource"; resource is "" without. */
static void split(char *jid, const char **resource)
{
    char *slash = strchr(jid, '/');
    *resource = slash ? slash + 1 : "";
    if (slash)
        *slash = '\0';
}

/* What stands behind the resource that a route calls, as a path: "" or "/...". "soap" is what an
 * endpoint without a resource means. An account's own resource is its login's: services write their
 * addresses without it. NULL: the route doesn't reach it. */
static const char *path_behind(const struct gw_route_config *route, const char *resource,
                               const char *called, char *path, size_t path_bytes)
{
    const char *own = *called ? called : "soap";
    size_t len = strlen(own);
    if (strncmp(resource, own, len) == 0 && (resource[len] == '\0' || resource[len] == '/'))
        return resource[len] && resource[len + 1] ? resource + len : "";
    if (*resource && strcmp(own, "soap") != 0 && route->path != GW_PATH_HEADER)
        return NULL;
    snprintf(path, path_bytes, "%s%s", *resource ? "/" : "", resource);
    return path;
}

/* Adds a path with its query, which stands in a canonical address as %3F, and behind it as it is.
 * 1; 0: a call with that path would be refused; -1: no room. */
static int add_path(const char *path, char *out, size_t out_bytes)
{
    char before[TEXT_BYTES];
    size_t path_len = strcspn(path, "?");
    snprintf(before, sizeof before, "%.*s", (int)path_len, path);
    if (!gw_endpoint_encode(before, out, out_bytes))
        return -1;
    size_t query_at = strlen(out);
    for (const char *query = path + path_len; *query; query++) {
        char c[2] = {*query, '\0'};
        size_t len = strlen(out);
        if (is_of_url(*query) && len + 1 < out_bytes)
            memcpy(out + len, c, sizeof c);
        else if (!gw_endpoint_encode(c, out, out_bytes))
            return -1;
    }
    return path_len + strlen(out + query_at) <= GW_ENDPOINT_PATH_BYTES;
}

/* The URL by which a route reaches a JID that its own pattern of JIDs matches. */
static int write_url(const struct gw_address_map *map, const struct gw_route_config *route,
                     const struct gw_match *match, const char *rest, char *out, size_t out_bytes)
{
    char path[TEXT_BYTES] = "";
    if (!rest || (*rest && route->path == GW_PATH_NONE))
        return 0;
    if ((size_t)snprintf(out, out_bytes, "%s", map->base) >= out_bytes ||
        !gw_pattern_expand(gw_pattern_text(route->pattern), match, "", path, sizeof path))
        return -1;
    size_t len = strlen(path);
    if (len > 0 && path[len - 1] == '/' && *rest == '/')
        path[len - 1] = '\0'; /* the route "/" */
    return gw_endpoint_encode(path, out, out_bytes) ? add_path(rest, out, out_bytes) : -1;
}

/* 0: the route doesn't reach it. */
static int try_route(const struct gw_address_map *map, const struct gw_route_config *route,
                     const char *bare, const char *resource, char *out, size_t out_bytes)
{
    char called[TEXT_BYTES], path[TEXT_BYTES], why[128];
    const char *called_resource;
    struct gw_match match = {.rest = ""};
    const char *to = route->to + (strncasecmp(route->to, scheme, 5) == 0 ? 5 : 0);
    if (strstr(to, "{user}") || !decode(to, "?", called, sizeof called))
        return 0;
    split(called, &called_resource);
    struct gw_pattern *pattern = gw_pattern_new(called, why, sizeof why);
    int result = 0;
    if (pattern && gw_pattern_match_jid(pattern, bare, &match))
        result = write_url(map, route, &match,
                           path_behind(route, resource, called_resource, path, sizeof path), out,
                           out_bytes);
    gw_pattern_free(pattern);
    return result;
}

/* A node and a domain are the same in capitals (RFC 7622). */
static void fold(char *bare)
{
    for (; *bare; bare++) {
        if (*bare >= 'A' && *bare <= 'Z')
            *bare |= 0x20;
    }
}

int gw_address_to_http(void *user, const char *address, char *out, size_t out_bytes)
{
    const struct gw_address_map *map = user;
    char jid[TEXT_BYTES];
    const char *resource;
    if (!*map->base || strncasecmp(address, scheme, 5) != 0 ||
        !decode(address + 5, "?#", jid, sizeof jid))
        return 0;
    split(jid, &resource);
    fold(jid);
    int result = map->route ? try_route(map, map->route, jid, resource, out, out_bytes) : 0;
    for (size_t i = 0; result == 0 && i < map->config->route_count; i++)
        result = try_route(map, &map->config->routes[i], jid, resource, out, out_bytes);
    return result;
}

/* ---- http: to xmpp: ---- */

/* The length of "scheme://authority" without a port that is the scheme's own; 0: it has none. */
static size_t authority_of(const char *url, size_t *path_at)
{
    bool is_https = strncasecmp(url, "https://", 8) == 0;
    if (!is_https && strncasecmp(url, "http://", 7) != 0)
        return 0;
    size_t start = is_https ? 8 : 7, len = start + strcspn(url + start, "/?#");
    const char *port = is_https ? ":443" : ":80";
    size_t port_len = strlen(port);
    *path_at = len;
    if (len - start > port_len && strncmp(url + len - port_len, port, port_len) == 0)
        len -= port_len;
    return len > start ? len : 0;
}

static bool is_url(const char *text)
{
    while (is_of_url(*text))
        text++;
    return !*text;
}

/* Whether a URL's authority is ours: as in our base, or as the client calls us. */
static bool is_ours(const struct gw_address_map *map, const char *url, size_t len, size_t path_at)
{
    size_t base_path_at, base_len = authority_of(map->base, &base_path_at);
    if (base_len == len && strncasecmp(map->base, url, len) == 0)
        return true;
    size_t start = strncasecmp(url, "https", 5) == 0 ? 8 : 7;
    return map->host && *map->host && strlen(map->host) == path_at - start &&
           strncasecmp(map->host, url + start, path_at - start) == 0;
}

/* The endpoint of a path with its query; false: there is none, or it has no room. */
static bool write_endpoint(const struct gw_address_map *map, const char *path, const char *query,
                           char endpoint[GW_ENDPOINT_BYTES])
{
    char why[128], rest[GW_ENDPOINT_PATH_BYTES + 1];
    struct gw_match match = {.rest = ""};
    const struct gw_route_config *route = gw_endpoint_route(map->config, path, &match);
    if (!route)
        return false;
    const struct gw_endpoint_of of = {
        .route = route, .match = &match, .user = map->user, .query = query};
    if (gw_endpoint_write(&of, endpoint, why, sizeof why) ||
        gw_endpoint_path(&of, rest, why, sizeof why))
        return false;
    endpoint[strcspn(endpoint, "?")] = '\0';
    if (!*rest)
        return true;
    endpoint[strcspn(endpoint, "/")] = '\0'; /* the device's own name for it */
    return gw_endpoint_encode(rest, endpoint, GW_ENDPOINT_BYTES);
}

int gw_address_to_xmpp(void *user, const char *address, char *out, size_t out_bytes)
{
    const struct gw_address_map *map = user;
    char path[TEXT_BYTES], query[TEXT_BYTES] = "", endpoint[GW_ENDPOINT_BYTES];
    size_t path_at = 0, len = authority_of(address, &path_at);
    if (!*map->base || len == 0 || !is_url(address) || !is_ours(map, address, len, path_at) ||
        !decode(address + path_at, "?#", path, sizeof path) || strchr(path, '?'))
        return 0;
    const char *behind = address + strcspn(address, "?#");
    if (*behind == '?')
        snprintf(query, sizeof query, "%.*s", (int)strcspn(behind + 1, "#"), behind + 1);
    if (!write_endpoint(map, path, query, endpoint))
        return 0;
    return (size_t)snprintf(out, out_bytes, "%s", endpoint) < out_bytes ? 1 : -1;
}
