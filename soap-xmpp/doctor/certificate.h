/* certificate.h - what a server's certificate is worth.
 *
 * Noun: the certificate. By the rules of the library (docs/security.md): names count in
 * subjectAltName alone.
 *
 * Thread: the owner's. Nothing blocks.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_CERTIFICATE_H
#define SOAP_XMPP_TOOL_DOCTOR_CERTIFICATE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether it names the domain: dNSName, SRVName of XMPP clients, xmppAddr, iPAddress. */
bool certificate_names(X509 *certificate, const char *domain, const char *ascii);
/* "a.example, *.b.example, ..." */
void certificate_list(X509 *certificate, char *out, size_t out_bytes);
/* Until it expires; below 0 it has. */
double certificate_left_seconds(X509 *certificate);

#endif
