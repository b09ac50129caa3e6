/* trace.c - what a link of the library tells goes into the gateway's log.
 *
 * Invariant: no payload is logged, so nothing of SOAP_XMPP_TRACE_STANZA. */
#include "link/trace.h"

#include "base/log.h"

void gw_trace_line(void *name, enum soap_xmpp_trace_level level, const char *line)
{
    if (level == SOAP_XMPP_TRACE_ERROR)
        gw_log(GW_LOG_ERROR, "link \"%s\": %s", (const char *)name, line);
    else if (level < SOAP_XMPP_TRACE_STANZA)
        gw_log(GW_LOG_INFO, "link \"%s\": %s", (const char *)name, line);
}

void gw_trace_state(void *name, enum soap_xmpp_state_value state, const char *reason)
{
    enum gw_log_level level = state == SOAP_XMPP_FAILED        ? GW_LOG_ERROR
                              : state == SOAP_XMPP_BACKING_OFF ? GW_LOG_WARNING
                              : state == SOAP_XMPP_ONLINE      ? GW_LOG_NOTICE
                                                               : GW_LOG_INFO;
    gw_log(level, "link \"%s\" is %s%s%s", (const char *)name, soap_xmpp_state_text(state),
           *reason ? ": " : "", reason);
}
