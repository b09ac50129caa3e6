/* hostile.c - plays a script to whoever connects.
 *
 * Invariant: the server's thread waits for nothing but its guest, its deadline and the order to
 * stop. Each connection plays one part of the script, in the order of their arrival.
 *
 * Happy path: accept -> the connection's part, step by step -> </stream:stream> -> the next one.
 * Failure modes: what a step waits for doesn't come within STEP_MS, or the peer goes: the rest of
 *                the part is left out, and the first such failure is kept for the test. Without
 *                memory or descriptors the program ends: a test that ran on would test something
 *                else.
 */
#include "hostile.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "guest.h"
#include "hostile_scram.h"
#include "hostile_script.h"
#include "tcp.h"

enum { STEP_MS = 15000, LINGER_MS = 1000, US_PER_MS = 1000, BACKLOG = 16, CHUNK_BYTES = 16384 };

/* What is to be done after a step. */
enum course {
    GO_ON,
    HANG_UP,   /* the part was played: the step ends the connection */
    RESET,     /* the same, by RST */
    BREAK_OFF, /* the step failed */
};

struct hostile {
    /* immutable */
    const struct hostile_step *steps;
    char *pem;
    int listen_fd, port, stop_fd; /* stop_fd readable: stop, from then on */
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t changed;
    /* the server's thread */
    struct guest guest;
    /* under mu; the counts are written by the server's thread alone, which reads without it */
    struct sx_buffer received;
    unsigned connections, played;
    char failure[256];
};

static int64_t deadline_ms(int ms)
{
    return sx_clock_deadline((int64_t)ms * US_PER_MS);
}

static void add_count(struct hostile *hostile, unsigned *count)
{
    pthread_mutex_lock(&hostile->mu);
    ++*count;
    pthread_cond_broadcast(&hostile->changed);
    pthread_mutex_unlock(&hostile->mu);
}

static void record(void *user, const char *bytes, size_t len)
{
    struct hostile *hostile = user;
    pthread_mutex_lock(&hostile->mu);
    if (hostile->received.len + len <= HOSTILE_RECEIVED_BYTES)
        sx_buffer_add(&hostile->received, bytes, len);
    if (hostile->received.failed)
        abort();
    pthread_cond_broadcast(&hostile->changed);
    pthread_mutex_unlock(&hostile->mu);
}

/* ---- steps ---- */

__attribute__((format(printf, 2, 3))) static enum course fail(struct hostile *hostile,
                                                              const char *format, ...)
{
    va_list arguments;
    pthread_mutex_lock(&hostile->mu);
    if (!hostile->failure[0]) {
        va_start(arguments, format);
        vsnprintf(hostile->failure, sizeof hostile->failure, format, arguments);
        va_end(arguments);
    }
    pthread_mutex_unlock(&hostile->mu);
    return BREAK_OFF;
}

static enum course judge(struct hostile *hostile, enum guest_outcome outcome, const char *step,
                         const char *text)
{
    if (outcome == GUEST_DONE)
        return GO_ON;
    return fail(hostile, "%s%.100s: %s", step, text,
                outcome == GUEST_LATE ? "it took too long" : "the peer closed");
}

static enum course expect(struct hostile *hostile, const char *text)
{
    return judge(hostile, guest_expect(&hostile->guest, text, deadline_ms(STEP_MS)), "EXPECT ",
                 text);
}

static enum course send_repeated(struct hostile *hostile, const char *text, unsigned count)
{
    const struct guest *guest = &hostile->guest;
    struct sx_buffer chunk = {0}, once = {0};
    enum guest_outcome outcome = GUEST_DONE;
    unsigned in_chunk = 0;
    hostile_script_fill_in(text, guest->heard.bytes ? guest->heard.bytes : "", guest->position,
                           &once);
    /* One by one, each would be a TLS record of its own. */
    while (in_chunk < count && (in_chunk == 0 || chunk.len + once.len <= CHUNK_BYTES)) {
        sx_buffer_add(&chunk, once.bytes, once.len);
        in_chunk++;
    }
    if (once.failed || chunk.failed)
        abort();
    for (; count > 0 && outcome == GUEST_DONE; count -= in_chunk) {
        if (in_chunk > count)
            in_chunk = count;
        outcome =
            guest_write(&hostile->guest, chunk.bytes, once.len * in_chunk, deadline_ms(STEP_MS));
    }
    sx_buffer_fini(&chunk);
    sx_buffer_fini(&once);
    return judge(hostile, outcome, "SEND ", text);
}

static enum course proceed(struct hostile *hostile)
{
    enum course course = expect(hostile, "<starttls");
    if (course != GO_ON)
        return course;
    return send_repeated(hostile, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 1);
}

static enum course shake_hands(struct hostile *hostile, const char *pem)
{
    return judge(hostile,
                 guest_shake_hands(&hostile->guest, pem ? pem : hostile->pem, deadline_ms(STEP_MS)),
                 "TLS handshake", "");
}

