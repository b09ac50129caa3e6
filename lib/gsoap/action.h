/* action.h - a request's action, kept from gSOAP until it has chosen the operation.
 *
 * Noun: the action. With skeletons of soapcpp2 -a it chooses the operation, and rules don't look at
 * it: a caller that may run some operations only has its operation chosen by the element. The
 * operation itself sees the action.
 */
#ifndef SX_GSOAP_ACTION_H
#define SX_GSOAP_ACTION_H

#include "gsoap/context.h"

/* Takes it away from soap, if there is one. */
void sx_action_withhold(struct soap *soap, struct sx_context *context);

/* Gives back what was withheld last. */
void sx_action_return(struct soap *soap, struct sx_context *context);

#endif
