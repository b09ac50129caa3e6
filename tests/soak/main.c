/* The soak: hours, if wanted, of calls through connections that break. Run by tools/with-servers.
 */
#include "../lib/suite.h"

extern CU_TestInfo tests_soak[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"soak", NULL, NULL, NULL, NULL, tests_soak},
        CU_SUITE_INFO_NULL,
    };
    return suite_main(suites, argc, argv);
}
