/* disco.c - what we answer to disco#info, and a small memory of what others answered.
 *
 * Invariant: each cached JID stands in one slot at most, and a slot's jid and features are either
 * both set or both NULL.
 *
 * Happy path: a disco#info result is parsed into a feature list -> put -> has answers from it until
 *             the entry is SX_DISCO_TTL_S old.
 * Failure modes: no memory for a copy: nothing is remembered, and the question is asked again. What
 *             a peer lists beyond the bounds is left out.
 */
#include "disco.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "stanza.h"

enum {
    MAX_FEATURES = 200,
    FEATURE_BYTES = 256 /* with NUL; longer ones are left out, so that an entry is 50 KiB at most */
};

/* ---- answers ---- */

void sx_disco_format_info(struct sx_buffer *out, bool serving, const char *incarnation)
{
    sx_buffer_add_text(out, "<query xmlns='" SX_NS_DISCO_INFO "'>");
    if (serving)
        sx_buffer_add_text(out, "<identity category='automation' type='soap' name='soapxmpp'/>");
    else
        sx_buffer_add_text(out, "<identity category='client' type='bot' name='soapxmpp'/>");
    /* sorted, as XEP-0115 5.1 hashes them */
    sx_buffer_add_text(out, "<feature var='" SX_NS_DISCO_INFO "'/>");
    if (serving)
        sx_buffer_add_text(out, "<feature var='" SX_NS_SOAP "'/>");
    if (serving && incarnation)
        sx_buffer_add_format(out,
                             "<feature var='" SX_NS_DELIVERY "'/>"
                             "<feature var='" SX_NS_DELIVERY "#%s'/>",
                             incarnation);
    sx_buffer_add_text(out, "<feature var='" SX_NS_PING "'/></query>");
}

void sx_disco_format_question(struct sx_buffer *out)
{
    sx_buffer_add_text(out, "<query xmlns='" SX_NS_DISCO_INFO "'/>");
}

/* The var of a <feature/>, NULL for every other child. */
static const char *get_feature(xmpp_stanza_t *child)
{
    const char *name = xmpp_stanza_get_name(child);
    const char *ns = xmpp_stanza_get_ns(child);
    const char *feature;

    if (!name || strcmp(name, "feature") != 0)
        return NULL;
    /* a child without xmlns of its own has its parent's */
    if (ns && strcmp(ns, SX_NS_DISCO_INFO) != 0)
        return NULL;
    feature = xmpp_stanza_get_attribute(child, "var");
    return feature && *feature && strlen(feature) < FEATURE_BYTES ? feature : NULL;
}

char *sx_disco_parse_features(xmpp_stanza_t *query)
{
    struct sx_buffer list = {0};
    xmpp_stanza_t *child = query ? xmpp_stanza_get_children(query) : NULL;
    unsigned count = 0;
    size_t len;

    for (; child && count < MAX_FEATURES; child = xmpp_stanza_get_next(child)) {
        const char *feature = get_feature(child);
        if (!feature)
            continue;
        sx_buffer_add(&list, feature, strlen(feature) + 1);
        count++;
    }
    /* the NUL that ends every buffer is the empty feature that ends the list */
    return sx_buffer_take(&list, &len);
}

bool sx_disco_list_has(const char *features, const char *feature)
{
    if (!features || !*feature)
        return false;
    for (; *features; features += strlen(features) + 1)
        if (strcmp(features, feature) == 0)
            return true;
    return false;
}

/* ---- cache ---- */

struct entry {
    char *jid, *features;
    int64_t put_us;
};

struct sx_disco {
    pthread_mutex_t mu;
    struct entry entries[SX_DISCO_ENTRIES]; /* under mu */
};

struct sx_disco *sx_disco_new(void)
{
    struct sx_disco *disco = calloc(1, sizeof *disco);

    if (disco && pthread_mutex_init(&disco->mu, NULL)) {
        free(disco);
        return NULL;
    }
    return disco;
}

static void free_entry(struct entry *entry)
{
    free(entry->jid);
    free(entry->features);
}

void sx_disco_free(struct sx_disco *disco)
{
    int i;

    if (!disco)
        return;
    for (i = 0; i < SX_DISCO_ENTRIES; i++)
        free_entry(&disco->entries[i]);
    pthread_mutex_destroy(&disco->mu);
    free(disco);
}

static char *copy_list(const char *features)
{
    const char *end = features;
    char *copy;

    while (*end)
        end += strlen(end) + 1;
    copy = malloc((size_t)(end - features) + 1);
    return copy ? memcpy(copy, features, (size_t)(end - features) + 1) : NULL;
}

