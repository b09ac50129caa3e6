/* Who makes room when there is none: accounts within their share get in, at the cost of those that
 * have more than theirs. */
#include "transfer/share.h"

#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdint.h>
#include <stdio.h>

#define A "a@example.org"
#define B "b@example.org"
#define C "c@example.org"
#define D "d@example.org"

enum { MOST = 16 };

static const int64_t S = 1000000; /* a second */

struct hall {
    struct sx_share share;
    struct sx_share_account *accounts[MOST];
    struct sx_share_holder holders[MOST];
    unsigned count;
};

static void enter(struct hall *hall, const char *jid, size_t bytes, unsigned times)
{
    for (; times > 0; times--) {
        struct sx_share_account *account = sx_share_enter(&hall->share, jid, bytes);
        CU_ASSERT_PTR_NOT_NULL_FATAL(account);
        hall->accounts[hall->count] = account;
        hall->holders[hall->count++] = (struct sx_share_holder){account, bytes, true, false};
    }
}

static void leave_all(struct hall *hall)
{
    while (hall->count > 0) {
        hall->count--;
        sx_share_leave(&hall->share, hall->accounts[hall->count], hall->holders[hall->count].bytes);
    }
    CU_ASSERT(hall->share.places == 0 && hall->share.bytes == 0);
    sx_share_fini(&hall->share);
    CU_ASSERT_EQUAL(hall->share.accounts, 0);
}

/* Those that yield, as a text of 1 and 0; "no" if there is no room by that. */
static const char *ask_of(struct hall *hall, const char *jid, size_t bytes, size_t max_bytes)
{
    static char text[MOST + 1];
    const struct sx_share_claim claim = {jid, bytes, max_bytes};
    unsigned i, yields = 0;
    bool has_room = sx_share_yield(&hall->share, &claim, hall->holders, hall->count, 0);
    for (i = 0; i < hall->count; i++) {
        yields += hall->holders[i].yields;
        text[i] = hall->holders[i].yields ? '1' : '0';
    }
    text[i] = '\0';
    CU_ASSERT(has_room || yields == 0);
    return has_room ? text : "no";
}

static const char *ask(struct hall *hall, const char *jid, size_t bytes)
{
    return ask_of(hall, jid, bytes, hall->share.max_bytes);
}

static void resources_are_one_account(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 8, 100);
    CU_ASSERT_PTR_NULL(sx_share_find(&hall.share, A "/1"));
    enter(&hall, A "/1", 10, 1);
    enter(&hall, "A@example.org/2", 20, 1);
    enter(&hall, B "/1", 30, 1);
    CU_ASSERT(hall.share.places == 3 && hall.share.bytes == 60 && hall.share.accounts == 2);
    CU_ASSERT_PTR_EQUAL(sx_share_find(&hall.share, A "/3"), hall.accounts[0]);
    CU_ASSERT(hall.accounts[0]->places == 2 && hall.accounts[0]->bytes == 30);
    leave_all(&hall);
}

static void there_is_room_or_not(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 2, 100);
    enter(&hall, A, 60, 1);
    CU_ASSERT_TRUE(sx_share_has_room(&hall.share, A, 40, 0));
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, A, 41, 0));
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, A, SIZE_MAX, 0));
    enter(&hall, A, 1, 1);
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, B, 1, 0));
    leave_all(&hall);
}

static void a_newcomer_gets_one_of_many_places(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 8, SIZE_MAX);
    enter(&hall, A, 0, 1);
    enter(&hall, B, 0, 4);
    enter(&hall, A, 0, 3);
    ASSERT_TEXT(ask(&hall, C, 0), "10000000"); /* both have more than 8 / 3: the first in order */
    hall.holders[0].has_had_its_time = false;
    ASSERT_TEXT(ask(&hall, C, 0), "01000000");
    ASSERT_TEXT(ask(&hall, A, 0), "no"); /* it has its share */
    leave_all(&hall);
}

static void who_has_no_more_than_its_share_keeps_it(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 3, SIZE_MAX);
    enter(&hall, A, 0, 1);
    enter(&hall, B, 0, 2);
    ASSERT_TEXT(ask(&hall, C, 0), "010");
    leave_all(&hall);
    enter(&hall, A, 0, 1);
    enter(&hall, B, 0, 1);
    enter(&hall, C, 0, 1);
    ASSERT_TEXT(ask(&hall, D, 0), "no");
    leave_all(&hall);
}

static void bytes_are_shared_too(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 16, 120);
    enter(&hall, A, 10, 6);
    enter(&hall, B, 60, 1);
    ASSERT_TEXT(ask(&hall, C, 41), "no"); /* more than a third */
    ASSERT_TEXT(ask(&hall, C, 20), "1100000");
    ASSERT_TEXT(ask(&hall, C, 40), "1100001"); /* with 40 A has its share */
    hall.holders[6].has_had_its_time = false;
    ASSERT_TEXT(ask(&hall, C, 40), "no"); /* then nobody goes for nothing */
    leave_all(&hall);
}

static void places_and_bytes_may_be_short_at_once(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 6, 120);
    enter(&hall, A, 1, 5);
    enter(&hall, B, 115, 1);
    ASSERT_TEXT(ask(&hall, C, 40), "100001");
    leave_all(&hall);
}

/* A and B have all places, and take each again that they give back: while C waits, no more than
 * their share. */
