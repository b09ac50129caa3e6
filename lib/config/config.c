/* config.c - the link's configuration: defaults, checks, units.
 *
 * Invariant: after sx_config_make() every value of a struct sx_config is set and inside its bounds;
 * strings are copies; the password is in no message and is wiped when it is dropped.
 *
 * Happy path: soap_xmpp_config_init_bytes -> (the program or environment.c fills members) ->
 *             sx_config_make -> sx_config_fini.
 * Failure modes: SX_ECONFIG with one sentence that names the member, its environment variable, the
 * value and what is allowed; SX_ENOMEM. Nothing is kept after either.
 *
 * Thread: any.
 */
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "config/limits.h"
#include "config/mechanism.h"
#include "config/password.h"
#include "config/reason.h"
#include "wire/jid.h"
#include "wire/prep.h"

enum {
    SECRET_BYTES = 1023, /* of a password, without NUL */
    HOST_BYTES = 255,    /* RFC 1035 2.3.4 */
    US_PER_MS = 1000,
    US_PER_S = 1000000
};

/* ---- a struct that may be older than this library ---- */

void soap_xmpp_config_init_bytes(struct soap_xmpp_config *config, size_t size)
{
    memset(config, 0, size);
    config->size = size;
}

/* Members that an older program doesn't know keep their defaults. */
enum sx_err sx_config_read_in(const struct soap_xmpp_config *in, struct soap_xmpp_config *out,
                              const struct sx_reason *why)
{
    struct soap_xmpp_config complete;
    if (!in)
        return sx_reason_refuse(why, "no configuration was given");
    if (in->size < sizeof in->size || in->size % _Alignof(struct soap_xmpp_config) != 0)
        return sx_reason_refuse(
            why, "config.size is %zu; prepare the struct with soap_xmpp_config_init()", in->size);
    if (in->size > sizeof complete)
        return sx_reason_refuse(
            why,
            "config.size is %zu, allowed is at most %zu: the program was built for a "
            "newer library",
            in->size, sizeof complete);
    soap_xmpp_config_init_bytes(&complete, sizeof complete);
    memcpy(&complete, in, in->size);
    *out = complete;
    return SX_OK;
}

/* ---- checks, in the order of sx_config_make ---- */

/* NULL stays NULL. */
static enum sx_err copy_text(const char *text, char **out)
{
    if (!text)
        return SX_OK;
    *out = strdup(text);
    return *out ? SX_OK : SX_ENOMEM;
}

static enum sx_err make_jid(const struct soap_xmpp_config *in, struct sx_config *out,
                            const struct sx_reason *why)
{
    char clause[128] = "";
    size_t bare_len;
    enum sx_err err;
    if (!in->jid || in->jid[0] == '\0')
        return sx_reason_refuse(why, "jid (SOAP_XMPP_JID) is missing; it is required: node@domain, "
                                     "node@domain/resource or a domain");
    err = sx_jid_parse(in->jid, "soap", &out->jid, clause, sizeof clause);
    if (err == SX_EENDPOINT)
        return sx_reason_refuse(why,
                                "jid (SOAP_XMPP_JID) is \"%.128s\", but %s; allowed: node@domain, "
                                "node@domain/resource or a domain",
                                in->jid, clause);
    if (err)
        return err;
    bare_len = strcspn(out->jid, "/");
    out->is_component = !memchr(out->jid, '@', bare_len);
    if (out->is_component && out->jid[bare_len])
        return sx_reason_refuse(why,
                                "jid (SOAP_XMPP_JID) is \"%.128s\", a domain with a resource; a "
                                "component is its domain alone, and every resource of it reaches "
                                "it; allowed: node@domain, node@domain/resource or a domain",
                                in->jid);
    return SX_OK;
}

static enum sx_err make_tls(const struct soap_xmpp_config *in, struct sx_config *out,
                            const struct sx_reason *why)
{
    if ((int)in->tls < SOAP_XMPP_TLS_REQUIRED || in->tls > SOAP_XMPP_TLS_OFF)
        return sx_reason_refuse(why, "tls (SOAP_XMPP_TLS) is %d; allowed: required, direct or off",
                                (int)in->tls);
    out->tls = in->tls;
    if (!out->is_component)
        return SX_OK;
    if (in->tls == SOAP_XMPP_TLS_DIRECT)
        return sx_reason_refuse(why,
                                "tls (SOAP_XMPP_TLS) is direct, but %.128s is a component, whose "
                                "stream has no TLS (XEP-0114); leave it unset",
                                out->jid);
    out->tls = SOAP_XMPP_TLS_OFF;
    return SX_OK;
}

