/* sender.c - one big message on its way out, attempt by attempt.
 *
 * Invariant: base <= done <= sent <= size, done <= most_done <= size, counted in bytes of the
 * message; block k of an attempt (1, 2, ...) begins at base + (k - 1) * block_bytes. State and
 * counters change only after the stanza that goes with the change has been formatted whole.
 *
 * An answer to block k answers all before it: the receiver takes blocks in order or not at all
 * (XEP-0047 2.2), so that it can't have taken k without them.
 *
 * Happy path and failures: sender.h.
 */
#include "transfer/sender.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/random.h"
#include "transfer/window.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

enum {
    ID_RANDOM_BYTES = (SX_SENDER_ID_BYTES - 1) / 2,
    SHA256_BYTES = 32,
    NAME_BYTES = SX_SENDER_ID_BYTES + 48, /* of a sid or an iq's id */
    SEQ_COUNT = 65536,                    /* XEP-0047 2.2: 16 bits, the counter loops */
    FIRST_PAUSE_US = 250000,              /* nobody is there, or the session is over */
    FIRST_REST_US = 1000000,              /* the receiver has no room just now */
    MOST_PAUSE_US = 30000000,
    DOUBT_DIVISOR = 5, /* the part of its silence that a receiver has which asked again */
    FRAME_BYTES = 512  /* an iq around a block but for its `to` */
};

struct sx_sender {
    /* immutable */
    char id[SX_SENDER_ID_BYTES], sha256[SX_SHA256_HEX_BYTES];
    char *from;      /* NULL but for a component */
    char *operation; /* "" for none */
    size_t size;
    struct sx_window window;
    void *user;

    char *to;
    char *bytes;
    enum sx_sender_state state;
    unsigned long attempt;
    size_t block_bytes;
    int64_t due_us, pause_us; /* of the next attempt; the last pause, 0 since there was progress */
    size_t most_done;    /* at any time: what a receiver loses and takes again is no progress */
    int64_t progress_us; /* when that grew */
    struct sx_pace pace;
    int64_t silence_us; /* that ends an attempt */

    /* of this attempt */
    size_t base, sent, done;
    size_t blocks_sent, blocks_done;
    bool close_sent;
    int64_t doubted_us; /* when the receiver asked for all of it again, first since then: */
    int64_t heard_us;   /* when something was answered, or the first unanswered thing went out */

    char condition[48], text[256];
};

/* ---- what both ends write and read ---- */

