/* See backend.h. Names are [A-Za-z0-9._~-] (config/pattern.h), so that none leaves its place in a
 * URL but by dots: "..", alone or beside others, is refused. */
#include "serve/backend.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- finding ---- */

static bool has_dots(const struct gw_match *match)
{
    for (size_t i = 0; i < match->count; i++)
        if (match->values[i][0] == '.' || strstr(match->values[i], ".."))
            return true;
    return false;
}

/* The first serve of the link whose pattern the JID is. */
static const struct gw_service *find_service(const struct gw_services *services, const char *link,
                                             const char *jid, struct gw_match *match)
{
    for (size_t i = 0; i < services->count; i++) {
        const struct gw_serve_config *serve = services->list[i].serve;
        if (strcmp(serve->link->name, link) == 0 &&
            gw_pattern_match_jid(serve->pattern, jid, match))
            return &services->list[i];
    }
    return NULL;
}

static int no_service(const char *jid, const char **condition, char *why, size_t why_bytes)
{
    *condition = "item-not-found";
    snprintf(why, why_bytes, "the gateway serves no %.200s", jid);
    return -1;
}

/* "scheme://host:port" of a URL; the length. */
static size_t authority_bytes(const char *url)
{
    const char *authority = strstr(url, "://");
    return authority ? (size_t)(authority + 3 - url) + strcspn(authority + 3, "/?#") : 0;
}

int gw_backend_set_path(struct gw_backend *backend, const char *path, const char **condition,
                        char *why, size_t why_bytes)
{
    size_t bytes = authority_bytes(backend->base);
    const char *no = gw_device_path_check(backend->service->serve, backend->base, path);
    memcpy(backend->url, backend->base, bytes);
    if (!no && !gw_device_path_encode(path, backend->url + bytes, sizeof backend->url - bytes))
        no = "the path is too long";
    if (no) {
        *condition = "item-not-found";
        snprintf(why, why_bytes, "%s", no);
        return -1;
    }
    memcpy(backend->path, path, strlen(path) + 1);
    return 0;
}

/* "soap" is the resource that an endpoint without one means, and what stands behind it a path. */
static int take_resource(struct gw_backend *backend, const char *slash, const char **condition,
                         char *why, size_t why_bytes)
{
    if (strcmp(slash, "/") == 0 || strcmp(slash, "/soap") == 0)
        return 0;
    if (strncmp(slash, "/soap/", 6) == 0)
        slash += 5;
    return gw_backend_set_path(backend, slash, condition, why, why_bytes);
}

int gw_backend_find(struct gw_backend *backend, const struct gw_services *services,
                    const char *link, const char *to, const char **condition, char *why,
                    size_t why_bytes)
{
    size_t bytes = strcspn(to, "/");
    memset(backend, 0, sizeof *backend);
    if (bytes >= sizeof backend->jid)
        return no_service(to, condition, why, why_bytes);
    memcpy(backend->jid, to, bytes);
    backend->service = find_service(services, link, backend->jid, &backend->match);
    if (!backend->service || has_dots(&backend->match) ||
        !gw_pattern_expand(backend->service->serve->url, &backend->match, "", backend->base,
                           sizeof backend->base))
        return no_service(backend->jid, condition, why, why_bytes);
    memcpy(backend->url, backend->base, sizeof backend->url);
    if (to[bytes] == '/' && backend->service->serve->path == GW_PATH_RESOURCE &&
        backend->service->serve->link->is_component)
        return take_resource(backend, to + bytes, condition, why, why_bytes);
    return 0;
}

/* ---- addresses ---- */

/* Host and port of an absolute URL, the port as a number; false: it is none of http or https, or
 * has a user in it. */
struct place {
    char host[256];
    long port;
};

static bool read_place(const char *text, long port, struct place *place)
{
    size_t bytes = strcspn(text, "/?#"), host_bytes;
    const char *colon;
    if (bytes == 0 || bytes >= sizeof place->host || memchr(text, '@', bytes))
        return false;
    memcpy(place->host, text, bytes);
    place->host[bytes] = '\0';
    colon = strrchr(place->host, ':');
    host_bytes = colon && !strchr(colon, ']') ? (size_t)(colon - place->host) : bytes;
    place->port = port;
    if (host_bytes < bytes) {
        char *end;
        place->port = strtol(place->host + host_bytes + 1, &end, 10);
        if (*end)
            return false;
        if (host_bytes + 1 == bytes)
            place->port = port;
    }
    place->host[host_bytes] = '\0';
    return host_bytes > 0;
}

/* What stands behind the authority; NULL: it isn't an http(s) URL. */
static const char *read_url(const char *url, struct place *place)
{
    bool is_https = strncasecmp(url, "https://", 8) == 0;
    const char *authority = url + (is_https ? 8 : 7);
    if (!is_https && strncasecmp(url, "http://", 7) != 0)
        return NULL;
    if (!read_place(authority, is_https ? 443 : 80, place))
        return NULL;
    return authority + strcspn(authority, "/?#");
}

static bool is_same(const struct place *one, const struct place *other)
{
    return one->port == other->port && strcasecmp(one->host, other->host) == 0;
}

