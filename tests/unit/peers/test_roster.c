/* roster.c: who is there, and the bounds of the table. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "peers/roster.h"

#define BARE        "calc@example.org"
#define INCARNATION "0123456789abcdef.1"

static const int64_t PAST = 1; /* microseconds after boot */
static const int64_t MINUTE_US = 60000000;

static const struct sx_presence_mark SERVES = {
    .serves = true, .packs = true, .incarnation = INCARNATION};
static const struct sx_presence_mark NOTHING = {.serves = false};

/* ---- the table ---- */

static struct sx_roster *make(unsigned max_contacts)
{
    struct sx_roster *roster = sx_roster_new(max_contacts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(roster);
    return roster;
}

/* "a b!": the resources of a bare JID; ! behind those that serve. */
static void expect(struct sx_roster *roster, const char *bare, const char *resources)
{
    struct sx_roster_view view;
    char text[2000] = "";
    unsigned i;
    sx_roster_list(roster, bare, &view);
    for (i = 0; i < view.count; i++) {
        const char *jid = view.resources[i].jid;
        CU_ASSERT_EQUAL(strncmp(jid, bare, strlen(bare)), 0);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", i ? " " : "",
                 strchr(jid, '/') + 1, view.resources[i].mark.serves ? "!" : "");
    }
    ASSERT_TEXT(text, resources);
    sx_roster_view_fini(&view);
}

static void test_coming_and_going(void)
{
    struct sx_roster *roster = make(10);
    expect(roster, BARE, "");
    sx_roster_put(roster, BARE "/two", &SERVES);
    sx_roster_put(roster, BARE "/one", &NOTHING);
    sx_roster_put(roster, "other@example.org/x", &NOTHING);
    expect(roster, BARE, "one two!");
    sx_roster_put(roster, BARE "/one", &SERVES);
    sx_roster_put(roster, BARE "/two", &NOTHING);
    expect(roster, BARE, "one! two");
    CU_ASSERT_TRUE(sx_roster_take_out(roster, BARE "/one"));
    CU_ASSERT_FALSE(sx_roster_take_out(roster, BARE "/one"));
    CU_ASSERT_FALSE(sx_roster_take_out(roster, BARE "/Two"));
    expect(roster, BARE, "two");
    sx_roster_put(roster, BARE "/a/b", &NOTHING);
    CU_ASSERT_TRUE(sx_roster_take_out(roster, BARE));
    CU_ASSERT_FALSE(sx_roster_take_out(roster, BARE));
    expect(roster, BARE, "");
    expect(roster, "other@example.org", "x");
    sx_roster_put(roster, BARE, &SERVES); /* nobody */
    expect(roster, BARE, "");
    sx_roster_begin(roster, PAST);
    expect(roster, "other@example.org", "");
    sx_roster_free(roster);
}

/* Newcomers find no place, and whom nobody has asked for makes place for whom somebody does. */
static void test_contacts_are_bounded(void)
{
    struct sx_roster *roster = make(3);
    sx_roster_put(roster, "a@b/1", &NOTHING);
    sx_roster_put(roster, "b@b/1", &NOTHING);
    sx_roster_put(roster, "c@b/1", &NOTHING);
    sx_roster_put(roster, "d@b/1", &NOTHING);
    expect(roster, "a@b", "1");
    expect(roster, "b@b", "1");
    sx_roster_put(roster, "b@b/2", &NOTHING);
    expect(roster, "d@b", ""); /* in the place of c */
    sx_roster_put(roster, "d@b/1", &NOTHING);
    expect(roster, "d@b", "1");
    expect(roster, "b@b", "1 2");
    expect(roster, "c@b", ""); /* in the place of a, for which it was longest that nobody asked */
    expect(roster, "d@b", "1");
    expect(roster, "b@b", "1 2");
    expect(roster, "a@b", "");
    sx_roster_free(roster);
}

static void crowd(struct sx_roster *roster)
{
    char jid[400];
    unsigned i, k;
    for (i = 0; i < 100; i++) {
        for (k = 0; k < 100; k++) {
            snprintf(jid, sizeof jid, "stranger%u@evil/%0200u", i, k);
            sx_roster_put(roster, jid, &SERVES);
        }
    }
}

