/* trace.h - what a link of the library tells goes into the gateway's log.
 *
 * Noun: the trace. Any thread; nothing here blocks. */
#ifndef GW_LINK_TRACE_H
#define GW_LINK_TRACE_H

#include "soap_xmpp.h"

/* soap_xmpp_trace_fn, user is the link's name: one line of the log. Stanzas aren't logged, since
 * they hold payloads: who wants them sets trace_to. */
void gw_trace_line(void *name, enum soap_xmpp_trace_level level, const char *line);

/* soap_xmpp_state_fn, likewise. */
void gw_trace_state(void *name, enum soap_xmpp_state_value state, const char *reason);

#endif
