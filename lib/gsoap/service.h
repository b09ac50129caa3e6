/* service.h - one request, for the callbacks in callbacks.c. */
#ifndef SX_GSOAP_SERVICE_H
#define SX_GSOAP_SERVICE_H

#include "gsoap/context.h"

/* fprepareinitrecv of a request. SOAP_OK or soap->error = SOAP_EOM. */
int sx_service_begin(struct soap *soap, struct sx_context *context);

/* fpreparefinalrecv of a request, after gSOAP has chosen the operation and before it runs: fails
 * unless the gate is open. */
int sx_service_check(struct soap *soap, struct sx_context *context);

/* fprepareinitsend of an answer, or of the fault that takes the place of a half-written one. */
void sx_service_prepare(struct soap *soap, struct sx_context *context);

/* fsend of an answer, or of what an operation writes on its way to one. */
void sx_service_collect(struct soap *soap, struct sx_context *context, const char *bytes,
                        size_t len);

/* fdisconnect of a request: sends what the operation wrote, once: SX_ROLE_ANSWERED. What can't be
 * sent is refused and traced. Waits as link/answer.h says. */
void sx_service_answer(struct soap *soap, struct sx_context *context);

#endif
