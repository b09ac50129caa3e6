/* daemon.h - a process of the demo that may outlive the command which started it.
 *
 * It is known again by a file in the demo's folder: its number, and when it began, so that a number
 * which belongs to another process by now is never signalled. */
#ifndef SOAP_XMPP_TOOL_DEMO_DAEMON_H
#define SOAP_XMPP_TOOL_DEMO_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

/* Starts argv in a session of its own, with its output in FOLDER/NAME.log, and writes
 * FOLDER/NAME.pid. environment NULL: ours. Returns its number, or -1 with errno. */
pid_t daemon_start(const char *folder, const char *name, char *const argv[],
                   char *const environment[]);

/* Whether that process runs. Doesn't block. */
bool daemon_runs(const char *folder, const char *name);

/* Ends it: SIGTERM, and SIGKILL after patience_ms. Returns once it has ended, or was none. */
void daemon_stop(const char *folder, const char *name, int patience_ms);

#endif
