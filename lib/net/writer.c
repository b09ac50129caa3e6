/* writer.c - small stanzas joined, large ones as they are.
 *
 * Invariant: what is in joined was written before all that comes. Failure: no memory to join;
 * each goes out by itself. No memory in libstrophe: the connection ends (allocator.h).
 */
#include "net/writer.h"

#include "net/allocator.h"

enum { JOINED_BYTES = 16000 /* with what TLS adds, the largest record */ };

void sx_writer_fini(struct sx_writer *writer)
{
    sx_buffer_fini(&writer->joined);
}

void sx_writer_flush(struct sx_writer *writer)
{
    if (writer->joined.len)
        sx_allocator_send(writer->conn, writer->joined.bytes, writer->joined.len);
    sx_buffer_clear(&writer->joined);
}

void sx_writer_write(struct sx_writer *writer, const char *bytes, size_t len, bool goes_on)
{
    struct sx_buffer *joined = &writer->joined;
    bool joins = len <= JOINED_BYTES && (goes_on || joined->len);
    sx_trace_stanza(writer->trace, "sent", bytes, len);
    atomic_fetch_add_explicit(&writer->bytes, len, memory_order_relaxed);
    if (joined->len + len > JOINED_BYTES)
        sx_writer_flush(writer);
    if (joins)
        sx_buffer_add(joined, bytes, len);
    if (joins && !joined->failed)
        return;
    sx_writer_flush(writer);
    sx_allocator_send(writer->conn, bytes, len);
}
