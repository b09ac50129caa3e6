/* usage.c - --help: made from the table of commands.
 *
 * Invariant: every option of the table is printed, and no other. */
#include "usage.h"

#include <string.h>

#include "command.h"
#include "terminal.h"

enum { OPTION_WIDTH = 30 };

static const char exit_codes[] =
    "Exit codes: 0 answered; 1 a SOAP fault; 2 wrong usage or configuration; 3 not executed;\n"
    "4 sent, and unknown whether it ran; 5 executed, but the answer can't be used; 6 never "
    "online;\n"
    "130, 143 by a signal.\n";

void usage_write_option(const struct option_row *row, char *out, size_t out_bytes)
{
    char letter[8] = "   ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c,", row->letter);
    snprintf(out, out_bytes, "%s --%s%s%s", letter, row->name, row->value ? " " : "",
             row->value ? row->value : "");
}

static void print_options(FILE *out, const struct option_row *row)
{
    for (; row->name; row++) {
        char typed[128];
        usage_write_option(row, typed, sizeof typed);
        fprintf(out, "  %-*s  %s", OPTION_WIDTH, typed, row->summary);
        if (row->words)
            fprintf(out, ": %s", row->words);
        fprintf(out, "%s\n", row->is_repeatable ? " (repeatable)" : "");
    }
}

void usage_print(FILE *out)
{
    const struct command *const *at;
    fprintf(
        out,
        "usage: soap-xmpp [OPTION...] COMMAND [ARGUMENT...]\n\n"
        "SOAP services over XMPP, behind NAT or not: calls them, serves them, looks at them.\n\n");
    fprintf(out, "%sCommands%s (soap-xmpp COMMAND --help):\n", terminal_begin(out, TERMINAL_BOLD),
            terminal_end(out));
    for (at = command_table; *at; at++)
        fprintf(out, "  %-12s %s\n", (*at)->name, (*at)->summary);
    fprintf(out, "\n%sOptions%s, before a command or behind it:\n",
            terminal_begin(out, TERMINAL_BOLD), terminal_end(out));
    print_options(out, command_globals);
    fprintf(out, "\n%s", exit_codes);
}

void usage_print_command(FILE *out, const struct command *command)
{
    fprintf(out, "usage: soap-xmpp %s%s%s%s\n\n%s\n", command->name,
            command->options->name ? " [OPTION...]" : "", *command->arguments ? " " : "",
            command->arguments, command->description);
    if (command->options->name) {
        fprintf(out, "\n%sOptions%s:\n", terminal_begin(out, TERMINAL_BOLD), terminal_end(out));
        print_options(out, command->options);
    }
    fprintf(out, "\nOptions of all commands: soap-xmpp --help\n%s", exit_codes);
}
