/* receiver.c - big messages that arrive, block by block.
 *
 * Invariant: entries are in the order in which they made their last step (pace.h), the longest ago
 * first; each has entered the share. Of each, received <= capacity <= size; hash has seen the first
 * `received` bytes and is NULL once they are complete and right. held_bytes is the sum of the
 * capacities. sid is "" while no session carries the transfer, and no two entries of a peer have
 * the same other one.
 *
 * Happy path and failures: receiver.h.
 */
#include "transfer/receiver.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "transfer/pace.h"
#include "transfer/share.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

enum { FIRST_STEP_BYTES = 65536, MOST_SEQ = 65535 };

struct entry {
    char *from;
    char transfer[SX_RECEIVER_ID_BYTES + 1], sha256[SX_SHA256_HEX_BYTES];
    size_t size;

    char *bytes;
    size_t received, capacity;
    struct sx_charge charge;  /* for the capacity */
    enum sx_memory_kind kind; /* REQUEST, but of what is awaited */
    EVP_MD_CTX *hash;

    char sid[SX_RECEIVER_SID_BYTES + 1];
    size_t block_bytes, next_seq;

    struct sx_pace pace;
    struct sx_share_account *account;
    TAILQ_ENTRY(entry) in_order;
};

TAILQ_HEAD(entry_list, entry);

struct sx_receiver {
    struct sx_receiver_limits limits;
    struct sx_memory *memory;
    sx_receiver_awaits_fn *awaits;
    void *awaits_user;
    struct entry_list order;
    struct sx_share share;
    size_t held_bytes;
    unsigned long completed, taken, expired, displaced, refused;
};

/* ---- entries ---- */

struct sx_receiver *sx_receiver_new(const struct sx_receiver_limits *limits)
{
    struct sx_receiver *receiver = calloc(1, sizeof *receiver);
    if (!receiver)
        return NULL;
    receiver->limits = *limits;
    if (receiver->limits.max_message_bytes > limits->max_bytes)
        receiver->limits.max_message_bytes = limits->max_bytes;
    TAILQ_INIT(&receiver->order);
    sx_share_init(&receiver->share, limits->max_transfers, limits->max_bytes);
    return receiver;
}

void sx_receiver_use_memory(struct sx_receiver *receiver, struct sx_memory *memory)
{
    receiver->memory = memory;
}

void sx_receiver_ask_awaited(struct sx_receiver *receiver, sx_receiver_awaits_fn *awaits,
                             void *user)
{
    receiver->awaits = awaits;
    receiver->awaits_user = user;
}

static void free_entry(struct entry *entry)
{
    EVP_MD_CTX_free(entry->hash);
    free(entry->bytes);
    sx_memory_give(&entry->charge);
    free(entry->from);
    free(entry);
}

static void remove_entry(struct sx_receiver *receiver, struct entry *entry)
{
    TAILQ_REMOVE(&receiver->order, entry, in_order);
    sx_share_leave(&receiver->share, entry->account, entry->size);
    receiver->held_bytes -= entry->capacity;
    free_entry(entry);
}

void sx_receiver_free(struct sx_receiver *receiver)
{
    struct entry *entry;
    if (!receiver)
        return;
    while ((entry = TAILQ_FIRST(&receiver->order)))
        remove_entry(receiver, entry);
    sx_share_fini(&receiver->share);
    free(receiver);
}

/* It has made a step. */
static void move_back(struct sx_receiver *receiver, struct entry *entry)
{
    TAILQ_REMOVE(&receiver->order, entry, in_order);
    TAILQ_INSERT_TAIL(&receiver->order, entry, in_order);
}

static bool is_complete(const struct entry *entry)
{
    return !entry->hash;
}

static struct entry *find_transfer(const struct sx_receiver *receiver, const char *from,
                                   const char *transfer)
{
    struct entry *entry;
    if (!from || !transfer)
        return NULL;
    TAILQ_FOREACH(entry, &receiver->order, in_order)
        if (strcmp(entry->transfer, transfer) == 0 && strcmp(entry->from, from) == 0)
            return entry;
    return NULL;
}

