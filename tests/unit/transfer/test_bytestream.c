/* Both ends of big messages against each other, over a wire that loses, reorders, cuts and spoils
 * on a seeded schedule: each transfer ends, with the same bytes or with a reason. */
#include "../../lib/attribute.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "transfer/receiver.h"
#include "transfer/senders.h"

#define ALICE "alice@example.org/desk"
#define BOB   "bob@example.org/soap"

enum { TRANSFERS = 5, SEEDS = 40, NAME_BYTES = 128, MOST_STEPS = 400000 };

static const int64_t S = 1000000, MS = 1000;

/* How unruly the wire is: chances in 1,000 per stanza, and how often per hour the rest happens. */
struct weather {
    unsigned lost, late, bounced, spoilt;
    int64_t cut_every_us, restart_every_us; /* 0: never */
};

struct stanza {
    int64_t due_us;
    bool to_bob;
    char *text; /* malloc'ed: an iq */
    struct stanza *next;
};

struct world {
    struct weather weather;
    uint64_t random;
    int64_t now_us, online_us, cut_us, restart_us; /* SX_NEVER: doesn't come */
    int64_t last_us[2];                            /* of the stanza before, by direction */
    struct stanza *wire;                           /* the next due first */
    struct sx_senders *transfers;
    struct sx_receiver *receiver;
    struct sx_sender *each[TRANSFERS];
    char *sent[TRANSFERS]; /* a copy */
    unsigned open, done, failed;
};

static unsigned draw(struct world *world, unsigned below)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (unsigned)((world->random >> 16) % below);
}

static bool happens(struct world *world, unsigned of_1000)
{
    return draw(world, 1000) < of_1000;
}

static int64_t next_time(struct world *world, int64_t every_us)
{
    return every_us ? world->now_us + (int64_t)draw(world, (unsigned)(2 * every_us)) : SX_NEVER;
}

/* ---- the wire ---- */

static void put(struct world *world, bool to_bob, char *text)
{
    struct stanza *stanza, **place = &world->wire;
    int64_t due_us = world->now_us + 5 * MS + draw(world, (unsigned)(30 * MS));
    if (happens(world, world->weather.lost)) {
        free(text);
        return;
    }
    if (happens(world, world->weather.late)) {
        due_us += 200 * MS;
    } else {
        if (due_us < world->last_us[to_bob])
            due_us = world->last_us[to_bob];
        world->last_us[to_bob] = due_us;
    }
    stanza = malloc(sizeof *stanza);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stanza);
    while (*place && (*place)->due_us <= due_us)
        place = &(*place)->next;
    *stanza = (struct stanza){due_us, to_bob, text, *place};
    *place = stanza;
}

static void drop_wire(struct world *world)
{
    while (world->wire) {
        struct stanza *stanza = world->wire;
        world->wire = stanza->next;
        free(stanza->text);
        free(stanza);
    }
}

static const char *find(const char *text, const char *tag, const char *name, char out[NAME_BYTES])
{
    return attribute_find(text, tag, name, out, NAME_BYTES);
}

/* ---- the receiver ---- */

static void receive_data(struct world *world, const char *text, const char *sid,
                         struct sx_receiver_answer *answer)
{
    char seq[NAME_BYTES], *bytes = strchr(strstr(text, "<data "), '>') + 1;
    size_t len = strcspn(bytes, "<");
    if (happens(world, world->weather.spoilt))
        bytes[draw(world, (unsigned)len)] = "A?"[draw(world, 2)];
    if (!sx_base64_decode(bytes, len, &len))
        bytes = NULL;
    sx_receiver_data(world->receiver, ALICE, sid, find(text, "data", "seq", seq), bytes,
                     bytes ? len : 0, world->now_us, answer);
}

static void receive_open(struct world *world, const char *text, struct sx_receiver_answer *answer)
{
    char names[6][NAME_BYTES];
    const struct sx_receiver_open open = {
        find(text, "open", "sid", names[0]),    find(text, "open", "block-size", names[1]),
        find(text, "open", "stanza", names[2]), find(text, "packed", "transfer", names[3]),
        find(text, "packed", "size", names[4]), find(text, "packed", "sha256", names[5])};
    sx_receiver_open(world->receiver, ALICE, &open, world->now_us, answer);
}

/* A server says that it found nobody. */
static void bounce(struct world *world, const char *id)
{
    const struct sx_receiver_answer answer = {.condition = "recipient-unavailable", .type = "wait"};
    struct sx_buffer out = {0};
    sx_receiver_format_answer(&out, &(struct sx_head){.to = ALICE, .id = id}, &answer);
    put(world, false, sx_buffer_take(&out, &(size_t){0}));
}

