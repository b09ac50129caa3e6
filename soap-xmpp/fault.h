/* fault.h - the envelope of a SOAP fault. */
#ifndef SOAP_XMPP_TOOL_FAULT_H
#define SOAP_XMPP_TOOL_FAULT_H

#include "contract/text.h"

/* Adds an envelope of that version (11 or 12) with a fault: Client or Sender, since who sent the
 * request is told what is wrong with it, and the reason. Whether there was memory, out tells. */
void fault_write(int version, const char *reason, struct ct_text *out);

#endif
