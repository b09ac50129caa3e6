/* plain.h - text of others, as it may stand on a line of a terminal.
 *
 * Allocates nothing, doesn't block; any thread. */
#ifndef SOAP_XMPP_TOOL_PLAIN_H
#define SOAP_XMPP_TOOL_PLAIN_H

/* Makes text UTF-8 without control characters, line ends among them: each byte of what a terminal
 * takes for a command (C0, DEL, C1), and of what isn't UTF-8, becomes '?'. Its length stays. */
void plain_make(char *text);

#endif