static void receive_request(struct world *world, char *text)
{
    struct sx_receiver_answer answer;
    struct sx_buffer out = {0};
    char id[NAME_BYTES], sid[NAME_BYTES] = "";
    CU_ASSERT_PTR_NOT_NULL_FATAL(find(text, "iq", "id", id));
    if (happens(world, world->weather.bounced)) {
        bounce(world, id);
        return;
    }
    if (strstr(text, "type='result'") || strstr(text, "type='error'"))
        return; /* to our <close/> */
    if (strstr(text, "<open ")) {
        receive_open(world, text, &answer);
    } else if (find(text, "data", "sid", sid)) {
        receive_data(world, text, sid, &answer);
    } else {
        CU_ASSERT_PTR_NOT_NULL_FATAL(find(text, "close", "sid", sid));
        sx_receiver_close(world->receiver, ALICE, sid, &answer);
    }
    sx_receiver_format_answer(&out, &(struct sx_head){.to = ALICE, .id = id}, &answer);
    put(world, false, sx_buffer_take(&out, &(size_t){0}));
    if (answer.closes) {
        sx_receiver_format_close(&out, &(struct sx_head){.to = ALICE}, sid);
        put(world, false, sx_buffer_take(&out, &(size_t){0}));
    }
}

/* ---- the sender ---- */

static unsigned find_place(const struct world *world, const struct sx_sender *transfer)
{
    unsigned i;
    for (i = 0; world->each[i] != transfer; i++)
        ;
    return i;
}

/* The request that refers to the transfer would be on its way now. */
static void take(struct world *world, struct sx_sender *transfer)
{
    unsigned place = find_place(world, transfer);
    size_t size = sx_sender_size(transfer);
    char *bytes;
    if (!sx_receiver_take(world->receiver, ALICE, sx_sender_id(transfer), size,
                          sx_sender_sha256(transfer), &bytes)) {
        CU_ASSERT_EQUAL(sx_senders_add(world->transfers, transfer, world->now_us), SX_OK);
        return;
    }
    CU_ASSERT(memcmp(bytes, world->sent[place], size) == 0);
    free(bytes);
    world->done++;
    world->open--;
}

static void settle(struct world *world, struct sx_sender *moved)
{
    if (!moved)
        return;
    if (sx_sender_state(moved) == SX_SENDER_DONE) {
        take(world, moved);
    } else if (sx_sender_state(moved) == SX_SENDER_FAILED) {
        CU_ASSERT(*sx_sender_condition(moved) && *sx_sender_text(moved));
        world->failed++;
        world->open--;
    }
}

static const char *find_condition(const char *text, char out[NAME_BYTES])
{
    const char *found = strstr(text, "<error ");
    if (!found)
        return NULL;
    found = strchr(found, '>') + 2;
    snprintf(out, NAME_BYTES, "%.*s", (int)strcspn(found, " "), found);
    return out;
}

static void receive_reply(struct world *world, const char *text)
{
    char id[NAME_BYTES], names[3][NAME_BYTES];
    struct sx_sender *moved;
    struct sx_sender_reply reply = {.condition = find_condition(text, names[0]),
                                    .type = find(text, "error", "type", names[1]),
                                    .text = "because",
                                    .received = find(text, "packed", "received", names[2])};
    CU_ASSERT_PTR_NOT_NULL_FATAL(find(text, "iq", "id", id));
    if (strstr(text, "<close "))
        sx_senders_closed(world->transfers, BOB, find(text, "close", "sid", names[0]),
                          world->now_us, &moved);
    else
        sx_senders_reply(world->transfers, BOB, id, &reply, world->now_us, &moved);
    settle(world, moved);
}

static void send_all(struct world *world)
{
    struct sx_buffer out = {0};
    while (sx_senders_next(world->transfers, world->now_us, &out))
        put(world, true, sx_buffer_take(&out, &(size_t){0}));
    CU_ASSERT_FALSE(out.failed);
    CU_ASSERT(sx_senders_due_us(world->transfers) > world->now_us);
}

/* ---- the world ---- */

static struct sx_receiver *make_intake(void)
{
    const struct sx_receiver_limits limits = {60000, 80000, 1500, 6};
    struct sx_receiver *receiver = sx_receiver_new(&limits);
    CU_ASSERT_PTR_NOT_NULL_FATAL(receiver);
    return receiver;
}

static void add_transfer(struct world *world, unsigned i)
{
    const struct sx_sender_settings settings = {
        .window = 1 + draw(world, 8),
        .block_bytes = 100 + draw(world, 2000),
    };
    size_t size = 1 + draw(world, 30000), at;
    char *bytes = malloc(size);
    world->sent[i] = malloc(size);
    CU_ASSERT_FATAL(bytes && world->sent[i]);
    for (at = 0; at < size; at++)
        bytes[at] = world->sent[i][at] = (char)draw(world, 256);
    world->each[i] = sx_sender_new(BOB, bytes, size, &settings, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world->each[i]);
    CU_ASSERT_EQUAL(sx_senders_add(world->transfers, world->each[i], world->now_us), SX_OK);
    world->open++;
}

