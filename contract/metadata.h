/* metadata.h - what a service says of itself (WS-MetadataExchange): the documents in its answer. */
#ifndef CT_METADATA_H
#define CT_METADATA_H

#include <stddef.h>

#include "contract/contract.h"

/* One section: a WSDL or a schema. */
struct ct_metadata_section {
    char *dialect;    /* "http://schemas.xmlsoap.org/wsdl/", "http://www.w3.org/2001/XMLSchema" */
    char *identifier; /* its namespace; "" */
    char *bytes;      /* the document, with all prefixes declared; NULL: it is elsewhere */
    size_t len;
    /* where it is: MetadataReference or Location; of a document, what others import it by, which a
     * section says in the attribute `location` of urn:soap-xmpp:service:1; "" */
    char *location;
};

struct ct_metadata {
    struct ct_metadata_section *sections;
    size_t count; /* at most CT_CONTRACT_DOCUMENTS */
};

/* Reads the answer to GetMetadata or Get: an envelope whose Body holds a Metadata, or a WSDL.
 * CT_EANSWER: it holds neither; CT_ENOMEM, CT_ELIMIT. On success the caller calls fini, otherwise
 * *metadata is untouched. */
enum ct_err ct_metadata_read(const char *bytes, size_t len, struct ct_metadata *metadata,
                             struct ct_error *error);
void ct_metadata_fini(struct ct_metadata *metadata);

#endif
