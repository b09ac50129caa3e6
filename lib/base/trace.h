/* trace.h - lines that tell what the link does; secrets never among them.
 *
 * Any thread may write to a trace; what users of it see of it is immutable after init. The user's
 * callback runs on the writing thread, for one line at a time: never write a line with a lock held.
 * A callback that blocks holds the one thread that is in it. Others wait as turn.h says; then,
 * until it returns, their lines are lost and counted.
 */
#ifndef SX_BASE_TRACE_H
#define SX_BASE_TRACE_H

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/turn.h"

struct sx_trace {
    enum soap_xmpp_trace_level level;
    soap_xmpp_trace_fn *callback; /* never NULL after init */
    void *user;
    char name[64];       /* begins each line: the link's bare JID, cut if longer */
    struct sx_log log;   /* without a callback; standard error unless its owner changes it */
    size_t max_bytes;    /* of a line; 16 KiB unless its owner changes it after init */
    struct sx_turn turn; /* in the callback */
    /* atomic: of sx_trace_peer */
    _Atomic int64_t peers_us; /* when a second of lines began, 0: none yet */
    atomic_uint peer_lines;   /* in it */
    atomic_ulong left_out;    /* and not told yet */
};

enum { SX_TRACE_PEER_LINES = 10 };

/* callback NULL: trace->log. */
void sx_trace_init(struct sx_trace *trace, enum soap_xmpp_trace_level level,
                   soap_xmpp_trace_fn *callback, void *user, const char *name);

bool sx_trace_on(const struct sx_trace *trace, enum soap_xmpp_trace_level level);

/* Lines over 1,000 bytes (or max_bytes if less) are cut, with "..." at the cut; control characters
 * become spaces. */
void sx_trace(const struct sx_trace *trace, enum soap_xmpp_trace_level level, const char *format,
              ...) __attribute__((format(printf, 3, 4)));

/* An error that each request of a caller's can be: SX_TRACE_PEER_LINES a second for all of them.
 * Those that are left out are counted in the next one. */
void sx_trace_peer(const struct sx_trace *trace, int64_t now_us, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For lines that a peer can cause as often as it likes: one a second. All zero: none was written
 * yet. One thread at a time. */
struct sx_trace_rate {
    int64_t told_us;        /* when the last line was written */
    unsigned long left_out; /* since then */
};
enum { SX_TRACE_MORE_BYTES = 64 };

/* Whether a line would be written now. */
bool sx_trace_is_due(const struct sx_trace_rate *rate, int64_t now_us);

/* True: write the line, with `more` at its end: " (3 other refusals left out)", where what is
 * "refusals", or "". False: leave it out; it is counted. */
bool sx_trace_begin(struct sx_trace_rate *rate, int64_t now_us, const char *what,
                    char more[SX_TRACE_MORE_BYTES]);

/* A stanza, at level stanza; direction is "sent", "received" or what else says what it is. Cut at
 * max_bytes. The text of elements named Password, password, BinarySecret, auth, response,
 * challenge, success, handshake (any prefix) is replaced by "***", and so is what stands inside
 * them; likewise that of packed envelopes and of the data of bytestreams. */
void sx_trace_stanza(const struct sx_trace *trace, const char *direction, const char *bytes,
                     size_t len);

/* The redaction itself, for tests: out is a NUL-terminated copy of at most out_bytes - 1 bytes. */
void sx_trace_redact(const char *bytes, size_t len, char *out, size_t out_bytes);

#endif
