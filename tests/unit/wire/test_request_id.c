/* request_id.c: the ends of ids. */
#include "wire/request_id.h"

#include <string.h>

#include "../../lib/suite.h"

static void what_is_written_is_read(void)
{
    char incarnation[SX_INCARNATION_BYTES], id[64] = "x" SX_REQUEST_ID_MARK;
    uint64_t process = 0, epoch = 0;
    sx_request_id_format_incarnation(UINT64_MAX, UINT64_MAX, incarnation);
    CU_ASSERT_EQUAL(strlen(incarnation), 33);
    sx_request_id_format_incarnation(0x1234, 0xab, incarnation);
    CU_ASSERT_STRING_EQUAL(incarnation, "0000000000001234.ab");
    CU_ASSERT_TRUE(sx_request_id_is_incarnation(incarnation));
    strcat(id, incarnation);
    CU_ASSERT_TRUE_FATAL(sx_request_id_parse(id, &process, &epoch));
    CU_ASSERT_EQUAL(process, 0x1234);
    CU_ASSERT_EQUAL(epoch, 0xab);
    CU_ASSERT_STRING_EQUAL(sx_request_id_tail(id), incarnation);
}

static void other_tails_are_no_incarnation(void)
{
    static const char *const ids[] = {"1",
                                      "",
                                      "a~b",
                                      "~",
                                      "a~1",
                                      "a~1.",
                                      "a~.1",
                                      "a~1.1x",
                                      "a~12345678901234567.1",
                                      "a~1.12345678901234567",
                                      "a~1.1.1",
                                      "a~-1.1",
                                      "a~0x1.1"};
    uint64_t process = 1, epoch = 2;
    size_t i;
    for (i = 0; i < sizeof ids / sizeof *ids; i++) {
        CU_ASSERT_FALSE(sx_request_id_parse(ids[i], &process, &epoch));
        CU_ASSERT_FALSE(sx_request_id_is_tagged(ids[i]));
    }
    CU_ASSERT_FALSE(sx_request_id_parse("x~any", &process, &epoch));
    CU_ASSERT_TRUE(process == 1 && epoch == 2);
}

static void epochs_of_one_process_are_told_from_those_of_another(void)
{
    CU_ASSERT_TRUE(sx_request_id_is_same_process("x-1~00112233445566ff.1", "00112233445566ff.7"));
    CU_ASSERT_FALSE(sx_request_id_is_same_process("x-1~00112233445566fe.1", "00112233445566ff.1"));
    CU_ASSERT_FALSE(sx_request_id_is_same_process("x-1", "00112233445566ff.1"));
}

static void tails_are_told_apart(void)
{
    CU_ASSERT_TRUE(sx_request_id_is_tagged("x~any") && sx_request_id_is_tagged("x~again"));
    CU_ASSERT_TRUE(sx_request_id_is_incarnation("any"));
    CU_ASSERT_FALSE(sx_request_id_is_incarnation("again") ||
                    sx_request_id_is_incarnation("anyone"));
    CU_ASSERT_FALSE(sx_request_id_is_tagged("any") || sx_request_id_is_tagged("x~anyone"));
    CU_ASSERT_TRUE(sx_request_id_is_again("x~again"));
    CU_ASSERT_FALSE(sx_request_id_is_again("again") || sx_request_id_is_again("x~again~any"));
    CU_ASSERT_EQUAL(sx_request_id_stem_len("x~any"), 1);
    CU_ASSERT_EQUAL(sx_request_id_stem_len("x~again"), 1);
    CU_ASSERT_EQUAL(sx_request_id_stem_len("x~again~any"), 7);
    CU_ASSERT_EQUAL(sx_request_id_stem_len("x~00112233445566ff.1"), 20);
    CU_ASSERT_EQUAL(sx_request_id_stem_len("again"), 5);
    CU_ASSERT_TRUE(sx_request_id_is_any("any"));
    CU_ASSERT_FALSE(sx_request_id_is_any("") || sx_request_id_is_any(NULL));
    CU_ASSERT_TRUE(sx_request_id_is_message("x~message"));
    CU_ASSERT_FALSE(sx_request_id_is_message("message") || sx_request_id_is_tagged("x~message"));
}

CU_TestInfo tests_request_id[] = {
    {"what is written is read", what_is_written_is_read},
    {"other tails are no incarnation, and nothing is written", other_tails_are_no_incarnation},
    {"epochs of one process are told from those of another",
     epochs_of_one_process_are_told_from_those_of_another},
    {"tails are told apart", tails_are_told_apart},
    CU_TEST_INFO_NULL,
};
