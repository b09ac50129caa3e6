/* fuzz_shipment.c - big answers and calls of a link, to receivers that say anything, and to one
 * that is honest.
 *
 * Input: operations of a few bytes each; what is left over when one begins is 0. When all has been
 * read, the hostile ones go on with the last things that they have done, again and again, and the
 * honest account gets an answer. Time is the fuzzer's own; nothing connects the link. For a while
 * somebody else may have nearly all of the memory for answers.
 *
 * Claims: each answer is posted once, as it is, after its bytes' session was closed, or as an
 * error; in time, whatever its receiver says; the honest account's as it is, whatever others hold.
 * In the end nothing is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/hold.h"
#include "link/link.h"
#include "link/link_state.h"
#include "attribute.h"
#include "posted.h"
#include "stopped_clock.h"
#include "fuzz.h"
#include "habit.h"

#define INCARNATION "00112233445566ff.1"

enum {
    ACCOUNTS = 5,
    HONEST = 0,
    MOST_ANSWERS = 400,
    MOST_CALLS = 4,
    MOST_BYTES = 8000, /* two blocks */
    CROWD = 40,        /* answers at once */
    ALL = 63,          /* that something is said about */
    OPEN = 5,          /* about the open of its attempt, not what came last */
    BLOCK = 6,         /* about the first block */
    SESSION = 7,       /* it is closed */
    TRANSFER_BYTES = SX_SENDER_ID_BYTES,
    ID_BYTES = 200,
    HABITUAL_BYTES = 5, /* of what hostile ones do, at most */
    SPARE_BYTES = 1000, /* of memory, times 0 to 31 */
    PATIENCE_S = 60,    /* also for a place */
    END_S = 1300        /* longer than any answer may take */
};

static const char *const accounts[ACCOUNTS] = {"honest@example.org/1", "e@example.org/1",
                                               "e@example.org/2", "f@example.org/1",
                                               "g@example.org/1"};

static const int64_t S = 1000000;

/* Of an answer or a call. */
struct transfer {
    char id[TRANSFER_BYTES], last_id[ID_BYTES];
    unsigned account;
    int64_t since_us;
    bool is_answer, is_closed, is_over, is_whole;
    char answer_id[ID_BYTES];
    struct soap_xmpp_call *call; /* NULL: it is over */
};

struct scene {
    struct habit habit; /* of hostile ones */
    int64_t now_us;
    struct soap_xmpp_link *link;
    struct sx_shipments *shipments;
    struct transfer transfers[MOST_ANSWERS + MOST_CALLS];
    unsigned count, calls;
    struct sx_charge charge; /* what somebody else has of the memory */
};

static unsigned draw(struct scene *scene, unsigned below)
{
    return habit_draw(&scene->habit, below);
}

static void set_clock(struct scene *scene, int64_t now_us)
{
    scene->now_us = now_us;
    stopped_clock_set(now_us);
}

/* ---- what the link posts ---- */

static struct transfer *find_transfer(struct scene *scene, const char *id)
{
    unsigned i;
    for (i = 0; i < scene->count; i++)
        if (strncmp(scene->transfers[i].id, id, TRANSFER_BYTES - 1) == 0)
            return &scene->transfers[i];
    return NULL;
}

static void note_answer(struct scene *scene, const char *stanza, const char *id)
{
    unsigned i = 0;
    struct transfer *transfer;
    while (i < scene->count && strcmp(scene->transfers[i].answer_id, id) != 0)
        i++;
    CLAIM(i < scene->count);
    transfer = &scene->transfers[i];
    CLAIM(transfer->is_answer && !transfer->is_over);
    transfer->is_over = true;
    transfer->is_whole = strstr(stanza, " type='result'");
    CLAIM(transfer->is_whole || strstr(stanza, "<internal-server-error"));
    CLAIM(!transfer->is_whole || (transfer->is_closed && strstr(stanza, transfer->id)));
}

static void on_post(void *user, uint64_t session, char *stanza, size_t len)
{
    struct scene *scene = user;
    struct transfer *transfer;
    char id[ID_BYTES];
    CLAIM(session == 1 && strlen(stanza) == len);
    CLAIM(attribute_find(stanza, "iq", "id", id, sizeof id));
    transfer = find_transfer(scene, id);
    if (!transfer) {
        note_answer(scene, stanza, id);
    } else {
        CLAIM(!transfer->is_answer || !transfer->is_over || strstr(id, ".farewell"));
        CLAIM(strstr(stanza, accounts[transfer->account]));
        if (!strstr(id, ".farewell"))
            snprintf(transfer->last_id, sizeof transfer->last_id, "%s", id);
    }
    free(stanza);
}