/* Anybody may tell us that they are there. */
static void test_crowds_cost_nobody_their_place(void)
{
    struct sx_roster *roster = make(10);
    sx_roster_begin(roster, PAST);
    sx_roster_put(roster, BARE "/one", &SERVES);
    sx_roster_put(roster, "other@b/1", &NOTHING);
    crowd(roster);
    expect(roster, BARE, "one!");
    expect(roster, "other@b", "1");
    /* In another session the crowd comes first, but we have been asked before. */
    sx_roster_begin(roster, PAST);
    crowd(roster);
    expect(roster, "third@b", "");
    sx_roster_put(roster, BARE "/one", &SERVES);
    CU_ASSERT_TRUE(sx_roster_take_out(roster, BARE "/one"));
    CU_ASSERT_FALSE(sx_roster_take_out(roster, BARE));
    crowd(roster);
    sx_roster_put(roster, BARE "/two", &SERVES);
    sx_roster_put(roster, "third@b/1", &SERVES);
    expect(roster, BARE, "two!");
    expect(roster, "third@b", "1!");
    sx_roster_free(roster);
}

static void test_resources_are_bounded(void)
{
    struct sx_roster *roster = make(3);
    struct sx_roster_view view;
    char jid[400];
    unsigned i;
    for (i = 0; i < SX_ROSTER_RESOURCES + 5; i++) {
        snprintf(jid, sizeof jid, BARE "/%03u", i);
        sx_roster_put(roster, jid, &SERVES);
    }
    sx_roster_list(roster, BARE, &view);
    CU_ASSERT_EQUAL_FATAL(view.count, SX_ROSTER_RESOURCES);
    ASSERT_TEXT(view.resources[0].jid, BARE "/005");
    sx_roster_view_fini(&view);
    memset(jid, 'x', sizeof jid);
    memcpy(jid, "long@b/", 7);
    jid[7 + SX_ROSTER_RESOURCE_BYTES + 1] = '\0';
    sx_roster_put(roster, jid, &SERVES);
    expect(roster, "long@b", "");
    jid[7 + SX_ROSTER_RESOURCE_BYTES] = '\0';
    sx_roster_put(roster, jid, &SERVES);
    expect(roster, "long@b", strcat(jid, "!") + 7);
    sx_roster_free(roster);
}

static void test_bytes_are_bounded(void)
{
    enum { LONG = 1000, CONTACTS = SX_ROSTER_BYTES / LONG };
    struct sx_roster *roster = make(2 * CONTACTS);
    char jid[LONG + 40], bare[LONG + 20];
    unsigned i, left = 0;
    memset(bare, 'n', sizeof bare);
    for (i = 0; i < CONTACTS + 100; i++) {
        snprintf(bare + LONG - 10, 20, "%07u@b", i);
        snprintf(jid, sizeof jid, "%s/1", bare);
        sx_roster_put(roster, jid, &NOTHING);
    }
    for (i = 0; i < CONTACTS + 100; i++) {
        struct sx_roster_view view;
        snprintf(bare + LONG - 10, 20, "%07u@b", i);
        sx_roster_list(roster, bare, &view);
        CU_ASSERT_TRUE(view.count == 1 || i + 200 >= CONTACTS);
        left += view.count;
        sx_roster_view_fini(&view);
    }
    CU_ASSERT_TRUE(left <= CONTACTS + 10 && left + 10 >= CONTACTS);
    sx_roster_free(roster);
}

/* ---- waiting ---- */

static void *come(void *roster)
{
    sx_roster_put(roster, BARE "/one", &SERVES);
    return NULL;
}

static void *go_offline(void *roster)
{
    sx_roster_begin(roster, 0);
    return NULL;
}

static bool await_while(void *(*act)(void *), struct sx_roster *roster, uint64_t version)
{
    pthread_t thread;
    bool is_there;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, act, roster), 0);
    is_there = sx_roster_await(roster, BARE, version, MINUTE_US, sx_clock_now_us() + MINUTE_US);
    pthread_join(thread, NULL);
    return is_there;
}

static uint64_t version_of(struct sx_roster *roster)
{
    struct sx_roster_view view;
    uint64_t version;
    sx_roster_list(roster, BARE, &view);
    version = view.version;
    sx_roster_view_fini(&view);
    return version;
}

