/* argument.c - invariant: argument.h. Nothing is locked or waited for. */
#include "api/argument.h"

#include "link/link.h"
#include "link/link_state.h"

bool sx_argument_is_link(const struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    if (!link)
        sx_session_say(why, why_bytes, SX_LINK_NONE);
    else if (sx_link_is_forked(link))
        sx_session_say(why, why_bytes, sx_fault_text(SX_EFORKED));
    else
        return true;
    return false;
}
