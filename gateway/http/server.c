/* server.c - HTTP from others: requests come whole, and are answered once, by any thread.
 *
 * The order of a stop: no new connections, every request answered (by whoever has it), answers
 * sent, the accept thread's end, the listeners' ends. libmicrohttpd aborts the program when it is
 * stopped with a suspended connection, so the second is waited for without a deadline.
 *
 * Failures: at the start one sentence, and nothing is left. */
#include "http/server.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/workers.h"
#include "http/acceptor.h"
#include "http/passwords.h"

/* How long a client may take to read its answer when the gateway stops. */
enum { SENDING_MS = 3000 };
/* Threads that make passwords' hashes. */
enum { HASHERS = 2 };
/* Descriptors for links, backends and files, beside those of connections. */
enum { OTHER_DESCRIPTORS = 512 };

struct gw_server {
    struct gw_intake *intake;
    struct gw_acceptor acceptor;
    struct gw_workers *workers;     /* NULL: no listener asks for passwords */
    struct gw_passwords *passwords; /* NULL: likewise */
    struct gw_listener *listeners;
    size_t count; /* of those that are open */
};

/* As many descriptors as the connections need, and all that may be had. */
static int raise_descriptors(const struct gw_limits *limits, char *why, size_t why_bytes)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)GW_DESCRIPTOR_LEAST + limits->connections + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < need) {
        limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
        if (limit.rlim_cur < need || setrlimit(RLIMIT_NOFILE, &limit)) {
            snprintf(why, why_bytes,
                     "%u connections need %llu descriptors, and the limit is %llu: raise it "
                     "(LimitNOFILE=, ulimit -Hn), or lower limits.connections",
                     limits->connections, (unsigned long long)need,
                     (unsigned long long)limit.rlim_max);
            return -1;
        }
    }
    return 0;
}

static void free_all(struct gw_server *server)
{
    for (size_t i = 0; i < server->count; i++)
        gw_listener_fini(&server->listeners[i]);
    gw_workers_stop(server->workers);
    gw_passwords_free(server->passwords);
    gw_acceptor_fini(&server->acceptor);
    gw_intake_fini(server->intake);
    free(server->intake);
    free(server->listeners);
    free(server);
}

static bool asks_passwords(const struct gw_listen *listens, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (listens[i].auth && listens[i].auth->type == GW_AUTH_BASIC)
            return true;
    return false;
}

static int start_passwords(struct gw_server *server, char *why, size_t why_bytes)
{
    server->workers = gw_workers_start(HASHERS, why, why_bytes);
    if (server->workers)
        server->passwords = gw_passwords_new(server->workers, why, why_bytes);
    return server->passwords ? 0 : -1;
}

static int open_listeners(struct gw_server *server, struct gw_config *config,
                          const struct gw_listen *listens, size_t count, char *why,
                          size_t why_bytes)
{
    if (asks_passwords(listens, count) && start_passwords(server, why, why_bytes))
        return -1;
    for (; server->count < count; server->count++)
        if (gw_listener_open(&server->listeners[server->count], server->intake, server->passwords,
                             config, &listens[server->count], why, why_bytes))
            return -1;
    if (gw_acceptor_start(&server->acceptor, server->listeners, count,
                          config->limits.connections) == 0)
        return 0;
    snprintf(why, why_bytes, "can't start the accept thread: %s", strerror(errno));
    return -1;
}

int gw_server_check(struct gw_config *config, const struct gw_listen *listens, size_t count,
                    char *why, size_t why_bytes)
{
    for (size_t i = 0; i < count; i++) {
        struct gw_listener_files files;
        if (gw_listener_read(config, &listens[i], &files, why, why_bytes))
            return -1;
        gw_listener_throw_away(&files);
    }
    return 0;
}

