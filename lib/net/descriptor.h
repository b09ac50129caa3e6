/* descriptor.h - the number below FD_SETSIZE that a link has for its socket, from open to close.
 *
 * Noun: the descriptor's number. libstrophe waits with select(), which has no room for a number of
 * FD_SETSIZE or above, and takes whatever socket() returns. In a process with many descriptors no
 * low number may be free when a connection has to be made again. So a link takes one when it is
 * opened, and its sockets have this number, one after the other.
 *
 * Invariant: from take to give back the number is never free, not for an instant: it is a socket of
 * libstrophe's or a copy of `eventfd`. No other number is touched.
 */
#ifndef SX_NET_DESCRIPTOR_H
#define SX_NET_DESCRIPTOR_H

#include <stdbool.h>

struct sx_descriptor {
    int number;
    int eventfd; /* the owner's to use; non-blocking. At FD_SETSIZE or above, if the limit allows */
};

/* Makes both, closed on exec. 0 or an errno: ERANGE if every number below FD_SETSIZE is taken,
 * EMFILE and others if there are no descriptors at all; then there is nothing to give back. */
int sx_descriptor_take(struct sx_descriptor *descriptor);

/* Closes both; no socket has the number any more. Any thread, after the one that uses it has ended.
 */
void sx_descriptor_give_back(struct sx_descriptor *descriptor);

/* From here on it is the calling thread's: what the linker is told to hand to descriptor.c instead
 * of close() (--wrap) keeps the number. NULL: none is. It must outlive the thread. */
void sx_descriptor_use(const struct sx_descriptor *descriptor);

/* Whether the next sockets of this thread get the number: true before libstrophe makes one, false
 * after. Without a number, sockets are as they come. */
void sx_descriptor_lend(bool is_lent);

#endif
