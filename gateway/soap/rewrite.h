/* rewrite.h - addresses in envelopes and contracts, replaced where they stand.
 *
 * Noun: the rewriting. Byte splices of text and attribute values, which gw_scan_read() has found;
 * all else stays byte for byte. By category:
 *
 *   wsdl   location of soap:address (1.1, 1.2) and wsdl:import; schemaLocation of xsd:import,
 *          include, redefine; mex:Location; an endpoint reference in a wsdl:port; transport of
 *          soap:binding, from HTTP's to XMPP's or back: another one (JMS, SMTP) stays
 *   xaddr  ONVIF's XAddr (tds, tt); Uri in the answer to GetSnapshotUri (media 1 and 2)
 *   wsa    To, and the Address of whatever reference, of 2004/08 and 2005/08
 *   elements, as the configuration lists them
 *
 * An address that begins with rtsp is never asked about, nor one over GW_REWRITE_ADDRESS_BYTES or
 * with an element in it. An envelope with a ds:Signature isn't touched unless it is asked for. */
#ifndef GW_REWRITE_H
#define GW_REWRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { GW_REWRITE_ADDRESS_BYTES = 4096 };

/* What an address becomes: 1 with it in out, 0: it stays as it is, -1: no room. address is without
 * white space around it and with its references resolved; out is plain text. */
typedef int gw_rewrite_fn(void *user, const char *address, char *out, size_t out_bytes);

struct gw_rewriting {
    const struct gw_rewrite_config *config;
    gw_rewrite_fn *map;
    void *user;
    const char *transport; /* of a WSDL's soap:binding; NULL: it stays */
    /* what the address of an import becomes, relative ones too, and of mex:Location; NULL: map */
    gw_rewrite_fn *map_import;
};

/* The transports of a soap:binding: HTTP, and XEP-0072. */
#define GW_REWRITE_HTTP "http://schemas.xmlsoap.org/soap/http"
#define GW_REWRITE_XMPP "http://jabber.org/protocol/soap"

struct gw_rewrite_result {
    unsigned long wsdl, xaddr, wsa, other; /* how many were replaced */
    bool is_signed;                        /* it was left alone */
};

/* malloc'ed, NUL-terminated; NULL with one sentence in why: no XML, no memory, over most_bytes, no
 * room for an address; errno as gw_scan_read() has it. A document without anything to replace comes
 * back byte for byte. It is UTF-8 (scan.h). Any thread. */
char *gw_rewrite(const struct gw_rewriting *rewriting, const char *document, size_t bytes,
                 size_t most_bytes, size_t *out_bytes, struct gw_rewrite_result *result, char *why,
                 size_t why_bytes);

#endif
