/* backend_script.h - an HTTP server that does with each request what a script says, and counts.
 *
 * Noun: the script. A thread for each connection. An execution is a request whose body,
 * longer than nothing, has come whole. */
#ifndef TESTS_BACKEND_SCRIPT_H
#define TESTS_BACKEND_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum backend_step {
    BACKEND_ANSWERS,     /* text as it is; the connection stays unless that says close */
    BACKEND_LEAVES,      /* text, and hangs up */
    BACKEND_INTERRUPTS,  /* text when the head has come; reads the body then, and hangs up */
    BACKEND_ACCEPTS,     /* hangs up before it has read anything */
    BACKEND_READS_HEAD,  /* hangs up when the head has come */
    BACKEND_READS_PIECE, /* and one byte of the body */
    BACKEND_READS_ALL,   /* and all of it */
    BACKEND_RESETS,      /* the same, by RST */
    BACKEND_STALLS       /* reads all, and says nothing until backend_script_stop() */
};

struct backend_act {
    enum backend_step step;
    const char *text; /* of ANSWERS and LEAVES */
    size_t bytes;     /* of text; 0: as a string */
};

enum { BACKEND_REQUESTS = 64, BACKEND_HEAD_BYTES = 4096 };

struct backend_script;

/* acts[count]: for the first requests in their order; the last one for all that follow. They must
 * live until the stop. */
struct backend_script *backend_script_start(const struct backend_act *acts, size_t count);
unsigned backend_script_port(const struct backend_script *script);
/* Of requests whose head has come: how many, and each one's head; executions; connections. */
size_t backend_script_requests(struct backend_script *script);
const char *backend_script_head(struct backend_script *script, size_t which);
size_t backend_script_executions(struct backend_script *script);
size_t backend_script_connections(struct backend_script *script);
void backend_script_stop(struct backend_script *script);

#endif
