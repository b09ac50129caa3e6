/* contract.c - the contracts of routes: asked of the service, or read from a file, and kept for a
 * while.
 *
 * Happy path: it is kept already; or GetMetadata is sent by the route's link, a worker reads the
 * answer, it is kept, the asker is told, with all that have asked for the same meanwhile. A file is
 * read by the worker, with what it imports.
 * Failure modes: 64 are being got (503); the service doesn't describe itself (404), not to this
 * caller (403), or doesn't answer (as a call's end); no link, no memory (503); a file that can't be
 * read (500). */
#include "route/contract.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "route/document.h"
#include "route/endpoint.h"
#include "route/outcome.h"

enum { MOST_ASKED = 64, MOST_WAIT_MS = 30000, WHY_BYTES = 640 };

#define DIALECT_WSDL "http://schemas.xmlsoap.org/wsdl/"

static const char question_envelope[] =
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
    "<mex:GetMetadata xmlns:mex=\"http://schemas.xmlsoap.org/ws/2004/09/mex\"/>"
    "</s:Body></s:Envelope>";

struct gw_contracts {
    struct gw_workers *workers;
    gw_route_link_fn *find;
    void *user;
    struct gw_store *store;
    pthread_mutex_t mu;
    /* under mu */
    struct asking *asked; /* that are being got */
    unsigned asked_count;
};

/* Who else waits for one that is being got. */
struct waiter {
    gw_contract_done_fn *done;
    void *user;
    struct waiter *next;
};

/* One that is being got. */
struct asking {
    struct gw_contracts *contracts;
    struct gw_config *config; /* held */
    const struct gw_route_config *route;
    char *key;
    gw_contract_done_fn *done;
    void *user;
    struct gw_description *kept; /* what was kept; NULL: envelope or why */
    struct waiter *waiters;      /* under mu */
    struct asking *next;         /* likewise */
    bool is_listed;              /* likewise */
    char *envelope;
    size_t envelope_bytes;
    int status;
    char why[WHY_BYTES];
};

struct gw_contracts *gw_contracts_new(struct gw_workers *workers, gw_route_link_fn *find,
                                      void *user)
{
    struct gw_contracts *contracts = calloc(1, sizeof *contracts);
    if (!contracts)
        return NULL;
    contracts->workers = workers;
    contracts->find = find;
    contracts->user = user;
    contracts->store = gw_store_new();
    if (!contracts->store) {
        free(contracts);
        return NULL;
    }
    pthread_mutex_init(&contracts->mu, NULL);
    return contracts;
}

void gw_contracts_free(struct gw_contracts *contracts)
{
    if (!contracts)
        return;
    gw_store_free(contracts->store);
    pthread_mutex_destroy(&contracts->mu);
    free(contracts);
}

void gw_contracts_forget(struct gw_contracts *contracts)
{
    gw_store_clear(contracts->store);
}

static void free_asking(struct asking *asking)
{
    gw_config_release(asking->config);
    free(asking->key);
    free(asking->envelope);
    free(asking);
}

/* Takes it off the list: nobody waits for it any more but those that do. */
static struct waiter *unlist_locked(struct asking *asking)
{
    struct gw_contracts *contracts = asking->contracts;
    struct asking **at = &contracts->asked;
    if (!asking->is_listed)
        return NULL;
    while (*at != asking)
        at = &(*at)->next;
    *at = asking->next;
    contracts->asked_count--;
    asking->is_listed = false;
    return asking->waiters;
}

static void end_asking(struct asking *asking, struct gw_description *contract)
{
    struct gw_contracts *contracts = asking->contracts;
    int status = contract ? 200 : asking->status;
    pthread_mutex_lock(&contracts->mu);
    struct waiter *waiter = unlist_locked(asking);
    pthread_mutex_unlock(&contracts->mu);
    while (waiter) {
        struct waiter *next = waiter->next;
        waiter->done(waiter->user, contract ? gw_description_hold(contract) : NULL, status,
                     asking->why);
        free(waiter);
        waiter = next;
    }
    asking->done(asking->user, contract, status, asking->why);
    free_asking(asking);
}

