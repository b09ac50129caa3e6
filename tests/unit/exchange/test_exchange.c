/* The exchange table: every call completes exactly once, by the first thing that happens to it. */
#include "../../lib/suite.h"
#include "../../lib/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"
#include "exchange/retry.h"

#define PEER "calc@example.org/soap"

enum { ID_ROOM = 128, MANY = 1000 };

static const int64_t PAST = 1; /* microseconds after boot */

/* For what is expected to end earlier by something else. */
static int64_t distant(void)
{
    return sx_clock_deadline(30 * INT64_C(1000000));
}

static int64_t soon(void)
{
    return sx_clock_deadline(20 * 1000);
}

static struct soap_xmpp_call *begin(struct sx_exchange *exchange, const char *peer)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, peer, "add", PAST, &call), SX_OK);
    return call;
}

static bool complete(struct sx_exchange *exchange, const char *from, const char *id)
{
    struct sx_reply reply = {0};
    reply.envelope.bytes = strdup("<Envelope/>");
    reply.envelope.len = strlen("<Envelope/>");
    return sx_exchange_complete(exchange, from, id, &reply);
}

/* What the call ended with. It must have ended. */
static enum sx_err ending(struct soap_xmpp_call *call)
{
    struct sx_reply reply;
    enum sx_err err;

    sx_exchange_wait(call, PAST, &reply);
    err = reply.err;
    sx_reply_fini(&reply);
    return err;
}

static struct sx_exchange_counts count(struct sx_exchange *exchange)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(exchange, &counts);
    return counts;
}

/* ---- one ending ---- */

enum event { REPLY, TIMEOUT, CANCEL, DISCONNECT, STOP, EVENTS };

static const enum sx_err ending_by[EVENTS] = {
    [REPLY] = SX_OK, [TIMEOUT] = SX_ETIMEOUT, [DISCONNECT] = SX_ELOST, [STOP] = SX_ESTOPPED};

struct life {
    struct sx_exchange *exchange;
    struct soap_xmpp_call *call; /* NULL once cancelled */
    char id[ID_ROOM];
    enum event first;
};

static void cancel(struct life *life, bool is_first)
{
    if (!is_first)
        CU_ASSERT_EQUAL(ending(life->call), ending_by[life->first]);
    sx_exchange_release(life->call);
    life->call = NULL;
}

static void let_time_pass(struct life *life)
{
    if (life->call)
        sx_exchange_detach(life->call, PAST, NULL);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(life->exchange, PAST), life->call);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(life->exchange, PAST));
}

static void happen(struct life *life, enum event event, bool is_first)
{
    switch (event) {
    case REPLY:
        CU_ASSERT_EQUAL(complete(life->exchange, PEER, life->id), is_first);
        break;
    case TIMEOUT:
        let_time_pass(life);
        break;
    case CANCEL:
        cancel(life, is_first);
        break;
    case DISCONNECT:
        sx_exchange_fail_all(life->exchange, SX_ELOST, "the connection broke");
        break;
    default:
        sx_exchange_stop(life->exchange, SX_ESTOPPED, "stopped");
        break;
    }
    CU_ASSERT_EQUAL(count(life->exchange).under_way, 0);
}

static void live(const enum event *order)
{
    struct life life = {.exchange = sx_exchange_new(10, NULL), .first = order[0]};
    struct sx_exchange_counts counts;
    int i;

    life.call = begin(life.exchange, PEER);
    snprintf(life.id, sizeof life.id, "%s", sx_exchange_id(life.call));
    CU_ASSERT_EQUAL(count(life.exchange).under_way, 1);
    for (i = 0; i < EVENTS; i++)
        happen(&life, order[i], i == 0);

    counts = count(life.exchange);
    CU_ASSERT_EQUAL(counts.completed, life.first == REPLY);
    CU_ASSERT_EQUAL(counts.timed_out, life.first == TIMEOUT);
    CU_ASSERT_EQUAL(counts.late, life.first != REPLY);
    CU_ASSERT_EQUAL(counts.foreign, 0);
    sx_exchange_free(life.exchange);
}

