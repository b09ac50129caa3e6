/* sender.c - one big message on its way out, attempt by attempt.
 *
 * Invariant: base <= done <= sent <= size, counted in bytes of the message; block k of an attempt
 * (1, 2, ...) begins at base + (k - 1) * block_bytes. State and counters change only after the
 * stanza that goes with the change has been formatted whole.
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
    FRAME_BYTES = 512, /* an iq around a block but for its `to` */
    ESCAPED_BYTES = 6  /* a character as a reference takes so many at most */
};

struct sx_sender {
    /* immutable */
    char id[SX_SENDER_ID_BYTES], sha256[SX_SHA256_HEX_BYTES];
    char *from, *to; /* from: NULL but for a component */
    char *operation; /* "" for none */
    size_t size;
    struct sx_window pace;
    void *user;

    char *bytes; /* NULL once they are taken */
    enum sx_sender_state state;
    unsigned long attempt;
    size_t block_bytes;
    int64_t due_us, pause_us; /* of the next attempt; the last pause, 0 since there was progress */
    int64_t progress_us;

    /* of this attempt */
    size_t base, sent, done;
    size_t blocks_sent, blocks_done;
    bool close_sent;
    int64_t heard_us; /* when something was answered, or the first unanswered thing went out */

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

static bool draw_id(struct sx_sender *transfer)
{
    unsigned char random[ID_RANDOM_BYTES];
    if (!sx_random_fill(random, sizeof random))
        return false;
    sx_hex_format(random, sizeof random, transfer->id);
    return true;
}

static bool hash(struct sx_sender *transfer, const char *bytes, size_t size)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    sx_sender_format_sha256(digest, transfer->sha256);
    return true;
}

struct sx_sender *sx_sender_new(const char *to, char *bytes, size_t size,
                                const struct sx_sender_settings *settings, void *user)
{
    struct sx_sender *transfer = calloc(1, sizeof *transfer);
    assert(size && settings->window && settings->window <= SX_WINDOW_MOST &&
           settings->block_bytes && settings->block_bytes <= SX_SENDER_MOST_BLOCK_BYTES);
    if (!transfer)
        return NULL;
    transfer->to = strdup(to);
    if (settings->from)
        transfer->from = strdup(settings->from);
    transfer->operation = strdup(settings->operation ? settings->operation : "");
    if (!transfer->to || !transfer->from != !settings->from || !transfer->operation ||
        !draw_id(transfer) || !hash(transfer, bytes, size)) {
        sx_sender_free(transfer);
        return NULL;
    }
    transfer->bytes = bytes;
    transfer->size = size;
    sx_window_begin(&transfer->pace, settings->adapts ? 1 : settings->window, settings->window);
    transfer->block_bytes = settings->block_bytes;
    transfer->user = user;
    transfer->due_us = SX_NEVER;
    return transfer;
}

void sx_sender_free(struct sx_sender *transfer)
{
    if (!transfer)
        return;
    free(transfer->bytes);
    free(transfer->to);
    free(transfer->from);
    free(transfer->operation);
    free(transfer);
}

char *sx_sender_take_bytes(struct sx_sender *transfer, size_t *size)
{
    char *bytes = transfer->bytes;
    transfer->bytes = NULL;
    transfer->due_us = SX_NEVER;
    transfer->state = SX_SENDER_FAILED;
    *size = transfer->size;
    return bytes;
}

void sx_sender_begin(struct sx_sender *transfer, int64_t now_us)
{
    assert(transfer->bytes);
    transfer->state = SX_SENDER_WAITING;
    transfer->due_us = transfer->pause_us = 0;
    transfer->progress_us = now_us;
    transfer->base = transfer->sent = transfer->done = 0;
    transfer->condition[0] = transfer->text[0] = '\0';
}

/* ---- the ends of an attempt ---- */

static void note_why(struct sx_sender *transfer, const char *condition, const char *text)
{
    snprintf(transfer->condition, sizeof transfer->condition, "%s", condition);
    snprintf(transfer->text, sizeof transfer->text, "%s", text ? text : "");
}

static void wait_for_next(struct sx_sender *transfer, int64_t first_us, int64_t now_us)
{
    int64_t pause_us = transfer->pause_us ? 2 * transfer->pause_us : first_us;
    if (pause_us < first_us)
        pause_us = first_us;
    if (pause_us > MOST_PAUSE_US)
        pause_us = MOST_PAUSE_US;
    transfer->pause_us = pause_us;
    transfer->due_us = now_us + pause_us;
    transfer->state = SX_SENDER_WAITING;
}

