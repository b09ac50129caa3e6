/* origin.c - who has sent a request, and how it reaches us.
 *
 * X-Forwarded-For is read from its end, where the proxy before us has written whom it saw, and only
 * over addresses that are trusted themselves: what stands further left is whatever a client liked
 * to write. */
#include "http/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Whether text[0..length) is NAME[:PORT] or [ADDRESS][:PORT]. */
static bool is_authority(const char *text, size_t length)
{
    size_t name = 0;
    if (length && text[0] == '[') {
        while (name < length && text[name] != ']')
            name++;
        for (size_t i = 1; i < name; i++)
            if (!isxdigit((unsigned char)text[i]) && text[i] != ':' && text[i] != '.')
                return false;
        if (name++ >= length || name < 4)
            return false;
    } else {
        while (name < length && (isalnum((unsigned char)text[name]) || text[name] == '-' ||
                                 text[name] == '.' || text[name] == '_'))
            name++;
    }
    if (!name || length > 255)
        return false;
    if (name == length)
        return true;
    size_t digits = 0;
    while (name + 1 + digits < length && isdigit((unsigned char)text[name + 1 + digits]))
        digits++;
    return text[name] == ':' && digits > 0 && digits <= 5 && name + 1 + digits == length;
}

/* An address as inet_ntop() writes it, so that one has one form. */
static bool tidy(const char *text, size_t length, char out[46])
{
    char copy[46];
    unsigned char bytes[16];
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    for (int family = AF_INET;; family = AF_INET6) {
        if (inet_pton(family, copy, bytes) == 1)
            return inet_ntop(family, bytes, out, 46) != NULL;
        if (family == AF_INET6)
            return false;
    }
}

static bool is_trusted(const struct gw_config *config, const char *address)
{
    char trusted[46];
    for (size_t i = 0; i < config->trusted_proxies.count; i++) {
        const char *one = config->trusted_proxies.list[i];
        if (tidy(one, strlen(one), trusted) && strcmp(trusted, address) == 0)
            return true;
    }
    return false;
}

/* Trims blanks; returns the start. */
static const char *trim(const char *text, size_t *length)
{
    while (*length && (*text == ' ' || *text == '\t')) {
        text++;
        --*length;
    }
    while (*length && (text[*length - 1] == ' ' || text[*length - 1] == '\t'))
        --*length;
    return text;
}

/* The last one of X-Forwarded-For that no trusted proxy has, over all trusted ones. */
static void follow(struct gw_request *request, const char *forwarded)
{
    size_t end = strlen(forwarded);
    while (is_trusted(request->config, request->address)) {
        size_t start = end;
        while (start > 0 && forwarded[start - 1] != ',')
            start--;
        size_t length = end - start;
        const char *one = trim(forwarded + start, &length);
        if (!tidy(one, length, request->address) || start == 0)
            return;
        end = start - 1;
    }
}

/* What the proxy nearest to us says: the last of a list. */
static const char *last_of(const char *list, size_t *length)
{
    const char *comma = strrchr(list, ',');
    const char *last = comma ? comma + 1 : list;
    *length = strlen(last);
    return trim(last, length);
}

static char *write_base(struct gw_request *request, bool is_tls, bool is_proxied)
{
    const char *host = gw_request_header(request, "Host");
    const char *proto = is_proxied ? gw_request_header(request, "X-Forwarded-Proto") : NULL;
    const char *forwarded = is_proxied ? gw_request_header(request, "X-Forwarded-Host") : NULL;
    size_t length = host ? strlen(host) : 0, proto_length = 0;
    char *base = NULL;

    if (request->config->public_url[0])
        return strdup(request->config->public_url);
    if (forwarded)
        host = last_of(forwarded, &length);
    if (proto)
        proto = last_of(proto, &proto_length);
    if (proto_length == 5 && strncasecmp(proto, "https", 5) == 0)
        is_tls = true;
    else if (proto_length == 4 && strncasecmp(proto, "http", 4) == 0)
        is_tls = false;
    if (!host || !is_authority(host, length))
        return strdup("");
    return asprintf(&base, "%s://%.*s", is_tls ? "https" : "http", (int)length, host) < 0 ? NULL
                                                                                          : base;
}

void gw_origin_read(struct gw_request *request, bool is_tls)
{
    const char *host = gw_request_header(request, "Host");
    const char *forwarded = gw_request_header(request, "X-Forwarded-For");
    bool is_proxied = is_trusted(request->config, request->address);
    if (host && *host && !is_authority(host, strlen(host)))
        gw_request_refuse(request, 400, "Host is no name with or without a port");
    if (request->authority && (!host || strlen(host) != request->authority_bytes ||
                               strncasecmp(host, request->authority, strlen(host)) != 0))
        gw_request_refuse(request, 400, "Host isn't the one of the request's target");
    if (is_proxied && forwarded && !gw_request_has_twice(request, "X-Forwarded-For"))
        follow(request, forwarded);
    request->base = write_base(request, is_tls, is_proxied);
    if (!request->base)
        gw_request_refuse(request, 503, "memory is short");
}
