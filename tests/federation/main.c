/* Federation tests: the caller on one server, the service on another. Run by tools/with-servers
 * federation.
 */
#include "../lib/suite.h"

extern CU_TestInfo tests_federation[];
int federation_begin(void);
int federation_end(void);

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"federation", federation_begin, federation_end, NULL, NULL, tests_federation},
        CU_SUITE_INFO_NULL,
    };
    return suite_main(suites, argc, argv);
}