static int refuse(struct asking *asking, int status, const char *why)
{
    asking->status = status;
    snprintf(asking->why, sizeof asking->why, "%s", why);
    return -1;
}

/* 0 with *metadata. */
static int read_metadata(struct asking *asking, struct ct_metadata *metadata)
{
    struct ct_error error;
    if (asking->route->wsdl == GW_WSDL_FILE) {
        if (gw_document_read(asking->route->wsdl_file, metadata, asking->why, sizeof asking->why))
            return asking->status = 500, -1;
        return 0;
    }
    if (!asking->envelope)
        return -1; /* refused already */
    if (ct_metadata_read(asking->envelope, asking->envelope_bytes, metadata, &error) == CT_OK)
        return 0;
    return refuse(asking, 404, error.text);
}

static struct gw_description *make(struct asking *asking)
{
    struct ct_metadata metadata;
    if (read_metadata(asking, &metadata))
        return NULL;
    size_t root = 0;
    while (root < metadata.count && !(metadata.sections[root].bytes &&
                                      strcmp(metadata.sections[root].dialect, DIALECT_WSDL) == 0))
        root++;
    struct gw_description *contract =
        root < metadata.count ? gw_description_new(&metadata, root) : NULL;
    if (!contract) {
        refuse(asking, root < metadata.count ? 503 : 404,
               root < metadata.count ? "no memory" : "the service describes itself without a WSDL");
        ct_metadata_fini(&metadata);
        return NULL;
    }
    gw_store_keep(asking->contracts->store, asking->key, contract,
                  asking->config->limits.memory_bytes / 8, gw_clock_ms());
    return contract;
}

/* gw_work_fn. */
static void finish(void *user)
{
    struct asking *asking = user;
    end_asking(asking, asking->kept ? asking->kept : make(asking));
}

/* gw_link_done_fn. */
static void on_answer(void *user, struct gw_call_end *end)
{
    struct asking *asking = user;
    if (end->end == GW_END_ANSWER) {
        asking->envelope = end->envelope;
        asking->envelope_bytes = end->envelope_bytes;
        end->envelope = NULL;
    } else if (end->end == GW_END_FAULT || end->end == GW_END_EMPTY ||
               strcmp(end->condition, "feature-not-implemented") == 0) {
        refuse(asking, 404, "the service doesn't describe itself");
    } else {
        refuse(asking, gw_outcome_of_end(end->end, end->outcome, end->condition).status, end->text);
    }
    if (gw_workers_do(asking->contracts->workers, finish, asking)) {
        refuse(asking, 503, "too much is being read already");
        end_asking(asking, NULL);
    }
}

static int ask(struct asking *asking, const struct gw_contract_question *question, char *why,
               size_t why_bytes)
{
    const char *condition = "";
    char endpoint[GW_ENDPOINT_BYTES];
    struct gw_link *link =
        asking->contracts->find(asking->contracts->user, question->route->link->name);
    if (!link)
        return snprintf(why, why_bytes, "the route's link isn't open"), 503;
    snprintf(endpoint, sizeof endpoint, "%.*s", (int)strcspn(question->endpoint, "?"),
             question->endpoint);
    const struct gw_outgoing outgoing = {
        .endpoint = endpoint,
        .from = *question->from ? question->from : NULL,
        .envelope = question_envelope,
        .envelope_bytes = sizeof question_envelope - 1,
        .traceparent = question->traceparent,
        .timeout_ms =
            question->route->timeout_ms < MOST_WAIT_MS ? question->route->timeout_ms : MOST_WAIT_MS,
        .done = on_answer,
        .user = asking,
    };
    if (gw_link_call(link, &outgoing, &condition, why, why_bytes))
        return gw_outcome_of_refusal(condition).status;
    return 0;
}

