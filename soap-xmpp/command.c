/* command.c - the commands: one row each, from which --help, soap-xmpp(1) and completion are made.
 *
 * Invariant: names are unique, and no command has an option of a global one's name or letter: what
 * is typed before a command and behind it means the same. */
#include "command.h"

#include <string.h>

const struct command *const command_table[] = {
    /* clang-format off */
    &command_demo,
    &command_init,
    &command_call,
    &command_serve,
    &command_wsdl,
    &command_ls,
    &command_info,
    &command_ping,
    &command_stats,
    &command_watch,
    &command_bench,
    &command_trace,
    &command_doctor,
    &command_context,
    &command_completion,
    NULL,
    /* clang-format on */
};

const struct option_row command_globals[] = {
    {.name = "jid",
     .letter = 'j',
     .value = "JID",
     .summary = "the account, or component, to log in as"},
    {.name = "password-file",
     .letter = 'p',
     .value = "FILE",
     .summary = "its first line is the password"},
    {.name = "host", .value = "HOST[:PORT]", .summary = "the server, in the place of DNS (SRV)"},
    {.name = "tls",
     .value = "HOW",
     .words = "required|direct|off",
     .summary = "STARTTLS, TLS from the first byte, or none (loopback alone)"},
    {.name = "ca", .value = "FILE", .summary = "trusted CAs (PEM), beside the system's"},
    {.name = "cert", .value = "FILE", .summary = "client certificate (PEM), with --key"},
    {.name = "key", .value = "FILE", .summary = "its key (PEM)"},
    {.name = "trusted-host",
     .value = "HOST",
     .summary = "a component's server that isn't on this machine: nobody listens on the way"},
    {.name = "resource",
     .value = "NAME",
     .summary = "the resource to bind; else one of its own for each command"},
    {.name = "context",
     .letter = 'c',
     .value = "NAME",
     .summary = "the saved account and server to use: soap-xmpp context"},
    {.name = "timeout",
     .letter = 't',
     .value = "SECONDS",
     .summary = "for all of the command; 60, for those that run on: none"},
    {.name = "json", .summary = "one JSON object on standard output, whatever happens"},
    {.name = "quiet", .letter = 'q', .summary = "no notes on standard error, only what failed"},
    {.name = "verbose",
     .letter = 'v',
     .is_repeatable = true,
     .summary = "the link's trace: -v info, -vv debug, -vvv stanzas"},
    {.name = "color",
     .value = "WHEN",
     .words = "auto|always|never",
     .summary = "auto: on a terminal, unless NO_COLOR is set"},
    {.name = "version", .summary = "the version, and nothing else"},
    {.name = "help", .letter = 'h', .summary = "what there is; behind a command: about it"},
    {.name = NULL},
};

const struct command *command_find(const char *name)
{
    const struct command *const *at;
    for (at = command_table; *at; at++) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
    }
    return NULL;
}

const char *command_global(const struct run *run, const char *name)
{
    const char *text = run->command ? option_text(&run->options, name) : NULL;
    return text ? text : option_text(&run->globals, name);
}

size_t command_global_count(const struct run *run, const char *name)
{
    return (run->command ? option_count(&run->options, name) : 0) +
           option_count(&run->globals, name);
}
