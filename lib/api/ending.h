/* ending.h - how a call has ended, as the program gets to know it.
 *
 * Noun: the ending. It is made once, when soap_xmpp_wait() returns the call, and freed with it;
 * what a program asks about it afterwards takes no lock, so that it may ask in a process that was
 * forked meanwhile, too.
 *
 * Thread: add and read: one at a time; the others: any.
 */
#ifndef SX_API_ENDING_H
#define SX_API_ENDING_H

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

/* Says how the call, which has ended, did so. Without memory for that: SOAP_XMPP_END_BAD, unknown.
 */
void sx_ending_add(struct soap_xmpp_call *call);

#endif
