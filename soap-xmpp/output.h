/* output.h - an answer, printed in the form that was asked for, and in the report's object. */
#ifndef SOAP_XMPP_TOOL_OUTPUT_H
#define SOAP_XMPP_TOOL_OUTPUT_H

#include "exchange.h"

struct run;
struct request;

/* Prints the answer's envelope as --output says ("value", "body", "envelope", "json"; NULL: values
 * on a terminal, else the body), a fault likewise, unless with --json. Sets the report's members,
 * its sentence and what ran. code: what exchange_make() returned. Returns the exit code,
 * REPORT_UNUSABLE in the place of REPORT_OK when the answer is no envelope. */
int output_answer(struct run *run, const struct request *request,
                  const struct exchange_answer *answer, int code, const char *form);

#endif
