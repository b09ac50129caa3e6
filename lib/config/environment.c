/* environment.c - members of the configuration from SOAP_XMPP_ variables, or by their names.
 *
 * Invariant: either every variable was understood and applied, or the configuration is unchanged.
 *
 * What an orchestrator has put there for a service that is called like this library is passed over.
 *
 * Failure modes: a variable that is unknown, empty or out of bounds: one sentence with its name,
 * its value unless it is unknown (it may be a password under a misspelt name), and what is allowed.
 *
 * Thread: any, but the environment must not change meanwhile (POSIX getenv).
 */
#include "config/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/reason.h"

#define PREFIX "SOAP_XMPP_"

enum { BYTES_DIGITS = sizeof(size_t) > 4 ? 19 : 9 /* always a size_t */ };

struct variable;
typedef bool set_fn(struct soap_xmpp_config *config, const struct variable *variable,
                    const char *value);

struct variable {
    const char *name; /* after PREFIX */
    set_fn *set;
    size_t offset; /* for set_text, set_word and set_bytes */
    const char *allowed;
    const char *const *words; /* for set_word; NULL ends them */
    const char *member;       /* its name, where that isn't the variable's in lower case */
};

static bool set_text(struct soap_xmpp_config *config, const struct variable *variable,
                     const char *value)
{
    memcpy((char *)config + variable->offset, &value, sizeof value);
    return true;
}

static bool set_port(struct soap_xmpp_config *config, const struct variable *variable,
                     const char *value)
{
    size_t len = strspn(value, "0123456789");
    int port = len <= 5 ? atoi(value) : 0;
    (void)variable;
    if (value[len] != '\0' || port < 1 || port > 65535)
        return false;
    config->port = port;
    return true;
}

static bool set_bytes(struct soap_xmpp_config *config, const struct variable *variable,
                      const char *value)
{
    size_t len = strspn(value, "0123456789"), bytes;
    if (value[len] != '\0' || len > BYTES_DIGITS)
        return false;
    bytes = (size_t)strtoull(value, NULL, 10);
    memcpy((char *)config + variable->offset, &bytes, sizeof bytes);
    return bytes > 0;
}

/* What the words of a variable stand for: the enumerator of the same number. */
static const char *const tls_words[] = {[SOAP_XMPP_TLS_REQUIRED] = "required",
                                        [SOAP_XMPP_TLS_DIRECT] = "direct",
                                        [SOAP_XMPP_TLS_OFF] = "off",
                                        NULL};
static const char *const packing_words[] = {
    [SOAP_XMPP_PACKING_AUTO] = "auto", [SOAP_XMPP_PACKING_NEVER] = "never", NULL};
static const char *const policy_words[] = {[SOAP_XMPP_POLICY_STICKY] = "sticky",
                                           [SOAP_XMPP_POLICY_ROUND_ROBIN] = "round-robin",
                                           [SOAP_XMPP_POLICY_LEAST_OUTSTANDING] =
                                               "least-outstanding",
                                           NULL};
static const char *const give_up_words[] = {
    [SOAP_XMPP_GIVE_UP_NEVER] = "never", [SOAP_XMPP_GIVE_UP_AFTER_REFUSAL] = "after_refusal", NULL};
/* The first stands for SOAP_XMPP_TRACE_NONE; nothing is said for the default. */
static const char *const trace_words[] = {"none", "", "error", "info", "debug", "stanza", NULL};
static const char *const switch_words[] = {"0", "1", NULL};

_Static_assert(sizeof(enum soap_xmpp_tls) == sizeof(int) &&
                   sizeof(enum soap_xmpp_packing) == sizeof(int) &&
                   sizeof(enum soap_xmpp_policy) == sizeof(int) &&
                   sizeof(enum soap_xmpp_give_up) == sizeof(int) &&
                   sizeof(enum soap_xmpp_trace_level) == sizeof(int),
               "set_word writes an int");

static bool set_word(struct soap_xmpp_config *config, const struct variable *variable,
                     const char *value)
{
    int i;
    for (i = 0; variable->words[i]; i++) {
        if (strcmp(variable->words[i], value) != 0)
            continue;
        memcpy((char *)config + variable->offset, &i, sizeof i);
        return true;
    }
    return false;
}

static bool set_trace(struct soap_xmpp_config *config, const struct variable *variable,
                      const char *value)
{
    int i;
    for (i = 0; variable->words[i]; i++)
        if (strcmp(variable->words[i], value) == 0) {
            config->trace = (enum soap_xmpp_trace_level)(SOAP_XMPP_TRACE_NONE + i);
            return true;
        }
    return false;
}

#define TEXT(member, allowed)                                                                      \
    set_text, offsetof(struct soap_xmpp_config, member), allowed, NULL, NULL
