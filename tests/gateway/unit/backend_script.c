/* See backend_script.h. */
#include "backend_script.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct backend_script {
    const struct backend_act *acts;
    size_t count;
    int listener, stop[2];
    unsigned port;
    pthread_t thread, threads[BACKEND_REQUESTS];
    size_t thread_count;
    pthread_mutex_t mu;
    size_t requests, executions, connections;
    char heads[BACKEND_REQUESTS][BACKEND_HEAD_BYTES];
};

/* Whether there is something to read before the script is stopped. */
static bool await(struct backend_script *script, int descriptor)
{
    struct pollfd watched[2] = {{descriptor, POLLIN, 0}, {script->stop[0], POLLIN, 0}};
    while (poll(watched, 2, -1) < 0)
        continue;
    return !watched[1].revents;
}

static bool read_byte(struct backend_script *script, int connection, char *byte)
{
    return await(script, connection) && recv(connection, byte, 1, 0) == 1;
}

/* false: the client has hung up, or the script stops. */
static bool read_head(struct backend_script *script, int connection, char *head)
{
    size_t used = 0;
    while (used + 1 < BACKEND_HEAD_BYTES && read_byte(script, connection, head + used)) {
        head[++used] = '\0';
        if (used >= 4 && strcmp(head + used - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static size_t body_bytes(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

static bool read_body(struct backend_script *script, int connection, size_t bytes)
{
    char byte;
    while (bytes > 0 && read_byte(script, connection, &byte))
        bytes--;
    return bytes == 0;
}

static const struct backend_act *next_act(struct backend_script *script)
{
    size_t which = script->requests < script->count ? script->requests : script->count - 1;
    return &script->acts[which];
}

static void send_text(int connection, const struct backend_act *act)
{
    const char *text = act->text;
    size_t left = act->bytes ? act->bytes : strlen(text);
    while (left > 0) {
        ssize_t sent = send(connection, text, left, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        left -= (size_t)sent;
    }
}

static void reset(int connection)
{
    struct linger now = {1, 0};
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* One request. false: the connection is to be closed. */
static bool serve(struct backend_script *script, int connection)
{
    char head[BACKEND_HEAD_BYTES] = "";
    const struct backend_act *act;
    size_t bytes;
    if (!read_head(script, connection, head))
        return false;
    pthread_mutex_lock(&script->mu);
    act = next_act(script);
    if (script->requests < BACKEND_REQUESTS)
        memcpy(script->heads[script->requests], head, sizeof head);
    script->requests++;
    pthread_mutex_unlock(&script->mu);
    bytes = body_bytes(head);
    if (act->step == BACKEND_READS_HEAD || act->step == BACKEND_ACCEPTS)
        return false;
    if (act->step == BACKEND_INTERRUPTS) {
        send_text(connection, act);
        shutdown(connection, SHUT_WR);
    }
    if (act->step == BACKEND_READS_PIECE) {
        read_body(script, connection, 1);
        return false;
    }
    if (!read_body(script, connection, bytes))
        return false;
    pthread_mutex_lock(&script->mu);
    script->executions += bytes > 0;
    pthread_mutex_unlock(&script->mu);
    if (act->step == BACKEND_RESETS)
        reset(connection);
    if (act->step == BACKEND_STALLS)
        await(script, script->stop[0]);
    if (act->step == BACKEND_ANSWERS || act->step == BACKEND_LEAVES)
        send_text(connection, act);
    return act->step == BACKEND_ANSWERS && !strcasestr(act->text, "connection: close");
}

struct connection {
    struct backend_script *script;
    int descriptor;
};

static void *run_connection(void *user)
{
    struct connection *connection = user;
    while (serve(connection->script, connection->descriptor))
        continue;
    close(connection->descriptor);
    free(connection);
    return NULL;
}

static void begin_connection(struct backend_script *script, int descriptor)
{
    struct connection *connection = malloc(sizeof *connection);
    if (!connection)
        abort();
    *connection = (struct connection){script, descriptor};
    if (script->thread_count == BACKEND_REQUESTS ||
        pthread_create(&script->threads[script->thread_count++], NULL, run_connection, connection))
        abort();
}

static void *run(void *user)
{
    struct backend_script *script = user;
    while (await(script, script->listener)) {
        int descriptor = accept4(script->listener, NULL, NULL, SOCK_CLOEXEC);
        bool hangs_up;
        pthread_mutex_lock(&script->mu);
        script->connections++;
        hangs_up = next_act(script)->step == BACKEND_ACCEPTS;
        script->requests += hangs_up;
        pthread_mutex_unlock(&script->mu);
        if (hangs_up)
            close(descriptor);
        else
            begin_connection(script, descriptor);
    }
    return NULL;
}

struct backend_script *backend_script_start(const struct backend_act *acts, size_t count)
{
    struct backend_script *script = calloc(1, sizeof *script);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    script->acts = acts;
    script->count = count;
    pthread_mutex_init(&script->mu, NULL);
    script->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(script->listener, (struct sockaddr *)&address, sizeof address) ||
        listen(script->listener, 64) ||
        getsockname(script->listener, (struct sockaddr *)&address, &bytes) || pipe(script->stop) ||
        pthread_create(&script->thread, NULL, run, script))
        abort();
    script->port = ntohs(address.sin_port);
    return script;
}

unsigned backend_script_port(const struct backend_script *script)
{
    return script->port;
}

static size_t look(struct backend_script *script, const size_t *number)
{
    size_t seen;
    pthread_mutex_lock(&script->mu);
    seen = *number;
    pthread_mutex_unlock(&script->mu);
    return seen;
}

size_t backend_script_requests(struct backend_script *script)
{
    return look(script, &script->requests);
}

const char *backend_script_head(struct backend_script *script, size_t which)
{
    return which < backend_script_requests(script) ? script->heads[which] : "";
}

size_t backend_script_executions(struct backend_script *script)
{
    return look(script, &script->executions);
}

size_t backend_script_connections(struct backend_script *script)
{
    return look(script, &script->connections);
}

void backend_script_stop(struct backend_script *script)
{
    if (write(script->stop[1], "x", 1) != 1)
        abort();
    pthread_join(script->thread, NULL);
    for (size_t i = 0; i < script->thread_count; i++)
        pthread_join(script->threads[i], NULL);
    close(script->stop[0]);
    close(script->stop[1]);
    close(script->listener);
    pthread_mutex_destroy(&script->mu);
    free(script);
}
