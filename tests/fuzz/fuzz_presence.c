/* fuzz_presence.c - presence stanzas of any peer, in an authenticated stream.
 *
 * Input: stanzas, behind a stream's start tag that is there already. What each says goes into the
 * table, as the link does it, and into a model without bounds.
 *
 * Claims: who is listed is there in the model, with the same mark, once, in order, within the
 * bounds; as long as the bounds weren't reached, everybody who is there is listed; a mark can stand
 * in a stream, and is read as it was written; its incarnation is one that may become part of ids.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "peers/roster.h"
#include "claims.h"
#include "feed.h"
#include "fuzz.h"

enum { STANZA_BYTES = 4000, NODES = 100, CONTACTS = 3, MOST = 200 };

struct entry {
    char *jid;
    struct sx_presence_mark mark;
};

struct world {
    struct sx_roster *presence;
    struct entry entries[MOST];
    unsigned count;
    char asked[CONTACTS][SX_JID_BYTES]; /* which have a place whether anybody is there or not */
    unsigned asked_count;
    bool overflowed;
};

static bool is_of(const char *jid, const char *bare)
{
    size_t len = strlen(bare);
    return strncmp(jid, bare, len) == 0 && jid[len] == '/';
}

static struct entry *find(struct world *world, const char *jid)
{
    unsigned i;
    for (i = 0; i < world->count; i++)
        if (strcmp(world->entries[i].jid, jid) == 0)
            return &world->entries[i];
    return NULL;
}

static void take_out(struct world *world, const char *jid)
{
    unsigned i = 0;
    while (i < world->count) {
        struct entry *entry = &world->entries[i];
        if (strcmp(entry->jid, jid) == 0 || (!strchr(jid, '/') && is_of(entry->jid, jid))) {
            free(entry->jid);
            *entry = world->entries[--world->count];
        } else {
            i++;
        }
    }
}

static void put(struct world *world, const char *jid, const struct sx_presence_mark *mark)
{
    const char *resource = sx_jid_resource(jid);
    struct entry *entry = find(world, jid);
    if (!resource || strlen(resource) > SX_ROSTER_RESOURCE_BYTES)
        return;
    if (!entry && world->count < MOST) {
        entry = &world->entries[world->count++];
        entry->jid = fuzz_text(jid, strlen(jid));
    }
    if (entry)
        entry->mark = *mark;
    else
        world->overflowed = true;
}

/* How many bare JIDs there are, and whether any has too many resources. */
static void look_at_bounds(struct world *world)
{
    char bare[SX_JID_BYTES];
    unsigned i, k, contacts = 0;
    for (i = 0; i < world->count; i++) {
        unsigned resources = 0, before = 0;
        sx_jid_bare(world->entries[i].jid, bare, sizeof bare);
        for (k = 0; k < world->count; k++) {
            resources += is_of(world->entries[k].jid, bare);
            before += k < i && is_of(world->entries[k].jid, bare);
        }
        contacts += before == 0;
        if (resources > SX_ROSTER_RESOURCES)
            world->overflowed = true;
    }
    if (contacts > CONTACTS)
        world->overflowed = true;
}

static unsigned count_of(const struct world *world, const char *bare)
{
    unsigned i, count = 0;
    for (i = 0; i < world->count; i++)
        count += is_of(world->entries[i].jid, bare);
    return count;
}

static void claims_about_company(struct world *world, const char *bare)
{
    struct sx_roster_view company;
    unsigned i;
    sx_roster_list(world->presence, bare, &company);
    CLAIM(company.count <= SX_ROSTER_RESOURCES);
    for (i = 0; i < company.count; i++) {
        const struct sx_resource *resource = &company.resources[i];
        const struct entry *entry = find(world, resource->jid);
        CLAIM(is_of(resource->jid, bare));
        CLAIM(i == 0 || strcmp(company.resources[i - 1].jid, resource->jid) < 0);
        if (!entry && world->overflowed)
            continue; /* more than the model holds */
        CLAIM(entry && entry->mark.serves == resource->mark.serves);
        CLAIM(entry->mark.packs == resource->mark.packs);
        CLAIM(strcmp(entry->mark.incarnation, resource->mark.incarnation) == 0);
    }
    CLAIM(world->overflowed || company.count == count_of(world, bare));
    sx_roster_view_fini(&company);
}