#define FILE_OF(member, name)                                                                      \
    set_text, offsetof(struct soap_xmpp_config, member), "a file's name", NULL, name
#define BYTES(member)                                                                              \
    set_bytes, offsetof(struct soap_xmpp_config, member), "a number of bytes", NULL, NULL
#define WORD(member, allowed, words)                                                               \
    set_word, offsetof(struct soap_xmpp_config, member), allowed, words, NULL

static const struct variable variables[] = {
    {"JID", TEXT(jid, "a JID")},
    {"PASSWORD", TEXT(password, "a password")},
    {"PASSWORD_FILE", TEXT(password_file, "a file's name")},
    {"HOST", TEXT(host, "a host's name or address")},
    {"PORT", set_port, 0, "1 to 65535", NULL, NULL},
    {"CAFILE", FILE_OF(ca_file, "ca_file")},
    {"CERTFILE", FILE_OF(cert_file, "cert_file")},
    {"KEYFILE", FILE_OF(key_file, "key_file")},
    {"ALLOW", TEXT(allow, "who may call")},
    {"TLS", WORD(tls, "required, direct or off", tls_words)},
    {"PACKING", WORD(packing, "auto or never", packing_words)},
    {"TRUSTED_HOST", TEXT(trusted_host, "a host's name or address")},
    {"SHARED_JID", WORD(shared_jid, "0 or 1", switch_words)},
    {"PRESENCE", WORD(presence, "0 or 1", switch_words)},
    {"MESSAGES", WORD(messages, "0 or 1", switch_words)},
    {"POLICY", WORD(policy, "sticky, round-robin or least-outstanding", policy_words)},
    {"TRACE", set_trace, 0, "none, error, info, debug or stanza", trace_words, NULL},
    {"MAX_MEMORY_BYTES", BYTES(max_memory_bytes)},
    {"MECHANISMS", TEXT(mechanisms, "names of SASL mechanisms")},
    {"TRACE_TO", TEXT(trace_to, "stderr, syslog or a file's path")},
    {"GIVE_UP", WORD(give_up, "never or after_refusal", give_up_words)},
    {"ALLOW_FILE", TEXT(allow_file, "a file's name")},
    {"TRACE_CONTEXT", WORD(trace_context, "0 or 1", switch_words)},
    {"WSDL", FILE_OF(wsdl_file, "wsdl_file")},
};
enum { VARIABLES = sizeof variables / sizeof variables[0] };

static const struct variable *find_variable(const char *name, size_t len)
{
    size_t i;
    for (i = 0; i < VARIABLES; i++)
        if (strlen(variables[i].name) == len && memcmp(variables[i].name, name, len) == 0)
            return &variables[i];
    return NULL;
}

/* The value isn't shown: it may well be a password under a misspelt name. */
static enum sx_err refuse_unknown(const struct sx_reason *why, const char *name, size_t len)
{
    char known[400] = "";
    size_t i, used = 0;
    for (i = 0; i < VARIABLES && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s_%s", i ? ", " : "",
                                 variables[i].name);
    return sx_reason_refuse(why,
                            PREFIX "%.*s is no variable of this library; allowed are SOAP_XMPP%s",
                            len > 64 ? 64 : (int)len, name, known);
}

/* ---- what an orchestrator injects ---- */

static bool is_address(const char *value)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, value, address) == 1 || inet_pton(AF_INET6, value, address) == 1;
}

static bool is_number(const char *value)
{
    size_t len = strspn(value, "0123456789");
    return len >= 1 && len <= 5 && value[len] == '\0';
}

static bool is_protocol(const char *value, bool in_capitals)
{
    return in_capitals ? !strcmp(value, "TCP") || !strcmp(value, "UDP") || !strcmp(value, "SCTP")
                       : !strcmp(value, "tcp") || !strcmp(value, "udp") || !strcmp(value, "sctp");
}

static bool is_url(const char *value)
{
    return !strncmp(value, "tcp://", 6) || !strncmp(value, "udp://", 6) ||
           !strncmp(value, "sctp://", 7);
}

/* Behind _PORT_: "5222_TCP" and what may follow it. */
static bool is_port_of_service(const char *rest, const char *value)
{
    char protocol[5] = "";
    int len = 0;
    if (sscanf(rest, "%*5[0-9]_%4[A-Z]%n", protocol, &len) != 1 || !len ||
        !is_protocol(protocol, true))
        return false;
    rest += len;
    if (!*rest)
        return is_url(value);
    if (strcmp(rest, "_PROTO") == 0)
        return is_protocol(value, false);
    return strcmp(rest, "_PORT") == 0 ? is_number(value)
                                      : strcmp(rest, "_ADDR") == 0 && is_address(value);
}

