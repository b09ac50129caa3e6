/* Requests and answers over the stanza limits, in pieces, between versions. */
#include "pair.h"

#include "../lib/suite.h"

enum { LONG_BYTES = 24 << 20, BIG_BYTES = 6 << 20, LARGE_BYTES = 2 << 20 }; /* a third, in base64 */

static void move(const struct site *site, const char *version)
{
    int size = pair_is_long() ? LONG_BYTES : BIG_BYTES, side;
    struct pair pair;
    pair_open(&pair, site, version, NULL, NULL);
    for (side = 0; side < SIDES; side++) {
        if (!pair_has_turn(site, side))
            continue;
        pair_expect_answer(&pair, pair_call(&pair, side, size, false));
        party_expect(&pair.sides[side], "moved out");
        party_expect(&pair.sides[side], "moved in");
    }
    pair_close(&pair);
}

static void a_call_and_its_answer_travel_in_pieces(void)
{
    pair_each(move);
}

/* A party's connection is cut while bytes of the call go out there: of the request, or of the
 * answer. */
static void cut_amid(struct pair *pair, int caller, int cut)
{
    int number = pair_call(pair, caller, LARGE_BYTES, false);
    party_expect(&pair->sides[cut], "amid out");
    (void)proxy_cut_now(pair->sides[cut].proxy);
    pair_expect_answer(pair, number);
}

static void cut_caller(struct pair *pair, int side)
{
    cut_amid(pair, side, side);
}

static void cut_responder(struct pair *pair, int side)
{
    cut_amid(pair, side, !side);
}

/* Each party tells of each way once, so that its "amid" is of this call: a pair for each cut. */
static void cut(const struct site *site, const char *version)
{
    pair_each_side(site, version, NULL, cut_caller);
    pair_each_side(site, version, NULL, cut_responder);
}

static void what_travels_in_pieces_outlives_connections(void)
{
    pair_each(cut);
}

/* The one to whom the pieces go dies, and one of the other version takes its place. */
static void restart_responder(struct pair *pair, int side)
{
    struct party *responder = &pair->sides[!side];
    int number = pair_call(pair, side, LARGE_BYTES, false);
    party_expect(&pair->sides[side], "amid out");
    party_kill(responder);
    party_replace(pair, responder, side == OLDER ? pair->version : NULL);
    pair_expect_answer(pair, number);
}

static void restart(const struct site *site, const char *version)
{
    pair_each_side(site, version, NULL, restart_responder);
}

static void pieces_of_one_version_go_on_to_another(void)
{
    pair_each(restart);
}

CU_TestInfo tests_big[] = {
    {"a call and its answer travel in pieces", a_call_and_its_answer_travel_in_pieces},
    {"what travels in pieces outlives connections", what_travels_in_pieces_outlives_connections},
    {"a service that is replaced by another version amid a request gets it once",
     pieces_of_one_version_go_on_to_another},
    CU_TEST_INFO_NULL,
};
