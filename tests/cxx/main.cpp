/* C++ service classes of soapcpp2 through real servers. Run by tools/with-servers. */
extern "C" {
#include "../lib/suite.h"
}

extern CU_TestInfo tests_sharing[], tests_objects[], tests_http[], tests_async[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {{"sharing", NULL, NULL, NULL, NULL, tests_sharing},
                             {"objects", NULL, NULL, NULL, NULL, tests_objects},
                             {"http", NULL, NULL, NULL, NULL, tests_http},
                             {"async", NULL, NULL, NULL, NULL, tests_async},
                             CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
