/* redirect.c - reads where a server sends us to, and says when to follow no longer.
 *
 * Invariant: what is appended is an address, or a name that DNS can be asked for.
 *
 * Happy path: add -> host and port, which the caller looks up.
 * Failure: a target that means nothing, a circle, more than SX_REDIRECT_MOST.
 */
#include "net/redirect.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/domain.h"

enum { MOST_PORT = 65535, MOST_DIGITS = 5 };

/* "": there is none. */
static bool read_port(const char *text, int *port)
{
    size_t len = strlen(text);
    *port = 0;
    if (len == 0)
        return true;
    if (len > MOST_DIGITS || strspn(text, "0123456789") != len)
        return false;
    *port = atoi(text);
    return *port > 0 && *port <= MOST_PORT;
}

/* The letters of names and of IPv4 addresses; labels beyond ASCII have A-labels. */
static enum sx_err check_name(const char *host)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    char ascii[SX_DOMAIN_ASCII_BYTES];
    enum sx_err err =
        *host == '[' || sx_domain_check(host) ? SX_ESTREAM : sx_domain_to_ascii(host, ascii);
    if (err == SX_ENOMEM)
        return err;
    return err == SX_OK && strspn(ascii, letters) == strlen(ascii) ? SX_OK : SX_ESTREAM;
}

static enum sx_err check_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, host, &address) == 1 ? SX_OK : SX_ESTREAM;
}

static enum sx_err read_target(const char *text, struct sx_redirect_target *out)
{
    bool is_bracketed = *text == '[';
    const char *host = text + is_bracketed;
    size_t len = strcspn(host, is_bracketed ? "]" : ":");
    const char *rest = host + len;
    if (strlen(text) >= sizeof out->host || (is_bracketed && *rest++ != ']') ||
        (*rest && (*rest != ':' || !rest[1])) || !read_port(*rest ? rest + 1 : "", &out->port))
        return SX_ESTREAM;
    memcpy(out->host, host, len);
    if (len > 1 && host[len - 1] == '.') /* of a name from the root */
        len--;
    out->host[len] = '\0';
    return is_bracketed ? check_address(out->host) : check_name(out->host);
}

static bool are_alike(const struct sx_redirect_target *one, const struct sx_redirect_target *other)
{
    return strcasecmp(one->host, other->host) == 0 && one->port == other->port;
}

enum sx_err sx_redirect_add(struct sx_redirect *redirect, const char *target, bool is_direct,
                            const char **why)
{
    struct sx_redirect_target found = {.is_direct = is_direct};
    enum sx_err err = read_target(target, &found);
    unsigned i;
    *why = err == SX_ENOMEM ? "and memory is short" : "which is no host with or without a port";
    for (i = 0; i < redirect->count && err == SX_OK; i++)
        if (are_alike(&redirect->at[i], &found)) {
            *why = "where we were sent before";
            err = SX_ESTREAM;
        }
    _Static_assert(SX_REDIRECT_MOST == 3, "the sentence counts them");
    if (err == SX_OK && redirect->count == SX_REDIRECT_MOST) {
        *why = "the fourth in a row";
        err = SX_ESTREAM;
    }
    if (err == SX_OK)
        redirect->at[redirect->count++] = found;
    return err;
}
