/* fuzz_fallback.c - packed calls to a JID under which another program comes online, which doesn't
 * understand them.
 *
 * Input: as fuzz_kept.c's. Two JIDs: under one a program of this library that packs, one that
 * doesn't, and one that shares the JID follow each other; under the other one that packs and a
 * foreign one. (Where a foreign one follows one of this library that doesn't pack, nothing tells
 * the caller in time: docs/guarantees.md.)
 *
 * Claims: ledger.h; so what goes out plain is the envelope that went out packed, and who runs what
 * comes as often as it comes gets it once.
 */
#include "world.h"
#include "fuzz.h"

static void begin(struct world *world)
{
    static const char *const jids[] = {"calc.example.org", "calc@example.org/soap"};
    static const int64_t ends_us[] = {60000000, 1000000, 600000000, 5000000};
    unsigned choice = world_draw(world, 256);
    if (host_is_waiting())
        return;
    ledger_call(&world->ledger, jids[choice % 2], false,
                choice / 2 % 8 == 7 ? LEDGER_BIG : LEDGER_SMALL, 8000000, ends_us[choice / 16 % 4],
                choice / 64 % 4 == 3);
}

static void change(struct world *world)
{
    static const enum world_manner ours[] = {WORLD_PLAIN, WORLD_PACKS, WORLD_SHARED};
    unsigned choice = world_draw(world, 256);
    if (choice % 2)
        world_replace(&world->stations[2], choice / 2 % 2 ? WORLD_PACKS : WORLD_FOREIGN);
    else
        world_replace(&world->stations[1], ours[choice / 2 % 3]);
}

static world_op_fn *const ops[] = {
    begin,           begin,           world_op_arrive, world_op_arrive,
    world_op_arrive, world_op_arrive, world_op_tick,   world_op_tick,
    world_op_work,   world_op_work,   world_op_lose,   world_op_return,
    world_op_wait,   world_op_cut,    change,          change,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {.ops = ops, .op_count = sizeof ops / sizeof ops[0]};
    world.remembered = len ? 4 + bytes[0] % 100 : 100;
    world_init(&world, bytes, len);
    world_add(&world, "calc.example.org", WORLD_PACKS);
    world_add(&world, "calc@example.org/soap", WORLD_PACKS);
    world_run(&world);
    world_fini(&world);
    return 0;
}