static struct entry *find_session(const struct sx_receiver *receiver, const char *from,
                                  const char *sid)
{
    struct entry *entry;
    if (!from || !sid || !*sid)
        return NULL;
    TAILQ_FOREACH(entry, &receiver->order, in_order)
        if (strcmp(entry->sid, sid) == 0 && strcmp(entry->from, from) == 0)
            return entry;
    return NULL;
}

/* ---- answers ---- */

static void begin_answer(struct sx_receiver_answer *answer, const struct entry *entry)
{
    memset(answer, 0, sizeof *answer);
    if (!entry)
        return;
    memcpy(answer->transfer, entry->transfer, sizeof answer->transfer);
    answer->received = entry->received;
    answer->size = entry->size;
}

static void refuse_as(struct sx_receiver *receiver, struct sx_receiver_answer *answer,
                      const char *condition, const char *type, const char *text)
{
    answer->condition = condition;
    answer->type = type;
    snprintf(answer->text, sizeof answer->text, "%s", text);
    receiver->refused++;
}

/* XEP-0047 2 has other types for some conditions than RFC 6120 8.3.3 recommends. */
static void refuse(struct sx_receiver *receiver, struct sx_receiver_answer *answer,
                   const char *condition, const char *text)
{
    refuse_as(receiver, answer, condition,
              strcmp(condition, "resource-constraint") == 0 ? "wait" : "cancel", text);
}

/* Refuses a block; the session is over, what has come before stays. */
static void break_off(struct sx_receiver *receiver, struct entry *entry,
                      struct sx_receiver_answer *answer, const char *condition, const char *text)
{
    refuse(receiver, answer, condition, text);
    answer->closes = true;
    entry->sid[0] = '\0';
}

/* ---- open ---- */

static bool is_token_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' || letter == '_' ||
           letter == ':';
}

/* An NMTOKEN (XML 1.0 2.3) of ASCII, which is what XEP-0047 2.1 wants of a sid. */
static bool is_token(const char *text, size_t most_bytes)
{
    size_t len = 0;
    if (!text)
        return false;
    while (len <= most_bytes && is_token_letter(text[len]))
        len++;
    return len > 0 && len <= most_bytes && !text[len];
}

static bool is_sha256(const char *text)
{
    return text && strlen(text) == SX_SHA256_HEX_BYTES - 1 &&
           strspn(text, "0123456789abcdef") == SX_SHA256_HEX_BYTES - 1;
}

/* The numbers of an open. */
struct numbers {
    size_t block_bytes, size;
};

/* What can be said of an open without looking at what is here. */
static bool check_form(struct sx_receiver *receiver, const char *from,
                       const struct sx_receiver_open *open, struct numbers *numbers,
                       struct sx_receiver_answer *answer)
{
    if (!from || strlen(from) >= SX_JID_BYTES)
        refuse(receiver, answer, "bad-request", "it comes from nobody");
    else if (!is_token(open->sid, SX_RECEIVER_SID_BYTES))
        refuse(receiver, answer, "bad-request", "the sid is no NMTOKEN, or too long");
    else if (!sx_sender_parse_number(open->block_size, SX_SENDER_MOST_BLOCK_BYTES,
                                     &numbers->block_bytes) ||
             numbers->block_bytes == 0)
        refuse(receiver, answer, "bad-request", "block-size is no number from 1 to 65535");
    else if (open->stanza && strcmp(open->stanza, "iq") != 0)
        refuse(receiver, answer, "not-acceptable", "blocks are taken in iqs only");
    else if (!open->transfer && !open->size && !open->sha256)
        refuse(receiver, answer, "not-acceptable", "only packed messages are taken");
    else if (!is_token(open->transfer, SX_RECEIVER_ID_BYTES) || !is_sha256(open->sha256))
        refuse(receiver, answer, "bad-request", "transfer or sha256 is malformed");
    else if (!sx_sender_parse_number(open->size, SIZE_MAX, &numbers->size) || numbers->size == 0)
        refuse(receiver, answer, "bad-request", "size is no number of bytes");
    return !answer->condition;
}

