/* envelope.h - a SOAP envelope as bytes on their way into and out of a stanza.
 *
 * Noun: the envelope, owned bytes with what a scan (scan.h) told about them. No tree is built and
 * nothing is serialised again: gSOAP parses these very bytes.
 *
 * Out: sx_checker_check refuses what would end the stream, sx_envelope_format writes the
 *      envelope as stanza payload (xmlns="" on the root, the soapAction header block).
 * In:  the parser drives a scan while it copies the bytes; repair.h then binds prefixes that a
 * server dropped because only QName values use them (xsi:type, faultcode, Value, ...).
 *
 * Folder soap/: envelopes as bytes. What one pass over the elements tells (scan.h), whether a
 * stanza can carry them (checker.h), what is added (here) and repaired (repair.h, with qname.h),
 * the packed form (pack.h), and what becomes of an envelope inside its stanza (payload.h) and on
 * its way to gSOAP (reader.h). Nothing in here knows stanzas, connections or gSOAP's structs. May
 * include base, xml and wire/namespaces.h; of the outside expat and zstd.
 */
#ifndef SX_SOAP_ENVELOPE_H
#define SX_SOAP_ENVELOPE_H

#include "base/memory.h"
#include "base/buffer.h"
#include "base/fault.h"
#include "soap/checker.h"
#include "soap/pack.h"
#include "soap/preamble.h"
#include "soap/scan.h"
#include "soap/traceparent.h"

/* ---- out ---- */

/* Appends the envelope as it goes on the wire: white space around it dropped, xmlns="" on the root
 * if it declares no default namespace (else unqualified children land in jabber:client),
 * and, when action is neither NULL nor "", the soapAction header block; the same of a traceparent,
 * which is valid then. scan is what the checker found in these very bytes. Errors show in
 * out->failed. */
void sx_envelope_format(struct sx_buffer *out, const char *bytes, size_t len,
                        const struct sx_scan *scan, const char *action, const char *traceparent);

/* ---- in ---- */

/* An envelope that arrived. */
struct sx_envelope {
    char *bytes; /* malloc'ed, NUL-terminated unless packed; NULL when the stanza held none */
    size_t len;
    struct sx_charge charge; /* for the bytes and what is made of them; given back by fini */
    enum sx_form form;       /* of the bytes */
    int version;
    bool has_body, is_fault;
    enum sx_err err;       /* not SX_OK: bytes must not be given to SOAP */
    char why[160];         /* one clause that explains err */
    const char *ambiguity; /* one clause: why another parser could find another operation in it;
                            * NULL: none could */
    char operation[SX_SCAN_NAME_BYTES];
    char operation_uri[SX_SCAN_URI_BYTES];
    char action[SX_SCAN_ACTION_BYTES];
    char addressing_action[SX_SCAN_NAME_BYTES];
    char traceparent[SX_TRACEPARENT_BYTES]; /* beside a packed one, or in its Header; "" unless it
                                             * is valid */
    char unbound[SX_SCAN_UNBOUND_BYTES];
    bool has_doubtful; /* of values' prefixes; both are for repair.h */
};

void sx_envelope_fini(struct sx_envelope *envelope); /* frees bytes, empties */

/* Takes the findings of a scan over the bytes; bytes become the envelope's. An envelope without a
 * body gets SX_EMALFORMED. */
void sx_envelope_set(struct sx_envelope *envelope, char *bytes, size_t len,
                     const struct sx_scan *scan);

/* The same for packed bytes, which stay packed: what a glance at their beginning tells. If
 * max_steps (checker.h) aren't enough, err is SX_EFULL, why says so, and nothing else is known.
 * Returns the steps that it has taken, which may be a few more. */
unsigned long sx_envelope_glance(struct sx_envelope *envelope, struct sx_checker *checker,
                                 size_t max_bytes, unsigned long max_steps);

#endif
