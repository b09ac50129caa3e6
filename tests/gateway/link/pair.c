/* See pair.h. */
#include "pair.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../bytes/envelope.h"
#include "../../lib/suite.h"

enum { WAIT_S = 60, NAMES = 7, CALLER_BYTES = 8 * PAIR_MOST_BYTES };

struct pair {
    struct gw_link *caller, *service;
    char endpoint[256];
    pthread_mutex_t mu;
    pthread_cond_t changed;
    struct gw_incoming *held[PAIR_HELD];
    unsigned held_count, done, ends[GW_END_BAD + 1];
    char from[300], operation[64], trace[64]; /* of the last request */
};

/* ---- the service ---- */

static void keep(struct pair *pair, struct gw_incoming *incoming)
{
    pthread_mutex_lock(&pair->mu);
    if (pair->held_count < PAIR_HELD)
        pair->held[pair->held_count++] = incoming;
    pthread_cond_broadcast(&pair->changed);
    pthread_mutex_unlock(&pair->mu);
}

static void note(struct pair *pair, const struct gw_incoming *incoming)
{
    pthread_mutex_lock(&pair->mu);
    snprintf(pair->from, sizeof pair->from, "%s", gw_incoming_from(incoming));
    snprintf(pair->operation, sizeof pair->operation, "{%s}%s", gw_incoming_namespace(incoming),
             gw_incoming_operation(incoming));
    snprintf(pair->trace, sizeof pair->trace, "%s", gw_incoming_traceparent(incoming));
    pthread_mutex_unlock(&pair->mu);
}

static void answer(struct gw_incoming *incoming, char *envelope)
{
    gw_incoming_answer(incoming, envelope, strlen(envelope));
}

static void take(void *user, struct gw_link *link, struct gw_incoming *incoming)
{
    struct pair *pair = user;
    const char *operation = gw_incoming_operation(incoming);
    int version = gw_incoming_version(incoming);
    size_t bytes;
    (void)link;
    note(pair, incoming);
    if (strcmp(operation, "hold") == 0)
        keep(pair, incoming);
    else if (strcmp(operation, "fault") == 0)
        answer(incoming, envelope_write_fault(version, "on purpose"));
    else if (strcmp(operation, "nothing") == 0)
        gw_incoming_answer(incoming, NULL, 0);
    else if (strcmp(operation, "refuse") == 0)
        gw_incoming_refuse(incoming, "it may have run");
    else if (strcmp(operation, "decline") == 0)
        gw_incoming_decline(incoming, "recipient-unavailable", "it hasn't run");
    else if (strcmp(operation, "spoil") == 0)
        answer(incoming, strdup("<no/>"));
    else if (strcmp(operation, "large") == 0)
        answer(incoming, envelope_write_big(version, "large", LARGE_BYTES));
    else
        answer(incoming, strdup(gw_incoming_envelope(incoming, &bytes)));
}

/* ---- opening and closing ---- */

