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
    return err;
}