static void fail(struct sx_sender *transfer, const char *condition, const char *text)
{
    note_why(transfer, condition, text);
    transfer->state = SX_SENDER_FAILED;
}

static bool is_under_way(const struct sx_sender *transfer)
{
    return transfer->state == SX_SENDER_OPENING || transfer->state == SX_SENDER_SENDING ||
           transfer->state == SX_SENDER_CLOSING;
}

void sx_sender_lost(struct sx_sender *transfer, int64_t now_us)
{
    if (!is_under_way(transfer))
        return;
    note_why(transfer, "", "the connection was lost");
    wait_for_next(transfer, FIRST_PAUSE_US, now_us);
}

/* Whether something has gone out in this attempt that isn't answered yet. */
static bool is_unanswered(const struct sx_sender *transfer)
{
    switch (transfer->state) {
    case SX_SENDER_OPENING:
        return true;
    case SX_SENDER_SENDING:
        return transfer->blocks_sent > transfer->blocks_done;
    case SX_SENDER_CLOSING:
        return transfer->close_sent;
    default:
        return false;
    }
}

static bool is_silent(const struct sx_sender *transfer, int64_t now_us)
{
    return is_unanswered(transfer) && now_us >= transfer->heard_us + SX_SENDER_SILENCE_US;
}

/* ---- stanzas ---- */

static void format_sid(const struct sx_sender *transfer, unsigned long attempt,
                       char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "%s.%lu", transfer->id, attempt);
}

/* Appends an iq whose id is the sid and `name`; true unless it failed. Takes the payload's bytes.
 */
static bool add_set(const struct sx_sender *transfer, const char *sid, const char *name,
                    struct sx_buffer *payload, struct sx_buffer *out)
{
    char id[2 * NAME_BYTES];
    const struct sx_head head = {.from = transfer->from, .to = transfer->to, .id = id};
    snprintf(id, sizeof id, "%s.%s", sid, name);
    if (payload->failed)
        out->failed = true;
    else
        sx_stanza_request(out, "set", &head, payload->bytes, payload->len);
    sx_buffer_fini(payload);
    return !out->failed;
}

static bool send_open(struct sx_sender *transfer, int64_t now_us, struct sx_buffer *out)
{
    struct sx_buffer payload = {0};
    char sid[NAME_BYTES];
    format_sid(transfer, transfer->attempt + 1, sid);
    sx_buffer_add_format(&payload,
                         "<open xmlns='" SX_NS_IBB "' sid='%s' block-size='%zu' stanza='iq'>"
                         "<packed xmlns='" SX_NS_PACKED "' transfer='%s' size='%zu' sha256='%s'",
                         sid, transfer->block_bytes, transfer->id, transfer->size,
                         transfer->sha256);
    if (*transfer->operation)
        sx_buffer_add_attribute(&payload, "operation", transfer->operation);
    sx_buffer_add_text(&payload, "/></open>");
    if (!add_set(transfer, sid, "open", &payload, out))
        return false;
    transfer->attempt++;
    transfer->state = SX_SENDER_OPENING;
    transfer->heard_us = now_us;
    return true;
}

static bool send_block(struct sx_sender *transfer, int64_t now_us, struct sx_buffer *out)
{
    struct sx_buffer payload = {0};
    char sid[NAME_BYTES], name[32];
    size_t len = transfer->size - transfer->sent;
    bool was_unanswered = is_unanswered(transfer);
    if (len > transfer->block_bytes)
        len = transfer->block_bytes;
    format_sid(transfer, transfer->attempt, sid);
    snprintf(name, sizeof name, "%zu", transfer->blocks_sent + 1);
    sx_buffer_reserve(&payload, sx_base64_len(len) + FRAME_BYTES);
    sx_buffer_add_format(&payload, "<data xmlns='" SX_NS_IBB "' sid='%s' seq='%zu'>", sid,
                         transfer->blocks_sent % SEQ_COUNT);
    sx_base64_add(&payload, transfer->bytes + transfer->sent, len);
    sx_buffer_add_text(&payload, "</data>");
    if (!add_set(transfer, sid, name, &payload, out))
        return false;
    transfer->blocks_sent++;
    sx_window_sent(&transfer->pace, transfer->blocks_sent, now_us);
    transfer->sent += len;
    if (!was_unanswered)
        transfer->heard_us = now_us;
    return true;
}

static bool add_close(const struct sx_sender *transfer, const char *name, struct sx_buffer *out)
{
    struct sx_buffer payload = {0};
    char sid[NAME_BYTES];
    format_sid(transfer, transfer->attempt, sid);
    sx_buffer_add_format(&payload, "<close xmlns='" SX_NS_IBB "' sid='%s'/>", sid);
    return add_set(transfer, sid, name, &payload, out);
}

