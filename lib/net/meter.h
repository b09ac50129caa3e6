/* meter.h - how much has come from the server while online, in all sessions.
 *
 * Noun: the meter. One thread notes; any reads bytes.
 */
#ifndef SX_NET_METER_H
#define SX_NET_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero at first. */
struct sx_meter {
    atomic_ulong bytes;
    uint64_t read_bytes; /* of the connection, when it was noted last */
};

/* So many bytes of the connection have been read now; those of a login don't count. */
static inline void sx_meter_note(struct sx_meter *meter, bool is_online, uint64_t read_bytes)
{
    if (is_online)
        atomic_fetch_add_explicit(&meter->bytes, read_bytes - meter->read_bytes,
                                  memory_order_relaxed);
    meter->read_bytes = read_bytes;
}

#endif