static int live_every_order(enum event *order, int fixed)
{
    int lives = 0, i;

    if (fixed == EVENTS) {
        live(order);
        return 1;
    }
    for (i = fixed; i < EVENTS; i++) {
        enum event event = order[i];
        order[i] = order[fixed];
        order[fixed] = event;
        lives += live_every_order(order, fixed + 1);
        order[fixed] = order[i];
        order[i] = event;
    }
    return lives;
}

static void test_first_event_decides(void)
{
    enum event order[EVENTS] = {REPLY, TIMEOUT, CANCEL, DISCONNECT, STOP};
    CU_ASSERT_EQUAL(live_every_order(order, 0), 120);
}

static void *await_ending(void *argument)
{
    struct soap_xmpp_call *call = argument;
    struct sx_reply *reply = malloc(sizeof *reply);

    sx_exchange_wait(call, distant(), reply);
    sx_exchange_release(call);
    return reply;
}

static void test_waiter_is_woken(void)
{
    static const enum event events[] = {REPLY, DISCONNECT, STOP};
    int i;

    for (i = 0; i < 12; i++) {
        struct life life = {.exchange = sx_exchange_new(10, NULL), .first = events[i % 3]};
        pthread_t waiter;
        void *reply;

        life.call = begin(life.exchange, PEER);
        snprintf(life.id, sizeof life.id, "%s", sx_exchange_id(life.call));
        waiter = start_waiting(await_ending, life.call);
        happen(&life, life.first, true);
        pthread_join(waiter, &reply);
        CU_ASSERT_EQUAL(((struct sx_reply *)reply)->err, ending_by[life.first]);
        sx_reply_fini(reply);
        free(reply);
        sx_exchange_free(life.exchange);
    }
}

static void test_wait_moves_the_reply(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);
    struct sx_reply given = {.err = SX_ESTANZA, .condition = "forbidden"}, got;
    char *bytes = strdup("<Envelope/>"), *features = calloc(1, 1);

    given.envelope.bytes = bytes;
    given.features = features;
    snprintf(given.text, sizeof given.text, "not you");
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, PEER, sx_exchange_id(call), &given));
    CU_ASSERT_PTR_NULL(given.envelope.bytes);
    CU_ASSERT_PTR_NULL(given.features);
    sx_exchange_wait(call, PAST, &got);
    CU_ASSERT_EQUAL(got.err, SX_ESTANZA);
    ASSERT_TEXT(got.condition, "forbidden");
    ASSERT_TEXT(got.text, "not you");
    CU_ASSERT_PTR_EQUAL(got.envelope.bytes, bytes);
    CU_ASSERT_PTR_EQUAL(got.features, features);
    sx_reply_fini(&got);
    CU_ASSERT_PTR_NULL(got.envelope.bytes);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_wait_ends_at_deadline(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);
    int64_t deadline = soon();
    struct sx_reply reply;

    sx_exchange_wait(call, deadline, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ETIMEOUT);
    CU_ASSERT_TRUE(sx_clock_now_us() >= deadline);
    CU_ASSERT_EQUAL(count(exchange).timed_out, 1);
    CU_ASSERT_FALSE(complete(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_EQUAL(count(exchange).late, 1);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_wait_ends_at_earlier_deadline(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *first = begin(exchange, PEER), *second = begin(exchange, PEER);
    int64_t begun_us = sx_clock_now_us();
    struct sx_reply reply;

    sx_exchange_detach(first, soon(), NULL);
    sx_exchange_attach(first);
    sx_exchange_wait(first, distant(), &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ETIMEOUT);
    sx_exchange_detach(second, distant(), NULL);
    sx_exchange_wait(second, soon(), &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ETIMEOUT);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 20 * INT64_C(1000000));
    sx_exchange_release(first);
    sx_exchange_release(second);
    sx_exchange_free(exchange);
}

static void test_failure_text(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);
    struct sx_reply reply;

    sx_exchange_fail_all(exchange, SX_ELOST, "example.org:5222 closed the connection");
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ELOST);
    ASSERT_TEXT(reply.text, "example.org:5222 closed the connection");
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* ---- peer and id ---- */

