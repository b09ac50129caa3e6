/* Calls to any resource of an account: when they move to another one, and that no move lets a
 * request run twice. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"
#include "exchange/reroute.h"
#include "exchange/hold.h"
#include "exchange/retry.h"

#define BARE   "calc@example.org"
#define ONE    BARE "/one"
#define TWO    BARE "/two"
#define FIRST  "00112233445566ff.1"
#define SECOND "8899aabbccddeeff.7"
#define PACKED "<packed xmlns='urn:soap-xmpp:packed:1'>AAAA</packed>"

enum { ID_BYTES = 128 };

static const int64_t PAST = 1; /* microseconds after boot */
static const int64_t FUTURE = SX_NEVER / 2;

static struct sx_exchange *make(void)
{
    struct sx_exchange *exchange = sx_exchange_new(100, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
    return exchange;
}

static struct soap_xmpp_call *begin(struct sx_exchange *exchange, const char *peer)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, peer, "add", PAST, &call), SX_OK);
    return call;
}

static struct soap_xmpp_call *begin_to_any(struct sx_exchange *exchange, const char *payload)
{
    struct soap_xmpp_call *call = begin(exchange, ONE);
    sx_reroute_allow(call);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, FIRST, payload, strlen(payload)), SX_OK);
    return call;
}

static struct sx_reply make_error(bool refused)
{
    struct sx_reply reply = {.err = SX_ESTANZA, .delivery.refused = refused};
    snprintf(reply.condition, sizeof reply.condition, "service-unavailable");
    return reply;
}

static void bounce(struct soap_xmpp_call *call)
{
    struct sx_reply reply = make_error(false);
    CU_ASSERT_TRUE(sx_retry_decide(sx_exchange_of(call), sx_exchange_peer(call),
                                   sx_exchange_id(call), &reply));
}

static bool may_move(struct soap_xmpp_call *call)
{
    struct sx_reroute mover;
    CU_ASSERT_TRUE(sx_reroute_judge(sx_exchange_of(call), sx_exchange_peer(call),
                                    sx_exchange_id(call), SX_REROUTE_ONE, &mover));
    ASSERT_TEXT(mover.id, sx_exchange_id(call));
    ASSERT_TEXT(mover.peer, sx_exchange_peer(call));
    return mover.may_move;
}

static bool move(struct soap_xmpp_call *call, unsigned bounced, const char *peer)
{
    char id[ID_BYTES];
    snprintf(id, sizeof id, "%s", sx_exchange_id(call));
    return sx_reroute_move(sx_exchange_of(call), id, bounced, peer, SECOND);
}

static void take(struct sx_exchange *exchange, int64_t now_us, const char *peer)
{
    struct sx_copy due = {0};
    CU_ASSERT_TRUE(sx_retry_take_due(exchange, now_us, &due));
    ASSERT_TEXT(due.peer ? due.peer : "", peer);
    sx_copy_fini(&due);
}

static unsigned load(struct sx_exchange *exchange, const char *jid)
{
    unsigned count = 99;
    sx_reroute_loads(exchange, &jid, &count, 1);
    return count;
}

/* ---- when it moves ---- */

