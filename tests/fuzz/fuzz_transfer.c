/* fuzz_transfer.c - a sender and a receiver of big messages, over a network that loses, repeats,
 * delays and cuts; beside them a receiver and two accounts of senders that say anything.
 *
 * Input: a few settings, then operations of a few bytes each; what is left over when one begins is
 * 0. When it has all been read the network is good for ever, and the hostile ones go on with the
 * last things that they have done, again and again. Time is the fuzzer's own.
 *
 * Claims: what is taken is what was sent. The sender's blocks are numbered from 0 and in order, no
 * more of them are under way than the window, no stanza is longer than promised, and without
 * answers and time it falls silent. In the end each honest message arrives within ten minutes,
 * whatever the hostile senders hold, since its account keeps within its share; or it has failed,
 * but only where stanzas came twice or out of order, which XMPP doesn't do. What goes to the
 * hostile receiver ends, given up by the pace, or done; nothing of the hostile senders' stays for
 * longer than their pace allows. Places, bytes and memory are within their limits at any time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "transfer/receiver.h"
#include "transfer/senders.h"
#include "attribute.h"
#include "fuzz.h"
#include "habit.h"

#define OWN     "own@example.org/1"
#define HONEST  "honest@example.org/soap"
#define HOSTILE "hostile@example.org/soap"

enum {
    MESSAGES = 4, /* of the sender: half of them to the hostile receiver */
    HONEST_MOST = 950,
    HOSTILE_MOST = 8000,
    INTRUDERS = 4, /* resources of two accounts, with two transfers each */
    PLACES = 6,
    PLACE_BYTES = 3000,
    ALL_BYTES = 6000,
    BLOCK_BYTES = 2048,
    NAME_BYTES = 160,
    MOST_POSTS = 1000,  /* without answers or time */
    HABITUAL_BYTES = 6, /* of what hostile ones do, at most */
    HONEST_S = 600,
    SIEGE_S = 1000 /* for longer than a hostile sender's bytes may take */
};

static const int64_t S = 1000000;

struct stanza {
    int64_t due_us;
    bool to_receiver;
    char *text; /* malloc'ed */
    struct stanza *next;
};

struct message {
    struct sx_sender *sender;
    char *copy;
    bool is_over, is_hostile;
    char sid[NAME_BYTES], last_id[NAME_BYTES]; /* of what went out last */
    unsigned long next_seq, answered;
};

struct intrusion {
    int64_t since_us; /* it has a place; -1: it hasn't */
    unsigned next_seq;
    size_t size;
};

struct scene {
    struct habit habit; /* of hostile ones */
    int64_t now_us, last_us[2];
    struct stanza *wire; /* the next due first */
    struct sx_senders *senders;
    struct sx_receiver *receiver;
    struct message messages[MESSAGES];
    unsigned window;
    size_t block_bytes;
    struct intrusion intrusions[INTRUDERS][2];
    bool is_calm;     /* the network does no harm any more */
    bool is_confused; /* something came twice, or out of order */
};

static const char *const intruders[INTRUDERS] = {"e@example.org/1", "e@example.org/2",
                                                 "f@example.org/1", "f@example.org/2"};

static unsigned draw(struct scene *scene, unsigned below)
{
    return habit_draw(&scene->habit, below);
}

/* ---- stanzas ---- */

static const char *find(const char *text, const char *tag, const char *name, char out[NAME_BYTES])
{
    return attribute_find(text, tag, name, out, NAME_BYTES);
}

/* What the network does is nobody's habit. */
static void put(struct scene *scene, bool to_receiver, const char *text)
{
    unsigned fate, copies;
    int64_t due_us = scene->now_us + 20000;
    fate = scene->is_calm ? 0 : fuzz_draw(&scene->habit.input, 16);
    copies = fate == 1 ? 0 : fate == 2 ? 2 : 1;
    scene->is_confused |= fate > 1 && fate < 4;
    if (fate == 3)
        due_us += (int64_t)fuzz_draw(&scene->habit.input, 64) * 500000;
    else if (due_us < scene->last_us[to_receiver])
        due_us = scene->last_us[to_receiver];
    if (fate != 3)
        scene->last_us[to_receiver] = due_us;
    for (; copies > 0; copies--) {
        struct stanza *stanza = malloc(sizeof *stanza), **place = &scene->wire;
        CLAIM(stanza);
        while (*place && (*place)->due_us <= due_us)
            place = &(*place)->next;
        *stanza = (struct stanza){due_us, to_receiver, fuzz_text(text, strlen(text)), *place};
        *place = stanza;
    }
}

