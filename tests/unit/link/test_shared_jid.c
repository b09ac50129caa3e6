/* Processes that share a JID, and a server that deals the stanzas out among them.
 *
 * First what one of them answers, then a model: callers and processes of this library's own code,
 * and a network that loses, delays, doubles and deals by a seeded die, while processes die and
 * come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "exchange/retry.h"
#include "../../lib/suite.h"
#include "../response_fixture.h"
#include "responder.h"

#define CALLER  "alice@example.org/desk"
#define SERVICE "calc.example.org"
#define STALE   "<stale xmlns='" SX_NS_DELIVERY "' incarnation='any' process='"
#define RUNNING "<running xmlns='" SX_NS_DELIVERY "'/>"

enum { MANY = 200, MAX_PROCESSES = 4, MAX_CALLS = 3, MAX_FLYING = 400 };

static const int64_t PAST = 1; /* microseconds after boot */

/* Whoever gets stanzas: the caller, or one of the processes. */
struct station {
    struct responder responder;
    struct world *world; /* NULL: what is posted stays there */
    struct sx_request *running;
};

static void fly(struct world *world, bool to_caller, char *bytes, size_t len);

static char *copy_bytes(const char *bytes, size_t len)
{
    char *copy = strndup(bytes, len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    return copy;
}

static void pass(void *user, uint64_t session, char *stanza, size_t len)
{
    struct station *station = user;
    (void)session;
    if (station->world)
        fly(station->world, true, copy_bytes(stanza, len), len);
}

static void feed(struct station *station, const char *bytes, size_t len)
{
    responder_hear(&station->responder, bytes, len);
}

static void open_station(struct station *station, bool shares)
{
    struct soap_xmpp_config config;
    *station = (struct station){0};
    responder_configure(&config);
    config.jid = SERVICE;
    config.port = 5347;
    config.allow = "*";
    config.shared_jid = shares;
    config.max_calls = MAX_CALLS;
    config.max_requests = config.max_remembered = config.max_running = MANY;
    config.trace = SOAP_XMPP_TRACE_NONE;
    responder_start(&station->responder, &config);
    station->responder.pass = pass;
    station->responder.user = station;
    sx_queue_open(station->responder.link->queue);
}

static struct sx_request *take(struct station *station)
{
    return responder_take(&station->responder);
}

static void close_station(struct station *station)
{
    sx_request_free(station->running);
    responder_stop(&station->responder);
}

static void make_envelope(struct sx_buffer *out, const char *operation)
{
    sx_buffer_add_format(out,
                         "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:%s xmlns:c='urn:c'/>"
                         "</e:Body></e:Envelope>",
                         operation);
}

/* What a worker has to say. Takes the bytes. */
static void post_as(struct station *station, char *bytes, size_t len)
{
    pass(station, 1, bytes, len);
    free(bytes);
}

/* What a worker does, first half and second. */
static void answer(struct station *station, struct sx_request *request)
{
    const struct sx_head head = {.from = SERVICE, .to = request->from, .id = request->id};
    struct sx_buffer payload = {0}, out = {0};
    size_t len;
    char *bytes;
    make_envelope(&payload, request->envelope.operation);
    sx_stanza_result(&out, &head, payload.bytes, payload.len);
    response_remember(station->responder.link->journal, request->from, request->id, payload.bytes,
                      sx_clock_now_us());
    sx_buffer_fini(&payload);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes = sx_buffer_take(&out, &len));
    post_as(station, bytes, len);
    sx_request_free(request);
}

/* ---- one process ---- */

/* What it posts to an iq of the caller's with this content; "" if nothing. */
static const char *ask(struct station *station, const char *id, const char *content)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='set' to='" SERVICE "' from='" CALLER "' id='%s'>%s</iq>",
                         id, content);
    feed(station, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
    return responder_said(&station->responder);
}

static const char *call(struct station *station, const char *id)
{
    struct sx_buffer envelope = {0};
    const char *posted;
    make_envelope(&envelope, "add");
    posted = ask(station, id, envelope.bytes);
    sx_buffer_fini(&envelope);
    return posted;
}