/* An alias without a port means the port that the URL's scheme has. */
static bool is_alias(const struct gw_backend *backend, const char *alias, const struct place *place,
                     long port)
{
    char expanded[sizeof place->host];
    struct place own;
    return gw_pattern_expand(alias, &backend->match, "", expanded, sizeof expanded) &&
           read_place(expanded, port, &own) && is_same(&own, place);
}

static bool is_backend(const struct gw_backend *backend, const struct place *place, long port)
{
    const struct gw_strings *aliases = &backend->service->serve->aliases;
    struct place own;
    if (read_url(backend->base, &own) && is_same(&own, place))
        return true;
    for (size_t i = 0; i < aliases->count; i++)
        if (is_alias(backend, aliases->list[i], place, port))
            return true;
    return false;
}

bool gw_backend_is_own(const struct gw_backend *backend, const char *url)
{
    struct place place;
    return read_url(url, &place) &&
           is_backend(backend, &place, strncasecmp(url, "https", 5) == 0 ? 443 : 80);
}

/* RFC 5122: what may stand in a node or path of an xmpp: URI; all else percent-encoded. */
static bool add_encoded(const char *text, const char *also, char *out, size_t out_bytes)
{
    size_t used = strlen(out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (used + 4 > out_bytes)
            return false;
        if ((isalnum(c) && c < 0x80) || strchr("-._~!$'()*+,;=", c) || strchr(also, c))
            used += (size_t)snprintf(out + used, out_bytes - used, "%c", c);
        else
            used += (size_t)snprintf(out + used, out_bytes - used, "%%%02X", c);
    }
    return true;
}

/* "/desk": an account is reached by its login's resource, and its device's path stands behind that.
 * "" of a component, and where it is "soap", which an endpoint without one means. */
static const char *login_resource(const struct gw_backend *backend)
{
    const struct gw_link_config *link = backend->service->serve->link;
    const char *resource = link->is_component ? NULL : strchr(link->jid, '/');
    return resource && resource[1] && strcmp(resource, "/soap") != 0 ? resource : "";
}

static bool write_address(const struct gw_backend *backend, const char *path, char *out,
                          size_t out_bytes)
{
    snprintf(out, out_bytes, "xmpp:");
    return add_encoded(backend->jid, "@:[]", out, out_bytes) &&
           add_encoded(login_resource(backend), "/:@", out, out_bytes) &&
           add_encoded(path, "/:@", out, out_bytes);
}

int gw_backend_to_xmpp(void *user, const char *address, char *out, size_t out_bytes)
{
    const struct gw_backend *backend = user;
    const struct gw_serve_config *serve = backend->service->serve;
    char path[GW_DEVICE_PATH_BYTES + 1];
    struct place place;
    const char *behind = read_url(address, &place), *own;
    if (!behind || !gw_backend_is_own(backend, address))
        return 0;
    own = backend->base + authority_bytes(backend->base);
    if (strcmp(behind, own) == 0 || (strcmp(behind, "/") == 0 && !*own))
        return write_address(backend, "", out, out_bytes) ? 1 : -1;
    if (serve->path == GW_PATH_NONE || !gw_device_path_decode(behind, path, sizeof path) ||
        gw_device_path_check(serve, backend->base, path))
        return 0;
    return write_address(backend, path, out, out_bytes) ? 1 : -1;
}

/* Whether the address is the backend's own; where its resource begins then. The JID is compared
 * as write_address() writes it, and as it is. */
static const char *behind_jid(const struct gw_backend *backend, const char *address)
{
    char own[GW_BACKEND_JID_BYTES * 3 + 8] = "xmpp:";
    size_t bytes;
    if (strncasecmp(address, "xmpp:", 5) != 0)
        return NULL;
    if (add_encoded(backend->jid, "@:[]", own, sizeof own)) {
        bytes = strlen(own);
        if (strncasecmp(address, own, bytes) == 0 && strchr("/?", address[bytes]))
            return address + bytes;
    }
    bytes = strlen(backend->jid);
    if (strncasecmp(address + 5, backend->jid, bytes) == 0 && strchr("/?", address[5 + bytes]))
        return address + 5 + bytes;
    return NULL;
}

/* The path without the login's resource before it; one that stands there alone is a path, too. */
static const char *behind_login(const struct gw_backend *backend, const char *path)
{
    const char *own = login_resource(backend);
    size_t bytes = strlen(own);
    return strncmp(path, own, bytes) == 0 && (!path[bytes] || path[bytes] == '/') ? path + bytes
                                                                                  : path;
}

int gw_backend_to_http(void *user, const char *address, char *out, size_t out_bytes)
{
    const struct gw_backend *backend = user;
    const char *behind = behind_jid(backend, address), *own_path, *condition;
    char path[GW_DEVICE_PATH_BYTES + GW_BACKEND_JID_BYTES], why[1]; /* with a login's resource */
    struct gw_backend other;
    int used;
    if (!behind || *behind == '?' || !gw_device_path_decode_resource(behind, path, sizeof path))
        return 0;
    other = *backend;
    memcpy(other.url, other.base, sizeof other.url);
    own_path = behind_login(backend, path);
    if (*own_path && take_resource(&other, own_path, &condition, why, sizeof why) != 0)
        return 0;
    if (other.path[0] && other.service->serve->path == GW_PATH_NONE)
        return 0;
    used = snprintf(out, out_bytes, "%s", other.url);
    return used >= 0 && (size_t)used < out_bytes ? 1 : -1;
}
