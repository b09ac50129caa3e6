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

/* Whose connection is cut while whose bytes go which way: the words of the party that tells. */
static void cut_amid(struct pair *pair, int caller, int cut, int teller, const char *words)
{
    int number = pair_call(pair, caller, LARGE_BYTES, false);
    party_expect(&pair->sides[teller], words);
    (void)proxy_cut_now(pair->sides[cut].proxy);
    pair_expect_answer(pair, number);
}

/* Each party tells of each way once, so that its "amid" is of this call. */
static void cut(const struct site *site, const char *version)
{
    int side;
    for (side = 0; side < SIDES; side++) {
        struct pair pair;
        if (!pair_has_turn(site, side))
            continue;
        pair_open(&pair, site, version, NULL, NULL);
        cut_amid(&pair, side, side, side, "amid out");
        pair_close(&pair);
        pair_open(&pair, site, version, NULL, NULL);
        cut_amid(&pair, side, !side, !side, "amid out");
        pair_close(&pair);
    }
}

static void what_travels_in_pieces_outlives_connections(void)
{
    pair_each(cut);
}

/* The one to whom the pieces go dies, and one of the other version takes its place. */
static void restart(const struct site *site, const char *version)
{
    int side;
    for (side = 0; side < SIDES; side++) {
        struct pair pair;
        struct party *other = &pair.sides[!side];
        int number;
        if (!pair_has_turn(site, side))
            continue;
        pair_open(&pair, site, version, NULL, NULL);
        number = pair_call(&pair, side, LARGE_BYTES, false);
        party_expect(&pair.sides[side], "amid out");
        party_kill(other);
        party_set_version(other, side == OLDER ? version : NULL);
        party_start(&pair, other);
        party_await_online(other);
        pair_expect_answer(&pair, number);
        pair_close(&pair);
    }
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
