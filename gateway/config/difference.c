/* See difference.h. Routes, serves, users, certificates and some limits change while the gateway
 * runs; links and listeners are opened at its start. */
#include "config/difference.h"

#include <stdio.h>
#include <string.h>

static bool has_same_strings(const struct gw_strings *a, const struct gw_strings *b)
{
    size_t i;
    if (a->count != b->count)
        return false;
    for (i = 0; i < a->count; i++) {
        if (strcmp(a->list[i], b->list[i]) != 0)
            return false;
    }
    return true;
}

/* Files of a listener and who comes in there are read anew, but what libmicrohttpd has been told at
 * its start stays: whether there is TLS, and whether it asks for certificates. */
static bool is_same_listen(const struct gw_listen *a, const struct gw_listen *b)
{
    return strcmp(a->address, b->address) == 0 && !*a->cert_file == !*b->cert_file &&
           !*a->client_ca_file == !*b->client_ca_file;
}

static bool is_same_link(const struct gw_link_config *a, const struct gw_link_config *b)
{
    return strcmp(a->name, b->name) == 0 && has_same_strings(&a->names, &b->names) &&
           has_same_strings(&a->values, &b->values);
}

/* The first of `one` that `other` hasn't got as it is. */
static const struct gw_link_config *find_link(const struct gw_config *one,
                                              const struct gw_config *other)
{
    size_t i, j;
    for (i = 0; i < one->link_count; i++) {
        for (j = 0; j < other->link_count; j++) {
            if (is_same_link(&one->links[i], &other->links[j]))
                break;
        }
        if (j == other->link_count)
            return &one->links[i];
    }
    return NULL;
}

static size_t count_same(const struct gw_listen *listen, const struct gw_config *config)
{
    size_t i, count = 0;
    for (i = 0; i < config->listen_count; i++)
        count += is_same_listen(listen, &config->listens[i]);
    return count;
}

/* One that `other` hasn't got, or not as often: port 0 may stand there twice. */
static const struct gw_listen *find_listen(const struct gw_config *one,
                                           const struct gw_config *other)
{
    size_t i;
    for (i = 0; i < one->listen_count; i++) {
        if (count_same(&one->listens[i], one) != count_same(&one->listens[i], other))
            return &one->listens[i];
    }
    return NULL;
}

/* Those that the library, libcurl's side and libmicrohttpd are told when they start. */
static const char *find_limit(const struct gw_limits *a, const struct gw_limits *b)
{
    return a->body_bytes != b->body_bytes       ? "body"
           : a->header_bytes != b->header_bytes ? "header"
           : a->memory_bytes != b->memory_bytes ? "memory"
           : a->connections != b->connections   ? "connections"
                                                : NULL;
}

bool gw_difference_find(const struct gw_config *before, const struct gw_config *after, char *what,
                        size_t what_bytes)
{
    const struct gw_link_config *link = find_link(after, before);
    const struct gw_listen *listen = find_listen(after, before);
    const char *limit = find_limit(&before->limits, &after->limits);
    if (!link)
        link = find_link(before, after);
    if (!listen)
        listen = find_listen(before, after);
    if (link)
        snprintf(what, what_bytes, "link \"%s\" has changed", link->name);
    else if (listen)
        snprintf(what, what_bytes, "listen \"%s\" has changed", listen->address);
    else if (!before->admin != !after->admin ||
             (before->admin && !is_same_listen(before->admin, after->admin)))
        snprintf(what, what_bytes, "admin has changed");
    else if (limit)
        snprintf(what, what_bytes, "%s of limits has changed", limit);
    else
        return false;
    return true;
}
