/* fuzz_roaming.c - calls to an account, whichever of its resources is there.
 *
 * Input: as fuzz_kept.c's. Three processes under one account, which come and go, stop to serve and
 * say so, and pack or don't; a caller by any of the policies, whose calls move.
 *
 * Claims: ledger.h.
 */
#include "world.h"
#include "fuzz.h"

#define ACCOUNT "calc@example.org"

static void begin(struct world *world)
{
    static const int64_t ends_us[] = {60000000, 1000000, 600000000, 5000000};
    unsigned choice = world_draw(world, 256);
    if (host_is_waiting())
        return;
    /* The default resource, in whose place another may come; now and then that one alone. */
    ledger_call(&world->ledger, ACCOUNT "/soap", choice % 16 != 0,
                choice / 2 % 8 == 7 ? LEDGER_BIG : LEDGER_SMALL, 8000000, ends_us[choice / 16 % 4],
                choice / 64 % 4 == 3);
}

/* The process stops to serve, or another one serves that packs or doesn't. */
static void change(struct world *world)
{
    unsigned choice = world_draw(world, 256);
    struct station *station = &world->stations[1 + choice % (world->station_count - 1)];
    if (choice / 4 % 4 == 3 && station->link)
        sx_queue_close(station->link->queue);
    else
        world_replace(station, choice / 16 % 4 == 0 ? WORLD_PLAIN : WORLD_PACKS);
}

static world_op_fn *const ops[] = {
    begin,           begin,           world_op_arrive, world_op_arrive, world_op_arrive,
    world_op_arrive, world_op_tick,   world_op_tick,   world_op_work,   world_op_work,
    world_op_lose,   world_op_return, world_op_return, world_op_wait,   world_op_cut,
    world_op_cut,    change,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {.ops = ops, .op_count = sizeof ops / sizeof ops[0], .has_presence = true};
    world.remembered = len ? 6 + bytes[0] % 100 : 100;
    world_init(&world, bytes, len);
    world_add(&world, ACCOUNT "/soap", WORLD_PACKS);
    world_add(&world, ACCOUNT "/two", WORLD_PACKS);
    world_add(&world, ACCOUNT "/three", WORLD_PLAIN);
    world_run(&world);
    world_fini(&world);
    return 0;
}
