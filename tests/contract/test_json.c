/* JSON as text. */
#include "../lib/suite.h"

#include "contract/json.h"

static void what_is_written_is_well_formed(void)
{
    static const char *const expected[] = {
        "{\"a\": [1, \"x\", null], \"b\": {}, \"c\": 1.50, \"d\": true}",
        "{\n  \"a\": [\n    1,\n    \"x\",\n    null\n  ],\n  \"b\": {},\n  \"c\": 1.50,\n"
        "  \"d\": true\n}"};
    for (unsigned i = 0; i < 2; i++) {
        struct ct_text text = {0};
        struct ct_json json = {.out = &text, .indent = 2 * i};
        ct_json_begin(&json, NULL, '{');
        ct_json_begin(&json, "a", '[');
        ct_json_integer(&json, NULL, 1);
        ct_json_string(&json, NULL, "x");
        ct_json_null(&json, NULL);
        ct_json_end(&json, ']');
        ct_json_begin(&json, "b", '{');
        ct_json_end(&json, '}');
        ct_json_raw(&json, "c", "1.50");
        ct_json_bool(&json, "d", true);
        ct_json_end(&json, '}');
        ASSERT_TEXT(text.bytes, expected[i]);
        ct_text_fini(&text);
    }
}

static void a_number_is_what_json_takes_for_one(void)
{
    static const char *const right[] = {"0", "-1", "10", "1.5", "0.50", "1e5", "1E-5", "-0.1e+10"};
    static const char *const wrong[] = {"",    "-",   "01", "+1",  ".5",  "1.",  "1e",
                                        "1e+", "0x1", "1 ", "INF", "NaN", "1,5", "--1"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        CU_ASSERT(ct_json_is_number(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT(!ct_json_is_number(wrong[i]));
}

CU_TestInfo contract_tests_json[] = {
    {"what is written is well-formed", what_is_written_is_well_formed},
    {"a number is what JSON takes for one", a_number_is_what_json_takes_for_one},
    CU_TEST_INFO_NULL,
};
