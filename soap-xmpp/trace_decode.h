/* trace_decode.h - packed envelopes in lines that a server or a client has logged. */
#ifndef SOAP_XMPP_TOOL_TRACE_DECODE_H
#define SOAP_XMPP_TOOL_TRACE_DECODE_H

struct run;

/* Reads standard input to its end, and prints each line; behind one with a <packed/> element what
 * is in it, indented, or with --exact as it is. Returns an exit code: REPORT_UNUSABLE if one
 * couldn't be unpacked. */
int trace_decode(struct run *run);

#endif
