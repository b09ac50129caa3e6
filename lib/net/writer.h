/* writer.h - what leaves a connection, in its order.
 *
 * Noun: the writer. Stanzas that follow each other at once go out together, in one write and one
 * TLS record.
 *
 * Thread: the loop thread. Never blocks: what the socket doesn't take waits in libstrophe
 * (sx_allocator_unsent_bytes()).
 */
#ifndef SX_NET_WRITER_H
#define SX_NET_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/trace.h"

struct sx_writer {
    const struct sx_trace *trace;
    struct _xmpp_conn_t *conn; /* while online; set by the owner */
    struct sx_buffer joined;   /* empty after a flush */
    atomic_ulong bytes;        /* of stanzas, ever; any thread may read it */
};

void sx_writer_fini(struct sx_writer *writer);

/* A whole stanza, whose bytes stay the caller's; bytes[len] is NUL. goes_on: another one, or a
 * flush, follows at once. */
void sx_writer_write(struct sx_writer *writer, const char *bytes, size_t len, bool goes_on);
void sx_writer_flush(struct sx_writer *writer);

#endif
