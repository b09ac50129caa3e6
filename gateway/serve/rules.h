/* rules.h - the rules of a serve's `allow`, with every operation's namespace said.
 *
 * Noun: the rules. Pure; any thread.
 *
 * A rule's operation without a namespace means those that other rules of the same text name. Where
 * none does, nobody knows which it is: any would be too many, since a service may run another
 * operation for an element that it doesn't know; none is hardly ever meant. Here texts of several
 * serves come together, and one rule more for each caller: so what a name means in its own list is
 * said before, and stays. */
#ifndef GW_RULES_H
#define GW_RULES_H

#include <stdbool.h>

#include "config/config.h"
#include "contract/text.h"

#define GW_RULES_MEX "http://schemas.xmlsoap.org/ws/2004/09/mex"

/* Whether each operation's namespace is known; false with one sentence in why. */
bool gw_rules_check(const struct gw_strings *allow, char *why, size_t why_bytes);

/* Adds the rules of allow, which gw_rules_check() has found right, with a comma before each but the
 * first of out. with_metadata: whoever may call something may ask for the WSDL as well. */
void gw_rules_add(struct ct_text *out, const struct gw_strings *allow, bool with_metadata);

#endif
