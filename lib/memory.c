/* memory.c - malloc with a header that remembers what a block stands for.
 *
 * Invariant: the tally of a thread is the sum of the charges of its live blocks. Only the copy of
 * the bytes that xmpp_send_raw() queues bears a charge: the bytes' number.
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

/* Before each block; its size keeps the block aligned for any type. */
union header {
    size_t charge;
    max_align_t alignment;
};

static _Thread_local size_t unsent_bytes;
static _Thread_local size_t charge; /* for the next block, 0 outside of a send */

static void *allocate(size_t size, void *user)
{
    union header *header;

    (void)user;
    if (size > SIZE_MAX - sizeof *header)
        return NULL;
    header = malloc(sizeof *header + size);
    if (!header)
        return NULL;
    header->charge = size >= charge ? charge : 0;
    unsent_bytes += header->charge;
    charge -= header->charge;
    return header + 1;
}

static void release(void *block, void *user)
{
    union header *header = block;

    (void)user;
    if (!block)
        return;
    header--;
    unsent_bytes -= header->charge;
    free(header);
}

static void *reallocate(void *block, size_t size, void *user)
{
    union header *header = block;

    if (!block)
        return allocate(size, user);
    if (size > SIZE_MAX - sizeof *header)
        return NULL;
    header = realloc(header - 1, sizeof *header + size);
    return header ? header + 1 : NULL;
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
