/* See plant.h. */
#include "plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/envelope.h"
#include "contract/file.h"
#include "contract/request.h"

static struct ct_contract *contract;
static struct ct_error error;
static char *texts[256];
static size_t text_count;

/* Keeps a text until the end. */
static const char *keep(char *text)
{
    if (text_count == sizeof texts / sizeof texts[0])
        plant_end();
    texts[text_count++] = text;
    return text ? text : "";
}

struct ct_contract *plant_read(const char *path)
{
    struct ct_contract *read = NULL;
    struct ct_source source = {.location = path};
    struct ct_reading reading = {&source, 1, ct_file_read, NULL};
    char *bytes = NULL, why[200];
    if (ct_file_read(NULL, path, CT_CONTRACT_BYTES, &bytes, &source.len, why, sizeof why)) {
        ct_error_set(&error, CT_ECONTRACT, "%s", why);
        return NULL;
    }
    source.bytes = bytes;
    ct_contract_read(&reading, &read, &error);
    free(bytes);
    return read;
}

const struct ct_contract *plant_contract(void)
{
    if (!contract)
        contract = plant_read("tests/contract/plant/plant.wsdl");
    return contract;
}

const struct ct_operation *plant_operation(const char *name)
{
    const struct ct_operation *operation = NULL;
    if (plant_contract())
        ct_contract_find(contract, name, &operation, &error);
    return operation;
}

const char *plant_error(void)
{
    return error.text;
}

enum ct_err plant_err(void)
{
    return error.kind;
}

void plant_end(void)
{
    while (text_count > 0)
        free(texts[--text_count]);
    ct_contract_free(contract);
    contract = NULL;
}

const char *plant_body_of(const char *envelope)
{
    const char *begin = strstr(envelope, "<SOAP-ENV:Body>");
    const char *end = strstr(envelope, "</SOAP-ENV:Body>");
    return begin && end ? keep(strndup(begin + 15, (size_t)(end - begin) - 15)) : "";
}

const char *plant_build(const char *operation, enum ct_version version,
                        const char *const *arguments)
{
    struct ct_request_form form = {.version = version, .read_file = ct_file_read};
    const struct ct_operation *found = plant_operation(operation);
    struct ct_text text = {0};
    size_t count = 0;
    while (arguments[count])
        count++;
    error = (struct ct_error){0};
    if (!found || ct_request_write(contract, found, &form, arguments, count, &text, &error))
        return "";
    const char *envelope = keep(ct_text_take(&text));
    return version == CT_SOAP_ANY ? plant_body_of(envelope) : envelope;
}

static struct ct_answer *read_answer(const char *operation, const char *body)
{
    const struct ct_operation *found = operation ? plant_operation(operation) : NULL;
    struct ct_text envelope = {0};
    struct ct_answer *answer = NULL;
    error = (struct ct_error){0};
    if (!ct_envelope_wrap(CT_SOAP_12, NULL, body, "the body", &envelope, &error))
        ct_answer_read(operation ? contract : NULL, found, envelope.bytes, envelope.len, &answer,
                       &error);
    ct_text_fini(&envelope);
    return answer;
}

const char *plant_values(const char *operation, const char *body)
{
    struct ct_answer *answer = read_answer(operation, body);
    struct ct_text text = {0};
    if (answer)
        ct_answer_write_values(answer, &text, &error);
    ct_answer_free(answer);
    return keep(ct_text_take(&text));
}

const char *plant_json(const char *operation, const char *body)
{
    struct ct_answer *answer = read_answer(operation, body);
    struct ct_text text = {0};
    if (answer)
        ct_answer_write_json(answer, 0, &text, &error);
    ct_answer_free(answer);
    return keep(ct_text_take(&text));
}
