/* Tests of mixed versions: older libraries, installed from tests/mixed/VERSION.tar.xz, and the one
 * of this tree call each other. Run by tools/with-servers with prosody, ejabberd, fragile and
 * frail.
 */
#include "../lib/suite.h"

extern CU_TestInfo tests_delivery[];
extern CU_TestInfo tests_packed[];
extern CU_TestInfo tests_big[];
extern CU_TestInfo tests_message[];
extern CU_TestInfo tests_death[];
extern CU_TestInfo tests_storm[];
extern CU_TestInfo tests_shared[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"delivery", NULL, NULL, NULL, NULL, tests_delivery},
        {"packed", NULL, NULL, NULL, NULL, tests_packed},
        {"big", NULL, NULL, NULL, NULL, tests_big},
        {"message", NULL, NULL, NULL, NULL, tests_message},
        {"death", NULL, NULL, NULL, NULL, tests_death},
        {"storm", NULL, NULL, NULL, NULL, tests_storm},
        {"shared", NULL, NULL, NULL, NULL, tests_shared},
        CU_SUITE_INFO_NULL,
    };
    return suite_main(suites, argc, argv);
}
