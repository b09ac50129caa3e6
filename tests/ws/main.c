/* gSOAP's plugins for WS-Security, WS-Addressing and WS-ReliableMessaging, and what its async and
 * chaining samples do, through real servers. Run by tools/with-servers. */
#include "../lib/suite.h"
#include "keeper.h"

#include <string.h>

extern CU_TestInfo tests_signature[], tests_options[], tests_data[], tests_token[],
    tests_forged_token[], tests_addressing[], tests_reliable[], tests_async[], tests_chaining[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {{"signature", NULL, NULL, NULL, NULL, tests_signature},
                             {"options", NULL, NULL, NULL, NULL, tests_options},
                             {"data", NULL, NULL, NULL, NULL, tests_data},
                             {"token", NULL, NULL, NULL, NULL, tests_token},
                             {"forged_token", NULL, NULL, NULL, NULL, tests_forged_token},
                             {"addressing", NULL, NULL, NULL, NULL, tests_addressing},
                             {"reliable", NULL, NULL, NULL, NULL, tests_reliable},
                             {"async", NULL, NULL, NULL, NULL, tests_async},
                             {"chaining", NULL, NULL, NULL, NULL, tests_chaining},
                             CU_SUITE_INFO_NULL};
    if (argc == 3 && strcmp(argv[1], "--keeper") == 0)
        return keeper_main(argv[2]);
    return suite_main(suites, argc, argv);
}
