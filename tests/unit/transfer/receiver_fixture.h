/* receiver_fixture.h - an intake to talk to in few words: announce, send, leave, take. For
 * test_receiver.c and test_receiver_room.c. */
#ifndef TESTS_RECEIVER_FIXTURE_H
#define TESTS_RECEIVER_FIXTURE_H

#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transfer/receiver.h"

#define ALICE "alice@example.org/desk"
#define BOB   "bob@example.org/desk"
#define CAROL "carol@example.org/desk"

/* of "0123456789" */
#define HASH          "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
#define ZEROS_BUT_ONE "000000000000000000000000000000000000000000000000000000000000000"
#define ZEROS         ZEROS_BUT_ONE "0"

#define TOO_LONG                                                                                   \
    "x234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"  \
    "234567"

#define S INT64_C(1000000) /* a second */

static inline struct sx_receiver *make(size_t max_bytes, unsigned max_transfers)
{
    const struct sx_receiver_limits limits = {.max_message_bytes = max_bytes * 3 / 4,
                                              .max_bytes = max_bytes,
                                              .max_block_bytes = 4096,
                                              .max_transfers = max_transfers};
    struct sx_receiver *receiver = sx_receiver_new(&limits);
    CU_ASSERT_PTR_NOT_NULL_FATAL(receiver);
    return receiver;
}

static inline struct sx_receiver_counts count(const struct sx_receiver *receiver)
{
    struct sx_receiver_counts counts;
    sx_receiver_count(receiver, &counts);
    return counts;
}

/* Passes if the answer is this condition, NULL: a result. */
static inline void expect(const struct sx_receiver_answer *answer, const char *condition)
{
    ASSERT_TEXT(answer->condition ? answer->condition : "result", condition ? condition : "result");
    CU_ASSERT(answer->condition ? answer->type && *answer->text : !answer->type && !*answer->text);
}

static inline struct sx_receiver_answer ask(struct sx_receiver *receiver, const char *from,
                                            struct sx_receiver_open open, int64_t now_us)
{
    struct sx_receiver_answer answer;
    memset(&answer, 'x', sizeof answer);
    sx_receiver_open(receiver, from, &open, now_us, &answer);
    CU_ASSERT_EQUAL(answer.is_open, !answer.condition);
    CU_ASSERT_FALSE(answer.closes);
    return answer;
}

/* An open that is well-formed; sid and transfer are the same, blocks of 4 bytes. */
static inline struct sx_receiver_answer announce(struct sx_receiver *receiver, const char *from,
                                                 const char *transfer, size_t size, int64_t now_us)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", size);
    return ask(receiver, from,
               (struct sx_receiver_open){.sid = transfer,
                                         .block_size = "4",
                                         .stanza = "iq",
                                         .transfer = transfer,
                                         .size = text,
                                         .sha256 = HASH},
               now_us);
}

static inline struct sx_receiver_answer send(struct sx_receiver *receiver, const char *from,
                                             const char *sid, const char *seq, const char *text,
                                             int64_t now_us)
{
    struct sx_receiver_answer answer;
    memset(&answer, 'x', sizeof answer);
    sx_receiver_data(receiver, from, sid, seq, text, text ? strlen(text) : 0, now_us, &answer);
    CU_ASSERT_FALSE(answer.is_open);
    return answer;
}

static inline struct sx_receiver_answer leave(struct sx_receiver *receiver, const char *from,
                                              const char *sid)
{
    struct sx_receiver_answer answer;
    memset(&answer, 'x', sizeof answer);
    sx_receiver_close(receiver, from, sid, &answer);
    CU_ASSERT_FALSE(answer.is_open || answer.closes);
    return answer;
}

static inline void expect_sent(struct sx_receiver *receiver, const char *sid, const char *seq,
                               const char *text, const char *condition)
{
    struct sx_receiver_answer answer = send(receiver, ALICE, sid, seq, text, S);
    expect(&answer, condition);
    CU_ASSERT_EQUAL(answer.closes, condition && strcmp(condition, "item-not-found") != 0);
}

static inline void expect_left(struct sx_receiver *receiver, const char *sid, const char *condition)
{
    struct sx_receiver_answer answer = leave(receiver, ALICE, sid);
    expect(&answer, condition);
}

/* Alice opens "t", 10 bytes; so many have come before. */
static inline void expect_opened(struct sx_receiver *receiver, size_t received)
{
    struct sx_receiver_answer answer = announce(receiver, ALICE, "t", 10, S);
    expect(&answer, NULL);
    CU_ASSERT_EQUAL(answer.received, received);
}

static inline void expect_taken(struct sx_receiver *receiver, const char *from,
                                const char *transfer)
{
    char *bytes = NULL;
    CU_ASSERT_FATAL(sx_receiver_take(receiver, from, transfer, 10, HASH, &bytes));
    CU_ASSERT(memcmp(bytes, "0123456789", 10) == 0);
    free(bytes);
}

static inline void expect_not_taken(struct sx_receiver *receiver, const char *from,
                                    const char *transfer, size_t size, const char *sha256)
{
    static char untouched[] = "untouched";
    char *bytes = untouched;
    CU_ASSERT_FALSE(sx_receiver_take(receiver, from, transfer, size, sha256, &bytes));
    CU_ASSERT(bytes == untouched);
}

#endif
