/* tcp.h - plain sockets on loopback, for tests that speak for themselves.
 *
 * What must come is awaited for TCP_LONG_MS; nothing came if nothing did within TCP_QUIET_MS.
 */
#ifndef TESTS_TCP_H
#define TESTS_TCP_H

#include <stdbool.h>

enum { TCP_LONG_MS = 20000, TCP_QUIET_MS = 50 };

/* Non-blocking, on a free port of 127.0.0.1; -1 with errno. */
int tcp_listen(int backlog, int *port);

/* Blocking, with TCP_NODELAY; -1 with errno. */
int tcp_connect(int port);

bool tcp_is_ready(int fd, short events, int timeout_ms);

/* The next connection, blocking, with a failed assertion if there is none. */
int tcp_accept(int listener);

/* Sends all of it, or fails an assertion. */
void tcp_say(int fd, const char *text);

/* Reads until text has come and returns all that came meanwhile, in a static buffer of 64 KiB. Ends
 * without it when the stream ends or the time is up: ASSERT_CONTAINS tells. */
const char *tcp_hear_until(int fd, const char *text);

/* Assertions: this comes next (and possibly more later); this is all that comes before the end, and
 * error tells what end: 0 for FIN, or recv()'s errno; nothing comes, not even an end. */
void tcp_assert_hears(int fd, const char *text);
void tcp_assert_ends(int fd, const char *text, int error);
void tcp_assert_quiet(int fd);

/* recv()'s errno at the end of the stream, whatever came before; 0 for FIN. */
int tcp_read_to_end(int fd);

#endif
