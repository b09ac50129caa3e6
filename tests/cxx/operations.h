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

#endif
