/* See address.h. */
#include "config/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { URL_BYTES = 2048 };

static bool is_port(const char *text, size_t len)
{
    return len >= 1 && len <= 5 && strspn(text, "0123456789") >= len && atoi(text) <= 65535;
}

/* The host of "host:port" without brackets; the port, or NULL. */
static const char *find_port(const char *address, char host[INET6_ADDRSTRLEN])
{
    const char *colon = strrchr(address, ':'), *begin = address;
    size_t len = colon ? (size_t)(colon - address) : 0;
    if (len >= 2 && *address == '[' && address[len - 1] == ']') {
        begin++;
        len -= 2;
    } else if (memchr(address, ':', len)) {
        return NULL; /* IPv6 without brackets: nobody knows where its port begins */
    }
    if (!colon || len == 0 || len >= INET6_ADDRSTRLEN)
        return NULL;
    memcpy(host, begin, len);
    host[len] = '\0';
    return colon + 1;
}

bool gw_address_check(const char *address, char *why, size_t why_bytes)
{
    char host[INET6_ADDRSTRLEN];
    const char *port;
    if (*address == '/') {
        if (strlen(address) < sizeof((struct sockaddr_un *)NULL)->sun_path)
            return true;
        snprintf(why, why_bytes, "a socket's path has 107 bytes at most");
        return false;
    }
    port = find_port(address, host);
    if (port && gw_address_is_numeric(host) && is_port(port, strlen(port)) &&
        (*address == '[') == (strchr(host, ':') != NULL))
        return true;
    snprintf(why, why_bytes,
             port && !gw_address_is_numeric(host)
                 ? "it has a name in the place of an IP address: \"127.0.0.1:8080\" is this "
                   "machine alone, \"0.0.0.0:8080\" and \"[::]:8080\" are all of its addresses"
                 : "it is an IP address and a port (\"127.0.0.1:8080\", \"[::1]:8080\") or a "
                   "socket's path (\"/run/gateway.sock\")");
    return false;
}

bool gw_address_is_local(const char *address)
{
    char host[INET6_ADDRSTRLEN];
    struct in6_addr six;
    if (*address == '/')
        return true;
    if (!find_port(address, host))
        return false;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
    return strncmp(host, "127.", 4) == 0;
}

bool gw_address_is_same(const char *a, const char *b)
{
    const char *port = *a == '/' ? NULL : strrchr(a, ':');
    return strcmp(a, b) == 0 && !(port && atoi(port + 1) == 0);
}

bool gw_address_is_numeric(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_host(const char *text, size_t len, bool with_names)
{
    size_t i;
    if (len == 0 || len > 255)
        return false;
    for (i = 0; i < len; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && c != '.' && c != '-' && c != '_' &&
            !(with_names && (c == '{' || c == '}')))
            return false;
    }
    return true;
}

bool gw_address_is_authority(const char *text, size_t len, bool with_names)
{
    size_t host;
    if (len > 0 && *text == '[') {
        char copy[INET6_ADDRSTRLEN];
        const char *end = memchr(text, ']', len);
        host = end ? (size_t)(end - text) + 1 : 0;
        if (host < 3 || host - 2 >= sizeof copy)
            return false;
        memcpy(copy, text + 1, host - 2);
        copy[host - 2] = '\0';
        if (!strchr(copy, ':') || !gw_address_is_numeric(copy))
            return false;
    } else {
        const char *colon = memchr(text, ':', len);
        host = colon ? (size_t)(colon - text) : len;
        if (!is_host(text, host, with_names))
            return false;
    }
    return host == len || (text[host] == ':' && is_port(text + host + 1, len - host - 1));
}

bool gw_address_check_url(const char *url, bool with_names, bool with_query, char *why,
                          size_t why_bytes)
{
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    size_t authority = strcspn(url + scheme, "/?#");
    const char *at, *wrong = NULL;
    if (scheme == 0)
        wrong = "it begins with http:// or https://";
    else if (strlen(url) > URL_BYTES)
        wrong = "it is longer than 2,048 bytes";
    else if (memchr(url + scheme, '@', authority))
        wrong = "it has a user in it: say login, user and password_file";
    else if (!gw_address_is_authority(url + scheme, authority, with_names))
        wrong = "what stands behind its // is no host, or its port is none";
    else if (strchr(url, '#'))
        wrong = "it has a fragment (#), which isn't sent";
    else if (!with_query && strchr(url, '?'))
        wrong = "it has a query (?)";
    for (at = url; !wrong && *at; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at > 126 || strchr("<>\"\\^`|", *at) ||
            (!with_names && strchr("{}", *at)))
            wrong = "it has a character that has to be percent-encoded";
    }
    if (wrong)
        snprintf(why, why_bytes, "%s", wrong);
    return !wrong;
}
