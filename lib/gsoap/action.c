/* action.c - a request's action, kept from gSOAP for a while.
 *
 * Invariant: what was withheld lives as long as the request does, as gSOAP's own memory.
 * Happy path: withhold -> (fheader sets another one) withhold -> return. Failure modes: none.
 */
#include "gsoap/action.h"

void sx_action_withhold(struct soap *soap, struct sx_context *context)
{
    if (!soap->action)
        return;
    context->action = soap->action;
    soap->action = NULL;
}

void sx_action_return(struct soap *soap, struct sx_context *context)
{
    if (context->action)
        soap->action = context->action;
    context->action = NULL;
}
