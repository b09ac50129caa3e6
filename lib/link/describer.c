/* describer.c - what a service says of itself, told to whom a rule names. Invariant and paths:
 * describer.h.
 */
#include "link/describer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "wire/jid.h"
#include "wire/uri.h"

enum {
    MAX_REQUESTS = 256,
    MAX_REQUEST_BYTES = 1 << 20,
    WHY_BYTES = 300,
    ADDRESS_BYTES = 10240 /* a JID of 3,071 bytes, percent-encoded */
};

struct sx_describer {
    /* immutable */
    struct sx_describer_parts parts;
    struct sx_answers answers; /* those here are no calls of an operation: they aren't counted */
    struct sx_queue *queue;
    struct sx_checker *checker; /* the thread's */
    atomic_bool is_on;
    pthread_mutex_t mu;
    /* under mu */
    struct sx_description *description;
    bool has_thread, is_joined;
    pthread_t thread;
};

/* ---- making ---- */

struct sx_describer *sx_describer_new(const struct sx_describer_parts *parts)
{
    struct sx_describer *describer = calloc(1, sizeof *describer);
    if (!describer)
        return NULL;
    describer->parts = *parts;
    describer->answers = *parts->answers;
    describer->answers.statistics = NULL;
    describer->answers.tally = NULL;
    atomic_init(&describer->is_on, false);
    describer->queue = sx_queue_new(MAX_REQUESTS, MAX_REQUEST_BYTES, 0);
    describer->checker = sx_checker_new(sx_session_config(parts->session)->max_depth);
    if (describer->queue && describer->checker && !pthread_mutex_init(&describer->mu, NULL)) {
        sx_queue_open(describer->queue);
        return describer;
    }
    sx_queue_free(describer->queue);
    sx_checker_free(describer->checker);
    free(describer);
    return NULL;
}

void sx_describer_free(struct sx_describer *describer)
{
    if (!describer)
        return;
    sx_queue_close(describer->queue);
    sx_describer_join(describer);
    sx_queue_free(describer->queue);
    sx_checker_free(describer->checker);
    sx_description_unref(describer->description);
    pthread_mutex_destroy(&describer->mu);
    free(describer);
}

/* The description of the moment, with a reference; NULL: there is none. */
static struct sx_description *get(struct sx_describer *describer)
{
    struct sx_description *description = NULL;
    if (!sx_describer_is_on(describer))
        return NULL;
    pthread_mutex_lock(&describer->mu);
    if (describer->description)
        description = sx_description_ref(describer->description);
    pthread_mutex_unlock(&describer->mu);
    return description;
}

bool sx_describer_is_on(const struct sx_describer *describer)
{
    return atomic_load(&describer->is_on);
}

struct sx_queue *sx_describer_queue(struct sx_describer *describer)
{
    return describer->queue;
}

/* ---- the thread ---- */

static void address_of(const struct sx_describer *describer, const struct sx_request *request,
                       char address[ADDRESS_BYTES])
{
    char jid[SX_JID_BYTES];
    const char *called = request->to;
    if (!sx_session_config(describer->parts.session)->is_component) {
        sx_session_jid(describer->parts.session, jid, sizeof jid);
        called = jid;
    }
    sx_uri_write(called, address, ADDRESS_BYTES);
}

/* The whole envelope, unpacked; false: it is too large, or damaged. */
static bool read_envelope(const struct sx_describer *describer, struct sx_request *request,
                          char envelope[SX_METADATA_BYTES + 1], size_t *len)
{
    struct sx_reader reader = {0};
    char why[WHY_BYTES];
    size_t got = 1;
    enum sx_err err = SX_OK;
    *len = 0;
    while (err == SX_OK && got && *len <= SX_METADATA_BYTES) {
        err = sx_reader_next(&reader, &request->envelope, describer->parts.limits, envelope + *len,
                             SX_METADATA_BYTES + 1 - *len, &got, why, sizeof why);
        *len += err == SX_OK ? got : 0;
    }
    sx_reader_fini(&reader);
    return err == SX_OK && *len <= SX_METADATA_BYTES;
}

static void decline(const struct sx_describer *describer, struct sx_request *request,
                    enum sx_err err, const char *text)
{
    sx_answer_decline(&describer->answers, request, sx_fault_condition(err),
                      text ? text : sx_fault_text(err),
                      sx_clock_deadline(sx_session_timeout_us(describer->parts.session)));
}

static void send_metadata(struct sx_describer *describer, struct sx_request *request,
                          const struct sx_description *description,
                          const struct sx_metadata_question *question)
{
    struct sx_buffer out = {0};
    char why[WHY_BYTES] = "", address[ADDRESS_BYTES];
    enum sx_err err = SX_ENOMEM;
    address_of(describer, request, address);
    sx_description_write_metadata(description, question, address, &out);
    if (!out.failed)
        err = sx_answer_send(&describer->answers, request, describer->checker, out.bytes, out.len,
                             why, sizeof why);
    if (err != SX_OK)
        sx_answer_refuse(&describer->answers, request, "internal-server-error",
                         *why ? why : sx_fault_text(err));
    sx_buffer_fini(&out);
}

