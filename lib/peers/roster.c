/* roster.c - who is there, as presence stanzas tell.
 *
 * Invariant: each contact is in the tree once, and in one of two lists: asked, in the order in
 * which they were last asked for, or others, in the order in which they came; a contact in others
 * has one resource at least. `bytes` is the sum of all names kept.
 *
 * Happy path: available -> put -> list -> ... -> unavailable -> take_out.
 * Failure: no memory for a resource: it isn't known, and calls go elsewhere. More than the bounds
 * allow: a contact without a place looks absent, and calls to it go to the default resource.
 */
#include "peers/roster.h"

#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "wire/jid.h"

struct resource {
    TAILQ_ENTRY(resource) in_contact;
    struct sx_presence_mark mark;
    char name[]; /* of the resource alone */
};

struct contact {
    TAILQ_ENTRY(contact) in_list;
    TAILQ_HEAD(resource_list, resource) resources; /* who came first, first */
    unsigned count;
    bool is_asked;
    uint64_t version; /* see struct sx_roster_view */
    const char *bare; /* text */
    char text[];
};

TAILQ_HEAD(contact_list, contact);

struct sx_roster {
    unsigned max_contacts; /* immutable */
    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t came;
    struct contact_list asked, others;
    void *by_bare; /* a tree, see tsearch(3) */
    unsigned count;
    size_t bytes;
    uint64_t puts;    /* so far */
    int64_t begun_us; /* 0: offline */
};

struct sx_roster *sx_roster_new(unsigned max_contacts)
{
    struct sx_roster *roster = calloc(1, sizeof *roster);
    if (!roster)
        return NULL;
    if (pthread_mutex_init(&roster->mu, NULL))
        goto err_after_alloc;
    if (sx_clock_cond_init(&roster->came))
        goto err_after_mutex;
    roster->max_contacts = max_contacts;
    TAILQ_INIT(&roster->asked);
    TAILQ_INIT(&roster->others);
    return roster;

err_after_mutex:
    pthread_mutex_destroy(&roster->mu);
err_after_alloc:
    free(roster);
    return NULL;
}

static int compare_contacts(const void *a, const void *b)
{
    return strcmp(((const struct contact *)a)->bare, ((const struct contact *)b)->bare);
}

static void remove_resource_locked(struct sx_roster *roster, struct contact *contact,
                                   struct resource *resource)
{
    TAILQ_REMOVE(&contact->resources, resource, in_contact);
    contact->count--;
    roster->bytes -= strlen(resource->name);
    free(resource);
}

static void clear_contact_locked(struct sx_roster *roster, struct contact *contact)
{
    struct resource *resource;
    while ((resource = TAILQ_FIRST(&contact->resources)) != NULL)
        remove_resource_locked(roster, contact, resource);
}

static struct contact_list *list_of_locked(struct sx_roster *roster, const struct contact *contact)
{
    return contact->is_asked ? &roster->asked : &roster->others;
}

static void remove_contact_locked(struct sx_roster *roster, struct contact *contact)
{
    clear_contact_locked(roster, contact);
    tdelete(contact, &roster->by_bare, compare_contacts);
    TAILQ_REMOVE(list_of_locked(roster, contact), contact, in_list);
    roster->count--;
    roster->bytes -= strlen(contact->bare);
    free(contact);
}

static void clear_others_locked(struct sx_roster *roster)
{
    struct contact *contact;
    while ((contact = TAILQ_FIRST(&roster->others)) != NULL)
        remove_contact_locked(roster, contact);
}

void sx_roster_free(struct sx_roster *roster)
{
    struct contact *contact;
    if (!roster)
        return;
    clear_others_locked(roster);
    while ((contact = TAILQ_FIRST(&roster->asked)) != NULL)
        remove_contact_locked(roster, contact);
    pthread_cond_destroy(&roster->came);
    pthread_mutex_destroy(&roster->mu);
    free(roster);
}