static void set_up(struct world *world, const struct weather *weather, unsigned seed)
{
    unsigned i;
    *world = (struct world){.weather = *weather,
                            .random = 88172645463325252u + 1000003u * seed,
                            .now_us = S,
                            .online_us = SX_NEVER};
    world->transfers = sx_senders_new(TRANSFERS);
    world->receiver = make_intake();
    CU_ASSERT_PTR_NOT_NULL_FATAL(world->transfers);
    sx_senders_online(world->transfers);
    for (i = 0; i < TRANSFERS; i++)
        add_transfer(world, i);
    world->cut_us = next_time(world, weather->cut_every_us);
    world->restart_us = next_time(world, weather->restart_every_us);
}

static void tear_down(struct world *world)
{
    unsigned i;
    drop_wire(world);
    for (i = 0; i < TRANSFERS; i++)
        sx_senders_remove(world->transfers, world->each[i], NULL);
    sx_senders_free(world->transfers);
    sx_receiver_free(world->receiver);
    for (i = 0; i < TRANSFERS; i++) {
        sx_sender_free(world->each[i]);
        free(world->sent[i]);
    }
}

static int64_t earliest(const struct world *world)
{
    const int64_t times[] = {world->online_us, world->cut_us, world->restart_us,
                             world->wire ? world->wire->due_us : SX_NEVER,
                             sx_senders_due_us(world->transfers)};
    int64_t first = SX_NEVER;
    unsigned i;
    for (i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] < first)
            first = times[i];
    return first;
}

static void deliver(struct world *world)
{
    struct stanza *stanza = world->wire;
    world->wire = stanza->next;
    if (stanza->to_bob)
        receive_request(world, stanza->text);
    else
        receive_reply(world, stanza->text);
    free(stanza->text);
    free(stanza);
}

static void step(struct world *world)
{
    if (world->online_us <= world->now_us) {
        world->online_us = SX_NEVER;
        world->cut_us = next_time(world, world->weather.cut_every_us);
        sx_senders_online(world->transfers);
    }
    if (world->cut_us <= world->now_us) {
        drop_wire(world);
        sx_senders_lost(world->transfers, world->now_us);
        world->cut_us = SX_NEVER;
        world->online_us = world->now_us + draw(world, (unsigned)(2 * S));
    }
    if (world->restart_us <= world->now_us) {
        sx_receiver_free(world->receiver);
        world->receiver = make_intake();
        world->restart_us = next_time(world, world->weather.restart_every_us);
    }
    if (world->wire && world->wire->due_us <= world->now_us)
        deliver(world);
    send_all(world);
}

/* Runs until every transfer has ended. Returns how many failed. */
static unsigned run(const struct weather *weather, unsigned seed)
{
    struct world world;
    unsigned steps, failed;
    set_up(&world, weather, seed);
    send_all(&world);
    for (steps = 0; world.open && steps < MOST_STEPS; steps++) {
        world.now_us = earliest(&world);
        if (world.now_us == SX_NEVER)
            break;
        step(&world);
    }
    if (world.open)
        printf("seed %u: %u open after %u steps, %lld s\n", seed, world.open, steps,
               (long long)(world.now_us / S));
    CU_ASSERT_EQUAL(world.open, 0);
    CU_ASSERT_EQUAL(world.done + world.failed, TRANSFERS);
    failed = world.failed;
    tear_down(&world);
    return failed;
}

static unsigned run_all(const struct weather *weather)
{
    unsigned seed, failed = 0;
    for (seed = 0; seed < SEEDS; seed++)
        failed += run(weather, seed);
    return failed;
}

static void on_a_calm_wire_all_arrives(void)
{
    CU_ASSERT_EQUAL(run_all(&(struct weather){0}), 0);
}

static void on_a_wire_that_loses_and_reorders_all_arrives(void)
{
    CU_ASSERT_EQUAL(run_all(&(struct weather){.lost = 20, .late = 20, .bounced = 10}), 0);
}

static void over_connections_that_are_cut_all_arrives(void)
{
    CU_ASSERT_EQUAL(run_all(&(struct weather){.lost = 2, .cut_every_us = 2 * S}), 0);
}

static void over_restarts_of_the_receiver_all_arrives(void)
{
    CU_ASSERT_EQUAL(
        run_all(&(struct weather){.late = 2, .cut_every_us = 5 * S, .restart_every_us = 3 * S}), 0);
}

static void over_a_wire_that_spoils_nothing_wrong_arrives(void)
{
    unsigned failed = run_all(&(struct weather){.lost = 2, .late = 5, .spoilt = 10});
    CU_ASSERT(failed > 0 && failed < SEEDS * TRANSFERS);
}

CU_TestInfo tests_bytestream[] = {
    {"on a calm wire all arrives", on_a_calm_wire_all_arrives},
    {"on a wire that loses and reorders all arrives",
     on_a_wire_that_loses_and_reorders_all_arrives},
    {"over connections that are cut all arrives", over_connections_that_are_cut_all_arrives},
    {"over restarts of the receiver all arrives", over_restarts_of_the_receiver_all_arrives},
    {"over a wire that spoils nothing wrong arrives",
     over_a_wire_that_spoils_nothing_wrong_arrives},
    CU_TEST_INFO_NULL,
};
