/* prosody.h - the demo's XMPP server: a Prosody of its own, on loopback, with two accounts. */
#ifndef SOAP_XMPP_TOOL_DEMO_PROSODY_H
#define SOAP_XMPP_TOOL_DEMO_PROSODY_H

#include <stddef.h>
#include <sys/types.h>

struct run;

/* Makes configuration, certificate and the accounts `demo` and `calc` with fresh passwords in the
 * folder: prosody.cfg.lua, localhost.crt, localhost.key, demo.password, calc.password. Starts it,
 * and waits until it answers at *port of 127.0.0.1. Returns 0 with its process group in *group, or
 * an exit code once the report has its sentence. Blocks up to the command's deadline. */
int prosody_start(struct run *run, const char *folder, int *port, pid_t *group);

#endif