TEST(a_first_copy_runs_and_a_later_one_hears_of_it)
{
    struct station station;
    struct sx_request *request;
    open_station(&station, true);
    ASSERT_CONTAINS(ask(&station, "1~again", SX_STANZA_AGAIN), STALE);
    ASSERT_TEXT(call(&station, "1~any"), "");
    ASSERT_CONTAINS(ask(&station, "1~again", SX_STANZA_AGAIN), " id='1~again'>");
    ASSERT_CONTAINS(responder_said(&station.responder), "<error type='wait'");
    ASSERT_CONTAINS(responder_said(&station.responder), RUNNING);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = take(&station));
    ASSERT_TEXT(request->id, "1~any");
    answer(&station, request);
    ASSERT_CONTAINS(ask(&station, "1~again", SX_STANZA_AGAIN), "<iq type='result' ");
    ASSERT_CONTAINS(responder_said(&station.responder),
                    " from='" SERVICE "' to='" CALLER "' id='1~again'>");
    CU_ASSERT_PTR_NULL(take(&station));
    sx_journal_shrink(station.responder.link->journal, 1);
    ASSERT_CONTAINS(ask(&station, "1~again", SX_STANZA_AGAIN), "<internal-server-error ");
    ASSERT_CONTAINS(responder_said(&station.responder), "remembered any longer");
    close_station(&station);
}

TEST(a_later_copy_never_runs_whatever_it_carries)
{
    struct station station;
    open_station(&station, true);
    ASSERT_CONTAINS(call(&station, "1~again"), STALE);
    ASSERT_CONTAINS(ask(&station, "1~any", SX_STANZA_AGAIN), STALE);
    ASSERT_CONTAINS(ask(&station, "1", SX_STANZA_AGAIN), "<service-unavailable ");
    CU_ASSERT_PTR_NULL(take(&station));
    close_station(&station);
}

TEST(copies_for_another_kind_of_process_are_stale)
{
    struct station shared, alone;
    open_station(&shared, true);
    open_station(&alone, false);
    ASSERT_CONTAINS(call(&shared, "1~0123456789abcdef.1"), STALE);
    ASSERT_CONTAINS(call(&alone, "1~any"), "<stale xmlns='" SX_NS_DELIVERY "' incarnation='");
    ASSERT_LACKS(responder_said(&alone.responder), "process=");
    ASSERT_LACKS(responder_said(&alone.responder), "incarnation='any'");
    ASSERT_CONTAINS(ask(&alone, "1~again", SX_STANZA_AGAIN), "<stale ");
    CU_ASSERT_PTR_NULL(take(&shared));
    CU_ASSERT_PTR_NULL(take(&alone));
    close_station(&alone);
    close_station(&shared);
}

TEST(a_shared_jid_says_so_and_takes_nothing_in_pieces)
{
    static const char question[] = "<iq type='get' to='" SERVICE "' from='" CALLER "' id='1'>"
                                   "<query xmlns='" SX_NS_DISCO_INFO "'/></iq>";
    struct station station;
    open_station(&station, true);
    sx_queue_close(station.responder.link->queue); /* others still serve */
    feed(&station, question, strlen(question));
    ASSERT_CONTAINS(responder_said(&station.responder), "<feature var='" SX_NS_DELIVERY "#any'/>");
    ASSERT_CONTAINS(responder_said(&station.responder), "<feature var='" SX_NS_PACKED "'/>");
    ASSERT_CONTAINS(ask(&station, "2", "<open xmlns='http://jabber.org/protocol/ibb' sid='T.1'/>"),
                    "<feature-not-implemented ");
    ASSERT_CONTAINS(responder_said(&station.responder), "several processes share this JID");
    close_station(&station);
}

/* ---- the model ---- */

/* xorshift64 */
static uint64_t seed;

static unsigned roll(unsigned sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % sides;
}

struct flying {
    bool to_caller;
    char *bytes;
    size_t len;
};

/* How one call goes. number is in its operation: "op3". */
struct story {
    struct soap_xmpp_call *call; /* while under way */
    bool begun, answered, said_not_executed, gave_up_on_one_who_knew;
    unsigned runs;
};

