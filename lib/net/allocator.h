/* allocator.h - the allocator that every libstrophe context of the library uses.
 *
 * Why: libstrophe can't be asked whether bytes still wait to be written
 * (xmpp_conn_send_queue_len hides a half-written head). So the blocks that it allocates inside
 * xmpp_send_raw are tagged; when it frees them, the bytes have been written or dropped. And a login
 * that is cut off leaves blocks behind (SCRAM's state, for one): each attempt's context is swept
 * when it is over. And it crashes when some of its allocations fail: a reserve serves those that
 * malloc() refuses, so that the attempt lives long enough to be given up in good order.
 *
 * Thread: blocks and their bytes belong to one loop thread (thread-local); blocks never change
 * threads.
 */
#ifndef SX_NET_ALLOCATOR_H
#define SX_NET_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <strophe.h>

enum { SX_ALLOCATOR_RESERVE_BYTES = 65536 };

extern const xmpp_mem_t sx_allocator; /* for xmpp_ctx_new() */

/* xmpp_send_raw() of whole stanzas, its blocks tagged. bytes[len] is NUL: libstrophe 0.12.2
 * calls strlen. */
void sx_allocator_send(xmpp_conn_t *conn, const char *bytes, size_t len);

/* Bytes handed to sx_allocator_send on this thread and not yet written. */
size_t sx_allocator_unsent_bytes(void);

/* A NUL-terminated copy from this allocator, for libstrophe to free. */
char *sx_allocator_strdup(const char *text);

/* Before a context is made: puts SX_ALLOCATOR_RESERVE_BYTES aside for this thread. False: no
 * memory, make none. */
bool sx_allocator_reserve(void);

/* Whether the reserve was touched: what uses it must end soon, for when it is used up allocations
 * fail. */
bool sx_allocator_is_short(void);

/* Frees what is left of this thread's blocks, and the reserve. Only after xmpp_ctx_free() of its
 * last context. */
void sx_allocator_sweep(void);

#endif
