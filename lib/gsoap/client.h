/* client.h - a stub's call, for the callbacks in callbacks.c and for the relay.
 *
 * All functions set soap's fault and return soap->error when they fail.
 */
#ifndef SX_GSOAP_CLIENT_H
#define SX_GSOAP_CLIENT_H

#include "gsoap/context.h"

/* soap_set_endpoint() has read "xmpp:user@" as user name and password, which would go out with the
 * next HTTP call: forgets them. */
void sx_client_forget_credentials(struct soap *soap, const char *endpoint);

/* Fails a call that has a name and isn't one by message; the name is used up. */
int sx_client_refuse_name(struct soap *soap, struct sx_context *context, const char *endpoint);

/* Aims the next call at an xmpp: endpoint. Blocks until the link is online, for connect_timeout at
 * most. */
int sx_client_reach(struct soap *soap, struct sx_context *context, const char *endpoint);

/* fconnect of an xmpp: endpoint: SX_ROLE_SENDING, on failure too. Blocks as sx_client_reach. */
int sx_client_connect(struct soap *soap, struct sx_context *context, const char *endpoint);

/* The last fsend: sends what was collected with these last bytes. SX_ROLE_WAITING on success.
 * Blocks until there is room for a call, for send_timeout at most. */
int sx_client_send(struct soap *soap, struct sx_context *context, const char *tail, size_t len);

/* How long soap's settings let a call wait for its answer, in microseconds. */
int64_t sx_client_answer_timeout_us(struct soap *soap, struct sx_context *context);

/* Waits for the answer and takes its envelope into context: SX_ROLE_RECEIVING, also on failure,
 * with the outcome. */
int sx_client_receive(struct soap *soap, struct sx_context *context, bool wants_envelope);

/* fprepareinitrecv: sx_client_receive, and what gSOAP is told where no envelope came. */
int sx_client_await(struct soap *soap, struct sx_context *context);

#endif
