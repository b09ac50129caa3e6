/* login_facts.c - the facts of a login. Invariant: no fact holds a secret.
 *
 * Failure: without memory the list has failed, and nothing is told.
 */
#include "net/login_facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/certificate.h"
#include "wire/timestamp.h"

enum { VALUE_BYTES = 400 };

/* Nothing if there is no value. */
static void add(struct sx_facts *facts, const char *name, const char *value)
{
    if (value && *value)
        sx_facts_add(facts, "fact", name, value);
}

__attribute__((format(printf, 3, 4))) static void
add_format(struct sx_facts *facts, const char *name, const char *format, ...)
{
    char value[VALUE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    add(facts, name, value);
}

static const char *source_of(const struct sx_connection *connection)
{
    if (connection->target)
        return "redirect";
    if (connection->config->host)
        return "config";
    return connection->addresses->source ? connection->addresses->source : "domain";
}

static void add_server(const struct sx_connection *connection, struct sx_facts *facts)
{
    const struct sx_resolver_address *address = &connection->addresses->at[connection->address];
    const struct sx_negotiation *negotiation = &connection->stream.negotiation;
    bool is_ipv6 = strchr(address->literal, ':');
    add(facts, "server.name",
        connection->target         ? connection->target->host
        : connection->config->host ? connection->config->host
                                   : connection->domain);
    add_format(facts, "server.address", "%s%s%s:%d", is_ipv6 ? "[" : "", address->literal,
               is_ipv6 ? "]" : "", address->port);
    add(facts, "server.source", source_of(connection));
    if (negotiation->server_max_bytes)
        add_format(facts, "server.max-bytes", "%" PRIu32, negotiation->server_max_bytes);
    if (negotiation->server_idle_s)
        add_format(facts, "server.idle-seconds", "%" PRIu32, negotiation->server_idle_s);
}

static void add_tls(const struct sx_connection *connection, struct sx_facts *facts)
{
    struct sx_certificate certificate;
    if (!sx_tls_is_established()) {
        add(facts, "tls.version", "none");
        return;
    }
    add(facts, "tls.version", sx_tls_version());
    add(facts, "tls.cipher", sx_tls_cipher());
    add(facts, "tls.direct", connection->expected.is_direct ? "yes" : "no");
    add(facts, "tls.resumed", sx_tls_is_resumed() ? "yes" : "no");
    if (!sx_tls_describe(&certificate))
        return;
    add(facts, "tls.subject", certificate.subject);
    add(facts, "tls.issuer", certificate.issuer);
    add(facts, "tls.begins", certificate.begins);
    add(facts, "tls.expires", certificate.expires);
}

static void add_sasl(const struct sx_connection *connection, struct sx_facts *facts)
{
    const struct sx_sasl *sasl = &connection->login.sasl;
    if (connection->config->is_component)
        return;
    add(facts, "sasl.mechanism", sx_mechanism_name(sasl->choice.mechanism));
    add(facts, "sasl.channel-binding", sx_sasl_binding_name(sasl));
    add(facts, "sasl.server-proof", sasl->has_proof ? "yes" : "no");
    add(facts, "sasl.offered", sasl->offer.names);
}

static void replace(struct sx_login_facts *facts, char *list)
{
    char *before;
    pthread_mutex_lock(&facts->mu);
    before = facts->list;
    facts->list = list;
    pthread_mutex_unlock(&facts->mu);
    free(before);
}

int sx_login_facts_init(struct sx_login_facts *facts)
{
    facts->list = NULL;
    return pthread_mutex_init(&facts->mu, NULL);
}

void sx_login_facts_fini(struct sx_login_facts *facts)
{
    pthread_mutex_destroy(&facts->mu);
    free(facts->list);
}

void sx_login_facts_gather(struct sx_login_facts *facts, struct sx_connection *connection,
                           int64_t begun_us, int64_t round_trip_us)
{
    struct sx_facts *gathered = &connection->facts;
    char now[SX_TIMESTAMP_BYTES];
    sx_timestamp_write(sx_timestamp_now_us(), now);
    add(gathered, "online.since", now);
    add_format(gathered, "login.milliseconds", "%" PRId64, (sx_clock_now_us() - begun_us) / 1000);
    add_server(connection, gathered);
    if (round_trip_us > 0)
        add_format(gathered, "server.round-trip-microseconds", "%" PRId64, round_trip_us);
    add_tls(connection, gathered);
    add_sasl(connection, gathered);
    replace(facts, sx_facts_take(gathered));
}

void sx_login_facts_forget(struct sx_login_facts *facts)
{
    replace(facts, NULL);
}

char *sx_login_facts_copy(struct sx_login_facts *facts)
{
    char *copy;
    pthread_mutex_lock(&facts->mu);
    copy = facts->list ? sx_facts_copy(facts->list) : NULL;
    pthread_mutex_unlock(&facts->mu);
    return copy;
}
