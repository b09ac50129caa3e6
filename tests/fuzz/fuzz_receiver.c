/* fuzz_receiver.c - peers that open, send, close and ask in any order, beside a model.
 *
 * Input: operations of a few bytes each; what is left over when an operation begins is 0.
 * Claims: each answer is the model's; what is taken is what was announced, byte for byte; bounds
 * hold at any time: places, bytes announced, memory held, a peer's share; what gets on too slowly
 * goes in its time, what must make room does, nothing else; and an open of any words leaves all of
 * that true. The messages are so small that only their end is a step.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "transfer/pace.h"
#include "transfer/receiver.h"
#include "transfer/share.h"
#include "fuzz.h"

enum {
    PEERS = 3,
    ACCOUNTS = 3, /* two of the peers, and WORDS */
    WORDS = 2,
    MESSAGES = 4,
    SIDS = 3,
    PLACES = 5,
    MESSAGE_BYTES = 300,
    ALL_BYTES = 450,
    BLOCK_BYTES = 64,
    WORD_BYTES = 120,
    TIME_US = 10000000, /* that each has before it may have to make room, and 1 ms for */
    TIME_BYTES = 64     /* as many of its bytes */
};

static const char *const peers[PEERS] = {"a@example.org/1", "a@example.org/2", "b@example.org/1"};
static const unsigned accounts[PEERS] = {0, 0, 1}; /* which share their places */
static const char *const ids[MESSAGES] = {"m0", "m1", "m2", "m3"};
static const char *const sids[SIDS] = {"s0", "s1", "s2"};
static const size_t sizes[MESSAGES] = {1, 40, 130, 300};

/* A transfer as it should be. */
struct model {
    bool is_here, is_complete, is_true; /* is_true: so far the bytes are the message's */
    size_t size, received, block_bytes;
    bool has_right_hash;
    int sid; /* -1: none */
    unsigned next_seq;
    int64_t begun_us, step_us, heard_us;
    unsigned long order; /* of the last step, among all */
};

struct scene {
    struct fuzz_input input;
    int64_t now_us;
    unsigned long steps;
    int64_t waits_until_us[ACCOUNTS]; /* for bytes; there are places for all */
    struct sx_receiver *receiver;
    struct model models[PEERS][MESSAGES];
    char hashes[MESSAGES][SX_SHA256_HEX_BYTES], wrong[SX_SHA256_HEX_BYTES];
    char contents[MESSAGES][MESSAGE_BYTES + 1];
};

static unsigned draw(struct scene *scene, unsigned below)
{
    return fuzz_draw(&scene->input, below);
}

/* ---- the model ---- */

static int64_t due_us(const struct model *model)
{
    int64_t pause_us = model->heard_us + SX_PACE_PAUSE_US;
    int64_t step_us = model->step_us + SX_PACE_STEP_US;
    return pause_us < step_us ? pause_us : step_us;
}

static void forget_idle(struct scene *scene)
{
    unsigned i;
    for (i = 0; i < PEERS * MESSAGES; i++) {
        struct model *model = &scene->models[i / MESSAGES][i % MESSAGES];
        if (model->is_here && due_us(model) <= scene->now_us)
            model->is_here = false;
    }
}

struct sums {
    size_t all_bytes, own_bytes;
    unsigned all, own;
    int64_t due_us;
};

static struct sums add_up(const struct scene *scene, unsigned peer)
{
    struct sums sums = {.due_us = SX_NEVER};
    unsigned i;
    for (i = 0; i < PEERS * MESSAGES; i++) {
        const struct model *model = &scene->models[i / MESSAGES][i % MESSAGES];
        if (!model->is_here)
            continue;
        sums.all++;
        sums.all_bytes += model->size;
        if (accounts[i / MESSAGES] == accounts[peer]) {
            sums.own++;
            sums.own_bytes += model->size;
        }
        if (due_us(model) < sums.due_us)
            sums.due_us = due_us(model);
    }
    return sums;
}

static void step(struct scene *scene, struct model *model)
{
    model->step_us = model->heard_us = scene->now_us;
    model->order = ++scene->steps;
}

/* The one whose last step is longest ago of those that may have to make room for so many bytes; it
 * has more than these shares. NULL: nobody. */
static struct model *find_slowest(struct scene *scene, unsigned places, size_t bytes)
{
    struct model *slowest = NULL;
    unsigned i;
    for (i = 0; i < PEERS * MESSAGES; i++) {
        struct model *model = &scene->models[i / MESSAGES][i % MESSAGES];
        struct sums sums = add_up(scene, i / MESSAGES);
        bool has_too_much = sums.all == PLACES ? sums.own > places : sums.own_bytes > bytes;
        if (model->is_here && has_too_much &&
            model->begun_us + TIME_US + (int64_t)(model->size / TIME_BYTES) * 1000 <=
                scene->now_us &&
            (!slowest || model->order < slowest->order))
            slowest = model;
    }
    return slowest;
}

