/* roster.c - who is there, as presence stanzas tell.
 *
 * Invariant: each contact is in the tree, once, and either in asked, in the order in which they
 * were last asked for, or in others, as they came, and has a resource at least then. `bytes` is the
 * sum of all names kept.
 *
 * Happy path: available -> put -> list -> ... -> unavailable -> take_out.
 * Failure: no memory for a resource: it isn't known, and calls go elsewhere. More than the bounds
 * allow: who has no place looks absent, and calls to it go to the default resource.
 */
#include "peers/roster.h"

#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "wire/namespaces.h"

/* ---- stanzas ---- */

static bool is_mark(struct sx_element *child)
{
    const char *name = sx_element_name(child), *ns = sx_element_ns(child);
    return name && ns && strcmp(name, "soap") == 0 && strcmp(ns, SX_NS_PRESENCE) == 0;
}

static void read_mark(struct sx_element *stanza, struct sx_mark *mark)
{
    struct sx_element *child = sx_element_first(stanza);
    const char *incarnation, *packed;
    while (child && !is_mark(child))
        child = sx_element_next(child);
    if (!child)
        return;
    mark->serves = true;
    packed = sx_element_attribute(child, "packed");
    mark->packs = packed && strcmp(packed, "true") == 0;
    incarnation = sx_element_attribute(child, "incarnation");
    if (incarnation && strlen(incarnation) < sizeof mark->incarnation &&
        sx_request_id_is_incarnation(incarnation)) /* it becomes part of our ids */
        memcpy(mark->incarnation, incarnation, strlen(incarnation) + 1);
}

enum sx_presence_kind sx_presence_read(struct sx_element *stanza, struct sx_mark *mark)
{
    static const struct {
        const char *type;
        enum sx_presence_kind kind;
    } kinds[] = {
        {"unavailable", SX_PRESENCE_GONE},          {"error", SX_PRESENCE_GONE},
        {"subscribe", SX_PRESENCE_SUBSCRIBE},       {"subscribed", SX_PRESENCE_SUBSCRIBED},
        {"unsubscribed", SX_PRESENCE_UNSUBSCRIBED},
    };
    const char *type = sx_element_attribute(stanza, "type");
    size_t i;
    *mark = (struct sx_mark){0};
    if (!type) {
        read_mark(stanza, mark);
        return SX_PRESENCE_AVAILABLE;
    }
    for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    return SX_PRESENCE_NONE;
}

void sx_presence_format_mark(struct sx_buffer *out, const struct sx_mark *mark)
{
    if (!mark->serves)
        return;
    sx_buffer_add_text(out, "<soap xmlns='" SX_NS_PRESENCE "'");
    if (mark->incarnation[0])
        sx_buffer_add_attribute(out, "incarnation", mark->incarnation);
    if (mark->packs)
        sx_buffer_add_attribute(out, "packed", "true");
    sx_buffer_add_text(out, "/>");
}

/* ---- table ---- */

struct resource {
    TAILQ_ENTRY(resource) in_contact;
    struct sx_mark mark;
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
    struct sx_roster *presence = calloc(1, sizeof *presence);
    if (!presence)
        return NULL;
    if (pthread_mutex_init(&presence->mu, NULL))
        goto err_after_alloc;
    if (sx_clock_cond_init(&presence->came))
        goto err_after_mutex;
    presence->max_contacts = max_contacts;
    TAILQ_INIT(&presence->asked);
    TAILQ_INIT(&presence->others);
    return presence;

err_after_mutex:
    pthread_mutex_destroy(&presence->mu);
err_after_alloc:
    free(presence);
    return NULL;
}

static int compare_contacts(const void *a, const void *b)
{
    return strcmp(((const struct contact *)a)->bare, ((const struct contact *)b)->bare);
}

static void remove_resource_locked(struct sx_roster *presence, struct contact *contact,
                                   struct resource *resource)
{
    TAILQ_REMOVE(&contact->resources, resource, in_contact);
    contact->count--;
    presence->bytes -= strlen(resource->name);
    free(resource);
}

static void clear_contact_locked(struct sx_roster *presence, struct contact *contact)
{
    struct resource *resource;
    while ((resource = TAILQ_FIRST(&contact->resources)) != NULL)
        remove_resource_locked(presence, contact, resource);
}

static struct contact_list *list_of_locked(struct sx_roster *presence,
                                           const struct contact *contact)
{
    return contact->is_asked ? &presence->asked : &presence->others;
}

