/* load.c - JIDs with their numbers of calls, in a tree.
 *
 * Invariant: a load is in the tree exactly while its count isn't 0, so that what peers and programs
 * name takes memory only while calls are under way to it. A tree and not hashes: nobody can choose
 * names that fall together.
 */
#include "exchange/load.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"

static int compare(const void *a, const void *b)
{
    const struct sx_load *load = a, *other = b;
    ++*load->steps;
    return sx_jid_compare(load->jid, other->jid);
}

struct sx_load *sx_load_find(struct sx_loads *loads, const char *jid)
{
    const struct sx_load key = {.jid = jid, .steps = &loads->steps};
    struct sx_load *const *node = tfind(&key, &loads->tree, compare);
    return node ? *node : NULL;
}

unsigned sx_load_count(struct sx_loads *loads, const char *jid)
{
    const struct sx_load *load = sx_load_find(loads, jid);
    return load ? load->count : 0;
}

static struct sx_load *enter(struct sx_loads *loads, const char *jid)
{
    size_t bytes = strlen(jid) + 1;
    struct sx_load *load = calloc(1, sizeof *load + bytes);
    if (!load)
        return NULL;
    load->jid = memcpy(load->text, jid, bytes);
    load->steps = &loads->steps;
    TAILQ_INIT(&load->list);
    if (tsearch(load, &loads->tree, compare))
        return load;
    free(load);
    return NULL;
}

struct sx_load *sx_load_add(struct sx_loads *loads, const char *jid)
{
    struct sx_load *load = sx_load_find(loads, jid);
    if (!load)
        load = enter(loads, jid);
    if (load)
        load->count++;
    return load;
}

void sx_load_drop(struct sx_loads *loads, struct sx_load *load)
{
    if (!load || --load->count > 0)
        return;
    assert(TAILQ_EMPTY(&load->list));
    tdelete(load, &loads->tree, compare);
    free(load);
}