static void test_move(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_to_any(exchange, "<E/>");
    const char *first_peer = sx_exchange_peer(call);
    struct sx_reply reply = {.err = SX_OK};
    char old_id[ID_BYTES];
    snprintf(old_id, sizeof old_id, "%s", sx_exchange_id(call));
    CU_ASSERT_TRUE(sx_reroute_is_allowed(call));
    CU_ASSERT_TRUE(may_move(call));
    CU_ASSERT_TRUE(move(call, 1, TWO));
    ASSERT_TEXT(sx_exchange_peer(call), TWO);
    ASSERT_TEXT(first_peer, ONE); /* valid until release */
    ASSERT_CONTAINS(sx_exchange_id(call), "~" SECOND);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    take(exchange, PAST, TWO);
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, ONE, old_id));
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, ONE, sx_exchange_id(call)));
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, TWO, sx_exchange_id(call), &reply));
    CU_ASSERT_FALSE(move(call, 1, ONE));
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_two_copies(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_to_any(exchange, "<E/>");
    take(exchange, FUTURE, ONE);
    CU_ASSERT_FALSE(may_move(call));
    CU_ASSERT_FALSE(move(call, 1, TWO));
    bounce(call);
    CU_ASSERT_TRUE(may_move(call)); /* if the other one has bounced, too */
    CU_ASSERT_FALSE(move(call, 0, TWO));
    CU_ASSERT_TRUE(move(call, 1, TWO));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* The peer has said of each of them that it isn't and won't be run. */
static void test_all_copies(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_to_any(exchange, "<E/>");
    struct sx_reroute mover;
    take(exchange, FUTURE, ONE);
    CU_ASSERT_TRUE(sx_reroute_judge(exchange, ONE, sx_exchange_id(call), SX_REROUTE_ALL, &mover));
    CU_ASSERT_TRUE(mover.may_move);
    CU_ASSERT_TRUE(move(call, SX_REROUTE_ALL, TWO));
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    take(exchange, PAST, TWO);
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_others_stay(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *kept = begin(exchange, ONE), *once = begin(exchange, ONE);
    struct soap_xmpp_call *held = begin(exchange, ONE);
    struct soap_xmpp_call *last = begin_to_any(exchange, PACKED);
    struct sx_reroute mover;
    CU_ASSERT_EQUAL(sx_retry_keep(kept, FIRST, "<E/>", 4), SX_OK);
    CU_ASSERT_FALSE(sx_reroute_judge(exchange, ONE, sx_exchange_id(kept), SX_REROUTE_ONE, &mover));
    CU_ASSERT_FALSE(move(kept, 1, TWO));
    sx_reroute_allow(once); /* never kept: a foreign peer's */
    CU_ASSERT_FALSE(may_move(once));
    CU_ASSERT_FALSE(move(once, 1, TWO));
    sx_reroute_allow(held);
    CU_ASSERT_EQUAL(sx_hold_keep(held, FIRST, PACKED, strlen(PACKED)), SX_OK);
    CU_ASSERT_FALSE(may_move(held));
    CU_ASSERT_FALSE(move(held, 1, TWO));
    sx_hold_end(exchange, sx_exchange_number(held));
    CU_ASSERT_FALSE(may_move(held)); /* its bytes are with ONE */
    CU_ASSERT_TRUE(sx_reroute_judge(exchange, ONE, sx_exchange_id(last), SX_REROUTE_ONE, &mover));
    CU_ASSERT_TRUE(mover.is_packed && mover.may_move);
    sx_retry_replace(exchange, sx_exchange_id(last), strdup("<E/>"), 4, false, SX_OK, "");
    CU_ASSERT_FALSE(may_move(last));
    CU_ASSERT_FALSE(sx_reroute_judge(exchange, TWO, sx_exchange_id(last), SX_REROUTE_ONE, &mover));
    CU_ASSERT_FALSE(sx_reroute_judge(exchange, ONE, "unknown", SX_REROUTE_ONE, &mover));
    sx_exchange_release(kept);
    sx_exchange_release(once);
    sx_exchange_release(held);
    sx_exchange_release(last);
    sx_exchange_free(exchange);
}

/* Nobody has the payload any longer, and the call is the caller's to release. */
static void test_given_up(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_to_any(exchange, "<E/>");
    struct sx_reroute mover;
    bounce(call); /* of a copy that went out while it waited for room */
    CU_ASSERT_TRUE(sx_reroute_find(exchange, BARE, &mover));
    CU_ASSERT_FALSE(sx_retry_unpost(call, SX_EROOM));
    CU_ASSERT_FALSE(sx_reroute_find(exchange, BARE, &mover));
    CU_ASSERT_FALSE(may_move(call));
    CU_ASSERT_FALSE(move(call, 0, TWO));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_moves_are_bounded(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_to_any(exchange, "<E/>");
    unsigned moves = 0;
    while (moves < 100 && move(call, 1, moves % 2 ? ONE : TWO))
        moves++;
    CU_ASSERT_EQUAL(moves, 32);
    CU_ASSERT_FALSE(may_move(call));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_absent(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_to_any(exchange, "<E/>");
    struct sx_reroute mover;
    CU_ASSERT_FALSE(sx_reroute_find(exchange, BARE, &mover)); /* a copy is out */
    CU_ASSERT_TRUE(may_move(call));
    bounce(call);
    CU_ASSERT_FALSE(sx_reroute_find(exchange, "calc@example", &mover));
    CU_ASSERT_FALSE(sx_reroute_find(exchange, "calc@example.net", &mover));
    CU_ASSERT_TRUE(sx_reroute_find(exchange, BARE, &mover));
    ASSERT_TEXT(mover.id, sx_exchange_id(call));
    CU_ASSERT_TRUE(sx_reroute_move(exchange, mover.id, 0, TWO, SECOND));
    CU_ASSERT_FALSE(sx_reroute_find(exchange, BARE, &mover));
    take(exchange, PAST, TWO);
    CU_ASSERT_TRUE(may_move(call));
    bounce(call);
    take(exchange, FUTURE, TWO); /* out again */
    CU_ASSERT_FALSE(sx_reroute_find(exchange, BARE, &mover));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_loads(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *first = begin_to_any(exchange, "<E/>");
    struct soap_xmpp_call *second = begin_to_any(exchange, "<E/>"), *other = begin(exchange, ONE);
    CU_ASSERT_EQUAL(load(exchange, ONE), 2);
    CU_ASSERT_EQUAL(load(exchange, TWO), 0);
    CU_ASSERT_TRUE(move(first, 1, TWO));
    CU_ASSERT_EQUAL(load(exchange, ONE), 1);
    CU_ASSERT_EQUAL(load(exchange, TWO), 1);
    sx_exchange_release(second);
    CU_ASSERT_EQUAL(load(exchange, ONE), 0);
    sx_exchange_fail_all(exchange, SX_ELOST, "lost");
    CU_ASSERT_EQUAL(load(exchange, TWO), 0);
    sx_exchange_release(first);
    sx_exchange_release(other);
    sx_exchange_free(exchange);
}

/* ---- a model ---- */

/* Three processes, copies on their way to them, and chance. A process runs an id once; what is
 * refused or bounces is out of the world. */
enum { PROCESSES = 3, MOST_COPIES = 40, STEPS = 60, ROUNDS = 3000 };

static const char *const processes[PROCESSES] = {ONE, TWO, BARE "/three"};

struct copy {
    int process;
    char id[ID_BYTES];
};

struct world {
    struct sx_exchange *exchange;
    struct soap_xmpp_call *call;
    struct copy copies[MOST_COPIES], run[MOST_COPIES]; /* on their way; that have run */
    int copy_count, runs;
    int moves;
    bool over;
    unsigned random;
};

static unsigned draw(struct world *world, unsigned below)
{
    world->random = world->random * 1103515245u + 12345u;
    return (world->random >> 16) % below;
}

static void send_copy(struct world *world, const char *peer, const char *id)
{
    struct copy *copy = &world->copies[world->copy_count++];
    CU_ASSERT_FATAL(world->copy_count < MOST_COPIES);
    for (copy->process = 0; strcmp(processes[copy->process], peer) != 0;)
        copy->process++;
    snprintf(copy->id, sizeof copy->id, "%s", id);
}

static struct copy take_copy(struct world *world)
{
    unsigned i = draw(world, (unsigned)world->copy_count);
    struct copy copy = world->copies[i];
    world->copies[i] = world->copies[--world->copy_count];
    return copy;
}

/* Its answer gets lost. */
static void run(struct world *world, const struct copy *copy)
{
    int i;
    for (i = 0; i < world->runs; i++)
        if (world->run[i].process == copy->process && strcmp(world->run[i].id, copy->id) == 0)
            return;
    world->run[world->runs++] = *copy;
}

/* What the link does with it. */
static void return_copy(struct world *world, const struct copy *copy, bool refused)
{
    struct sx_reply reply = make_error(refused);
    const char *from = processes[copy->process];
    struct sx_reroute mover;
    if (sx_reroute_judge(world->exchange, from, copy->id, SX_REROUTE_ONE, &mover) &&
        mover.may_move && draw(world, 4) &&
        sx_reroute_move(world->exchange, mover.id, 1, processes[draw(world, PROCESSES)], SECOND))
        world->moves++;
    else if (!sx_retry_decide(world->exchange, from, copy->id, &reply) &&
             sx_exchange_complete(world->exchange, from, copy->id, &reply))
        world->over = true;
}

static bool has_run(const struct world *world, const struct copy *copy)
{
    int i;
    for (i = 0; i < world->runs; i++)
        if (world->run[i].process == copy->process && strcmp(world->run[i].id, copy->id) == 0)
            return true;
    return false;
}

static void step(struct world *world)
{
    struct sx_copy due = {0};
    struct sx_reroute mover;
    struct copy copy;
    unsigned what = draw(world, 8);
    if (what < 2 && sx_retry_take_due(world->exchange, FUTURE, &due)) {
        send_copy(world, due.peer, due.id);
        sx_copy_fini(&due);
    } else if (what == 2 && sx_reroute_find(world->exchange, BARE, &mover)) {
        world->moves += sx_reroute_move(world->exchange, mover.id, 0,
                                        processes[draw(world, PROCESSES)], SECOND);
    } else if (world->copy_count) {
        copy = take_copy(world);
        if (what < 5)
            return_copy(world, &copy, false);
        else if (what == 5 && !has_run(world, &copy)) /* of one that has run, the answer comes */
            return_copy(world, &copy, true);
        else if (what == 6)
            run(world, &copy);
    }
}

static void test_model(void)
{
    unsigned round, i, moves = 0, runs = 0;
    for (round = 1; round <= ROUNDS; round++) {
        struct world world = {.exchange = make(), .random = round};
        world.call = begin_to_any(world.exchange, "<E/>");
        send_copy(&world, ONE, sx_exchange_id(world.call));
        for (i = 0; i < STEPS && !world.over && world.copy_count < MOST_COPIES - 2; i++)
            step(&world);
        CU_ASSERT_FATAL(world.runs <= 1);
        moves += (unsigned)world.moves;
        runs += (unsigned)world.runs;
        sx_exchange_release(world.call);
        sx_exchange_free(world.exchange);
    }
    CU_ASSERT_TRUE(moves > ROUNDS / 2 && runs > ROUNDS / 10);
}

/* ---- short memory ---- */

static bool attempt_move_short(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_to_any(exchange, "<E/>");
    bool moved, has_failed;
    shortage_begin(shortage);
    moved = move(call, 1, TWO);
    has_failed = shortage_end();
    CU_ASSERT_TRUE(moved || has_failed);
    ASSERT_TEXT(sx_exchange_peer(call), moved ? TWO : ONE);
    ASSERT_CONTAINS(sx_exchange_id(call), moved ? SECOND : FIRST);
    sx_exchange_release(call);
    CU_ASSERT_EQUAL(load(exchange, ONE) + load(exchange, TWO), 0);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(move_short, 2)

CU_TestInfo tests_reroute[] = {
    {"a call whose only copy bounced moves on, under a new id, at once", test_move},
    {"a call moves only when each copy has bounced", test_two_copies},
    {"it moves with copies out if the peer speaks of all of them", test_all_copies},
    {"calls to one resource, sent once, held or falling back stay", test_others_stay},
    {"a call that could not be posted stays", test_given_up},
    {"a call moves so often and no more", test_moves_are_bounded},
    {"a call that bounced and waits is found, one with a copy out isn't", test_absent},
    {"calls are counted at the resource they are at", test_loads},
    {"whatever bounces, gets lost or is refused, no request runs twice", test_model},
    {"without memory a call stays whole, and moves or doesn't", test_move_short},
    CU_TEST_INFO_NULL,
};
