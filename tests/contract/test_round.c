/* What a request says is read as NAME=VALUE, of which the same request is made. */
#include "../lib/suite.h"
#include "plant.h"
#include "same.h"

#include <stdlib.h>
#include <string.h>

#include "contract/request.h"
#include "contract/template.h"

enum { MOST_ARGUMENTS = 200 };

/* Takes the escapes out of a line of values. */
static void unescape(char *line)
{
    char *to = strchr(line, '=');
    const char *from = to;
    for (; from && *from; from++, to++) {
        bool is_escaped = from[0] == '\\' && from[1];
        if (is_escaped)
            from++;
        *to = !is_escaped ? *from : *from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
    }
    if (to)
        *to = '\0';
}

static size_t split(char *lines, const char *arguments[MOST_ARGUMENTS])
{
    size_t count = 0;
    for (char *line = strtok(lines, "\n"); line && count < MOST_ARGUMENTS;
         line = strtok(NULL, "\n")) {
        unescape(line);
        arguments[count++] = line;
    }
    return count;
}

static void turn(const struct ct_contract *contract, const struct ct_operation *operation,
                 const char *envelope)
{
    struct ct_answer *answer = NULL;
    struct ct_text lines = {0}, again = {0};
    struct ct_error error = {0};
    struct ct_request_form form = {0};
    const char *arguments[MOST_ARGUMENTS];
    ct_answer_read(contract, operation, envelope, strlen(envelope), &answer, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    ct_answer_write_values(answer, &lines, &error);
    ct_answer_free(answer);
    size_t count = lines.bytes ? split(lines.bytes, arguments) : 0;
    ct_request_write(contract, operation, &form, arguments, count, &again, &error);
    ASSERT_TEXT(error.text, "");
    CU_ASSERT(again.bytes && same_bodies(envelope, again.bytes, SAME_TEXT, operation->name));
    ct_text_fini(&lines);
    ct_text_fini(&again);
}

static unsigned turn_all(const struct ct_contract *contract)
{
    unsigned turned = 0;
    for (size_t i = 0; i < ct_contract_operation_count(contract); i++) {
        const struct ct_operation *operation = ct_contract_operation(contract, i);
        for (int minimal = 0; minimal < 2; minimal++) {
            struct ct_template_form form = {.is_sample = true, .is_minimal = minimal};
            struct ct_text text = {0};
            struct ct_error error;
            if (!ct_template_write(contract, operation, &form, &text, &error)) {
                turn(contract, operation, text.bytes);
                turned++;
            }
            ct_text_fini(&text);
        }
    }
    return turned;
}

static void samples_come_back(void)
{
    static const char *const paths[] = {"wsdl/calculator.wsdl", "wsdl/station.wsdl"};
    CU_ASSERT_EQUAL(turn_all(plant_contract()), 18);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct ct_contract *contract = plant_read(paths[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(contract);
        CU_ASSERT(turn_all(contract) >= 6);
        ct_contract_free(contract);
    }
}

/* CT_TEST_WSDL: any other contract, by hand. */
static void those_of_a_given_contract_do_too(void)
{
    const char *path = getenv("CT_TEST_WSDL");
    struct ct_contract *contract = path ? plant_read(path) : NULL;
    if (path)
        ASSERT_TEXT(contract ? "" : plant_error(), "");
    if (contract)
        turn_all(contract);
    ct_contract_free(contract);
}

CU_TestInfo contract_tests_round[] = {
    {"samples come back", samples_come_back},
    {"those of a given contract do, too", those_of_a_given_contract_do_too},
    CU_TEST_INFO_NULL,
};
