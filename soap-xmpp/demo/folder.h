/* folder.h - where the demo keeps what it starts: $XDG_RUNTIME_DIR/soap-xmpp-demo, or else
 * /tmp/soap-xmpp-demo-UID; its owner's alone. */
#ifndef SOAP_XMPP_TOOL_DEMO_FOLDER_H
#define SOAP_XMPP_TOOL_DEMO_FOLDER_H

#include <stddef.h>

enum { FOLDER_BYTES = 512 };

/* Its path. Returns 0, or -1: it is too long, or has characters that Prosody's configuration can't
 * hold. */
int folder_find(char path[FOLDER_BYTES]);

/* Makes it, empty. Returns 0, or -1 with errno: EPERM when somebody else's is there. */
int folder_make(const char *path);

/* Removes it and all that is in it; what isn't this user's stays. */
void folder_remove(const char *path);

/* Writes a file into it, for its owner alone. Returns 0, or -1 with errno. */
int folder_write(const char *path, const char *name, const char *text, unsigned mode);

/* The first line of a file in it, without the line end; "" without one. */
void folder_read(const char *path, const char *name, char *out, size_t out_bytes);

#endif
