/* description.h - what a service says of itself: its WSDL and schemas, by WS-MetadataExchange. */
#ifndef SOAP_XMPP_TOOL_DESCRIPTION_H
#define SOAP_XMPP_TOOL_DESCRIPTION_H

#include "contract/metadata.h"

struct run;
struct soap_xmpp_link;

/* Asks the service which version of its description it has (disco#info), takes that from the cache,
 * or else asks for it, and keeps it. Returns 0 with *metadata, which holds a WSDL as one of its
 * sections and is ended with ct_metadata_fini(); else an exit code once the report has its
 * sentence: REPORT_NOT_EXECUTED if it doesn't describe itself, or not to us. Blocks up to the
 * deadline. */
int description_fetch(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                      struct ct_metadata *metadata);

/* The section that is the WSDL; NULL: none is. */
const struct ct_metadata_section *description_wsdl(const struct ct_metadata *metadata);

/* Reads the contract of a description. Nothing else is fetched for it: a stranger has written it.
 * Returns 0 or an exit code likewise. */
int description_read(struct run *run, const struct ct_metadata *metadata,
                     struct ct_contract **contract);

#endif
