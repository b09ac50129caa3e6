/* chain.h - three services, each of a contract of its own, behind one serve function, as gSOAP's
 * chaining sample has it: a and b (tests/plugin/two), then w (ws.h).
 *
 * a's ping and b's pong answer their text, and with a fault where it is empty.
 */
#ifndef TESTS_WS_CHAIN_H
#define TESTS_WS_CHAIN_H

#include "soapH.h"

/* The SOAP header and fault are those of ws.h: defined once. */
#ifndef WITH_NOGLOBAL
#define WITH_NOGLOBAL
#endif
#include "aH.h"
#include "bH.h"

extern struct Namespace a_namespaces[], b_namespaces[];

/* Serves one request; any thread. */
int chain_serve(struct soap *soap);

/* From now on a ping "wait" waits; until now. Any thread. */
void chain_hold(void);
void chain_release(void);

#endif
