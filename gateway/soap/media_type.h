/* media_type.h - Content-Type and SOAPAction in all the forms that clients send.
 *
 * Noun: the media type. Invariant: what is read has no control character in it.
 * Sources: RFC 9110 8.3, SOAP 1.1 6.1, RFC 3902 (application/soap+xml), RFC 2387, XOP 1.0 4.1. */
#ifndef GW_MEDIA_TYPE_H
#define GW_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum gw_media {
    GW_MEDIA_OTHER,
    GW_MEDIA_NONE,    /* nothing was said */
    GW_MEDIA_SOAP_11, /* text/xml and application/xml, too: the envelope decides the version */
    GW_MEDIA_SOAP_12,
    GW_MEDIA_XOP, /* application/xop+xml: the root of a package; its type says which of the two */
    GW_MEDIA_MULTIPART /* multipart/related */
};
struct gw_media_type {
    enum gw_media media;
    char charset[64];
    char action[512];     /* of application/soap+xml, a package's own or its start-info's; "" */
    char boundary[128];   /* of multipart/related */
    char start[256];      /* likewise: the root's Content-ID as it stands there */
    char type[128];       /* of multipart/related and XOP, without parameters */
    char start_info[128]; /* of multipart/related, likewise */
};

/* text NULL or white space: NONE. Returns 0, or -1 with one sentence in why, and *type is OTHER: it
 * can't be read, a value is too long, or a parameter stands there twice with two values. Any
 * thread. */
int gw_media_type_read(struct gw_media_type *type, const char *text, char *why, size_t why_bytes);
/* SOAPAction: quoted, in single quotes, bare, empty, absent (NULL): what it names, "" if nothing,
 * into action. -1: it is too long, or has a control character in it; action is "" then. */
int gw_media_type_read_action(const char *header, char *action, size_t action_bytes);
/* What an envelope of that version is sent with: "text/xml; charset=utf-8", or 1.2's with action if
 * it isn't "" and there is room for it. */
void gw_media_type_write(int version, const char *action, char *out, size_t out_bytes);

#endif
