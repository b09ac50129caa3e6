/* Packed envelopes between versions. The bytes that pass the caller's proxy tell which form they
 * had: a text of four letters takes a third of its size if it is packed.
 */
#include "pair.h"

#include "../integration/scale.h"
#include "../lib/suite.h"

#define SIZE scale_of(100000, 6000)

/* Bytes of a call and its answer, on the caller's connection. */
static uint64_t measure(struct pair *pair, int caller)
{
    struct proxy_counts before, after;
    pair_expect_answer(pair, pair_call(pair, caller, 0, false)); /* asks what the other can do */
    proxy_counts(pair->sides[caller].proxy, &before);
    pair_expect_answer(pair, pair_call(pair, caller, (int)SIZE, false));
    proxy_counts(pair->sides[caller].proxy, &after);
    return after.bytes - before.bytes;
}

/* Between the two there is room for a copy that a slow machine makes necessary. */
static void expect_packed(struct pair *pair, bool packed)
{
    int side;
    for (side = 0; side < SIDES; side++) {
        uint64_t bytes = measure(pair, side);
        CU_ASSERT_TRUE(packed ? bytes > SIZE / 2 && bytes < 3 * SIZE / 2 : bytes > 2 * SIZE);
    }
}

static void pack(const struct site *site, const char *version)
{
    struct pair pair;
    pair_open(&pair, site, version, NULL, NULL);
    expect_packed(&pair, true);
    pair_close(&pair);
}

static void two_versions_pack(void)
{
    pair_each(pack);
}

/* What it says of itself stands behind the features, which its peer asks for. */
static void pack_described(const struct site *site, const char *version)
{
    struct pair pair;
    pair_open(&pair, site, version, "described", NULL);
    expect_packed(&pair, true);
    pair_close(&pair);
}

static void who_describes_itself_is_known(void)
{
    pair_each(pack_described);
}

static void pack_not(const struct site *site, const char *version)
{
    struct pair pair;
    pair_open(&pair, site, version, "unpacked", NULL);
    expect_packed(&pair, false);
    pair_close(&pair);
    pair_open(&pair, site, version, NULL, "unpacked");
    expect_packed(&pair, false);
    pair_close(&pair);
}

static void who_does_not_pack_gets_plain_envelopes(void)
{
    pair_each(pack_not);
}

/* The caller knows its peer as one that packs, and sends it what it no longer takes. */
static void fall_back_from(struct pair *pair, int caller)
{
    struct party *other = &pair->sides[!caller];
    pair_expect_answer(pair, pair_call(pair, caller, (int)SIZE, false));
    pair_orphan(pair, !caller);
    party_stop(other);
    other->options[0] = "unpacked";
    party_start(pair, other);
    party_await_online(other);
    pair_expect_answer(pair, pair_call(pair, caller, (int)SIZE, false));
}

static void fall_back(const struct site *site, const char *version)
{
    pair_each_side(site, version, NULL, fall_back_from);
}

static void who_no_longer_packs_gets_its_calls_once(void)
{
    pair_each(fall_back);
}

CU_TestInfo tests_packed[] = {
    {"two versions pack", two_versions_pack},
    {"who describes itself is known as one that packs", who_describes_itself_is_known},
    {"who doesn't pack gets plain envelopes", who_does_not_pack_gets_plain_envelopes},
    {"who no longer packs gets its calls, once", who_no_longer_packs_gets_its_calls_once},
    CU_TEST_INFO_NULL,
};