void sx_roster_begin(struct sx_roster *roster, int64_t now_us)
{
    struct contact *contact;
    pthread_mutex_lock(&roster->mu);
    clear_others_locked(roster);
    TAILQ_FOREACH(contact, &roster->asked, in_list)
        clear_contact_locked(roster, contact);
    roster->begun_us = now_us;
    pthread_cond_broadcast(&roster->came); /* who waits for an earlier session waits in vain */
    pthread_mutex_unlock(&roster->mu);
}

/* NULL: no memory. */
static struct contact *make_contact(const char *bare)
{
    size_t bytes = strlen(bare) + 1;
    struct contact *contact = calloc(1, sizeof *contact + bytes);
    if (!contact)
        return NULL;
    contact->bare = memcpy(contact->text, bare, bytes);
    TAILQ_INIT(&contact->resources);
    return contact;
}

static struct contact *find_locked(struct sx_roster *roster, const char *bare)
{
    const struct contact key = {.bare = bare};
    struct contact **node = tfind(&key, &roster->by_bare, compare_contacts);
    return node ? *node : NULL;
}

static struct contact *enter_contact_locked(struct sx_roster *roster, const char *bare)
{
    struct contact *contact = make_contact(bare);
    if (!contact)
        return NULL;
    if (!tsearch(contact, &roster->by_bare, compare_contacts)) {
        free(contact);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&roster->others, contact, in_list);
    roster->count++;
    roster->bytes += strlen(bare);
    return contact;
}

static struct resource *find_resource(struct contact *contact, const char *name)
{
    struct resource *resource;
    TAILQ_FOREACH(resource, &contact->resources, in_contact)
        if (strcmp(resource->name, name) == 0)
            return resource;
    return NULL;
}

/* NULL: no memory. */
static struct resource *enter_resource_locked(struct sx_roster *roster, struct contact *contact,
                                              const char *name)
{
    size_t bytes = strlen(name) + 1;
    struct resource *resource = calloc(1, sizeof *resource + bytes);
    if (!resource)
        return NULL;
    memcpy(resource->name, name, bytes);
    if (contact->count == SX_ROSTER_RESOURCES)
        remove_resource_locked(roster, contact, TAILQ_FIRST(&contact->resources));
    TAILQ_INSERT_TAIL(&contact->resources, resource, in_contact);
    contact->count++;
    roster->bytes += strlen(name);
    return resource;
}

/* Who makes place for this one, which has come, grown or been asked for; NULL: nobody needs to. */
static struct contact *choose_victim_locked(const struct sx_roster *roster, struct contact *contact)
{
    struct contact *victim;
    if (roster->count <= roster->max_contacts && roster->bytes <= SX_ROSTER_BYTES)
        return NULL;
    if (!contact->is_asked)
        return contact;
    victim = TAILQ_LAST(&roster->others, contact_list);
    if (!victim)
        victim = TAILQ_FIRST(&roster->asked);
    /* It alone is within the bounds. */
    return victim == contact ? TAILQ_NEXT(victim, in_list) : victim;
}

static void shrink_locked(struct sx_roster *roster, struct contact *contact)
{
    struct contact *victim;
    do {
        victim = choose_victim_locked(roster, contact);
        if (victim)
            remove_contact_locked(roster, victim);
    } while (victim && victim != contact);
}

/* Nobody of it may be there: then nothing but the account's name is kept. */
static void drop_empty_locked(struct sx_roster *roster, struct contact *contact)
{
    if (contact->count == 0 && !contact->is_asked)
        remove_contact_locked(roster, contact);
}

static void put_locked(struct sx_roster *roster, const char *bare, const char *name,
                       const struct sx_presence_mark *mark)
{
    struct contact *contact = find_locked(roster, bare);
    struct resource *resource;
    if (!contact)
        contact = enter_contact_locked(roster, bare);
    if (!contact)
        return;
    resource = find_resource(contact, name);
    if (!resource)
        resource = enter_resource_locked(roster, contact, name);
    if (resource)
        resource->mark = *mark;
    contact->version = ++roster->puts;
    if (contact->count > 0)
        shrink_locked(roster, contact);
    else
        drop_empty_locked(roster, contact);
}

