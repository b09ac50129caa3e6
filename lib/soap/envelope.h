/* envelope.h - a SOAP envelope as bytes on their way into and out of a stanza.
 *
 * Noun: the envelope, owned bytes with what a scan (scan.h) told about them. No tree is built and
 * nothing is serialised again: gSOAP parses these very bytes.
 *
 * Out: sx_checker_check refuses what would kill the stream, sx_envelope_format writes the
 *      envelope as stanza payload (xmlns="" on the root, the soapAction header block).
 * In:  stream.c drives a scan while it copies the bytes; sx_envelope_repair then binds prefixes
 * that a server dropped because only QName values use them (xsi:type, faultcode, Value, ...).
 */
#ifndef SX_SOAP_ENVELOPE_H
#define SX_SOAP_ENVELOPE_H

#include "base/buffer.h"
#include "base/fault.h"
#include "soap/pack.h"
#include "soap/scan.h"

/* ---- out ---- */

/* Checks envelopes before they are sent; owns an expat parser. One thread at a time. */
struct sx_checker;
struct sx_checker *sx_checker_new(unsigned max_depth); /* NULL: no memory */
void sx_checker_free(struct sx_checker *checker);      /* NULL allowed */

/* Scans a whole envelope (optional white space around it) and refuses what a stanza can't carry:
 * not well-formed, no envelope, invalid UTF-8, characters XML 1.0 forbids (also as references),
 * comments, processing instructions, a DOCTYPE (RFC 6120 11.1), an XML declaration, too deep, a
 * prefix bound nowhere. Returns SX_OK with *scan pointing to the findings (valid until the next
 * call), or SX_EUNCARRIABLE / SX_EDEPTH / SX_ENOMEM with *bad_byte the offset of the offending byte
 * and why one clause. Outputs other than those named stay untouched. */
enum sx_err sx_checker_check(struct sx_checker *checker, const char *bytes, size_t len,
                             const struct sx_scan **scan, size_t *bad_byte, char *why,
                             size_t why_bytes);

/* Looks no further than it must to tell version, operation, is_fault and, of a fault, its code: for
 * envelopes that travel packed, whose other bytes no server sees. Pieces are given in order, last
 * with the end; before the first sx_checker_begin. Returns SX_OK with *scan pointing to the
 * findings, or *scan NULL while it needs more; errors as sx_checker_check, and SX_ETOOBIG when
 * SX_GLANCE_BYTES haven't told. */
enum { SX_GLANCE_BYTES = 262144 };
void sx_checker_begin(struct sx_checker *checker);
enum sx_err sx_checker_glance(struct sx_checker *checker, const char *piece, size_t len, bool last,
                              const struct sx_scan **scan, size_t *bad_byte, char *why,
                              size_t why_bytes);

/* Appends the envelope as it goes on the wire: white space around it dropped, xmlns="" on the root
 * if it declares no default namespace (else unqualified children land in jabber:client),
 * and, when action is neither NULL nor "", the soapAction header block. scan is what the checker
 * found in these very bytes. Errors show in out->failed. */
void sx_envelope_format(struct sx_buffer *out, const char *bytes, size_t len,
                        const struct sx_scan *scan, const char *action);

/* ---- in ---- */

/* An envelope that arrived. */
struct sx_envelope {
    char *bytes; /* malloc'ed, NUL-terminated unless packed; NULL when the stanza held none */
    size_t len;
    enum sx_form form; /* of the bytes */
    int version;
    bool has_body, is_fault;
    enum sx_err err; /* not SX_OK: bytes must not be given to SOAP */
    char why[160];   /* one clause that explains err */
    char operation[SX_SCAN_NAME_BYTES];
    char action[SX_SCAN_ACTION_BYTES];
    char unbound[SX_SCAN_UNBOUND_BYTES];
};

void sx_envelope_fini(struct sx_envelope *envelope); /* frees bytes, empties */

/* Takes the findings of a scan over the bytes; bytes become the envelope's. An envelope without a
 * body gets SX_EMALFORMED. */
void sx_envelope_set(struct sx_envelope *envelope, char *bytes, size_t len,
                     const struct sx_scan *scan);

/* The same for packed bytes, which stay packed: what a glance at their beginning tells. */
void sx_envelope_glance(struct sx_envelope *envelope, struct sx_checker *checker, size_t max_bytes);

/* Prefix -> namespace URI, or NULL: the receiver's own table. */
typedef const char *sx_prefix_fn(void *user, const char *prefix);

/* Declares on the root each unbound prefix that the receiver's table (may be NULL) or, after it,
 * the list of usual names (SOAP-ENV, soap, soapenv, env, s, SOAP-ENC, xsi, xsd, xs, wsu, wsa...)
 * knows. Bindings that are there are never changed. soap/env and the like mean the envelope's own
 * version. Returns SX_OK (also when nothing was to do) or SX_ENOMEM, the envelope as it was. */
enum sx_err sx_envelope_repair(struct sx_envelope *envelope, sx_prefix_fn *lookup, void *user);

#endif
