/* fuzz_features.c - what peers say that they can do, told again, renewed, forgotten, and asked for.
 *
 * Input: how many may be remembered; then operations, a byte each, with what they need behind them:
 * a peer, features, how much time passes. Peers are written in several ways, and it is known here
 * which ways mean one peer, or one account.
 *
 * Claims: every answer is the model's, a list of peers in order of their time that is searched from
 * end to end; when all are forgotten nothing is held of what peers may take.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "peers/features.h"
#include "wire/namespaces.h"
#include "wire/request_id.h"
#include "fuzz.h"

enum {
    MOST_PEERS = 4,
    MOST_FEATURES = 6,
    FEATURE_BYTES = 64,
    INCARNATION_BYTES = 40,
    MOST_OPERATIONS = 400,
    MEMORY_BYTES = 1 << 20 /* more than they need */
};
#define S INT64_C(1000000)

/* ---- who and what there is ---- */

static const struct {
    const char *jid;
    unsigned identity, account;
} peers[] = {
    {"alice@example.org/desk", 0, 0},
    {"ALICE@Example.ORG/desk", 0, 0},
    {"alice@example.org./desk", 0, 0},
    {"alice@example.org/Desk", 1, 0},
    {"alice@example.org", 2, 0},
    {"bob@example.org/desk", 3, 1},
    {"example.org", 4, 2},
    {"example.org/desk", 5, 2},
    /* Unicode folds each pair; servers keep them apart */
    {"\xE1\x83\x92@example.org/x", 6, 3},
    {"\xE1\xB2\x92@example.org/x", 7, 4},
    {"\xE2\xB1\xA0@example.org/x", 8, 5},
    {"\xE2\xB1\xA1@example.org/x", 9, 6},
};
enum { PEERS = sizeof peers / sizeof *peers };

#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef"
static const struct {
    const char *text;
    bool is_good;
} incarnations[] = {{"", false}, {"a b", false}, {"any", true}, {LONG, false}};
enum { INCARNATIONS = sizeof incarnations / sizeof *incarnations, GOOD = 4 };

static const char *const features[] = {
    SX_NS_SOAP, SX_NS_PACKED, "urn:x", "urn:X", SX_NS_DELIVERY, "urn:soap-xmpp:delivery:1x",
};
enum { FEATURES = sizeof features / sizeof *features };

/* ---- the model ---- */

struct peer {
    unsigned identity, account;
    char list[MOST_FEATURES + 1][FEATURE_BYTES + sizeof SX_NS_DELIVERY]; /* one more: renewed */
    unsigned count;
    int64_t put_us, fresh_us;
    unsigned calls;
};

struct world {
    struct sx_features *features;
    struct peer peers[MOST_PEERS]; /* oldest first */
    unsigned count, max_peers;
    int64_t now_us;
    struct fuzz_input input;
};

static unsigned draw(struct world *world, unsigned below)
{
    return fuzz_draw(&world->input, below);
}

static struct peer *find(struct world *world, unsigned identity)
{
    unsigned i;
    for (i = 0; i < world->count; i++)
        if (world->peers[i].identity == identity)
            return &world->peers[i];
    return NULL;
}

static void take_out(struct world *world, struct peer *peer)
{
    if (!peer)
        return;
    memmove(peer, peer + 1, (size_t)(world->peers + world->count - (peer + 1)) * sizeof *peer);
    world->count--;
}

static void put(struct world *world, const struct peer *peer)
{
    struct peer *old = find(world, peer->identity);
    if (!old && world->count == world->max_peers)
        old = world->peers;
    take_out(world, old);
    world->peers[world->count++] = *peer;
}

static bool lists(const struct peer *peer, const char *feature)
{
    unsigned i;
    for (i = 0; i < peer->count; i++)
        if (strcmp(peer->list[i], feature) == 0)
            return true;
    return false;
}

static bool is_believed(const struct world *world, const struct peer *peer)
{
    return peer && world->now_us - peer->put_us < SX_FEATURES_TTL_S * S;
}

/* The number of the feature that tells it, or count. */
static unsigned find_incarnation(const struct peer *peer)
{
    unsigned i = 0;
    while (i < peer->count &&
           strncmp(peer->list[i], SX_NS_DELIVERY "#", sizeof SX_NS_DELIVERY) != 0)
        i++;
    return i;
}

/* ---- operations ---- */

/* As a process writes them, or one that only looks like it. */
static const char *choose_incarnation(struct world *world, char text[SX_INCARNATION_BYTES])
{
    unsigned which = draw(world, INCARNATIONS + GOOD);
    if (which >= INCARNATIONS) {
        sx_request_id_format_incarnation(which, which % 2, text);
        return text;
    }
    CLAIM(sx_request_id_is_incarnation(incarnations[which].text) == incarnations[which].is_good);
    return incarnations[which].text;
}

static void choose_list(struct world *world, struct peer *peer, char *list)
{
    unsigned i;
    peer->count = draw(world, MOST_FEATURES + 1);
    for (i = 0; i < peer->count; i++) {
        unsigned which = draw(world, FEATURES + 2);
        char incarnation[SX_INCARNATION_BYTES];
        if (which < FEATURES)
            strcpy(peer->list[i], features[which]);
        else
            strcat(strcpy(peer->list[i], SX_NS_DELIVERY "#"),
                   choose_incarnation(world, incarnation));
        strcpy(list, peer->list[i]);
        list += strlen(list) + 1;
    }
    *list = '\0';
}

