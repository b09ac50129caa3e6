/* body.c - what a client has posted, as an envelope that can be called with.
 *
 * Happy path: its type is read, it is cleaned, it is looked at, its action is taken from where its
 * version has it. Failure modes: another type (415), no XML or no envelope (400), no memory. */
#include "route/body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/media_type.h"
#include "soap_xmpp.h"

/* 1.2's is in the type, 1.1's in SOAPAction; some send one where the other belongs (SOAP 1.2 part
 * 2, 7.5.1.2 and A). Without either wsa:Action says the same. */
static int read_action(struct gw_body *body, const struct gw_request *request,
                       const struct gw_media_type *type, char *why, size_t why_bytes)
{
    char header[GW_BODY_ACTION_BYTES];
    if (gw_request_has_twice(request, "SOAPAction"))
        return snprintf(why, why_bytes, "there are two SOAPAction fields"), 400;
    if (gw_media_type_read_action(gw_request_header(request, "SOAPAction"), header, sizeof header))
        return snprintf(why, why_bytes, "SOAPAction is longer than %zu bytes or no text",
                        sizeof header - 1),
               400;
    const char *first = body->glance.version == 12 ? type->action : header;
    const char *other = body->glance.version == 12 ? header : type->action;
    snprintf(body->action, sizeof body->action, "%s",
             *first   ? first
             : *other ? other
                      : body->glance.action);
    return 0;
}

static int clean(struct gw_body *body, const struct gw_request *request,
                 const struct gw_media_type *type, char *why, size_t why_bytes)
{
    size_t bytes;
    const char *document = gw_request_body(request, &bytes);
    if (bytes == 0)
        return snprintf(why, why_bytes, "the request has no body"), 400;
    errno = 0;
    body->envelope = soap_xmpp_clean(document, bytes, *type->charset ? type->charset : NULL,
                                     &body->bytes, why, why_bytes);
    if (body->envelope)
        return 0;
    return errno == ENOMEM ? 503 : 400;
}

int gw_body_read(struct gw_body *body, const struct gw_request *request, size_t most_bytes,
                 char *why, size_t why_bytes)
{
    struct gw_media_type type;
    *body = (struct gw_body){0};
    if (gw_request_has_twice(request, "Content-Type"))
        return snprintf(why, why_bytes, "there are two Content-Type fields"), 400;
    if (gw_media_type_read(&type, gw_request_header(request, "Content-Type"), why, why_bytes))
        return 415;
    if (type.media != GW_MEDIA_SOAP_11 && type.media != GW_MEDIA_SOAP_12 &&
        type.media != GW_MEDIA_NONE)
        return snprintf(why, why_bytes,
                        "what is posted has to be text/xml or "
                        "application/soap+xml"),
               415;
    int status = clean(body, request, &type, why, why_bytes);
    if (status)
        return status;
    if (body->bytes > most_bytes)
        return snprintf(why, why_bytes, "the envelope has %zu bytes, and %zu are the limit",
                        body->bytes, most_bytes),
               413;
    if (gw_glance_read(&body->glance, body->envelope, body->bytes, why, why_bytes))
        return 400;
    return read_action(body, request, &type, why, why_bytes);
}

void gw_body_free(struct gw_body *body)
{
    free(body->envelope);
    *body = (struct gw_body){0};
}