static void test_await(void)
{
    struct sx_roster *roster = make(3);
    int64_t now_us = sx_clock_now_us();
    CU_ASSERT_FALSE(sx_roster_await(roster, BARE, 0, MINUTE_US, SX_NEVER)); /* offline */
    sx_roster_begin(roster, now_us - MINUTE_US);
    CU_ASSERT_FALSE(sx_roster_await(roster, BARE, 0, MINUTE_US, SX_NEVER)); /* settled */
    sx_roster_begin(roster, now_us);
    CU_ASSERT_FALSE(sx_roster_await(roster, BARE, 0, MINUTE_US, PAST));
    CU_ASSERT_TRUE(await_while(come, roster, 0));
    CU_ASSERT_TRUE(sx_roster_await(roster, BARE, 0, MINUTE_US, PAST));
    sx_roster_begin(roster, now_us);
    CU_ASSERT_FALSE(await_while(go_offline, roster, 0));
    sx_roster_free(roster);
}

/* Who is known already is nobody to wait for. */
static void test_await_another(void)
{
    struct sx_roster *roster = make(3);
    uint64_t version;
    sx_roster_begin(roster, sx_clock_now_us());
    sx_roster_put(roster, BARE "/phone", &NOTHING);
    version = version_of(roster);
    CU_ASSERT_NOT_EQUAL(version, 0);
    CU_ASSERT_EQUAL(version_of(roster), version);
    sx_roster_put(roster, "other@b/1", &NOTHING);
    CU_ASSERT_FALSE(sx_roster_await(roster, BARE, version, MINUTE_US, PAST));
    CU_ASSERT_TRUE(await_while(come, roster, version));
    version = version_of(roster);
    sx_roster_put(roster, BARE "/phone", &SERVES);
    CU_ASSERT_TRUE(sx_roster_await(roster, BARE, version, MINUTE_US, PAST));
    version = version_of(roster);
    sx_roster_take_out(roster, BARE);
    CU_ASSERT_EQUAL(version_of(roster), 0);
    CU_ASSERT_FALSE(sx_roster_await(roster, BARE, 0, MINUTE_US, PAST));
    sx_roster_put(roster, BARE "/phone", &SERVES);
    CU_ASSERT_TRUE(sx_roster_await(roster, BARE, version, MINUTE_US, PAST));
    sx_roster_free(roster);
}

/* ---- short memory ---- */

static bool attempt_table(struct shortage shortage)
{
    struct sx_roster *roster;
    bool has_failed;
    shortage_begin(shortage);
    roster = sx_roster_new(3);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(roster == NULL, has_failed);
    sx_roster_free(roster);
    return has_failed;
}
SHORTAGE_TEST(table, 1)

static bool attempt_put(struct shortage shortage)
{
    struct sx_roster *roster = make(3);
    struct sx_roster_view view;
    bool has_failed;
    sx_roster_put(roster, "other@b/1", &NOTHING);
    shortage_begin(shortage);
    sx_roster_put(roster, BARE "/one", &SERVES);
    has_failed = shortage_end();
    expect(roster, BARE, has_failed ? "" : "one!");
    CU_ASSERT_EQUAL(sx_roster_take_out(roster, BARE), !has_failed);
    sx_roster_put(roster, BARE "/one", &SERVES);
    expect(roster, BARE, "one!");
    shortage_begin(shortage);
    sx_roster_list(roster, BARE, &view);
    has_failed |= shortage_end();
    CU_ASSERT_TRUE(view.count == 1 || has_failed);
    sx_roster_view_fini(&view);
    expect(roster, "other@b", "1");
    sx_roster_free(roster);
    return has_failed;
}
SHORTAGE_TEST(put, 2)

CU_TestInfo tests_roster[] = {
    {"resources come and go, one by one or all of an account", test_coming_and_going},
    {"of too many contacts one nobody has asked for goes", test_contacts_are_bounded},
    {"a crowd of strangers costs nobody their place", test_crowds_cost_nobody_their_place},
    {"of too many resources the oldest goes, and a long name is nobody's",
     test_resources_are_bounded},
    {"long names are bounded together", test_bytes_are_bounded},
    {"who waits for somebody waits until they come, all is settled, or the link is offline",
     test_await},
    {"who is known already isn't waited for", test_await_another},
    {"a table is made or not", test_table},
    {"without memory somebody isn't known, and nobody else is lost", test_put},
    CU_TEST_INFO_NULL,
};
