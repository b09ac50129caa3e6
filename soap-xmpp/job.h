/* job.h - a request in the hands of a command: a child process with pipes, and what it has said.
 *
 * The child leads a process group of its own, which is killed when the job ends: no grandchild is
 * left either. One thread; job_advance() doesn't block. */
#ifndef SOAP_XMPP_TOOL_JOB_H
#define SOAP_XMPP_TOOL_JOB_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "contract/text.h"
#include "soap_xmpp.h"

enum {
    JOB_PIPES = 4, /* its input, output, errors, and its end */
    JOB_ERROR_BYTES = 64 * 1024
};

struct job {
    struct soap_xmpp_request *request;
    pid_t child;                    /* 0: the place is free */
    int input, output, errors, end; /* descriptors, -1: closed */
    char *envelope;
    size_t envelope_bytes, written_bytes;
    struct ct_text answer, complaint;
    long long until_ms; /* when it is killed */
    bool is_killed, is_over_limit;
    int status; /* waitpid()'s, once it has ended */
};

/* Starts argv with the envelope on its standard input, and SOAPXMPP_FROM, _TO, _OPERATION,
 * _NAMESPACE, _ACTION, _ID and TRACEPARENT in its environment, but not SOAP_XMPP_PASSWORD. On
 * success takes envelope, and the request is the job's to answer. Returns 0, or -1 with one
 * sentence in why, and nothing is taken. */
int job_start(struct job *job, char *const argv[], struct soap_xmpp_request *request,
              char *envelope, size_t envelope_bytes, long kill_after_ms, char *why,
              size_t why_bytes);

/* What to poll for; entries that are of no use have fd -1. */
void job_poll(const struct job *job, struct pollfd polled[JOB_PIPES]);

/* Reads, writes, kills. Returns whether the job has ended: whoever asked then answers the request
 * and calls job_end(). */
bool job_advance(struct job *job);

/* Kills it, if it still runs, and frees all but the request. */
void job_end(struct job *job);

#endif
