/* What systemd is told. */
#include "../../lib/suite.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "status/notify.h"

enum { TEXT_BYTES = 200 };

/* What came, "" without waiting. */
static const char *take(int fd, char text[TEXT_BYTES])
{
    ssize_t len = recv(fd, text, TEXT_BYTES - 1, MSG_DONTWAIT);
    text[len < 0 ? 0 : len] = '\0';
    return text;
}

static void datagrams_go_to_the_socket_of_the_environment(void)
{
    char text[TEXT_BYTES], name[100];
    for (int is_abstract = 0; is_abstract < 2; is_abstract++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        snprintf(name, sizeof name, "%ssoapxmpp-notify-%d", is_abstract ? "@" : "/tmp/",
                 (int)getpid());
        memcpy(address.sun_path, name, strlen(name));
        if (is_abstract)
            address.sun_path[0] = '\0';
        CU_ASSERT_EQUAL_FATAL(
            bind(fd, (const struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
            0);
        setenv("NOTIFY_SOCKET", name, 1);
        gw_notify("READY=1\nSTATUS=ready");
        ASSERT_TEXT(take(fd, text), "READY=1\nSTATUS=ready");
        /* Nobody reads: nobody waits. */
        for (int i = 0; i < 10000; i++)
            gw_notify("WATCHDOG=1");
        close(fd);
        gw_notify("STOPPING=1");
        if (!is_abstract)
            unlink(name);
    }
    unsetenv("NOTIFY_SOCKET");
}

static void without_a_socket_nothing_is_told(void)
{
    static const char *const names[] = {"", "@", "/", "relative", "vsock:2:1234"};
    char large[300];
    unsetenv("NOTIFY_SOCKET");
    gw_notify("READY=1");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        gw_notify("READY=1");
    }
    memset(large, 'a', sizeof large - 1);
    large[0] = '/';
    large[sizeof large - 1] = '\0';
    setenv("NOTIFY_SOCKET", large, 1);
    gw_notify("READY=1");
    unsetenv("NOTIFY_SOCKET");
}

static unsigned watchdog_of(const char *us, const char *process)
{
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if (us)
        setenv("WATCHDOG_USEC", us, 1);
    if (process)
        setenv("WATCHDOG_PID", process, 1);
    unsigned ms = gw_notify_watchdog_ms();
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return ms;
}

static void the_watchdog_hears_twice_as_often_as_it_must(void)
{
    char own[20], other[20];
    snprintf(own, sizeof own, "%d", (int)getpid());
    snprintf(other, sizeof other, "%d", (int)getpid() + 1);
    CU_ASSERT_EQUAL(watchdog_of("30000000", NULL), 15000);
    CU_ASSERT_EQUAL(watchdog_of("30000000", own), 15000);
    CU_ASSERT_EQUAL(watchdog_of("30000000", other), 0);
    CU_ASSERT_EQUAL(watchdog_of(NULL, own), 0);
    CU_ASSERT_EQUAL(watchdog_of("", NULL), 0);
    CU_ASSERT_EQUAL(watchdog_of("0", NULL), 0);
    CU_ASSERT_EQUAL(watchdog_of("30s", NULL), 0);
    CU_ASSERT_EQUAL(watchdog_of("1", NULL), 1);
    CU_ASSERT(watchdog_of("18446744073709551615", NULL) > 1000000);
}

CU_TestInfo gateway_tests_notify[] = {
    {"datagrams go to the socket of the environment",
     datagrams_go_to_the_socket_of_the_environment},
    {"without a socket nothing is told", without_a_socket_nothing_is_told},
    {"the watchdog hears twice as often as it must", the_watchdog_hears_twice_as_often_as_it_must},
    CU_TEST_INFO_NULL,
};
