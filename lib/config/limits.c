/* limits.c - the numbers of a configuration: times, sizes, counts.
 *
 * Invariant: each number that comes out is inside its bounds; 0 gives the number that its row says.
 *
 * Happy path: the table's rows in their order, of which some change the bounds of later ones.
 * Failure: the first number out of bounds is refused with its name, its value and what is allowed.
 */
#include "config/limits.h"

enum {
    US_PER_MS = 1000,
    MAX_WAIT_MS = 86400000 /* 24 hours */
};

enum {
    MEMORY_BYTES = 1 << 30, /* of a link, unless its other limits need more */
    PEERS_MESSAGES = 6,
    ARRIVING_MESSAGES = 2,     /* link/bytestream.c */
    SURROUND_BYTES = 16 << 10, /* names, and what is kept beside an envelope */
    LINK_BYTES = 8 << 20,      /* parser, tables, names of accounts' resources */
    STANZA_COPIES = 12,        /* a tree of eight, the envelope's buffer, expat's */
    QUEUED_COPIES = 4,         /* small stanzas, twice, with what surrounds each */
    ACCOUNT_BYTES = 8 << 10    /* two JIDs, and what surrounds them */
};

struct bounds {
    const char *member;
    unsigned long long preset, min, max; /* preset: what 0 stands for */
};

/* value 0 gives the preset. */
static enum sx_err bound(const struct bounds *bounds, unsigned long long value,
                         unsigned long long *out, const struct sx_reason *why)
{
    if (value && (value < bounds->min || value > bounds->max))
        return sx_reason_refuse(why, "%s is %llu; allowed: %llu to %llu, or 0 for %llu",
                                bounds->member, value, bounds->min, bounds->max, bounds->preset);
    *out = value ? value : bounds->preset;
    return SX_OK;
}

static enum sx_err make_wait(const char *member, int ms, int preset_ms, int64_t *out_us,
                             const struct sx_reason *why)
{
    if (ms < 0 || ms > MAX_WAIT_MS)
        return sx_reason_refuse(why, "%s is %d; allowed: 1 to %d, or 0 for %d", member, ms,
                                (int)MAX_WAIT_MS, preset_ms);
    *out_us = (int64_t)(ms ? ms : preset_ms) * US_PER_MS;
    return SX_OK;
}

static enum sx_err make_sizes(const struct soap_xmpp_config *in, struct sx_config *out,
                              const struct sx_reason *why)
{
    enum { STANZA, QUEUED, MESSAGE, REQUESTS };
    struct {
        struct bounds bounds;
        size_t in, *out;
    } sizes[] = {
        /* RFC 6120 13.12: no limit below 10,000 bytes */
        [STANZA] = {{"max_stanza_bytes", 1 << 20, 10000, 64 << 20},
                    in->max_stanza_bytes,
                    &out->max_stanza_bytes},
        [QUEUED] = {{"max_queued_bytes", 8 << 20, 0, 1 << 30},
                    in->max_queued_bytes,
                    &out->max_queued_bytes},
        [MESSAGE] = {{"max_message_bytes", 64 << 20, 10000, 1 << 30},
                     in->max_message_bytes,
                     &out->max_message_bytes},
        [REQUESTS] = {{"max_request_bytes", 16 << 20, 10000, 1 << 30},
                      in->max_request_bytes,
                      &out->max_request_bytes},
        {{"max_outgoing_bytes", 256 << 10, 10000, 64 << 20},
         in->max_outgoing_bytes,
         &out->max_outgoing_bytes},
        {{"max_remembered_bytes", 16 << 20, 10000, 1 << 30},
         in->max_remembered_bytes,
         &out->max_remembered_bytes},
        {{"max_trace_bytes", 16 << 10, 200, 1 << 20}, in->max_trace_bytes, &out->max_trace_bytes},
    };
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned long long bytes = 0;
        if (bound(&sizes[i].bounds, sizes[i].in, &bytes, why))
            return SX_ECONFIG;
        *sizes[i].out = (size_t)bytes;
        /* else a stanza of the largest size would wait for room that never comes */
        if (i == STANZA)
            sizes[QUEUED].bounds.min = bytes;
        if (i == STANZA && sizes[QUEUED].bounds.preset < bytes)
            sizes[QUEUED].bounds.preset = bytes;
        /* else a large message would never find a place in the queue */
        if (i == MESSAGE && sizes[REQUESTS].bounds.preset < bytes)
            sizes[REQUESTS].bounds.preset = bytes;
    }
    return SX_OK;
}

