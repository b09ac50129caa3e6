/* token.h - who sent a UsernameToken (WS-Security). */
#ifndef GUARD_TOKEN_H
#define GUARD_TOKEN_H

struct soap;

/* The name in the message's token if it is this user's and says that its sender knows the secret,
 * which isn't empty; NULL with soap's fault if not. A token is good once. Belongs to soap. */
const char *token_user(struct soap *soap, const char *user, const char *secret);

#endif