void sx_roster_put(struct sx_roster *roster, const char *jid, const struct sx_presence_mark *mark)
{
    const char *name = sx_jid_resource(jid);
    char bare[SX_JID_BYTES];
    if (!name || strlen(name) > SX_ROSTER_RESOURCE_BYTES)
        return;
    sx_jid_bare(jid, bare, sizeof bare);
    pthread_mutex_lock(&roster->mu);
    put_locked(roster, bare, name, mark);
    pthread_cond_broadcast(&roster->came);
    pthread_mutex_unlock(&roster->mu);
}

bool sx_roster_take_out(struct sx_roster *roster, const char *jid)
{
    const char *name = sx_jid_resource(jid);
    struct contact *contact;
    struct resource *resource = NULL;
    char bare[SX_JID_BYTES];
    bool was_there;
    sx_jid_bare(jid, bare, sizeof bare);
    pthread_mutex_lock(&roster->mu);
    contact = find_locked(roster, bare);
    if (contact && name)
        resource = find_resource(contact, name);
    was_there = name ? resource != NULL : contact && contact->count > 0;
    if (resource)
        remove_resource_locked(roster, contact, resource);
    if (contact && !name)
        clear_contact_locked(roster, contact);
    if (contact)
        drop_empty_locked(roster, contact);
    pthread_mutex_unlock(&roster->mu);
    return was_there;
}

/* ---- who is there ---- */

static char *join(const char *bare, const char *name)
{
    char *jid;
    return asprintf(&jid, "%s/%s", bare, name) < 0 ? NULL : jid;
}

static void copy_locked(const struct contact *contact, struct sx_roster_view *view)
{
    const struct resource *resource;
    view->resources = calloc(contact->count, sizeof *view->resources);
    if (!view->resources)
        return;
    TAILQ_FOREACH(resource, &contact->resources, in_contact) {
        struct sx_resource *copy = &view->resources[view->count];
        copy->jid = join(contact->bare, resource->name);
        copy->mark = resource->mark;
        view->count += copy->jid != NULL;
    }
}

static int compare_resources(const void *a, const void *b)
{
    return strcmp(((const struct sx_resource *)a)->jid, ((const struct sx_resource *)b)->jid);
}

static void note_asked_locked(struct sx_roster *roster, struct contact *contact)
{
    TAILQ_REMOVE(list_of_locked(roster, contact), contact, in_list);
    contact->is_asked = true;
    TAILQ_INSERT_TAIL(&roster->asked, contact, in_list);
    shrink_locked(roster, contact);
}

void sx_roster_list(struct sx_roster *roster, const char *bare, struct sx_roster_view *view)
{
    struct contact *contact;
    *view = (struct sx_roster_view){0};
    pthread_mutex_lock(&roster->mu);
    contact = find_locked(roster, bare);
    if (!contact)
        contact = enter_contact_locked(roster, bare);
    if (contact && contact->count > 0) {
        view->version = contact->version;
        copy_locked(contact, view);
    }
    if (contact)
        note_asked_locked(roster, contact);
    pthread_mutex_unlock(&roster->mu);
    if (view->count)
        qsort(view->resources, view->count, sizeof *view->resources, compare_resources);
}

void sx_roster_view_fini(struct sx_roster_view *view)
{
    unsigned i;
    for (i = 0; i < view->count; i++)
        free(view->resources[i].jid);
    free(view->resources);
    *view = (struct sx_roster_view){0};
}

static bool has_come_locked(struct sx_roster *roster, const char *bare, uint64_t version)
{
    const struct contact *contact = find_locked(roster, bare);
    return contact && contact->count > 0 && contact->version != version;
}

bool sx_roster_await(struct sx_roster *roster, const char *bare, uint64_t version,
                     int64_t settle_us, int64_t deadline)
{
    bool has_come, in_time = true;
    pthread_mutex_lock(&roster->mu);
    while (!(has_come = has_come_locked(roster, bare, version)) && roster->begun_us && in_time) {
        int64_t settled_us = roster->begun_us + settle_us;
        in_time = sx_clock_cond_wait(&roster->came, &roster->mu,
                                     settled_us < deadline ? settled_us : deadline);
    }
    pthread_mutex_unlock(&roster->mu);
    return has_come;
}