static void test_foreign_peer(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);

    CU_ASSERT_FALSE(complete(exchange, "mallory@example.org/soap", sx_exchange_id(call)));
    CU_ASSERT_FALSE(complete(exchange, NULL, sx_exchange_id(call)));
    CU_ASSERT_FALSE(complete(exchange, "", sx_exchange_id(call)));
    CU_ASSERT_EQUAL(count(exchange).foreign, 3);
    CU_ASSERT_EQUAL(count(exchange).under_way, 1);
    CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_EQUAL(ending(call), SX_OK);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* U+10D2 and U+1C92: Unicode has learnt to fold one to the other, servers keep them apart. */
static void test_accounts_that_servers_keep_apart(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, "\xE1\x83\x92@example.org/soap");

    CU_ASSERT_FALSE(complete(exchange, "\xE1\xB2\x92@example.org/soap", sx_exchange_id(call)));
    CU_ASSERT_EQUAL(count(exchange).foreign, 1);
    CU_ASSERT_TRUE(complete(exchange, "\xE1\x83\x92@Example.ORG/soap", sx_exchange_id(call)));
    CU_ASSERT_EQUAL(ending(call), SX_OK);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_unknown_id(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);
    char id[ID_ROOM];

    CU_ASSERT_FALSE(complete(exchange, PEER, "disco1"));
    CU_ASSERT_FALSE(complete(exchange, PEER, ""));
    CU_ASSERT_FALSE(complete(exchange, PEER, NULL));
    CU_ASSERT_EQUAL(count(exchange).foreign, 3);
    CU_ASSERT_EQUAL(count(exchange).late, 0);
    /* our prefix, but numbers that only look like the call's */
    snprintf(id, sizeof id, "%.33s%s", sx_exchange_id(call), "0");
    CU_ASSERT_FALSE(complete(exchange, PEER, id));
    snprintf(id, sizeof id, "%.33s +0x%s", sx_exchange_id(call), sx_exchange_id(call) + 33);
    CU_ASSERT_FALSE(complete(exchange, PEER, id));
    CU_ASSERT_EQUAL(count(exchange).late, 2);
    CU_ASSERT_EQUAL(count(exchange).under_way, 1);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_case_of_peer(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);

    CU_ASSERT_FALSE(complete(exchange, "calc@example.org/SOAP", sx_exchange_id(call)));
    CU_ASSERT_TRUE(complete(exchange, "Calc@EXAMPLE.org/soap", sx_exchange_id(call)));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_own_server(void)
{
    static const struct {
        const char *peer, *from;
        bool accepted;
    } rows[] = {
        {NULL, NULL, true},
        {NULL, "me@example.org", true},
        {NULL, "me@example.org/desk", true},
        {NULL, "example.org", true},
        {NULL, "Example.ORG", true},
        {NULL, "me@example.org/phone", false},
        {NULL, "other.example.org", false},
        {NULL, "you@example.org", false},
        {"me@example.org", NULL, true},
        {"me@example.org", "me@example.org", true},
        {"me@example.org/desk", NULL, true},
        {"example.org", NULL, true},
        {"example.org", "you@example.org", false},
        {"you@example.org", NULL, false},
        {"me@example.org/phone", NULL, false},
        {"conference.example.org", NULL, false},
    };
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    size_t i;

    CU_ASSERT_EQUAL(sx_exchange_set_own_jid(exchange, "old@example.net/x"), SX_OK);
    CU_ASSERT_EQUAL(sx_exchange_set_own_jid(exchange, "me@example.org/desk"), SX_OK);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct soap_xmpp_call *call = begin(exchange, rows[i].peer);
        bool accepted = complete(exchange, rows[i].from, sx_exchange_id(call));
        if (accepted != rows[i].accepted)
            printf("\n    peer %s, from %s\n", rows[i].peer ? rows[i].peer : "(server)",
                   rows[i].from ? rows[i].from : "(missing)");
        CU_ASSERT_EQUAL(accepted, rows[i].accepted);
        sx_exchange_release(call);
    }
    sx_exchange_free(exchange);
}