/* Kubernetes tells each container of the services beside it, by the variables that Docker's links
 * had: of one named "soap-xmpp" by SOAP_XMPP_SERVICE_HOST and SOAP_XMPP_PORT, which has a URL then,
 * of "soap-xmpp-x" by SOAP_XMPP_X_SERVICE_HOST. Nobody who mistypes a variable of ours gives it a
 * value of that form. name: with the '_' that ends PREFIX. */
static bool is_injected(const char *name, const char *value)
{
    static const char host[] = "_SERVICE_HOST", port[] = "_SERVICE_PORT", of[] = "_PORT";
    const char *at = strstr(name, host);
    if (at && !at[sizeof host - 1])
        return is_address(value);
    at = strstr(name, port);
    if (at && (!at[sizeof port - 1] || at[sizeof port - 1] == '_'))
        return is_number(value);
    for (at = strstr(name, of); at; at = strstr(at + 1, of)) {
        const char *rest = at + sizeof of - 1;
        if (!*rest ? is_url(value) : *rest == '_' && is_port_of_service(rest + 1, value))
            return true;
    }
    return false;
}

/* ---- entries ---- */

/* entry: an element of environ, "NAME=value" */
static enum sx_err apply_entry(struct soap_xmpp_config *config, const char *entry,
                               const struct sx_reason *why)
{
    const char *name = entry + strlen(PREFIX);
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : "";
    const struct variable *variable = find_variable(name, len);
    char whole[256];
    snprintf(whole, sizeof whole, "_%.*s", (int)(len < 200 ? len : 200), name);
    if (is_injected(whole, value))
        return SX_OK;
    if (!variable)
        return refuse_unknown(why, name, len);
    if (value[0] == '\0')
        return sx_reason_refuse(why, PREFIX "%s is empty; unset it, or give it %s", variable->name,
                                variable->allowed);
    if (!variable->set(config, variable, value))
        return sx_reason_refuse(why, PREFIX "%s is \"%.64s\"; allowed: %s", variable->name, value,
                                variable->allowed);
    return SX_OK;
}

int soap_xmpp_config_from_env(struct soap_xmpp_config *config, char *why, size_t why_bytes)
{
    const struct sx_reason reason = {why, why ? why_bytes : 0};
    struct soap_xmpp_config changed = {0};
    char **entry;
    if (sx_config_read_in(config, &changed, &reason))
        return -1;
    for (entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) == 0 && apply_entry(&changed, *entry, &reason))
            return -1;
    memcpy(config, &changed, changed.size);
    return 0;
}

/* ---- by name ---- */

/* Whether name is the variable's in lower case. */
static bool is_lower(const char *variable, const char *name)
{
    for (; *variable && *name; variable++, name++)
        if (*name != (*variable >= 'A' && *variable <= 'Z' ? *variable - 'A' + 'a' : *variable))
            return false;
    return !*variable && !*name;
}

static const struct variable *find_member(const char *name)
{
    size_t i;
    for (i = 0; i < VARIABLES; i++)
        if ((variables[i].member && strcmp(variables[i].member, name) == 0) ||
            is_lower(variables[i].name, name))
            return &variables[i];
    return NULL;
}

/* Its value isn't shown, as in refuse_unknown(). */
static enum sx_err refuse_member(const struct sx_reason *why, const char *name)
{
    char known[400] = "";
    size_t i, used = 0;
    for (i = 0; i < VARIABLES && used < sizeof known; i++) {
        const char *at = variables[i].member ? variables[i].member : variables[i].name;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s", i ? ", " : "");
        for (; *at && used + 1 < sizeof known; at++)
            known[used++] = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        known[used < sizeof known ? used : sizeof known - 1] = '\0';
    }
    return sx_reason_refuse(why, "\"%.64s\" is no member that can be set by name; allowed are %s",
                            name, known);
}

static enum sx_err apply_member(struct soap_xmpp_config *config, const char *name,
                                const char *value, const struct sx_reason *why)
{
    const struct variable *variable = find_member(name);
    if (!variable)
        return refuse_member(why, name);
    if (!value || value[0] == '\0')
        return sx_reason_refuse(why, "%s is empty; leave it out, or give it %s", name,
                                variable->allowed);
    if (!variable->set(config, variable, value))
        return sx_reason_refuse(why, "%s is \"%.64s\"; allowed: %s", name, value,
                                variable->allowed);
    return SX_OK;
}

int soap_xmpp_config_set(struct soap_xmpp_config *config, const char *name, const char *value,
                         char *why, size_t why_bytes)
{
    const struct sx_reason reason = {why, why ? why_bytes : 0};
    struct soap_xmpp_config changed = {0};
    if (sx_config_read_in(config, &changed, &reason) ||
        apply_member(&changed, name ? name : "", value, &reason))
        return -1;
    memcpy(config, &changed, changed.size);
    return 0;
}
