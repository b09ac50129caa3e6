#include "witness.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/suite.h"

enum { AWAIT_US = 20000000 };

void witness_init(struct witness *witness)
{
    memset(witness, 0, sizeof *witness);
    pthread_mutex_init(&witness->mu, NULL);
    sx_clock_cond_init(&witness->changed);
}

void witness_fini(struct witness *witness)
{
    CU_ASSERT_EQUAL(witness->overlaps, 0);
    sx_buffer_fini(&witness->states);
    sx_buffer_fini(&witness->reasons);
    sx_buffer_fini(&witness->trace);
    pthread_cond_destroy(&witness->changed);
    pthread_mutex_destroy(&witness->mu);
}

static void see_state(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct witness *witness = user;
    pthread_mutex_lock(&witness->mu);
    witness->overlaps += witness->is_told_now;
    witness->is_told_now = true;
    sx_buffer_add_format(&witness->states, "%s\n", soap_xmpp_state_text(state));
    sx_buffer_add_format(&witness->reasons, "%s\n", reason);
    pthread_cond_broadcast(&witness->changed);
    pthread_mutex_unlock(&witness->mu);
    if (witness->on_state)
        witness->on_state(witness, state);
    pthread_mutex_lock(&witness->mu);
    witness->is_told_now = false;
    pthread_mutex_unlock(&witness->mu);
}

static void see_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct witness *witness = user;
    (void)level;
    pthread_mutex_lock(&witness->mu);
    sx_buffer_add_format(&witness->trace, "%s\n", line);
    pthread_cond_broadcast(&witness->changed);
    pthread_mutex_unlock(&witness->mu);
}

void witness_watch(struct witness *witness, struct soap_xmpp_config *config)
{
    config->state_callback = see_state;
    config->trace_callback = see_line;
    config->state_user = config->trace_user = witness;
    config->trace = SOAP_XMPP_TRACE_DEBUG;
}

static bool begins_with(const struct sx_buffer *buffer, const char *text)
{
    return buffer->len >= strlen(text) && memcmp(buffer->bytes, text, strlen(text)) == 0;
}

void witness_expect(struct witness *witness, const char *states)
{
    int64_t deadline = sx_clock_deadline(AWAIT_US);
    bool in_time = true;
    pthread_mutex_lock(&witness->mu);
    while (witness->states.len < strlen(states) && in_time)
        in_time = sx_clock_cond_wait(&witness->changed, &witness->mu, deadline);
    if (!begins_with(&witness->states, states))
        ASSERT_TEXT(witness->states.bytes ? witness->states.bytes : "", states);
    pthread_mutex_unlock(&witness->mu);
}

bool witness_await(struct witness *witness, enum soap_xmpp_state_value state)
{
    int64_t deadline = sx_clock_deadline(AWAIT_US);
    const char *text = soap_xmpp_state_text(state);
    bool in_time = true, come;
    pthread_mutex_lock(&witness->mu);
    while (!(come = witness->states.len && strstr(witness->states.bytes, text)) && in_time)
        in_time = sx_clock_cond_wait(&witness->changed, &witness->mu, deadline);
    pthread_mutex_unlock(&witness->mu);
    return come;
}

static bool has_line(const struct sx_buffer *lines, const char *one, const char *other)
{
    const char *line = lines->len ? lines->bytes : "";
    while (*line) {
        size_t len = strcspn(line, "\n");
        if (memmem(line, len, one, strlen(one)) && memmem(line, len, other, strlen(other)))
            return true;
        line += len + (line[len] == '\n');
    }
    return false;
}

bool witness_await_trace(struct witness *witness, const char *one, const char *other)
{
    int64_t deadline = sx_clock_deadline(AWAIT_US);
    bool in_time = true, come;
    pthread_mutex_lock(&witness->mu);
    while (!(come = has_line(&witness->trace, one, other)) && in_time)
        in_time = sx_clock_cond_wait(&witness->changed, &witness->mu, deadline);
    pthread_mutex_unlock(&witness->mu);
    return come;
}

void witness_clear(struct witness *witness)
{
    pthread_mutex_lock(&witness->mu);
    sx_buffer_clear(&witness->states);
    sx_buffer_clear(&witness->reasons);
    sx_buffer_clear(&witness->trace);
    pthread_mutex_unlock(&witness->mu);
}

static char *copy_record(struct witness *witness, const struct sx_buffer *record)
{
    char *copy;
    pthread_mutex_lock(&witness->mu);
    copy = strdup(record->len ? record->bytes : "");
    pthread_mutex_unlock(&witness->mu);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    return copy;
}

char *witness_reasons(struct witness *witness)
{
    return copy_record(witness, &witness->reasons);
}

char *witness_trace(struct witness *witness)
{
    return copy_record(witness, &witness->trace);
}