bool sx_sender_parse_number(const char *text, size_t most, size_t *number)
{
    size_t value = 0;
    if (!text || !*text)
        return false;
    for (; *text; text++) {
        size_t digit = (size_t)(*text - '0');
        if (*text < '0' || *text > '9' || digit > most || value > (most - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    *number = value;
    return true;
}

void sx_sender_format_sha256(const unsigned char digest[32], char out[SX_SHA256_HEX_BYTES])
{
    sx_hex_format(digest, SHA256_BYTES, out);
}

/* ---- life ---- */

static bool draw_id(struct sx_sender *sender)
{
    unsigned char random[ID_RANDOM_BYTES];
    if (!sx_random_fill(random, sizeof random))
        return false;
    sx_hex_format(random, sizeof random, sender->id);
    return true;
}

bool sx_sender_hash(const char *bytes, size_t size, char out[SX_SHA256_HEX_BYTES])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    sx_sender_format_sha256(digest, out);
    return true;
}

static bool hash(struct sx_sender *sender, const char *bytes, size_t size, const char *sha256)
{
    if (!sha256)
        return sx_sender_hash(bytes, size, sender->sha256);
    snprintf(sender->sha256, sizeof sender->sha256, "%s", sha256);
    return true;
}

struct sx_sender *sx_sender_new(const char *to, char *bytes, size_t size,
                                const struct sx_sender_settings *settings, void *user)
{
    struct sx_sender *sender = calloc(1, sizeof *sender);
    assert(size && settings->window && settings->window <= SX_WINDOW_MOST &&
           settings->block_bytes && settings->block_bytes <= SX_SENDER_MOST_BLOCK_BYTES);
    if (!sender)
        return NULL;
    sender->to = strdup(to);
    if (settings->from)
        sender->from = strdup(settings->from);
    sender->operation = strdup(settings->operation ? settings->operation : "");
    if (!sender->to || !sender->from != !settings->from || !sender->operation || !draw_id(sender) ||
        !hash(sender, bytes, size, settings->sha256)) {
        sx_sender_free(sender);
        return NULL;
    }
    sender->bytes = bytes;
    sender->size = size;
    sx_window_begin(&sender->window, settings->adapts ? 1 : settings->window, settings->window);
    sender->block_bytes = settings->block_bytes;
    sender->user = user;
    sender->due_us = SX_NEVER;
    sender->silence_us = SX_SENDER_SILENCE_US;
    return sender;
}

void sx_sender_free(struct sx_sender *sender)
{
    if (!sender)
        return;
    free(sender->bytes);
    free(sender->to);
    free(sender->from);
    free(sender->operation);
    free(sender);
}

void sx_sender_set_silence(struct sx_sender *sender, int64_t silence_us)
{
    sender->silence_us = silence_us;
}

void sx_sender_begin(struct sx_sender *sender, int64_t now_us)
{
    assert(sender->bytes);
    sender->state = SX_SENDER_WAITING;
    sender->due_us = sender->pause_us = 0;
    sender->progress_us = now_us;
    sx_pace_begin(&sender->pace, sender->size, now_us);
    sender->base = sender->sent = sender->done = sender->most_done = 0;
    sender->condition[0] = sender->text[0] = '\0';
}

/* ---- the ends of an attempt ---- */

static void note_why(struct sx_sender *sender, const char *condition, const char *text)
{
    snprintf(sender->condition, sizeof sender->condition, "%s", condition);
    snprintf(sender->text, sizeof sender->text, "%s", text ? text : "");
}

static void wait_for_next(struct sx_sender *sender, int64_t first_us, int64_t now_us)
{
    int64_t pause_us = sender->pause_us ? 2 * sender->pause_us : first_us;
    if (pause_us < first_us)
        pause_us = first_us;
    if (pause_us > MOST_PAUSE_US)
        pause_us = MOST_PAUSE_US;
    sender->pause_us = pause_us;
    sender->due_us = now_us + pause_us;
    sender->state = SX_SENDER_WAITING;
}

static void fail(struct sx_sender *sender, const char *condition, const char *text)
{
    note_why(sender, condition, text);
    sender->state = SX_SENDER_FAILED;
}

static bool is_under_way(const struct sx_sender *sender)
{
    return sender->state == SX_SENDER_OPENING || sender->state == SX_SENDER_SENDING ||
           sender->state == SX_SENDER_CLOSING;
}

void sx_sender_lost(struct sx_sender *sender, int64_t now_us)
{
    if (!is_under_way(sender))
        return;
    note_why(sender, "", "the connection was lost");
    wait_for_next(sender, FIRST_PAUSE_US, now_us);
}

void sx_sender_readdress(struct sx_sender *sender, const char *to, int64_t now_us)
{
    bool is_same = sx_jid_equal(sender->to, to);
    char *copy = is_same ? NULL : strdup(to);
    if (!is_same && !copy)
        return;
    if (copy) {
        free(sender->to);
        sender->to = copy;
        sx_sender_lost(sender, now_us);
    }
    if (sender->state == SX_SENDER_WAITING && sender->due_us > now_us)
        sender->due_us = now_us;
    else if (is_under_way(sender) && sender->doubted_us < sender->heard_us)
        sender->doubted_us = now_us;
}

/* Whether something has gone out in this attempt that isn't answered yet. */
static bool is_unanswered(const struct sx_sender *sender)
{
    switch (sender->state) {
    case SX_SENDER_OPENING:
        return true;
    case SX_SENDER_SENDING:
        return sender->blocks_sent > sender->blocks_done;
    case SX_SENDER_CLOSING:
        return sender->close_sent;
    default:
        return false;
    }
}

static int64_t silent_from_us(const struct sx_sender *sender)
{
    int64_t end_us = sender->heard_us + sender->silence_us;
    int64_t doubt_us = sender->doubted_us + sender->silence_us / DOUBT_DIVISOR;
    return sender->doubted_us >= sender->heard_us && doubt_us < end_us ? doubt_us : end_us;
}

static bool is_silent(const struct sx_sender *sender, int64_t now_us)
{
    return is_unanswered(sender) && now_us >= silent_from_us(sender);
}

/* ---- stanzas ---- */

static void format_sid(const struct sx_sender *sender, unsigned long attempt, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "%s.%lu", sender->id, attempt);
}

/* Appends an iq whose id is the sid and `name`; true unless it failed. Takes the payload's bytes.
 */
static bool add_set(const struct sx_sender *sender, const char *sid, const char *name,
                    struct sx_buffer *payload, struct sx_buffer *out)
{
    char id[2 * NAME_BYTES];
    const struct sx_head head = {.from = sender->from, .to = sender->to, .id = id};
    snprintf(id, sizeof id, "%s.%s", sid, name);
    if (payload->failed)
        out->failed = true;
    else
        sx_stanza_request(out, "set", &head, payload->bytes, payload->len);
    sx_buffer_fini(payload);
    return !out->failed;
}

static bool send_open(struct sx_sender *sender, int64_t now_us, struct sx_buffer *out)
{
    struct sx_buffer payload = {0};
    char sid[NAME_BYTES];
    format_sid(sender, sender->attempt + 1, sid);
    sx_buffer_add_format(&payload,
                         "<open xmlns='" SX_NS_IBB "' sid='%s' block-size='%zu' stanza='iq'>"
                         "<packed xmlns='" SX_NS_PACKED "' transfer='%s' size='%zu' sha256='%s'",
                         sid, sender->block_bytes, sender->id, sender->size, sender->sha256);
    if (*sender->operation)
        sx_buffer_add_attribute(&payload, "operation", sender->operation);
    sx_buffer_add_text(&payload, "/></open>");
    if (!add_set(sender, sid, "open", &payload, out))
        return false;
    sender->attempt++;
    sender->state = SX_SENDER_OPENING;
    sender->heard_us = now_us;
    return true;
}

static bool send_block(struct sx_sender *sender, int64_t now_us, struct sx_buffer *out)
{
    struct sx_buffer payload = {0};
    char sid[NAME_BYTES], name[32];
    size_t len = sender->size - sender->sent;
    bool was_unanswered = is_unanswered(sender);
    if (len > sender->block_bytes)
        len = sender->block_bytes;
    format_sid(sender, sender->attempt, sid);
    snprintf(name, sizeof name, "%zu", sender->blocks_sent + 1);
    sx_buffer_reserve(&payload, sx_base64_len(len) + FRAME_BYTES);
    sx_buffer_add_format(&payload, "<data xmlns='" SX_NS_IBB "' sid='%s' seq='%zu'>", sid,
                         sender->blocks_sent % SEQ_COUNT);
    sx_base64_add(&payload, sender->bytes + sender->sent, len);
    sx_buffer_add_text(&payload, "</data>");
    if (!add_set(sender, sid, name, &payload, out))
        return false;
    sender->blocks_sent++;
    sx_window_sent(&sender->window, sender->blocks_sent, now_us);
    sender->sent += len;
    if (!was_unanswered)
        sender->heard_us = now_us;
    return true;
}

static bool add_close(const struct sx_sender *sender, const char *name, struct sx_buffer *out)
{
    struct sx_buffer payload = {0};
    char sid[NAME_BYTES];
    format_sid(sender, sender->attempt, sid);
    sx_buffer_add_format(&payload, "<close xmlns='" SX_NS_IBB "' sid='%s'/>", sid);
    return add_set(sender, sid, name, &payload, out);
}

static bool send_close(struct sx_sender *sender, int64_t now_us, struct sx_buffer *out)
{
    if (!add_close(sender, "close", out))
        return false;
    sender->close_sent = true;
    sender->heard_us = now_us;
    return true;
}

void sx_sender_format_close(const struct sx_sender *sender, struct sx_buffer *out)
{
    if (is_under_way(sender))
        add_close(sender, "farewell", out); /* so that its answer isn't taken for "close"'s */
}

/* ---- what is to be sent, and when ---- */

bool sx_sender_has_block(const struct sx_sender *sender)
{
    return sender->state == SX_SENDER_SENDING && sender->sent < sender->size &&
           sender->blocks_sent - sender->blocks_done < sender->window.blocks;
}

bool sx_sender_next(struct sx_sender *sender, int64_t now_us, struct sx_buffer *out)
{
    if (is_silent(sender, now_us)) {
        note_why(sender, "remote-server-timeout", "the receiver doesn't answer");
        wait_for_next(sender, FIRST_PAUSE_US, now_us);
    }
    if (sender->state == SX_SENDER_WAITING)
        return sender->due_us <= now_us && send_open(sender, now_us, out);
    if (sx_sender_has_block(sender))
        return send_block(sender, now_us, out);
    return sender->state == SX_SENDER_CLOSING && !sender->close_sent &&
           send_close(sender, now_us, out);
}

int64_t sx_sender_due_us(const struct sx_sender *sender)
{
    if (sender->state == SX_SENDER_WAITING)
        return sender->due_us;
    if (sx_sender_has_block(sender) || (sender->state == SX_SENDER_CLOSING && !sender->close_sent))
        return 0;
    return is_unanswered(sender) ? silent_from_us(sender) : SX_NEVER;
}

/* ---- replies ---- */

bool sx_sender_gave_out(const struct sx_sender *sender, const char *id)
{
    size_t len = sizeof sender->id - 1;
    return strncmp(id, sender->id, len) == 0 && id[len] == '.';
}

/* What the id names within the attempt under way: "open", "close" or a block's number; NULL: it is
 * another's. */
static const char *find_name(const struct sx_sender *sender, const char *id)
{
    char sid[NAME_BYTES];
    size_t len;
    format_sid(sender, sender->attempt, sid);
    len = strlen(sid);
    return strncmp(id, sid, len) == 0 && id[len] == '.' ? id + len + 1 : NULL;
}

static void note_progress(struct sx_sender *sender, size_t done, int64_t now_us)
{
    if (done > sender->most_done) {
        sender->most_done = done;
        sender->progress_us = now_us;
        sender->pause_us = 0;
        (void)sx_pace_note(&sender->pace, done, now_us);
    }
    sender->done = done;
    if (done == sender->size) {
        sender->state = SX_SENDER_CLOSING;
        sender->close_sent = false;
    }
}

static void enter_session(struct sx_sender *sender, const char *received, int64_t now_us)
{
    size_t done = 0;
    if (received && !sx_sender_parse_number(received, sender->size, &done)) {
        fail(sender, "undefined-condition", "the receiver tells no usable number of bytes");
        return;
    }
    sender->state = SX_SENDER_SENDING;
    sender->base = sender->sent = done;
    sender->blocks_sent = sender->blocks_done = 0;
    sx_window_restart(&sender->window);
    sender->heard_us = now_us;
    note_progress(sender, done, now_us);
}

static void count_blocks(struct sx_sender *sender, size_t blocks, int64_t now_us)
{
    bool is_all = blocks == sender->blocks_sent;
    sender->blocks_done = blocks;
    sx_window_answered(&sender->window, blocks, sender->blocks_sent, now_us);
    sender->heard_us = now_us;
    note_progress(sender, is_all ? sender->sent : sender->base + blocks * sender->block_bytes,
                  now_us);
}

static bool is_one_of(const char *condition, const char *const conditions[])
{
    for (; *conditions; conditions++)
        if (strcmp(condition, *conditions) == 0)
            return true;
    return false;
}

static void shrink_blocks(struct sx_sender *sender, const struct sx_sender_reply *reply)
{
    if (sender->block_bytes <= SX_SENDER_LEAST_BLOCK_BYTES) {
        fail(sender, reply->condition, reply->text);
        return;
    }
    sender->block_bytes /= 2;
    if (sender->block_bytes < SX_SENDER_LEAST_BLOCK_BYTES)
        sender->block_bytes = SX_SENDER_LEAST_BLOCK_BYTES;
    sender->state = SX_SENDER_WAITING;
    sender->due_us = 0;
}

/* What an error means: come back soon, later, with smaller blocks, or never. */
static void weigh_error(struct sx_sender *sender, const struct sx_sender_reply *reply,
                        int64_t now_us)
{
    /* Nobody is there (RFC 6120 8.3.3), or not the session (XEP-0047 2.2). */
    static const char *const soon[] = {"service-unavailable",
                                       "recipient-unavailable",
                                       "remote-server-timeout",
                                       "remote-server-not-found",
                                       "item-not-found",
                                       "unexpected-request",
                                       NULL};
    /* Whatever type they come with: the same again would be refused again. */
    static const char *const never[] = {"not-acceptable",          "policy-violation", "forbidden",
                                        "feature-not-implemented", "bad-request",      NULL};
    const char *condition = reply->condition;
    const char *type = reply->type ? reply->type : sx_fault_condition_type(condition);
    bool is_final = is_one_of(condition, never);
    note_why(sender, condition, reply->text);
    if (is_one_of(condition, soon))
        wait_for_next(sender, FIRST_PAUSE_US, now_us);
    else if (strcmp(condition, "resource-constraint") == 0 && strcmp(type, "modify") == 0)
        shrink_blocks(sender, reply);
    else if (!is_final && strcmp(type, "wait") == 0)
        wait_for_next(sender, FIRST_REST_US, now_us);
    else
        fail(sender, condition, reply->text);
}

static bool reply_to_open(struct sx_sender *sender, const struct sx_sender_reply *reply,
                          int64_t now_us)
{
    if (sender->state != SX_SENDER_OPENING)
        return false;
    if (reply->condition)
        weigh_error(sender, reply, now_us);
    else
        enter_session(sender, reply->received, now_us);
    return true;
}

static bool reply_to_close(struct sx_sender *sender, const struct sx_sender_reply *reply,
                           int64_t now_us)
{
    if (sender->state != SX_SENDER_CLOSING || !sender->close_sent)
        return false;
    /* XEP-0047 2.3: closed in either case. */
    if (!reply->condition || strcmp(reply->condition, "item-not-found") == 0)
        sender->state = SX_SENDER_DONE;
    else
        weigh_error(sender, reply, now_us);
    return true;
}

static bool reply_to_block(struct sx_sender *sender, const char *name,
                           const struct sx_sender_reply *reply, int64_t now_us)
{
    size_t block;
    if (sender->state != SX_SENDER_SENDING ||
        !sx_sender_parse_number(name, sender->blocks_sent, &block) || block <= sender->blocks_done)
        return false;
    if (reply->condition)
        weigh_error(sender, reply, now_us);
    else
        count_blocks(sender, block, now_us);
    return true;
}

bool sx_sender_reply(struct sx_sender *sender, const char *from, const char *id,
                     const struct sx_sender_reply *reply, int64_t now_us)
{
    const char *name = find_name(sender, id);
    if (!name || !sx_jid_equal(from, sender->to))
        return false;
    if (strcmp(name, "open") == 0)
        return reply_to_open(sender, reply, now_us);
    if (strcmp(name, "close") == 0)
        return reply_to_close(sender, reply, now_us);
    return reply_to_block(sender, name, reply, now_us);
}

bool sx_sender_closed(struct sx_sender *sender, const char *from, const char *sid, int64_t now_us)
{
    char own[NAME_BYTES];
    format_sid(sender, sender->attempt, own);
    if (strcmp(sid, own) != 0 || !sx_jid_equal(from, sender->to))
        return false;
    if (sender->state == SX_SENDER_CLOSING) {
        sender->state = SX_SENDER_DONE;
    } else if (is_under_way(sender)) {
        note_why(sender, "", "the receiver closed the session");
        wait_for_next(sender, FIRST_PAUSE_US, now_us);
    }
    return true;
}

/* ---- questions ---- */

enum sx_sender_state sx_sender_state(const struct sx_sender *sender)
{
    return sender->state;
}

const char *sx_sender_id(const struct sx_sender *sender)
{
    return sender->id;
}

const char *sx_sender_sha256(const struct sx_sender *sender)
{
    return sender->sha256;
}

const char *sx_sender_from(const struct sx_sender *sender)
{
    return sender->from;
}

const char *sx_sender_to(const struct sx_sender *sender)
{
    return sender->to;
}

void *sx_sender_user(const struct sx_sender *sender)
{
    return sender->user;
}

const char *sx_sender_bytes(const struct sx_sender *sender)
{
    return sender->bytes;
}

size_t sx_sender_size(const struct sx_sender *sender)
{
    return sender->size;
}

size_t sx_sender_done_bytes(const struct sx_sender *sender)
{
    return sender->done;
}

size_t sx_sender_unsent_bytes(const struct sx_sender *sender)
{
    return sender->size - sender->sent;
}

int64_t sx_sender_stalled_us(const struct sx_sender *sender, int64_t now_us)
{
    return now_us - sender->progress_us;
}

const struct sx_pace *sx_sender_pace(const struct sx_sender *sender)
{
    return &sender->pace;
}

const char *sx_sender_condition(const struct sx_sender *sender)
{
    return sender->condition;
}

const char *sx_sender_text(const struct sx_sender *sender)
{
    return sender->text;
}
