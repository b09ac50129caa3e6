/* command.h - the commands: one row each, from which --help, soap-xmpp(1) and completion are made.
 *
 * A command is a file of its own: it defines its row, `const struct command command_NAME`, which is
 * declared below and listed in command.c. Its function gets what was typed, and ends with
 * `return report_end(&run->report, code, ...)`. It prints results on standard output (with --json
 * it sets members of the report instead) and nothing else anywhere but by report.h. */
#ifndef SOAP_XMPP_TOOL_COMMAND_H
#define SOAP_XMPP_TOOL_COMMAND_H

#include <stdbool.h>

#include "deadline.h"
#include "option.h"
#include "report.h"

/* One run of the program. */
struct run {
    const struct command *command;
    struct options globals; /* typed before the command's name */
    struct options options; /* typed behind it: its own, and global ones as well */
    struct report report;
    struct deadline deadline; /* of the whole command: -t, else 60 s, else none (is_endless) */
    bool has_timeout;         /* -t was typed */
};

struct command {
    const char *name;
    const char *summary;              /* one clause, for the list of commands */
    const char *arguments;            /* "ENDPOINT OPERATION [NAME=VALUE ...]", or "" */
    const struct option_row *options; /* its own; a row without a name ends them */
    const char *description;          /* paragraphs for --help and the manual, lines up to 78 */
    const char *words;                /* "bash|zsh": what its first argument can be, or NULL */
    size_t least_arguments, most_arguments;
    bool is_endless; /* runs until a signal, or until -t */
    int (*run)(struct run *run);
};

extern const struct command command_call, command_serve, command_wsdl, command_context,
    command_completion, command_init, command_demo, command_doctor, command_ping, command_info,
    command_ls, command_stats, command_watch, command_bench, command_trace;

/* All of them, in the order of --help; NULL behind the last. */
extern const struct command *const command_table[];

/* The options of every command. */
extern const struct option_row command_globals[];

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* A global option, wherever it was typed; behind the command counts more. NULL: it wasn't. */
const char *command_global(const struct run *run, const char *name);
size_t command_global_count(const struct run *run, const char *name);

#endif