static bool check_size(struct sx_receiver *receiver, const struct numbers *numbers,
                       struct sx_receiver_answer *answer)
{
    char text[sizeof answer->text];
    if (numbers->size > receiver->limits.max_message_bytes) {
        snprintf(text, sizeof text, "the message is %zu bytes; the limit is %zu", numbers->size,
                 receiver->limits.max_message_bytes);
        refuse(receiver, answer, "not-acceptable", text);
    } else if (numbers->block_bytes > receiver->limits.max_block_bytes) {
        snprintf(text, sizeof text, "blocks are %zu bytes at most",
                 receiver->limits.max_block_bytes);
        refuse_as(receiver, answer, "resource-constraint", "modify", text);
    }
    return !answer->condition;
}

/* Whether the transfer may be an answer to a call that is under way. Once the call has ended, its
 * peer's transfers make room as others do. */
static bool is_awaited(const struct sx_receiver *receiver, const struct entry *entry)
{
    return entry->kind == SX_MEMORY_REPLY && receiver->awaits &&
           receiver->awaits(receiver->awaits_user, entry->from);
}

/* Forgets those that make room for others. */
static bool displace(struct sx_receiver *receiver, const char *from, size_t size, int64_t now_us)
{
    const struct sx_share_claim claim = {from, size, receiver->share.max_bytes};
    unsigned count = receiver->share.places, i = 0;
    struct sx_share_holder *holders = calloc(count + 1, sizeof *holders);
    struct entry *entry, *next;
    bool has_room = false;
    if (!holders)
        return false;
    TAILQ_FOREACH(entry, &receiver->order, in_order)
        holders[i++] = (struct sx_share_holder){
            .account = entry->account,
            .bytes = entry->size,
            .has_had_its_time =
                sx_pace_has_had_its_time(&entry->pace, now_us) && !is_awaited(receiver, entry)};
    has_room = sx_share_yield(&receiver->share, &claim, holders, count, now_us);
    for (entry = TAILQ_FIRST(&receiver->order), i = 0; entry; entry = next, i++) {
        next = TAILQ_NEXT(entry, in_order);
        if (!holders[i].yields)
            continue;
        remove_entry(receiver, entry);
        receiver->displaced++;
    }
    free(holders);
    return has_room;
}

/* Why there is no room for so many bytes of this peer's just now; NULL: there is, perhaps since
 * others have made it. */
static const char *find_shortage(struct sx_receiver *receiver, const char *from, size_t size,
                                 int64_t now_us)
{
    struct sx_share *share = &receiver->share;
    /* an account's many resources are one */
    const struct sx_share_account *own = sx_share_find(share, from);
    if (own && own->places >= share->max_places / 2)
        return "as many of your messages are under way as may be";
    if (own && (size > share->max_bytes / 2 || own->bytes > share->max_bytes / 2 - size))
        return "there is no room for so many bytes of yours just now";
    if (sx_share_has_room(share, from, size, now_us) || displace(receiver, from, size, now_us))
        return NULL;
    return share->places >= share->max_places ? "as many messages are under way as may be"
                                              : "there is no room for so many bytes just now";
}

static struct entry *add_entry(struct sx_receiver *receiver, const char *from,
                               const struct sx_receiver_open *open, size_t size, int64_t now_us)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    entry->from = strdup(from);
    entry->hash = EVP_MD_CTX_new();
    if (entry->from && entry->hash && EVP_DigestInit_ex(entry->hash, EVP_sha256(), NULL) == 1)
        entry->account = sx_share_enter(&receiver->share, from, size);
    if (!entry->account) {
        free_entry(entry);
        return NULL;
    }
    snprintf(entry->transfer, sizeof entry->transfer, "%s", open->transfer);
    snprintf(entry->sha256, sizeof entry->sha256, "%s", open->sha256);
    entry->size = size;
    sx_pace_begin(&entry->pace, size, now_us);
    TAILQ_INSERT_TAIL(&receiver->order, entry, in_order);
    return entry;
}

