/* Values of XML Schema's types. */
#include "../lib/suite.h"
#include "plant.h"

#include <string.h>

#include "contract/builtin.h"
#include "contract/literal.h"
#include "contract/operation.h"

static void forms_are_looked_at(void)
{
    static const struct {
        const char *type, *right, *wrong;
    } rows[] = {{"int", "-5", "5.0"},
                {"int", " 7 ", "2147483648"},
                {"boolean", "true", "yes"},
                {"unsignedLong", "18446744073709551615", "-1"},
                {"integer", "99999999999999999999", "1e5"},
                {"decimal", "1.5", "1,5"},
                {"double", "INF", "inf"},
                {"dateTime", "2020-01-01T00:00:00+01:00", "today"},
                {"date", "2020-02-29", "2021-02-29"},
                {"duration", "P1DT2H", "1d"},
                {"base64Binary", "AAA=", "AAAA="},
                {"hexBinary", "0aFF", "abc"},
                {"NCName", "a-b", "a:b"},
                {"language", "de-AT", "d_"}};
    char why[CT_LITERAL_WHY_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ct_type *type = ct_builtin_find(rows[i].type);
        CU_ASSERT_PTR_NOT_NULL_FATAL(type);
        ASSERT_TEXT(ct_literal_is_valid(NULL, type, rows[i].right, why) ? "" : why, "");
        CU_ASSERT(!ct_literal_is_valid(NULL, type, rows[i].wrong, why));
        ASSERT_CONTAINS(why, rows[i].type);
    }
}

/* Each type's own sample is one of it; so are those of the plant. */
static void samples_are_valid(void)
{
    const struct ct_model *model = &plant_contract()->wsdl.model;
    static const char *const builtins[] = {
        "string",    "boolean",         "float",           "time",        "gYear",
        "gMonthDay", "hexBinary",       "base64Binary",    "anyURI",      "NMTOKENS",
        "ID",        "positiveInteger", "negativeInteger", "unsignedByte"};
    char why[CT_LITERAL_WHY_BYTES];
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        struct ct_text text = {0};
        const struct ct_type *type = ct_builtin_find(builtins[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(type);
        ct_literal_sample(model, type, &text);
        ASSERT_TEXT(ct_literal_is_valid(model, type, text.bytes, why) ? "" : why, "");
        ct_text_fini(&text);
    }
    for (const struct ct_type *type = model->types; type; type = type->next_type) {
        struct ct_text text = {0};
        if (type->is_complex && !type->has_simple_content)
            continue;
        ct_literal_sample(model, type, &text);
        ASSERT_TEXT(ct_literal_is_valid(model, type, text.bytes ? text.bytes : "", why) ? "" : why,
                    "");
        ct_text_fini(&text);
    }
}

CU_TestInfo contract_tests_literal[] = {
    {"forms are looked at", forms_are_looked_at},
    {"samples are valid", samples_are_valid},
    CU_TEST_INFO_NULL,
};