static void do_put(struct world *world, unsigned who)
{
    struct peer peer = {.identity = peers[who].identity,
                        .account = peers[who].account,
                        .put_us = world->now_us,
                        .fresh_us = world->now_us};
    char list[MOST_FEATURES * sizeof peer.list[0] + 1], *copy;
    size_t len = 1;
    unsigned i;
    choose_list(world, &peer, list);
    for (i = 0; i < peer.count; i++)
        len += strlen(peer.list[i]) + 1;
    copy = fuzz_bytes(list, len);
    sx_features_put(world->features, peers[who].jid, copy, world->now_us);
    free(copy);
    if (!lists(&peer, SX_NS_PACKED) || lists(&peer, SX_NS_SOAP)) /* one that is about to serve */
        put(world, &peer);
}

static void do_renew(struct world *world, unsigned who)
{
    struct peer *peer = find(world, peers[who].identity), renewed;
    char text[SX_INCARNATION_BYTES];
    const char *incarnation = choose_incarnation(world, text);
    unsigned old;
    sx_features_renew(world->features, peers[who].jid, incarnation, world->now_us);
    if (!peer)
        return;
    old = find_incarnation(peer);
    if (old < peer->count) {
        memmove(peer->list[old], peer->list[old + 1],
                (peer->count - old - 1) * sizeof peer->list[0]);
        peer->count--;
    }
    strcat(strcpy(peer->list[peer->count++], SX_NS_DELIVERY "#"), incarnation);
    peer->put_us = peer->fresh_us = world->now_us;
    peer->calls = 0;
    renewed = *peer;
    take_out(world, peer);
    world->peers[world->count++] = renewed;
}

static void do_call(struct world *world, unsigned who)
{
    struct peer *peer = find(world, peers[who].identity);
    unsigned i, calls = draw(world, 2) ? SX_FEATURES_FRESH_CALLS : 1;
    for (i = 0; i < calls; i++) {
        bool is_old = sx_features_is_old(world->features, peers[who].jid, world->now_us);
        if (!peer) {
            CLAIM(!is_old);
            continue;
        }
        peer->calls++;
        CLAIM(is_old == (peer->calls > SX_FEATURES_FRESH_CALLS ||
                         world->now_us - peer->fresh_us >= SX_FEATURES_FRESH_S * S));
        if (is_old) {
            peer->calls = 0;
            peer->fresh_us = world->now_us;
        }
    }
}

/* ---- claims ---- */

static void claim_feature(struct world *world, unsigned who, const char *feature)
{
    const struct peer *peer = find(world, peers[who].identity);
    bool account_has = false;
    unsigned i;
    CLAIM(sx_features_has(world->features, peers[who].jid, feature, world->now_us) ==
          (is_believed(world, peer) ? lists(peer, feature) : -1));
    for (i = 0; i < world->count; i++)
        account_has = account_has ||
                      (world->peers[i].account == peers[who].account &&
                       is_believed(world, &world->peers[i]) && lists(&world->peers[i], feature));
    CLAIM(sx_features_account_has(world->features, peers[who].jid, feature, world->now_us) ==
          account_has);
}

static void claim_incarnation(struct world *world, unsigned who)
{
    const struct peer *peer = find(world, peers[who].identity);
    char out[INCARNATION_BYTES] = "untouched";
    int known =
        sx_features_incarnation(world->features, peers[who].jid, world->now_us, out, sizeof out);
    unsigned at = peer ? find_incarnation(peer) : 0;
    const char *told = NULL;
    if (peer && at < peer->count)
        told = peer->list[at] + sizeof SX_NS_DELIVERY;
    if (!is_believed(world, peer))
        CLAIM(known == -1);
    else
        CLAIM(known == (told && strlen(told) < sizeof out && sx_request_id_is_incarnation(told)));
    CLAIM(strcmp(out, known == 1 ? told : "untouched") == 0);
}

static void claims_about(struct world *world, unsigned who)
{
    unsigned i;
    for (i = 0; i < FEATURES; i++)
        claim_feature(world, who, features[i]);
    claim_incarnation(world, who);
}

static void pass_time(struct world *world)
{
    static const int64_t steps[] = {1, S, SX_FEATURES_FRESH_S * S, SX_FEATURES_TTL_S * S - 1,
                                    SX_FEATURES_TTL_S * S};
    world->now_us += steps[draw(world, sizeof steps / sizeof *steps)];
}

/* On one peer, which is asked about then; time passes for all. */
static void operate(struct world *world)
{
    unsigned operation = draw(world, 8), who = draw(world, PEERS);
    switch (operation) {
    case 0:
    case 1:
    case 2:
        do_put(world, who);
        break;
    case 3:
        do_renew(world, who);
        break;
    case 4:
        do_call(world, who);
        break;
    case 5:
        sx_features_forget(world->features, peers[who].jid);
        take_out(world, find(world, peers[who].identity));
        break;
    default:
        pass_time(world);
    }
    claims_about(world, who);
}

static void claim_nothing_held(struct sx_memory *memory)
{
    struct sx_memory_counts counts;
    sx_memory_count(memory, &counts);
    CLAIM(counts.held_bytes == 0 && counts.refused == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {.input = {bytes, len}, .now_us = S};
    struct sx_trace trace;
    struct sx_memory *memory;
    unsigned operations = 0, who;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "features");
    memory = sx_memory_new(MEMORY_BYTES, &trace);
    CLAIM(memory);
    world.max_peers = 1 + draw(&world, MOST_PEERS);
    world.features = sx_features_new(world.max_peers, memory);
    CLAIM(world.features);
    while (world.input.len && operations++ < MOST_OPERATIONS)
        operate(&world);
    for (who = 0; who < PEERS; who++)
        claims_about(&world, who);
    for (who = 0; who < PEERS; who++)
        sx_features_forget(world.features, peers[who].jid);
    claim_nothing_held(memory);
    sx_features_free(world.features);
    sx_memory_free(memory);
    return 0;
}
