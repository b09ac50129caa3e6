/* Cluster tests: one component, several processes, two nodes of one ejabberd. Run by
 * tools/with-servers cluster.
 */
#include "../lib/suite.h"

extern CU_TestInfo tests_cluster[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"cluster", NULL, NULL, NULL, NULL, tests_cluster},
        CU_SUITE_INFO_NULL,
    };
    return suite_main(suites, argc, argv);
}
