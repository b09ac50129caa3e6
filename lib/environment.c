/* environment.c - members of the configuration from SOAP_XMPP_ variables.
 *
 * Invariant: either every variable was understood and applied, or the configuration is unchanged.
 *
 * Failure modes: a variable that is unknown, empty or out of bounds: one sentence with its name,
 * its value unless it is unknown (it may be a password under a misspelt name), and what is allowed.
 *
 * Thread: any, but the environment must not change meanwhile (POSIX getenv).
 */
#include "config_parts.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "SOAP_XMPP_"

typedef bool set_fn(struct soap_xmpp_config *config, size_t offset, const char *value);

static bool set_text(struct soap_xmpp_config *config, size_t offset, const char *value)
{
    memcpy((char *)config + offset, &value, sizeof value);
    return true;
}

static bool set_port(struct soap_xmpp_config *config, size_t offset, const char *value)
{
    size_t len = strspn(value, "0123456789");
    int port = len <= 5 ? atoi(value) : 0;
    (void)offset;
    if (value[len] != '\0' || port < 1 || port > 65535)
        return false;
    config->port = port;
    return true;
}

static int find_word(const char *const *words, size_t count, const char *value)
{
    size_t i;
    for (i = 0; i < count; i++)
        if (strcmp(words[i], value) == 0)
            return (int)i;
    return -1;
}

static bool set_tls(struct soap_xmpp_config *config, size_t offset, const char *value)
{
    static const char *const words[] = {[SOAP_XMPP_TLS_REQUIRED] = "required",
                                        [SOAP_XMPP_TLS_DIRECT] = "direct",
                                        [SOAP_XMPP_TLS_OFF] = "off"};
    int found = find_word(words, sizeof words / sizeof words[0], value);
    (void)offset;
    if (found < 0)
        return false;
    config->tls = (enum soap_xmpp_tls)found;
    return true;
}

static bool set_packing(struct soap_xmpp_config *config, size_t offset, const char *value)
{
    static const char *const words[] = {
        [SOAP_XMPP_PACKING_AUTO] = "auto", [SOAP_XMPP_PACKING_NEVER] = "never"};
    int found = find_word(words, sizeof words / sizeof words[0], value);
    (void)offset;
    if (found < 0)
        return false;
    config->packing = (enum soap_xmpp_packing)found;
    return true;
}

static bool set_policy(struct soap_xmpp_config *config, size_t offset, const char *value)
{
    static const char *const words[] = {[SOAP_XMPP_POLICY_STICKY] = "sticky",
                                        [SOAP_XMPP_POLICY_ROUND_ROBIN] = "round-robin",
                                        [SOAP_XMPP_POLICY_LEAST_OUTSTANDING] = "least-outstanding"};
    int found = find_word(words, sizeof words / sizeof words[0], value);
    (void)offset;
    if (found < 0)
        return false;
    config->policy = (enum soap_xmpp_policy)found;
    return true;
}

static bool set_switch(struct soap_xmpp_config *config, size_t offset, const char *value)
{
    int on = strcmp(value, "1") == 0;
    if (!on && strcmp(value, "0") != 0)
        return false;
    memcpy((char *)config + offset, &on, sizeof on);
    return true;
}

static bool set_trace(struct soap_xmpp_config *config, size_t offset, const char *value)
{
    static const char *const words[] = {"error", "info", "debug", "stanza"};
    int found = find_word(words, sizeof words / sizeof words[0], value);
    (void)offset;
    if (found < 0)
        return false;
    config->trace = (enum soap_xmpp_trace_level)(SOAP_XMPP_TRACE_ERROR + found);
    return true;
}

static const struct variable {
    const char *name; /* after PREFIX */
    set_fn *set;
    size_t offset; /* for set_text */
    const char *allowed;
} variables[] = {
    {"JID", set_text, offsetof(struct soap_xmpp_config, jid), "a JID"},
    {"PASSWORD", set_text, offsetof(struct soap_xmpp_config, password), "a password"},
    {"PASSWORD_FILE", set_text, offsetof(struct soap_xmpp_config, password_file), "a file's name"},
    {"HOST", set_text, offsetof(struct soap_xmpp_config, host), "a host's name or address"},
    {"PORT", set_port, 0, "1 to 65535"},
    {"CAFILE", set_text, offsetof(struct soap_xmpp_config, ca_file), "a file's name"},
    {"CERTFILE", set_text, offsetof(struct soap_xmpp_config, cert_file), "a file's name"},
    {"KEYFILE", set_text, offsetof(struct soap_xmpp_config, key_file), "a file's name"},
    {"ALLOW", set_text, offsetof(struct soap_xmpp_config, allow), "who may call"},
    {"TLS", set_tls, 0, "required, direct or off"},
    {"PACKING", set_packing, 0, "auto or never"},
    {"TRUSTED_HOST", set_text, offsetof(struct soap_xmpp_config, trusted_host),
     "a host's name or address"},
    {"SHARED_JID", set_switch, offsetof(struct soap_xmpp_config, shared_jid), "0 or 1"},
    {"PRESENCE", set_switch, offsetof(struct soap_xmpp_config, presence), "0 or 1"},
    {"MESSAGES", set_switch, offsetof(struct soap_xmpp_config, messages), "0 or 1"},
    {"POLICY", set_policy, 0, "sticky, round-robin or least-outstanding"},
    {"TRACE", set_trace, 0, "error, info, debug or stanza"},
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
    char known[320] = "";
    size_t i, used = 0;
    for (i = 0; i < VARIABLES && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s_%s", i ? ", " : "",
                                 variables[i].name);
    return sx_config_refuse(why,
                            PREFIX "%.*s is no variable of this library; allowed are SOAP_XMPP%s",
                            len > 64 ? 64 : (int)len, name, known);
}

/* entry: an element of environ, "NAME=value" */
static enum sx_err apply_entry(struct soap_xmpp_config *config, const char *entry,
                               const struct sx_reason *why)
{
    const char *name = entry + strlen(PREFIX);
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : "";
    const struct variable *variable = find_variable(name, len);
    if (!variable)
        return refuse_unknown(why, name, len);
    if (value[0] == '\0')
        return sx_config_refuse(why, PREFIX "%s is empty; unset it, or give it %s", variable->name,
                                variable->allowed);
    if (!variable->set(config, variable->offset, value))
        return sx_config_refuse(why, PREFIX "%s is \"%.64s\"; allowed: %s", variable->name, value,
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