struct world {
    struct station caller, processes[MAX_PROCESSES];
    bool lives[MAX_PROCESSES];
    int knower[MAX_CALLS]; /* -1: none that lives */
    struct story stories[MAX_CALLS];
    struct flying flying[MAX_FLYING];
    unsigned flying_count;
    bool calm, mixed; /* nothing is lost any more; some processes don't know that they share */
};

static void fly(struct world *world, bool to_caller, char *bytes, size_t len)
{
    if (world->flying_count == MAX_FLYING || (!world->calm && roll(10) == 0)) {
        free(bytes);
        return;
    }
    world->flying[world->flying_count++] = (struct flying){to_caller, bytes, len};
}

static int number_of(const struct sx_request *request)
{
    return atoi(request->envelope.operation + 2);
}

static void post(struct world *world, const char *id, const char *payload, size_t payload_len)
{
    const struct sx_head head = {.from = CALLER, .to = SERVICE, .id = id};
    struct sx_buffer out = {0};
    size_t len;
    char *bytes;
    sx_stanza_request(&out, "set", &head, payload, payload_len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes = sx_buffer_take(&out, &len));
    fly(world, false, bytes, len);
}

static void begin_call(struct world *world, int number)
{
    struct story *story = &world->stories[number];
    struct sx_exchange *exchange = world->caller.responder.link->exchange;
    char operation[16], incarnation[SX_INCARNATION_BYTES];
    struct sx_buffer payload = {0};
    unsigned luck = roll(20);
    snprintf(operation, sizeof operation, "op%d", number);
    make_envelope(&payload, operation);
    snprintf(incarnation, sizeof incarnation, "any");
    if (world->mixed && world->lives[0] && roll(2))
        sx_journal_incarnation(world->processes[0].responder.link->journal, sx_clock_now_us(),
                               incarnation);
    story->begun = true;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, SERVICE, operation, PAST, &story->call),
                          SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(story->call, incarnation, payload.bytes, payload.len),
                          SX_OK);
    if (luck == 0 && !sx_retry_unpost(story->call, SX_EROOM)) {
        sx_exchange_release(story->call);
        story->call = NULL;
        story->said_not_executed = true;
    } else if (luck == 1) {
        CU_ASSERT_TRUE(sx_retry_unpost(story->call, SX_ELOST));
    } else if (luck > 1) {
        post(world, sx_exchange_id(story->call), payload.bytes, payload.len);
    }
    if (story->call)
        sx_exchange_detach(story->call, SX_NEVER, story);
    sx_buffer_fini(&payload);
}

static void send_due(struct world *world)
{
    struct sx_exchange *exchange = world->caller.responder.link->exchange;
    int64_t due_us = sx_retry_due_us(exchange);
    struct sx_copy due;
    if (due_us == SX_NEVER || !sx_retry_take_due(exchange, due_us, &due))
        return;
    if (!world->calm && roll(10) == 0)
        sx_retry_put_back(exchange, &due);
    else
        post(world, due.id, due.payload, due.payload_len);
    sx_copy_fini(&due);
}

static void note_ends(struct world *world)
{
    struct soap_xmpp_call *call;
    while ((call = sx_exchange_next_done(world->caller.responder.link->exchange, PAST))) {
        struct story *story = sx_exchange_user(call);
        int number = (int)(story - world->stories);
        char operation[16];
        struct sx_reply reply;
        sx_exchange_wait(call, PAST, &reply);
        snprintf(operation, sizeof operation, "op%d", number);
        story->answered = reply.err == SX_OK;
        if (story->answered)
            ASSERT_CONTAINS(reply.envelope.bytes, operation);
        story->said_not_executed = !sx_exchange_may_have_run(call, &reply);
        story->gave_up_on_one_who_knew =
            reply.delivery.stale_for[0] && world->knower[number] >= 0 && !world->mixed;
        sx_reply_fini(&reply);
        sx_exchange_release(call);
        story->call = NULL;
    }
}

static int choose_process(struct world *world)
{
    int living[MAX_PROCESSES], count = 0, i;
    for (i = 0; i < MAX_PROCESSES; i++)
        if (world->lives[i])
            living[count++] = i;
    return count ? living[roll((unsigned)count)] : -1;
}