/* The transfer that the open is about, new or not; NULL: refused. */
static struct entry *admit(struct sx_receiver *receiver, const char *from,
                           const struct sx_receiver_open *open, size_t size, int64_t now_us,
                           struct sx_receiver_answer *answer)
{
    struct entry *entry = find_transfer(receiver, from, open->transfer);
    const struct entry *session = find_session(receiver, from, open->sid);
    const char *shortage;
    if (session && session != entry) {
        refuse(receiver, answer, "not-acceptable", "another transfer has this sid");
        return NULL;
    }
    if (entry) {
        if (entry->size == size && strcmp(entry->sha256, open->sha256) == 0) {
            if (!is_complete(entry))
                sx_pace_resume(&entry->pace, now_us);
            return entry;
        }
        refuse(receiver, answer, "not-acceptable", "another message was announced under this id");
        return NULL;
    }
    shortage = find_shortage(receiver, from, size, now_us);
    if (!shortage) {
        entry = add_entry(receiver, from, open, size, now_us);
        shortage = "memory is short";
    }
    if (!entry)
        refuse(receiver, answer, "resource-constraint", shortage);
    return entry;
}

void sx_receiver_open(struct sx_receiver *receiver, const char *from,
                      const struct sx_receiver_open *open, int64_t now_us,
                      struct sx_receiver_answer *answer)
{
    struct numbers numbers = {0, 0};
    struct entry *entry;
    sx_receiver_expire(receiver, now_us);
    begin_answer(answer, NULL);
    if (!check_form(receiver, from, open, &numbers, answer) ||
        !check_size(receiver, &numbers, answer))
        return;
    entry = admit(receiver, from, open, numbers.size, now_us, answer);
    if (!entry)
        return;
    snprintf(entry->sid, sizeof entry->sid, "%s", open->sid);
    entry->block_bytes = numbers.block_bytes;
    entry->next_seq = 0;
    begin_answer(answer, entry);
    answer->is_open = true;
}

/* ---- data ---- */

/* Takes what the charge lacks for this capacity. It may lack nothing: a step that was charged may
 * have found no memory. */
static bool take_room(struct sx_receiver *receiver, struct entry *entry, size_t capacity)
{
    size_t taken = sx_memory_charged_bytes(&entry->charge);
    return taken >= capacity || sx_memory_take(receiver->memory, entry->kind, entry->from,
                                               capacity - taken, &entry->charge);
}

/* Room for len bytes more, in steps that double: each byte is moved a few times at most. */
static bool make_room(struct sx_receiver *receiver, struct entry *entry, size_t len)
{
    size_t wanted = entry->received + len, capacity = entry->capacity;
    char *bytes;
    if (wanted <= capacity)
        return true;
    capacity = capacity ? capacity : FIRST_STEP_BYTES;
    while (capacity < wanted && capacity < entry->size / 2)
        capacity *= 2;
    if (capacity < wanted || capacity > entry->size)
        capacity = entry->size;
    if (!take_room(receiver, entry, capacity))
        return false;
    bytes = realloc(entry->bytes, capacity);
    if (!bytes)
        return false;
    receiver->held_bytes += capacity - entry->capacity;
    entry->bytes = bytes;
    entry->capacity = capacity;
    return true;
}

/* Whether everything that came is what was announced; the hash is done with then. */
static bool seal(struct entry *entry)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char sha256[SX_SHA256_HEX_BYTES];
    if (EVP_DigestFinal_ex(entry->hash, digest, NULL) != 1)
        return false;
    sx_sender_format_sha256(digest, sha256);
    if (strcmp(sha256, entry->sha256) != 0)
        return false;
    EVP_MD_CTX_free(entry->hash);
    entry->hash = NULL;
    return true;
}