static void remove_contact_locked(struct sx_roster *presence, struct contact *contact)
{
    clear_contact_locked(presence, contact);
    tdelete(contact, &presence->by_bare, compare_contacts);
    TAILQ_REMOVE(list_of_locked(presence, contact), contact, in_list);
    presence->count--;
    presence->bytes -= strlen(contact->bare);
    free(contact);
}

static void clear_others_locked(struct sx_roster *presence)
{
    struct contact *contact;
    while ((contact = TAILQ_FIRST(&presence->others)) != NULL)
        remove_contact_locked(presence, contact);
}

void sx_roster_free(struct sx_roster *presence)
{
    struct contact *contact;
    if (!presence)
        return;
    clear_others_locked(presence);
    while ((contact = TAILQ_FIRST(&presence->asked)) != NULL)
        remove_contact_locked(presence, contact);
    pthread_cond_destroy(&presence->came);
    pthread_mutex_destroy(&presence->mu);
    free(presence);
}

void sx_roster_begin(struct sx_roster *presence, int64_t now_us)
{
    struct contact *contact;
    pthread_mutex_lock(&presence->mu);
    clear_others_locked(presence);
    TAILQ_FOREACH(contact, &presence->asked, in_list)
        clear_contact_locked(presence, contact);
    presence->begun_us = now_us;
    pthread_cond_broadcast(&presence->came); /* who waits for an earlier session waits in vain */
    pthread_mutex_unlock(&presence->mu);
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

static struct contact *find_locked(struct sx_roster *presence, const char *bare)
{
    const struct contact key = {.bare = bare};
    struct contact **node = tfind(&key, &presence->by_bare, compare_contacts);
    return node ? *node : NULL;
}

static struct contact *enter_contact_locked(struct sx_roster *presence, const char *bare)
{
    struct contact *contact = make_contact(bare);
    if (!contact)
        return NULL;
    if (!tsearch(contact, &presence->by_bare, compare_contacts)) {
        free(contact);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&presence->others, contact, in_list);
    presence->count++;
    presence->bytes += strlen(bare);
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
static struct resource *enter_resource_locked(struct sx_roster *presence, struct contact *contact,
                                              const char *name)
{
    size_t bytes = strlen(name) + 1;
    struct resource *resource = calloc(1, sizeof *resource + bytes);
    if (!resource)
        return NULL;
    memcpy(resource->name, name, bytes);
    if (contact->count == SX_PRESENCE_RESOURCES)
        remove_resource_locked(presence, contact, TAILQ_FIRST(&contact->resources));
    TAILQ_INSERT_TAIL(&contact->resources, resource, in_contact);
    contact->count++;
    presence->bytes += strlen(name);
    return resource;
}

/* Who makes place for this one, which has come, grown or been asked for; NULL: nobody needs to. */
static struct contact *choose_victim_locked(const struct sx_roster *presence,
                                            struct contact *contact)
{
    struct contact *victim;
    if (presence->count <= presence->max_contacts && presence->bytes <= SX_PRESENCE_BYTES)
        return NULL;
    if (!contact->is_asked)
        return contact;
    victim = TAILQ_LAST(&presence->others, contact_list);
    if (!victim)
        victim = TAILQ_FIRST(&presence->asked);
    /* It alone is within the bounds. */
    return victim == contact ? TAILQ_NEXT(victim, in_list) : victim;
}

static void shrink_locked(struct sx_roster *presence, struct contact *contact)
{
    struct contact *victim;
    do {
        victim = choose_victim_locked(presence, contact);
        if (victim)
            remove_contact_locked(presence, victim);
    } while (victim && victim != contact);
}

/* Nobody of it may be there: then nothing but the account's name is kept. */
static void drop_empty_locked(struct sx_roster *presence, struct contact *contact)
{
    if (contact->count == 0 && !contact->is_asked)
        remove_contact_locked(presence, contact);
}

static void put_locked(struct sx_roster *presence, const char *bare, const char *name,
                       const struct sx_mark *mark)
{
    struct contact *contact = find_locked(presence, bare);
    struct resource *resource;
    if (!contact)
        contact = enter_contact_locked(presence, bare);
    if (!contact)
        return;
    resource = find_resource(contact, name);
    if (!resource)
        resource = enter_resource_locked(presence, contact, name);
    if (resource)
        resource->mark = *mark;
    contact->version = ++presence->puts;
    if (contact->count > 0)
        shrink_locked(presence, contact);
    else
        drop_empty_locked(presence, contact);
}

void sx_roster_put(struct sx_roster *presence, const char *jid, const struct sx_mark *mark)
{
    const char *name = sx_jid_resource(jid);
    char bare[SX_JID_BYTES];
    if (!name || strlen(name) > SX_PRESENCE_RESOURCE_BYTES)
        return;
    sx_jid_bare(jid, bare, sizeof bare);
    pthread_mutex_lock(&presence->mu);
    put_locked(presence, bare, name, mark);
    pthread_cond_broadcast(&presence->came);
    pthread_mutex_unlock(&presence->mu);
}

bool sx_roster_take_out(struct sx_roster *presence, const char *jid)
{
    const char *name = sx_jid_resource(jid);
    struct contact *contact;
    struct resource *resource = NULL;
    char bare[SX_JID_BYTES];
    bool was_there;
    sx_jid_bare(jid, bare, sizeof bare);
    pthread_mutex_lock(&presence->mu);
    contact = find_locked(presence, bare);
    if (contact && name)
        resource = find_resource(contact, name);
    was_there = name ? resource != NULL : contact && contact->count > 0;
    if (resource)
        remove_resource_locked(presence, contact, resource);
    if (contact && !name)
        clear_contact_locked(presence, contact);
    if (contact)
        drop_empty_locked(presence, contact);
    pthread_mutex_unlock(&presence->mu);
    return was_there;
}

/* ---- who is there ---- */

static char *join(const char *bare, const char *name)
{
    char *jid;
    return asprintf(&jid, "%s/%s", bare, name) < 0 ? NULL : jid;
}

static void copy_locked(const struct contact *contact, struct sx_roster_view *company)
{
    const struct resource *resource;
    company->resources = calloc(contact->count, sizeof *company->resources);
    if (!company->resources)
        return;
    TAILQ_FOREACH(resource, &contact->resources, in_contact) {
        struct sx_resource *copy = &company->resources[company->count];
        copy->jid = join(contact->bare, resource->name);
        copy->mark = resource->mark;
        company->count += copy->jid != NULL;
    }
}

static int compare_resources(const void *a, const void *b)
{
    return strcmp(((const struct sx_resource *)a)->jid, ((const struct sx_resource *)b)->jid);
}

static void note_asked_locked(struct sx_roster *presence, struct contact *contact)
{
    TAILQ_REMOVE(list_of_locked(presence, contact), contact, in_list);
    contact->is_asked = true;
    TAILQ_INSERT_TAIL(&presence->asked, contact, in_list);
    shrink_locked(presence, contact);
}

void sx_roster_list(struct sx_roster *presence, const char *bare, struct sx_roster_view *company)
{
    struct contact *contact;
    *company = (struct sx_roster_view){0};
    pthread_mutex_lock(&presence->mu);
    contact = find_locked(presence, bare);
    if (!contact)
        contact = enter_contact_locked(presence, bare);
    if (contact && contact->count > 0) {
        company->version = contact->version;
        copy_locked(contact, company);
    }
    if (contact)
        note_asked_locked(presence, contact);
    pthread_mutex_unlock(&presence->mu);
    if (company->count)
        qsort(company->resources, company->count, sizeof *company->resources, compare_resources);
}

void sx_roster_view_fini(struct sx_roster_view *company)
{
    unsigned i;
    for (i = 0; i < company->count; i++)
        free(company->resources[i].jid);
    free(company->resources);
    *company = (struct sx_roster_view){0};
}

static bool has_come_locked(struct sx_roster *presence, const char *bare, uint64_t version)
{
    const struct contact *contact = find_locked(presence, bare);
    return contact && contact->count > 0 && contact->version != version;
}

bool sx_roster_await(struct sx_roster *presence, const char *bare, uint64_t version,
                     int64_t settle_us, int64_t deadline)
{
    bool has_come, in_time = true;
    pthread_mutex_lock(&presence->mu);
    while (!(has_come = has_come_locked(presence, bare, version)) && presence->begun_us &&
           in_time) {
        int64_t settled_us = presence->begun_us + settle_us;
        in_time = sx_clock_cond_wait(&presence->came, &presence->mu,
                                     settled_us < deadline ? settled_us : deadline);
    }
    pthread_mutex_unlock(&presence->mu);
    return has_come;
}
