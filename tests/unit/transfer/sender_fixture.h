/* sender_fixture.h - a transfer, whose receiver and clock the tests are: say, hear. For
 * test_sender.c and test_sender_setback.c. */
#ifndef TESTS_SENDER_FIXTURE_H
#define TESTS_SENDER_FIXTURE_H

#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "transfer/sender.h"

#define BOB  "bob@example.org/soap"
#define EVE  "eve@example.org/soap"
#define OPEN "<open xmlns='http://jabber.org/protocol/ibb' sid="
#define DATA "<data xmlns='http://jabber.org/protocol/ibb' sid="
#define PACKED                                                                                     \
    "<packed xmlns='urn:soap-xmpp:packed:1' transfer='T' size='10' sha256='H'/></open></iq>"

#define S INT64_C(1000000) /* a second */

/* "0123456789", again and again */
static inline struct sx_sender *make(size_t size, unsigned window, size_t block_bytes)
{
    const struct sx_sender_settings settings = {.window = window, .block_bytes = block_bytes};
    struct sx_sender *transfer;
    char *bytes = malloc(size);
    size_t i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (i = 0; i < size; i++)
        bytes[i] = (char)('0' + i % 10);
    transfer = sx_sender_new(BOB, bytes, size, &settings, bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(transfer);
    sx_sender_begin(transfer, 0);
    return transfer;
}

static inline void replace(char *text, const char *what, char with)
{
    size_t len = strlen(what);
    char *found;
    while ((found = strstr(text, what))) {
        *found = with;
        memmove(found + 1, found + len, strlen(found + len) + 1);
    }
}

/* No stanza is longer with blocks of so many bytes: base64, names as long as they get. */
static inline size_t stanza_bound(size_t block_bytes)
{
    return (block_bytes + 2) / 3 * 4 + 6 * sizeof BOB + 512;
}

/* What goes out now, "" if nothing: with T for the transfer's id and H for the hash. */
static const char *say(struct sx_sender *transfer, int64_t now_us)
{
    static char text[100000];
    struct sx_buffer out = {0};
    bool said = sx_sender_next(transfer, now_us, &out);
    CU_ASSERT_FALSE_FATAL(out.failed);
    CU_ASSERT_EQUAL(said, out.len > 0);
    CU_ASSERT(out.len < sizeof text && out.len <= stanza_bound(sx_sender_size(transfer)));
    snprintf(text, sizeof text, "%s", said ? out.bytes : "");
    sx_buffer_fini(&out);
    replace(text, sx_sender_id(transfer), 'T');
    replace(text, sx_sender_sha256(transfer), 'H');
    return text;
}

static inline bool hear_from(struct sx_sender *transfer, const char *from, const char *name,
                             const struct sx_sender_reply *reply, int64_t now_us)
{
    char id[100];
    snprintf(id, sizeof id, "%s.%s", sx_sender_id(transfer), name);
    return sx_sender_reply(transfer, from, id, reply, now_us);
}

/* A result, with so many bytes `received` unless NULL; it must count. */
static inline void hear(struct sx_sender *transfer, const char *name, const char *received,
                        int64_t now_us)
{
    const struct sx_sender_reply reply = {.received = received};
    CU_ASSERT(hear_from(transfer, BOB, name, &reply, now_us));
}

static inline void hear_error(struct sx_sender *transfer, const char *name, const char *condition,
                              const char *type, int64_t now_us)
{
    const struct sx_sender_reply reply = {.condition = condition, .type = type, .text = "because"};
    CU_ASSERT(hear_from(transfer, BOB, name, &reply, now_us));
}

/* Opens attempt n at now_us: the receiver has so many bytes. */
static inline void open_session(struct sx_sender *transfer, unsigned n, const char *received,
                                int64_t now_us)
{
    char name[32], id[64];
    snprintf(id, sizeof id, "id='T.%u.open'", n);
    ASSERT_CONTAINS(say(transfer, now_us), id);
    snprintf(name, sizeof name, "%u.open", n);
    hear(transfer, name, received, now_us);
}

/* Nothing goes out before due_us, and then the open of attempt n does. */
static inline void expect_open_at(struct sx_sender *transfer, unsigned n, int64_t due_us)
{
    char id[64];
    snprintf(id, sizeof id, "id='T.%u.open'", n);
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_WAITING);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), due_us);
    ASSERT_TEXT(say(transfer, due_us - 1), "");
    ASSERT_CONTAINS(say(transfer, due_us), id);
}

#endif
