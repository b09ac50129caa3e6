/* allocator.c - malloc with a header that remembers what a block stands for, and a reserve behind
 * it.
 *
 * Invariant: a thread's live blocks are in its list, and its unsent_bytes is the sum of their
 * charges. Only the copy of the bytes that xmpp_send_raw() queues has a charge: the bytes' number.
 *
 * Happy path: send sets `charge`; libstrophe's first allocation is its copy of the bytes, which
 * takes the charge over; libstrophe frees the copy when the last of it has been written.
 * Failure: malloc() refuses: the reserve gives, and says so, until it is used up or if there is
 * none. No memory for the copy, or no connection: nothing is queued and nothing charged. A dropped
 * queue (disconnect) is freed, too, so unsent_bytes is 0 again.
 */
#include "net/allocator.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/pages.h"

enum { WIPED_BYTES = 4096 }; /* blocks up to here, when they are freed: no secret is larger */

/* Before each block; its size keeps the block aligned for any type. */
struct header {
    LIST_ENTRY(header) in_thread;
    _Alignas(max_align_t) size_t charge;
    size_t size;
};

static _Thread_local LIST_HEAD(, header) blocks;

static _Thread_local size_t unsent_bytes;
static _Thread_local size_t charge; /* for the next block, 0 outside of a send */

/* Used from the front; what is freed counts as used until it was the last block, or all are free.
 */
static _Thread_local struct {
    char *bytes; /* NULL: there is none */
    size_t used, blocks;
    bool touched;
} reserve;

/* ---- the reserve ---- */

bool sx_allocator_reserve(void)
{
    if (!reserve.bytes)
        reserve.bytes = sx_pages_new(SX_ALLOCATOR_RESERVE_BYTES);
    return reserve.bytes != NULL;
}

bool sx_allocator_is_short(void)
{
    return reserve.touched;
}

static size_t whole_units(size_t bytes)
{
    size_t unit = _Alignof(max_align_t);
    return (bytes + unit - 1) / unit * unit;
}

static struct header *draw(size_t bytes)
{
    struct header *header;
    if (!reserve.bytes)
        return NULL;
    reserve.touched = true;
    if (bytes > SX_ALLOCATOR_RESERVE_BYTES ||
        whole_units(bytes) > SX_ALLOCATOR_RESERVE_BYTES - reserve.used)
        return NULL;
    header = (struct header *)(void *)(reserve.bytes + reserve.used);
    reserve.used += whole_units(bytes);
    reserve.blocks++;
    return header;
}

static bool is_drawn(const struct header *header)
{
    uintptr_t at = (uintptr_t)header, begin = (uintptr_t)reserve.bytes;
    return reserve.bytes && at >= begin && at < begin + SX_ALLOCATOR_RESERVE_BYTES;
}

static void put_back(const struct header *header)
{
    size_t at = (size_t)((const char *)header - reserve.bytes);
    size_t bytes = whole_units(sizeof *header + header->size);
    if (at + bytes == reserve.used)
        reserve.used = at;
    if (--reserve.blocks == 0)
        reserve.used = 0;
}

/* ---- the allocator ---- */

static struct header *take(size_t size)
{
    struct header *header;
    if (size > SIZE_MAX - sizeof *header)
        return NULL;
    header = malloc(sizeof *header + size);
    if (!header)
        header = draw(sizeof *header + size);
    if (!header)
        return NULL;
    header->size = size;
    header->charge = 0;
    LIST_INSERT_HEAD(&blocks, header, in_thread);
    return header;
}

static void *allocate(size_t size, void *user)
{
    struct header *header = take(size);

    (void)user;
    if (!header)
        return NULL;
    header->charge = size >= charge ? charge : 0;
    unsent_bytes += header->charge;
    charge -= header->charge;
    return header + 1;
}

/* Passwords, and what is made of them at a login, pass through libstrophe's memory. */
static void wipe(struct header *header)
{
    if (header->size <= WIPED_BYTES)
        explicit_bzero(header + 1, header->size);
}

static void release(void *block, void *user)
{
    struct header *header = block;

    (void)user;
    if (!block)
        return;
    header--;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): LIST_REMOVE takes it out of reach */
    unsent_bytes -= header->charge;
    LIST_REMOVE(header, in_thread);
    wipe(header);
    if (is_drawn(header))
        put_back(header);
    else
        free(header);
}

/* The block stays where it is if this fails. */
static struct header *resize(struct header *header, size_t size)
{
    struct header *moved;

    if (header->size <= WIPED_BYTES || is_drawn(header) || size > SIZE_MAX - sizeof *header)
        return NULL; /* realloc() would leave a small one behind as it is */
    LIST_REMOVE(header, in_thread);
    moved = realloc(header, sizeof *header + size);
    LIST_INSERT_HEAD(&blocks, moved ? moved : header, in_thread);
    if (moved)
        moved->size = size;
    return moved;
}

static void *reallocate(void *block, size_t size, void *user)
{
    struct header *header = block, *moved;

    if (!block)
        return allocate(size, user);
    header--;
    moved = resize(header, size);
    if (moved)
        return moved + 1;
    moved = take(size);
    if (!moved)
        return NULL;
    memcpy(moved + 1, block, size < header->size ? size : header->size);
    moved->charge = header->charge;
    header->charge = 0;
    release(block, NULL);
    return moved + 1;
}

void sx_allocator_sweep(void)
{
    while (!LIST_EMPTY(&blocks))
        release(LIST_FIRST(&blocks) + 1, NULL);
    sx_pages_free(reserve.bytes, SX_ALLOCATOR_RESERVE_BYTES);
    memset(&reserve, 0, sizeof reserve);
}

const xmpp_mem_t sx_allocator = {allocate, release, reallocate, NULL};

void sx_allocator_send(xmpp_conn_t *conn, const char *bytes, size_t len)
{
    charge = len;
    xmpp_send_raw(conn, bytes, len);
    charge = 0; /* not taken over when the connection is gone or memory is short */
}

size_t sx_allocator_unsent_bytes(void)
{
    return unsent_bytes;
}

char *sx_allocator_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = allocate(bytes, NULL);

    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}