/* getaddrinfo() wants an IPv6 address without its brackets. */
static enum sx_err copy_host(const char *host, struct sx_config *out)
{
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']')
        out->host = strndup(host + 1, len - 2);
    else
        out->host = strdup(host);
    return out->host ? SX_OK : SX_ENOMEM;
}

static bool is_host(const char *host)
{
    size_t i, len = strlen(host);
    for (i = 0; i < len; i++)
        if ((unsigned char)host[i] <= ' ' || strchr("/@\"<>\x7F", host[i]))
            return false;
    return len > 0 && len <= HOST_BYTES;
}

/* The same host, whether or not in the brackets of an IPv6 address. */
static bool is_same_host(const char *host, const char *other)
{
    size_t len = strlen(host), other_len = strlen(other);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (other_len > 2 && other[0] == '[' && other[other_len - 1] == ']') {
        other++;
        other_len -= 2;
    }
    return len == other_len && strncasecmp(host, other, len) == 0;
}

/* XEP-0114 has no TLS, so that the secret's proof and every call cross the network in clear. */
static enum sx_err check_component_host(const struct soap_xmpp_config *in,
                                        const struct sx_config *out, const char *host,
                                        const struct sx_reason *why)
{
    if (in->trusted_host && !is_same_host(in->trusted_host, host))
        return sx_reason_refuse(why,
                                "trusted_host (SOAP_XMPP_TRUSTED_HOST) is \"%.128s\", but host "
                                "(SOAP_XMPP_HOST) is %s%.128s%s; it is host once more, in the same "
                                "words",
                                in->trusted_host, in->host ? "\"" : "unset, which means ", host,
                                in->host ? "\"" : "");
    if (!in->trusted_host && !sx_jid_is_loopback(host))
        return sx_reason_refuse(why,
                                "%.128s is a component, whose stream has no TLS (XEP-0114), but "
                                "the host \"%.128s\" is another machine, and every call would "
                                "cross the network in clear; allowed: localhost, 127.0.0.0/8, ::1, "
                                "or, if nobody listens on the way there, the host's name once more "
                                "as trusted_host (SOAP_XMPP_TRUSTED_HOST)",
                                out->jid, host);
    return SX_OK;
}

static enum sx_err make_component_host(const struct soap_xmpp_config *in, struct sx_config *out,
                                       const struct sx_reason *why)
{
    const char *host = in->host ? in->host : SX_CONFIG_COMPONENT_HOST;
    enum sx_err err = check_component_host(in, out, host, why);
    return err ? err : copy_host(host, out);
}

static enum sx_err make_host(const struct soap_xmpp_config *in, struct sx_config *out,
                             const struct sx_reason *why)
{
    char domain[SX_JID_BYTES];
    const char *host = in->host;
    if (host && !is_host(host))
        return sx_reason_refuse(
            why,
            "host (SOAP_XMPP_HOST) is \"%.128s\"; allowed: a host's name or address, "
            "without a port",
            host);
    if (out->is_component)
        return make_component_host(in, out, why);
    if (in->trusted_host)
        return sx_reason_refuse(why,
                                "trusted_host (SOAP_XMPP_TRUSTED_HOST) is \"%.128s\", but %.128s "
                                "is no component; its stream has TLS, which needs no trust in a "
                                "network: leave it unset",
                                in->trusted_host, out->jid);
    sx_jid_domain(out->jid, domain, sizeof domain);
    if (!host && in->tls == SOAP_XMPP_TLS_OFF)
        host = domain; /* what SRV records say about it could be another machine */
    if (!host)
        return SX_OK;
    if (in->tls == SOAP_XMPP_TLS_OFF && !sx_jid_is_loopback(host))
        return sx_reason_refuse(
            why,
            "tls (SOAP_XMPP_TLS) is off, but the host \"%.128s\" is another machine, and "
            "password and calls would cross the network in clear; allowed with: "
            "localhost, 127.0.0.0/8, ::1",
            host);
    return copy_host(host, out);
}

static enum sx_err make_port(const struct soap_xmpp_config *in, struct sx_config *out,
                             const struct sx_reason *why)
{
    if (in->port < 0 || in->port > 65535)
        return sx_reason_refuse(
            why, "port (SOAP_XMPP_PORT) is %d; allowed: 1 to 65535, or 0 for the default",
            in->port);
    /* without a host DNS SRV tells the port, and this one would be ignored in silence */
    if (in->port && !out->host)
        return sx_reason_refuse(
            why,
            "port (SOAP_XMPP_PORT) is %d, but host (SOAP_XMPP_HOST) is missing; a port "
            "needs a host",
            in->port);
    out->port = !in->port && out->is_component ? SX_CONFIG_COMPONENT_PORT : in->port;
    return SX_OK;
}

