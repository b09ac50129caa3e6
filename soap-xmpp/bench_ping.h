/* bench_ping.h - a bench of pings: what the way there and back costs, without any operation. */
#ifndef SOAP_XMPP_TOOL_BENCH_PING_H
#define SOAP_XMPP_TOOL_BENCH_PING_H

#include "bench_count.h"

/* As the plan says, each of those that are under way at once in a thread of its own, 64 at most.
 * Returns 0, or an exit code once the report has its sentence: no thread could be started. */
int bench_ping(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
               struct bench_plan *plan, struct bench_count *count);

#endif
