/* terminal.h - what differs when a person sits there: colour, progress, questions.
 *
 * Any thread, but terminal_ask() and terminal_ask_secret(): the program's first. */
#ifndef SOAP_XMPP_TOOL_TERMINAL_H
#define SOAP_XMPP_TOOL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "deadline.h"

enum terminal_colour {
    TERMINAL_PLAIN = 0,
    TERMINAL_RED,
    TERMINAL_GREEN,
    TERMINAL_YELLOW,
    TERMINAL_DIM,
    TERMINAL_BOLD
};

/* "auto", "always" or "never": --color. Auto: on a terminal, unless NO_COLOR is set (no-color.org)
 * or TERM is "dumb". */
void terminal_choose_colour(const char *word);

/* What begins a colour on that stream, and what ends it; "" without colour. */
const char *terminal_begin(FILE *stream, enum terminal_colour colour);
const char *terminal_end(FILE *stream);

/* Whether standard error shows progress: a terminal, without -q. */
bool terminal_has_progress(bool is_quiet);

/* Asks on the terminal, without an echo if it is a secret, and copies the answer, without its line
 * end. Waits for it until the deadline. Returns 0; -1: there is no terminal, a signal came, the
 * deadline is over, or the answer is too long. */
int terminal_ask(const char *question, char *answer, size_t answer_bytes,
                 const struct deadline *deadline);
int terminal_ask_secret(const char *question, char *answer, size_t answer_bytes,
                        const struct deadline *deadline);

#endif
