/* vocabulary.h - the namespaces that a receiver knows, and what a name without one means in them.
 *
 * Noun: the vocabulary, a receiver's namespace table and what everybody knows beside it. repair.h
 * has the rules.
 */
#ifndef SX_SOAP_VOCABULARY_H
#define SX_SOAP_VOCABULARY_H

#include "soap/qname.h"

/* Row number (from 0 on) of the receiver's table; false behind the last one. *uri may be NULL. */
typedef bool sx_vocabulary_row_fn(void *user, size_t number, const char **prefix, const char **uri);

struct sx_vocabulary {
    sx_vocabulary_row_fn *row; /* NULL: no table */
    void *user;
    int version;          /* the envelope's: 11 or 12 */
    const char *body_uri; /* of the Body's child */
};

/* The namespace of a type or of a fault code whose prefix is bound nowhere, NULL if it stays
 * unknown (never of a code). It is the table's, or static. */
const char *sx_vocabulary_type(const struct sx_vocabulary *vocabulary,
                               const struct sx_qname *qname);
const char *sx_vocabulary_code(const struct sx_vocabulary *vocabulary,
                               const struct sx_qname *qname);

/* What the table, else common use, binds the prefix to; NULL: neither knows it. */
const char *sx_vocabulary_prefix(const struct sx_vocabulary *vocabulary, const char *prefix,
                                 size_t prefix_len);

#endif
