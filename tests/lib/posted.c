/* posted.c - takers of what loops are given to write. */
#include "posted.h"

#include <pthread.h>
#include <stdlib.h>

enum { MAX_LOOPS = 64 };

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct taker {
    struct sx_loop *loop; /* NULL: the place is free */
    posted_fn *take;
    void *user;
    enum sx_err refusal;
} takers[MAX_LOOPS];

void posted_take(struct sx_loop *loop, posted_fn *take, void *user)
{
    struct taker *free_place = NULL;
    int i;
    pthread_mutex_lock(&mu);
    for (i = 0; i < MAX_LOOPS; i++) {
        if (takers[i].loop == loop)
            takers[i].loop = NULL;
        if (!takers[i].loop)
            free_place = &takers[i];
    }
    if (take && !free_place)
        abort();
    if (take)
        *free_place = (struct taker){loop, take, user, SX_OK};
    pthread_mutex_unlock(&mu);
}

/* Its loop is NULL: there is none. */
static struct taker find_taker(const struct sx_loop *loop)
{
    struct taker taker = {0};
    int i;
    pthread_mutex_lock(&mu);
    for (i = 0; i < MAX_LOOPS; i++)
        if (takers[i].loop == loop)
            taker = takers[i];
    pthread_mutex_unlock(&mu);
    return taker;
}

void posted_refuse(struct sx_loop *loop, enum sx_err err)
{
    int i;
    pthread_mutex_lock(&mu);
    for (i = 0; i < MAX_LOOPS; i++)
        if (takers[i].loop == loop)
            takers[i].refusal = err;
    pthread_mutex_unlock(&mu);
}

/* False: nobody takes it. */
static bool pass(struct sx_loop *loop, uint64_t session, char *stanza, size_t len, enum sx_err *err)
{
    struct taker taker = find_taker(loop);
    *err = taker.refusal;
    if (taker.loop && taker.refusal)
        free(stanza);
    else if (taker.loop)
        taker.take(taker.user, session, stanza, len);
    return taker.loop != NULL;
}

__typeof__(sx_loop_post) __wrap_sx_loop_post, __real_sx_loop_post;
__typeof__(sx_loop_post_again) __wrap_sx_loop_post_again, __real_sx_loop_post_again;

enum sx_err __wrap_sx_loop_post(struct sx_loop *loop, uint64_t session, char *stanza, size_t len,
                                bool keeps_order, int64_t deadline)
{
    enum sx_err err;
    if (pass(loop, session, stanza, len, &err))
        return err;
    return __real_sx_loop_post(loop, session, stanza, len, keeps_order, deadline);
}

enum sx_err __wrap_sx_loop_post_again(struct sx_loop *loop, uint64_t session, char *stanza,
                                      size_t len, bool keeps_order)
{
    enum sx_err err;
    if (pass(loop, session, stanza, len, &err))
        return err;
    return __real_sx_loop_post_again(loop, session, stanza, len, keeps_order);
}

/* ---- the speed ---- */

__typeof__(sx_loop_note_pong) __wrap_sx_loop_note_pong, __real_sx_loop_note_pong;

void __wrap_sx_loop_note_pong(struct sx_loop *loop, unsigned long number)
{
    if (!find_taker(loop).loop) /* else it has sent no ping, and no thread of it runs */
        __real_sx_loop_note_pong(loop, number);
}

static struct {
    struct sx_loop *loop;
    enum sx_speed_verdict verdict;
    unsigned bytes_per_s;
} speed;

__typeof__(sx_loop_speed) __wrap_sx_loop_speed, __real_sx_loop_speed;

void posted_set_speed(struct sx_loop *loop, enum sx_speed_verdict verdict, unsigned bytes_per_s)
{
    pthread_mutex_lock(&mu);
    speed.loop = loop;
    speed.verdict = verdict;
    speed.bytes_per_s = bytes_per_s;
    pthread_mutex_unlock(&mu);
}

enum sx_speed_verdict __wrap_sx_loop_speed(struct sx_loop *loop, unsigned *bytes_per_s)
{
    enum sx_speed_verdict verdict = SX_SPEED_UNKNOWN;
    bool is_set;
    pthread_mutex_lock(&mu);
    is_set = speed.loop == loop;
    if (is_set) {
        verdict = speed.verdict;
        *bytes_per_s = speed.bytes_per_s;
    }
    pthread_mutex_unlock(&mu);
    return is_set ? verdict : __real_sx_loop_speed(loop, bytes_per_s);
}
