/* response_fixture.h - responses for tests of what remembers them, and what they say. */
#ifndef TESTS_UNIT_RESPONSE_FIXTURE_H
#define TESTS_UNIT_RESPONSE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "request/journal.h"
#include "request/response.h"
#include "../lib/suite.h"

/* What response_read() says of one with this payload. */
#define RESPONSE_TEXT(payload) "<iq type='result' id='i'>" payload "</iq>"

static inline struct sx_response *response_make(const char *payload)
{
    struct sx_response *response =
        sx_response_new(strdup(payload), strlen(payload), strlen(payload), NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(response);
    return response;
}

/* Takes the reference (NULL: returns NULL). malloc'ed. */
static inline char *response_read(struct sx_response *response)
{
    const struct sx_head head = {.id = "i"};
    struct sx_buffer out = {0};
    size_t len;
    if (!response)
        return NULL;
    sx_response_write(response, &head, &out);
    sx_response_unref(response);
    return sx_buffer_take(&out, &len);
}

/* The request was answered with this result. */
static inline void response_remember(struct sx_journal *journal, const char *from, const char *id,
                                     const char *payload, int64_t now_us)
{
    struct sx_response *response = response_make(payload);
    sx_journal_answer(journal, from, id, response, now_us);
    sx_response_unref(response);
}

#endif
