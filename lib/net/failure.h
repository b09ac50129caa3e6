/* failure.h - why a connection ended or never was, in one clause.
 *
 * Invariant: what was set first stays, and its text is made of whole characters.
 *
 * The functions that ask TLS (tls.h) are called on the thread of the connection, before
 * sx_tls_end(). Nothing blocks.
 */
#ifndef SX_NET_FAILURE_H
#define SX_NET_FAILURE_H

#include <stdbool.h>

#include "base/fault.h"
#include "config/config.h"
#include "net/resolver.h"
#include "net/stream.h"

struct sx_failure {
    enum sx_err err;
    char text[320]; /* one clause: what, where, how long */
};

/* Unless there is one already. */
__attribute__((format(printf, 3, 4))) void sx_failure_set(struct sx_failure *failure,
                                                          enum sx_err err, const char *format, ...);

/* Sets one, and is true, if the first bytes that came aren't XMPP's; is_direct: TLS is to stand
 * before it. */
bool sx_failure_explain_protocol(struct sx_failure *failure, const struct sx_stream *stream,
                                 const char *server, bool is_direct);

/* No TLS came about with server; has_read: it has said something in clear. */
void sx_failure_explain_tls(struct sx_failure *failure, const char *server, bool has_read);

/* Sets one, and is true, if the server ended TLS for our certificate or the lack of one. */
bool sx_failure_explain_certificate(struct sx_failure *failure, const struct sx_config *config,
                                    const char *server);

/* No TCP connection came about with the address of that number, which host (NULL: the JID's
 * domain) has; error: errno, 0 if it isn't known. */
void sx_failure_explain_tcp(struct sx_failure *failure, const char *server,
                            const struct sx_addresses *addresses, unsigned number, const char *host,
                            int error);

#endif
