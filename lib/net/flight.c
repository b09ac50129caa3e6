/* flight.c - TCP_INFO and SIOCOUTQ, read as one.
 *
 * Invariant, happy path and failure: flight.h.
 */
#include "net/flight.h"

#include <linux/sockios.h>
#include <linux/tcp.h> /* glibc's own lacks tcpi_bytes_acked */
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct sx_flight sx_flight_look(int fd, size_t unsent_bytes, int64_t now_us)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    int in_kernel = 0;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        info = (struct tcp_info){0};
    if (ioctl(fd, SIOCOUTQ, &in_kernel) != 0)
        in_kernel = 0;
    return (struct sx_flight){
        .acked_bytes = info.tcpi_bytes_acked,
        .owed_bytes = unsent_bytes + (uint64_t)in_kernel,
        .is_missed = info.tcpi_unacked > 0 && info.tcpi_snd_wnd > 0,
        .acked_us = now_us - (int64_t)info.tcpi_last_ack_recv * 1000,
        .round_trip_us = info.tcpi_min_rtt == UINT32_MAX ? 0 : info.tcpi_min_rtt,
    };
}
