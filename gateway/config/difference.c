/* See difference.h. Routes, serves, users and most limits change while the gateway runs; links and
 * listeners are opened at its start. */
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

static bool is_same_listen(const struct gw_listen *a, const struct gw_listen *b)
{
    return strcmp(a->address, b->address) == 0 && strcmp(a->cert_file, b->cert_file) == 0 &&
           strcmp(a->key_file, b->key_file) == 0 &&
           strcmp(a->client_ca_file, b->client_ca_file) == 0 && !a->auth == !b->auth &&
           (!a->auth ||
            (strcmp(a->auth->name, b->auth->name) == 0 && a->auth->type == b->auth->type));
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

static const struct gw_listen *find_listen(const struct gw_config *one,
                                           const struct gw_config *other)
{
    size_t i;
    for (i = 0; i < one->listen_count; i++) {
        if (i >= other->listen_count || !is_same_listen(&one->listens[i], &other->listens[i]))
            return &one->listens[i];
    }
    return NULL;
}

bool gw_difference_find(const struct gw_config *before, const struct gw_config *after, char *what,
                        size_t what_bytes)
{
    const struct gw_link_config *link = find_link(after, before);
    const struct gw_listen *listen = find_listen(after, before);
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
    else if (!before->serve_count != !after->serve_count)
        snprintf(what, what_bytes, "the first serve has come, or the last has gone");
    else if (before->limits.connections != after->limits.connections ||
             before->limits.header_bytes != after->limits.header_bytes ||
             before->limits.idle_ms != after->limits.idle_ms)
        snprintf(what, what_bytes, "limits of connections have changed");
    else
        return false;
    return true;
}
