/* usage.h - --help: made from the table of commands. */
#ifndef SOAP_XMPP_TOOL_USAGE_H
#define SOAP_XMPP_TOOL_USAGE_H

#include <stdio.h>

struct command;

/* What there is, or all about one command. */
void usage_print(FILE *out);
void usage_print_command(FILE *out, const struct command *command);

/* "-j, --jid JID", or "    --ca FILE"; always terminated. */
struct option_row;
void usage_write_option(const struct option_row *row, char *out, size_t out_bytes);

#endif
