/* attachments.c - which attachments a message has, and how it gets rid of them.
 *
 * Invariant: what was data inside the message isn't an attachment that the program added, although
 * gSOAP keeps both in one list: its first pass (count) enters the data's pointer in its table and
 * marks it.
 *
 * Happy path: are_needed says no, drop, and gSOAP writes everything inline.
 * Failure modes: none; whoever asks refuses the message.
 */
#include "gsoap/attachments.h"

enum { MARKED_AS_ATTACHMENT = 3 }; /* struct soap_plist's mark1, by soap_attachment() */

/* Whether gSOAP's first pass has made it of data inside the message. */
static bool is_data(const struct soap *soap, const struct soap_multipart *part)
{
    size_t i;
    for (i = 0; i < sizeof soap->pht / sizeof soap->pht[0]; i++) {
        const struct soap_plist *entry = soap->pht[i];
        for (; entry; entry = entry->next)
            if (entry->mark1 == MARKED_AS_ATTACHMENT && entry->array == (const void *)part->ptr &&
                (size_t)entry->size == part->size)
                return true;
    }
    return false;
}

static bool has_mime(const struct soap *soap)
{
    const struct soap_multipart *part = soap->mime.first;
    if (!(soap->omode & SOAP_ENC_MIME))
        return false; /* gSOAP wouldn't send them either */
    while (part && is_data(soap, part))
        part = part->next;
    return part != NULL;
}

/* gSOAP's second pass turns DIME into MIME where MTOM is on; then the first one has marked data. */
static bool is_referring(const struct soap *soap)
{
    bool has_data =
        (soap->mode & SOAP_ENC_DIME) || ((soap->mode & SOAP_ENC_MTOM) && soap->mime.first);
    return has_data && !(soap->omode & SOAP_XML_TREE) &&
           (soap->encodingStyle || (soap->omode & SOAP_XML_GRAPH));
}

bool sx_attachments_are_needed(const struct soap *soap)
{
    /* dime.list: the last one that was there before the first pass. */
    return soap->dime.list || has_mime(soap) || is_referring(soap);
}

void sx_attachments_drop(struct soap *soap)
{
    soap->mode &= ~(soap_mode)SX_ATTACHMENT_MODES;
    soap->mime.first = soap->mime.last = soap->mime.list = NULL;
    soap->dime.first = soap->dime.last = soap->dime.list = NULL;
}
