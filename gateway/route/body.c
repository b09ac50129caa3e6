/* body.c - what a client has posted, as an envelope that can be called with.
 *
 * Happy path: its type is read, its parts are taken off, it is cleaned, it is looked at, its action
 * is taken from where its version has it. Failure modes: another type (415), no XML or no envelope
 * (400), no memory. */
#include "route/body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/media_type.h"
#include "soap/mtom.h"
#include "soap/multipart.h"
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

/* What a function says that reads a document or its parts (gw_scan_read()). */
static int status_of_errno(void)
{
    return errno == ENOMEM ? 503 : errno == EFBIG ? 413 : 400;
}

/* A document fit for a stanza in the place of one that came. */
static int clean(struct gw_body *body, const char *document, size_t bytes, const char *charset,
                 char *why, size_t why_bytes)
{
    if (bytes == 0)
        return snprintf(why, why_bytes, "the request has no envelope"), 400;
    errno = 0;
    body->envelope =
        soap_xmpp_clean(document, bytes, *charset ? charset : NULL, &body->bytes, why, why_bytes);
    if (body->envelope)
        return 0;
    return errno == ENOMEM ? 503 : 400;
}

/* The parts of a package go where they belong, those of another multipart go along. */
static int take_parts(struct gw_body *body, struct gw_multipart *multipart, size_t most_bytes,
                      char *why, size_t why_bytes)
{
    if (!multipart->is_xop) {
        body->has_attachments = multipart->part_count > 0;
        body->cargo.parts = multipart->parts;
        body->cargo.part_count = multipart->part_count;
        multipart->parts = NULL;
        multipart->part_count = 0;
        return 0;
    }
    free(multipart->envelope);
    multipart->envelope = body->envelope;
    multipart->envelope_bytes = body->bytes;
    body->is_package = true;
    body->envelope = gw_mtom_put(multipart, most_bytes, &body->bytes, why, why_bytes);
    return body->envelope ? 0 : status_of_errno();
}

static int read_multipart(struct gw_body *body, const struct gw_media_type *type,
                          const char *document, size_t bytes, size_t most_bytes, char *why,
                          size_t why_bytes)
{
    struct gw_multipart multipart;
    if (gw_multipart_read(&multipart, type, document, bytes, why, why_bytes))
        return status_of_errno();
    int status = clean(body, multipart.envelope, multipart.envelope_bytes, multipart.root.charset,
                       why, why_bytes);
    if (!status)
        status = take_parts(body, &multipart, most_bytes, why, why_bytes);
    gw_multipart_free(&multipart);
    return status;
}

static int read_envelope(struct gw_body *body, const struct gw_request *request,
                         const struct gw_media_type *type, size_t most_bytes, char *why,
                         size_t why_bytes)
{
    size_t bytes;
    const char *document = gw_request_body(request, &bytes);
    switch (type->media) {
    case GW_MEDIA_SOAP_11:
    case GW_MEDIA_SOAP_12:
    case GW_MEDIA_NONE:
        return clean(body, document, bytes, type->charset, why, why_bytes);
    case GW_MEDIA_MULTIPART:
        return read_multipart(body, type, document, bytes, most_bytes, why, why_bytes);
    default:
        return snprintf(why, why_bytes,
                        "what is posted has to be text/xml, application/soap+xml "
                        "or multipart/related"),
               415;
    }
}

static int refuse_size(size_t bytes, size_t most_bytes, char *why, size_t why_bytes)
{
    snprintf(why, why_bytes, "the envelope has %zu bytes, and %zu are the limit", bytes,
             most_bytes);
    return 413;
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
    int status = read_envelope(body, request, &type, most_bytes, why, why_bytes);
    if (status)
        return status;
    if (body->bytes > most_bytes)
        return refuse_size(body->bytes, most_bytes, why, why_bytes);
    if (gw_glance_read(&body->glance, body->envelope, body->bytes, why, why_bytes))
        return status_of_errno();
    if (body->glance.has_cargo) /* of the client's own: it would choose a path */
        return snprintf(why, why_bytes, "the envelope holds a cargo, which gateways write alone"),
               400;
    return read_action(body, request, &type, why, why_bytes);
}

int gw_body_load(struct gw_body *body, const char *path, size_t most_bytes, char *why,
                 size_t why_bytes)
{
    static const char must[] = "mustUnderstand";
    size_t bytes;
    if (!*path && !body->has_attachments)
        return 0;
    body->had_must_understand = memmem(body->envelope, body->bytes, must, sizeof must - 1) != NULL;
    free(body->cargo.path);
    body->cargo.path = strdup(path);
    if (!body->cargo.path)
        return snprintf(why, why_bytes, "no memory"), 503;
    char *loaded = gw_cargo_put(&body->cargo, body->glance.version, body->envelope, body->bytes,
                                most_bytes, &bytes, why, why_bytes);
    if (!loaded)
        return status_of_errno();
    free(body->envelope);
    body->envelope = loaded;
    body->bytes = bytes;
    gw_cargo_free(&body->cargo);
    return 0;
}

void gw_body_free(struct gw_body *body)
{
    free(body->envelope);
    gw_cargo_free(&body->cargo);
    *body = (struct gw_body){0};
}
