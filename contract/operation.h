/* operation.h - the operations of a contract, made of its port types and SOAP bindings.
 *
 * Noun: the operation as it is called. Invariant: whatever the style of its binding is, the content
 * of its Body is one element of the model, or none. An rpc binding's is made up: the operation's
 * name around its parts. */
#ifndef CT_OPERATION_H
#define CT_OPERATION_H

#include "contract/contract.h"
#include "contract/wsdl.h"

struct ct_bound {
    bool is_rpc;
    const struct ct_element *input, *output; /* NULL: the Body is empty */
    const char *no_input, *no_output;        /* why it can't be built: a clause; NULL: it can */
};

struct ct_contract {
    struct ct_wsdl wsdl;
    struct ct_operation *operations;
    size_t count;
    struct ct_table by_name; /* lists of them (operation.c), by port and by "" */
    const char *address;
};

/* Makes them. The rest of contract is read. CT_ECONTRACT: there is none; CT_ENOMEM, CT_ELIMIT. */
enum ct_err ct_operation_make(struct ct_contract *contract, struct ct_error *error);

/* See ct_contract_find(). */
enum ct_err ct_operation_find(const struct ct_contract *contract, const char *name,
                              const struct ct_operation **operation, struct ct_error *error);

/* Adds to a sentence that something isn't defined (CT_ECONTRACT) which import could not be had, if
 * there is one. Returns err. */
enum ct_err ct_operation_explain(const struct ct_contract *contract, enum ct_err err,
                                 struct ct_error *error);

/* How version is bound, or if that is CT_SOAP_ANY the best one, which *chosen tells. CT_EUSAGE: the
 * contract has no such binding; CT_EUNSUPPORTED. */
enum ct_err ct_operation_bound(const struct ct_operation *operation, enum ct_version version,
                               const struct ct_bound **bound, enum ct_version *chosen,
                               struct ct_error *error);

#endif
