/* See operation.h. */
#include "base/operation.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_bool is_counted;
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
/* under mu; the last is "other" */
static struct gw_operation operations[GW_OPERATIONS + 1];
static size_t count;

void gw_operation_switch(bool is_on)
{
    atomic_store(&is_counted, is_on);
}

static struct gw_operation *find_locked(bool is_from_http, const char *route, const char *name)
{
    struct gw_operation *found;
    for (size_t i = 0; i < count; i++) {
        found = &operations[i];
        if (found->is_from_http == is_from_http && strcmp(found->name, name) == 0 &&
            strcmp(found->route, route) == 0)
            return found;
    }
    if (count == GW_OPERATIONS || strlen(name) >= sizeof found->name ||
        strlen(route) >= sizeof found->route) {
        snprintf(operations[GW_OPERATIONS].name, sizeof found->name, "other");
        return &operations[GW_OPERATIONS];
    }
    found = &operations[count++];
    found->is_from_http = is_from_http;
    snprintf(found->route, sizeof found->route, "%s", route);
    snprintf(found->name, sizeof found->name, "%s", name);
    return found;
}

void gw_operation_count(bool is_from_http, const char *route, const char *name, const char *outcome)
{
    struct gw_operation *operation;
    if (!atomic_load(&is_counted) || !*name)
        return;
    pthread_mutex_lock(&mu);
    operation = find_locked(is_from_http, route, name);
    operation->executed += strcmp(outcome, "executed") == 0;
    operation->not_executed += strcmp(outcome, "not-executed") == 0;
    operation->unknown += strcmp(outcome, "unknown") == 0;
    pthread_mutex_unlock(&mu);
}

static bool copy_at(size_t which, struct gw_operation *copy)
{
    pthread_mutex_lock(&mu);
    bool is_there = which < count || (which == count && *operations[GW_OPERATIONS].name);
    if (is_there)
        *copy = operations[which < count ? which : GW_OPERATIONS];
    pthread_mutex_unlock(&mu);
    return is_there;
}

void gw_operation_each(void (*each)(void *user, const struct gw_operation *operation), void *user)
{
    struct gw_operation copy;
    for (size_t i = 0; copy_at(i, &copy); i++)
        each(user, &copy);
}
