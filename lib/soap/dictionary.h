/* dictionary.h - what envelopes repeat: the zstd dictionary of urn:soap-xmpp:packed:1.
 *
 * Noun: the dictionary. Invariant: its bytes never change. They are part of the packed form as a
 * peer knows it; another dictionary is another namespace. tools/dictionary made it.
 */
#ifndef SX_SOAP_DICTIONARY_H
#define SX_SOAP_DICTIONARY_H

enum { SX_DICTIONARY_ID = 1 };

/* A zstd dictionary (RFC 8878 section 5): identifier, entropy tables, content. */
extern const char sx_dictionary[];
extern const unsigned sx_dictionary_len;

#endif