static struct stanza *take_first(struct scene *scene)
{
    struct stanza *first = scene->wire;
    scene->wire = first->next;
    return first;
}

static void drop_wire(struct scene *scene)
{
    while (scene->wire) {
        struct stanza *stanza = take_first(scene);
        free(stanza->text);
        free(stanza);
    }
}

/* ---- the sender ---- */

/* What the receiver has for a message that is done; it may have been forgotten meanwhile, and then
 * goes out again. */
static void finish(struct scene *scene, struct message *message)
{
    const struct sx_sender *sender = message->sender;
    char *bytes = NULL;
    size_t size = sx_sender_size(sender);
    CLAIM(sx_sender_done_bytes(sender) == size);
    message->is_over = true;
    if (message->is_hostile)
        return;
    if (!sx_receiver_take(scene->receiver, OWN, sx_sender_id(sender), size,
                          sx_sender_sha256(sender), &bytes)) {
        CLAIM(sx_senders_add(scene->senders, message->sender, scene->now_us) == SX_OK);
        message->is_over = false;
        return;
    }
    CLAIM(memcmp(bytes, message->copy, size) == 0);
    free(bytes);
}

static void note(struct scene *scene, struct sx_sender *moved)
{
    struct message *message;
    if (!moved)
        return;
    message = sx_sender_user(moved);
    CLAIM(sx_sender_done_bytes(moved) <= sx_sender_size(moved));
    if (sx_sender_state(moved) == SX_SENDER_DONE)
        finish(scene, message);
    if (sx_sender_state(moved) != SX_SENDER_FAILED)
        return;
    CLAIM((message->is_hostile || scene->is_confused) && *sx_sender_condition(moved));
    message->is_over = true;
}

static void claim_posted(const struct scene *scene, struct message *message,
                         const struct sx_buffer *out)
{
    char id[NAME_BYTES], sid[NAME_BYTES], seq[NAME_BYTES];
    CLAIM(out->len <= (scene->block_bytes + 2) / 3 * 4 + 2 * NAME_BYTES + 512);
    CLAIM(find(out->bytes, "iq", "id", id));
    snprintf(message->last_id, sizeof message->last_id, "%s", id);
    if (find(out->bytes, "open", "sid", sid)) {
        CLAIM(strcmp(sid, message->sid) != 0);
        snprintf(message->sid, sizeof message->sid, "%s", sid);
        message->next_seq = message->answered = 0;
    } else if (find(out->bytes, "data", "sid", sid)) {
        CLAIM(strcmp(sid, message->sid) == 0 && find(out->bytes, "data", "seq", seq));
        CLAIM(strtoul(seq, NULL, 10) == message->next_seq++ % 65536);
        CLAIM(message->next_seq - message->answered <= scene->window);
    } else {
        CLAIM(find(out->bytes, "close", "sid", sid) && strcmp(sid, message->sid) == 0);
    }
}

static struct message *find_by_id(struct scene *scene, const char *id)
{
    unsigned i;
    for (i = 0; i < MESSAGES; i++)
        if (sx_sender_gave_out(scene->messages[i].sender, id))
            return &scene->messages[i];
    return NULL;
}

static void post_all(struct scene *scene)
{
    struct sx_buffer out = {0};
    unsigned posts = 0;
    while (sx_senders_next(scene->senders, scene->now_us, &out)) {
        char id[NAME_BYTES];
        struct message *message;
        CLAIM(!out.failed && ++posts < MOST_POSTS && find(out.bytes, "iq", "id", id));
        message = find_by_id(scene, id);
        CLAIM(message);
        claim_posted(scene, message, &out);
        if (!message->is_hostile)
            put(scene, true, out.bytes);
        sx_buffer_clear(&out);
    }
    CLAIM(!out.failed);
    sx_buffer_fini(&out);
}

static void reply(struct scene *scene, const char *from, const char *id,
                  const struct sx_sender_reply *what)
{
    struct sx_sender *moved = NULL;
    struct message *message = find_by_id(scene, id);
    const char *number = strrchr(id, '.');
    (void)sx_senders_reply(scene->senders, from, id, what, scene->now_us, &moved);
    if (moved && !what->condition && number && strtoul(number + 1, NULL, 10) > message->answered)
        message->answered = strtoul(number + 1, NULL, 10);
    note(scene, moved);
}

