/* token.h - a WS-Security UsernameToken with a digest of the password (OASIS UsernameToken 1.0). */
#ifndef SOAP_XMPP_TOOL_TOKEN_H
#define SOAP_XMPP_TOOL_TOKEN_H

#include "contract/text.h"

/* Adds the header block wsse:Security: user, digest, a fresh nonce, the time now. Returns 0, or -1:
 * no random numbers. Whether there was memory, out tells. */
int token_write(const char *user, const char *password, struct ct_text *out);

#endif
