#include "desk.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/suite.h"
#include "envelope.h"

enum { PIECE_BYTES = 1000, HELD = 256, PATIENCE_S = 20, DRAIN_MS = 5000 };

struct desk {
    struct soap_xmpp_link *link;
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t changed;
    int runs, ticks[DESK_NUMBERS];
    struct desk_request last;
    struct soap_xmpp_request *held[HELD];
    int held_count;
    bool holds_nothing, is_closed;
};

struct document {
    char *text;
    size_t len;
};

static struct document read_request(struct soap_xmpp_request *request)
{
    struct document document = {NULL, 0};
    char why[256];
    long got;
    do {
        document.text = realloc(document.text, document.len + PIECE_BYTES + 1);
        if (!document.text)
            abort();
        got = soap_xmpp_request_read(request, document.text + document.len, PIECE_BYTES, why,
                                     sizeof why);
        if (got > 0)
            document.len += (size_t)got;
    } while (got > 0);
    if (got < 0)
        printf("\n    request: %s", why);
    document.text[document.len] = '\0';
    return document;
}

static int number_in(const struct document *document)
{
    const char *found = strstr(document->text, "number>");
    return found ? atoi(found + strlen("number>")) : 0;
}

/* What can't be carried is told; it is none of the desk's operations'. */
static void answer(struct soap_xmpp_request *request, const char *envelope, size_t len)
{
    char why[256] = "";
    if (soap_xmpp_answer(request, envelope, len, why, sizeof why) != 0) {
        printf("\n    answer: %s", why);
        soap_xmpp_refuse(request, why);
    }
}

static void answer_and_free(struct soap_xmpp_request *request, char *envelope)
{
    answer(request, envelope, strlen(envelope));
    free(envelope);
}

/* ---- operations ---- */

typedef void operation_fn(struct desk *desk, struct soap_xmpp_request *request,
                          const struct document *document);

static void echo(struct desk *desk, struct soap_xmpp_request *request,
                 const struct document *document)
{
    (void)desk;
    answer(request, document->text, document->len);
}

static void fault(struct desk *desk, struct soap_xmpp_request *request,
                  const struct document *document)
{
    (void)desk, (void)document;
    answer_and_free(request,
                    envelope_write_fault(soap_xmpp_request_version(request), "not like this"));
}

static void nothing(struct desk *desk, struct soap_xmpp_request *request,
                    const struct document *document)
{
    (void)desk, (void)document;
    answer(request, NULL, 0);
}

static void hold(struct desk *desk, struct soap_xmpp_request *request,
                 const struct document *document)
{
    bool is_held;
    (void)document;
    pthread_mutex_lock(&desk->mu);
    is_held = !desk->holds_nothing && desk->held_count < HELD;
    if (is_held)
        desk->held[desk->held_count++] = request;
    pthread_mutex_unlock(&desk->mu);
    if (!is_held)
        answer(request, NULL, 0);
}

static void tick(struct desk *desk, struct soap_xmpp_request *request,
                 const struct document *document)
{
    int number = number_in(document);
    pthread_mutex_lock(&desk->mu);
    if (number >= 0 && number < DESK_NUMBERS)
        desk->ticks[number]++;
    pthread_mutex_unlock(&desk->mu);
    answer(request, document->text, document->len);
}

static void grow(struct desk *desk, struct soap_xmpp_request *request,
                 const struct document *document)
{
    (void)desk;
    answer_and_free(request, envelope_write_big(soap_xmpp_request_version(request), "grown",
                                                (size_t)number_in(document)));
}

static void refuse(struct desk *desk, struct soap_xmpp_request *request,
                   const struct document *document)
{
    (void)desk, (void)document;
    soap_xmpp_refuse(request, "the desk has lost it");
}

static void decline(struct desk *desk, struct soap_xmpp_request *request,
                    const struct document *document)
{
    (void)desk, (void)document;
    soap_xmpp_decline(request, NULL, "the desk doesn't want it");
}

static void be_busy(struct desk *desk, struct soap_xmpp_request *request,
                    const struct document *document)
{
    (void)desk, (void)document;
    soap_xmpp_decline(request, "resource-constraint", "the desk is full");
}

static void spoil(struct desk *desk, struct soap_xmpp_request *request,
                  const struct document *document)
{
    static const char spoilt[] = "<e:Envelope xmlns:e='urn:none'><open></e:Envelope>";
    char why[256] = "";
    (void)desk, (void)document;
    if (soap_xmpp_answer(request, spoilt, strlen(spoilt), why, sizeof why) != 0)
        answer_and_free(request, envelope_write_fault(soap_xmpp_request_version(request),
                                                      why[0] ? "no way to carry it" : "silence"));
}

static const struct operation {
    const char *name;
    operation_fn *run;
} operations[] = {{"echo", echo},    {"fault", fault}, {"nothing", nothing}, {"hold", hold},
                  {"tick", tick},    {"grow", grow},   {"refuse", refuse},   {"decline", decline},
                  {"busy", be_busy}, {"spoil", spoil}};