/* member: with its environment variable; exposed may be NULL */
static enum sx_err make_file(const char *file, const char *member, char **out, bool *exposed,
                             const struct sx_reason *why)
{
    struct stat status;
    FILE *stream;
    int failure = 0;
    if (!file)
        return SX_OK;
    stream = fopen(file, "re");
    if (!stream)
        failure = errno;
    else if (fstat(fileno(stream), &status) == 0 && S_ISDIR(status.st_mode))
        failure = EISDIR;
    if (stream && exposed)
        *exposed = sx_password_is_exposed(stream);
    if (stream)
        fclose(stream);
    if (failure)
        return sx_reason_refuse(why,
                                "%s is \"%.128s\", which can't be read: %s; it must be a PEM file",
                                member, file, strerror(failure));
    return copy_text(file, out);
}

static enum sx_err make_certificates(const struct soap_xmpp_config *in, struct sx_config *out,
                                     const struct sx_reason *why)
{
    enum sx_err err;
    if (out->is_component && (in->ca_file || in->cert_file || in->key_file))
        return sx_reason_refuse(why,
                                "%s is set, but %.128s is a component, whose stream has no TLS "
                                "(XEP-0114); leave it unset",
                                in->ca_file     ? "ca_file (SOAP_XMPP_CAFILE)"
                                : in->cert_file ? "cert_file (SOAP_XMPP_CERTFILE)"
                                                : "key_file (SOAP_XMPP_KEYFILE)",
                                out->jid);
    if (!in->cert_file != !in->key_file)
        return sx_reason_refuse(why, "%s is missing; cert_file and key_file go together",
                                in->cert_file ? "key_file (SOAP_XMPP_KEYFILE)"
                                              : "cert_file (SOAP_XMPP_CERTFILE)");
    err = make_file(in->ca_file, "ca_file (SOAP_XMPP_CAFILE)", &out->ca_file, NULL, why);
    if (!err)
        err =
            make_file(in->cert_file, "cert_file (SOAP_XMPP_CERTFILE)", &out->cert_file, NULL, why);
    if (!err)
        err = make_file(in->key_file, "key_file (SOAP_XMPP_KEYFILE)", &out->key_file,
                        &out->key_is_exposed, why);
    return err;
}

/* What a set lacks to log in; NULL: nothing. */
static const char *find_lacking(unsigned set, const struct sx_config *out)
{
    const unsigned external = sx_mechanism_set(SX_MECHANISM_EXTERNAL);
    const unsigned bound = sx_mechanism_set(SX_MECHANISM_SCRAM_SHA_512_PLUS) |
                           sx_mechanism_set(SX_MECHANISM_SCRAM_SHA_256_PLUS) |
                           sx_mechanism_set(SX_MECHANISM_SCRAM_SHA_1_PLUS);
    if (out->tls == SOAP_XMPP_TLS_OFF && !(set & ~bound & ~external))
        return "TLS";
    if (!out->cert_file && !(set & ~external))
        return "client certificate (cert_file, key_file)";
    if (!out->password[0] && !out->password_callback && !(set & external))
        return "password";
    return NULL;
}

static enum sx_err make_mechanisms(const struct soap_xmpp_config *in, struct sx_config *out,
                                   const struct sx_reason *why)
{
    char known[SX_MECHANISM_LIST_BYTES];
    const char *wrong = NULL, *lacking;
    size_t wrong_len = 0;
    if (!in->mechanisms) {
        out->mechanisms = out->is_component ? 0 : SX_MECHANISM_ALL;
        return SX_OK;
    }
    if (out->is_component)
        return sx_reason_refuse(why,
                                "mechanisms (SOAP_XMPP_MECHANISMS) is set, but %.128s is a "
                                "component, which logs in by its secret (XEP-0114); leave it unset",
                                out->jid);
    out->mechanisms = sx_mechanism_read(in->mechanisms, &wrong, &wrong_len);
    sx_mechanism_list(SX_MECHANISM_ALL, known, sizeof known);
    if (!out->mechanisms && wrong == in->mechanisms + strlen(in->mechanisms))
        return sx_reason_refuse(why, "mechanisms (SOAP_XMPP_MECHANISMS) names none; allowed: %s",
                                known);
    if (!out->mechanisms)
        return sx_reason_refuse(why,
                                "mechanisms (SOAP_XMPP_MECHANISMS) is \"%.128s\", and \"%.*s\" is "
                                "no name of one; allowed: %s",
                                in->mechanisms, (int)(wrong_len < 40 ? wrong_len : 40), wrong,
                                known);
    lacking = find_lacking(out->mechanisms, out);
    if (lacking)
        return sx_reason_refuse(why,
                                "mechanisms (SOAP_XMPP_MECHANISMS) is \"%.128s\", for which there "
                                "is no %s",
                                in->mechanisms, lacking);
    return SX_OK;
}

