#include "suite.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "call:" is the suite of that name alone. */
static int is_suite(const char *suite, const char *word)
{
    size_t len = strlen(suite);
    return strncmp(word, suite, len) == 0 && strcmp(word + len, ":") == 0;
}

static int names_suite(const char *word)
{
    size_t len = strlen(word);
    return len > 0 && word[len - 1] == ':';
}

/* "call: a sentence" is that test of that suite alone: a line of what -l prints. */
static int is_test(const char *suite, const char *test, const char *word)
{
    size_t len = strlen(suite);
    return strncmp(word, suite, len) == 0 && strncmp(word + len, ": ", 2) == 0 &&
           strcmp(word + len + 2, test) == 0;
}

static int is_chosen(const char *suite, const char *test, int argc, char **argv)
{
    int i;
    for (i = 1; i < argc; i++)
        if (names_suite(argv[i])
                ? is_suite(suite, argv[i])
                : strstr(suite, argv[i]) || strstr(test, argv[i]) || is_test(suite, test, argv[i]))
            return 1;
    return argc < 2;
}

/* A list of suites in a makefile must not lose one of them when that is renamed. */
static int find_suites(const CU_SuiteInfo *suites, int argc, char **argv)
{
    int i;
    for (i = 1; i < argc; i++) {
        const CU_SuiteInfo *suite = suites;
        while (suite->pName && !is_suite(suite->pName, argv[i]))
            suite++;
        if (names_suite(argv[i]) && !suite->pName) {
            fprintf(stderr, "there is no suite %s\n", argv[i]);
            return -1;
        }
    }
    return 0;
}

static void list_suites(const CU_SuiteInfo *suites)
{
    for (; suites->pName; suites++) {
        const CU_TestInfo *test;
        for (test = suites->pTests; test->pName; test++)
            printf("%s: %s\n", suites->pName, test->pName);
    }
}

static int add_suite(const CU_SuiteInfo *info, int argc, char **argv)
{
    CU_pSuite suite = NULL;
    const CU_TestInfo *test;
    for (test = info->pTests; test->pName; test++) {
        if (!is_chosen(info->pName, test->pName, argc, argv))
            continue;
        if (!suite)
            suite = CU_add_suite_with_setup_and_teardown(info->pName, info->pInitFunc,
                                                         info->pCleanupFunc, info->pSetUpFunc,
                                                         info->pTearDownFunc);
        if (!suite || !CU_add_test(suite, test->pName, test->pTestFunc))
            return -1;
    }
    return 0;
}

/* Once more at the end, where a reader who sees no more than the end of a log finds them. */
static void list_failures(void)
{
    const CU_FailureRecord *record = CU_get_failure_list();
    for (; record; record = record->pNext)
        printf("FAILED %s: %s: %s:%u: %s\n", record->pSuite ? record->pSuite->pName : "",
               record->pTest ? record->pTest->pName : "", record->strFileName, record->uiLineNumber,
               record->strCondition ? record->strCondition : "");
}

int suite_main(CU_SuiteInfo *suites, int argc, char **argv)
{
    unsigned failed;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1 && (strcmp(argv[1], "-l") == 0 || strcmp(argv[1], "-L") == 0)) {
        list_suites(suites);
        return 0;
    }
    if (find_suites(suites, argc, argv))
        return 2;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    for (; suites->pName; suites++) {
        if (add_suite(suites, argc, argv)) {
            fprintf(stderr, "cannot register suite %s: %s\n", suites->pName, CU_get_error_msg());
            CU_cleanup_registry();
            return 2;
        }
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    list_failures();
    failed = CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    if (CU_get_number_of_tests_run() == 0) {
        fprintf(stderr, "no test was run\n");
        failed++;
    }
    CU_cleanup_registry();
    return failed ? 1 : 0;
}

/* CUnit keeps the pointer to the condition's text until its registry is cleaned up. */
static const char *keep_message(const char *format, const char *a, const char *b)
{
    static char messages[64][1024];
    static unsigned next;
    char *message = messages[next++ % 64];
    snprintf(message, sizeof messages[0], format, a ? a : "(null)", b ? b : "(null)");
    return message;
}

void suite_assert_text(const char *actual, const char *expected, int line, const char *file)
{
    int same = actual && expected && strcmp(actual, expected) == 0;
    CU_assertImplementation(same, (unsigned)line,
                            same ? "texts are equal"
                                 : keep_message("got \"%s\", want \"%s\"", actual, expected),
                            file, "", CU_FALSE);
}

void suite_assert_contains(const char *text, const char *part, int wanted, int line,
                           const char *file)
{
    int found = text && part && strstr(text, part) != NULL;
    CU_assertImplementation(
        found == wanted && text, (unsigned)line,
        found == wanted
            ? "text as wanted"
            : keep_message(wanted ? "\"%s\" lacks \"%s\"" : "\"%s\" has \"%s\"", text, part),
        file, "", CU_FALSE);
}

void suite_end_child(int result)
{
    char code[12];
    snprintf(code, sizeof code, "%d", result);
    execl("/bin/sh", "sh", "-c", "exit \"$0\"", code, (char *)NULL);
    _exit(result ? result : 127);
}
