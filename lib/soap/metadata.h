/* metadata.h - a request for a service's metadata, read; and its answer, written.
 *
 * Noun: the metadata (WS-MetadataExchange 1.1, WS-Transfer: the submissions of 2004/09, which .NET,
 * WCF's svcutil, CXF and Metro speak). Two requests ask for it: a body with GetMetadata, which may
 * name a dialect and an identifier; and WS-Transfer's Get, an empty body with that action. The
 * answer is one mex:Metadata, with a section for each document:
 *
 *     <mex:MetadataSection Dialect="http://schemas.xmlsoap.org/wsdl/" Identifier="urn:calc"
 *      d:location="calc.wsdl">DOCUMENT</mex:MetadataSection>
 *
 * Asked for all or for WSDL it has the WSDLs, each with its schemas inside (wsdl_text.h); asked for
 * XML Schema, the schemas that are files of their own, as they are. d:location, in the namespace
 * urn:soap-xmpp:service:1, is the path that the other documents' locations are relative to.
 *
 * Pure functions, any thread.
 */
#ifndef SX_SOAP_METADATA_H
#define SX_SOAP_METADATA_H

#include "soap/wsdl_text.h"

#define SX_NS_MEX "http://schemas.xmlsoap.org/ws/2004/09/mex"

/* Whether a scan has seen one of these requests. action: of the stanza or its soapAction block, or
 * ""; addressing_action: of WS-Addressing's header. */
bool sx_metadata_is_asked(const char *uri, const char *operation, const char *action,
                          const char *addressing_action);

enum {
    SX_METADATA_BYTES = 65536, /* of a request; larger ones aren't read */
    SX_METADATA_TEXT_BYTES = 1024
};

struct sx_metadata_question {
    int version; /* 11, 12 */
    bool is_get; /* WS-Transfer's */
    bool has_body_child;
    char dialect[SX_METADATA_TEXT_BYTES]; /* "": any */
    char identifier[SX_METADATA_TEXT_BYTES];
    char message_id[SX_METADATA_TEXT_BYTES]; /* wsa:MessageID; "": it has none, or a longer one */
    const char *addressing_uri; /* the version of WS-Addressing that it speaks; NULL: none */
    char not_understood[SX_METADATA_TEXT_BYTES]; /* a header block that has to be; "": none */
};

/* Reads an envelope. SX_OK; SX_EMALFORMED, SX_ENOMEM. On an error the question is zero. */
enum sx_err sx_metadata_read(struct sx_metadata_question *question, const char *envelope,
                             size_t len);

/* Appends the answer's envelope; a fault, if the question can't be answered. address: where the
 * service is. set NULL: there is no WSDL, and no section. Errors show in out->failed. */
void sx_metadata_write(struct sx_buffer *out, const struct sx_metadata_question *question,
                       const struct sx_wsdl_set *set, const struct sx_wsdl_text *texts,
                       const char *address);

#endif