static struct gw_link *open_link(const struct site *site, const char *user, const char *resource,
                                 gw_link_take_fn *taker, struct pair *pair)
{
    static char *names[] = {"jid", "password", "host", "port", "ca_file", "trace", NULL};
    struct site_account account;
    char port[16], why[400] = "", *values[NAMES];
    struct gw_link_config config = {.name = (char *)user, .names = {names, NAMES - 1}};
    struct gw_link *link;
    int i;
    site_account(site, user, resource, &account);
    snprintf(port, sizeof port, "%d", account.config.port);
    values[0] = account.jid;
    values[1] = account.password;
    values[2] = (char *)"127.0.0.1";
    values[3] = port;
    values[4] = (char *)account.config.ca_file;
    values[5] = (char *)"none";
    values[6] = NULL;
    config.jid = account.jid;
    config.values = (struct gw_strings){values, NAMES - 1};
    link = gw_link_open(&config, "*", taker ? PAIR_MOST_BYTES : CALLER_BYTES, taker, pair, why,
                        sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    for (i = 0; i < WAIT_S && soap_xmpp_wait_online(gw_link_of(link), 1000); i++)
        ;
    CU_ASSERT_TRUE_FATAL(gw_link_is_online(link));
    return link;
}

struct pair *pair_open(const struct site *site)
{
    struct pair *pair = calloc(1, sizeof *pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
    pthread_mutex_init(&pair->mu, NULL);
    pthread_cond_init(&pair->changed, NULL);
    snprintf(pair->endpoint, sizeof pair->endpoint, "%s", site_endpoint(site, "bob", "soap"));
    pair->service = open_link(site, "bob", "soap", take, pair);
    pair->caller = open_link(site, "alice", "desk", NULL, pair);
    return pair;
}

struct gw_link *pair_caller(struct pair *pair)
{
    return pair->caller;
}

struct gw_link *pair_service(struct pair *pair)
{
    return pair->service;
}

void pair_close_service(struct pair *pair)
{
    gw_link_close(pair->service);
    pair->service = NULL;
}

void pair_close(struct pair *pair)
{
    gw_link_close(pair->caller);
    gw_link_close(pair->service);
    CU_ASSERT_EQUAL(pair->held_count, 0);
    pthread_cond_destroy(&pair->changed);
    pthread_mutex_destroy(&pair->mu);
    free(pair);
}

/* ---- waiting ---- */

/* Until *number is count at least: a failed assertion after WAIT_S. */
static void await(struct pair *pair, const unsigned *number, unsigned count)
{
    struct timespec until;
    int err = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&pair->mu);
    while (*number < count && !err)
        err = pthread_cond_timedwait(&pair->changed, &pair->mu, &until);
    pthread_mutex_unlock(&pair->mu);
    CU_ASSERT_EQUAL(err, 0);
}

/* ---- one call ---- */

struct asked {
    struct pair *pair;
    struct pair_end *end;
    unsigned done;
};

static void take_end(void *user, struct gw_call_end *end)
{
    struct asked *asked = user;
    struct pair_end *told = asked->end;
    told->end = end->end;
    told->outcome = end->outcome;
    told->version = end->version;
    snprintf(told->condition, sizeof told->condition, "%s", end->condition);
    snprintf(told->text, sizeof told->text, "%s", end->text);
    told->envelope = end->envelope ? end->envelope : strdup("");
    end->envelope = NULL;
    pthread_mutex_lock(&asked->pair->mu);
    asked->done++;
    pthread_cond_broadcast(&asked->pair->changed);
    pthread_mutex_unlock(&asked->pair->mu);
}

static void begin(struct pair *pair, const char *envelope, gw_link_done_fn *done, void *user)
{
    const struct gw_outgoing call = {
        .endpoint = pair->endpoint,
        .envelope = envelope,
        .envelope_bytes = strlen(envelope),
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        .timeout_ms = WAIT_S * 1000,
        .done = done,
        .user = user,
    };
    const char *condition = "";
    char why[400] = "";
    CU_ASSERT_EQUAL_FATAL(gw_link_call(pair->caller, &call, &condition, why, sizeof why), 0);
}

void pair_ask(struct pair *pair, const char *operation, const char *inside, struct pair_end *end)
{
    struct asked asked = {.pair = pair, .end = end};
    char *envelope = envelope_write(12, operation, inside);
    pair_end_free(end);
    begin(pair, envelope, take_end, &asked);
    free(envelope);
    await(pair, &asked.done, 1);
    pthread_mutex_lock(&pair->mu);
    memcpy(end->from, pair->from, sizeof end->from);
    memcpy(end->operation, pair->operation, sizeof end->operation);
    memcpy(end->trace, pair->trace, sizeof end->trace);
    pthread_mutex_unlock(&pair->mu);
}

void pair_end_free(struct pair_end *end)
{
    free(end->envelope);
    memset(end, 0, sizeof *end);
}

/* ---- many calls ---- */

static void count_end(void *user, struct gw_call_end *end)
{
    struct pair *pair = user;
    pthread_mutex_lock(&pair->mu);
    pair->ends[end->end]++;
    pair->done++;
    pthread_cond_broadcast(&pair->changed);
    pthread_mutex_unlock(&pair->mu);
}

void pair_begin(struct pair *pair, const char *operation, size_t text_bytes, unsigned count)
{
    char *envelope = envelope_write_big(12, operation, text_bytes);
    while (count-- > 0)
        begin(pair, envelope, count_end, pair);
    free(envelope);
}

void pair_await_ends(struct pair *pair, unsigned count)
{
    await(pair, &pair->done, count);
}

unsigned pair_ends(struct pair *pair, enum gw_end end)
{
    unsigned count;
    pthread_mutex_lock(&pair->mu);
    count = pair->ends[end];
    pthread_mutex_unlock(&pair->mu);
    return count;
}

/* ---- what is kept ---- */

void pair_await_held(struct pair *pair, unsigned count)
{
    await(pair, &pair->held_count, count);
}

unsigned pair_held(struct pair *pair)
{
    unsigned count;
    pthread_mutex_lock(&pair->mu);
    count = pair->held_count;
    pthread_mutex_unlock(&pair->mu);
    return count;
}

unsigned pair_end_held(struct pair *pair)
{
    struct gw_incoming *held[PAIR_HELD];
    unsigned count, i;
    pthread_mutex_lock(&pair->mu);
    count = pair->held_count;
    memcpy(held, pair->held, sizeof held);
    pair->held_count = 0;
    pthread_mutex_unlock(&pair->mu);
    for (i = 0; i < count; i++)
        gw_incoming_answer(held[i], NULL, 0);
    return count;
}