static bool check_block(struct sx_receiver *receiver, struct entry *entry, const char *seq,
                        const char *bytes, size_t len, struct sx_receiver_answer *answer)
{
    size_t number;
    if (!sx_sender_parse_number(seq, MOST_SEQ, &number))
        break_off(receiver, entry, answer, "bad-request", "seq is no number from 0 to 65535");
    else if (number != entry->next_seq)
        break_off(receiver, entry, answer, "unexpected-request",
                  "a block is missing, or came twice");
    else if (!bytes)
        break_off(receiver, entry, answer, "bad-request", "the block is no base64");
    else if (len > entry->block_bytes)
        break_off(receiver, entry, answer, "bad-request", "the block is larger than block-size");
    return !answer->condition;
}

/* The block is the next one. What ends the transfer here is final: a sender that goes on about it
 * isn't believed any more. */
static void append_block(struct sx_receiver *receiver, struct entry *entry, const char *bytes,
                         size_t len, int64_t now_us, struct sx_receiver_answer *answer)
{
    if (len > entry->size - entry->received) {
        break_off(receiver, entry, answer, "bad-request", "there is more than was announced");
        remove_entry(receiver, entry);
        return;
    }
    if (!make_room(receiver, entry, len)) {
        break_off(receiver, entry, answer, "resource-constraint", "memory is short");
        return;
    }
    entry->next_seq = (entry->next_seq + 1) % (MOST_SEQ + 1);
    if (len == 0)
        return;
    memcpy(entry->bytes + entry->received, bytes, len);
    entry->received += len;
    answer->received = entry->received;
    if (EVP_DigestUpdate(entry->hash, bytes, len) != 1 ||
        (entry->received == entry->size && !seal(entry))) {
        break_off(receiver, entry, answer, "not-acceptable",
                  "the bytes haven't the SHA-256 announced");
        remove_entry(receiver, entry);
        return;
    }
    receiver->completed += is_complete(entry);
    if (sx_pace_note(&entry->pace, entry->received, now_us))
        move_back(receiver, entry);
}

void sx_receiver_data(struct sx_receiver *receiver, const char *from, const char *sid,
                      const char *seq, const char *bytes, size_t len, int64_t now_us,
                      struct sx_receiver_answer *answer)
{
    struct entry *entry = find_session(receiver, from, sid);
    begin_answer(answer, entry);
    if (!entry) {
        refuse(receiver, answer, "item-not-found", "no such session is open");
        return;
    }
    if (!check_block(receiver, entry, seq, bytes, len, answer))
        return;
    append_block(receiver, entry, bytes, len, now_us, answer);
}

/* ---- close ---- */

void sx_receiver_close(struct sx_receiver *receiver, const char *from, const char *sid,
                       struct sx_receiver_answer *answer)
{
    struct entry *entry = find_session(receiver, from, sid);
    begin_answer(answer, entry);
    if (!entry)
        refuse(receiver, answer, "item-not-found", "no such session is open");
    else if (is_complete(entry))
        entry->sid[0] = '\0';
    else
        remove_entry(receiver, entry);
}

void sx_receiver_format_answer(struct sx_buffer *out, const struct sx_head *head,
                               const struct sx_receiver_answer *answer)
{
    struct sx_buffer payload = {0};
    if (answer->is_open)
        sx_buffer_add_format(&payload, "<packed xmlns='" SX_NS_PACKED "' received='%zu'/>",
                             answer->received);
    if (payload.failed)
        out->failed = true;
    else if (answer->condition)
        sx_stanza_error_as(out, head, answer->condition, answer->type, answer->text);
    else
        sx_stanza_result(out, head, payload.bytes, payload.len);
    sx_buffer_fini(&payload);
}