static void who_waits_gets_what_is_given_back(void)
{
    struct hall hall = {.count = 0};
    unsigned i;
    sx_share_init(&hall.share, 6, SIZE_MAX);
    enter(&hall, A, 0, 3);
    enter(&hall, B, 0, 3);
    for (i = 0; i < 6; i++)
        hall.holders[i].has_had_its_time = false;
    ASSERT_TEXT(ask(&hall, C, 0), "no");
    hall.count--;
    sx_share_leave(&hall.share, hall.accounts[hall.count], 0);
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, B, 0, S));
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, A, 0, S));
    CU_ASSERT_TRUE(sx_share_has_room(&hall.share, C, 0, S));
    CU_ASSERT_TRUE(sx_share_has_room(&hall.share, D, 0, S)); /* it has none, either */
    CU_ASSERT_TRUE(sx_share_has_room(&hall.share, B, 0, SX_SHARE_WAIT_US)); /* C has gone */
    ASSERT_TEXT(ask(&hall, C, 0), "00000");
    enter(&hall, C, 0, 1);
    ASSERT_TEXT(ask(&hall, D, 0), "no");
    leave_all(&hall);
}

static void bytes_are_waited_for_too(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 6, 120);
    enter(&hall, A, 60, 1);
    enter(&hall, B, 20, 3);
    hall.holders[0].has_had_its_time = false;
    ASSERT_TEXT(ask(&hall, C, 20), "0100");
    hall.holders[1].has_had_its_time = hall.holders[2].has_had_its_time =
        hall.holders[3].has_had_its_time = false;
    ASSERT_TEXT(ask(&hall, C, 30), "no");
    hall.count--;
    sx_share_leave(&hall.share, hall.accounts[hall.count], 20);
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, B, 1, S));
    hall.count--;
    sx_share_leave(&hall.share, hall.accounts[hall.count], 20);
    CU_ASSERT_TRUE(sx_share_has_room(&hall.share, C, 30, S));
    leave_all(&hall);
}

static void no_more_are_waited_for_than_there_are_places(void)
{
    struct hall hall = {.count = 0};
    char jid[32];
    unsigned i;
    sx_share_init(&hall.share, 2, SIZE_MAX);
    enter(&hall, A, 0, 1);
    enter(&hall, B, 0, 1);
    for (i = 0; i < 10; i++) {
        snprintf(jid, sizeof jid, "x%u@example.org", i);
        ASSERT_TEXT(ask(&hall, jid, 0), "no");
    }
    CU_ASSERT_EQUAL(hall.share.accounts, 4);
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, A, 0, SX_SHARE_WAIT_US));
    CU_ASSERT_EQUAL(hall.share.accounts, 2);
    leave_all(&hall);
}

/* Of what is free elsewhere, which changes: it holds for who claims it, not for others. */
static void a_bound_is_the_claims(void)
{
    struct hall hall = {.count = 0};
    sx_share_init(&hall.share, 8, 100);
    enter(&hall, A, 15, 2);
    enter(&hall, B, 15, 2);
    ASSERT_TEXT(ask_of(&hall, C, 20, 65), "1000");
    ASSERT_TEXT(ask_of(&hall, C, 20, 59), "no"); /* more than a third, and not waited for */
    CU_ASSERT_EQUAL(hall.share.accounts, 2);
    ASSERT_TEXT(ask_of(&hall, C, 20, 80), "0000");
    ASSERT_TEXT(ask_of(&hall, C, 40, 200), "0000");
    CU_ASSERT_TRUE(sx_share_has_room(&hall.share, A, 40, 0));
    CU_ASSERT_FALSE(sx_share_has_room(&hall.share, A, 41, 0));
    CU_ASSERT_TRUE(sx_share_is_within(&hall.share, A, 1, 20));
    CU_ASSERT_FALSE(sx_share_is_within(&hall.share, A, 1, 21));
    leave_all(&hall);
}

static bool attempt_enter(struct shortage shortage)
{
    struct hall hall = {.count = 0};
    struct sx_share_account *account;
    bool has_failed;
    sx_share_init(&hall.share, 6, 120);
    shortage_begin(shortage);
    account = sx_share_enter(&hall.share, A "/1", 1);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(account == NULL, has_failed);
    CU_ASSERT_EQUAL(hall.share.places, has_failed ? 0 : 1);
    if (account)
        sx_share_leave(&hall.share, account, 1);
    return has_failed;
}
SHORTAGE_TEST(enter, 2)

CU_TestInfo tests_share[] = {
    {"resources are one account", resources_are_one_account},
    {"there is room, or not", there_is_room_or_not},
    {"a newcomer gets one of many places", a_newcomer_gets_one_of_many_places},
    {"who has no more than its share keeps it", who_has_no_more_than_its_share_keeps_it},
    {"bytes are shared, too", bytes_are_shared_too},
    {"places and bytes may be short at once", places_and_bytes_may_be_short_at_once},
    {"who waits gets what is given back", who_waits_gets_what_is_given_back},
    {"bytes are waited for, too", bytes_are_waited_for_too},
    {"no more are waited for than there are places", no_more_are_waited_for_than_there_are_places},
    {"a claim's bound is its own", a_bound_is_the_claims},
    {"without memory nobody has entered", test_enter},
    CU_TEST_INFO_NULL,
};
