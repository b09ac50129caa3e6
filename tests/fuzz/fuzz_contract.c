/* fuzz_contract.c - contracts and answers of strangers.
 *
 * Input: a WSDL; behind a NUL what is in the Body of an answer.
 * Claims: whatever they are, each function ends, and in one of its errors with a sentence, or with
 * what it promises: a sample of an operation is an envelope that can be read as an answer, whose
 * values on lines are as many as are counted; a sample's arguments make a request again, or say why
 * not; JSON is balanced; without a contract everything can be read as well.
 */
#include <stdlib.h>
#include <string.h>

#include "contract/answer.h"
#include "contract/envelope.h"
#include "contract/metadata.h"
#include "contract/parameter.h"
#include "contract/request.h"
#include "contract/template.h"
#include "fuzz.h"

enum { MOST_ARGUMENTS = 64, MOST_OPERATIONS = 4 };

static void claim_told(enum ct_err err, const struct ct_error *error)
{
    CLAIM(err == CT_OK || (error->text[0] && error->kind == err));
    for (const char *at = error->text; err && *at; at++)
        CLAIM((unsigned char)*at >= 0x20 && *at != 0x7F);
}

/* Braces and brackets in pairs outside of strings, strings that end. */
static void claim_balanced(const char *json)
{
    long depth = 0;
    for (; *json; json++) {
        CLAIM((unsigned char)*json >= 0x20);
        if (*json == '"')
            for (json++; CLAIM(*json), *json != '"'; json++)
                json += *json == '\\';
        depth += *json == '{' || *json == '[';
        depth -= *json == '}' || *json == ']';
        CLAIM(depth >= 0);
    }
    CLAIM(depth == 0);
}

/* Writes all that an answer can be; the values go to lines. */
static void write_answer(const struct ct_contract *contract, const struct ct_operation *operation,
                         const char *envelope, size_t len, struct ct_text *lines)
{
    struct ct_answer *answer = NULL;
    struct ct_error error = {0};
    struct ct_text text = {.limit = 1 << 20};
    enum ct_err err = ct_answer_read(contract, operation, envelope, len, &answer, &error);
    claim_told(err, &error);
    if (err)
        return;
    err = ct_answer_write_json(answer, 0, &text, &error);
    claim_told(err, &error);
    if (!err)
        claim_balanced(text.bytes);
    ct_text_clear(&text);
    claim_told(ct_answer_write_body(answer, true, &text, &error), &error);
    claim_told(ct_answer_write_values(answer, lines, &error), &error);
    ct_text_fini(&text);
    ct_answer_free(answer);
}

static bool count(void *context, const struct ct_parameter *parameter)
{
    unsigned *told = context;
    CLAIM(parameter->path && *parameter->path && parameter->type);
    return ++*told < CT_PARAMETER_COUNT;
}

/* Makes a request of lines, if it can. */
static void build_again(const struct ct_contract *contract, const struct ct_operation *operation,
                        char *lines)
{
    const char *arguments[MOST_ARGUMENTS];
    struct ct_request_form form = {0};
    struct ct_error error = {0};
    struct ct_text text = {0};
    size_t found = 0;
    for (char *line = strtok(lines, "\n"); line && found < MOST_ARGUMENTS;
         line = strtok(NULL, "\n"))
        arguments[found++] = line;
    enum ct_err err = ct_request_write(contract, operation, &form, arguments, found, &text, &error);
    claim_told(err, &error);
    CLAIM(!err || text.len == 0);
    ct_text_clear(&text);
    err = ct_request_write_plain("urn:x", true, "op", &form, arguments, found, &text, &error);
    claim_told(err, &error);
    ct_text_fini(&text);
}

static void use(const struct ct_contract *contract, const struct ct_operation *operation)
{
    struct ct_error error = {0};
    struct ct_text text = {0}, lines = {.limit = 1 << 20};
    unsigned told = 0;
    struct ct_template_form form = {0};
    claim_told(ct_template_write(contract, operation, &form, &text, &error), &error);
    ct_text_clear(&text);
    claim_told(ct_parameter_list(contract, operation, true, count, &told, &error), &error);
    claim_told(ct_parameter_write_line(contract, operation, 200, &text, &error), &error);
    ct_text_clear(&text);
    form.is_sample = true;
    enum ct_err err = ct_template_write(contract, operation, &form, &text, &error);
    claim_told(err, &error);
    if (!err) {
        write_answer(contract, operation, text.bytes, text.len, &lines);
        if (lines.bytes)
            build_again(contract, operation, lines.bytes);
    }
    ct_text_fini(&text);
    ct_text_fini(&lines);
}

static void read_body(const struct ct_contract *contract, const struct ct_operation *operation,
                      const char *body)
{
    struct ct_text envelope = {0}, lines = {.limit = 1 << 20};
    struct ct_error error = {0};
    enum ct_err err = ct_envelope_wrap(CT_SOAP_12, NULL, body, "the body", &envelope, &error);
    claim_told(err, &error);
    if (!err) {
        struct ct_metadata metadata;
        write_answer(contract, operation, envelope.bytes, envelope.len, &lines);
        err = ct_metadata_read(envelope.bytes, envelope.len, &metadata, &error);
        claim_told(err, &error);
        if (!err)
            ct_metadata_fini(&metadata);
    }
    ct_text_fini(&envelope);
    ct_text_fini(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *nul = len ? memchr(bytes, 0, len) : NULL;
    size_t wsdl_len = nul ? (size_t)(nul - bytes) : len;
    char *wsdl = fuzz_bytes(bytes, wsdl_len);
    char *body = fuzz_text(nul ? nul + 1 : bytes + len, nul ? len - wsdl_len - 1 : 0);
    struct ct_source source = {"a.wsdl", wsdl, wsdl_len};
    struct ct_reading reading = {&source, 1, NULL, NULL};
    struct ct_contract *contract = NULL;
    struct ct_error error = {0};
    claim_told(ct_contract_read(&reading, &contract, &error), &error);
    const struct ct_operation *operation = contract ? ct_contract_operation(contract, 0) : NULL;
    for (size_t i = 0; contract && i < MOST_OPERATIONS && ct_contract_operation(contract, i); i++)
        use(contract, ct_contract_operation(contract, i));
    read_body(contract, operation, body);
    ct_contract_free(contract);
    free(wsdl);
    free(body);
    return 0;
}
