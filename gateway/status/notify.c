/* notify.c - what systemd is told: one datagram each.
 *
 * Invariant: whoever reads it, or doesn't, nobody here waits for it. Failure: it can't be sent: no
 * matter, systemd will find out by its own deadlines. */
#include "status/notify.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The length of an address for path, 0: none. "@x" is abstract (sd_notify(3)). */
static socklen_t write_address(struct sockaddr_un *address, const char *path)
{
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || len >= sizeof address->sun_path || (path[0] != '/' && path[0] != '@'))
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, len);
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void gw_notify(const char *lines)
{
    struct sockaddr_un address;
    socklen_t len = write_address(&address, getenv("NOTIFY_SOCKET"));
    int fd = len ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    (void)sendto(fd, lines, strlen(lines), MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&address, len);
    close(fd);
}

unsigned gw_notify_watchdog_ms(void)
{
    const char *text = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
    char *end;
    unsigned long long us = text ? strtoull(text, &end, 10) : 0;
    if (us == 0 || *end || (process && strtoll(process, NULL, 10) != getpid()))
        return 0;
    us /= 2000; /* half of it, in ms */
    return us == 0 ? 1 : us > UINT_MAX ? UINT_MAX : (unsigned)us;
}
