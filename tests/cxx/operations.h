/* operations.h - the services of adder.h and turner.h as classes: j's and t's share a struct soap
 * (soapcpp2 -j), i's is one (-i).
 */
#ifndef TESTS_CXX_OPERATIONS_H
#define TESTS_CXX_OPERATIONS_H

#include "iadderProxy.h"
#include "iadderService.h"
#include "jadderProxy.h"
#include "jadderService.h"
#include "tturnerProxy.h"
#include "tturnerService.h"

/* Two services at one link, as docs/cplusplus.md has it. */
static inline int serve_both(struct soap *soap)
{
    j::adderService adder(soap);
    t::turnerService turner(soap);
    if (soap_begin_serve(soap))
        return soap->error;
    if (adder.dispatch() == SOAP_NO_METHOD)
        turner.dispatch();
    return soap->error ? soap_send_fault(soap) : SOAP_OK;
}

#endif
