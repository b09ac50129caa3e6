/* settings.h - who we are and where our server is: option, environment, context, default, in this
 * order.
 *
 * SOAP_XMPP_ variables are the library's own. A default context stands aside when another account
 * is named by an option or a variable: its server and password are not that account's. */
#ifndef SOAP_XMPP_TOOL_SETTINGS_H
#define SOAP_XMPP_TOOL_SETTINGS_H

#include "context_file.h"
#include "soap_xmpp.h"

struct run;

struct settings {
    struct soap_xmpp_config config; /* for soap_xmpp_open(); a command may set more members */
    /* Where each value comes from: "--jid", "SOAP_XMPP_JID", "context lab", "" for a default. */
    char origins[CONTEXT_FIELDS][64];
    char context[256]; /* its name, or "" */
    struct context_file file;
    char jid[3200]; /* with the resource to bind */
    char host[1100];
    char password[1100]; /* asked for, or "" */
};

/* The option and the variable that say each; NULL: there is none. */
extern const char *const settings_options[CONTEXT_FIELDS];
extern const char *const settings_variables[CONTEXT_FIELDS];

/* Finds them all, without asking for a password. Returns 0, and the caller calls settings_free();
 * an exit code once the report has its sentence. */
int settings_resolve(struct run *run, struct settings *settings);

/* Asks for a password if none is known. Returns 0 or an exit code likewise. Blocks for a person. */
int settings_ask_password(struct run *run, struct settings *settings);

/* Wipes what is secret. */
void settings_free(struct settings *settings);

#endif
