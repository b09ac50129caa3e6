/* answers.c - requests of a link that were taken and aren't ended, and the thread that ends them.
 *
 * Invariant: an answer is in the queue, or somebody holds it, or it is gone; `held` counts the
 * first two.
 *
 * Happy path: hold -> end -> the thread takes it and sends it -> free. Failure: an answer that
 * can't be carried becomes a refusal that says why. */
#include "link/answers.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

enum { WHY_BYTES = 400 };

struct gw_answers {
    /* immutable */
    char *name;
    size_t most_bytes;
    int fd;
    pthread_t thread;
    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t more;
    struct gw_link_answer *first, **last;
    size_t held, bytes;
    size_t references; /* one of the link, and one of each request that is held */
    bool was_full, is_stopping, has_ended;
};

/* ---- one answer ---- */

static void refuse_uncarried(const struct gw_answers *answers, struct gw_link_answer *answer,
                             const char *why)
{
    gw_log_rarely("an answer that can't be carried", GW_LOG_WARNING, "link \"%s\": %s",
                  answers->name, why);
    soap_xmpp_refuse(answer->request, why);
}

static void send(const struct gw_answers *answers, struct gw_link_answer *answer)
{
    char why[WHY_BYTES] = "";

    if (answer->kind == GW_ANSWER_REFUSE)
        soap_xmpp_refuse(answer->request, answer->text);
    else if (answer->kind == GW_ANSWER_DECLINE)
        soap_xmpp_decline(answer->request, answer->condition, answer->text);
    else if (soap_xmpp_answer(answer->request, answer->envelope, answer->envelope_bytes, why,
                              sizeof why))
        refuse_uncarried(answers, answer, why);
}

static bool is_full_locked(const struct gw_answers *answers)
{
    return answers->held >= GW_ANSWERS_REQUESTS || answers->bytes >= answers->most_bytes;
}

static void free_answers(struct gw_answers *answers)
{
    pthread_cond_destroy(&answers->more);
    pthread_mutex_destroy(&answers->mu);
    close(answers->fd);
    free(answers->name);
    free(answers);
}

/* held: of a request; else the link's. Whoever isn't the last tells of the room before it lets go
 * of the lock: afterwards the answers may be gone. */
static void drop(struct gw_answers *answers, bool held, size_t bytes)
{
    bool is_last;

    pthread_mutex_lock(&answers->mu);
    answers->held -= held;
    answers->bytes -= bytes;
    is_last = --answers->references == 0;
    if (answers->was_full && !is_full_locked(answers)) {
        answers->was_full = false;
        gw_answers_wake(answers);
    }
    pthread_mutex_unlock(&answers->mu);
    if (is_last)
        free_answers(answers);
}

static void finish(struct gw_answers *answers, struct gw_link_answer *answer)
{
    size_t bytes = answer->held_bytes;

    send(answers, answer);
    free(answer->envelope);
    free(answer->condition);
    free(answer->text);
    answer->free(answer);
    drop(answers, true, bytes);
}

/* ---- the thread ---- */

static struct gw_link_answer *take(struct gw_answers *answers)
{
    struct gw_link_answer *answer;

    pthread_mutex_lock(&answers->mu);
    while (!answers->first && !answers->is_stopping)
        pthread_cond_wait(&answers->more, &answers->mu);
    answer = answers->first;
    if (answer)
        answers->first = answer->next;
    if (!answers->first)
        answers->last = &answers->first;
    if (!answer) /* nothing is queued any more from here on */
        answers->has_ended = true;
    pthread_mutex_unlock(&answers->mu);
    return answer;
}

static void *run(void *user)
{
    struct gw_answers *answers = user;
    struct gw_link_answer *answer;

    /* the link's reference is there until this thread was joined */
    while ((answer = take(answers)) != NULL) /* NOLINT(clang-analyzer-unix.Malloc) */
        finish(answers, answer);
    return NULL;
}

/* ---- for others ---- */

static struct gw_answers *make(const char *name, size_t most_bytes)
{
    struct gw_answers *answers = calloc(1, sizeof *answers);

    if (!answers)
        return NULL;
    answers->most_bytes = most_bytes;
    answers->references = 1;
    answers->last = &answers->first;
    answers->name = strdup(name);
    answers->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&answers->mu, NULL);
    pthread_cond_init(&answers->more, NULL);
    if (answers->name && answers->fd >= 0)
        return answers;
    free_answers(answers);
    return NULL;
}

struct gw_answers *gw_answers_start(const char *name, size_t most_bytes, char *why,
                                    size_t why_bytes)
{
    struct gw_answers *answers = make(name, most_bytes);
    int err;

    if (!answers) {
        snprintf(why, why_bytes, "link \"%s\": memory or descriptors are short", name);
        return NULL;
    }
    err = pthread_create(&answers->thread, NULL, run, answers);
    if (err) {
        snprintf(why, why_bytes, "link \"%s\": a thread can't be started: %s", name, strerror(err));
        free_answers(answers);
        return NULL;
    }
    return answers;
}

char *gw_answers_name(struct gw_answers *answers)
{
    return answers->name;
}

int gw_answers_fd(const struct gw_answers *answers)
{
    return answers->fd;
}

void gw_answers_wake(struct gw_answers *answers)
{
    uint64_t one = 1;

    /* a full counter is readable, which is all that is wanted */
    while (write(answers->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void gw_answers_clear(struct gw_answers *answers)
{
    uint64_t count;

    while (read(answers->fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
}

bool gw_answers_is_full(struct gw_answers *answers)
{
    bool is_full;

    pthread_mutex_lock(&answers->mu);
    is_full = is_full_locked(answers);
    answers->was_full = is_full; /* whoever makes room tells */
    pthread_mutex_unlock(&answers->mu);
    return is_full;
}

size_t gw_answers_held(struct gw_answers *answers)
{
    size_t held;

    pthread_mutex_lock(&answers->mu);
    held = answers->held;
    pthread_mutex_unlock(&answers->mu);
    return held;
}

void gw_answers_hold(struct gw_answers *answers, struct gw_link_answer *answer, size_t bytes)
{
    answer->held_bytes = bytes;
    pthread_mutex_lock(&answers->mu);
    answers->held++;
    answers->bytes += bytes;
    answers->references++;
    pthread_mutex_unlock(&answers->mu);
}

void gw_answers_end(struct gw_answers *answers, struct gw_link_answer *answer)
{
    bool has_ended;

    pthread_mutex_lock(&answers->mu);
    has_ended = answers->has_ended;
    if (!has_ended) {
        answers->bytes += answer->envelope_bytes;
        answer->held_bytes += answer->envelope_bytes;
        answer->next = NULL;
        *answers->last = answer;
        answers->last = &answer->next;
        pthread_cond_signal(&answers->more);
    }
    pthread_mutex_unlock(&answers->mu);
    if (has_ended)
        finish(answers, answer);
}

void gw_answers_stop(struct gw_answers *answers)
{
    if (!answers)
        return;
    pthread_mutex_lock(&answers->mu);
    answers->is_stopping = true;
    pthread_cond_signal(&answers->more);
    pthread_mutex_unlock(&answers->mu);
    pthread_join(answers->thread, NULL);
}

void gw_answers_release(struct gw_answers *answers)
{
    drop(answers, false, 0);
}
