/* settings.c - who we are and where our server is: option, environment, context, default, in this
 * order.
 *
 * Invariant: a password, and a server's address with its port, come from one place each: what says
 * them higher up hides both forms of what says them further down.
 *
 * Happy path: the context is chosen and read, the environment and the options are laid over it, the
 * JID gets a resource of this process's own.
 * Failure modes: one sentence and REPORT_USAGE. */
#include "settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "command.h"
#include "document.h"
#include "progress.h"
#include "terminal.h"

enum { WHY_BYTES = 1024 };

const char *const settings_options[CONTEXT_FIELDS] = {
    "jid", NULL, "password-file", "host", "tls", "ca", "cert", "key", "trusted-host",
};

const char *const settings_variables[CONTEXT_FIELDS] = {
    "SOAP_XMPP_JID",      "SOAP_XMPP_PASSWORD", "SOAP_XMPP_PASSWORD_FILE",
    "SOAP_XMPP_HOST",     "SOAP_XMPP_TLS",      "SOAP_XMPP_CAFILE",
    "SOAP_XMPP_CERTFILE", "SOAP_XMPP_KEYFILE",  "SOAP_XMPP_TRUSTED_HOST",
};

static bool is_same_account(const char *a, const char *b)
{
    size_t a_len = strcspn(a, "/"), b_len = strcspn(b, "/");
    return a_len == b_len && strncmp(a, b, a_len) == 0;
}

/* Host and port: "[::1]:5222", "::1", "name:5222", "name". */
static int split_host(struct settings *settings, const char *text)
{
    char *host = settings->host, *colon;
    long port;
    snprintf(host, sizeof settings->host, "%s", *text == '[' ? text + 1 : text);
    if (*text == '[') {
        char *end = strchr(host, ']');
        if (!end || (end[1] && end[1] != ':'))
            return -1;
        colon = end[1] ? end + 1 : NULL;
        *end = '\0';
    } else {
        colon = strchr(host, ':');
        if (colon && strchr(colon + 1, ':'))
            colon = NULL; /* an IPv6 address */
        if (colon)
            *colon = '\0';
    }
    settings->config.host = host;
    settings->config.port = 0;
    if (!colon)
        return 0;
    port = strtol(colon + 1, &colon, 10);
    if (*colon || port < 1 || port > 65535)
        return -1;
    settings->config.port = (int)port;
    return 0;
}

static int set_tls(struct soap_xmpp_config *config, const char *word)
{
    static const char *const words[] = {"required", "direct", "off"};
    int i;
    for (i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) == 0) {
            config->tls = (enum soap_xmpp_tls)i;
            return 0;
        }
    }
    return -1;
}

static void set_origin(struct settings *settings, int field, const char *kind, const char *name)
{
    snprintf(settings->origins[field], sizeof settings->origins[field], "%s%s", kind, name);
    /* A password and a password file are one thing said in two ways. */
    if (field == CONTEXT_PASSWORD)
        settings->origins[CONTEXT_PASSWORD_FILE][0] = '\0';
    if (field == CONTEXT_PASSWORD_FILE)
        settings->origins[CONTEXT_PASSWORD][0] = '\0';
}

static int set_field(struct settings *settings, int field, const char *value)
{
    struct soap_xmpp_config *config = &settings->config;
    switch (field) {
    case CONTEXT_JID:
        config->jid = value;
        return 0;
    case CONTEXT_PASSWORD:
    case CONTEXT_PASSWORD_FILE:
        config->password = field == CONTEXT_PASSWORD ? value : NULL;
        config->password_file = field == CONTEXT_PASSWORD_FILE ? value : NULL;
        return 0;
    case CONTEXT_HOST:
        return split_host(settings, value);
    case CONTEXT_TLS:
        return set_tls(config, value);
    case CONTEXT_CA:
        config->ca_file = value;
        return 0;
    case CONTEXT_CERT:
        config->cert_file = value;
        return 0;
    case CONTEXT_KEY:
        config->key_file = value;
        return 0;
    default:
        config->trusted_host = value;
        return 0;
    }
}

static int refuse_value(struct run *run, const char *where, const char *name, const char *value)
{
    return report_end(&run->report, REPORT_USAGE, "%s%s is '%s', which is none", where, name,
                      value);
}

static int apply_context(struct run *run, struct settings *settings, const struct context *context)
{
    int i;
    snprintf(settings->context, sizeof settings->context, "%s", context->name);
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        if (!context->values[i])
            continue;
        if (set_field(settings, i, context->values[i]))
            return refuse_value(run, settings->file.path, context_file_names[i],
                                context->values[i]);
        set_origin(settings, i, "context ", context->name);
    }
    return 0;
}

static int choose_context(struct run *run, struct settings *settings)
{
    const char *name = command_global(run, "context"), *jid = command_global(run, "jid");
    const struct context *context;
    bool is_chosen;
    if (!name)
        name = getenv("SOAPXMPP_CONTEXT");
    is_chosen = name && *name;
    if (!is_chosen)
        name = settings->file.preset;
    if (!name)
        return 0;
    context = context_file_find(&settings->file, name);
    if (!context)
        return report_end(&run->report, REPORT_USAGE, "there is no context '%s' in %s", name,
                          settings->file.path);
    if (!jid)
        jid = getenv("SOAP_XMPP_JID");
    if (!is_chosen && jid && context->values[CONTEXT_JID] &&
        !is_same_account(jid, context->values[CONTEXT_JID]))
        return 0;
    return apply_context(run, settings, context);
}