/* As a shipment of an answer does: nobody takes it, or too slowly. */
static void give_up(struct scene *scene)
{
    unsigned i;
    for (i = 0; i < MESSAGES; i++) {
        struct message *message = &scene->messages[i];
        const struct sx_sender *sender = message->sender;
        if (message->is_over || !message->is_hostile ||
            (sx_sender_stalled_us(sender, scene->now_us) < 60 * S &&
             sx_pace_due_us(sx_sender_pace(sender)) > scene->now_us))
            continue;
        sx_senders_remove(scene->senders, message->sender, NULL);
        message->is_over = true;
    }
}

/* ---- the honest receiver ---- */

static void claim_room(const struct scene *scene)
{
    struct sx_receiver_counts counts;
    sx_receiver_count(scene->receiver, &counts);
    CLAIM(counts.transfers <= PLACES && counts.announced_bytes <= ALL_BYTES);
    CLAIM(counts.held_bytes <= counts.announced_bytes);
}

static void answer(struct scene *scene, const char *text, const char *sid,
                   const struct sx_receiver_answer *what)
{
    char id[NAME_BYTES];
    const struct sx_head head = {.to = OWN, .id = find(text, "iq", "id", id)};
    struct sx_buffer out = {0};
    sx_receiver_format_answer(&out, &head, what);
    CLAIM(!out.failed);
    put(scene, false, out.bytes);
    sx_buffer_clear(&out);
    if (what->closes) {
        sx_receiver_format_close(&out, &head, sid);
        put(scene, false, out.bytes);
    }
    sx_buffer_fini(&out);
}

static void take_block(struct scene *scene, const char *text, const char *sid,
                       struct sx_receiver_answer *what)
{
    const char *content = strchr(strstr(text, "<data "), '>') + 1;
    char seq[NAME_BYTES], *bytes = fuzz_text(content, strcspn(content, "<"));
    size_t len = 0;
    CLAIM(sx_base64_decode(bytes, strlen(bytes), &len));
    sx_receiver_data(scene->receiver, OWN, sid, find(text, "data", "seq", seq), bytes, len,
                     scene->now_us, what);
    free(bytes);
}

static void to_receiver(struct scene *scene, const char *text)
{
    char sid[NAME_BYTES], block[NAME_BYTES], transfer[NAME_BYTES], size[NAME_BYTES],
        sha256[NAME_BYTES];
    struct sx_receiver_answer what = {0};
    if (find(text, "open", "sid", sid)) {
        const struct sx_receiver_open open = {sid,
                                              find(text, "open", "block-size", block),
                                              "iq",
                                              find(text, "packed", "transfer", transfer),
                                              find(text, "packed", "size", size),
                                              find(text, "packed", "sha256", sha256)};
        sx_receiver_open(scene->receiver, OWN, &open, scene->now_us, &what);
    } else if (find(text, "data", "sid", sid)) {
        take_block(scene, text, sid, &what);
    } else {
        CLAIM(find(text, "close", "sid", sid));
        sx_receiver_close(scene->receiver, OWN, sid, &what);
    }
    answer(scene, text, sid, &what);
}

static void to_sender(struct scene *scene, const char *text)
{
    char id[NAME_BYTES], sid[NAME_BYTES], received[NAME_BYTES], condition[NAME_BYTES] = "";
    struct sx_sender *moved = NULL;
    struct sx_sender_reply what = {.received = find(text, "packed", "received", received)};
    const char *error = strstr(text, "<error");
    if (find(text, "close", "sid", sid)) {
        (void)sx_senders_closed(scene->senders, HONEST, sid, scene->now_us, &moved);
        note(scene, moved);
        return;
    }
    if (error) {
        const char *name = strchr(error + 1, '<') + 1;
        snprintf(condition, sizeof condition, "%.*s", (int)strcspn(name, " "), name);
        what.condition = condition;
        what.type = strstr(error, "type='wait'") ? "wait" : "cancel";
    }
    if (find(text, "iq", "id", id))
        reply(scene, HONEST, id, &what);
}

/* ---- time ---- */

