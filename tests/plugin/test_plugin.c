/* Tests of the gSOAP plugin over an in-process transport: no server, real stubs and skeletons. */
#include "../lib/suite.h"
#include "ground.h"

#include <signal.h>

extern CU_TestInfo tests_client[], tests_failures[], tests_service[], tests_accept[], tests_call[],
    tests_http[], tests_name[], tests_registration[], tests_relay[], tests_relay_by_hand[],
    tests_two[], tests_fork[], tests_pool[], tests_reading[], tests_reading_requests[],
    tests_gate[], tests_modes[], tests_modes_by_hand[], tests_logging[], tests_input[],
    tests_input_served[], tests_request[], tests_porting[], tests_porting_by_hand[], tests_listen[],
    tests_version[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"plugin client", NULL, NULL, ground_start, ground_stop, tests_client},
        {"plugin failures", NULL, NULL, ground_start_alone, ground_stop, tests_failures},
        {"plugin service", NULL, NULL, ground_start, ground_stop, tests_service},
        {"plugin accept", NULL, NULL, ground_start_alone, ground_stop, tests_accept},
        {"plugin request", NULL, NULL, ground_start_alone, ground_stop, tests_request},
        {"plugin porting", NULL, NULL, ground_start, ground_stop, tests_porting},
        {"plugin porting by hand", NULL, NULL, ground_start_alone, ground_stop,
         tests_porting_by_hand},
        {"plugin modes", NULL, NULL, ground_start, ground_stop, tests_modes},
        {"plugin modes by hand", NULL, NULL, ground_start_alone, ground_stop, tests_modes_by_hand},
        {"plugin gate", NULL, NULL, ground_start, ground_stop, tests_gate},
        {"plugin pool", NULL, NULL, ground_start_alone, ground_stop, tests_pool},
        {"plugin reading", NULL, NULL, ground_start, ground_stop, tests_reading},
        {"plugin reading requests", NULL, NULL, ground_start_alone, ground_stop,
         tests_reading_requests},
        {"plugin relay", NULL, NULL, ground_start, ground_stop, tests_relay},
        {"plugin relay by hand", NULL, NULL, ground_start_alone, ground_stop, tests_relay_by_hand},
        {"plugin call", NULL, NULL, ground_start, ground_stop, tests_call},
        {"plugin input", NULL, NULL, ground_start, ground_stop, tests_input},
        {"plugin input served", NULL, NULL, ground_start_alone, ground_stop, tests_input_served},
        {"plugin listen", NULL, NULL, ground_start_alone, ground_stop, tests_listen},
        {"plugin fork", NULL, NULL, ground_start, ground_stop, tests_fork},
        {"plugin http beside xmpp", NULL, NULL, ground_start, ground_stop, tests_http},
        {"plugin name", NULL, NULL, ground_start, ground_stop, tests_name},
        {"plugin registration", NULL, NULL, ground_start, ground_stop, tests_registration},
        {"plugin logging", NULL, NULL, ground_start, ground_stop, tests_logging},
        {"plugin version", NULL, NULL, ground_start_alone, ground_stop, tests_version},
        {"plugin two services", NULL, NULL, ground_start_alone, ground_stop, tests_two},
        CU_SUITE_INFO_NULL,
    };
    signal(SIGPIPE, SIG_IGN); /* gSOAP's HTTP may write to a closed socket */
    return suite_main(suites, argc, argv);
}
