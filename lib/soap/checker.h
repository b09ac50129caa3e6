/* checker.h - whether a stanza can carry an envelope, and what the envelope is.
 *
 * Noun: the checker. It owns an expat parser and a scan (scan.h), and is used again and again. One
 * thread at a time.
 */
#ifndef SX_SOAP_CHECKER_H
#define SX_SOAP_CHECKER_H

#include <stdbool.h>

#include "base/fault.h"
#include "soap/scan.h"

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
 * findings, or *scan NULL while it needs more; errors as sx_checker_check, SX_EVERSION for an
 * Envelope of no version of SOAP, SX_ETOOBIG when
 * SX_GLANCE_BYTES haven't told, and SX_EFULL when about max_steps haven't. Steps measure time, one
 * to three nanoseconds each: a byte of plain markup is one, a byte that expat reads is
 * SX_GLANCE_EXPAT_STEPS, and names cost what scan.h says. */
enum { SX_GLANCE_BYTES = 262144, SX_GLANCE_EXPAT_STEPS = 3 };
void sx_checker_begin(struct sx_checker *checker, unsigned long max_steps);
/* Steps since begin. */
unsigned long sx_checker_steps(const struct sx_checker *checker);
enum sx_err sx_checker_glance(struct sx_checker *checker, const char *piece, size_t len, bool last,
                              const struct sx_scan **scan, size_t *bad_byte, char *why,
                              size_t why_bytes);

#endif
