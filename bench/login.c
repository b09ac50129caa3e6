/* login.c - logs in again and again, and tells how long that takes.
 *
 * Noun: the login of a link, from TCP to online. Orders on standard input (slice.h); the payload
 * says what is done, and what is told of it as if it were a call's latency:
 *
 *     open     a link is opened and closed: the time from soap_xmpp_open() to online
 *     again    one link, which stays, is cut: the time until it is online again
 *     pass     as open: the longest pass of the loop until then
 *     silence  a link to a server that says nothing: the longest pass until the attempt has failed
 *
 * A pass is a call of sx_connection_round(), which the linker lets come by here.
 */
#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

#include <netinet/in.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "bench/slice.h"
#include "net/connection.h"

static const char usage[] =
    "usage: login    the environment names account and server; orders on standard input (slice.h)\n"
    "                have the payload open, again, pass or silence\n";

enum { SILENCE_MS = 100 };

static struct slice slice;
static sem_t ended; /* an attempt, for better or worse */
static _Atomic int64_t longest_ns;
static struct soap_xmpp_link *_Atomic lasting; /* that of "again" */

bool __real_sx_connection_round(struct sx_connection *connection, struct _xmpp_ctx_t *ctx);
bool __wrap_sx_connection_round(struct sx_connection *connection, struct _xmpp_ctx_t *ctx);

/* There is one link at a time, and so one loop thread. */
bool __wrap_sx_connection_round(struct sx_connection *connection, struct _xmpp_ctx_t *ctx)
{
    int64_t begun_ns = slice_now_ns(), took_ns;
    bool again = __real_sx_connection_round(connection, ctx);
    took_ns = slice_now_ns() - begun_ns;
    if (took_ns > atomic_load(&longest_ns))
        atomic_store(&longest_ns, took_ns);
    return again;
}

/* ---- a link ---- */

static void note_login(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct soap_xmpp_link *link = atomic_load(&lasting);
    (void)user;
    if (state == SOAP_XMPP_ONLINE)
        sem_post(&ended);
    else if (state == SOAP_XMPP_BACKING_OFF && link)
        soap_xmpp_kick(link);
    else if (state == SOAP_XMPP_BACKING_OFF || state == SOAP_XMPP_FAILED)
        slice_die("%s", reason);
}

static void note_failure(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    (void)user;
    if (state == SOAP_XMPP_BACKING_OFF)
        sem_post(&ended);
    else if (state == SOAP_XMPP_ONLINE || state == SOAP_XMPP_FAILED)
        slice_die("the server isn't silent: %s", reason);
}

/* Returns once the first attempt has ended. */
static struct soap_xmpp_link *open_link(soap_xmpp_state_fn *note)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[256] = "";
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why))
        slice_die("%s", why);
    config.state_callback = note;
    if (note == note_failure)
        config.connect_timeout_ms = SILENCE_MS;
    atomic_store(&longest_ns, 0);
    link = soap_xmpp_open(&config, why, sizeof why);
    if (!link)
        slice_die("%s", why);
    sem_wait(&ended);
    return link;
}

/* Its connection is the only one that the process has. */
static void cut(void)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    int fd = 0;
    while (fd < FD_SETSIZE && getpeername(fd, (struct sockaddr *)&peer, &len))
        fd++;
    if (shutdown(fd, SHUT_RDWR))
        slice_die("no connection to cut");
}

/* ---- orders ---- */

static void log_in_again(void)
{
    int64_t begun_ns;
    if (!atomic_load(&lasting))
        atomic_store(&lasting, open_link(note_login));
    while (slice_asks(&slice)) {
        begun_ns = slice_now_ns();
        cut();
        sem_wait(&ended);
        slice_done(&slice, begun_ns);
    }
}

static void open_anew(soap_xmpp_state_fn *note, bool tells_pass)
{
    struct soap_xmpp_link *link;
    int64_t begun_ns;
    while (slice_asks(&slice)) {
        begun_ns = slice_now_ns();
        link = open_link(note);
        if (tells_pass) /* as if that were all that it took */
            begun_ns = slice_now_ns() - atomic_load(&longest_ns);
        slice_done(&slice, begun_ns);
        soap_xmpp_close(link);
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1 || sem_init(&ended, 0, 0)) {
        fputs(usage, stderr);
        return 2;
    }
    slice_ready();
    while (slice_read(&slice)) {
        if (strcmp(slice.payload, "again") == 0)
            log_in_again();
        else if (strcmp(slice.payload, "silence") == 0)
            open_anew(note_failure, true);
        else
            open_anew(note_login, strcmp(slice.payload, "pass") == 0);
        slice_print(&slice);
    }
    soap_xmpp_close(atomic_exchange(&lasting, NULL));
    return 0;
}
