/* certificate.h - a certificate of the demo's own: for localhost, signed by itself. */
#ifndef SOAP_XMPP_TOOL_DEMO_CERTIFICATE_H
#define SOAP_XMPP_TOOL_DEMO_CERTIFICATE_H

/* Writes a fresh key and its certificate as PEM, good for 30 days; both for their owner alone.
 * Returns 0 or -1. */
int certificate_write(const char *key_path, const char *certificate_path);

#endif