/* ---- marks ---- */

static void compare_mark(struct feed *feed, const struct sx_element *stanza)
{
    const struct sx_presence_mark *written = feed->user;
    struct sx_presence_mark mark;
    CLAIM(sx_presence_read(stanza, &mark) == SX_PRESENCE_AVAILABLE);
    CLAIM(mark.serves == written->serves && mark.packs == written->packs);
    CLAIM(strcmp(mark.incarnation, written->incarnation) == 0);
}

static void claims_about_mark(struct sx_presence_mark *mark)
{
    struct feed feed = {.on_stanza = compare_mark, .user = mark};
    struct sx_buffer out = {0};
    CLAIM(mark->serves || (!mark->packs && !mark->incarnation[0]));
    CLAIM(!mark->incarnation[0] || sx_request_id_is_incarnation(mark->incarnation));
    sx_buffer_add_text(&out, "<presence>");
    sx_presence_format_mark(&out, mark);
    sx_buffer_add_text(&out, "</presence>");
    feed.stream.limits = (struct sx_stream_limits){
        .max_stanza_bytes = STANZA_BYTES, .max_depth = CLAIMS_DEPTH, .max_nodes = NODES};
    feed_start(&feed);
    feed_bytes(&feed, FEED_HEAD, sizeof FEED_HEAD - 1);
    feed_bytes(&feed, out.bytes, out.len);
    CLAIM(!feed.stream.err && feed.stanzas == 1);
    feed_stop(&feed);
    sx_buffer_fini(&out);
}

/* ---- stanzas ---- */

static void note_asked(struct world *world, const char *bare)
{
    unsigned i = 0;
    while (i < world->asked_count && strcmp(world->asked[i], bare) != 0)
        i++;
    if (i == CONTACTS)
        world->overflowed = true;
    else if (i == world->asked_count)
        snprintf(world->asked[world->asked_count++], SX_JID_BYTES, "%s", bare);
}

static void receive(struct feed *feed, const struct sx_element *stanza)
{
    struct world *world = feed->user;
    const char *from = sx_element_attribute(stanza, "from");
    enum sx_presence_kind kind;
    struct sx_presence_mark mark;
    char *jid = NULL, bare[SX_JID_BYTES];
    if (strcmp(sx_stream_name(&feed->stream), "presence") != 0)
        return;
    kind = sx_presence_read(stanza, &mark);
    CLAIM(kind == SX_PRESENCE_AVAILABLE || !mark.serves);
    if (!from || sx_jid_read(from, &jid) != SX_OK)
        return;
    claims_about_mark(&mark);
    sx_jid_bare(jid, bare, sizeof bare);
    if (kind == SX_PRESENCE_AVAILABLE) {
        sx_roster_put(world->presence, jid, &mark);
        put(world, jid, &mark);
    } else if (kind == SX_PRESENCE_GONE || kind == SX_PRESENCE_UNSUBSCRIBED) {
        const char *who = kind == SX_PRESENCE_GONE ? jid : bare;
        bool was_there = sx_roster_take_out(world->presence, who);
        CLAIM(!was_there || world->overflowed || find(world, who) || count_of(world, who));
        take_out(world, who);
    }
    look_at_bounds(world);
    note_asked(world, bare);
    claims_about_company(world, bare);
    free(jid);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {.presence = sx_roster_new(CONTACTS)};
    struct feed feed = {.on_stanza = receive, .user = &world};
    char *input = fuzz_bytes(bytes, len);
    CLAIM(world.presence);
    feed.stream.limits = (struct sx_stream_limits){
        .max_stanza_bytes = STANZA_BYTES, .max_depth = CLAIMS_DEPTH, .max_nodes = NODES};
    feed_start(&feed);
    feed_bytes(&feed, FEED_HEAD, sizeof FEED_HEAD - 1);
    feed_bytes(&feed, input, len);
    free(input);
    feed_stop(&feed);
    while (world.count)
        free(world.entries[--world.count].jid);
    sx_roster_free(world.presence);
    return 0;
}
