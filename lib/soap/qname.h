/* qname.h - a value that names something by a prefix (xsi:type="xsd:int"), as text.
 *
 * Noun: the QName. Only its form is looked at here; what its prefix is bound to is scan.c's, what
 * an unbound one means repair.c's.
 */
#ifndef SX_SOAP_QNAME_H
#define SX_SOAP_QNAME_H

#include <stdbool.h>
#include <stddef.h>

struct sx_qname {
    const char *prefix, *local; /* both point into the text */
    size_t prefix_len, local_len;
};

/* Whether the text, without white space at its ends, has the form prefix:local, or prefix:local[n]
 * as in SOAP-ENC:arrayType. What looks like one in everyday values ("http:x", "urn:x") is none. */
bool sx_qname_read(const char *text, size_t len, struct sx_qname *qname);

/* Whether the prefix is one of those that Prosody makes up: "ns1", "ns27". */
bool sx_qname_is_numbered(const struct sx_qname *qname);

/* Whether the local name is that of a type of XML Schema's own, of one that only SOAP's encoding
 * has, of one of SOAP's fault codes (with its subcodes in SOAP 1.1: "Client.Login"). */
bool sx_qname_is_schema_type(const struct sx_qname *qname);
bool sx_qname_is_encoding_type(const struct sx_qname *qname);
bool sx_qname_is_fault_code(const struct sx_qname *qname);

#endif
