/* rules.h - the rules of a serve's `allow`, with every operation's namespace said.
 *
 * A rule's operation without a namespace means those that other rules of the same text name, or
 * none (soap_xmpp_rules_allow()). Here texts of several serves come together, and one rule more for
 * each caller: so what a name means in its own list is said before, and stays. */
#ifndef GW_RULES_H
#define GW_RULES_H

#include <stdbool.h>

#include "config/config.h"
#include "contract/text.h"

#define GW_RULES_MEX "http://schemas.xmlsoap.org/ws/2004/09/mex"

/* Adds the rules of allow, with a comma before each but the first of out. with_metadata: whoever
 * may call something may ask for the WSDL as well. */
void gw_rules_add(struct ct_text *out, const struct gw_strings *allow, bool with_metadata);

#endif
