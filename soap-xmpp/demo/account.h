/* account.h - the demo's accounts: as an environment for this program, and as a saved context. */
#ifndef SOAP_XMPP_TOOL_DEMO_ACCOUNT_H
#define SOAP_XMPP_TOOL_DEMO_ACCOUNT_H

#include <stddef.h>

/* An environment in which soap-xmpp is that account of the demo, and nothing else of ours counts.
 * NULL without memory; freed by account_free_environment(). */
char **account_make_environment(const char *folder, const char *name, int port);
void account_free_environment(char **environment);

/* Saves the context `demo` and makes it the default; the default before is noted in the folder.
 * Returns 0, or -1 with one sentence in why. */
int account_save(const char *folder, int port, char *why, size_t why_bytes);

/* Takes that context out again, if it is still the demo's, and puts the default back. */
int account_forget(const char *folder, char *why, size_t why_bytes);

#endif
