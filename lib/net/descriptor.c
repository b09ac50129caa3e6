/* descriptor.c - stands between libstrophe and socket() and close().
 *
 * Invariant: a number is replaced in one step (dup3), never closed and opened again: another thread
 * of the program would have it in between.
 *
 * Happy path: take -> the thread uses it -> lend -> libstrophe calls socket() -> __wrap_socket()
 * puts what the real one returned on the number -> libstrophe calls close() -> __wrap_close() puts
 * the eventfd there again, which closes the socket. Failure: no descriptor for a moment, when the
 * socket is made: socket() fails, and so does the attempt.
 */
#include "net/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/thread.h"

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_close(int fd);
int __wrap_close(int fd);

/* All that are taken. */
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct sx_descriptor *taken;

static _Thread_local struct sx_descriptor *own;
static _Thread_local bool lent;

/* ---- a child ---- */

/* Nothing else has one of these numbers yet. */
static void close_copies(void)
{
    const struct sx_descriptor *descriptor;
    for (descriptor = taken; descriptor; descriptor = descriptor->next)
        __real_close(descriptor->number);
    taken = NULL;
}

__attribute__((constructor)) static void close_at_fork(void)
{
    sx_thread_hold_at_fork(&mu);
    (void)pthread_atfork(NULL, NULL, close_copies);
}

static void enter(struct sx_descriptor *descriptor)
{
    pthread_mutex_lock(&mu);
    descriptor->next = taken;
    taken = descriptor;
    pthread_mutex_unlock(&mu);
}

static void leave(struct sx_descriptor *descriptor)
{
    struct sx_descriptor **link = &taken;
    pthread_mutex_lock(&mu);
    while (*link && *link != descriptor)
        link = &(*link)->next;
    if (*link)
        *link = descriptor->next;
    pthread_mutex_unlock(&mu);
}

/* ---- the number ---- */

int sx_descriptor_take(struct sx_descriptor *descriptor)
{
    int low = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), high;
    if (low >= 0 && low <= STDERR_FILENO) {
        int standard = low;
        low = fcntl(standard, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        __real_close(standard);
    }
    if (low < 0)
        return errno;
    if (low >= FD_SETSIZE) {
        __real_close(low);
        return ERANGE;
    }
    high = fcntl(low, F_DUPFD_CLOEXEC, FD_SETSIZE);
    if (high < 0) /* beyond the process' limit */
        high = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (high < 0) {
        int err = errno;
        __real_close(low);
        return err;
    }
    *descriptor = (struct sx_descriptor){.number = low, .eventfd = high};
    enter(descriptor);
    return 0;
}

void sx_descriptor_give_back(struct sx_descriptor *descriptor)
{
    leave(descriptor);
    __real_close(descriptor->number);
    __real_close(descriptor->eventfd);
}

static ino_t find_socket(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

void sx_descriptor_abandon(const struct sx_descriptor *descriptor)
{
    if (descriptor->socket && find_socket(descriptor->number) == descriptor->socket)
        __real_close(descriptor->number);
}

void sx_descriptor_use(struct sx_descriptor *descriptor)
{
    own = descriptor;
}

void sx_descriptor_lend(bool is_lent)
{
    lent = is_lent;
}

int __wrap_socket(int domain, int type, int protocol)
{
    int fd = __real_socket(domain, type, protocol), moved;
    if (fd < 0 || !own || !lent)
        return fd;
    moved = dup3(fd, own->number, O_CLOEXEC);
    __real_close(fd);
    own->socket = moved < 0 ? 0 : find_socket(moved);
    return moved;
}

int __wrap_close(int fd)
{
    if (!own || fd != own->number)
        return __real_close(fd);
    return dup3(own->eventfd, fd, O_CLOEXEC) < 0 ? -1 : 0;
}
