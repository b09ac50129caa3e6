/* request.h - the envelope that `call` and others send: from a contract, by name and namespace, or
 * from a file. */
#ifndef SOAP_XMPP_TOOL_REQUEST_H
#define SOAP_XMPP_TOOL_REQUEST_H

#include <stdbool.h>

#include "contract/contract.h"
#include "contract/text.h"

struct run;
struct soap_xmpp_link;

struct request {
    const char *operation; /* as typed; NULL: what is sent is a file */
    const char *file;      /* or NULL */
    const char *const *values;
    size_t value_count;
    enum ct_version version;
    struct ct_text header;              /* content of the Header */
    struct ct_contract *contract;       /* or NULL: without one */
    const struct ct_operation *details; /* the contract's, or NULL */
    struct ct_text envelope;            /* once it is written */
    char action[1024];                  /* or "" */
};

/* The options that say how it is built; their table is shared by the commands that send. */
#define REQUEST_OPTIONS                                                                            \
    {.name = "wsdl",                                                                               \
     .value = "FILE|URL",                                                                          \
     .summary = "the contract, instead of the service's own"},                                     \
        {.name = "ns",                                                                             \
         .value = "URI",                                                                           \
         .summary = "without a contract: the operation's namespace"},                              \
        {.name = "qualified",                                                                      \
         .summary = "with --ns: what is in the operation is of that namespace, too"},              \
        {.name = "soap",                                                                           \
         .value = "VERSION",                                                                       \
         .words = "1.1|1.2",                                                                       \
         .summary = "else as the contract says, or 1.2"},                                          \
        {.name = "header",                                                                         \
         .value = "FILE|XML",                                                                      \
         .is_repeatable = true,                                                                    \
         .summary = "a block of the envelope's Header"},                                           \
        {.name = "action", .value = "URI", .summary = "the soapAction, else the contract's"},      \
        {.name = "user",                                                                           \
         .value = "NAME",                                                                          \
         .summary = "adds a UsernameToken (WS-Security) with a password digest"},                  \
    {                                                                                              \
        .name = "user-password-file", .value = "FILE",                                             \
        .summary = "its first line is that user's password"                                        \
    }

/* Reads what was typed from the argument `first` on: OPERATION NAME=VALUE..., "-" or FILE. Returns
 * 0, and the caller calls request_free(); an exit code once the report has its sentence. */
int request_begin(struct run *run, size_t first, struct request *request);

/* Whether the contract has to come from the service: request_describe() before request_write(). */
bool request_needs_service(const struct run *run, const struct request *request);
int request_describe(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                     struct request *request);
/* Reads --wsdl, if it was typed. */
int request_read_wsdl(struct run *run, struct request *request);

/* Writes the envelope. A second time it is written anew: a UsernameToken is good once. */
int request_write(struct run *run, struct request *request);
/* The envelope to fill in, in its place. */
int request_write_template(struct run *run, struct request *request);

void request_free(struct request *request);

#endif