/* Until then all happens that is due. */
static void run(struct scene *scene, int64_t until_us)
{
    for (;;) {
        int64_t due_us;
        post_all(scene);
        claim_room(scene);
        due_us = sx_senders_due_us(scene->senders);
        CLAIM(due_us > scene->now_us);
        if (scene->wire && scene->wire->due_us < due_us)
            due_us = scene->wire->due_us;
        if (due_us > until_us)
            break;
        scene->now_us = due_us > scene->now_us ? due_us : scene->now_us;
        while (scene->wire && scene->wire->due_us <= scene->now_us) {
            struct stanza *stanza = take_first(scene);
            (stanza->to_receiver ? to_receiver : to_sender)(scene, stanza->text);
            free(stanza->text);
            free(stanza);
        }
    }
    scene->now_us = until_us;
}

static void cut(struct scene *scene)
{
    drop_wire(scene);
    sx_senders_lost(scene->senders, scene->now_us);
    run(scene, scene->now_us + draw(scene, 200) * S);
    sx_senders_online(scene->senders);
}

/* ---- the hostile ones ---- */

static void hostile_receiver(struct scene *scene)
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
    static const char *const numbers[] = {NULL, "0", "1", "700", "4000", "99999999999999999999",
                                          "x"};
    struct message *message = &scene->messages[draw(scene, MESSAGES / 2) * 2 + 1];
    unsigned kind = draw(scene, 16), condition = draw(scene, 9);
    const struct sx_sender_reply what = {.condition = conditions[condition],
                                         .type = types[kind / 4],
                                         .received = numbers[draw(scene, 7)],
                                         .text = "t"};
    struct sx_sender *moved = NULL;
    char id[NAME_BYTES + 32];
    post_all(scene);
    if (kind == 15) {
        (void)sx_senders_closed(scene->senders, HOSTILE, message->sid, scene->now_us, &moved);
        note(scene, moved);
        return;
    }
    snprintf(id, sizeof id, "%s", message->last_id);
    if (kind % 4 == 3)
        snprintf(id, sizeof id, "%s.%u", message->sid, draw(scene, 8));
    reply(scene, HOSTILE, id, &what);
}

static void note_intrusion(struct scene *scene, unsigned who, unsigned which, const char *transfer)
{
    struct intrusion *intrusion = &scene->intrusions[who][which];
    size_t received, size;
    int64_t steps;
    if (!sx_receiver_progress(scene->receiver, intruders[who], transfer, &received, &size)) {
        intrusion->since_us = -1;
        return;
    }
    if (intrusion->since_us < 0)
        intrusion->since_us = scene->now_us;
    steps = (int64_t)(size / 1024) + 2;
    CLAIM(scene->now_us - intrusion->since_us <= steps * SX_PACE_STEP_US);
}

