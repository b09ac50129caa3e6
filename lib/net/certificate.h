/* certificate.h - what a certificate says of itself, in words.
 *
 * Noun: the certificate, as people ask about it: whose it is, who says so, until when. Whether it
 * is good is for OpenSSL to see, whose domains it names for identity.h.
 *
 * Thread: any; nothing blocks. What OpenSSL's queue gets meanwhile is forgotten.
 */
#ifndef SX_NET_CERTIFICATE_H
#define SX_NET_CERTIFICATE_H

#include <openssl/types.h>

#include "wire/timestamp.h"

/* "": it isn't known, or memory is short. Names as RFC 2253 writes them; what could do harm on a
 * terminal is "?". */
struct sx_certificate {
    char subject[256], issuer[256];
    char begins[SX_TIMESTAMP_BYTES], expires[SX_TIMESTAMP_BYTES]; /* DateTime, UTC */
};

void sx_certificate_describe(const X509 *x509, struct sx_certificate *certificate);

#endif
