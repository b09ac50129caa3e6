/* memory.c - malloc with a header that remembers what a block stands for.
 *
 * Invariant: a thread's live blocks are in its list, and its tally is the sum of their charges.
 * Only the copy of the bytes that xmpp_send_raw() queues bears a charge: the bytes' number.
 *
 * Happy path: send sets `charge`; libstrophe's first allocation is its copy of the bytes, which
 * takes the charge over; libstrophe frees the copy when the last of it has been written.
 * Failure: no memory for the copy, or no connection: nothing is queued and nothing charged. A
 * dropped queue (disconnect) is freed, too, so the tally is 0 again.
 */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* Before each block; its size keeps the block aligned for any type. */
struct header {
    LIST_ENTRY(header) in_thread;
    _Alignas(max_align_t) size_t charge;
};

static _Thread_local LIST_HEAD(, header) blocks;

static _Thread_local size_t unsent_bytes;
static _Thread_local size_t charge; /* for the next block, 0 outside of a send */

static void *allocate(size_t size, void *user)
{
    struct header *header;

    (void)user;
    if (size > SIZE_MAX - sizeof *header)
        return NULL;
    header = malloc(sizeof *header + size);
    if (!header)
        return NULL;
    header->charge = size >= charge ? charge : 0;
    unsent_bytes += header->charge;
    charge -= header->charge;
    LIST_INSERT_HEAD(&blocks, header, in_thread);
    return header + 1;
}

static void release(void *block, void *user)
{
    struct header *header = block;

    (void)user;
    if (!block)
        return;
    header--;
    unsent_bytes -= header->charge;
    LIST_REMOVE(header, in_thread);
    free(header);
}

static void *reallocate(void *block, size_t size, void *user)
{
    struct header *header = block, *moved;

    if (!block)
        return allocate(size, user);
    if (size > SIZE_MAX - sizeof *header)
        return NULL;
    header--;
    LIST_REMOVE(header, in_thread);
    moved = realloc(header, sizeof *header + size);
    LIST_INSERT_HEAD(&blocks, moved ? moved : header, in_thread);
    return moved ? moved + 1 : NULL;
}

void sx_memory_sweep(void)
{
    while (!LIST_EMPTY(&blocks))
        release(LIST_FIRST(&blocks) + 1, NULL);
}

const xmpp_mem_t sx_memory = {allocate, release, reallocate, NULL};

void sx_memory_send(xmpp_conn_t *conn, const char *bytes, size_t len)
{
    charge = len;
    xmpp_send_raw(conn, bytes, len);
    charge = 0; /* not taken over when the connection is gone or memory is short */
}

size_t sx_memory_unsent_bytes(void)
{
    return unsent_bytes;
}

char *sx_memory_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = allocate(bytes, NULL);

    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}
