/* parent.h - the folders that a file stands in.
 *
 * Any thread; blocks as making folders does. */
#ifndef SOAP_XMPP_TOOL_PARENT_H
#define SOAP_XMPP_TOOL_PARENT_H

/* Makes those that are missing of an absolute path, for their owner alone (0700). Returns 0, or -1
 * with errno; what was made by then stays. */
int parent_make(const char *path);

#endif
