/* connection.h - the link of a command: opened, online within the command's deadline, closed. */
#ifndef SOAP_XMPP_TOOL_CONNECTION_H
#define SOAP_XMPP_TOOL_CONNECTION_H

#include <stdatomic.h>

#include "settings.h"

struct run;

struct connection {
    struct soap_xmpp_link *link;
    struct settings settings;
    atomic_int failures; /* attempts that failed since the last time online */
};

/* Finds the settings, asks for a password if need be, opens the link and waits until it is online.
 * Returns 0, and the caller calls connection_close(); else an exit code once the report has its
 * sentence, and there is nothing to close. Two attempts that failed are enough for REPORT_OFFLINE:
 * a command is not a daemon. */
int connection_open(struct run *run, struct connection *connection);

/* The same in two steps, for commands that set members of the configuration in between: after
 * settings_resolve() on connection->settings, which connection_start() frees when it fails. */
int connection_start(struct run *run, struct connection *connection);

/* Closes the link, within a few seconds, and frees the settings. */
void connection_close(struct connection *connection);

#endif