static void bounce(struct world *world, const struct flying *stanza)
{
    const char *id = strstr(stanza->bytes, " id='") + 5;
    struct sx_head head = {.from = SERVICE, .to = CALLER, .id = strndup(id, strcspn(id, "'"))};
    struct sx_buffer out = {0};
    size_t len;
    char *bytes;
    sx_stanza_error(&out, &head, "service-unavailable", NULL);
    free((char *)head.id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes = sx_buffer_take(&out, &len));
    fly(world, true, bytes, len);
}

/* Any of those on their way arrives, in whatever order. */
static void deliver(struct world *world)
{
    struct flying stanza;
    unsigned chosen;
    int process;
    if (!world->flying_count)
        return;
    chosen = roll(world->flying_count);
    stanza = world->flying[chosen];
    world->flying[chosen] = world->flying[--world->flying_count];
    process = choose_process(world);
    if (stanza.to_caller)
        feed(&world->caller, stanza.bytes, stanza.len);
    else if (process >= 0)
        feed(&world->processes[process], stanza.bytes, stanza.len);
    else
        bounce(world, &stanza);
    if (stanza.to_caller && !world->calm && roll(10) == 0)
        fly(world, true, stanza.bytes, stanza.len); /* once more */
    else
        free(stanza.bytes);
    if (stanza.to_caller)
        note_ends(world);
}

