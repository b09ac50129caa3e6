/* See client.h.
 *
 * Requests are put into a list under the lock; the thread takes it, lets each wait for one of its
 * backend's connections, gives those that have one to libcurl, tells how they end, and sleeps in
 * curl_multi_poll() until a socket, a deadline or a new request wakes it.
 *
 * Failures: a transfer that libcurl can't begin for want of memory ends as unreached, for nothing
 * of it was sent. A multi handle that fails itself ends all that is under way. */
#include "client/client.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/authority.h"

enum {
    MOST_SLEEP_MS = 1000,       /* gw_client_turned_ms() is looked at */
    MOST_IDLE_CONNECTIONS = 256 /* kept, of all backends */
};

struct gw_client {
    /* immutable */
    CURLM *multi;
    pthread_t thread;
    struct gw_transfer_limits limits;
    /* any thread */
    atomic_llong turned_ms;
    /* under mu */
    pthread_mutex_t mu;
    struct gw_transfers new;
    bool is_stopping;
    /* the client's thread */
    struct gw_transfers under_way;
    struct gw_authorities authorities;
};

/* ---- one turn ---- */

static bool begin(struct gw_client *client, struct gw_transfer *transfer)
{
    return gw_transfer_begin(transfer, gw_clock_ms()) &&
           curl_multi_add_handle(client->multi, transfer->easy.curl) == CURLM_OK;
}

/* Begins as many as the authority has connections for. */
static void start_waiting(struct gw_client *client, struct gw_authority *authority)
{
    struct gw_transfer *transfer;
    while (authority && (transfer = gw_authority_next(authority, gw_clock_ms()))) {
        if (begin(client, transfer)) {
            TAILQ_INSERT_TAIL(&client->under_way, transfer, entry);
            continue;
        }
        authority = gw_authority_leave(transfer);
        gw_transfer_give_up(transfer, GW_CLIENT_UNREACHED, "there is no memory left");
        gw_transfer_free(transfer);
    }
}

static void finish(struct gw_client *client, struct gw_transfer *transfer, CURLcode result)
{
    struct gw_authority *authority;
    curl_multi_remove_handle(client->multi, transfer->easy.curl);
    if (gw_transfer_again(transfer, result)) {
        if (begin(client, transfer))
            return;
        result = CURLE_OUT_OF_MEMORY;
    }
    TAILQ_REMOVE(&client->under_way, transfer, entry);
    authority = gw_authority_leave(transfer);
    gw_transfer_end(transfer, result);
    gw_transfer_free(transfer);
    start_waiting(client, authority);
}

/* How long the thread may sleep. */
static int expire(struct gw_client *client)
{
    long long now_ms = gw_clock_ms(), next_ms = now_ms + MOST_SLEEP_MS;
    struct gw_transfer *transfer;
    while ((transfer = gw_authorities_expire(&client->authorities, now_ms, false, &next_ms))) {
        gw_transfer_give_up(transfer, GW_CLIENT_UNREACHED,
                            "none of its connections became free in time");
        gw_transfer_free(transfer);
    }
    return (int)(next_ms - now_ms);
}

static void reap(struct gw_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        char *transfer = NULL;
        CURLcode result = message->data.result; /* message is gone once the handle is removed */
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish(client, (struct gw_transfer *)transfer, result);
    }
}

/* Returns whether the client goes on. */
static bool take_new(struct gw_client *client)
{
    struct gw_transfers taken = TAILQ_HEAD_INITIALIZER(taken);
    struct gw_transfer *transfer;
    bool is_stopping;
    pthread_mutex_lock(&client->mu);
    TAILQ_CONCAT(&taken, &client->new, entry);
    is_stopping = client->is_stopping;
    pthread_mutex_unlock(&client->mu);
    while ((transfer = TAILQ_FIRST(&taken))) {
        TAILQ_REMOVE(&taken, transfer, entry);
        if (gw_authorities_add(&client->authorities, transfer)) {
            start_waiting(client, transfer->authority);
            continue;
        }
        gw_transfer_give_up(transfer, GW_CLIENT_UNREACHED, "there is no memory left");
        gw_transfer_free(transfer);
    }
    return !is_stopping;
}

