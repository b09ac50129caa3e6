/* descriptor.h - the number below FD_SETSIZE that a link has for its socket, from open to close.
 *
 * Noun: the descriptor. libstrophe waits with select(), which has no room for numbers of FD_SETSIZE
 * and above, and it uses whatever number socket() returns. In a process with many descriptors no
 * low number may be free when a connection has to be made again. So a link takes one when it is
 * opened, and each of its sockets gets this number.
 *
 * Invariant: from take to give_back the number is never free, not for an instant: it is a socket of
 * libstrophe's or a copy of `eventfd`. No other number is touched. It is none of the standard
 * streams', of which a daemon may have closed some: what prints there would print to the server.
 *
 * Happy path and failure: descriptor.c. Nothing blocks. use and lend: the loop thread.
 */
#ifndef SX_NET_DESCRIPTOR_H
#define SX_NET_DESCRIPTOR_H

#include <stdbool.h>
#include <sys/types.h>

struct sx_descriptor {
    int number;
    ino_t socket; /* the inode of the last socket on it, which no other file of its device has */
    struct sx_descriptor *next; /* descriptor.c's */
    int eventfd; /* the owner's to use; non-blocking. At FD_SETSIZE or above, if the limit allows */
};

/* Makes both, with close-on-exec. 0 or an errno: ERANGE if every number below FD_SETSIZE is taken,
 * EMFILE and others if there are no descriptors at all; then there is nothing to give back. */
int sx_descriptor_take(struct sx_descriptor *descriptor);

/* Closes both; no socket may have the number any more. Any thread, once the one that used it has
 * ended. */
void sx_descriptor_give_back(struct sx_descriptor *descriptor);

/* In a process that was forked meanwhile without fork()'s handlers, which close the number: closes
 * its copy of the socket there, if there was one. What the program has put there since isn't
 * touched, nor is the eventfd. */
void sx_descriptor_abandon(const struct sx_descriptor *descriptor);

/* The calling thread uses this one from now on: close() of the number, which the linker hands to
 * descriptor.c (--wrap), keeps it taken. NULL: the thread has none. It must outlive the thread. */
void sx_descriptor_use(struct sx_descriptor *descriptor);

/* Whether the next sockets of this thread get the number: true before libstrophe makes one, false
 * after. Without a number, sockets are as they come. */
void sx_descriptor_lend(bool is_lent);

#endif
