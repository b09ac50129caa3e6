/* Signed messages (WS-Security) through real servers. Run by tools/with-servers. */
#include "../lib/suite.h"

extern CU_TestInfo tests_signature[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {{"signature", NULL, NULL, NULL, NULL, tests_signature},
                             CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
