/* Tests of contract/: without a server, without gSOAP, without lib/. */
#include "../lib/suite.h"

#define SUITES(SUITE)                                                                              \
    SUITE(answer)                                                                                  \
    SUITE(contract)                                                                                \
    SUITE(hostile)                                                                                 \
    SUITE(json)                                                                                    \
    SUITE(literal)                                                                                 \
    SUITE(metadata)                                                                                \
    SUITE(parameter)                                                                               \
    SUITE(plain)                                                                                   \
    SUITE(request)                                                                                 \
    SUITE(round)                                                                                   \
    SUITE(shortage)                                                                                \
    SUITE(stubs)                                                                                   \
    SUITE(template)

#define DECLARE(NAME) extern CU_TestInfo contract_tests_##NAME[];
SUITES(DECLARE)

int main(int argc, char **argv)
{
#define ROW(NAME) {#NAME, NULL, NULL, NULL, NULL, contract_tests_##NAME},
    CU_SuiteInfo suites[] = {SUITES(ROW) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
