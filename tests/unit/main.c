/* Unit tests: one suite per file of lib, without a server, without gSOAP. */
#include "../lib/suite.h"

extern CU_TestInfo tests_access[], tests_address[], tests_buffer[], tests_clock[], tests_config[],
    tests_detached[], tests_disco[], tests_envelope[], tests_exchange[], tests_fault[],
    tests_inbound[], tests_iq[], tests_namespace[], tests_shortage[], tests_shortage_calls[],
    tests_shortage_link[], tests_stanza[], tests_stream[], tests_trace[];
extern CU_TestInfo tests_backoff[], tests_pulse[];

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {
        {"access", NULL, NULL, NULL, NULL, tests_access},
        {"address", NULL, NULL, NULL, NULL, tests_address},
        {"backoff", NULL, NULL, NULL, NULL, tests_backoff},
        {"buffer", NULL, NULL, NULL, NULL, tests_buffer},
        {"clock", NULL, NULL, NULL, NULL, tests_clock},
        {"config", NULL, NULL, NULL, NULL, tests_config},
        {"detached", NULL, NULL, NULL, NULL, tests_detached},
        {"disco", NULL, NULL, NULL, NULL, tests_disco},
        {"envelope", NULL, NULL, NULL, NULL, tests_envelope},
        {"exchange", NULL, NULL, NULL, NULL, tests_exchange},
        {"fault", NULL, NULL, NULL, NULL, tests_fault},
        {"inbound", NULL, NULL, NULL, NULL, tests_inbound},
        {"iq", NULL, NULL, NULL, NULL, tests_iq},
        {"namespace", NULL, NULL, NULL, NULL, tests_namespace},
        {"pulse", NULL, NULL, NULL, NULL, tests_pulse},
        {"shortage", NULL, NULL, NULL, NULL, tests_shortage},
        {"shortage of calls", NULL, NULL, NULL, NULL, tests_shortage_calls},
        {"shortage of a link", NULL, NULL, NULL, NULL, tests_shortage_link},
        {"stanza", NULL, NULL, NULL, NULL, tests_stanza},
        {"stream", NULL, NULL, NULL, NULL, tests_stream},
        {"trace", NULL, NULL, NULL, NULL, tests_trace},
        CU_SUITE_INFO_NULL,
    };
    return suite_main(suites, argc, argv);
}