static enum sx_err make_counts(const struct soap_xmpp_config *in, struct sx_config *out,
                               const struct sx_reason *why)
{
    const struct {
        struct bounds bounds;
        unsigned in, *out;
    } counts[] = {
        {{"max_depth", 256, 8, 2000}, in->max_depth, &out->max_depth},
        {{"max_attributes", 100000, 100, 10000000}, in->max_attributes, &out->max_attributes},
        {{"max_namespaces", 100000, 100, 10000000}, in->max_namespaces, &out->max_namespaces},
        {{"max_calls", 10000, 1, 1000000}, in->max_calls, &out->max_calls},
        {{"max_requests", 1000, 1, 1000000}, in->max_requests, &out->max_requests},
        {{"max_running", 0, 1, 100000}, in->max_running, &out->max_running},
        {{"max_remembered", 20000, 1, 1000000}, in->max_remembered, &out->max_remembered},
        {{"max_peers", 1000, 1, 1000000}, in->max_peers, &out->max_peers},
    };
    size_t i;
    for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned long long value = 0;
        if (bound(&counts[i].bounds, counts[i].in, &value, why))
            return SX_ECONFIG;
        *counts[i].out = (unsigned)value;
    }
    return SX_OK;
}

/* What a link may hold by itself, beside what peers get: docs/configuration.md has the table.
 */
static unsigned long long own_bytes(const struct soap_xmpp_config *in, const struct sx_config *out)
{
    unsigned long long bytes = LINK_BYTES;
    bytes += STANZA_COPIES * (unsigned long long)out->max_stanza_bytes;
    bytes += QUEUED_COPIES * (unsigned long long)out->max_queued_bytes;
    bytes += out->max_remembered_bytes;
    if (in->presence || in->messages)
        bytes += (unsigned long long)out->max_peers * ACCOUNT_BYTES;
    return bytes;
}

/* Peers get what the link doesn't need itself. The largest message must find room for each kind of
 * thing (base/memory.h), as one owner's: as it came, once more unpacked, and its answer. */
static unsigned long long least_bytes(const struct sx_config *out)
{
    unsigned long long most = out->max_message_bytes;
    if (most < out->max_stanza_bytes)
        most = out->max_stanza_bytes;
    return PEERS_MESSAGES * (most + SURROUND_BYTES);
}

/* By default a full queue finds room, too, in what requests can have, beside what arrives in
 * pieces. */
static unsigned long long queue_bytes(const struct sx_config *out)
{
    unsigned long long bytes = out->max_request_bytes;
    bytes += ARRIVING_MESSAGES * (unsigned long long)out->max_message_bytes;
    return bytes * 8 / 5;
}

static unsigned long long default_bytes(unsigned long long own, unsigned long long least,
                                        unsigned long long queue)
{
    unsigned long long peers = least > queue ? least : queue;
    return own + peers > MEMORY_BYTES ? own + peers : MEMORY_BYTES;
}

static enum sx_err make_memory(const struct soap_xmpp_config *in, struct sx_config *out,
                               const struct sx_reason *why)
{
    unsigned long long own = own_bytes(in, out), least = least_bytes(out);
    unsigned long long bytes = in->max_memory_bytes;
    if (bytes && bytes < own + least)
        return sx_reason_refuse(why,
                                "max_memory_bytes (SOAP_XMPP_MAX_MEMORY_BYTES) is %llu; allowed: "
                                "%llu or more, or 0 for the default: %llu for the link itself and "
                                "%d times the largest message (max_message_bytes, "
                                "max_stanza_bytes)",
                                bytes, own + least, own, (int)PEERS_MESSAGES);
    if (!bytes)
        bytes = default_bytes(own, least, queue_bytes(out));
    if (bytes != (size_t)bytes)
        return sx_reason_refuse(
            why,
            "max_memory_bytes (SOAP_XMPP_MAX_MEMORY_BYTES) would be %llu by "
            "the other limits, more than a process here can address; lower them",
            bytes);
    out->max_memory_bytes = (size_t)bytes;
    out->peer_memory_bytes = (size_t)(bytes - own);
    return SX_OK;
}

enum sx_err sx_limits_make(const struct soap_xmpp_config *in, struct sx_config *out,
                           const struct sx_reason *why)
{
    enum sx_err err = make_wait("timeout_ms", in->timeout_ms, 60000, &out->timeout_us, why);
    if (!err)
        err = make_wait("connect_timeout_ms", in->connect_timeout_ms, 20000,
                        &out->connect_timeout_us, why);
    if (!err)
        err = make_wait("keepalive_ms", in->keepalive_ms, 60000, &out->keepalive_us, why);
    if (!err)
        err = make_wait("ping_timeout_ms", in->ping_timeout_ms, 10000, &out->ping_timeout_us, why);
    if (!err)
        err = make_sizes(in, out, why);
    if (!err)
        err = make_counts(in, out, why);
    if (!err)
        err = make_memory(in, out, why);
    return err;
}
