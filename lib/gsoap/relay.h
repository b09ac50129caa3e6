/* relay.h - an answer that goes to another endpoint than the caller, for the callbacks in
 * callbacks.c while a request is served.
 *
 * Functions that return int set soap's fault and return soap->error when they fail.
 */
#ifndef SX_GSOAP_RELAY_H
#define SX_GSOAP_RELAY_H

#include "gsoap/context.h"

/* fconnect of an xmpp: endpoint: what is written next may be the answer, meant for there:
 * SX_ROLE_RELAYING. Blocks until the link is online, for connect_timeout at most. */
int sx_relay_connect(struct soap *soap, struct sx_context *context, const char *endpoint);

/* Whether gSOAP is in the middle of a stub's call, not of an answer. */
bool sx_relay_is_call(const struct soap *soap);

/* fsend of such a call: fails, and lets the operation answer all the same. */
int sx_relay_refuse(struct soap *soap, struct sx_context *context);

/* fdisconnect of such a call. */
void sx_relay_abandon(struct soap *soap, struct sx_context *context);

/* fdisconnect of an answer: sends it to where it is to go and the caller an empty result:
 * SX_ROLE_ANSWERED. Blocks until the answer has arrived, as long as for any call. */
int sx_relay_deliver(struct soap *soap, struct sx_context *context);

#endif