static enum sx_err make_switches(const struct soap_xmpp_config *in, struct sx_config *out,
                                 const struct sx_reason *why)
{
    const struct {
        const char *member;
        int in;
        bool *out;
    } switches[] = {
        {"soap_action", in->soap_action, &out->soap_action},
        {"plain_delivery", in->plain_delivery, &out->plain_delivery},
        {"shared_jid (SOAP_XMPP_SHARED_JID)", in->shared_jid, &out->is_shared},
        {"presence (SOAP_XMPP_PRESENCE)", in->presence, &out->presence},
        {"messages (SOAP_XMPP_MESSAGES)", in->messages, &out->messages},
        {"trace_context (SOAP_XMPP_TRACE_CONTEXT)", in->trace_context, &out->trace_context},
    };
    size_t i;
    for (i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (switches[i].in != 0 && switches[i].in != 1)
            return sx_reason_refuse(why, "%s is %d; allowed: 0 or 1", switches[i].member,
                                    switches[i].in);
        *switches[i].out = switches[i].in == 1;
    }
    out->presence = out->presence || out->messages;
    return SX_OK;
}

static enum sx_err make_give_up(const struct soap_xmpp_config *in, struct sx_config *out,
                                const struct sx_reason *why)
{
    if (in->give_up != SOAP_XMPP_GIVE_UP_NEVER && in->give_up != SOAP_XMPP_GIVE_UP_AFTER_REFUSAL)
        return sx_reason_refuse(
            why, "give_up (SOAP_XMPP_GIVE_UP) is %d; allowed: never or after_refusal",
            (int)in->give_up);
    out->gives_up = in->give_up == SOAP_XMPP_GIVE_UP_AFTER_REFUSAL;
    return SX_OK;
}

static enum sx_err make_sharing(const struct soap_xmpp_config *in, struct sx_config *out,
                                const struct sx_reason *why)
{
    if ((int)in->policy < SOAP_XMPP_POLICY_STICKY ||
        in->policy > SOAP_XMPP_POLICY_LEAST_OUTSTANDING)
        return sx_reason_refuse(why,
                                "policy (SOAP_XMPP_POLICY) is %d; allowed: sticky, round-robin or "
                                "least-outstanding",
                                (int)in->policy);
    out->policy = in->policy;
    if (out->is_shared && !out->is_component)
        return sx_reason_refuse(why,
                                "shared_jid (SOAP_XMPP_SHARED_JID) is 1, but %.128s is an account, "
                                "of which each process has a resource of its own, and a bare JID "
                                "as endpoint finds one of them; allowed for a component alone",
                                out->jid);
    if (in->max_age_s < 0)
        return sx_reason_refuse(why, "max_age_s is %d; allowed: 1 or more, or 0 for any age",
                                in->max_age_s);
    out->max_age_us = in->max_age_s ? (int64_t)in->max_age_s * US_PER_S : SX_NEVER;
    if (in->name_key && (in->name_key[0] == '\0' || strlen(in->name_key) > SECRET_BYTES))
        return sx_reason_refuse(why, "name_key is %s; allowed: 1 to 1,023 bytes",
                                in->name_key[0] ? "too long" : "empty");
    return copy_text(in->name_key, &out->name_key);
}

static enum sx_err make_packing(const struct soap_xmpp_config *in, struct sx_config *out,
                                const struct sx_reason *why)
{
    if ((int)in->packing < SOAP_XMPP_PACKING_AUTO || in->packing > SOAP_XMPP_PACKING_NEVER)
        return sx_reason_refuse(why, "packing (SOAP_XMPP_PACKING) is %d; allowed: auto or never",
                                (int)in->packing);
    /* A call may have to fall back to plain, which only one that may be sent again can. */
    out->packs = in->packing == SOAP_XMPP_PACKING_AUTO && !in->plain_delivery;
    return SX_OK;
}

