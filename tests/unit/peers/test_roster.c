/* Who is there: what stanzas say of it, the table, its bounds. */
#include "../../lib/element_text.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "peers/roster.h"
#include "wire/namespaces.h"

#define BARE        "calc@example.org"
#define INCARNATION "0123456789abcdef.1"
#define MARK(rest)  "<soap xmlns='" SX_NS_PRESENCE "'" rest "/>"

static const int64_t PAST = 1; /* microseconds after boot */
static const int64_t MINUTE_US = 60000000;

static const struct sx_mark SERVES = {.serves = true, .packs = true, .incarnation = INCARNATION};
static const struct sx_mark NOTHING = {.serves = false};

/* ---- stanzas ---- */

static enum sx_presence_kind read(const char *xml, struct sx_mark *mark)
{
    struct sx_element *stanza = element_text_parse(xml);
    enum sx_presence_kind kind = sx_presence_read(stanza, mark);
    sx_element_free(stanza);
    return kind;
}

static void test_kinds(void)
{
    static const struct {
        const char *xml;
        enum sx_presence_kind kind;
    } rows[] = {
        {"<presence/>", SX_PRESENCE_AVAILABLE},
        {"<presence><show>dnd</show><priority>-128</priority></presence>", SX_PRESENCE_AVAILABLE},
        {"<presence type='unavailable'>" MARK("") "</presence>", SX_PRESENCE_GONE},
        {"<presence type='error'/>", SX_PRESENCE_GONE},
        {"<presence type='subscribe'/>", SX_PRESENCE_SUBSCRIBE},
        {"<presence type='subscribed'/>", SX_PRESENCE_SUBSCRIBED},
        {"<presence type='unsubscribe'/>", SX_PRESENCE_NONE},
        {"<presence type='unsubscribed'/>", SX_PRESENCE_UNSUBSCRIBED},
        {"<presence type='probe'/>", SX_PRESENCE_NONE},
        {"<presence type='available'/>", SX_PRESENCE_NONE}, /* RFC 6121 4.7.1: no such type */
        {"<presence type=''/>", SX_PRESENCE_NONE},
    };
    struct sx_mark mark;
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(read(rows[i].xml, &mark), rows[i].kind);
        CU_ASSERT_FALSE(mark.serves);
    }
}

static void test_marks(void)
{
    static const struct {
        const char *inside;
        struct sx_mark mark;
    } rows[] = {
        {MARK(""), {.serves = true}},
        {"<priority>-1</priority>text" MARK(" packed='true'"), {.serves = true, .packs = true}},
        {MARK(" packed='yes' incarnation='" INCARNATION "'"),
         {.serves = true, .incarnation = INCARNATION}},
        {MARK(" incarnation='no incarnation'"), {.serves = true}},
        {"<soap xmlns='urn:soap-xmpp:presence:2'/>", {.serves = false}},
        {"<c xmlns='" SX_NS_PRESENCE "'/>", {.serves = false}},
        {"<a xmlns='urn:a'>" MARK("") "</a>", {.serves = false}},
    };
    char xml[400];
    struct sx_mark mark;
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(xml, sizeof xml, "<presence>%s</presence>", rows[i].inside);
        CU_ASSERT_EQUAL(read(xml, &mark), SX_PRESENCE_AVAILABLE);
        CU_ASSERT_EQUAL(mark.serves, rows[i].mark.serves);
        CU_ASSERT_EQUAL(mark.packs, rows[i].mark.packs);
        ASSERT_TEXT(mark.incarnation, rows[i].mark.incarnation);
    }
}

static void test_mark_round_trip(void)
{
    struct sx_buffer out = {0};
    struct sx_mark mark;
    sx_presence_format_mark(&out, &NOTHING);
    CU_ASSERT_EQUAL(out.len, 0);
    sx_buffer_add_text(&out, "<presence>");
    sx_presence_format_mark(&out, &SERVES);
    sx_buffer_add_text(&out, "</presence>");
    CU_ASSERT_EQUAL(read(out.bytes, &mark), SX_PRESENCE_AVAILABLE);
    CU_ASSERT_TRUE(mark.serves && mark.packs);
    ASSERT_TEXT(mark.incarnation, INCARNATION);
    sx_buffer_fini(&out);
}