/* Of an account: what it has, or would have. */
struct part {
    unsigned account, places;
    size_t bytes;
};

/* Those that must make room do; if they can't, all is as it was. */
static bool make_room(struct scene *scene, const struct part *share, size_t size)
{
    struct scene before = *scene;
    struct sums sums = add_up(scene, 0);
    while (sums.all == PLACES || sums.all_bytes + size > ALL_BYTES) {
        struct model *slowest = find_slowest(scene, share->places, share->bytes);
        if (!slowest) {
            *scene = before;
            return false;
        }
        slowest->is_here = false;
        sums = add_up(scene, 0);
    }
    return true;
}

/* The share of this account among those that have something, or wait for bytes; whether others
 * wait. */
static struct part find_share(const struct scene *scene, unsigned account, bool *others_wait)
{
    unsigned other, count = 1;
    *others_wait = false;
    for (other = 0; other < ACCOUNTS; other++) {
        bool waits = scene->waits_until_us[other] > scene->now_us;
        bool has_some = other < WORDS && add_up(scene, other ? PEERS - 1 : 0).own > 0;
        count += other != account && (waits || has_some);
        *others_wait |= other != account && waits;
    }
    return (struct part){account, PLACES / count, ALL_BYTES / count};
}

/* A message more gets in, others may have to go for it. With it the account has this. */
static bool let_in(struct scene *scene, const struct part *part, size_t size)
{
    bool others_wait;
    struct part share = find_share(scene, part->account, &others_wait);
    struct sums sums = add_up(scene, 0);
    bool is_within = part->places <= share.places && part->bytes <= share.bytes;
    bool fits = sums.all < PLACES && sums.all_bytes + size <= ALL_BYTES;
    bool gets_in = fits && (!others_wait || part->bytes <= share.bytes);
    if (!gets_in && is_within)
        gets_in = make_room(scene, &share, size);
    if (gets_in)
        scene->waits_until_us[part->account] = 0;
    else if (is_within)
        scene->waits_until_us[part->account] = scene->now_us + SX_SHARE_WAIT_US;
    return gets_in;
}

static struct model *find_session(struct scene *scene, unsigned peer, int sid)
{
    unsigned i;
    for (i = 0; i < MESSAGES; i++)
        if (scene->models[peer][i].is_here && scene->models[peer][i].sid == sid)
            return &scene->models[peer][i];
    return NULL;
}

static const char *predict_open(struct scene *scene, unsigned peer, unsigned message, int sid,
                                size_t size, bool has_right_hash, size_t block_bytes)
{
    struct model *model = &scene->models[peer][message];
    const struct model *other = find_session(scene, peer, sid);
    struct sums sums = add_up(scene, peer);
    const struct part part = {accounts[peer], sums.own + 1, sums.own_bytes + size};
    if (size > MESSAGE_BYTES)
        return "not-acceptable";
    if (block_bytes > BLOCK_BYTES)
        return "resource-constraint";
    if (other && other != model)
        return "not-acceptable";
    if (model->is_here)
        return model->size == size && model->has_right_hash == has_right_hash ? NULL
                                                                              : "not-acceptable";
    if (sums.own && (sums.own >= PLACES / 2 || sums.own_bytes + size > ALL_BYTES / 2))
        return "resource-constraint";
    return let_in(scene, &part, size) ? NULL : "resource-constraint";
}

/* ---- operations ---- */

static void claim_answer(const struct sx_receiver_answer *answer, const char *condition)
{
    CLAIM(!answer->condition == !condition);
    CLAIM(!condition || strcmp(condition, answer->condition) == 0);
    CLAIM(!condition || (answer->type && *answer->text));
}

static void open_one(struct scene *scene)
{
    unsigned peer = draw(scene, PEERS), message = draw(scene, MESSAGES);
    int sid = (int)draw(scene, SIDS);
    unsigned kind = draw(scene, 64);
    size_t size = sizes[message] + (kind % 8 == 1), block_bytes = kind % 8 == 2 ? 65 : 1 + kind;
    bool has_right_hash = kind % 8 != 3;
    struct model *model = &scene->models[peer][message];
    char size_text[32], block_text[32];
    const struct sx_receiver_open open = {
        sids[sid],    block_text, "iq",
        ids[message], size_text,  has_right_hash ? scene->hashes[message] : scene->wrong};
    struct sx_receiver_answer answer;
    const char *condition;
    snprintf(size_text, sizeof size_text, "%zu", size);
    snprintf(block_text, sizeof block_text, "%zu", block_bytes);
    forget_idle(scene);
    condition = predict_open(scene, peer, message, sid, size, has_right_hash, block_bytes);
    sx_receiver_open(scene->receiver, peers[peer], &open, scene->now_us, &answer);
    claim_answer(&answer, condition);
    if (condition)
        return;
    if (!model->is_here) {
        *model = (struct model){.is_here = true,
                                .is_true = true,
                                .size = size,
                                .has_right_hash = has_right_hash,
                                .begun_us = scene->now_us};
        step(scene, model);
    } else if (!model->is_complete) {
        model->heard_us = scene->now_us;
    }
    model->sid = sid;
    model->block_bytes = block_bytes;
    model->next_seq = 0;
    CLAIM(answer.is_open && answer.received == model->received && answer.size == model->size);
}

