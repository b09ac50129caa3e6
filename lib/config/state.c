/* state.c - a link's states in words: for its trace, its reasons, and whoever shows them. */
#include "config/config.h"

const char *soap_xmpp_state_text(enum soap_xmpp_state_value state)
{
    switch (state) {
    case SOAP_XMPP_BACKING_OFF:
        return "backing off";
    case SOAP_XMPP_CONNECTING:
        return "connecting";
    case SOAP_XMPP_ONLINE:
        return "online";
    case SOAP_XMPP_FAILED:
        return "failed";
    case SOAP_XMPP_STOPPING:
        return "stopping";
    case SOAP_XMPP_CLOSED:
        return "closed";
    }
    return "unknown";
}
