/* fact.c: facts in a list, and its bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/fact.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_fact[];

static void facts_come_in_their_order(void)
{
    struct sx_facts facts = {0};
    struct sx_fact fact;
    const char *at;
    char *list, *copy;
    sx_facts_add(&facts, "a", "b", "c");
    sx_facts_add(&facts, "d", NULL, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(list = sx_facts_take(&facts));
    CU_ASSERT(facts.count == 0 && !facts.bytes.bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at = sx_facts_next(list, &fact));
    ASSERT_TEXT(fact.kind, "a");
    ASSERT_TEXT(fact.name, "b");
    ASSERT_TEXT(fact.value, "c");
    CU_ASSERT_PTR_NOT_NULL_FATAL(at = sx_facts_next(at, &fact));
    ASSERT_TEXT(fact.kind, "d");
    ASSERT_TEXT(fact.name, "");
    ASSERT_TEXT(fact.value, "");
    CU_ASSERT_PTR_NULL(sx_facts_next(at, &fact));
    copy = sx_facts_copy(list);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    CU_ASSERT_EQUAL(memcmp(copy, list, sizeof "a\0b\0c\0d\0\0\0"), 0);
    free(copy);
    free(list);
}

static void a_list_of_nothing_is_one(void)
{
    struct sx_facts facts = {0};
    struct sx_fact fact;
    char *list = sx_facts_take(&facts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    CU_ASSERT_PTR_NULL(sx_facts_next(list, &fact));
    free(list);
}

static unsigned count(const char *list)
{
    struct sx_fact fact;
    unsigned facts = 0;
    while ((list = sx_facts_next(list, &fact)) != NULL)
        facts++;
    return facts;
}

static void what_is_too_much_is_left_out(void)
{
    struct sx_facts facts = {0};
    char *list, text[SX_FACT_BYTES + 1];
    unsigned i;
    memset(text, 'x', SX_FACT_BYTES);
    text[SX_FACT_BYTES] = '\0';
    sx_facts_add(&facts, "", "a", "b");
    sx_facts_add(&facts, text, "a", "b");
    sx_facts_add(&facts, "a", text, "b");
    CU_ASSERT_EQUAL(facts.count, 0);
    for (i = 0; i < SX_FACTS + 10; i++)
        sx_facts_add(&facts, "a", text + 1, "b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(list = sx_facts_take(&facts));
    CU_ASSERT_EQUAL(count(list), SX_FACTS);
    free(list);
}

static void a_value_is_cut_between_characters(void)
{
    struct sx_facts facts = {0};
    struct sx_fact fact;
    char *list, text[2 * SX_FACT_BYTES] = "";
    memset(text, 'x', SX_FACT_BYTES - 2);
    strcpy(text + SX_FACT_BYTES - 2, "\xC3\xA4");
    sx_facts_add(&facts, "a", "b", text);
    text[SX_FACT_BYTES - 2] = '\0';
    strcat(text, "y");
    sx_facts_add(&facts, "a", "b", text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list = sx_facts_take(&facts));
    CU_ASSERT_PTR_NOT_NULL_FATAL(sx_facts_next(sx_facts_next(list, &fact), &fact));
    ASSERT_TEXT(fact.value, text); /* it just fits */
    (void)sx_facts_next(list, &fact);
    text[SX_FACT_BYTES - 2] = '\0';
    ASSERT_TEXT(fact.value, text);
    free(list);
}

static bool attempt_add(struct shortage shortage)
{
    struct sx_facts facts = {0};
    char *list, text[300];
    bool has_failed;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    shortage_begin(shortage);
    sx_facts_add(&facts, "a", text, text);
    sx_facts_add(&facts, text, "b", text);
    list = sx_facts_take(&facts);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(!list, has_failed);
    free(list);
    return has_failed;
}
SHORTAGE_TEST(add, 3)

CU_TestInfo tests_fact[] = {
    {"facts come in their order", facts_come_in_their_order},
    {"a list of nothing is one", a_list_of_nothing_is_one},
    {"what is too much is left out", what_is_too_much_is_left_out},
    {"a value is cut between characters", a_value_is_cut_between_characters},
    {"with memory short there is no list", test_add},
    CU_TEST_INFO_NULL,
};
