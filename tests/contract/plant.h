/* plant.h - the contract of tests/contract/plant, and what is made of it: text, "" of what fails.
 *
 * Texts live until plant_end(). After a failure plant_error() is what it said. */
#ifndef TESTS_CONTRACT_PLANT_H
#define TESTS_CONTRACT_PLANT_H

#include "contract/answer.h"
#include "contract/contract.h"

/* Reads a WSDL of a file, with what it imports. NULL: plant_error(). */
struct ct_contract *plant_read(const char *path);
/* The plant's, read once. */
const struct ct_contract *plant_contract(void);
const struct ct_operation *plant_operation(const char *name);
const char *plant_error(void);
enum ct_err plant_err(void);
void plant_end(void);

/* The Body's content of a request of the plant; arguments, NULL behind the last. */
#define plant_request(operation, ...)                                                              \
    plant_build((operation), CT_SOAP_ANY, (const char *const[]){__VA_ARGS__, NULL})
const char *plant_build(const char *operation, enum ct_version version,
                        const char *const *arguments);
/* What is in the Body of an envelope. */
const char *plant_body_of(const char *envelope);

/* What an answer of the operation is, its Body's content given: as lines, as JSON in one line. */
const char *plant_values(const char *operation, const char *body);
const char *plant_json(const char *operation, const char *body);

#endif
