/* Unit tests of the tool: what needs neither a server nor a link. */
#include "../../lib/suite.h"

#define SUITES(SUITE)                                                                              \
    SUITE(finding)                                                                                 \
    SUITE(histogram)                                                                               \
    SUITE(offer)                                                                                   \
    SUITE(pretty)

#define DECLARE(name) extern CU_TestInfo tests_##name[];
#define LIST(name)    {#name, NULL, NULL, NULL, NULL, tests_##name},

SUITES(DECLARE)

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {SUITES(LIST) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