/* ---- what receivers say ---- */

static void reply(struct scene *scene, struct transfer *transfer, const char *id,
                  const struct sx_sender_reply *what)
{
    const char *name = strrchr(id, '.');
    if (name && strcmp(name, ".close") == 0 && strcmp(id, transfer->last_id) == 0 &&
        (!what->condition || strcmp(what->condition, "item-not-found") == 0))
        transfer->is_closed = true;
    (void)sx_shipments_reply(scene->shipments, 1, accounts[transfer->account], id, what);
}

/* The honest account answers what has come last, which answers all before it. */
static bool answer_honestly(struct scene *scene)
{
    bool has_answered = false;
    unsigned i;
    for (i = 0; i < scene->count; i++) {
        struct transfer *transfer = &scene->transfers[i];
        char id[ID_BYTES];
        struct sx_sender_reply what = {0};
        if (transfer->account != HONEST || !transfer->last_id[0])
            continue;
        snprintf(id, sizeof id, "%s", transfer->last_id);
        what.received = strstr(id, ".open") ? "0" : NULL;
        reply(scene, transfer, id, &what);
        if (strcmp(id, transfer->last_id) == 0)
            transfer->last_id[0] = '\0';
        has_answered = true;
    }
    return has_answered;
}

static void step(struct scene *scene)
{
    unsigned rounds = 0;
    do
        (void)sx_shipments_step(scene->shipments, 1);
    while (answer_honestly(scene) && ++rounds < 100);
}

static void say(struct scene *scene, struct transfer *transfer, const struct sx_sender_reply *what,
                unsigned subject)
{
    struct sx_sender *moved = NULL;
    char id[ID_BYTES + sizeof ".open"], *dot;
    if (transfer->account == HONEST || !transfer->last_id[0])
        return;
    snprintf(id, sizeof id, "%s", transfer->last_id);
    dot = strrchr(id, '.');
    if (subject == BLOCK)
        snprintf(dot, sizeof ".1", ".1");
    else if (subject == OPEN)
        snprintf(dot, sizeof ".open", ".open");
    if (subject != SESSION) {
        reply(scene, transfer, id, what);
        return;
    }
    transfer->is_closed |= strcmp(dot, ".close") == 0;
    *dot = '\0'; /* which leaves the sid */
    (void)sx_shipments_close(scene->shipments, accounts[transfer->account], id, &moved);
    if (moved)
        sx_shipments_note(scene->shipments, 1, moved);
}

/* About one of the last, or all. */
static void say_anything(struct scene *scene)
{
    static const char *const conditions[] = {NULL,
                                             NULL,
                                             NULL,
                                             NULL,
                                             "item-not-found",
                                             "resource-constraint",
                                             "unexpected-request",
                                             "service-unavailable",
                                             "not-acceptable"};
    static const char *const types[] = {"wait", "modify", "cancel", NULL};
    static const char *const numbers[] = {NULL, "0", "1", "700", "2000", "99999999999999999999",
                                          "x"};
    unsigned which = draw(scene, 64), kind = draw(scene, 8);
    unsigned condition = draw(scene, 9), number = draw(scene, 7);
    const struct sx_sender_reply what = {.condition = conditions[condition],
                                         .type = types[kind % 4],
                                         .received = numbers[number],
                                         .text = "t"};
    unsigned i;
    step(scene);
    for (i = 0; i < scene->count; i++)
        if (which == ALL || scene->count - 1 - i == which)
            say(scene, &scene->transfers[i], &what, kind);
}

/* ---- what goes out ---- */

static struct sx_shipment *make_shipment(struct scene *scene, unsigned account, size_t size,
                                         struct sx_buffer *reference)
{
    struct sx_payload payload = {.len = size, .form = SX_FORM_STORED, .is_loose = true};
    struct transfer *transfer = &scene->transfers[scene->count];
    struct sx_shipment *shipment = NULL;
    payload.bytes = calloc(1, size);
    CLAIM(payload.bytes);
    CLAIM(sx_shipment_new(scene->link->session, &payload, NULL, accounts[account], "add", NULL,
                          reference, &shipment) == SX_OK);
    *transfer = (struct transfer){.account = account, .since_us = scene->now_us};
    CLAIM(
        attribute_find(reference->bytes, "packed", "transfer", transfer->id, sizeof transfer->id));
    return shipment;
}

