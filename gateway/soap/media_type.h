/* media_type.h - Content-Type and SOAPAction in all the forms that clients send.
 *
 * Sources: RFC 9110 8.3, SOAP 1.1 6.1, RFC 3902 (application/soap+xml), RFC 2387. */
#ifndef GW_MEDIA_TYPE_H
#define GW_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum gw_media {
    GW_MEDIA_OTHER,
    GW_MEDIA_NONE,
    GW_MEDIA_SOAP_11,
    GW_MEDIA_SOAP_12,
    GW_MEDIA_MULTIPART
};

struct gw_media_type {
    enum gw_media
        media; /* text/xml and application/xml: SOAP_11; the envelope decides the version */
    char charset[64];
    char action[512];   /* of application/soap+xml, or start-info's; "" */
    char boundary[128]; /* of multipart/related */
    char start[256], type[128];
};
/* text NULL: NONE. -1 with one sentence: it can't be read. */
int gw_media_type_read(struct gw_media_type *type, const char *text, char *why, size_t why_bytes);

/* SOAPAction: quoted, unquoted, "", absent (NULL), single quotes; into action, which has room for
 * action_bytes. -1: too long, or a control character in it. */
int gw_media_type_read_action(const char *header, char *action, size_t action_bytes);

/* What an envelope of that version is sent with: "text/xml; charset=utf-8", or 1.2's with action if
 * it isn't "". */
void gw_media_type_write(int version, const char *action, char *out, size_t out_bytes);

#endif
