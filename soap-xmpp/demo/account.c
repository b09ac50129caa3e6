/* account.c - the demo's accounts: as an environment for this program, and as a saved context.
 *
 * Invariant: a context `demo` that the user has made is never changed: the demo's own one has its
 * certificate in the demo's folder.
 *
 * Failure modes: contexts that can't be read or written: one sentence. */
#include "demo/account.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context_file.h"
#include "demo/folder.h"

enum { OWN = 5, PATH_BYTES = 4096 };

extern char **environ;

static bool is_ours(const char *variable)
{
    return strncmp(variable, "SOAP_XMPP_", 10) == 0 ||
           strncmp(variable, "SOAPXMPP_CONTEXT=", 17) == 0;
}

void account_free_environment(char **environment)
{
    size_t i;
    for (i = 0; environment && environment[i]; i++)
        free(environment[i]);
    free(environment);
}

char **account_make_environment(const char *folder, const char *name, int port)
{
    size_t count = 0, kept = 0, i;
    char **environment;
    bool is_whole;
    while (environ[count])
        count++;
    environment = calloc(count + OWN + 1, sizeof *environment);
    if (!environment)
        return NULL;
    is_whole =
        asprintf(&environment[0], "SOAP_XMPP_JID=%s@localhost", name) > 0 &&
        asprintf(&environment[1], "SOAP_XMPP_PASSWORD_FILE=%s/%s.password", folder, name) > 0 &&
        asprintf(&environment[2], "SOAP_XMPP_HOST=127.0.0.1") > 0 &&
        asprintf(&environment[3], "SOAP_XMPP_PORT=%d", port) > 0 &&
        asprintf(&environment[4], "SOAP_XMPP_CAFILE=%s/localhost.crt", folder) > 0;
    for (i = 0, kept = OWN; is_whole && i < count; i++) {
        if (!is_ours(environ[i]))
            is_whole = (environment[kept++] = strdup(environ[i])) != NULL;
    }
    if (is_whole)
        return environment;
    account_free_environment(environment);
    return NULL;
}

/* The demo's, of this folder or of one before it. */
static bool is_demos(const struct context *context)
{
    const char *ca = context->values[CONTEXT_CA];
    return ca && strstr(ca, "/soap-xmpp-demo");
}

int account_save(const char *folder, int port, char *why, size_t why_bytes)
{
    char host[32], password[PATH_BYTES], ca[PATH_BYTES];
    const char *values[CONTEXT_FIELDS] = {
        [CONTEXT_JID] = "demo@localhost",
        [CONTEXT_PASSWORD_FILE] = password,
        [CONTEXT_HOST] = host,
        [CONTEXT_CA] = ca,
    };
    struct context_file file;
    struct context *context;
    int result = -1;
    if (context_file_load(&file, why, why_bytes))
        return -1;
    snprintf(host, sizeof host, "127.0.0.1:%d", port);
    snprintf(password, sizeof password, "%s/demo.password", folder);
    snprintf(ca, sizeof ca, "%s/localhost.crt", folder);
    context = context_file_find(&file, "demo");
    snprintf(why, why_bytes, "no memory");
    if (context && !is_demos(context))
        snprintf(why, why_bytes, "there is a context 'demo' of yours: soap-xmpp context rm demo");
    else if (file.preset && strcmp(file.preset, "demo") != 0 &&
             folder_write(folder, "preset", file.preset, 0600))
        snprintf(why, why_bytes, "%s can't be written", folder);
    else if (context_file_put(&file, "demo", values, why, why_bytes) == 0 &&
             context_file_preset(&file, "demo") == 0)
        result = context_file_store(&file, why, why_bytes);
    context_file_free(&file);
    return result;
}

int account_forget(const char *folder, char *why, size_t why_bytes)
{
    struct context_file file;
    struct context *context;
    char before[256];
    int result = 0;
    bool was_preset;
    if (context_file_load(&file, why, why_bytes))
        return -1;
    context = context_file_find(&file, "demo");
    folder_read(folder, "preset", before, sizeof before);
    was_preset = file.preset && strcmp(file.preset, "demo") == 0;
    if (context && is_demos(context)) {
        context_file_remove(&file, context);
        if (was_preset && *before && context_file_find(&file, before))
            context_file_preset(&file, before);
        result = context_file_store(&file, why, why_bytes);
    }
    context_file_free(&file);
    return result;
}
