/* Integration tests: through real servers, with real TLS and real stubs. Run by tools/with-servers.
 */
#include "../lib/suite.h"

extern CU_TestInfo tests_call[], tests_service[], tests_wire[], tests_name[], tests_failure[],
    tests_delivery[], tests_fidelity[], tests_foreign[], tests_ground[], tests_hostile[],
    tests_unruly[];
extern CU_TestInfo tests_liveness[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"ground", NULL, NULL, NULL, NULL, tests_ground},
        {"hostile", NULL, NULL, NULL, NULL, tests_hostile},
        {"unruly", NULL, NULL, NULL, NULL, tests_unruly},
        {"call", NULL, NULL, NULL, NULL, tests_call},
        {"service", NULL, NULL, NULL, NULL, tests_service},
        {"wire", NULL, NULL, NULL, NULL, tests_wire},
        {"name", NULL, NULL, NULL, NULL, tests_name},
        {"failure", NULL, NULL, NULL, NULL, tests_failure},
        {"delivery", NULL, NULL, NULL, NULL, tests_delivery},
        {"liveness", NULL, NULL, NULL, NULL, tests_liveness},
        {"fidelity", NULL, NULL, NULL, NULL, tests_fidelity},
        {"foreign", NULL, NULL, NULL, NULL, tests_foreign},
        CU_SUITE_INFO_NULL,
    };
    return suite_main(suites, argc, argv);
}
