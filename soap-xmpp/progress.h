/* progress.h - how far a big message is that travels in pieces: a line on a terminal that goes
 * again. */
#ifndef SOAP_XMPP_TOOL_PROGRESS_H
#define SOAP_XMPP_TOOL_PROGRESS_H

#include "soap_xmpp.h"

/* A soap_xmpp_progress_fn; user is ignored. On the link's thread; writes to standard error. */
void progress_show(void *user, const struct soap_xmpp_progress *progress);

#endif