static bool send_close(struct sx_sender *transfer, int64_t now_us, struct sx_buffer *out)
{
    if (!add_close(transfer, "close", out))
        return false;
    transfer->close_sent = true;
    transfer->heard_us = now_us;
    return true;
}

void sx_sender_format_farewell(const struct sx_sender *transfer, struct sx_buffer *out)
{
    if (is_under_way(transfer))
        add_close(transfer, "farewell", out);
}

size_t sx_sender_stanza_bytes(const struct sx_sender *transfer)
{
    return sx_base64_len(transfer->block_bytes) + ESCAPED_BYTES * strlen(transfer->to) +
           FRAME_BYTES;
}

/* ---- what is to be sent, and when ---- */

static bool has_block(const struct sx_sender *transfer)
{
    return transfer->state == SX_SENDER_SENDING && transfer->sent < transfer->size &&
           transfer->blocks_sent - transfer->blocks_done < transfer->pace.window;
}

bool sx_sender_next(struct sx_sender *transfer, int64_t now_us, struct sx_buffer *out)
{
    if (is_silent(transfer, now_us)) {
        note_why(transfer, "remote-server-timeout", "the receiver doesn't answer");
        wait_for_next(transfer, FIRST_PAUSE_US, now_us);
    }
    if (transfer->state == SX_SENDER_WAITING)
        return transfer->due_us <= now_us && send_open(transfer, now_us, out);
    if (has_block(transfer))
        return send_block(transfer, now_us, out);
    return transfer->state == SX_SENDER_CLOSING && !transfer->close_sent &&
           send_close(transfer, now_us, out);
}

int64_t sx_sender_due_us(const struct sx_sender *transfer)
{
    if (transfer->state == SX_SENDER_WAITING)
        return transfer->due_us;
    if (has_block(transfer) || (transfer->state == SX_SENDER_CLOSING && !transfer->close_sent))
        return 0;
    return is_unanswered(transfer) ? transfer->heard_us + SX_SENDER_SILENCE_US : SX_NEVER;
}

/* ---- replies ---- */

bool sx_sender_gave_out(const struct sx_sender *transfer, const char *id)
{
    size_t len = sizeof transfer->id - 1;
    return strncmp(id, transfer->id, len) == 0 && id[len] == '.';
}

/* What the id names within the attempt under way: "open", "close" or a block's number; NULL: it is
 * another's. */
static const char *find_name(const struct sx_sender *transfer, const char *id)
{
    char sid[NAME_BYTES];
    size_t len;
    format_sid(transfer, transfer->attempt, sid);
    len = strlen(sid);
    return strncmp(id, sid, len) == 0 && id[len] == '.' ? id + len + 1 : NULL;
}

static void note_progress(struct sx_sender *transfer, size_t done, int64_t now_us)
{
    if (done > transfer->done) {
        transfer->progress_us = now_us;
        transfer->pause_us = 0;
    }
    transfer->done = done;
    if (done == transfer->size) {
        transfer->state = SX_SENDER_CLOSING;
        transfer->close_sent = false;
    }
}

static void enter_session(struct sx_sender *transfer, const char *received, int64_t now_us)
{
    size_t done = 0;
    if (received && !sx_sender_parse_number(received, transfer->size, &done)) {
        fail(transfer, "undefined-condition", "the receiver tells no usable number of bytes");
        return;
    }
    transfer->state = SX_SENDER_SENDING;
    transfer->base = transfer->sent = done;
    transfer->blocks_sent = transfer->blocks_done = 0;
    sx_window_restart(&transfer->pace);
    transfer->heard_us = now_us;
    note_progress(transfer, done, now_us);
}

static void count_blocks(struct sx_sender *transfer, size_t blocks, int64_t now_us)
{
    bool is_all = blocks == transfer->blocks_sent;
    transfer->blocks_done = blocks;
    sx_window_answered(&transfer->pace, blocks, transfer->blocks_sent, now_us);
    transfer->heard_us = now_us;
    note_progress(transfer,
                  is_all ? transfer->sent : transfer->base + blocks * transfer->block_bytes,
                  now_us);
}

static bool is_one_of(const char *condition, const char *const conditions[])
{
    for (; *conditions; conditions++)
        if (strcmp(condition, *conditions) == 0)
            return true;
    return false;
}

