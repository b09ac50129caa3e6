/* document.c - what other programs write, made fit for a stanza (soap/document.h).
 *
 * Failure: NULL, and one sentence in why.
 */
#include <stdio.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap/document.h"
#include "soap_xmpp.h"

char *soap_xmpp_clean(const char *document, size_t document_bytes, const char *charset,
                      size_t *out_bytes, char *why, size_t why_bytes)
{
    struct sx_buffer out = {0};
    char clause[200] = "", *clean = NULL;
    if (!document)
        snprintf(clause, sizeof clause, "there is none");
    else if (sx_document_clean(document, document_bytes, charset, &out, clause, sizeof clause) ==
             SX_OK)
        clean = sx_buffer_take(&out, out_bytes);
    sx_buffer_fini(&out);
    if (why && why_bytes)
        snprintf(why, why_bytes, "%s%s",
                 clean ? "" : "the document can't be sent: ", clean ? "" : clause);
    return clean;
}
