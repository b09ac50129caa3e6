/* failure.c - makes sentences of what TCP and TLS have seen.
 *
 * Happy path: set, once; later calls change nothing. Failure modes: a text that is too long is cut.
 */
#include "net/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "net/protocol.h"
#include "net/tls.h"

void sx_failure_set(struct sx_failure *failure, enum sx_err err, const char *format, ...)
{
    va_list arguments;
    if (failure->err != SX_OK)
        return;
    failure->err = err;
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    sx_utf8_drop_broken(failure->text);
}

void sx_failure_explain_tls(struct sx_failure *failure, const char *server, bool has_read)
{
    const char *why;
    enum sx_err refusal = sx_tls_refusal(&why);
    if (sx_tls_is_short())
        sx_failure_set(failure, SX_ENOMEM, "memory ran short");
    else if (refusal != SX_OK)
        sx_failure_set(failure, refusal, "%s", why);
    else if (sx_tls_is_too_old())
        sx_failure_set(failure, SX_ETLS, "no TLS with %s: it offers nothing from TLS 1.2 on",
                       server);
    else if (sx_tls_alert() >= 0)
        sx_failure_set(failure, SX_ETLS, "no TLS with %s: %s", server, sx_tls_alert_text());
    else
        sx_failure_set(failure, SX_ETLS, "no TLS with %s: %s", server,
                       has_read ? "it was not offered or failed" : "the handshake failed");
}

bool sx_failure_explain_protocol(struct sx_failure *failure, const struct sx_stream *stream,
                                 const char *server, bool is_direct)
{
    char clause[SX_PROTOCOL_CLAUSE_BYTES];
    bool has_tls = sx_tls_is_established();
    const char *first = stream->first;
    size_t len = stream->first_len;
    if (is_direct && !has_tls)
        len = sx_tls_first(&first);
    if (!sx_protocol_explain(first, len, is_direct, has_tls, clause))
        return false;
    sx_failure_set(failure, SX_EMISDIRECTED, "%.150s: %s", server, clause);
    return true;
}

/* A file is read anew at each attempt, and may be a better one then. That there is none is for
 * good, unless somebody on the way may have said so. */
bool sx_failure_explain_certificate(struct sx_failure *failure, const struct sx_config *config,
                                    const char *server)
{
    const char *alert = sx_tls_is_about_us() ? sx_tls_alert_text() : NULL;
    if (alert && !config->cert_file)
        sx_failure_set(failure, sx_tls_is_established() ? SX_ECLIENTCERT : SX_ETLS,
                       "%s wants a client certificate: %s", server, alert);
    else if (alert)
        sx_failure_set(failure, SX_EFILE, "%s doesn't take the client certificate %.100s: %s",
                       server, config->cert_file, alert);
    return alert != NULL;
}

/* Which address it was, unless the server's name is the address. */
static void describe_address(const struct sx_addresses *addresses, unsigned number,
                             const char *host, char *out, size_t out_bytes)
{
    const struct sx_resolver_address *address = &addresses->at[number];
    out[0] = '\0';
    if (addresses->count > 1)
        snprintf(out, out_bytes, " (%u addresses, the last one %s port %d)", addresses->count,
                 address->literal, address->port);
    else if (!host || strcmp(host, address->literal) != 0)
        snprintf(out, out_bytes, " (%s port %d)", address->literal, address->port);
}

void sx_failure_explain_tcp(struct sx_failure *failure, const char *server,
                            const struct sx_addresses *addresses, unsigned number, const char *host,
                            int error)
{
    char address[SX_RESOLVER_LITERAL_BYTES + 64];
    describe_address(addresses, number, host, address, sizeof address);
    sx_failure_set(failure, error == ECONNREFUSED ? SX_EREFUSED : SX_EUNREACHABLE,
                   "no connection to %.160s%s: %s", server, address,
                   error > 0 ? strerror(error) : "refused or unreachable");
}
