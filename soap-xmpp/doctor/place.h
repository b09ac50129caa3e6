/* place.h - where the server may be reached: an address and a port.
 *
 * Noun: the place. dns finds them, tcp tries them, tls looks at what answers there.
 *
 * Thread: that of the doctor alone. Nothing blocks.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_PLACE_H
#define SOAP_XMPP_TOOL_DOCTOR_PLACE_H

#include <stdbool.h>
#include <sys/socket.h>

enum {
    PLACE_MOST = 16, /* that are looked at */
    PLACE_TEXT_BYTES = 64
};

struct place {
    struct sockaddr_storage address;
    socklen_t address_len;
    bool is_direct;              /* TLS from the first byte */
    char text[PLACE_TEXT_BYTES]; /* "[2001:db8::1]:5222" */
    bool is_open;                /* tcp has found somebody there */
};

struct places {
    unsigned count, left_out; /* left_out: there was no room for so many more */
    struct place all[PLACE_MOST];
};

/* An address (its port doesn't count) with this port, unless that place is there already. */
void place_add(struct places *places, const struct sockaddr *address, unsigned port,
               bool is_direct);

/* A socket that doesn't block, on its way to the place; -1: errno says why. */
int place_connect(const struct place *place);

#endif