static void work(struct world *world)
{
    int process = choose_process(world), number;
    struct station *station = &world->processes[process < 0 ? 0 : process];
    struct sx_queue_counts counts;
    struct sx_request *request;
    if (process < 0)
        return;
    if (station->running) {
        answer(station, station->running);
        station->running = NULL;
        return;
    }
    sx_queue_count(station->responder.link->queue, &counts);
    request = counts.queued ? take(station) : NULL;
    if (!request)
        return;
    number = number_of(request);
    if (!world->calm && roll(8) == 0) {
        const struct sx_head head = {.from = SERVICE, .to = request->from, .id = request->id};
        struct sx_buffer out = {0};
        size_t len;
        char *bytes;
        sx_journal_forget(station->responder.link->journal, request->from, request->id);
        sx_stanza_refusal(&out, &head, roll(2) ? "service-unavailable" : "resource-constraint",
                          NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(bytes = sx_buffer_take(&out, &len));
        post_as(station, bytes, len);
        sx_request_free(request);
        return;
    }
    world->stories[number].runs++;
    world->knower[number] = process;
    station->running = request;
}

static void die_or_come(struct world *world)
{
    unsigned i = roll(MAX_PROCESSES);
    int number;
    if (world->lives[i]) {
        close_station(&world->processes[i]);
        for (number = 0; number < MAX_CALLS; number++)
            if (world->knower[number] == (int)i)
                world->knower[number] = -1;
    } else {
        open_station(&world->processes[i], !world->mixed || i >= 2);
        world->processes[i].world = world;
    }
    world->lives[i] = !world->lives[i];
}

static void step(struct world *world)
{
    switch (roll(world->calm ? 12 : 16)) {
    case 0:
    case 1:
    case 2:
        send_due(world);
        break;
    case 3:
    case 4:
    case 5:
        work(world);
        break;
    case 12: {
        unsigned number = roll(MAX_CALLS);
        if (!world->stories[number].begun)
            begin_call(world, (int)number);
        break;
    }
    case 13:
        sx_retry_lose(world->caller.responder.link->exchange, SX_ELOST, "", SIZE_MAX);
        note_ends(world);
        break;
    case 14:
        if (roll(4) == 0)
            die_or_come(world);
        break;
    default:
        deliver(world);
    }
}

/* Whether nothing goes on any more. */
static bool is_quiet(struct world *world)
{
    struct sx_queue_counts counts;
    int i;
    for (i = 0; i < MAX_PROCESSES; i++) {
        if (!world->lives[i])
            continue;
        sx_queue_count(world->processes[i].responder.link->queue, &counts);
        if (counts.queued || counts.running)
            return false;
    }
    for (i = 0; i < MAX_CALLS; i++)
        if (world->stories[i].call)
            return false;
    return world->flying_count == 0;
}

static void start_world(struct world *world, bool mixed)
{
    int i;
    *world = (struct world){.mixed = mixed};
    open_station(&world->caller, false);
    for (i = 0; i < MAX_CALLS; i++)
        world->knower[i] = -1;
    for (i = 0; i < MAX_PROCESSES; i++)
        if (i == 0 || roll(2))
            while (!world->lives[i])
                die_or_come(world);
}

/* The calls that still wait reach their deadline; then whatever is on its way arrives. */
static void end_world(struct world *world)
{
    int i, steps;
    for (i = 0; i < MAX_CALLS; i++) {
        struct sx_reply reply;
        struct story *story = &world->stories[i];
        if (!story->call)
            continue;
        sx_exchange_attach(story->call);
        sx_exchange_wait(story->call, PAST, &reply);
        story->said_not_executed = !sx_exchange_may_have_run(story->call, &reply);
        sx_reply_fini(&reply);
        sx_exchange_release(story->call);
        story->call = NULL;
    }
    for (steps = 0; steps < 5000 && !is_quiet(world); steps++) {
        deliver(world);
        work(world);
    }
    CU_ASSERT_EQUAL(world->flying_count, 0);
    for (i = 0; i < MAX_PROCESSES; i++)
        if (world->lives[i])
            close_station(&world->processes[i]);
    close_station(&world->caller);
}

static unsigned answered, denied_in_vain, unanswered;

static void play(uint64_t number, bool mixed)
{
    struct world world;
    int i, steps;
    seed = number * UINT64_C(0x9E3779B97F4A7C15) + 1;
    start_world(&world, mixed);
    for (steps = 0; steps < 300; steps++)
        step(&world);
    world.calm = true;
    for (steps = 0; steps < 3000 && !is_quiet(&world); steps++)
        step(&world);
    end_world(&world);
    for (i = 0; i < MAX_CALLS; i++) {
        const struct story *story = &world.stories[i];
        if (story->runs > 1 || (story->said_not_executed && story->runs > 0) ||
            (story->answered && story->runs != 1)) {
            printf("world %llu, call %d: %u runs, %s\n", (unsigned long long)number, i, story->runs,
                   story->said_not_executed ? "said not executed" : "");
            CU_FAIL("a call that ran twice, or isn't what it was said to be");
        }
        answered += story->answered;
        unanswered += story->begun && !story->answered && !story->said_not_executed;
        denied_in_vain += story->gave_up_on_one_who_knew;
    }
}

static void play_many(unsigned worlds, bool mixed)
{
    unsigned number;
    answered = denied_in_vain = unanswered = 0;
    for (number = 1; number <= worlds; number++)
        play(number, mixed);
    CU_ASSERT_TRUE(answered > worlds);
    CU_ASSERT_TRUE(unanswered > worlds / 50); /* the worlds are bad enough */
}

TEST(nothing_runs_twice_and_nobody_says_what_isnt_so)
{
    play_many(200, false);
    /* One in 20,000 may be missed by bad luck. */
    CU_ASSERT_TRUE(denied_in_vain <= 2);
}

TEST(nor_with_processes_that_dont_know_that_they_share)
{
    play_many(200, true);
}

CU_TestInfo tests_shared_jid[] = {
    {"a first copy runs, and a later one hears what became of it",
     a_first_copy_runs_and_a_later_one_hears_of_it},
    {"a later copy never runs, whatever it carries", a_later_copy_never_runs_whatever_it_carries},
    {"copies for another kind of process are stale", copies_for_another_kind_of_process_are_stale},
    {"a shared JID says so, and takes nothing in pieces",
     a_shared_jid_says_so_and_takes_nothing_in_pieces},
    {"whatever is lost and whoever dies, nothing runs twice, and what is said is so",
     nothing_runs_twice_and_nobody_says_what_isnt_so},
    {"nor with processes that don't know that they share a JID",
     nor_with_processes_that_dont_know_that_they_share},
    CU_TEST_INFO_NULL,
};
