/* cache.h - what services said of themselves, kept in ~/.cache/soap-xmpp/wsdl: one file a service.
 *
 * A file holds its version (the hash that the service lists), a line end, and the answer. It may go
 * at any time; what can't be kept is asked for again. The folder is $XDG_CACHE_HOME/soap-xmpp/wsdl,
 * or else $HOME/.cache/soap-xmpp/wsdl, its owner's alone. */
#ifndef SOAP_XMPP_TOOL_CACHE_H
#define SOAP_XMPP_TOOL_CACHE_H

#include <stddef.h>

/* What was kept of that JID in that version. Returns 0 with *bytes (malloc'ed, NUL-terminated
 * beyond *len), or -1: nothing, or of another version. */
int cache_load(const char *jid, const char *version, char **bytes, size_t *len);

/* Keeps it in the place of what was there; says nothing if it can't. */
void cache_store(const char *jid, const char *version, const char *bytes, size_t len);

#endif