/* ---- the table ---- */

static struct sx_roster *make(unsigned max_contacts)
{
    struct sx_roster *presence = sx_roster_new(max_contacts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(presence);
    return presence;
}

/* "a b!": the resources of a bare JID; ! behind those that serve. */
static void expect(struct sx_roster *presence, const char *bare, const char *resources)
{
    struct sx_roster_view company;
    char text[2000] = "";
    unsigned i;
    sx_roster_list(presence, bare, &company);
    for (i = 0; i < company.count; i++) {
        const char *jid = company.resources[i].jid;
        CU_ASSERT_EQUAL(strncmp(jid, bare, strlen(bare)), 0);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", i ? " " : "",
                 strchr(jid, '/') + 1, company.resources[i].mark.serves ? "!" : "");
    }
    ASSERT_TEXT(text, resources);
    sx_roster_view_fini(&company);
}

static void test_coming_and_going(void)
{
    struct sx_roster *presence = make(10);
    expect(presence, BARE, "");
    sx_roster_put(presence, BARE "/two", &SERVES);
    sx_roster_put(presence, BARE "/one", &NOTHING);
    sx_roster_put(presence, "other@example.org/x", &NOTHING);
    expect(presence, BARE, "one two!");
    sx_roster_put(presence, BARE "/one", &SERVES);
    sx_roster_put(presence, BARE "/two", &NOTHING);
    expect(presence, BARE, "one! two");
    CU_ASSERT_TRUE(sx_roster_take_out(presence, BARE "/one"));
    CU_ASSERT_FALSE(sx_roster_take_out(presence, BARE "/one"));
    CU_ASSERT_FALSE(sx_roster_take_out(presence, BARE "/Two"));
    expect(presence, BARE, "two");
    sx_roster_put(presence, BARE "/a/b", &NOTHING);
    CU_ASSERT_TRUE(sx_roster_take_out(presence, BARE));
    CU_ASSERT_FALSE(sx_roster_take_out(presence, BARE));
    expect(presence, BARE, "");
    expect(presence, "other@example.org", "x");
    sx_roster_put(presence, BARE, &SERVES); /* nobody */
    expect(presence, BARE, "");
    sx_roster_begin(presence, PAST);
    expect(presence, "other@example.org", "");
    sx_roster_free(presence);
}

/* Newcomers find no place, and whom nobody has asked for makes place for whom somebody does. */
static void test_contacts_are_bounded(void)
{
    struct sx_roster *presence = make(3);
    sx_roster_put(presence, "a@b/1", &NOTHING);
    sx_roster_put(presence, "b@b/1", &NOTHING);
    sx_roster_put(presence, "c@b/1", &NOTHING);
    sx_roster_put(presence, "d@b/1", &NOTHING);
    expect(presence, "a@b", "1");
    expect(presence, "b@b", "1");
    sx_roster_put(presence, "b@b/2", &NOTHING);
    expect(presence, "d@b", ""); /* in the place of c */
    sx_roster_put(presence, "d@b/1", &NOTHING);
    expect(presence, "d@b", "1");
    expect(presence, "b@b", "1 2");
    expect(presence, "c@b", ""); /* in the place of a, for which it was longest that nobody asked */
    expect(presence, "d@b", "1");
    expect(presence, "b@b", "1 2");
    expect(presence, "a@b", "");
    sx_roster_free(presence);
}

static void crowd(struct sx_roster *presence)
{
    char jid[400];
    unsigned i, k;
    for (i = 0; i < 100; i++) {
        for (k = 0; k < 100; k++) {
            snprintf(jid, sizeof jid, "stranger%u@evil/%0200u", i, k);
            sx_roster_put(presence, jid, &SERVES);
        }
    }
}