static void test_own_jid_unknown(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, NULL);

    ASSERT_TEXT(sx_exchange_peer(call), "");
    CU_ASSERT_FALSE(complete(exchange, "example.org", sx_exchange_id(call)));
    CU_ASSERT_TRUE(complete(exchange, NULL, sx_exchange_id(call)));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_duplicate_reply(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);

    CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_FALSE(complete(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_EQUAL(count(exchange).completed, 1);
    CU_ASSERT_EQUAL(count(exchange).late, 1);
    CU_ASSERT_EQUAL(ending(call), SX_OK);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_late_reply(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER);
    char id[ID_ROOM];

    snprintf(id, sizeof id, "%s", sx_exchange_id(call));
    sx_exchange_release(call);
    CU_ASSERT_EQUAL(count(exchange).under_way, 0);
    CU_ASSERT_FALSE(complete(exchange, PEER, id));
    CU_ASSERT_EQUAL(count(exchange).late, 1);
    sx_exchange_release(NULL);
    sx_exchange_free(exchange);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void test_ids_are_unique(void)
{
    struct sx_exchange *exchange = sx_exchange_new(MANY, NULL);
    static char ids[MANY][ID_ROOM];
    int i;

    for (i = 0; i < MANY; i++) {
        struct soap_xmpp_call *call = begin(exchange, PEER);
        snprintf(ids[i], ID_ROOM, "%s", sx_exchange_id(call));
        sx_exchange_release(call);
    }
    qsort(ids, MANY, ID_ROOM, compare_ids);
    for (i = 1; i < MANY; i++)
        CU_ASSERT_STRING_NOT_EQUAL(ids[i - 1], ids[i]);
    sx_exchange_free(exchange);
}

static void test_ids_are_unguessable(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL), *other = sx_exchange_new(10, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER), *theirs = begin(other, PEER);
    const char *id = sx_exchange_id(call), *dash = strchr(id, '-');

    CU_ASSERT_EQUAL(strspn(id, "0123456789abcdef"), 32);
    CU_ASSERT_PTR_EQUAL_FATAL(dash, id + 32);
    CU_ASSERT_TRUE(dash[1] != '\0' && strspn(dash + 1, "0123456789abcdef") == strlen(dash + 1));
    CU_ASSERT_NOT_EQUAL(strncmp(id, sx_exchange_id(theirs), 32), 0);
    CU_ASSERT_STRING_NOT_EQUAL(dash, sx_exchange_id(theirs) + 32);
    CU_ASSERT_FALSE(complete(other, PEER, id));
    CU_ASSERT_EQUAL(count(other).foreign, 1);
    sx_exchange_release(call);
    sx_exchange_release(theirs);
    sx_exchange_free(exchange);
    sx_exchange_free(other);
}

static void test_call_remembers(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    int64_t before_us = sx_clock_now_us();
    struct soap_xmpp_call *call = begin(exchange, PEER), *bare = NULL;

    CU_ASSERT_EQUAL(sx_exchange_begin(exchange, NULL, NULL, PAST, &bare), SX_OK);
    ASSERT_TEXT(sx_exchange_peer(call), PEER);
    ASSERT_TEXT(sx_exchange_operation(call), "add");
    ASSERT_TEXT(sx_exchange_operation(bare), "");
    CU_ASSERT_PTR_EQUAL(sx_exchange_of(call), exchange);
    CU_ASSERT_TRUE(sx_exchange_begun_us(call) >= before_us);
    CU_ASSERT_TRUE(sx_exchange_begun_us(call) <= sx_clock_now_us());
    sx_exchange_release(call);
    sx_exchange_release(bare);
    sx_exchange_free(exchange);
}

/* ---- room ---- */

static void test_no_room(void)
{
    struct sx_exchange *exchange = sx_exchange_new(2, NULL);
    struct soap_xmpp_call *first = begin(exchange, PEER), *second = begin(exchange, PEER);
    struct soap_xmpp_call *third = first;
    int64_t deadline = soon();

    CU_ASSERT_EQUAL(sx_exchange_begin(exchange, PEER, "add", deadline, &third), SX_EROOM);
    CU_ASSERT_TRUE(sx_clock_now_us() >= deadline);
    CU_ASSERT_PTR_EQUAL(third, first);
    /* an ended call takes no room, though it isn't released */
    CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(second)));
    CU_ASSERT_EQUAL(sx_exchange_begin(exchange, PEER, "add", PAST, &third), SX_OK);
    sx_exchange_release(first);
    sx_exchange_release(second);
    sx_exchange_release(third);
    sx_exchange_free(exchange);
}