static bool enter(struct scene *scene, unsigned account, char id[ID_BYTES])
{
    struct sx_journal *journal = scene->link->journal;
    char incarnation[SX_INCARNATION_BYTES];
    struct sx_response *again = NULL;
    enum sx_journal_verdict verdict;
    sx_journal_incarnation(journal, scene->now_us, incarnation);
    snprintf(id, ID_BYTES, "%u" SX_REQUEST_ID_MARK "%s", scene->count, incarnation);
    verdict = sx_journal_enter(journal, accounts[account], id, scene->now_us, &again);
    sx_response_unref(again);
    return verdict == SX_JOURNAL_FRESH;
}

static void add_answer(struct scene *scene, unsigned account, size_t size)
{
    struct sx_buffer reference = {0};
    struct sx_response *response;
    struct sx_shipment *shipment;
    struct transfer *transfer = &scene->transfers[scene->count];
    char id[ID_BYTES];
    size_t len;
    if (scene->count >= MOST_ANSWERS + scene->calls || !enter(scene, account, id))
        return;
    shipment = make_shipment(scene, account, size, &reference);
    response = sx_response_new(sx_buffer_take(&reference, &len), len, 0, NULL);
    CLAIM(response);
    transfer->is_answer = true;
    snprintf(transfer->answer_id, sizeof transfer->answer_id, "%s", id);
    if (sx_shipments_add_answer(scene->shipments, shipment, id, response) == SX_OK)
        scene->count++;
    else
        sx_shipment_free(shipment);
    sx_response_unref(response);
}

static void crowd_in(struct scene *scene)
{
    unsigned account = 1 + draw(scene, ACCOUNTS - 1), count = 1 + draw(scene, CROWD);
    size_t size = 1 + draw(scene, 256) * MOST_BYTES / 256;
    for (; count > 0; count--)
        add_answer(scene, account, size);
    step(scene);
}

static void make_call(struct scene *scene)
{
    struct sx_buffer reference = {0};
    struct soap_xmpp_call *call = NULL;
    struct sx_shipment *shipment;
    unsigned account = draw(scene, ACCOUNTS);
    if (scene->calls == MOST_CALLS)
        return;
    CLAIM(sx_exchange_begin(scene->link->exchange, accounts[account], "add", 1, &call) == SX_OK);
    shipment = make_shipment(scene, account, 1 + draw(scene, 256), &reference);
    CLAIM(sx_hold_keep(call, INCARNATION, reference.bytes, reference.len) == SX_OK);
    sx_buffer_fini(&reference);
    scene->transfers[scene->count].call = call;
    scene->calls++;
    scene->count++;
    sx_shipments_add_call(scene->shipments, shipment, sx_exchange_number(call));
}

/* The call's bytes are lost, or nobody wants it any more. */
static void change_call(struct scene *scene, bool all)
{
    unsigned which = draw(scene, MOST_CALLS), kind = draw(scene, 2), i;
    for (i = 0; i < scene->count; i++) {
        struct transfer *transfer = &scene->transfers[i];
        if (!transfer->call || (!all && which--))
            continue;
        if (kind && !all) {
            char id[SX_EXCHANGE_ID_BYTES];
            snprintf(id, sizeof id, "%s", sx_exchange_id(transfer->call));
            (void)sx_shipments_again(scene->shipments, 1, accounts[transfer->account], id);
            return;
        }
        sx_exchange_release(transfer->call);
        transfer->call = NULL;
        if (!all)
            return;
    }
}

/* ---- memory ---- */

/* Takes what is left of it, or gives it back. */
static void change_memory(struct scene *scene)
{
    struct sx_memory *memory = sx_session_memory(scene->link->session);
    size_t spare_bytes = (size_t)draw(scene, 32) * SPARE_BYTES;
    struct sx_memory_counts counts;
    if (scene->charge.memory) {
        sx_memory_give(&scene->charge);
        return;
    }
    sx_memory_count(memory, &counts);
    CLAIM(sx_memory_take(memory, SX_MEMORY_ANSWER, "rest@example.org/1",
                         counts.free_bytes[SX_MEMORY_ANSWER] - spare_bytes, &scene->charge));
}

/* ---- the whole ---- */

static void lose(struct scene *scene)
{
    unsigned kind = draw(scene, 4);
    sx_shipments_lost(scene->shipments, kind == 1, kind == 2);
    set_clock(scene, scene->now_us + draw(scene, 200) * S);
    sx_shipments_online(scene->shipments);
}

