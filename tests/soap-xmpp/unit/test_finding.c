/* What a check has found: its state, and texts that strangers have a part in. */
#include <string.h>

#include "doctor/finding.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_finding[];

static void test_the_state_only_gets_worse(void)
{
    struct finding finding;
    finding_init(&finding, "x");
    CU_ASSERT_EQUAL(finding.state, FINDING_OK);
    finding_say(&finding, FINDING_WARN, "%s", "one");
    finding_say(&finding, FINDING_OK, "%s", "two");
    CU_ASSERT_EQUAL(finding.state, FINDING_WARN);
    finding_say(&finding, FINDING_FAIL, "%d", 3);
    CU_ASSERT_EQUAL(finding.state, FINDING_FAIL);
    ASSERT_TEXT(finding.found, "one; two; 3");
    ASSERT_TEXT(finding_state_text(finding.state), "FAIL");
    finding_fini(&finding);
    CU_ASSERT_PTR_NULL(finding.found);
}

static void test_advice_is_given_once(void)
{
    struct finding finding;
    finding_init(&finding, "x");
    finding_advise(&finding, "restart it");
    finding_advise(&finding, "look");
    finding_advise(&finding, "restart it");
    finding_advise(&finding, "look again");
    ASSERT_TEXT(finding.advice, "restart it\nlook\nlook again");
    finding_add_detail(&finding, "a");
    finding_add_detail(&finding, "a");
    ASSERT_TEXT(finding.details, "a\na");
    finding_fini(&finding);
}

static void check_harmless(const char *said, const char *told)
{
    struct finding finding;
    finding_init(&finding, "x");
    finding_say(&finding, FINDING_OK, "%s", said);
    ASSERT_TEXT(finding.found, told);
    finding_fini(&finding);
}

static void test_no_terminal_obeys_a_stranger(void)
{
    check_harmless("a\033[2Jb\r\n\177", "a?[2Jb???");
    check_harmless("b\xc3\xbc"
                   "cher \xe2\x82\xac \xf0\x9f\x98\x80",
                   "b\xc3\xbc"
                   "cher \xe2\x82\xac \xf0\x9f\x98\x80");
    check_harmless("\xc2\x9b"
                   "2J \xc2\xa0",
                   "??2J \xc2\xa0");
    check_harmless("\xff \xc3 \xe2\x82 \xc0\x80 \xed\xa0\x80 \xf5\x80\x80\x80",
                   "? ? ?? ?? ??? ????");
}

static void test_numbers_have_their_room(void)
{
    struct finding finding;
    int i;
    finding_init(&finding, "x");
    for (i = 0; i < 2 * FINDING_NUMBERS; i++)
        finding_measure(&finding, "n", i);
    CU_ASSERT_EQUAL(finding.number_count, FINDING_NUMBERS);
    CU_ASSERT_EQUAL(finding.numbers[FINDING_NUMBERS - 1].value, FINDING_NUMBERS - 1);
    finding_fini(&finding);
}

CU_TestInfo tests_finding[] = {
    {"its state only gets worse", test_the_state_only_gets_worse},
    {"advice is given once", test_advice_is_given_once},
    {"no terminal obeys a stranger", test_no_terminal_obeys_a_stranger},
    {"numbers have their room", test_numbers_have_their_room},
    CU_TEST_INFO_NULL,
};