static enum course send_clear(struct hostile *hostile, const char *text)
{
    struct guest in_clear = hostile->guest;
    in_clear.ssl = NULL;
    return judge(hostile, guest_write(&in_clear, text, strlen(text), deadline_ms(STEP_MS)),
                 "CLEAR ", text);
}

static enum course play_scram(struct hostile *hostile, const struct scram_script *script)
{
    const char *why = hostile_scram_play(&hostile->guest, script, STEP_MS);
    return why ? fail(hostile, "SCRAM: %s", why) : GO_ON;
}

/* ms 0: until the peer closes, which is no failure then. */
static enum course keep_silent(struct hostile *hostile, unsigned ms)
{
    int64_t deadline = ms ? deadline_ms((int)ms) : SX_NEVER;
    enum guest_outcome outcome;
    do
        outcome = guest_read(&hostile->guest, deadline);
    while (outcome == GUEST_DONE);
    if (outcome == GUEST_LATE)
        return GO_ON;
    return ms ? judge(hostile, outcome, "SILENCE", "") : HANG_UP;
}

static enum course leave_unread(struct hostile *hostile, unsigned ms)
{
    struct guest *guest = &hostile->guest;
    enum guest_outcome outcome = guest_await(guest->fd, 0, guest->stop_fd, deadline_ms((int)ms));
    return outcome == GUEST_LATE ? GO_ON : judge(hostile, GUEST_OVER, "UNREAD", "");
}

static enum course hang_up(struct hostile *hostile)
{
    guest_part(&hostile->guest, deadline_ms(LINGER_MS));
    return HANG_UP;
}

/* RFC 6120 4.4 */
static void part_politely(struct hostile *hostile)
{
    struct guest *guest = &hostile->guest;
    static const char farewell[] = "</stream:stream>";
    if (guest_expect(guest, farewell, SX_NEVER) == GUEST_DONE &&
        guest_write(guest, farewell, strlen(farewell), deadline_ms(LINGER_MS)) == GUEST_DONE)
        guest_part(guest, deadline_ms(LINGER_MS));
}

/* ---- the script ---- */

static enum course play_steps(struct hostile *hostile, const struct hostile_step *steps);

static enum course play_step(struct hostile *hostile, const struct hostile_step *step)
{
    enum course course;
    switch (step->kind) {
    case HOSTILE_END:
    case HOSTILE_NEXT:
        break;
    case HOSTILE_PLAY:
        return play_steps(hostile, step->steps);
    case HOSTILE_EXPECT:
        return expect(hostile, step->text);
    case HOSTILE_SEND:
        return send_repeated(hostile, step->text, 1);
    case HOSTILE_SEND_REPEATED:
        return send_repeated(hostile, step->text, step->count);
    case HOSTILE_STARTTLS:
        course = proceed(hostile);
        return course == GO_ON ? shake_hands(hostile, step->text) : course;
    case HOSTILE_TLS:
        return shake_hands(hostile, step->text);
    case HOSTILE_TLS_OLD:
        hostile->guest.old_tls = true;
        break;
    case HOSTILE_TLS_12:
        hostile->guest.most_tls_12 = true;
        break;
    case HOSTILE_TLS_ASK:
        hostile->guest.wants_certificate = true;
        break;
    case HOSTILE_TLS_NEVER:
        course = proceed(hostile);
        return course == GO_ON ? keep_silent(hostile, 0) : course;
    case HOSTILE_TLS_GOODBYE:
        guest_end_tls(&hostile->guest);
        break;
    case HOSTILE_CLEAR:
        return send_clear(hostile, step->text);
    case HOSTILE_SCRAM:
        return play_scram(hostile, step->scram);
    case HOSTILE_SILENCE_MS:
        return keep_silent(hostile, step->count);
    case HOSTILE_UNREAD_MS:
        return leave_unread(hostile, step->count);
    case HOSTILE_CLOSE:
        return hang_up(hostile);
    case HOSTILE_RESET:
        return RESET;
    }
    return GO_ON;
}

static bool ends_part(const struct hostile_step *step)
{
    return step->kind == HOSTILE_END || step->kind == HOSTILE_NEXT;
}

static enum course play_steps(struct hostile *hostile, const struct hostile_step *steps)
{
    enum course course = GO_ON;
    for (; !ends_part(steps) && course == GO_ON; steps++)
        course = play_step(hostile, steps);
    return course;
}

/* The part for connection number (from 0). */
static const struct hostile_step *find_part(const struct hostile_step *steps, unsigned number)
{
    const struct hostile_step *part = steps;
    for (; number > 0 && steps->kind != HOSTILE_END; steps++) {
        if (steps->kind == HOSTILE_NEXT) {
            part = steps + 1;
            number--;
        }
    }
    return part;
}

