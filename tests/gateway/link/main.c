/* Links of the gateway by themselves, on real servers: tools/with-servers runs it. */
#include "../../lib/suite.h"

#define SUITES(SUITE)                                                                              \
    SUITE(exchange)                                                                                \
    SUITE(bounds)

#define DECLARE(name) extern CU_TestInfo tests_##name[];
#define LIST(name)    {#name, NULL, NULL, NULL, NULL, tests_##name},

SUITES(DECLARE)

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {SUITES(LIST) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
