/* payload.h - what the gSOAP programs of the benchmark send: one call of a payload by its name.
 *
 * Noun: the payload: "add", "records" (900 of them, some 64 KB) or "megabyte" (12,000).
 * Thread: any, one struct soap each; payload_choose before them.
 */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include "soapH.h"

/* Makes the records of that name once; dies of an unknown name. Not while calls are under way. */
void payload_choose(const char *name);

/* Sends the chosen payload's request. SOAP_OK or soap->error. */
int payload_send(struct soap *soap, const char *endpoint);

/* Receives its answer and looks whether it is the right one. SOAP_OK or soap->error. */
int payload_receive(struct soap *soap);

#endif