/* What the model makes of the next block, which is well-formed; it is gone if gone. */
static const char *append(struct scene *scene, struct model *model, unsigned message,
                          const char *bytes, size_t len)
{
    size_t rest = sizes[message] - model->received;
    if (len > model->size - model->received) {
        model->is_here = false;
        return "bad-request";
    }
    model->next_seq = (model->next_seq + 1) % 65536;
    if (!len)
        return NULL;
    if (model->received > sizes[message] || len > rest ||
        memcmp(scene->contents[message] + model->received, bytes, len) != 0)
        model->is_true = false;
    model->received += len;
    model->heard_us = scene->now_us;
    if (model->received < model->size)
        return NULL;
    model->is_complete = model->is_true && model->has_right_hash && model->size == sizes[message];
    model->is_here = model->is_complete;
    step(scene, model);
    return model->is_complete ? NULL : "not-acceptable";
}

static const char *predict_data(struct scene *scene, unsigned peer, struct model *model,
                                unsigned seq, const char *bytes, size_t len)
{
    const char *condition = NULL;
    if (!model)
        return "item-not-found";
    if (seq != model->next_seq)
        condition = "unexpected-request";
    else if (!bytes || len > model->block_bytes)
        condition = "bad-request";
    if (condition) {
        model->sid = -1;
        return condition;
    }
    return append(scene, model, (unsigned)(model - scene->models[peer]), bytes, len);
}

static void send_one(struct scene *scene)
{
    unsigned peer = draw(scene, PEERS), kind, seq, message;
    int sid = (int)draw(scene, SIDS);
    size_t len = draw(scene, BLOCK_BYTES + 2);
    struct model *model = find_session(scene, peer, sid);
    char seq_text[32], *bytes = fuzz_bytes(scene->hashes, BLOCK_BYTES + 2);
    struct sx_receiver_answer answer;
    const char *condition;
    kind = draw(scene, 16);
    message = model ? (unsigned)(model - scene->models[peer]) : 0;
    if (model && model->received < sizes[message]) {
        size_t rest = sizes[message] - model->received;
        if (kind != 1 && len > rest)
            len = rest;
        memcpy(bytes, scene->contents[message] + model->received, len < rest ? len : rest);
    }
    if (kind == 2 && len)
        bytes[len - 1] ^= 1;
    seq = (model ? model->next_seq : 0) + (kind == 3 ? 1 : 0);
    snprintf(seq_text, sizeof seq_text, "%u", seq);
    condition = predict_data(scene, peer, model, seq, kind == 4 ? NULL : bytes, len);
    sx_receiver_data(scene->receiver, peers[peer], sids[sid], seq_text, kind == 4 ? NULL : bytes,
                     len, scene->now_us, &answer);
    claim_answer(&answer, condition);
    CLAIM(answer.closes == (model && condition));
    CLAIM(condition || answer.received == model->received);
    free(bytes);
}

static void close_one(struct scene *scene)
{
    unsigned peer = draw(scene, PEERS);
    int sid = (int)draw(scene, SIDS);
    struct model *model = find_session(scene, peer, sid);
    struct sx_receiver_answer answer;
    sx_receiver_close(scene->receiver, peers[peer], sids[sid], &answer);
    claim_answer(&answer, model ? NULL : "item-not-found");
    if (model && model->is_complete)
        model->sid = -1;
    else if (model)
        model->is_here = false;
}

static void take_one(struct scene *scene)
{
    unsigned peer = draw(scene, PEERS), message = draw(scene, MESSAGES), kind = draw(scene, 8);
    struct model *model = &scene->models[peer][message];
    size_t size = sizes[message] + (kind == 1);
    const char *hash = kind == 2 ? scene->wrong : scene->hashes[message];
    bool is_to_be = model->is_here && model->is_complete && kind != 1 && kind != 2;
    char *bytes = NULL;
    CLAIM(sx_receiver_take(scene->receiver, peers[peer], ids[message], size, hash, &bytes) ==
          is_to_be);
    CLAIM(!bytes == !is_to_be);
    if (!is_to_be)
        return;
    CLAIM(memcmp(bytes, scene->contents[message], size) == 0);
    model->is_here = false;
    free(bytes);
}