static struct entry *find_locked(struct sx_disco *disco, const char *jid)
{
    int i;

    for (i = 0; i < SX_DISCO_ENTRIES; i++)
        if (disco->entries[i].jid && sx_address_equal(disco->entries[i].jid, jid))
            return &disco->entries[i];
    return NULL;
}

/* Where a new entry goes: a free slot, else the oldest. */
static struct entry *choose_slot_locked(struct sx_disco *disco)
{
    struct entry *oldest = &disco->entries[0];
    int i;

    for (i = 0; i < SX_DISCO_ENTRIES; i++) {
        if (!disco->entries[i].jid)
            return &disco->entries[i];
        if (disco->entries[i].put_us < oldest->put_us)
            oldest = &disco->entries[i];
    }
    return oldest;
}

void sx_disco_put(struct sx_disco *disco, const char *jid, const char *features, int64_t now_us)
{
    struct entry fresh, old, *slot;

    if (!jid || !features)
        return;
    fresh.jid = strdup(jid);
    fresh.features = copy_list(features);
    fresh.put_us = now_us;
    if (!fresh.jid || !fresh.features) {
        free_entry(&fresh);
        return;
    }
    pthread_mutex_lock(&disco->mu);
    slot = find_locked(disco, jid);
    if (!slot)
        slot = choose_slot_locked(disco);
    old = *slot;
    *slot = fresh;
    pthread_mutex_unlock(&disco->mu);
    free_entry(&old);
}

int sx_disco_has(struct sx_disco *disco, const char *jid, const char *feature, int64_t now_us)
{
    const struct entry *entry;
    int has = -1;

    pthread_mutex_lock(&disco->mu);
    entry = find_locked(disco, jid);
    if (entry && now_us - entry->put_us < SX_DISCO_TTL_S * INT64_C(1000000))
        has = sx_disco_list_has(entry->features, feature);
    pthread_mutex_unlock(&disco->mu);
    return has;
}

static const char *find_incarnation(const char *features)
{
    static const char mark[] = SX_NS_DELIVERY "#";
    for (; *features; features += strlen(features) + 1)
        if (strncmp(features, mark, sizeof mark - 1) == 0)
            return features + sizeof mark - 1;
    return NULL;
}

int sx_disco_incarnation(struct sx_disco *disco, const char *jid, int64_t now_us, char *out,
                         size_t out_bytes)
{
    const struct entry *entry;
    const char *incarnation = NULL;
    int known = -1;

    pthread_mutex_lock(&disco->mu);
    entry = find_locked(disco, jid);
    if (entry && now_us - entry->put_us < SX_DISCO_TTL_S * INT64_C(1000000)) {
        incarnation = find_incarnation(entry->features);
        known = incarnation && strlen(incarnation) < out_bytes;
    }
    if (known == 1)
        memcpy(out, incarnation, strlen(incarnation) + 1);
    pthread_mutex_unlock(&disco->mu);
    return known;
}

/* The list without the old incarnation, and with the new one. */
static char *renew_list(const char *features, const char *incarnation)
{
    struct sx_buffer list = {0};
    const char *old = find_incarnation(features);
    size_t len;
    for (; *features; features += strlen(features) + 1)
        if (!old || old < features || old > features + strlen(features))
            sx_buffer_add(&list, features, strlen(features) + 1);
    sx_buffer_add_format(&list, SX_NS_DELIVERY "#%s", incarnation);
    sx_buffer_add(&list, "", 1);
    return sx_buffer_take(&list, &len);
}

void sx_disco_renew(struct sx_disco *disco, const char *jid, const char *incarnation,
                    int64_t now_us)
{
    struct entry *entry;
    char *renewed = NULL;

    pthread_mutex_lock(&disco->mu);
    entry = find_locked(disco, jid);
    if (entry)
        renewed = renew_list(entry->features, incarnation);
    if (renewed) {
        free(entry->features);
        entry->features = renewed;
        entry->put_us = now_us;
    }
    pthread_mutex_unlock(&disco->mu);
}

void sx_disco_forget(struct sx_disco *disco, const char *jid)
{
    struct entry old = {0}, *entry;

    pthread_mutex_lock(&disco->mu);
    entry = find_locked(disco, jid);
    if (entry) {
        old = *entry;
        memset(entry, 0, sizeof *entry);
    }
    pthread_mutex_unlock(&disco->mu);
    free_entry(&old);
}
