/* metadata.h - the question for a service's contract, and its answer: WS-MetadataExchange's
 * GetMetadata, WS-Transfer's Get (both of 2004/09), as the library answers them for a service of
 * its own.
 *
 *   <mex:Metadata><mex:MetadataSection Dialect="http://schemas.xmlsoap.org/wsdl/" Identifier="NS"
 *      d:location="service.wsdl">DOCUMENT</mex:MetadataSection>...
 *
 * Noun: the metadata. Pure; any thread.
 *
 * Without a dialect all documents are meant; d:location, in the namespace urn:soap-xmpp:service:1,
 * is what others import one by. */
#ifndef GW_METADATA_H
#define GW_METADATA_H

#include "serve/documents.h"

struct gw_metadata_question {
    int version;                        /* 11, 12 */
    bool is_get;                        /* of WS-Transfer */
    char dialect[256], identifier[512]; /* "": any */
    char addressing[64];                /* the namespace of its WS-Addressing; "" : it has none */
    char message_id[512];
};

/* What is known of a request: its body's first child, its action, its envelope. */
struct gw_metadata_of {
    int version;                                 /* 11, 12 */
    const char *operation, *namespace_, *action; /* "": none */
    const char *envelope;
    size_t bytes;
};

/* Whether a request is such a question. Takes time by the envelope's size if its body is empty. */
bool gw_metadata_is_asked(const struct gw_metadata_of *of);
/* 0, or -1 with one sentence in why: no XML. */
int gw_metadata_read(struct gw_metadata_question *question, const struct gw_metadata_of *of,
                     char *why, size_t why_bytes);
/* The envelope; malloc'ed; NULL without memory. */
char *gw_metadata_write(const struct gw_metadata_question *question,
                        const struct gw_documents *documents, size_t *bytes);

#endif
