/* request_id.h - what the end of a request's id says: who may run it, and which copy of it this is.
 *
 * An id is STEM~TAIL, or has no tail, as that of a foreign caller. The tail is one of
 *   INCARNATION  for the process that drew it alone: 16 hexadecimal digits, a dot, its epoch in
 *                hexadecimal (journal.h says what the two mean);
 *   any          the first copy of a request to a JID that several processes share;
 *   again        a later copy of such a request: for whichever process knows the first;
 *   message      a request in a message, accepted whenever it comes.
 * The form is part of the protocol: both ends read and write it.
 *
 * Pure functions, any thread.
 */
#ifndef SX_WIRE_REQUEST_ID_H
#define SX_WIRE_REQUEST_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SX_REQUEST_ID_MARK    "~" /* before the tail */
#define SX_REQUEST_ID_ANY     "any"
#define SX_REQUEST_ID_AGAIN   "again"
#define SX_REQUEST_ID_MESSAGE "message"

enum { SX_INCARNATION_BYTES = 40 }; /* the longest there is has 34, with NUL */

/* Writes the incarnation of a process in one of its epochs. */
void sx_request_id_format_incarnation(uint64_t process, uint64_t epoch,
                                      char out[SX_INCARNATION_BYTES]);

/* Whether text has an incarnation's form, "any" included: what a peer sends becomes part of our
 * ids. */
bool sx_request_id_is_incarnation(const char *text);

/* Whether text is the incarnation of a JID that several processes share. NULL allowed. */
bool sx_request_id_is_any(const char *incarnation);

/* What stands behind the last mark, "" without one; inside id. */
const char *sx_request_id_tail(const char *id);

/* The process and epoch in an id; false, nothing written: it has no incarnation, or "any". */
bool sx_request_id_parse(const char *id, uint64_t *process, uint64_t *epoch);

/* Whether the id carries an incarnation of the same process as this one. */
bool sx_request_id_is_same_process(const char *id, const char *incarnation);

/* Whether an id carries an incarnation, whosever, or "again": the caller knows what <refused/>
 * means. */
bool sx_request_id_is_tagged(const char *id);

/* Whether an id is that of a later copy, for whichever process knows the first. */
bool sx_request_id_is_again(const char *id);

/* Whether it is the id of a message of this library's. */
bool sx_request_id_is_message(const char *id);

/* The length of an id without the tail that differs between copies: what they share. */
size_t sx_request_id_stem_len(const char *id);

#endif
