/* calls.c - calls, each told with how it ended, or many at once.
 *
 * Invariant: each call that was ordered is told once, by an "end" line, or among those that a storm
 * tells as answered.
 *
 * Happy path: an order becomes a thread, which calls, tells and ends. Failure: an order that can't
 * become a thread ends the process, and so the test.
 */
#include "soapH.h"
#include "soap_xmpp.h"
#include "../../lib/line.h"
#include "peer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ORDERS = 1000, OUTSTANDING = 8, STORM_BYTES = 100 };

struct order {
    struct soap_xmpp_link *link;
    int number, count, seconds, size, held;
    char endpoint[256], name[65];
};

static pthread_t threads[MAX_ORDERS];
static size_t started; /* of the thread that reads the input */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Four letters without order, from the number: packed they become a quarter, and a third in base64.
 * The caller frees. */
static char *make_text(int number, int size)
{
    char *text = malloc((size_t)size + 1);
    uint64_t state = (uint64_t)number * 2654435761u + 88172645463325252u;
    int i;
    if (!text)
        _exit(3);
    for (i = 0; i < size; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text[i] = "acgt"[state >> 62];
    }
    text[size] = '\0';
    return text;
}

static bool is_entry_of(const struct mixed__Entry *entry, int number, const char *text)
{
    return entry->number == number && entry->text && strcmp(entry->text, text) == 0;
}

static struct soap *new_caller(const struct order *order)
{
    struct soap *soap = soap_new();
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = order->seconds;
    if (soap_register_plugin_arg(soap, soap_xmpp, order->link) != SOAP_OK)
        _exit(3);
    return soap;
}

