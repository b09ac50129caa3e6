/* endpoint.c - whom a request's call goes to, and in whose name.
 *
 * Happy path: expand the route's pattern, put the path in before '?', add ?message.
 * Failure modes: a path where none may be, or a long one; a user that has no name, or one that no
 * JID can hold: one sentence with a status. */
#include "route/endpoint.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE "?message"

enum { SMALL_BYTES = 2048 };

static bool is_hex(char c)
{
    return c && strchr("0123456789abcdefABCDEF", c);
}

/* What stands behind the pattern, with its query; "" if that is a slash alone. -1: too long. */
static int path_of(const struct gw_endpoint_of *of, char path[GW_ENDPOINT_PATH_BYTES + 1])
{
    const char *rest = strcmp(of->match->rest, "/") == 0 ? "" : of->match->rest;
    bool has_query = *rest && *of->query && !of->is_message;
    int len = snprintf(path, GW_ENDPOINT_PATH_BYTES + 1, "%s%s%s", rest, has_query ? "?" : "",
                       has_query ? of->query : "");
    return len > GW_ENDPOINT_PATH_BYTES ? -1 : 0;
}

static int refuse_path(char *out, char *why, size_t why_bytes)
{
    *out = '\0';
    snprintf(why, why_bytes, "the path behind the route is longer than %d bytes",
             GW_ENDPOINT_PATH_BYTES);
    return 404;
}

bool gw_endpoint_encode(const char *text, char *out, size_t out_bytes)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~!$&'()*+,;=:@/";
    size_t len = strlen(out);
    for (; *text; text++) {
        if (len + 4 > out_bytes)
            return false;
        if (strchr(plain, *text))
            out[len++] = *text;
        else
            len += (size_t)snprintf(out + len, 4, "%%%02X", (unsigned char)*text);
        out[len] = '\0';
    }
    return true;
}

static bool append(char *out, size_t out_bytes, const char *text)
{
    size_t len = strlen(out);
    return (size_t)snprintf(out + len, out_bytes - len, "%s", text) < out_bytes - len;
}

static const struct gw_route_config *find_route(const struct gw_config *config, const char *path,
                                                struct gw_match *match)
{
    for (size_t i = 0; i < config->route_count; i++) {
        if (gw_pattern_match_path(config->routes[i].pattern, path, match))
            return &config->routes[i];
    }
    return NULL;
}

/* The path with small letters where names in braces stand. false: it is the same, or longer than
 * any that a route takes (GW_ENDPOINT_PATH_BYTES behind its pattern). */
static bool write_small(const struct gw_route_config *route, const struct gw_match *match,
                        char out[SMALL_BYTES])
{
    struct gw_match small = *match;
    bool has_capitals = false;
    for (size_t i = 0; i < small.count; i++) {
        for (char *c = small.values[i]; *c; c++) {
            has_capitals |= *c >= 'A' && *c <= 'Z';
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
        }
    }
    return has_capitals &&
           gw_pattern_expand(gw_pattern_text(route->pattern), &small, "", out, SMALL_BYTES) &&
           append(out, SMALL_BYTES, match->rest);
}

/* JIDs don't know capitals: what a name in braces takes may stand in another route in small
 * letters. That is the same device then, and who may call it that route says. */
const struct gw_route_config *gw_endpoint_route(const struct gw_config *config, const char *path,
                                                struct gw_match *match)
{
    char small[SMALL_BYTES];
    struct gw_match other;
    const struct gw_route_config *route = find_route(config, path, match), *own;
    if (!route || !write_small(route, match, small))
        return route;
    own = find_route(config, small, &other);
    if (!own || own == route)
        return route;
    other.rest = path + (other.rest - small);
    *match = other;
    return own;
}

/* A user's name as a JID's node (XEP-0106): 10 characters as \XX, and a backslash where one of
 * those would be read. Outside ASCII a server's stringprep could make of it somebody else's. */
static bool escape(const char *user, char *out, size_t out_bytes)
{
    static const char escaped[] = " \"&'/:<>@";
    size_t len = 0;
    if (!*user || user[0] == ' ' || user[strlen(user) - 1] == ' ')
        return false;
    for (; *user; user++) {
        bool is_code = *user == '\\' && is_hex(user[1]) && is_hex(user[2]);
        if ((unsigned char)*user < 0x20 || (unsigned char)*user >= 0x7F || len + 4 > out_bytes)
            return false;
        if (strchr(escaped, *user) || is_code)
            len += (size_t)snprintf(out + len, 4, "\\%02x", (unsigned char)*user);
        else
            out[len++] = *user;
    }
    out[len] = '\0';
    return true;
}

enum { NODE_BYTES = 1024 };

static int refuse_user(const struct gw_endpoint_of *of, char *out, char *why, size_t why_bytes)
{
    *out = '\0';
    if (!*of->user)
        snprintf(why, why_bytes,
                 "the route calls in its user's name, and nobody was asked for one");
    else
        snprintf(why, why_bytes, "the user's name can't be part of a JID: up to %d bytes of ASCII",
                 NODE_BYTES - 1);
    return 403;
}

/* Expands a pattern's text, in which {user} may stand. As in a URI, where a backslash is %5C. */
static int expand(const struct gw_endpoint_of *of, const char *text, bool is_uri, char *out,
                  size_t out_bytes, char *why, size_t why_bytes)
{
    char node[NODE_BYTES] = "", encoded[NODE_BYTES * 3] = "";
    if (strstr(text, "{user}") && !escape(of->user, node, sizeof node))
        return refuse_user(of, out, why, why_bytes);
    gw_endpoint_encode(node, encoded, sizeof encoded);
    if (gw_pattern_expand(text, of->match, is_uri ? encoded : node, out, out_bytes))
        return 0;
    *out = '\0';
    snprintf(why, why_bytes, "the endpoint would be longer than %zu bytes", out_bytes - 1);
    return 404;
}

int gw_endpoint_write(const struct gw_endpoint_of *of, char out[GW_ENDPOINT_BYTES], char *why,
                      size_t why_bytes)
{
    char path[GW_ENDPOINT_PATH_BYTES + 1];
    int status = expand(of, of->route->to, true, out, GW_ENDPOINT_BYTES, why, why_bytes);
    if (status)
        return status;
    char *query = strchr(out, '?');
    bool is_message = of->is_message || query;
    if (query)
        *query = '\0';
    if (path_of(of, path))
        return refuse_path(out, why, why_bytes);
    if (*path && of->route->path == GW_PATH_NONE) {
        *out = '\0';
        return snprintf(why, why_bytes, "no route has this path"), 404;
    }
    if ((of->route->path == GW_PATH_RESOURCE &&
         !gw_endpoint_encode(path, out, GW_ENDPOINT_BYTES)) ||
        (is_message && !append(out, GW_ENDPOINT_BYTES, MESSAGE)))
        return refuse_path(out, why, why_bytes);
    return 0;
}

int gw_endpoint_path(const struct gw_endpoint_of *of, char out[GW_ENDPOINT_PATH_BYTES + 1],
                     char *why, size_t why_bytes)
{
    *out = '\0';
    if (of->route->path != GW_PATH_HEADER)
        return 0;
    return path_of(of, out) ? refuse_path(out, why, why_bytes) : 0;
}

int gw_endpoint_from(const struct gw_endpoint_of *of, char out[GW_ENDPOINT_FROM_BYTES], char *why,
                     size_t why_bytes)
{
    return expand(of, of->route->from, false, out, GW_ENDPOINT_FROM_BYTES, why, why_bytes);
}