/* Anybody may tell us that he is there. */
static void test_crowds_cost_nobody_his_place(void)
{
    struct sx_roster *presence = make(10);
    sx_roster_begin(presence, PAST);
    sx_roster_put(presence, BARE "/one", &SERVES);
    sx_roster_put(presence, "other@b/1", &NOTHING);
    crowd(presence);
    expect(presence, BARE, "one!");
    expect(presence, "other@b", "1");
    /* In another session the crowd comes first, but we have been asked before. */
    sx_roster_begin(presence, PAST);
    crowd(presence);
    expect(presence, "third@b", "");
    sx_roster_put(presence, BARE "/one", &SERVES);
    CU_ASSERT_TRUE(sx_roster_take_out(presence, BARE "/one"));
    CU_ASSERT_FALSE(sx_roster_take_out(presence, BARE));
    crowd(presence);
    sx_roster_put(presence, BARE "/two", &SERVES);
    sx_roster_put(presence, "third@b/1", &SERVES);
    expect(presence, BARE, "two!");
    expect(presence, "third@b", "1!");
    sx_roster_free(presence);
}

static void test_resources_are_bounded(void)
{
    struct sx_roster *presence = make(3);
    struct sx_roster_view company;
    char jid[400];
    unsigned i;
    for (i = 0; i < SX_PRESENCE_RESOURCES + 5; i++) {
        snprintf(jid, sizeof jid, BARE "/%03u", i);
        sx_roster_put(presence, jid, &SERVES);
    }
    sx_roster_list(presence, BARE, &company);
    CU_ASSERT_EQUAL_FATAL(company.count, SX_PRESENCE_RESOURCES);
    ASSERT_TEXT(company.resources[0].jid, BARE "/005");
    sx_roster_view_fini(&company);
    memset(jid, 'x', sizeof jid);
    memcpy(jid, "long@b/", 7);
    jid[7 + SX_PRESENCE_RESOURCE_BYTES + 1] = '\0';
    sx_roster_put(presence, jid, &SERVES);
    expect(presence, "long@b", "");
    jid[7 + SX_PRESENCE_RESOURCE_BYTES] = '\0';
    sx_roster_put(presence, jid, &SERVES);
    expect(presence, "long@b", strcat(jid, "!") + 7);
    sx_roster_free(presence);
}

static void test_bytes_are_bounded(void)
{
    enum { LONG = 1000, CONTACTS = SX_PRESENCE_BYTES / LONG };
    struct sx_roster *presence = make(2 * CONTACTS);
    char jid[LONG + 40], bare[LONG + 20];
    unsigned i, left = 0;
    memset(bare, 'n', sizeof bare);
    for (i = 0; i < CONTACTS + 100; i++) {
        snprintf(bare + LONG - 10, 20, "%07u@b", i);
        snprintf(jid, sizeof jid, "%s/1", bare);
        sx_roster_put(presence, jid, &NOTHING);
    }
    for (i = 0; i < CONTACTS + 100; i++) {
        struct sx_roster_view company;
        snprintf(bare + LONG - 10, 20, "%07u@b", i);
        sx_roster_list(presence, bare, &company);
        CU_ASSERT_TRUE(company.count == 1 || i + 200 >= CONTACTS);
        left += company.count;
        sx_roster_view_fini(&company);
    }
    CU_ASSERT_TRUE(left <= CONTACTS + 10 && left + 10 >= CONTACTS);
    sx_roster_free(presence);
}

/* ---- waiting ---- */

static void *come(void *presence)
{
    sx_roster_put(presence, BARE "/one", &SERVES);
    return NULL;
}

static void *go_offline(void *presence)
{
    sx_roster_begin(presence, 0);
    return NULL;
}

static bool await_while(void *(*act)(void *), struct sx_roster *presence, uint64_t version)
{
    pthread_t thread;
    bool is_there;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, act, presence), 0);
    is_there = sx_roster_await(presence, BARE, version, MINUTE_US, sx_clock_now_us() + MINUTE_US);
    pthread_join(thread, NULL);
    return is_there;
}

static uint64_t version_of(struct sx_roster *presence)
{
    struct sx_roster_view company;
    uint64_t version;
    sx_roster_list(presence, BARE, &company);
    version = company.version;
    sx_roster_view_fini(&company);
    return version;
}