/* ---- the thread ---- */

static void copy(char out[DESK_TEXT_BYTES], const char *text)
{
    snprintf(out, DESK_TEXT_BYTES, "%s", text);
}

static void note(struct desk *desk, const struct soap_xmpp_request *request)
{
    struct desk_request *last = &desk->last;
    pthread_mutex_lock(&desk->mu);
    copy(last->from, soap_xmpp_request_from(request));
    copy(last->to, soap_xmpp_request_to(request));
    copy(last->id, soap_xmpp_request_id(request));
    copy(last->action, soap_xmpp_request_action(request));
    copy(last->operation, soap_xmpp_request_operation(request));
    copy(last->ns, soap_xmpp_request_namespace(request));
    copy(last->traceparent, soap_xmpp_request_traceparent(request));
    last->version = soap_xmpp_request_version(request);
    last->is_message = soap_xmpp_request_is_message(request);
    desk->runs++;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->mu);
}

static bool window_is_closed(struct desk *desk)
{
    bool is_closed;
    pthread_mutex_lock(&desk->mu);
    is_closed = desk->is_closed;
    pthread_mutex_unlock(&desk->mu);
    return is_closed;
}

static void serve(struct desk *desk, struct soap_xmpp_request *request)
{
    struct document document;
    size_t i;
    if (window_is_closed(desk)) {
        soap_xmpp_decline(request, NULL, "the desk is closed");
        return;
    }
    document = read_request(request);
    note(desk, request);
    for (i = 0; i < sizeof operations / sizeof *operations; i++)
        if (strcmp(soap_xmpp_request_operation(request), operations[i].name) == 0)
            break;
    if (i < sizeof operations / sizeof *operations)
        operations[i].run(desk, request, &document);
    else
        soap_xmpp_decline(request, "item-not-found", "no such operation");
    free(document.text);
}

static void *run(void *arg)
{
    struct desk *desk = arg;
    struct soap_xmpp_request *request;
    int is_stopped = 0;
    while ((request = soap_xmpp_take(desk->link, -1, &is_stopped)) || !is_stopped)
        if (request)
            serve(desk, request);
    return NULL;
}

struct desk *desk_start(struct soap_xmpp_link *link)
{
    struct desk *desk = calloc(1, sizeof *desk);
    struct soap_xmpp_request *request;
    if (!desk)
        abort();
    desk->link = link;
    pthread_mutex_init(&desk->mu, NULL);
    pthread_cond_init(&desk->changed, NULL);
    request = soap_xmpp_take(link, 0, NULL); /* from here on it serves: no call comes too soon */
    if (request)
        serve(desk, request);
    if (pthread_create(&desk->thread, NULL, run, desk) != 0)
        abort();
    return desk;
}

void desk_stop(struct desk *desk)
{
    desk_release(desk);
    soap_xmpp_stop(desk->link, DRAIN_MS);
    pthread_join(desk->thread, NULL);
    pthread_mutex_destroy(&desk->mu);
    pthread_cond_destroy(&desk->changed);
    free(desk);
}

/* ---- for the test ---- */

int desk_runs(struct desk *desk)
{
    int runs;
    pthread_mutex_lock(&desk->mu);
    runs = desk->runs;
    pthread_mutex_unlock(&desk->mu);
    return runs;
}

void desk_await_runs(struct desk *desk, int runs)
{
    struct timespec end;
    int err = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&desk->mu);
    while (desk->runs < runs && err == 0)
        err = pthread_cond_timedwait(&desk->changed, &desk->mu, &end);
    CU_ASSERT_TRUE(desk->runs >= runs);
    pthread_mutex_unlock(&desk->mu);
}

int desk_ticks(struct desk *desk, int number)
{
    int ticks;
    pthread_mutex_lock(&desk->mu);
    ticks = desk->ticks[number];
    pthread_mutex_unlock(&desk->mu);
    return ticks;
}

struct desk_request desk_last(struct desk *desk)
{
    struct desk_request last;
    pthread_mutex_lock(&desk->mu);
    last = desk->last;
    pthread_mutex_unlock(&desk->mu);
    return last;
}

void desk_release(struct desk *desk)
{
    struct soap_xmpp_request *held[HELD];
    int count, i;
    pthread_mutex_lock(&desk->mu);
    desk->holds_nothing = true;
    count = desk->held_count;
    memcpy(held, desk->held, sizeof held);
    desk->held_count = 0;
    pthread_mutex_unlock(&desk->mu);
    for (i = 0; i < count; i++)
        answer(held[i], NULL, 0);
}

void desk_close_window(struct desk *desk)
{
    pthread_mutex_lock(&desk->mu);
    desk->is_closed = true;
    pthread_mutex_unlock(&desk->mu);
}
