/* place.c - invariant: place.h. What isn't an IP address is no place. */
#include "doctor/place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool set_address(struct place *place, const struct sockaddr *address, unsigned port)
{
    char literal[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)&place->address;
        memcpy(in, address, sizeof *in);
        in->sin_port = htons((uint16_t)port);
        place->address_len = sizeof *in;
        inet_ntop(AF_INET, &in->sin_addr, literal, sizeof literal);
        snprintf(place->text, sizeof place->text, "%s:%u", literal, port);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)&place->address;
        memcpy(in, address, sizeof *in);
        in->sin6_port = htons((uint16_t)port);
        place->address_len = sizeof *in;
        inet_ntop(AF_INET6, &in->sin6_addr, literal, sizeof literal);
        snprintf(place->text, sizeof place->text, "[%s]:%u", literal, port);
    }
    return place->address_len > 0;
}

void place_add(struct places *places, const struct sockaddr *address, unsigned port, bool is_direct)
{
    struct place place = {.is_direct = is_direct};
    unsigned i;
    if (!set_address(&place, address, port))
        return;
    for (i = 0; i < places->count; i++)
        if (strcmp(places->all[i].text, place.text) == 0)
            return;
    if (places->count == PLACE_MOST)
        places->left_out++;
    else
        places->all[places->count++] = place;
}

int place_connect(const struct place *place)
{
    int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, saved;
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)&place->address, place->address_len) == 0 ||
        errno == EINPROGRESS)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}
