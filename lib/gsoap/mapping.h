/* mapping.h - the namespace mapping table of a struct soap, as soapcpp2 generates one for a
 * service.
 *
 * Noun: the mapping. It says in which namespaces the service's operations are, and what gSOAP has
 * found a prefix to mean. The rows of SOAP itself and of XML schemas aren't the service's own.
 *
 * Thread: that of the struct soap.
 */
#ifndef SX_GSOAP_MAPPING_H
#define SX_GSOAP_MAPPING_H

#include <stdbool.h>

#include "soap_xmpp.h"

/* The namespaces of the service's operations, as patterns that point into the table, "" for none:
 * three for each row at most, and one. How many there are. */
size_t sx_mapping_collect(const struct Namespace *row, const char **patterns);

/* Whether the table knows the Envelopes of this version (11, 12) for SOAP's. One without a row for
 * SOAP, or none, is taken to know both. */
bool sx_mapping_has_version(const struct Namespace *row, int version);

enum sx_mapping_place {
    SX_MAPPING_FOREIGN, /* in no row of the service's own */
    SX_MAPPING_SERVED,  /* in one of several */
    SX_MAPPING_ALONE    /* in the only one; also without a namespace, if there is none of its own */
};

/* The namespace of a tag that gSOAP has just read, by its own look-up; "" if it is in none, NULL if
 * gSOAP knows no such prefix. */
const char *sx_mapping_find(const struct soap *soap, const char *tag, enum sx_mapping_place *place);

#endif