struct gw_server *gw_server_start(struct gw_config *config, const struct gw_listen *listens,
                                  size_t count, gw_server_take_fn *take, void *user, char *why,
                                  size_t why_bytes)
{
    if (raise_descriptors(&config->limits, why, why_bytes))
        return NULL;
    struct gw_server *server = calloc(1, sizeof *server);
    struct gw_listener *listeners = calloc(count + 1, sizeof *listeners);
    struct gw_intake *intake = calloc(1, sizeof *intake);
    if (!server || !listeners || !intake || gw_acceptor_init(&server->acceptor)) {
        snprintf(why, why_bytes, "can't start the HTTP server: %s", strerror(errno));
        free(server);
        free(listeners);
        free(intake);
        return NULL;
    }
    server->listeners = listeners;
    server->intake = intake;
    gw_intake_init(server->intake, config, take, user, server->acceptor.epoll);
    if (open_listeners(server, config, listens, count, why, why_bytes) == 0)
        return server;
    free_all(server);
    return NULL;
}

/* The same address in another configuration, where it may stand at another place. */
static const struct gw_listen *find_listen(const struct gw_listener *listener,
                                           const struct gw_listen *listens, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(listens[i].address, listener->address) == 0)
            return &listens[i];
    return NULL;
}

/* The files of all listeners, in their order; how many could be read. */
static size_t read_files(const struct gw_server *server, struct gw_config *config,
                         const struct gw_listen *listens, size_t count,
                         struct gw_listener_files *files, char *why, size_t why_bytes)
{
    size_t read = 0;
    for (; read < server->count; read++) {
        const struct gw_listen *listen = find_listen(&server->listeners[read], listens, count);
        if (!listen || (asks_passwords(listen, 1) && !server->passwords)) {
            snprintf(why, why_bytes, "listen \"%s\" has changed, which needs a restart",
                     server->listeners[read].address);
            break;
        }
        if (gw_listener_read(config, listen, &files[read], why, why_bytes))
            break;
    }
    return read;
}

int gw_server_reload(struct gw_server *server, struct gw_config *config,
                     const struct gw_listen *listens, size_t count, char *why, size_t why_bytes)
{
    struct gw_listener_files *files = calloc(server->count + 1, sizeof *files);
    if (!files) {
        snprintf(why, why_bytes, "memory is short");
        return -1;
    }
    size_t read = read_files(server, config, listens, count, files, why, why_bytes);
    bool is_read = read == server->count;
    for (size_t i = 0; i < read; i++) {
        if (is_read)
            gw_listener_take(&server->listeners[i], &files[i]);
        else
            gw_listener_throw_away(&files[i]);
    }
    free(files);
    if (is_read)
        gw_intake_reload(server->intake, config);
    return is_read ? 0 : -1;
}

unsigned gw_server_port(const struct gw_server *server, size_t which)
{
    return which < server->count ? server->listeners[which].port : 0;
}

void gw_server_drain(struct gw_server *server)
{
    gw_intake_drain(server->intake);
    gw_acceptor_drain(&server->acceptor);
}

size_t gw_server_busy(const struct gw_server *server)
{
    pthread_mutex_lock(&server->intake->mutex);
    size_t busy = server->intake->busy;
    pthread_mutex_unlock(&server->intake->mutex);
    return busy;
}

void gw_server_stop(struct gw_server *server)
{
    if (!server)
        return;
    gw_server_drain(server);
    gw_intake_wait(server->intake, SENDING_MS);
    gw_acceptor_stop(&server->acceptor);
    free_all(server);
}

void gw_server_count(const struct gw_server *server, struct gw_server_counts *counts)
{
    pthread_mutex_lock(&server->intake->mutex);
    *counts = server->intake->counts;
    counts->requests_under_way = server->intake->busy;
    pthread_mutex_unlock(&server->intake->mutex);
    counts->connections = gw_connections_count(&server->intake->connections);
}

long long gw_server_turned_ms(const struct gw_server *server)
{
    long long turned_ms = atomic_load(&server->acceptor.turned_ms);
    for (size_t i = 0; i < server->count; i++) {
        long long entered_ms = atomic_load(&server->listeners[i].arrival.entered_ms);
        if (entered_ms && entered_ms < turned_ms)
            turned_ms = entered_ms;
    }
    return turned_ms;
}