static void answer(struct sx_describer *describer, struct sx_request *request)
{
    struct sx_description *description = get(describer);
    struct sx_metadata_question question;
    char *envelope = malloc(SX_METADATA_BYTES + 1);
    size_t len;
    enum sx_err err = envelope && description ? SX_OK : SX_ENOMEM;
    if (err == SX_OK && !sx_access_may_know(describer->parts.access, request->from))
        err = SX_EFORBIDDEN; /* since it came, rules have gone */
    if (err == SX_OK && !read_envelope(describer, request, envelope, &len))
        err = SX_EMALFORMED;
    if (err == SX_OK)
        err = sx_metadata_read(&question, envelope, len);
    if (err == SX_OK)
        send_metadata(describer, request, description, &question);
    else
        decline(describer, request, err,
                err == SX_EMALFORMED ? "what is asked for can't be read, or is too large" : NULL);
    free(envelope);
    sx_description_unref(description);
}

static void *run(void *user)
{
    struct sx_describer *describer = user;
    struct sx_request *request;
    bool closed;
    while ((request = sx_queue_take(describer->queue, SX_NEVER, &closed))) {
        answer(describer, request);
        sx_request_free(request);
    }
    return NULL;
}

/* ---- describing ---- */

/* Unless there is one, or the link is closed. */
static enum sx_err start_thread(struct sx_describer *describer)
{
    enum sx_err err = SX_OK;
    pthread_mutex_lock(&describer->mu);
    if (!describer->has_thread && !describer->is_joined) {
        err = sx_thread_start(&describer->thread, run, describer) ? SX_ENOMEM : SX_OK;
        describer->has_thread = err == SX_OK;
    }
    pthread_mutex_unlock(&describer->mu);
    return err;
}

/* The one namespace that all operations ("{namespace}local") are in; false: there are none, or
 * several, or it is none that a scan tells, or would stand for others (access_service.h). */
static bool find_namespace(const char *operations, char uri[SX_SCAN_URI_BYTES])
{
    const char *first = operations, *end = strrchr(first, '}');
    size_t len = end ? (size_t)(end - first) - 1 : SX_SCAN_URI_BYTES;
    if (len >= SX_SCAN_URI_BYTES || memchr(first + 1, '*', len))
        return false;
    for (; *operations; operations += strlen(operations) + 1)
        if (strncmp(operations, first, len + 2) != 0 || strchr(operations + len + 2, '}'))
            return false;
    memcpy(uri, first + 1, len);
    uri[len] = '\0';
    return true;
}

/* A rule without a namespace means it. Of several it has to name one: what serves may run another
 * operation for an element that one of them lacks. */
static enum sx_err tell_rules(struct sx_access *access, const char *operations)
{
    char uri[SX_SCAN_URI_BYTES];
    const char *pattern = uri;
    return find_namespace(operations, uri) ? sx_access_serve(access, &pattern, 1) : SX_OK;
}

enum sx_err sx_describer_set(struct sx_describer *describer, struct sx_description *description)
{
    const char *operations = sx_description_operations(description);
    const char *counted = sx_description_has_statistics(description) ? operations : NULL;
    struct sx_description *before;
    enum sx_err err = start_thread(describer);
    if (err == SX_OK)
        err = sx_statistics_begin(describer->parts.statistics, counted);
    if (err == SX_OK)
        err = tell_rules(describer->parts.access, operations);
    if (err != SX_OK)
        return err;
    pthread_mutex_lock(&describer->mu);
    before = describer->description;
    describer->description = sx_description_ref(description);
    atomic_store(&describer->is_on, true);
    pthread_mutex_unlock(&describer->mu);
    sx_description_unref(before);
    return SX_OK;
}

void sx_describer_join(struct sx_describer *describer)
{
    bool has_thread;
    pthread_mutex_lock(&describer->mu);
    has_thread = describer->has_thread;
    describer->has_thread = false;
    describer->is_joined = true;
    pthread_mutex_unlock(&describer->mu);
    if (has_thread)
        pthread_join(describer->thread, NULL);
}

/* ---- questions ---- */

static struct sx_description *get_for(struct sx_describer *describer, const char *from)
{
    if (!sx_describer_is_on(describer) || !from ||
        !sx_access_may_know(describer->parts.access, from))
        return NULL;
    return get(describer);
}

void sx_describer_write_form(struct sx_describer *describer, const char *from, size_t out_bytes,
                             struct sx_buffer *out)
{
    struct sx_description *description = get_for(describer, from);
    if (description)
        sx_description_write_form(description, describer->parts.statistics, out_bytes, out);
    sx_description_unref(description);
}

bool sx_describer_write_items(struct sx_describer *describer, const char *from, size_t out_bytes,
                              struct sx_buffer *out)
{
    struct sx_description *description = get_for(describer, from);
    bool were_all = !description || sx_description_write_items(description, out_bytes, out);
    sx_description_unref(description);
    return were_all;
}