static void *begin_and_release(void *argument)
{
    struct sx_exchange *exchange = argument;
    struct soap_xmpp_call *call = NULL;
    enum sx_err err = sx_exchange_begin(exchange, PEER, "add", distant(), &call);

    sx_exchange_release(call);
    return (void *)(intptr_t)err;
}

static enum sx_err join_begin(pthread_t thread)
{
    void *err;
    pthread_join(thread, &err);
    return (enum sx_err)(intptr_t)err;
}

static void test_room_is_made(void)
{
    int i, j;

    for (i = 0; i < 10; i++) {
        struct sx_exchange *exchange = sx_exchange_new(1, NULL);
        struct soap_xmpp_call *call = begin(exchange, PEER);
        pthread_t waiting[3];

        for (j = 0; j < 3; j++)
            waiting[j] = start_waiting(begin_and_release, exchange);
        if (i % 2)
            CU_ASSERT_TRUE(complete(exchange, PEER, sx_exchange_id(call)));
        sx_exchange_release(call);
        for (j = 0; j < 3; j++)
            CU_ASSERT_EQUAL(join_begin(waiting[j]), SX_OK);
        sx_exchange_free(exchange);
    }
}

static void test_expiry_makes_room(void)
{
    struct sx_exchange *exchange = sx_exchange_new(1, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER), *next = NULL;

    sx_exchange_detach(call, soon(), NULL);
    CU_ASSERT_EQUAL(sx_exchange_begin(exchange, PEER, "add", distant(), &next), SX_OK);
    CU_ASSERT_EQUAL(ending(call), SX_ETIMEOUT);
    sx_exchange_release(call);
    sx_exchange_release(next);
    sx_exchange_free(exchange);
}