static void test_await(void)
{
    struct sx_roster *presence = make(3);
    int64_t now_us = sx_clock_now_us();
    CU_ASSERT_FALSE(sx_roster_await(presence, BARE, 0, MINUTE_US, SX_NEVER)); /* offline */
    sx_roster_begin(presence, now_us - MINUTE_US);
    CU_ASSERT_FALSE(sx_roster_await(presence, BARE, 0, MINUTE_US, SX_NEVER)); /* settled */
    sx_roster_begin(presence, now_us);
    CU_ASSERT_FALSE(sx_roster_await(presence, BARE, 0, MINUTE_US, PAST));
    CU_ASSERT_TRUE(await_while(come, presence, 0));
    CU_ASSERT_TRUE(sx_roster_await(presence, BARE, 0, MINUTE_US, PAST));
    sx_roster_begin(presence, now_us);
    CU_ASSERT_FALSE(await_while(go_offline, presence, 0));
    sx_roster_free(presence);
}

/* Who is known already is nobody to wait for. */
static void test_await_another(void)
{
    struct sx_roster *presence = make(3);
    uint64_t version;
    sx_roster_begin(presence, sx_clock_now_us());
    sx_roster_put(presence, BARE "/phone", &NOTHING);
    version = version_of(presence);
    CU_ASSERT_NOT_EQUAL(version, 0);
    CU_ASSERT_EQUAL(version_of(presence), version);
    sx_roster_put(presence, "other@b/1", &NOTHING);
    CU_ASSERT_FALSE(sx_roster_await(presence, BARE, version, MINUTE_US, PAST));
    CU_ASSERT_TRUE(await_while(come, presence, version));
    version = version_of(presence);
    sx_roster_put(presence, BARE "/phone", &SERVES);
    CU_ASSERT_TRUE(sx_roster_await(presence, BARE, version, MINUTE_US, PAST));
    version = version_of(presence);
    sx_roster_take_out(presence, BARE);
    CU_ASSERT_EQUAL(version_of(presence), 0);
    CU_ASSERT_FALSE(sx_roster_await(presence, BARE, 0, MINUTE_US, PAST));
    sx_roster_put(presence, BARE "/phone", &SERVES);
    CU_ASSERT_TRUE(sx_roster_await(presence, BARE, version, MINUTE_US, PAST));
    sx_roster_free(presence);
}

/* ---- short memory ---- */

static bool attempt_table(struct shortage shortage)
{
    struct sx_roster *presence;
    bool has_failed;
    shortage_begin(shortage);
    presence = sx_roster_new(3);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(presence == NULL, has_failed);
    sx_roster_free(presence);
    return has_failed;
}
SHORTAGE_TEST(table, 1)

static bool attempt_put(struct shortage shortage)
{
    struct sx_roster *presence = make(3);
    struct sx_roster_view company;
    bool has_failed;
    sx_roster_put(presence, "other@b/1", &NOTHING);
    shortage_begin(shortage);
    sx_roster_put(presence, BARE "/one", &SERVES);
    has_failed = shortage_end();
    expect(presence, BARE, has_failed ? "" : "one!");
    CU_ASSERT_EQUAL(sx_roster_take_out(presence, BARE), !has_failed);
    sx_roster_put(presence, BARE "/one", &SERVES);
    expect(presence, BARE, "one!");
    shortage_begin(shortage);
    sx_roster_list(presence, BARE, &company);
    has_failed |= shortage_end();
    CU_ASSERT_TRUE(company.count == 1 || has_failed);
    sx_roster_view_fini(&company);
    expect(presence, "other@b", "1");
    sx_roster_free(presence);
    return has_failed;
}
SHORTAGE_TEST(put, 2)

CU_TestInfo tests_roster[] = {
    {"each type of presence is read", test_kinds},
    {"a mark is read, what is no mark isn't", test_marks},
    {"a mark is written as it is read, and none for who doesn't serve", test_mark_round_trip},
    {"resources come and go, one by one or all of an account", test_coming_and_going},
    {"of too many contacts one nobody has asked for goes", test_contacts_are_bounded},
    {"a crowd of strangers costs nobody his place", test_crowds_cost_nobody_his_place},
    {"of too many resources the oldest goes, and a long name is nobody's",
     test_resources_are_bounded},
    {"long names are bounded together", test_bytes_are_bounded},
    {"who waits for somebody waits until he comes, all is settled, or the link is offline",
     test_await},
    {"who is known already isn't waited for", test_await_another},
    {"a table is made or not", test_table},
    {"without memory somebody isn't known, and nobody else is lost", test_put},
    CU_TEST_INFO_NULL,
};