static enum sx_err make_allow(const struct soap_xmpp_config *in, struct sx_config *out,
                              const struct sx_reason *why)
{
    enum sx_err err = copy_text(in->allow, &out->allow);
    if (in->allow_file && !in->allow_file[0])
        return sx_reason_refuse(why, "allow_file (SOAP_XMPP_ALLOW_FILE) is \"\"; allowed: the path "
                                     "of a file");
    return err ? err : copy_text(in->allow_file, &out->allow_file);
}

static enum sx_err make_wsdl(const struct soap_xmpp_config *in, struct sx_config *out,
                             const struct sx_reason *why)
{
    if (in->wsdl_file && !in->wsdl_file[0])
        return sx_reason_refuse(why, "wsdl_file (SOAP_XMPP_WSDL) is \"\"; allowed: the path of a "
                                     "file");
    return copy_text(in->wsdl_file, &out->wsdl_file);
}

/* A callback takes the lines, but what nobody could use is a mistake all the same. */
static enum sx_err make_log(const struct soap_xmpp_config *in, struct sx_config *out,
                            const struct sx_reason *why)
{
    enum sx_err err = copy_text(in->trace_to, &out->trace_to);
    int failure = err ? 0 : sx_log_init(&out->log, out->trace_to);
    if (!failure)
        return err;
    return sx_reason_refuse(why,
                            "trace_to (SOAP_XMPP_TRACE_TO) is \"%.128s\"%s%s; allowed: stderr, "
                            "syslog or the path of a file, with a / in it",
                            in->trace_to, failure == EINVAL ? "" : ", which can't be written: ",
                            failure == EINVAL ? "" : strerror(failure));
}

static enum sx_err make_trace(const struct soap_xmpp_config *in, struct sx_config *out,
                              const struct sx_reason *why)
{
    if ((int)in->trace < SOAP_XMPP_TRACE_NONE || in->trace > SOAP_XMPP_TRACE_STANZA)
        return sx_reason_refuse(
            why, "trace (SOAP_XMPP_TRACE) is %d; allowed: none, error, info, debug or stanza",
            (int)in->trace);
    out->trace = in->trace == SOAP_XMPP_TRACE_DEFAULT ? SOAP_XMPP_TRACE_ERROR : in->trace;
    out->trace_callback = in->trace_callback;
    out->trace_user = in->trace_user;
    out->state_callback = in->state_callback;
    out->state_user = in->state_user;
    out->progress_callback = in->progress_callback;
    out->progress_user = in->progress_user;
    return SX_OK;
}

enum sx_err sx_config_make(const struct soap_xmpp_config *in, struct sx_config *out, char *why,
                           size_t why_bytes)
{
    /* each may need what stands before it */
    static enum sx_err (*const steps[])(const struct soap_xmpp_config *, struct sx_config *,
                                        const struct sx_reason *) = {
        make_jid,          make_tls,         make_host,       make_port,
        make_certificates, sx_password_make, make_mechanisms, sx_limits_make,
        make_switches,     make_packing,     make_sharing,    make_allow,
        make_trace,        make_log,         make_give_up,    make_wsdl,
    };
    const struct sx_reason reason = {why, why ? why_bytes : 0};
    struct soap_xmpp_config complete = {0};
    enum sx_err err;
    size_t i;
    memset(out, 0, sizeof *out);
    err = sx_config_read_in(in, &complete, &reason);
    for (i = 0; !err && i < sizeof steps / sizeof steps[0]; i++)
        err = steps[i](&complete, out, &reason);
    if (err == SX_ENOMEM)
        sx_reason_refuse(&reason, "memory is short");
    if (err)
        sx_config_fini(out);
    return err;
}

void sx_config_wipe(struct sx_config *config)
{
    sx_password_wipe(config);
    if (config->name_key)
        explicit_bzero(config->name_key, strlen(config->name_key));
}

void sx_config_fini(struct sx_config *config)
{
    sx_config_wipe(config);
    sx_password_fini(config);
    free(config->name_key);
    free(config->jid);
    free(config->host);
    free(config->ca_file);
    free(config->cert_file);
    free(config->key_file);
    free(config->allow);
    free(config->allow_file);
    free(config->wsdl_file);
    free(config->trace_to);
    memset(config, 0, sizeof *config);
}

/* ---- units ---- */

int64_t sx_config_timeout_us(int gsoap_timeout, int64_t default_us)
{
    if (gsoap_timeout == 0)
        return default_us;
    return gsoap_timeout > 0 ? (int64_t)gsoap_timeout * US_PER_S : -(int64_t)gsoap_timeout;
}

int64_t sx_config_timeout_ms(int timeout_ms, int64_t default_us)
{
    return timeout_ms < 0 ? default_us : (int64_t)timeout_ms * US_PER_MS;
}
