/* The inbox: order, sessions, room, and who waits for it. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "net/inbox.h"

enum { MAX_BYTES = 10 };

static const int64_t PAST = 1; /* microseconds after boot */

static enum sx_err post(struct sx_inbox *inbox, uint64_t session, const char *text,
                        int64_t deadline)
{
    return sx_inbox_post(inbox, session, strdup(text), strlen(text), false, deadline);
}

static void open_inbox(struct sx_inbox *inbox)
{
    CU_ASSERT_EQUAL_FATAL(sx_inbox_init(inbox, MAX_BYTES), 0);
    sx_inbox_open(inbox, 7);
}

/* One item after the other, joined by spaces. */
static void expect_items(struct sx_inbox *inbox, const char *expected)
{
    struct sx_inbox_item *items = sx_inbox_take(inbox), *item;
    char text[100] = "";
    for (item = items; item; item = item->next) {
        CU_ASSERT_EQUAL(item->session, 7);
        strcat(text, item->bytes);
        strcat(text, " ");
    }
    sx_inbox_free_items(items);
    ASSERT_TEXT(text, expected);
}

static void test_order(void)
{
    struct sx_inbox inbox;
    open_inbox(&inbox);
    CU_ASSERT_TRUE(sx_inbox_is_empty(&inbox));
    CU_ASSERT_EQUAL(post(&inbox, 7, "a", PAST), SX_OK);
    CU_ASSERT_EQUAL(post(&inbox, 7, "b", PAST), SX_OK);
    CU_ASSERT_FALSE(sx_inbox_is_empty(&inbox));
    expect_items(&inbox, "a b ");
    CU_ASSERT_TRUE(sx_inbox_is_empty(&inbox));
    expect_items(&inbox, "");
    CU_ASSERT_EQUAL(post(&inbox, 7, "c", PAST), SX_OK);
    expect_items(&inbox, "c ");
    CU_ASSERT_EQUAL(post(&inbox, 7, "left behind", PAST), SX_EROOM);
    CU_ASSERT_EQUAL(post(&inbox, 7, "left", PAST), SX_OK);
    sx_inbox_fini(&inbox);
}

static void test_sessions(void)
{
    struct sx_inbox inbox;
    CU_ASSERT_EQUAL_FATAL(sx_inbox_init(&inbox, MAX_BYTES), 0);
    CU_ASSERT_EQUAL(post(&inbox, 0, "a", SX_NEVER), SX_ELOST);
    CU_ASSERT_EQUAL(post(&inbox, 7, "a", SX_NEVER), SX_ELOST);
    sx_inbox_open(&inbox, 7);
    CU_ASSERT_EQUAL(post(&inbox, 6, "a", SX_NEVER), SX_ELOST);
    CU_ASSERT_EQUAL(post(&inbox, 7, "b", SX_NEVER), SX_OK);
    sx_inbox_close(&inbox);
    CU_ASSERT_TRUE(sx_inbox_is_empty(&inbox));
    CU_ASSERT_EQUAL(sx_inbox_backlog_bytes(&inbox), 0);
    CU_ASSERT_EQUAL(post(&inbox, 7, "c", SX_NEVER), SX_ELOST);
    sx_inbox_fini(&inbox);
}

/* What was taken counts until it is written. */
static void test_room(void)
{
    struct sx_inbox inbox;
    open_inbox(&inbox);
    CU_ASSERT_EQUAL(post(&inbox, 7, "01234567890", SX_INBOX_NO_WAIT), SX_EROOM);
    CU_ASSERT_EQUAL(post(&inbox, 7, "0123456", SX_INBOX_NO_WAIT), SX_OK);
    CU_ASSERT_EQUAL(post(&inbox, 7, "0123", PAST), SX_EROOM);
    CU_ASSERT_EQUAL(post(&inbox, 7, "012", SX_INBOX_NO_WAIT), SX_OK);
    CU_ASSERT_EQUAL(sx_inbox_backlog_bytes(&inbox), MAX_BYTES);
    expect_items(&inbox, "0123456 012 ");
    CU_ASSERT_EQUAL(post(&inbox, 7, "0", SX_INBOX_NO_WAIT), SX_EROOM);
    CU_ASSERT_EQUAL(sx_inbox_backlog_bytes(&inbox), MAX_BYTES);
    sx_inbox_set_unsent(&inbox, 4);
    CU_ASSERT_EQUAL(post(&inbox, 7, "0123456", SX_INBOX_NO_WAIT), SX_EROOM);
    CU_ASSERT_EQUAL(post(&inbox, 7, "012345", SX_INBOX_NO_WAIT), SX_OK);
    CU_ASSERT_EQUAL(sx_inbox_backlog_bytes(&inbox), MAX_BYTES);
    sx_inbox_fini(&inbox);
}

/* ---- waiting ---- */

static struct sx_inbox shared;

static void *wait_for_room(void *out)
{
    *(enum sx_err *)out = post(&shared, 7, "waits", SX_NEVER);
    return NULL;
}

static enum sx_err wait_until(void (*end)(void))
{
    enum sx_err err = SX_ENOMEM;
    pthread_t thread;
    open_inbox(&shared);
    CU_ASSERT_EQUAL(post(&shared, 7, "0123456789", PAST), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_thread_start(&thread, wait_for_room, &err), 0);
    end();
    pthread_join(thread, NULL);
    sx_inbox_fini(&shared);
    return err;
}

static void write_all(void)
{
    expect_items(&shared, "0123456789 ");
    sx_inbox_set_unsent(&shared, 0);
}

static void lose_session(void)
{
    sx_inbox_close(&shared);
}

static void test_waiting(void)
{
    CU_ASSERT_EQUAL(wait_until(write_all), SX_OK);
    CU_ASSERT_EQUAL(wait_until(lose_session), SX_ELOST);
}

/* ---- short memory ---- */

static bool attempt_post(struct shortage shortage)
{
    struct sx_inbox inbox;
    char *stanza = strdup("a");
    enum sx_err err;
    bool has_failed;
    open_inbox(&inbox);
    shortage_begin(shortage);
    err = sx_inbox_post(&inbox, 7, stanza, 1, false, PAST);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(sx_inbox_is_empty(&inbox), has_failed);
    sx_inbox_fini(&inbox);
    return has_failed;
}
SHORTAGE_TEST(post, 1)

CU_TestInfo tests_inbox[] = {
    {"what is posted is taken in its order", test_order},
    {"only the session that is there is posted to", test_sessions},
    {"what is taken takes room until it is written", test_room},
    {"who waits for room gets it, or learns that the session is over", test_waiting},
    {"without memory nothing is posted", test_post},
    CU_TEST_INFO_NULL,
};
