/* attachments.h - what gSOAP would send beside an envelope, and a stanza can't (XEP-0072 3.3).
 *
 * Noun: the attachments of the message that a struct soap is about to write. Those that the program
 * added go nowhere. Those that gSOAP makes of MTOM and attachment types are data, too, which it
 * writes inline as base64 once the modes for them are off; but for messages with references (SOAP
 * encoding, SOAP_XML_GRAPH), where it writes the reference whatever the modes.
 *
 * Thread: that of the struct soap.
 */
#ifndef SX_GSOAP_ATTACHMENTS_H
#define SX_GSOAP_ATTACHMENTS_H

#include <stdbool.h>

#include "soap_xmpp.h"

#define SX_ATTACHMENT_MODES (SOAP_ENC_DIME | SOAP_ENC_MIME | SOAP_ENC_MTOM)

/* Whether the message would need attachments that the program added, or refer to some. To be asked
 * while the modes are still those of the program, after gSOAP's first or second pass has begun. */
bool sx_attachments_are_needed(const struct soap *soap);

/* Takes all of them away from the message, and their modes from the pass under way. */
void sx_attachments_drop(struct soap *soap);

#endif