static struct asking *new_asking(struct gw_contracts *contracts,
                                 const struct gw_contract_question *question,
                                 gw_contract_done_fn *done, void *user)
{
    struct asking *asking = calloc(1, sizeof *asking);
    bool is_file = question->route->wsdl == GW_WSDL_FILE;
    if (!asking)
        return NULL;
    asking->contracts = contracts;
    asking->config = gw_config_hold(question->config);
    asking->route = question->route;
    asking->done = done;
    asking->user = user;
    /* What one link is told another one may not be. */
    int len = is_file ? asprintf(&asking->key, "%s", question->route->wsdl_file)
                      : asprintf(&asking->key, "%s\n%s\n%s", question->route->link->name,
                                 question->from, question->endpoint);
    if (len >= 0)
        return asking;
    asking->key = NULL;
    free_asking(asking);
    return NULL;
}

/* Waits for the one with the same key that is being got, if there is one: 1; lists it, so that
 * others can wait for it: 0; or the status of a refusal. */
static int list(struct asking *asking, char *why, size_t why_bytes)
{
    struct gw_contracts *contracts = asking->contracts;
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return snprintf(why, why_bytes, "no memory"), 503;
    *waiter = (struct waiter){asking->done, asking->user, NULL};
    int result = 1;
    pthread_mutex_lock(&contracts->mu);
    struct asking *other = contracts->asked;
    while (other && strcmp(other->key, asking->key) != 0)
        other = other->next;
    if (other) {
        waiter->next = other->waiters;
        other->waiters = waiter;
    } else if (contracts->asked_count == MOST_ASKED) {
        snprintf(why, why_bytes, "%d contracts are being asked for already", MOST_ASKED);
        result = 503;
    } else {
        asking->next = contracts->asked;
        contracts->asked = asking;
        contracts->asked_count++;
        asking->is_listed = true;
        result = 0;
    }
    pthread_mutex_unlock(&contracts->mu);
    if (result != 1)
        free(waiter);
    return result;
}

/* Begins to get one that is listed. It can't be begun: whoever waits is told so, too. */
static int get(struct asking *asking, const struct gw_contract_question *question, char *why,
               size_t why_bytes)
{
    struct gw_contracts *contracts = asking->contracts;
    int status = 0;
    if (question->route->wsdl != GW_WSDL_FILE)
        status = ask(asking, question, why, why_bytes);
    else if (gw_workers_do(contracts->workers, finish, asking))
        status = (snprintf(why, why_bytes, "too much is being read already"), 503);
    if (!status)
        return 0;
    pthread_mutex_lock(&contracts->mu);
    struct waiter *waiter = unlist_locked(asking);
    pthread_mutex_unlock(&contracts->mu);
    while (waiter) {
        struct waiter *next = waiter->next;
        waiter->done(waiter->user, NULL, status, why);
        free(waiter);
        waiter = next;
    }
    return status;
}

int gw_contracts_get(struct gw_contracts *contracts, const struct gw_contract_question *question,
                     gw_contract_done_fn *done, void *user, char *why, size_t why_bytes)
{
    struct asking *asking = new_asking(contracts, question, done, user);
    if (!asking)
        return snprintf(why, why_bytes, "no memory"), 503;
    asking->kept = gw_store_find(contracts->store, asking->key, gw_clock_ms());
    if (asking->kept && gw_workers_do(contracts->workers, finish, asking) == 0)
        return 0;
    int status = 503;
    if (asking->kept) {
        snprintf(why, why_bytes, "too much is being read already");
        gw_description_release(asking->kept);
    } else {
        status = list(asking, why, why_bytes);
        if (status == 0)
            status = get(asking, question, why, why_bytes);
        if (status == 0)
            return 0;
    }
    free_asking(asking);
    return status == 1 ? 0 : status;
}
