/* fuzz_kept.c - calls that are sent again until they are answered, and what becomes of them.
 *
 * Input: the world's first choices, then operations (world.h). A caller, two processes with a JID
 * of their own, and two that share one; small calls, and big ones whose bytes go ahead.
 *
 * Claims: ledger.h. At most once, never after the caller was told that it wasn't executed; ends
 * once; what is told is true; nobody waits past its deadline.
 */
#include "world.h"
#include "fuzz.h"

static void begin(struct world *world)
{
    static const char *const jids[] = {"calc@example.org/soap", "calc@example.net/soap",
                                       "calc.example.org"};
    static const int64_t ends_us[] = {60000000, 1000000, 600000000, 5000000};
    unsigned choice = world_draw(world, 256);
    unsigned jid = choice % 3;
    if (host_is_waiting())
        return;
    ledger_call(&world->ledger, jids[jid], false,
                choice / 3 % 3 == 2 && jid != 2 ? LEDGER_BIG : LEDGER_SMALL, 8000000,
                ends_us[choice / 16 % 4], choice / 64 % 4 == 3);
}

static world_op_fn *const ops[] = {
    begin,           begin,           world_op_arrive, world_op_arrive, world_op_arrive,
    world_op_arrive, world_op_tick,   world_op_tick,   world_op_work,   world_op_work,
    world_op_lose,   world_op_return, world_op_wait,   world_op_cut,    world_op_die,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {.ops = ops, .op_count = sizeof ops / sizeof ops[0]};
    world.remembered = len && bytes[0] & 1 ? 4 : 100;
    world_init(&world, bytes, len);
    world_add(&world, "calc@example.org/soap", WORLD_PACKS);
    world_add(&world, "calc@example.net/soap", WORLD_PACKS);
    world_add(&world, "calc.example.org", WORLD_SHARED);
    world_add(&world, "calc.example.org", WORLD_SHARED);
    world_run(&world);
    world_fini(&world);
    return 0;
}
