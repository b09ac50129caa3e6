/* server.h - requests of a link, answered by a command, an echo, a file or a fault. */
#ifndef SOAP_XMPP_TOOL_SERVER_H
#define SOAP_XMPP_TOOL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct run;
struct soap_xmpp_link;

enum server_answer { SERVER_COMMAND, SERVER_ECHO, SERVER_FILE, SERVER_FAULT };

enum { SERVER_JOBS = 64 };

/* What to do. The caller's, and constant while it serves. */
struct server_plan {
    enum server_answer answer;
    char *const *argv;             /* SERVER_COMMAND: what is started for each request */
    const char *file;              /* SERVER_FILE: an envelope, or what belongs into its Body */
    const char *name;              /* what the file is called */
    const char *reason;            /* SERVER_FAULT */
    const char *const *operations; /* those that are answered, local names; NULL: all */
    size_t operation_count;
    long jobs;          /* commands at once, at most SERVER_JOBS */
    long kill_after_ms; /* of a command */
};

/* Serves until a signal, the command's deadline, or the link's end; what runs then is finished
 * after SIGTERM, for kill_after_ms at most, and killed after SIGINT. Ends the report, and returns
 * its exit code. The link is stopped afterwards. */
int server_run(struct run *run, struct soap_xmpp_link *link, const struct server_plan *plan);

#endif
