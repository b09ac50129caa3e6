/* peer.h - this program as a service in a process of its own, for tests that stop or kill it. */
#ifndef TESTS_BYTES_PEER_H
#define TESTS_BYTES_PEER_H

/* Serves as the desk does (desk.h), from "online", which it prints, to the end of its input.
 * argv: JID, password, port, CA file. Returns the exit code. */
int peer_run(char **argv);

#endif
