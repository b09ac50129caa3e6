/* reader.h - the bytes of an envelope that arrived, on their way into gSOAP's parser.
 *
 * Noun: the reader. Plain bytes are copied as they are; packed ones are unpacked piece by piece,
 * so that the whole never stands in memory, and each piece passes the gauge before gSOAP sees it:
 * what the stanza builder's scan bounds in a plain envelope is bounded here.
 *
 * Zero is a reader that has not begun. One thread at a time.
 */
#ifndef SX_SOAP_READER_H
#define SX_SOAP_READER_H

#include "soap/envelope.h"
#include "xml/gauge.h"
#include "soap/pack.h"

struct sx_reader_limits {
    size_t max_bytes; /* unpacked */
    struct sx_gauge_limits gauge;
};

struct sx_reader {
    struct sx_unpacker *unpacker; /* of a packed envelope, once it has begun */
    struct sx_gauge gauge;
    size_t done_bytes; /* read so far */
};

/* The next bytes of the envelope, at most room of them (room > 0); *got is 0 at its end. An error
 * comes with one clause in why, *got is 0 then: SX_EMALFORMED, SX_ETOOBIG, SX_EDEPTH, SX_ENOMEM. */
enum sx_err sx_reader_next(struct sx_reader *reader, const struct sx_envelope *envelope,
                           const struct sx_reader_limits *limits, char *out, size_t room,
                           size_t *got, char *why, size_t why_bytes);
void sx_reader_fini(struct sx_reader *reader); /* zeroes; may begin anew */

#endif
