/* context.c - soap-xmpp context: saved accounts and servers.
 *
 * Invariant: a password is never shown. Paths are saved so that they hold in every folder.
 *
 * Failure modes: no such context, a file that can't be read or written: one sentence, exit 2. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "context_file.h"
#include "settings.h"

enum { WHY_BYTES = 1024 };

static const struct option_row options[] = {{.name = NULL}};

static const char description[] =
    "Saves accounts and servers under names, so that commands need no more than -c:\n"
    "  ls           lists them; * is the default\n"
    "  show [NAME]  what one holds (the default's)\n"
    "  save NAME    saves what the options before or behind say, and SOAP_XMPP_\n"
    "               variables: --jid, --password-file, --host, --tls, --ca and so on\n"
    "  use NAME     makes it the default\n"
    "  rm NAME      forgets it\n"
    "They stand in ~/.config/soap-xmpp/contexts.conf, which you may edit. Which one is\n"
    "used: --context, SOAPXMPP_CONTEXT, the default.";

static int refuse(struct run *run, const char *why)
{
    return report_end(&run->report, REPORT_USAGE, "%s", why);
}

static int refuse_name(struct run *run, const struct context_file *file, const char *name)
{
    return report_end(&run->report, REPORT_USAGE, "there is no context '%s' in %s", name,
                      file->path);
}

static const char *text_of(const struct context *context, int field)
{
    return context->values[field] ? context->values[field] : "";
}

static int is_preset(const struct context_file *file, const struct context *context)
{
    return file->preset && strcmp(file->preset, context->name) == 0;
}

static int list(struct run *run, const struct context_file *file)
{
    json_t *all = json_array();
    size_t i;
    for (i = 0; i < file->count; i++) {
        const struct context *context = &file->contexts[i];
        json_array_append_new(all, json_pack("{s:s, s:s, s:b}", "name", context->name, "jid",
                                             text_of(context, CONTEXT_JID), "default",
                                             is_preset(file, context)));
        if (!run->report.is_json)
            printf("%c %s\t%s\n", is_preset(file, context) ? '*' : ' ', context->name,
                   text_of(context, CONTEXT_JID));
    }
    report_set(&run->report, "contexts", all);
    return report_end(&run->report, REPORT_OK, NULL);
}

static int show(struct run *run, const struct context_file *file, const char *name)
{
    const struct context *context;
    int i;
    if (!name)
        name = file->preset;
    if (!name)
        return refuse(run, "there is no default context: soap-xmpp context use NAME");
    context = context_file_find(file, name);
    if (!context)
        return refuse_name(run, file, name);
    report_set_text(&run->report, "name", context->name);
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        const char *value = i == CONTEXT_PASSWORD ? "(not shown)" : text_of(context, i);
        if (!context->values[i])
            continue;
        report_set_text(&run->report, context_file_names[i], value);
        if (!run->report.is_json)
            printf("%s = %s\n", context_file_names[i], value);
    }
    return report_end(&run->report, REPORT_OK, NULL);
}

static int store(struct run *run, const struct context_file *file)
{
    char why[WHY_BYTES];
    return context_file_store(file, why, sizeof why) ? refuse(run, why)
                                                     : report_end(&run->report, REPORT_OK, NULL);
}

static const char *value_given(const struct run *run, int field)
{
    const char *value =
        settings_options[field] ? command_global(run, settings_options[field]) : NULL;
    return value ? value : getenv(settings_variables[field]);
}

/* Collects what is said by options and variables; host has its port, and files their whole path. */
static void collect(const struct run *run, const char *values[CONTEXT_FIELDS],
                    char paths[CONTEXT_FIELDS][PATH_MAX])
{
    const char *port = getenv("SOAP_XMPP_PORT");
    int i;
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        values[i] = value_given(run, i);
        if (!values[i])
            continue;
        if (i == CONTEXT_PASSWORD_FILE || i == CONTEXT_CA || i == CONTEXT_CERT ||
            i == CONTEXT_KEY) {
            if (realpath(values[i], paths[i]))
                values[i] = paths[i];
        }
        if (i == CONTEXT_HOST && port && !command_global(run, "host")) {
            snprintf(paths[i], PATH_MAX, strchr(values[i], ':') ? "[%s]:%s" : "%s:%s", values[i],
                     port);
            values[i] = paths[i];
        }
    }
    if (command_global(run, "password-file"))
        values[CONTEXT_PASSWORD] = NULL;
}

static int save(struct run *run, struct context_file *file, const char *name)
{
    static char paths[CONTEXT_FIELDS][PATH_MAX];
    const char *values[CONTEXT_FIELDS];
    char why[WHY_BYTES];
    collect(run, values, paths);
    if (!values[CONTEXT_JID])
        return refuse(run, "a context has a JID: --jid or SOAP_XMPP_JID");
    if (context_file_put(file, name, values, why, sizeof why))
        return refuse(run, why);
    if (file->count == 1 && context_file_preset(file, name))
        return refuse(run, "no memory");
    return store(run, file);
}

static int change(struct run *run, struct context_file *file, const char *verb, const char *name)
{
    struct context *context;
    if (!name)
        return report_end(&run->report, REPORT_USAGE, "context %s wants a NAME", verb);
    if (strcmp(verb, "save") == 0)
        return save(run, file, name);
    context = context_file_find(file, name);
    if (!context)
        return refuse_name(run, file, name);
    if (strcmp(verb, "use") == 0) {
        if (context_file_preset(file, name))
            return refuse(run, "no memory");
    } else {
        context_file_remove(file, context);
    }
    return store(run, file);
}

static int run_context(struct run *run)
{
    const char *verb = run->options.arguments[0];
    const char *name = run->options.argument_count > 1 ? run->options.arguments[1] : NULL;
    struct context_file file;
    char why[WHY_BYTES];
    int result;
    if (context_file_load(&file, why, sizeof why))
        return refuse(run, why);
    if (strcmp(verb, "ls") == 0)
        result = list(run, &file);
    else if (strcmp(verb, "show") == 0)
        result = show(run, &file, name);
    else if (strcmp(verb, "save") == 0 || strcmp(verb, "use") == 0 || strcmp(verb, "rm") == 0)
        result = change(run, &file, verb, name);
    else
        result = report_end(&run->report, REPORT_USAGE,
                            "context has no '%s'; can be ls, show, save, use, rm", verb);
    context_file_free(&file);
    return result;
}

const struct command command_context = {
    .name = "context",
    .summary = "saves accounts and servers under names",
    .arguments = "ls|show|save|use|rm [NAME]",
    .options = options,
    .description = description,
    .words = "ls|show|save|use|rm",
    .least_arguments = 1,
    .most_arguments = 2,
    .run = run_context,
};