static void end_all(struct gw_client *client)
{
    struct gw_transfer *transfer;
    long long never_ms = 0;
    while ((transfer = gw_authorities_expire(&client->authorities, 0, true, &never_ms))) {
        gw_transfer_give_up(transfer, GW_CLIENT_STOPPED, "the gateway stops");
        gw_transfer_free(transfer);
    }
    while ((transfer = TAILQ_FIRST(&client->under_way))) {
        curl_multi_remove_handle(client->multi, transfer->easy.curl);
        TAILQ_REMOVE(&client->under_way, transfer, entry);
        gw_authority_leave(transfer);
        gw_transfer_give_up(transfer, GW_CLIENT_STOPPED, "the gateway stops");
        gw_transfer_free(transfer);
    }
}

static void *run(void *user)
{
    struct gw_client *client = user;
    while (take_new(client)) {
        int running, sleep_ms;
        CURLMcode code = curl_multi_perform(client->multi, &running);
        atomic_store(&client->turned_ms, gw_clock_ms());
        reap(client);
        sleep_ms = expire(client);
        if (code == CURLM_OK)
            code = curl_multi_poll(client->multi, NULL, 0, sleep_ms, NULL);
        if (code != CURLM_OK) {
            gw_log_rarely("client", GW_LOG_ERROR, "requests to backends fail: %s",
                          curl_multi_strerror(code));
            end_all(client);
            usleep(100000);
        }
    }
    end_all(client);
    return NULL;
}

/* ---- what others call ---- */

static int start_thread(struct gw_client *client)
{
    sigset_t all, before;
    int result;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = pthread_create(&client->thread, NULL, run, client);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

struct gw_client *gw_client_start(const struct gw_limits *limits, char *why, size_t why_bytes)
{
    struct gw_client *client = calloc(1, sizeof *client);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !client ||
        !(client->multi = curl_multi_init())) {
        free(client);
        snprintf(why, why_bytes, "libcurl can't be started");
        return NULL;
    }
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)MOST_IDLE_CONNECTIONS);
    client->limits.memory.most_bytes = limits->memory_bytes;
    client->limits.most_header_bytes = limits->header_bytes;
    atomic_store(&client->turned_ms, gw_clock_ms());
    TAILQ_INIT(&client->new);
    TAILQ_INIT(&client->under_way);
    pthread_mutex_init(&client->mu, NULL);
    if (start_thread(client) != 0) {
        pthread_mutex_destroy(&client->mu);
        curl_multi_cleanup(client->multi);
        free(client);
        snprintf(why, why_bytes, "there is no thread left for requests to backends");
        return NULL;
    }
    return client;
}

int gw_client_send(struct gw_client *client, struct gw_config *config,
                   const struct gw_client_request *request, char *why, size_t why_bytes)
{
    struct gw_transfer *transfer =
        gw_transfer_new(&client->limits, config, request, why, why_bytes);
    bool is_stopping;
    if (!transfer)
        return -1;
    pthread_mutex_lock(&client->mu);
    is_stopping = client->is_stopping;
    if (!is_stopping)
        TAILQ_INSERT_TAIL(&client->new, transfer, entry);
    pthread_mutex_unlock(&client->mu);
    if (!is_stopping) {
        curl_multi_wakeup(client->multi);
        return 0;
    }
    transfer->easy.body = NULL; /* stays the caller's */
    gw_transfer_free(transfer);
    snprintf(why, why_bytes, "the gateway stops");
    return -1;
}

void gw_client_stop(struct gw_client *client)
{
    if (!client)
        return;
    pthread_mutex_lock(&client->mu);
    client->is_stopping = true;
    pthread_mutex_unlock(&client->mu);
    curl_multi_wakeup(client->multi);
    pthread_join(client->thread, NULL);
}

void gw_client_free(struct gw_client *client)
{
    if (!client)
        return;
    curl_multi_cleanup(client->multi);
    pthread_mutex_destroy(&client->mu);
    free(client);
}

long long gw_client_turned_ms(const struct gw_client *client)
{
    return atomic_load(&client->turned_ms);
}
