/* rules.c - rules for tests. */
#include "rules.h"

#include <stdio.h>

#include "../../lib/suite.h"

struct sx_access *rules_make(void)
{
    struct sx_access *access = sx_access_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    return access;
}

void rules_allow(struct sx_access *access, const char *who, const char *operation)
{
    char why[160] = "";
    CU_ASSERT_EQUAL(sx_access_allow(access, who, operation, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
}

void rules_parse(struct sx_access *access, const char *rules)
{
    char why[256] = "";
    CU_ASSERT_EQUAL(sx_access_parse(access, rules, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
}

static void ask(struct sx_access *access, const struct rules_asked *row)
{
    static char label[256]; /* CUnit keeps the pointer of one that fails */
    bool allowed = sx_access_allows(access, row->from, row->operation);

    if (allowed != row->allowed)
        snprintf(label, sizeof label, "\"%s\" for %s, %s: %s", row->rules ? row->rules : "",
                 row->from ? row->from : "(null)", row->operation ? row->operation : "(null)",
                 allowed ? "allowed" : "denied");
    CU_assertImplementation(allowed == row->allowed, __LINE__, label, __FILE__, "", CU_FALSE);
}

void rules_ask_all(const struct rules_asked *rows, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        struct sx_access *access = rules_make();
        rules_parse(access, rows[i].rules);
        ask(access, &rows[i]);
        sx_access_free(access);
    }
}

char *rules_many(unsigned first, unsigned count)
{
    char *text = NULL;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (i = 0; i < count; i++)
        fprintf(file, "u%u@b:add ", first + i);
    fclose(file);
    return text;
}