static void serve(struct hostile *hostile, int fd)
{
    const struct hostile_step *part = find_part(hostile->steps, hostile->connections);
    enum course course;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    hostile->guest =
        (struct guest){.fd = fd, .stop_fd = hostile->stop_fd, .user = hostile, .on_bytes = record};
    add_count(hostile, &hostile->connections);
    course = play_steps(hostile, part);
    if (course != BREAK_OFF)
        add_count(hostile, &hostile->played);
    if (course == GO_ON)
        part_politely(hostile);
    guest_fini(&hostile->guest, course == RESET);
}

static void *run(void *arg)
{
    struct hostile *hostile = arg;
    while (guest_await(hostile->listen_fd, POLLIN, hostile->stop_fd, SX_NEVER) == GUEST_DONE) {
        int fd = accept4(hostile->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            serve(hostile, fd);
        } else if (errno != EAGAIN && errno != ECONNABORTED) {
            perror("hostile: accept");
            abort();
        }
    }
    return NULL;
}

/* ---- the test's threads ---- */

int hostile_port(const struct hostile *hostile)
{
    return hostile->port;
}

char *hostile_received(struct hostile *hostile)
{
    size_t len, i;
    char *copy;
    pthread_mutex_lock(&hostile->mu);
    len = hostile->received.len;
    copy = malloc(len + 1);
    if (!copy)
        abort();
    for (i = 0; i < len; i++)
        copy[i] = hostile->received.bytes[i] ? hostile->received.bytes[i] : '.';
    copy[len] = '\0';
    pthread_mutex_unlock(&hostile->mu);
    return copy;
}

/* What a test waits for: text, or that a count is reached. */
static bool has_come_locked(const struct hostile *hostile, const char *text, const unsigned *number,
                            unsigned count)
{
    const struct sx_buffer *received = &hostile->received;
    if (number)
        return *number >= count;
    return received->bytes && memmem(received->bytes, received->len, text, strlen(text));
}

static bool await(struct hostile *hostile, const char *text, const unsigned *number, unsigned count,
                  int timeout_ms)
{
    int64_t deadline = deadline_ms(timeout_ms);
    bool in_time = true, come;
    pthread_mutex_lock(&hostile->mu);
    while (!(come = has_come_locked(hostile, text, number, count)) && in_time)
        in_time = sx_clock_cond_wait(&hostile->changed, &hostile->mu, deadline);
    pthread_mutex_unlock(&hostile->mu);
    return come;
}

bool hostile_await(struct hostile *hostile, const char *text, int timeout_ms)
{
    return await(hostile, text, NULL, 0, timeout_ms);
}

bool hostile_await_connections(struct hostile *hostile, unsigned count, int timeout_ms)
{
    return await(hostile, NULL, &hostile->connections, count, timeout_ms);
}

bool hostile_await_played(struct hostile *hostile, unsigned count, int timeout_ms)
{
    return await(hostile, NULL, &hostile->played, count, timeout_ms);
}

void hostile_failure(struct hostile *hostile, char *text, size_t text_bytes)
{
    pthread_mutex_lock(&hostile->mu);
    snprintf(text, text_bytes, "%s", hostile->failure);
    pthread_mutex_unlock(&hostile->mu);
}

/* ---- start and stop ---- */

/* With all signals blocked: OpenSSL writes without MSG_NOSIGNAL, and a peer that went away would
 * end the test by SIGPIPE. */
static int start_thread(struct hostile *hostile)
{
    sigset_t all, before;
    int err;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&hostile->thread, NULL, run, hostile);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

struct hostile *hostile_start(const struct hostile_step *steps, const char *pem)
{
    struct hostile *hostile = calloc(1, sizeof *hostile);
    if (!hostile)
        return NULL;
    hostile->steps = steps;
    if (pem && !(hostile->pem = strdup(pem)))
        goto err_after_alloc;
    hostile->listen_fd = tcp_listen(BACKLOG, &hostile->port);
    if (hostile->listen_fd < 0)
        goto err_after_pem;
    hostile->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (hostile->stop_fd < 0)
        goto err_after_listen;
    if (pthread_mutex_init(&hostile->mu, NULL))
        goto err_after_stop;
    if (sx_clock_cond_init(&hostile->changed))
        goto err_after_mutex;
    if (start_thread(hostile))
        goto err_after_cond;
    return hostile;

err_after_cond:
    pthread_cond_destroy(&hostile->changed);
err_after_mutex:
    pthread_mutex_destroy(&hostile->mu);
err_after_stop:
    close(hostile->stop_fd);
err_after_listen:
    close(hostile->listen_fd);
err_after_pem:
    free(hostile->pem);
err_after_alloc:
    free(hostile);
    return NULL;
}

void hostile_stop(struct hostile *hostile)
{
    uint64_t one = 1;
    if (!hostile)
        return;
    if (write(hostile->stop_fd, &one, sizeof one) != sizeof one)
        abort();
    pthread_join(hostile->thread, NULL);
    pthread_cond_destroy(&hostile->changed);
    pthread_mutex_destroy(&hostile->mu);
    close(hostile->stop_fd);
    close(hostile->listen_fd);
    sx_buffer_fini(&hostile->received);
    free(hostile->pem);
    free(hostile);
}