static void drop_one(struct scene *scene)
{
    unsigned peer = draw(scene, PEERS), message = draw(scene, MESSAGES);
    sx_receiver_drop(scene->receiver, peers[peer], ids[message]);
    scene->models[peer][message].is_here = false;
}

static void let_time_pass(struct scene *scene)
{
    scene->now_us += draw(scene, 130) * INT64_C(1000000) + draw(scene, 8) * 1000;
    if (draw(scene, 2)) {
        sx_receiver_expire(scene->receiver, scene->now_us);
        forget_idle(scene);
    }
}

/* Words of the input's own: whatever they are, nobody else's transfer is touched unless it has to
 * make room. What they open is dropped again. */
static void open_words(struct scene *scene)
{
    char *words[6];
    struct sx_receiver_open open;
    struct sx_receiver_answer answer;
    unsigned i;
    for (i = 0; i < 6; i++) {
        size_t len = draw(scene, WORD_BYTES);
        len = len < scene->input.len ? len : scene->input.len;
        words[i] = fuzz_text(scene->input.bytes, len);
        scene->input.bytes += len;
        scene->input.len -= len;
    }
    open = (struct sx_receiver_open){words[0], words[1], *words[2] ? words[2] : NULL,
                                     words[3], words[4], words[5]};
    sx_receiver_open(scene->receiver, "c@example.org/words", &open, scene->now_us, &answer);
    forget_idle(scene);
    CLAIM(answer.is_open == !answer.condition);
    if (answer.is_open)
        CLAIM(strlen(words[0]) <= SX_RECEIVER_SID_BYTES &&
              strlen(words[3]) <= SX_RECEIVER_ID_BYTES);
    if (answer.is_open || (answer.type && strcmp(answer.type, "wait") == 0)) {
        const struct part part = {WORDS, 1, strtoul(words[4], NULL, 10)};
        CLAIM(let_in(scene, &part, part.bytes) == answer.is_open);
    }
    sx_receiver_drop(scene->receiver, "c@example.org/words", words[3]);
    for (i = 0; i < 6; i++)
        free(words[i]);
}

/* ---- the whole ---- */

static void claim_bounds(const struct scene *scene)
{
    struct sx_receiver_counts counts;
    size_t received, size;
    unsigned i;
    sx_receiver_count(scene->receiver, &counts);
    CLAIM(counts.transfers <= PLACES && counts.announced_bytes <= ALL_BYTES);
    CLAIM(counts.held_bytes <= counts.announced_bytes);
    for (i = 0; i < PEERS; i++) {
        struct sums sums = add_up(scene, i);
        CLAIM(sums.all == counts.transfers && sums.all_bytes == counts.announced_bytes);
        CLAIM(sums.due_us == sx_receiver_due_us(scene->receiver));
        CLAIM(sums.own <= 1 || (sums.own <= PLACES / 2 && sums.own_bytes <= ALL_BYTES / 2));
    }
    for (i = 0; i < PEERS * MESSAGES; i++) {
        const struct model *model = &scene->models[i / MESSAGES][i % MESSAGES];
        bool is_here = sx_receiver_progress(scene->receiver, peers[i / MESSAGES], ids[i % MESSAGES],
                                            &received, &size);
        CLAIM(is_here == model->is_here);
        CLAIM(!is_here || (received == model->received && size == model->size));
    }
}

static void write_contents(struct scene *scene)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned i, at;
    for (i = 0; i < MESSAGES; i++) {
        for (at = 0; at < sizes[i]; at++)
            scene->contents[i][at] = (char)(31 * i + 7 * at);
        CLAIM(EVP_Digest(scene->contents[i], sizes[i], digest, NULL, EVP_sha256(), NULL) == 1);
        sx_sender_format_sha256(digest, scene->hashes[i]);
    }
    memset(digest, 0, sizeof digest);
    sx_sender_format_sha256(digest, scene->wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void (*const operations[])(struct scene *) = {open_one, send_one,      send_one,
                                                         send_one, close_one,     take_one,
                                                         drop_one, let_time_pass, open_words};
    const struct sx_receiver_limits limits = {MESSAGE_BYTES, ALL_BYTES, BLOCK_BYTES, PLACES};
    struct scene scene = {.input = {bytes, len}, .now_us = 1000000};
    scene.receiver = sx_receiver_new(&limits);
    CLAIM(scene.receiver);
    write_contents(&scene);
    while (scene.input.len) {
        operations[draw(&scene, sizeof operations / sizeof *operations)](&scene);
        claim_bounds(&scene);
    }
    sx_receiver_free(scene.receiver);
    return 0;
}