static void free_caller(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

static void tell_end(struct soap *soap, int number, int err, bool is_right, int64_t begun_ms)
{
    static const char *const outcomes[] = {"executed", "not-executed", "unknown"};
    char text[512] = "";
    if (err)
        soap_sprint_fault(soap, text, sizeof text);
    else if (!is_right)
        snprintf(text, sizeof text, "the answer to something else");
    line_tell("end %d %s %s %d %s", number, err || !is_right ? "error" : "answer",
              outcomes[soap_xmpp_outcome(soap)], (int)(now_ms() - begun_ms), text);
}

/* ---- one call ---- */

static void enter(const struct order *order)
{
    struct soap *soap = new_caller(order);
    struct mixed__Entry entry = {-1, NULL};
    char *text = make_text(order->number, order->size);
    int64_t begun_ms = now_ms();
    int err = soap_call_mixed__enter(soap, order->endpoint, NULL, order->number, order->held, text,
                                     &entry);
    tell_end(soap, order->number, err, is_entry_of(&entry, order->number, text), begun_ms);
    free(text);
    free_caller(soap);
}

static void reject(const struct order *order)
{
    struct soap *soap = new_caller(order);
    int64_t begun_ms = now_ms();
    int never, err = soap_call_mixed__reject(soap, order->endpoint, NULL, order->number, &never);
    tell_end(soap, order->number, err, true, begun_ms);
    free_caller(soap);
}

static void note(const struct order *order)
{
    struct soap *soap = new_caller(order);
    int64_t begun_ms = now_ms();
    int err = soap_send_mixed__note(soap, order->endpoint, NULL, order->number) ||
                      soap_recv_empty_response(soap)
                  ? soap->error
                  : SOAP_OK;
    tell_end(soap, order->number, err, true, begun_ms);
    free_caller(soap);
}

/* ---- by message ---- */

/* Under way until it is answered, or this process ends. */
static void post(const struct order *order)
{
    struct soap *soap = new_caller(order);
    char text[] = "posted", name[32];
    snprintf(name, sizeof name, "job %d", order->number);
    if (soap_xmpp_name(soap, name) != SOAP_OK ||
        soap_send_mixed__enter(soap, order->endpoint, NULL, order->number, order->held, text) !=
            SOAP_OK ||
        !soap_xmpp_detach(soap))
        soap_print_fault(soap, stderr);
    else
        line_tell("posted %d", order->number);
    free_caller(soap);
}

/* "found job 7: 7" */
static void wait_for_answer(const struct order *order)
{
    struct soap_xmpp_call *call = soap_xmpp_wait(order->link, order->seconds * 1000);
    struct soap *soap = new_caller(order);
    struct mixed__Entry entry = {-1, NULL};
    char name[65] = "nothing";
    if (call) {
        snprintf(name, sizeof name, "%s", soap_xmpp_call_name(call));
        if (soap_xmpp_attach(soap, call) != SOAP_OK ||
            soap_recv_mixed__enter(soap, &entry) != SOAP_OK)
            soap_print_fault(soap, stderr);
    }
    line_tell("found %s: %d", name, entry.number);
    free_caller(soap);
}

/* ---- many at once ---- */

struct storm {
    const struct order *order;
    struct soap *soap;
    int begun, ended, answered;
};

static void begin_one(struct storm *storm)
{
    struct soap *soap = storm->soap;
    int number = storm->order->number + storm->begun++;
    char *text = make_text(number, STORM_BYTES);
    soap->user = (void *)(intptr_t)number;
    if (soap_send_mixed__enter(soap, storm->order->endpoint, NULL, number, 0, text) != SOAP_OK ||
        !soap_xmpp_detach(soap)) {
        tell_end(soap, number, soap->error, false, now_ms());
        storm->ended++;
    }
    free(text);
    soap_destroy(soap);
    soap_end(soap);
}

/* False if none comes: a call hangs. */
static bool end_one(struct storm *storm)
{
    struct soap *soap = storm->soap;
    struct soap_xmpp_call *call =
        soap_xmpp_wait(storm->order->link, 2 * storm->order->seconds * 1000);
    struct mixed__Entry entry = {-1, NULL};
    char *text;
    int number, err;
    if (!call)
        return false;
    number = (int)(intptr_t)soap_xmpp_call_user(call);
    text = make_text(number, STORM_BYTES);
    err = soap_xmpp_attach(soap, call);
    if (err == SOAP_OK)
        err = soap_recv_mixed__enter(soap, &entry);
    if (err == SOAP_OK && is_entry_of(&entry, number, text))
        storm->answered++;
    else
        tell_end(soap, number, err, false, now_ms());
    storm->ended++;
    free(text);
    soap_destroy(soap);
    soap_end(soap);
    return true;
}

static void ride_out(const struct order *order)
{
    struct storm storm = {.order = order, .soap = new_caller(order)};
    bool goes_on = true;
    while (goes_on && storm.ended < order->count) {
        while (storm.begun < order->count && storm.begun - storm.ended < OUTSTANDING)
            begin_one(&storm);
        if (storm.ended < storm.begun)
            goes_on = end_one(&storm);
    }
    line_tell("stormed %d %d", order->number, storm.answered);
    free_caller(storm.soap);
}

/* ---- orders ---- */

static void (*read_order(struct order *order, const char *line))(const struct order *)
{
    if (sscanf(line, "call %d %255s %d %d %d", &order->number, order->endpoint, &order->seconds,
               &order->size, &order->held) == 5)
        return enter;
    if (sscanf(line, "reject %d %255s %d", &order->number, order->endpoint, &order->seconds) == 3)
        return reject;
    if (sscanf(line, "note %d %255s %d", &order->number, order->endpoint, &order->seconds) == 3)
        return note;
    if (sscanf(line, "post %d %255s %d %d", &order->number, order->endpoint, &order->seconds,
               &order->held) == 4)
        return post;
    if (sscanf(line, "wait %d", &order->seconds) == 1)
        return wait_for_answer;
    if (sscanf(line, "storm %d %d %255s %d", &order->number, &order->count, order->endpoint,
               &order->seconds) == 4)
        return ride_out;
    return NULL;
}

struct task {
    void (*run)(const struct order *order);
    struct order order;
};

static void *carry_out(void *argument)
{
    struct task *task = argument;
    task->run(&task->order);
    free(task);
    return NULL;
}

void calls_order(struct soap_xmpp_link *link, const char *line)
{
    struct task *task = calloc(1, sizeof *task);
    if (!task)
        _exit(3);
    task->order.link = link;
    task->run = read_order(&task->order, line);
    if (!task->run)
        free(task);
    else if (started == MAX_ORDERS || pthread_create(&threads[started++], NULL, carry_out, task))
        _exit(3);
}

void calls_join(void)
{
    while (started > 0)
        pthread_join(threads[--started], NULL);
}