static void hostile_sender(struct scene *scene)
{
    static const char bytes[BLOCK_BYTES];
    static const char sha256[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char *const names[] = {"t0", "t1"};
    unsigned who = draw(scene, INTRUDERS), which = draw(scene, 2), kind = draw(scene, 8);
    struct intrusion *intrusion = &scene->intrusions[who][which];
    struct sx_receiver_answer what;
    char number[32];
    sx_receiver_expire(scene->receiver, scene->now_us);
    note_intrusion(scene, who, which, names[which]);
    if (kind < 3) {
        const struct sx_receiver_open open = {names[which], "2048", "iq",
                                              names[which], number, sha256};
        size_t size = 1 + draw(scene, 250) * 12;
        if (intrusion->since_us < 0)
            intrusion->size = size;
        snprintf(number, sizeof number, "%zu", intrusion->size);
        sx_receiver_open(scene->receiver, intruders[who], &open, scene->now_us, &what);
        intrusion->next_seq = 0;
    } else if (kind < 7) {
        snprintf(number, sizeof number, "%u", intrusion->next_seq++);
        sx_receiver_data(scene->receiver, intruders[who], names[which], number, bytes,
                         1 + draw(scene, 8) * (kind == 6 ? 250 : 1), scene->now_us, &what);
    } else {
        sx_receiver_close(scene->receiver, intruders[who], names[which], &what);
    }
    note_intrusion(scene, who, which, names[which]);
    claim_room(scene);
}

/* ---- the whole ---- */

static void write_message(struct scene *scene, unsigned i)
{
    struct message *message = &scene->messages[i];
    const struct sx_sender_settings settings = {.window = scene->window,
                                                .adapts = i & 2,
                                                .operation = "add",
                                                .block_bytes = scene->block_bytes};
    size_t size, at;
    char *bytes;
    message->is_hostile = i % 2;
    size = 1 + draw(scene, 256) * (message->is_hostile ? HOSTILE_MOST : HONEST_MOST) / 256;
    bytes = malloc(size);
    CLAIM(bytes);
    for (at = 0; at < size; at++)
        bytes[at] = (char)(17 * i + 7 * at + at / 256);
    message->copy = fuzz_bytes(bytes, size);
    message->sender =
        sx_sender_new(message->is_hostile ? HOSTILE : HONEST, bytes, size, &settings, message);
    CLAIM(message->sender);
    CLAIM(sx_senders_add(scene->senders, message->sender, scene->now_us) == SX_OK);
}

static void read_input(struct scene *scene)
{
    while (scene->habit.input.len) {
        unsigned operation = draw(scene, 8);
        habit_make_room(&scene->habit, HABITUAL_BYTES);
        if (operation >= 3)
            habit_begin(&scene->habit, operation < 6);
        if (operation == 0)
            run(scene, scene->now_us + draw(scene, 256) * INT64_C(40000));
        else if (operation == 1)
            run(scene, scene->now_us + draw(scene, 200) * S);
        else if (operation == 2)
            cut(scene);
        else if (operation < 6)
            hostile_receiver(scene);
        else
            hostile_sender(scene);
        habit_end(&scene->habit);
        run(scene, scene->now_us);
    }
}

/* The hostile ones go on as they have begun. */
static void repeat_habit(struct scene *scene)
{
    habit_repeat(&scene->habit);
    while (scene->habit.input.len) {
        if (draw(scene, 2))
            hostile_receiver(scene);
        else
            hostile_sender(scene);
    }
}

static void come_to_an_end(struct scene *scene, int64_t pause_us)
{
    int64_t honest_us = scene->now_us + HONEST_S * S;
    int64_t hostile_us = scene->now_us + (HOSTILE_MOST / 1024 + 3) * (int64_t)SX_PACE_STEP_US;
    int64_t siege_us = scene->now_us + SIEGE_S * S;
    bool are_over = false;
    unsigned i;
    scene->is_calm = true;
    while (!are_over || (scene->habit.len && scene->now_us < siege_us)) {
        run(scene, scene->now_us + pause_us);
        repeat_habit(scene);
        give_up(scene);
        for (are_over = true, i = 0; i < MESSAGES; i++) {
            const struct message *message = &scene->messages[i];
            CLAIM(message->is_over ||
                  scene->now_us < (message->is_hostile ? hostile_us : honest_us));
            are_over &= message->is_over;
        }
    }
    CLAIM(sx_senders_count(scene->senders) == 0);
    /* and without them nobody has a place */
    sx_receiver_expire(scene->receiver, scene->now_us + SX_PACE_STEP_US);
    CLAIM(sx_receiver_due_us(scene->receiver) == SX_NEVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct sx_receiver_limits limits = {PLACE_BYTES, ALL_BYTES, BLOCK_BYTES, PLACES};
    struct scene scene = {.habit = {.input = {bytes, len}}, .now_us = S};
    unsigned i;
    int64_t pause_us;
    scene.receiver = sx_receiver_new(&limits);
    scene.senders = sx_senders_new(MESSAGES);
    CLAIM(scene.receiver && scene.senders);
    scene.window = 1 + draw(&scene, 8);
    scene.block_bytes = 8 + draw(&scene, 256) * 8U;
    pause_us = (2 + draw(&scene, 58)) * S;
    for (i = 0; i < MESSAGES; i++)
        write_message(&scene, i);
    for (i = 0; i < INTRUDERS; i++)
        scene.intrusions[i][0].since_us = scene.intrusions[i][1].since_us = -1;
    sx_senders_online(scene.senders);
    read_input(&scene);
    come_to_an_end(&scene, pause_us);
    drop_wire(&scene);
    for (i = 0; i < MESSAGES; i++) {
        sx_sender_free(scene.messages[i].sender);
        free(scene.messages[i].copy);
    }
    sx_senders_free(scene.senders);
    sx_receiver_free(scene.receiver);
    return 0;
}
