/* envelope.h - an envelope of the library's, read whole.
 *
 * Noun: the envelope. Any thread; doesn't block. */
#ifndef GW_LINK_ENVELOPE_H
#define GW_LINK_ENVELOPE_H

#include <stddef.h>

enum gw_envelope_result {
    GW_ENVELOPE_OK,
    GW_ENVELOPE_BAD,      /* damaged, or over a limit of the link's */
    GW_ENVELOPE_OVER,     /* more than most_bytes */
    GW_ENVELOPE_NO_MEMORY /* for its bytes */
};

/* As soap_xmpp_call_read() and soap_xmpp_request_read(). */
typedef long gw_envelope_next_fn(void *from, char *out, size_t out_bytes, char *why,
                                 size_t why_bytes);

/* Reads until the end. GW_ENVELOPE_OK: *envelope is malloc'ed, NUL-terminated and the caller's;
 * NULL if there was not one byte. Else one sentence stands in why, and the outputs are untouched.
 */
enum gw_envelope_result gw_envelope_read(gw_envelope_next_fn *next, void *from, size_t most_bytes,
                                         char **envelope, size_t *envelope_bytes, char *why,
                                         size_t why_bytes);

#endif
