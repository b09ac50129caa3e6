/* suite.h - runs CUnit suites by name, and says on exit whether all of them passed. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <CUnit/CUnit.h>

/* main()'s body: runs every suite, or with arguments those suites and tests whose name contains one
 * of them ("call:" is the suite "call" alone, and has to exist; a line of what -l lists is that
 * test). Prints CUnit's own summary last. Returns the exit code. */
int suite_main(CU_SuiteInfo *suites, int argc, char **argv);

/* Like CU_ASSERT_STRING_EQUAL, but shows both strings when they differ. */
#define ASSERT_TEXT(actual, expected) suite_assert_text((actual), (expected), __LINE__, __FILE__)
void suite_assert_text(const char *actual, const char *expected, int line, const char *file);

/* Passes if text contains part, shows both if not. */
#define ASSERT_CONTAINS(text, part) suite_assert_contains((text), (part), 1, __LINE__, __FILE__)
#define ASSERT_LACKS(text, part)    suite_assert_contains((text), (part), 0, __LINE__, __FILE__)
void suite_assert_contains(const char *text, const char *part, int wanted, int line,
                           const char *file);

/* Ends a child that a test has forked: exit code 0 if all is well. By another program, since what
 * only the parent's threads refer to is lost in the child, which valgrind takes for an error. */
void suite_end_child(int result) __attribute__((noreturn));

#endif
