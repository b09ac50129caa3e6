/* See contract.h. */
#include "contract/contract.h"

#include <stdlib.h>

#include "contract/operation.h"

enum ct_err ct_contract_read(const struct ct_reading *reading, struct ct_contract **contract,
                             struct ct_error *error)
{
    struct ct_contract *read = calloc(1, sizeof *read);
    if (!read)
        return ct_error_no_memory(error);
    enum ct_err err = ct_wsdl_read(&read->wsdl, reading, error);
    if (!err)
        err = ct_operation_make(read, error);
    if (err)
        ct_contract_free(read);
    else
        *contract = read;
    return err;
}

void ct_contract_free(struct ct_contract *contract)
{
    if (!contract)
        return;
    ct_pool_fini(&contract->wsdl.model.pool);
    free(contract);
}

const struct ct_operation *ct_contract_operation(const struct ct_contract *contract, size_t which)
{
    return which < contract->count ? &contract->operations[which] : NULL;
}

size_t ct_contract_operation_count(const struct ct_contract *contract)
{
    return contract->count;
}

enum ct_err ct_contract_find(const struct ct_contract *contract, const char *name,
                             const struct ct_operation **operation, struct ct_error *error)
{
    return ct_operation_find(contract, name, operation, error);
}

const char *ct_contract_name(const struct ct_contract *contract)
{
    return contract->wsdl.name;
}

const char *ct_contract_namespace(const struct ct_contract *contract)
{
    return contract->wsdl.ns;
}

const char *ct_contract_address(const struct ct_contract *contract)
{
    return contract->address;
}

const char *ct_contract_note(const struct ct_contract *contract, size_t which)
{
    const struct ct_note *note = contract->wsdl.notes;
    while (note && which-- > 0)
        note = note->next;
    return note ? note->text : NULL;
}