static int apply_environment(struct run *run, struct settings *settings)
{
    char why[WHY_BYTES];
    int i;
    if (getenv(settings_variables[CONTEXT_PASSWORD]) ||
        getenv(settings_variables[CONTEXT_PASSWORD_FILE]))
        settings->config.password = settings->config.password_file = NULL;
    if (getenv(settings_variables[CONTEXT_HOST]))
        settings->config.port = 0;
    if (soap_xmpp_config_from_env(&settings->config, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        if (getenv(settings_variables[i]))
            set_origin(settings, i, "", settings_variables[i]);
    }
    return 0;
}

static int apply_options(struct run *run, struct settings *settings)
{
    int i;
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        const char *value = settings_options[i] ? command_global(run, settings_options[i]) : NULL;
        if (!value)
            continue;
        if (set_field(settings, i, value))
            return refuse_value(run, "--", settings_options[i], value);
        set_origin(settings, i, "--", settings_options[i]);
    }
    return 0;
}

/* A component has no resource; two commands of one account must not have the same. */
static int choose_resource(struct run *run, struct settings *settings)
{
    const char *jid = settings->config.jid, *resource = command_global(run, "resource");
    char own[32];
    unsigned random;
    size_t bare = strcspn(jid, "/");
    int len;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return report_end(&run->report, REPORT_USAGE, "no random numbers are to be had");
    snprintf(own, sizeof own, "soap-xmpp.%08x", random);
    if (!resource && !jid[bare])
        resource = own;
    if (memchr(jid, '@', bare) && resource)
        len = snprintf(settings->jid, sizeof settings->jid, "%.*s/%s", (int)bare, jid, resource);
    else
        len = snprintf(settings->jid, sizeof settings->jid, "%s", jid);
    if ((size_t)len >= sizeof settings->jid)
        return report_end(&run->report, REPORT_USAGE, "the JID is too long");
    settings->config.jid = settings->jid;
    return 0;
}

static void print_trace(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    (void)level;
    fprintf(stderr, "soap-xmpp: %s\n", line);
}

static void choose_trace(struct run *run, struct settings *settings)
{
    static const enum soap_xmpp_trace_level levels[] = {
        SOAP_XMPP_TRACE_NONE, SOAP_XMPP_TRACE_INFO, SOAP_XMPP_TRACE_DEBUG, SOAP_XMPP_TRACE_STANZA};
    size_t count = command_global_count(run, "verbose");
    if (count || settings->config.trace == SOAP_XMPP_TRACE_DEFAULT)
        settings->config.trace = levels[count < 3 ? count : 3];
    if (!settings->config.trace_to)
        settings->config.trace_callback = print_trace;
}

/* A refusal is told, and not waited out; progress is for people. */
static void choose_manners(struct run *run, struct settings *settings)
{
    if (!getenv("SOAP_XMPP_GIVE_UP"))
        settings->config.give_up = SOAP_XMPP_GIVE_UP_AFTER_REFUSAL;
    if (terminal_has_progress(run->report.is_quiet) && !command_global_count(run, "verbose"))
        settings->config.progress_callback = progress_show;
}

int settings_resolve(struct run *run, struct settings *settings)
{
    char why[WHY_BYTES];
    int result;
    memset(settings, 0, sizeof *settings);
    soap_xmpp_config_init(&settings->config);
    if (context_file_load(&settings->file, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    if ((result = choose_context(run, settings)) || (result = apply_environment(run, settings)) ||
        (result = apply_options(run, settings)))
        goto err_after_load;
    if (!settings->config.jid) {
        result = report_end(&run->report, REPORT_USAGE,
                            "no JID: --jid, SOAP_XMPP_JID, or a context (soap-xmpp init)");
        goto err_after_load;
    }
    if ((result = choose_resource(run, settings)))
        goto err_after_load;
    choose_trace(run, settings);
    choose_manners(run, settings);
    return 0;

err_after_load:
    settings_free(settings);
    return result;
}

/* A password file that is a pipe, <(pass show x), may have no writer; the library would wait for it
 * without an end, and could read it once alone. */
static int read_pipe(struct run *run, struct settings *settings)
{
    struct soap_xmpp_config *config = &settings->config;
    struct stat status;
    char why[WHY_BYTES];
    if (!config->password_file || stat(config->password_file, &status) || !S_ISFIFO(status.st_mode))
        return 0;
    if (document_read_secret(run, config->password_file, settings->password,
                             sizeof settings->password, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    config->password = settings->password;
    config->password_file = NULL;
    return 0;
}

int settings_ask_password(struct run *run, struct settings *settings)
{
    struct soap_xmpp_config *config = &settings->config;
    char question[3300];
    int result = read_pipe(run, settings);
    if (result)
        return result;
    if (config->password || config->password_file || config->cert_file)
        return 0;
    snprintf(question, sizeof question, "Password of %.*s: ", (int)strcspn(config->jid, "/"),
             config->jid);
    if (terminal_ask_secret(question, settings->password, sizeof settings->password,
                            &run->deadline))
        return deadline_is_over(&run->deadline)
                   ? report_end(&run->report, REPORT_USAGE,
                                "no password: no answer has come in time (--timeout)")
                   : report_end(
                         &run->report, REPORT_USAGE,
                         "no password: --password-file, SOAP_XMPP_PASSWORD_FILE, or a terminal");
    config->password = settings->password;
    set_origin(settings, CONTEXT_PASSWORD, "", "terminal");
    return 0;
}

void settings_free(struct settings *settings)
{
    explicit_bzero(settings->password, sizeof settings->password);
    context_file_free(&settings->file);
}
