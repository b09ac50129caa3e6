/* interrupt.h - SIGINT and SIGTERM end a command: within a second, unless it drains.
 *
 * The first signal wakes whoever polls interrupt_fd(), stops the link that is watched, and gives
 * the command a second to end by itself; then the process ends all the same, and with it the
 * children that are watched. A command that drains (serve) has its own time for it, up to a second
 * signal. The exit code is 128 and the signal's number in each case.
 *
 * One thread calls these functions: the program's first. */
#ifndef SOAP_XMPP_TOOL_INTERRUPT_H
#define SOAP_XMPP_TOOL_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

struct soap_xmpp_link;

/* Installs the handlers. Returns 0, or -1 with errno. */
int interrupt_begin(void);

/* From now on a first SIGTERM starts no timer, and stops no link: the command finishes what it has
 * begun, and ends by itself. */
void interrupt_let_drain(void);

/* Readable for good once a signal has come. */
int interrupt_fd(void);

/* The signal that came, or 0. */
int interrupt_signal(void);

/* The link that a signal stops; NULL: none any more. */
void interrupt_watch_link(struct soap_xmpp_link *link);

/* A process group that must not outlive this process: noted, and no longer. Up to 64 of them;
 * false: there is no room for more. */
bool interrupt_watch_group(pid_t group);
void interrupt_forget_group(pid_t group);

/* Waits for a signal or until the time is over: what sleep() would be. Returns whether a signal has
 * come. */
bool interrupt_wait(int timeout_ms);

#endif