static void test_stop_refuses(void)
{
    struct sx_exchange *exchange = sx_exchange_new(1, NULL);
    struct soap_xmpp_call *call = begin(exchange, PEER), *next = NULL;
    pthread_t waiting[3];
    int i;

    for (i = 0; i < 3; i++)
        waiting[i] = start_waiting(begin_and_release, exchange);
    sx_exchange_stop(exchange, SX_ESTOPPED, "stopped");
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(join_begin(waiting[i]), SX_ESTOPPED);
    CU_ASSERT_EQUAL(sx_exchange_begin(exchange, PEER, "add", distant(), &next), SX_ESTOPPED);
    CU_ASSERT_PTR_NULL(next);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* ---- ids that change ---- */

struct renaming {
    struct sx_exchange *exchange;
    struct soap_xmpp_call *call;
    int renewals;
};

/* What the loop thread does: the peer has restarted, five times in a row. */
static void *rename_call(void *argument)
{
    struct renaming *renaming = argument;
    struct sx_reply stale = {.err = SX_ESTANZA, .delivery.stale_for = "8899aabbccddeeff.7"};
    char id[ID_ROOM];
    int i;
    for (i = 0; i < 5; i++) {
        sx_exchange_copy_id(renaming->call, id);
        renaming->renewals += sx_retry_decide(renaming->exchange, PEER, id, &stale);
    }
    return NULL;
}

/* An id is whole whenever it is read; the thread sanitizer sees who reads it without the lock. */
static void test_id_changes(void)
{
    struct renaming renaming = {.exchange = sx_exchange_new(MANY, NULL)};
    char id[SX_EXCHANGE_ID_BYTES], last[SX_EXCHANGE_ID_BYTES] = "";
    int i, k;
    for (i = 0; i < 100; i++) {
        pthread_t thread;
        renaming.call = begin(renaming.exchange, PEER);
        sx_exchange_copy_id(renaming.call, id);
        ASSERT_TEXT(id, sx_exchange_id(renaming.call));
        CU_ASSERT_EQUAL(sx_retry_keep(renaming.call, "00112233445566ff.1", "<E/>", 4), SX_OK);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, rename_call, &renaming), 0);
        for (k = 0; k < 100; k++) {
            sx_exchange_copy_id(renaming.call, id);
            CU_ASSERT_TRUE(sx_exchange_gave_out(renaming.exchange, id));
            ASSERT_CONTAINS(id, "ff.");
        }
        pthread_join(thread, NULL);
        CU_ASSERT_EQUAL(renaming.renewals, 5 * (i + 1));
        sx_exchange_copy_id(renaming.call, id);
        ASSERT_CONTAINS(id, "~8899aabbccddeeff.7");
        CU_ASSERT_STRING_NOT_EQUAL(id, last);
        memcpy(last, id, sizeof id);
        sx_exchange_release(renaming.call);
    }
    sx_exchange_free(renaming.exchange);
}

CU_TestInfo tests_exchange[] = {
    {"in every order of reply, timeout, cancel, disconnect and stop the first one decides",
     test_first_event_decides},
    {"a waiting thread is woken by a reply, a disconnect and a stop", test_waiter_is_woken},
    {"waiting moves the reply out with all it owns", test_wait_moves_the_reply},
    {"waiting ends at the deadline", test_wait_ends_at_deadline},
    {"waiting for a detached call ends at the earlier of the two deadlines",
     test_wait_ends_at_earlier_deadline},
    {"a failure tells every call why", test_failure_text},
    {"a reply from another peer is dropped and the call goes on", test_foreign_peer},
    {"accounts that servers keep apart don't answer each other's calls",
     test_accounts_that_servers_keep_apart},
    {"a reply under an unknown id is late if it has our prefix, else foreign", test_unknown_id},
    {"the peer's node and domain may come back in another case", test_case_of_peer},
    {"a reply without from is our account's or its server's", test_own_server},
    {"before our JID is known our server answers without from", test_own_jid_unknown},
    {"the second of two replies is dropped", test_duplicate_reply},
    {"a reply to a released call is dropped", test_late_reply},
    {"no id is given out twice", test_ids_are_unique},
    {"ids can't be guessed from another table's", test_ids_are_unguessable},
    {"an id that changes is copied whole", test_id_changes},
    {"a call remembers its peer, operation and beginning", test_call_remembers},
    {"without room a call is refused at the deadline", test_no_room},
    {"a call that ends makes room for one that waits", test_room_is_made},
    {"a detached call past its deadline makes room", test_expiry_makes_room},
    {"a stop refuses calls and wakes those that wait for room", test_stop_refuses},
    CU_TEST_INFO_NULL,
};
