/* A link's own low number: kept from open to close, whatever else the process does with
 * descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/descriptor.h"
#include "../../lib/hoard.h"
#include "../../lib/suite.h"

static bool is_socket(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void test_number(void)
{
    struct sx_descriptor descriptor;
    int i, other;
    CU_ASSERT_EQUAL_FATAL(sx_descriptor_take(&descriptor), 0);
    CU_ASSERT(descriptor.number < FD_SETSIZE);
    CU_ASSERT(is_open(descriptor.number) && is_open(descriptor.eventfd));
    sx_descriptor_use(&descriptor);
    for (i = 0; i < 3; i++) {
        sx_descriptor_lend(true);
        CU_ASSERT_EQUAL(make_socket(), descriptor.number);
        sx_descriptor_lend(false);
        CU_ASSERT(is_socket(descriptor.number));
        CU_ASSERT_EQUAL(fcntl(descriptor.number, F_GETFD), FD_CLOEXEC);
        other = make_socket(); /* the program's, in a callback */
        CU_ASSERT(other >= 0 && other != descriptor.number);
        CU_ASSERT_EQUAL(close(other), 0);
        CU_ASSERT_FALSE(is_open(other));
        CU_ASSERT_EQUAL(close(descriptor.number), 0);
        CU_ASSERT(is_open(descriptor.number));
        CU_ASSERT_FALSE(is_socket(descriptor.number));
    }
    sx_descriptor_use(NULL);
    sx_descriptor_give_back(&descriptor);
    CU_ASSERT_FALSE(is_open(descriptor.number) || is_open(descriptor.eventfd));
}

/* A daemon that has closed its standard streams, as far as a test may. */
static void test_standard(void)
{
    struct sx_descriptor descriptor;
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(STDIN_FILENO);
    CU_ASSERT_EQUAL(sx_descriptor_take(&descriptor), 0);
    CU_ASSERT_TRUE(descriptor.number > STDERR_FILENO && descriptor.eventfd > STDERR_FILENO);
    CU_ASSERT_FALSE(is_open(STDIN_FILENO));
    sx_descriptor_give_back(&descriptor);
    if (saved >= 0)
        dup2(saved, STDIN_FILENO);
    close(saved);
}

/* A server would take the parent for alive as long as the child is. */
static void test_child(void)
{
    struct sx_descriptor descriptor, other;
    int status = -1;
    pid_t child;
    CU_ASSERT_EQUAL_FATAL(sx_descriptor_take(&descriptor), 0);
    CU_ASSERT_EQUAL_FATAL(sx_descriptor_take(&other), 0);
    sx_descriptor_give_back(&other);
    sx_descriptor_use(&descriptor);
    sx_descriptor_lend(true);
    CU_ASSERT_EQUAL(make_socket(), descriptor.number);
    sx_descriptor_lend(false);
    child = fork();
    if (child == 0)
        suite_end_child(is_open(descriptor.number));
    CU_ASSERT_TRUE_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_TRUE(is_socket(descriptor.number));
    close(descriptor.number);
    sx_descriptor_use(NULL);
    sx_descriptor_give_back(&descriptor);
}

static void test_errors(void)
{
    struct sx_descriptor descriptor;
    CU_ASSERT_EQUAL_FATAL(sx_descriptor_take(&descriptor), 0);
    sx_descriptor_use(&descriptor);
    sx_descriptor_lend(true);
    CU_ASSERT_EQUAL(socket(-1, SOCK_STREAM, 0), -1);
    CU_ASSERT(is_open(descriptor.number));
    sx_descriptor_lend(false);
    errno = 0;
    CU_ASSERT_EQUAL(close(-1), -1);
    CU_ASSERT_EQUAL(errno, EBADF);
    sx_descriptor_use(NULL);
    sx_descriptor_give_back(&descriptor);
}

static void *use_another(void *arg)
{
    struct sx_descriptor *descriptor = arg;
    int fd;
    sx_descriptor_lend(true); /* without a number of its own */
    fd = make_socket();
    sx_descriptor_lend(false);
    CU_ASSERT(fd >= 0 && fd != descriptor->number);
    CU_ASSERT_EQUAL(close(fd), 0);
    CU_ASSERT_FALSE(is_open(fd));
    return NULL;
}

static void test_other_threads(void)
{
    struct sx_descriptor descriptor;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(sx_descriptor_take(&descriptor), 0);
    sx_descriptor_use(&descriptor);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, use_another, &descriptor), 0);
    pthread_join(thread, NULL);
    sx_descriptor_use(NULL);
    sx_descriptor_give_back(&descriptor);
}

static void test_full(void)
{
    struct sx_descriptor early, late;
    struct hoard *hoard;
    CU_ASSERT_EQUAL_FATAL(sx_descriptor_take(&early), 0);
    hoard = hoard_start();
    if (hoard)
        CU_ASSERT_EQUAL(sx_descriptor_take(&late), ERANGE);
    sx_descriptor_use(&early);
    sx_descriptor_lend(true);
    CU_ASSERT_EQUAL(make_socket(), early.number);
    sx_descriptor_lend(false);
    CU_ASSERT_EQUAL(close(early.number), 0);
    CU_ASSERT(is_open(early.number));
    sx_descriptor_use(NULL);
    hoard_stop(hoard);
    sx_descriptor_give_back(&early);
}

CU_TestInfo tests_descriptor[] = {
    {"sockets have the link's number, one after the other", test_number},
    {"none of the standard streams' is taken", test_standard},
    {"a forked child has no copy of the socket", test_child},
    {"what fails leaves it as it is", test_errors},
    {"other threads' sockets have theirs", test_other_threads},
    {"it is kept where no low number is free", test_full},
    CU_TEST_INFO_NULL,
};