static void shrink_blocks(struct sx_sender *transfer, const struct sx_sender_reply *reply)
{
    if (transfer->block_bytes <= SX_SENDER_LEAST_BLOCK_BYTES) {
        fail(transfer, reply->condition, reply->text);
        return;
    }
    transfer->block_bytes /= 2;
    if (transfer->block_bytes < SX_SENDER_LEAST_BLOCK_BYTES)
        transfer->block_bytes = SX_SENDER_LEAST_BLOCK_BYTES;
    transfer->state = SX_SENDER_WAITING;
    transfer->due_us = 0;
}

/* What an error means: come back soon, later, with smaller blocks, or never. */
static void weigh_error(struct sx_sender *transfer, const struct sx_sender_reply *reply,
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
    note_why(transfer, condition, reply->text);
    if (is_one_of(condition, soon))
        wait_for_next(transfer, FIRST_PAUSE_US, now_us);
    else if (strcmp(condition, "resource-constraint") == 0 && strcmp(type, "modify") == 0)
        shrink_blocks(transfer, reply);
    else if (!is_final && strcmp(type, "wait") == 0)
        wait_for_next(transfer, FIRST_REST_US, now_us);
    else
        fail(transfer, condition, reply->text);
}

static bool reply_to_open(struct sx_sender *transfer, const struct sx_sender_reply *reply,
                          int64_t now_us)
{
    if (transfer->state != SX_SENDER_OPENING)
        return false;
    if (reply->condition)
        weigh_error(transfer, reply, now_us);
    else
        enter_session(transfer, reply->received, now_us);
    return true;
}

static bool reply_to_close(struct sx_sender *transfer, const struct sx_sender_reply *reply,
                           int64_t now_us)
{
    if (transfer->state != SX_SENDER_CLOSING || !transfer->close_sent)
        return false;
    /* XEP-0047 2.3: closed in either case. */
    if (!reply->condition || strcmp(reply->condition, "item-not-found") == 0)
        transfer->state = SX_SENDER_DONE;
    else
        weigh_error(transfer, reply, now_us);
    return true;
}

static bool reply_to_block(struct sx_sender *transfer, const char *name,
                           const struct sx_sender_reply *reply, int64_t now_us)
{
    size_t block;
    if (transfer->state != SX_SENDER_SENDING ||
        !sx_sender_parse_number(name, transfer->blocks_sent, &block) ||
        block <= transfer->blocks_done)
        return false;
    if (reply->condition)
        weigh_error(transfer, reply, now_us);
    else
        count_blocks(transfer, block, now_us);
    return true;
}

bool sx_sender_reply(struct sx_sender *transfer, const char *from, const char *id,
                     const struct sx_sender_reply *reply, int64_t now_us)
{
    const char *name = find_name(transfer, id);
    if (!name || !sx_jid_equal(from, transfer->to))
        return false;
    if (strcmp(name, "open") == 0)
        return reply_to_open(transfer, reply, now_us);
    if (strcmp(name, "close") == 0)
        return reply_to_close(transfer, reply, now_us);
    return reply_to_block(transfer, name, reply, now_us);
}

bool sx_sender_closed(struct sx_sender *transfer, const char *from, const char *sid, int64_t now_us)
{
    char own[NAME_BYTES];
    format_sid(transfer, transfer->attempt, own);
    if (strcmp(sid, own) != 0 || !sx_jid_equal(from, transfer->to))
        return false;
    if (transfer->state == SX_SENDER_CLOSING) {
        transfer->state = SX_SENDER_DONE;
    } else if (is_under_way(transfer)) {
        note_why(transfer, "", "the receiver closed the session");
        wait_for_next(transfer, FIRST_PAUSE_US, now_us);
    }
    return true;
}

/* ---- questions ---- */

enum sx_sender_state sx_sender_state(const struct sx_sender *transfer)
{
    return transfer->state;
}

const char *sx_sender_id(const struct sx_sender *transfer)
{
    return transfer->id;
}

const char *sx_sender_sha256(const struct sx_sender *transfer)
{
    return transfer->sha256;
}

const char *sx_sender_from(const struct sx_sender *transfer)
{
    return transfer->from;
}

const char *sx_sender_to(const struct sx_sender *transfer)
{
    return transfer->to;
}

void *sx_sender_user(const struct sx_sender *transfer)
{
    return transfer->user;
}

size_t sx_sender_size(const struct sx_sender *transfer)
{
    return transfer->size;
}

size_t sx_sender_done_bytes(const struct sx_sender *transfer)
{
    return transfer->done;
}

int64_t sx_sender_stalled_us(const struct sx_sender *transfer, int64_t now_us)
{
    return now_us - transfer->progress_us;
}

const char *sx_sender_condition(const struct sx_sender *transfer)
{
    return transfer->condition;
}

const char *sx_sender_text(const struct sx_sender *transfer)
{
    return transfer->text;
}
