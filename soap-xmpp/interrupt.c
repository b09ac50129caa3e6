/* interrupt.c - SIGINT and SIGTERM end a command: within a second, unless it drains.
 *
 * Invariant: whatever a handler touches is atomic, and whatever it calls may be called from one.
 * The link that is watched is forgotten before it is closed.
 *
 * Happy path: a signal comes, the pipe becomes readable, the link stops, the command returns,
 * main() exits with 128 and the signal. Failure modes: the command doesn't return: SIGALRM kills
 * the groups and exits in its place. */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "soap_xmpp.h"

enum { GROUPS = 64, PATIENCE_S = 1 };

static int wake[2] = {-1, -1};
static atomic_int caught;
static atomic_bool drains;
static _Atomic(struct soap_xmpp_link *) watched;
static atomic_int groups[GROUPS];

static void end_at_once(int signal)
{
    int i;
    (void)signal;
    for (i = 0; i < GROUPS; i++) {
        pid_t group = atomic_load(&groups[i]);
        if (group > 0)
            kill(-group, SIGKILL);
    }
    _exit(128 + atomic_load(&caught));
}

static void catch (int signal)
{
    int errno_before = errno, none = 0;
    bool is_first = atomic_compare_exchange_strong(&caught, &none, signal);
    bool is_patient = is_first && signal == SIGTERM && atomic_load(&drains);
    struct soap_xmpp_link *link = atomic_load(&watched);
    ssize_t written = write(wake[1], "", 1);
    (void)written; /* a full pipe is readable already */
    if (link && !is_patient)
        soap_xmpp_interrupt(link);
    if (!is_patient)
        alarm(PATIENCE_S);
    errno = errno_before;
}

int interrupt_begin(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK))
        return -1;
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL); /* a file that may not grow is an error like a full disk */
    action.sa_handler = end_at_once;
    if (sigaction(SIGALRM, &action, NULL))
        return -1;
    action.sa_handler = catch;
    if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
        return -1;
    return 0;
}

void interrupt_let_drain(void)
{
    atomic_store(&drains, true);
}

int interrupt_fd(void)
{
    return wake[0];
}

int interrupt_signal(void)
{
    return atomic_load(&caught);
}

void interrupt_watch_link(struct soap_xmpp_link *link)
{
    atomic_store(&watched, link);
    /* A signal that came before has found none. */
    if (link && interrupt_signal() && !atomic_load(&drains))
        soap_xmpp_interrupt(link);
}

bool interrupt_watch_group(pid_t group)
{
    int i;
    for (i = 0; i < GROUPS; i++) {
        int none = 0;
        if (atomic_compare_exchange_strong(&groups[i], &none, (int)group))
            return true;
    }
    return false;
}

void interrupt_forget_group(pid_t group)
{
    int i;
    for (i = 0; i < GROUPS; i++) {
        int its = (int)group;
        if (atomic_compare_exchange_strong(&groups[i], &its, 0))
            return;
    }
}

bool interrupt_wait(int timeout_ms)
{
    struct pollfd ready = {.fd = wake[0], .events = POLLIN};
    poll(&ready, 1, timeout_ms);
    return interrupt_signal() != 0;
}