static void do_one(struct scene *scene, unsigned operation)
{
    if (operation == 0)
        set_clock(scene, scene->now_us + draw(scene, 256) * INT64_C(40000));
    else if (operation == 1)
        set_clock(scene, scene->now_us + draw(scene, 64) * S);
    else if (operation == 2)
        lose(scene);
    else if (operation == 3)
        make_call(scene);
    else if (operation == 4)
        change_call(scene, false);
    else if (operation == 5)
        crowd_in(scene);
    else if (operation == 8)
        change_memory(scene);
    else
        say_anything(scene);
    step(scene);
}

static void read_input(struct scene *scene)
{
    while (scene->habit.input.len) {
        unsigned operation = draw(scene, 9);
        habit_make_room(&scene->habit, HABITUAL_BYTES);
        if (operation >= 5 && operation < 8)
            habit_begin(&scene->habit, operation);
        do_one(scene, operation);
        habit_end(&scene->habit);
    }
}

/* Each answer ends in time; whether all have. */
static bool have_ended(const struct scene *scene, int64_t begun_us, int64_t pause_us)
{
    int64_t most_us = (PATIENCE_S + (MOST_BYTES / 1024 + 3) * INT64_C(120)) * S + pause_us;
    bool have = true;
    unsigned i;
    for (i = 0; i < scene->count; i++) {
        const struct transfer *transfer = &scene->transfers[i];
        int64_t since_us = transfer->since_us > begun_us ? transfer->since_us : begun_us;
        CLAIM(!transfer->is_answer || transfer->is_over || scene->now_us - since_us < most_us);
        have &= !transfer->is_answer || transfer->is_over;
    }
    return have;
}

/* The hostile ones go on as they have begun. */
static void come_to_an_end(struct scene *scene, int64_t pause_us)
{
    int64_t begun_us = scene->now_us;
    unsigned honest;
    bool goes_on = scene->habit.len > 0;
    sx_memory_give(&scene->charge);
    honest = scene->count < MOST_ANSWERS - CROWD ? scene->count : MOST_ANSWERS;
    if (honest < MOST_ANSWERS)
        add_answer(scene, HONEST, MOST_BYTES);
    if (scene->count == honest)
        honest = MOST_ANSWERS;
    step(scene);
    do {
        set_clock(scene, scene->now_us + pause_us);
        goes_on = goes_on && scene->now_us < begun_us + END_S * S;
        if (goes_on)
            habit_repeat(&scene->habit);
        while (scene->habit.input.len)
            do_one(scene, draw(scene, 8));
        step(scene);
        CLAIM(honest == MOST_ANSWERS || !scene->transfers[honest].is_over ||
              scene->transfers[honest].is_whole);
    } while (!have_ended(scene, begun_us, pause_us) || goes_on);
    CLAIM(honest == MOST_ANSWERS || scene->transfers[honest].is_whole);
    change_call(scene, true);
    (void)sx_shipments_step(scene->shipments, 1);
    CLAIM(sx_shipments_step(scene->shipments, 1) == SX_NEVER);
    CLAIM(sx_shipments_drained(scene->shipments, 1));
}

static struct soap_xmpp_link *make_link(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[400];
    soap_xmpp_config_init(&config);
    config.jid = "me@example.org/soap";
    config.password = "secret";
    config.tls = SOAP_XMPP_TLS_OFF;
    config.host = "127.0.0.1";
    config.timeout_ms = PATIENCE_S * 1000;
    config.max_outgoing_bytes = 10000;
    link = sx_link_new(&config, why, sizeof why);
    CLAIM(link);
    sx_session_begin(link->session, 1, config.jid);
    return link;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct scene scene;
    int64_t pause_us;
    scene = (struct scene){.habit = {.input = {bytes, len}}};
    set_clock(&scene, 1000 * S);
    scene.link = make_link();
    posted_take(sx_session_loop(scene.link->session), on_post, &scene);
    scene.shipments =
        sx_shipments_new(scene.link->session, scene.link->exchange, scene.link->journal);
    CLAIM(scene.shipments);
    sx_shipments_online(scene.shipments);
    pause_us = (8 + draw(&scene, 52)) * S;
    read_input(&scene);
    come_to_an_end(&scene, pause_us);
    sx_shipments_free(scene.shipments);
    posted_take(sx_session_loop(scene.link->session), NULL, NULL);
    sx_link_unref(scene.link);
    return 0;
}
