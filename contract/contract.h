/* contract.h - a service's contract: WSDL 1.1 with its schemas, and the operations that it has.
 *
 * Noun: the contract. Invariant: once read it never changes, and refers to nothing of the caller's.
 *
 * What is understood: document/literal (wrapped and bare) and rpc/literal, SOAP 1.1 and 1.2
 * bindings, wsdl:import, xsd:import and include (chameleon, too), and of schemas what
 * docs/internals/contract.md lists. What isn't (encoded, substitution groups, any) is an error not
 * before an operation needs it: each of the others can be called.
 *
 * An import that can't be had is no error either, as long as nothing of it is needed:
 * ct_contract_note() tells of it, and so does the error of an operation that does need it. */
#ifndef CT_CONTRACT_H
#define CT_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/error.h"

enum {
    CT_CONTRACT_BYTES = 4 * 1024 * 1024, /* of all documents together */
    CT_CONTRACT_DOCUMENTS = 32
};

/* A document that is there already. */
struct ct_source {
    const char *location; /* a path or URL; "" or NULL: none. Others are found relative to it */
    const char *bytes;    /* XML: UTF-8, UTF-16, or what its declaration says */
    size_t len;
};

/* Gets the document at location: what an import says, made absolute by the location of the document
 * that imports (its text if that has none). It comes from a stranger: whether "file:///etc/passwd"
 * or an address of the inner network may be read on behalf of a contract that came from elsewhere
 * is the callback's to decide. Each location is asked for once. Returns 0 with *bytes (malloc'ed,
 * becomes ours) and *len, at most most_bytes; anything else with a clause in why: "connection
 * refused". May block. */
typedef int ct_fetch_fn(void *context, const char *location, size_t most_bytes, char **bytes,
                        size_t *len, char *why, size_t why_bytes);

struct ct_reading {
    /* The first is the WSDL. The others are found by location, or by targetNamespace if an import
     * has no location or one that none of them has: what a service gives away about itself. */
    const struct ct_source *sources;
    size_t source_count;
    ct_fetch_fn *fetch; /* NULL: nothing is fetched */
    void *context;
};

struct ct_contract;

/* Reads it. CT_ENOMEM; CT_ELIMIT: too much, too deep, too many documents; CT_ECONTRACT: no XML, a
 * DOCTYPE, no WSDL, a binding of nothing. On success *contract is the caller's, to be freed;
 * otherwise it is untouched. */
enum ct_err ct_contract_read(const struct ct_reading *reading, struct ct_contract **contract,
                             struct ct_error *error);
void ct_contract_free(struct ct_contract *contract); /* NULL is fine */

enum ct_version {
    CT_SOAP_ANY = 0, /* as the contract says: 1.2 if it has both */
    CT_SOAP_11 = 1,
    CT_SOAP_12 = 2
};

/* An operation of a port type, over all SOAP bindings of it. All text is the contract's. */
struct ct_operation {
    const char *name;
    const char *port_type;
    const char *port;          /* of the service; NULL: the contract has no service */
    const char *documentation; /* one line, or NULL */
    const char *actions[3];  /* by enum ct_version: soapAction, or wsaw:Action; "" or NULL: none */
    unsigned versions;       /* 1 << CT_SOAP_11 | 1 << CT_SOAP_12: those with a binding */
    bool one_way;            /* it has no output */
    bool has_header;         /* the binding names header blocks, which aren't filled */
    const char *unsupported; /* a sentence: why no request can be built; NULL: it can */
    const struct ct_bound *bindings[3]; /* contract/'s own */
};

/* In the contract's order. NULL beyond the last. */
const struct ct_operation *ct_contract_operation(const struct ct_contract *contract, size_t which);
size_t ct_contract_operation_count(const struct ct_contract *contract);

/* By its name, if one port type has it, or by "Port.name", Port being a port or port type.
 * CT_EUSAGE: there is none, with the nearest ones, or there are several. */
enum ct_err ct_contract_find(const struct ct_contract *contract, const char *name,
                             const struct ct_operation **operation, struct ct_error *error);

const char *ct_contract_name(const struct ct_contract *contract);      /* of definitions; "" */
const char *ct_contract_namespace(const struct ct_contract *contract); /* its targetNamespace; "" */
/* What its first SOAP port has as address; NULL: none. */
const char *ct_contract_address(const struct ct_contract *contract);
/* What could not be read: a sentence each; NULL beyond the last. */
const char *ct_contract_note(const struct ct_contract *contract, size_t which);

#endif
