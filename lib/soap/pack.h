/* pack.h - packed envelopes: an envelope's bytes compressed against a dictionary both ends know.
 *
 * Noun: the packed form, urn:soap-xmpp:packed:1: one zstd frame (RFC 8878) made with the built-in
 * dictionary (dictionary.c), or the bytes as they are where compressing doesn't pay (stored).
 *
 * Invariant: what was packed is unpacked byte for byte, or not at all. Unpacking never writes more
 * than max_bytes, nor more than SX_PACK_RATIO times what came plus SX_PACK_FREE_BYTES.
 *
 * Threads: any. Compressors and decompressors are kept in a pool and lent to one message at a time,
 * so that an idle link costs no memory and a message no set-up.
 */
#ifndef SX_SOAP_PACK_H
#define SX_SOAP_PACK_H

#include "base/buffer.h"
#include "base/fault.h"

enum sx_form { SX_FORM_PLAIN, SX_FORM_ZSTD, SX_FORM_STORED };

/* Part of urn:soap-xmpp:packed:1: a sender keeps to it, a receiver refuses what is beyond. */
enum { SX_PACK_RATIO = 1000, SX_PACK_FREE_BYTES = 65536 };

/* Appends the packed bytes of one envelope to out, and says in which form: SX_FORM_STORED where
 * compressing doesn't pay or would go over the ratio. SX_ENOMEM: out as it was. */
enum sx_err sx_pack(const char *bytes, size_t len, struct sx_buffer *out, enum sx_form *form);

/* One packed envelope being read. */
struct sx_unpacker;

/* packed is borrowed until free. max_bytes bounds what may come out. NULL: no memory. */
struct sx_unpacker *sx_unpacker_new(enum sx_form form, const char *packed, size_t len,
                                    size_t max_bytes);

/* The next bytes, at most room (which is not 0) of them; *got is 0 at the end only. SX_EMALFORMED:
 * these bytes are no packed envelope, cut off, damaged so far that it shows, made with another
 * dictionary, a window over 1 MiB or without a size, or something follows it; SX_ETOOBIG: over
 * max_bytes or the ratio; SX_ENOMEM. Each is final, and leaves out and *got alone but for bytes
 * that don't count. */
enum sx_err sx_unpacker_read(struct sx_unpacker *unpacker, char *out, size_t room, size_t *got);
void sx_unpacker_free(struct sx_unpacker *unpacker); /* NULL allowed */

/* All of it at once, appended to out (as it was after an error; errors as above). */
enum sx_err sx_unpack(enum sx_form form, const char *packed, size_t len, size_t max_bytes,
                      struct sx_buffer *out);

/* Frees what waits for the next message: the pool and the prepared dictionary. Not while a message
 * is packed or unpacked. For tests of short memory. */
void sx_pack_trim(void);

#endif