void sx_receiver_format_close(struct sx_buffer *out, const struct sx_head *answered,
                              const char *sid)
{
    struct sx_buffer payload = {0};
    char id[SX_RECEIVER_SID_BYTES + sizeof ".closed"];
    const struct sx_head head = {.from = answered->from, .to = answered->to, .id = id};
    snprintf(id, sizeof id, "%s.closed", sid);
    sx_buffer_add_text(&payload, "<close xmlns='" SX_NS_IBB "' sid='");
    sx_buffer_add_escaped(&payload, sid);
    sx_buffer_add_text(&payload, "'/>");
    if (payload.failed)
        out->failed = true;
    else
        sx_stanza_request(out, "set", &head, payload.bytes, payload.len);
    sx_buffer_fini(&payload);
}

/* ---- what has come ---- */

static struct entry *find_whole(const struct sx_receiver *receiver, const char *from,
                                const char *transfer, size_t size, const char *sha256)
{
    struct entry *entry = find_transfer(receiver, from, transfer);
    return entry && is_complete(entry) && entry->size == size && sha256 &&
                   strcmp(entry->sha256, sha256) == 0
               ? entry
               : NULL;
}

bool sx_receiver_take(struct sx_receiver *receiver, const char *from, const char *transfer,
                      size_t size, const char *sha256, char **bytes)
{
    struct entry *entry = find_whole(receiver, from, transfer, size, sha256);
    if (!entry)
        return false;
    *bytes = entry->bytes;
    entry->bytes = NULL;
    receiver->taken++;
    remove_entry(receiver, entry);
    return true;
}

void sx_receiver_await(struct sx_receiver *receiver, const char *from, const char *transfer)
{
    struct entry *entry = find_transfer(receiver, from, transfer);
    if (entry)
        entry->kind = SX_MEMORY_REPLY;
}

void sx_receiver_drop(struct sx_receiver *receiver, const char *from, const char *transfer)
{
    struct entry *entry = find_transfer(receiver, from, transfer);
    if (entry)
        remove_entry(receiver, entry);
}

unsigned sx_receiver_revoke(struct sx_receiver *receiver, sx_receiver_keeps_fn *keeps, void *user)
{
    struct entry *entry, *next;
    unsigned count = 0;
    for (entry = TAILQ_FIRST(&receiver->order); entry; entry = next) {
        next = TAILQ_NEXT(entry, in_order);
        if (keeps(user, entry->from))
            continue;
        remove_entry(receiver, entry);
        count++;
    }
    return count;
}

bool sx_receiver_progress(const struct sx_receiver *receiver, const char *from,
                          const char *transfer, size_t *received, size_t *size)
{
    const struct entry *entry = find_transfer(receiver, from, transfer);
    if (!entry)
        return false;
    *received = entry->received;
    *size = entry->size;
    return true;
}

unsigned sx_receiver_expire(struct sx_receiver *receiver, int64_t now_us)
{
    struct entry *entry, *next;
    unsigned count = 0;
    for (entry = TAILQ_FIRST(&receiver->order); entry; entry = next) {
        next = TAILQ_NEXT(entry, in_order);
        if (sx_pace_due_us(&entry->pace) > now_us)
            continue;
        remove_entry(receiver, entry);
        count++;
    }
    receiver->expired += count;
    return count;
}

int64_t sx_receiver_due_us(const struct sx_receiver *receiver)
{
    const struct entry *entry;
    int64_t due_us = SX_NEVER;
    TAILQ_FOREACH(entry, &receiver->order, in_order)
        if (sx_pace_due_us(&entry->pace) < due_us)
            due_us = sx_pace_due_us(&entry->pace);
    return due_us;
}

void sx_receiver_count(const struct sx_receiver *receiver, struct sx_receiver_counts *counts)
{
    *counts = (struct sx_receiver_counts){.transfers = receiver->share.places,
                                          .announced_bytes = receiver->share.bytes,
                                          .held_bytes = receiver->held_bytes,
                                          .completed = receiver->completed,
                                          .taken = receiver->taken,
                                          .expired = receiver->expired,
                                          .displaced = receiver->displaced,
                                          .refused = receiver->refused};
}
