/* binding.h - channel bindings: what ties a login to the TLS connection that it happens on.
 *
 * Noun: the binding (RFC 5056). A server that proves to know the password for these bytes proves
 * that it is the other end of this connection, and nobody in between.
 */
#ifndef SX_NET_BINDING_H
#define SX_NET_BINDING_H

#include <stddef.h>

/* In the order of preference. */
enum sx_binding {
    SX_BINDING_EXPORTER,  /* tls-exporter (RFC 9266) */
    SX_BINDING_END_POINT, /* tls-server-end-point (RFC 5929 4) */
    SX_BINDING_UNIQUE,    /* tls-unique (RFC 5929 3), up to TLS 1.2 */
    SX_BINDINGS
};

enum { SX_BINDING_BYTES = 64 }; /* of the data, at most */

/* The name as SCRAM sends it. */
const char *sx_binding_name(enum sx_binding binding);

/* 1 << the binding that has this name; 0: none that we know. */
unsigned sx_binding_find(const char *name);

#endif
